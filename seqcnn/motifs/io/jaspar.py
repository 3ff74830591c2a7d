"""JASPAR frequency matrices: counts, one row a letter, plain or with letters and brackets.

Names may be missing, as in files of YeTFaSCo, FlyFactorSurvey and ScerTF; then empty lines part the
matrices. Lines that begin with ``#`` are passed over.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.io.words import (
    counts_of,
    known_by_letters,
    one_line,
    one_word,
    plain_letters,
    sites_of,
    source_of,
)
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, Alphabet

_BRACKETS = str.maketrans("[]|", "   ")


def recognise(text: str) -> bool:
    """Tell whether text looks like frequency matrices in rows of letters, or raw."""
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    if lines and lines[0].startswith(">"):
        lines = lines[1:]
    # FASTA begins with `>` too, but its lines hold no numbers
    return bool(lines) and bool((_parse_row(lines[0]) or ("", []))[1])


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all motifs of a JASPAR file.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages; also the name of a raw matrix without a header.

    Returns
    -------
    list of Motif
        `sites` is the largest total of a position, or not known where all totals are 1; `source` is
        the name of the file.

    Raises
    ------
    SeqcnnError
        There is no motif, a row is missing, or rows differ in length; with file and line.

    Warns
    -----
    SeqcnnWarning
        A position has no counts; it becomes the background.
    """
    stem = "motif" if path is None else Path(path).stem
    motifs, blocks = [], list(_blocks(text.split("\n")))
    for index, (start, head, rows) in enumerate(blocks, 1):
        try:
            counts = _read_counts(rows)
            words = head.split(maxsplit=1) or [stem if len(blocks) == 1 else f"{stem}_{index}"]
            motif = Motif(
                words[0],
                counts.to_probabilities(),
                words[1].strip() if len(words) > 1 else "",
                sites=sites_of(counts.values),
                source=source_of(path),
            )
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=path, line=error.line or start) from None
        if not counts.values.sum(1).all():
            warnings.warn(
                f"motif {motif.name!r} has a position without counts; it becomes the background",
                SeqcnnWarning,
                stacklevel=3,
            )
        motifs.append(motif)
    if not motifs:
        raise SeqcnnError("there are no motifs in this JASPAR file", path=path)
    return motifs


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Yield line number, header without ``>``, and the numbered rows of each matrix."""
    start, head, rows = 1, "", []
    for number, line in enumerate(lines, 1):
        if line.startswith(">"):
            if rows or head:
                yield start, head, rows
            start, head, rows = number, line[1:].strip() or "unnamed", []
        elif line.startswith("#"):
            continue
        elif line.strip():
            rows.append((number, line))
        elif rows:
            yield start, head, rows
            start, head, rows = number + 1, "", []
    if rows or head:
        yield start, head, rows


def _read_counts(rows: Sequence[tuple[int, str]]) -> CountMatrix:
    letters, values = "", []
    for number, line in rows:
        row = _parse_row(line)
        if row is None:
            raise SeqcnnError(f"this is no row of counts: {line.strip()[:40]!r}", line=number)
        letter, numbers = row
        if values and len(numbers) != len(values[0]):
            raise SeqcnnError(
                f"this row has {len(numbers)} counts, the first has {len(values[0])}", line=number
            )
        # written so that NaN fails too
        wrong = [count for count in numbers if not 0 <= count < math.inf]
        if wrong:
            raise SeqcnnError(
                f"a count is {wrong[0]:g}, it must be a number of 0 or more", line=number
            )
        letters += letter
        values.append(numbers)
    if not letters and len(values) == DNA.size:
        letters = DNA.letters
    if len(letters) != len(values):
        raise SeqcnnError(
            f"{len(values)} rows, of which {len(letters)} begin with a letter; a matrix needs one "
            "row for each of the letters A, C, G, T"
        )
    alphabet, order = known_by_letters(letters)
    table = np.array(values)[[order.index(letter) for letter in alphabet.letters]]
    return CountMatrix(table.T, alphabet)


def _parse_row(line: str) -> tuple[str, list[float]] | None:
    """Split ``A [1 2 3]`` or ``1 2 3`` into letter and numbers; None where it is neither."""
    words = line.translate(_BRACKETS).split()
    letter = words.pop(0).upper() if words and len(words[0]) == 1 and words[0].isalpha() else ""
    try:
        return letter, [float(word) for word in words]
    except ValueError:
        return None


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs as JASPAR matrices.

    Parameters
    ----------
    motifs
        Of any alphabet of capital letters.
    alphabet, background
        Not held by this format; here so that all writers are called alike.

    Returns
    -------
    str
        Counts with at most six decimals: probability times `sites`.
    """
    return "".join(_write_motif(motif) for motif in motifs)


def _write_motif(motif: Motif) -> str:
    title = "\t".join(filter(None, [one_word(motif.name), one_line(motif.alternative_name)]))
    rows = "".join(
        f"{letter} [{' '.join(f'{value:.10g}' for value in row)}]\n"
        for letter, row in zip(plain_letters(motif), counts_of(motif).T, strict=True)
    )
    return f">{title}\n{rows}"
