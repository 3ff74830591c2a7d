"""Stretches of sequences: what is cut out, shuffled or read from a table of hits.

Positions count from 0, ends are exclusive.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.files import open_bytes
from seqcnn.seq.record import SequenceSet

Spans = Sequence[tuple[int, ...]] | np.ndarray
"""Pairs (start, end) for every sequence, or triples (row, start, end)."""


def spans_of(spans: Spans, sequences: SequenceSet) -> np.ndarray:
    """Bring stretches into one form.

    Parameters
    ----------
    spans
        Pairs (start, end), which are meant of every sequence, or triples (row, start, end).
    sequences
        Where they lie.

    Returns
    -------
    numpy.ndarray
        int64 (m, 3): row, start, end; of pairs all those of the first sequence come first.

    Raises
    ------
    SeqcnnError
        A stretch is empty, or reaches out of its sequence, or there is no such sequence.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> spans_of([(1, 3)], SequenceSet.from_strings(["ACGT", "GGG"], alphabet=DNA)).tolist()
    [[0, 1, 3], [1, 1, 3]]
    """
    given = np.asarray(spans, np.int64)
    given = given if given.size else np.zeros((0, 3), np.int64)
    if given.ndim != 2 or given.shape[1] not in (2, 3):
        raise SeqcnnError(
            f"`spans` has shape {given.shape}, it must be pairs (start, end) or triples (row, "
            f"start, end)"
        )
    if given.shape[1] == 2:
        rows = np.repeat(np.arange(len(sequences)), len(given))
        given = np.column_stack([rows, np.tile(given, (len(sequences), 1))])
    row, start, end = given.T
    strange = (row < 0) | (row >= len(sequences))
    if strange.any():
        raise SeqcnnError(
            f"`spans` names sequence {row[strange][0]}, but there are {len(sequences)}, from 0"
        )
    wrong = np.flatnonzero((start < 0) | (start >= end) | (end > sequences.lengths[row]))
    if len(wrong):
        r, s, e = given[wrong[0]].tolist()
        raise SeqcnnError(
            f"stretch {s}-{e} does not lie in sequence {sequences.ids[r]!r} of "
            f"{sequences.lengths[r]:,} letters: positions count from 0, the end is exclusive"
        )
    return given


def joined_spans(spans: np.ndarray) -> np.ndarray:
    """Join stretches that overlap, int64 (m, 3) to (fewer, 3), in order of row and start."""
    joined: list[list[int]] = []
    for row, start, end in sorted(spans.tolist()):
        if joined and joined[-1][0] == row and start < joined[-1][2]:
            joined[-1][2] = max(joined[-1][2], end)
        else:
            joined.append([row, start, end])
    return np.array(joined, np.int64).reshape(-1, 3)


def read_spans(path: str | Path, sequences: SequenceSet) -> tuple[np.ndarray, list[str]]:
    """Read stretches of sequences from a table: BED of their names, or hits of ``explain``.

    Hits may hang over an edge of their sequence, and are cut there.

    Parameters
    ----------
    path
        Columns separated by tabs: the name of a sequence, start, end. A first line whose second
        cell is ``start`` names the columns; of those ``pattern``, ``motif`` or ``name`` says what a
        stretch is, else the fourth column does so.
    sequences
        Whose names are meant.

    Returns
    -------
    spans : numpy.ndarray
        int64 (m, 3): row, start, end, in the order of the table.
    names : list of str
        What each is; ``.`` if nothing says so.

    Raises
    ------
    SeqcnnError
        A line is no stretch, or its sequence is not among `ids` or twice so; or there is none.
    """
    row_of: dict[str, int] = {}
    for row, name in enumerate(sequences.ids):
        row_of[name] = row if name not in row_of else -1
    spans, names, label, hits = [], [], 3, False
    for number, line in enumerate(bytes(open_bytes(path)).decode("utf-8", "replace").splitlines()):
        cells = line.split("\t")
        if not line.strip() or line.startswith(("#", "track", "browser")):
            continue
        if not spans and len(cells) > 2 and cells[1] == "start":
            known = [cells.index(key) for key in ("pattern", "motif", "name") if key in cells]
            label = known[0] if known else len(cells)
            hits = "pattern" in cells
            continue
        spans.append(_span(cells, row_of, path, number + 1))
        names.append(cells[label] if label < len(cells) and cells[label] else ".")
    if not spans:
        raise SeqcnnError("there is no stretch in it", path=path)
    found = np.array(spans, np.int64)
    if hits:
        found[:, 1:] = np.clip(found[:, 1:], 0, sequences.lengths[found[:, 0], None])
    return found, names


def _span(
    cells: list[str], row_of: dict[str, int], path: str | Path, line: int
) -> tuple[int, int, int]:
    whole = [cell.strip().removeprefix("-").isdecimal() for cell in cells[1:3]]
    if len(whole) < 2 or not all(whole):
        raise SeqcnnError(
            "a line must hold the name of a sequence, start and end, with tabs between",
            path=path,
            line=line,
        )
    row = row_of.get(cells[0])
    if row is None or row < 0:
        what = "no sequence has" if row is None else "several sequences have"
        raise SeqcnnError(f"{what} the name {cells[0]!r}", path=path, line=line)
    return row, int(cells[1]), int(cells[2])
