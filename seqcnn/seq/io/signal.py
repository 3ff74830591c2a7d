"""Signal along a genome: bigWig (with an optional package) and bedGraph, cut into windows."""

import importlib
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.io.files import open_bytes
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import find_chromosomes

_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
_SKIPPED = ("#", "track", "browser")

Reader = Callable[[str, int, int], np.ndarray]
"""From a chromosome of the file, a start and an end to values, float32 (end - start,)."""


def read_profiles(
    paths: Sequence[str | Path], sequences: SequenceSet, *, width: int | None = None
) -> np.ndarray:
    """Read what each file has along each sequence.

    Parameters
    ----------
    paths
        bigWig or bedGraph, compressed or not: one track each. Places that a file says nothing of
        count 0.
    sequences
        Of one length, with coordinates in their names; those of the reverse strand are read
        backwards.
    width
        Positions in the middle that are read; None for all.

    Returns
    -------
    numpy.ndarray
        float32 (n, width, tracks).

    Raises
    ------
    SeqcnnError
        Lengths differ or coordinates are missing, `width` is too large, a file cannot be read or
        lacks a chromosome, or a value is below 0.
    """
    places, length = _windows(sequences)
    width = length if width is None else width
    if not 1 <= width <= length:
        raise SeqcnnError(f"`width` is {width}, it must be from 1 to {length}, the window")
    skipped = (length - width) // 2
    result = np.zeros((len(places), width, len(paths)), np.float32)
    for track, path in enumerate(paths):
        names, read = _opened(path)
        wanted = list(dict.fromkeys(home.chromosome for home in places))
        found = find_chromosomes(wanted, names)
        if -1 in found:
            raise SeqcnnError(
                f"has no chromosome {wanted[found.index(-1)]!r}: is it of the same genome?",
                path=path,
            )
        name_of = {w: names[place] for w, place in zip(wanted, found, strict=True)}
        for row, home in enumerate(places):
            # the middle as it lies in the sequence: of an odd rest one more is left out behind
            start = home.start + skipped
            if home.strand == "-":
                start = home.end - skipped - width
            values = read(name_of[home.chromosome], start, start + width)
            result[row, :, track] = values[::-1] if home.strand == "-" else values
        if result[..., track].min(initial=0) < 0:
            raise SeqcnnError(
                "holds values below 0: profiles are counts; give one file for each strand",
                path=path,
            )
    return result


def _windows(sequences: SequenceSet) -> tuple[list[Interval], int]:
    lengths = np.unique(sequences.lengths)
    if len(lengths) != 1:
        raise SeqcnnError(
            f"profiles are learnt from windows of one length, these have {lengths[0]} to "
            f"{lengths[-1]} letters: give --window"
        )
    places = []
    for name, home in zip(sequences.ids, intervals_of(sequences), strict=True):
        if home is None:
            raise SeqcnnError(
                f"the sequence {name!r} does not say where it lies: give intervals with --genome, "
                f"or names such as chr1:100-200"
            )
        places.append(home)
    return places, int(lengths[0])


def _opened(path: str | Path) -> tuple[tuple[str, ...], Reader]:
    """Open a file: names of its chromosomes, and what reads it."""
    if str(path) != "-" and Path(path).is_file():
        with Path(path).open("rb") as handle:
            if handle.read(4) in _BIGWIG:
                return _open_bigwig(path)
    return _open_bedgraph(open_bytes(path), path)


def _open_bigwig(path: str | Path) -> tuple[tuple[str, ...], Reader]:
    try:
        package: Any = importlib.import_module("pyBigWig")
    except ImportError:
        raise SeqcnnError(
            "bigWig files need an optional package: pip install 'seqcnn[bigwig]' (or convert to "
            "bedGraph)",
            path=path,
        ) from None
    try:
        handle = package.open(str(path))
        lengths = handle.chroms()
    except RuntimeError as error:
        raise SeqcnnError("is damaged or no bigWig file", path=path) from error

    def read(chromosome: str, start: int, end: int) -> np.ndarray:
        if end > lengths[chromosome]:
            raise SeqcnnError(
                f"ends before {chromosome}:{start}-{end}: is it of the same genome?", path=path
            )
        try:
            return np.nan_to_num(handle.values(chromosome, start, end, numpy=True), copy=False)
        except RuntimeError as error:
            raise SeqcnnError(f"cannot be read at {chromosome}:{start}", path=path) from error

    return tuple(lengths), read


def _open_bedgraph(content: bytearray, path: str | Path) -> tuple[tuple[str, ...], Reader]:
    """Read a whole bedGraph file; what lies later in the file wins where stretches overlap."""
    columns: dict[str, list[tuple[int, int, float]]] = {}
    for number, line in enumerate(_lines(content), 1):
        if line.strip() and not line.startswith(_SKIPPED):
            name, row = _stretch(line.split(), number, path)
            columns.setdefault(name, []).append(row)
    if not columns:
        raise SeqcnnError("holds no signal: no line has a place and a value", path=path)
    sorted_by_start = {
        name: np.array(rows)[np.argsort([r[0] for r in rows], kind="stable")]
        for name, rows in columns.items()
    }
    longest = {name: (rows[:, 1] - rows[:, 0]).max() for name, rows in sorted_by_start.items()}

    def read(chromosome: str, start: int, end: int) -> np.ndarray:
        rows, values = sorted_by_start[chromosome], np.zeros(end - start, np.float32)
        first = int(np.searchsorted(rows[:, 0], start - longest[chromosome]))
        for low, high, value in rows[first : int(np.searchsorted(rows[:, 0], end))].tolist():
            values[max(int(low) - start, 0) : max(int(high) - start, 0)] = value
        return values

    return tuple(columns), read


def _lines(content: bytearray) -> Iterable[str]:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")


def _stretch(cells: list[str], number: int, path: str | Path) -> tuple[str, tuple[int, int, float]]:
    try:
        name, low, high, value = cells[0], int(cells[1]), int(cells[2]), float(cells[3])
    except (IndexError, ValueError):
        low, high, value, name = 0, -1, np.nan, ""
    if not (0 <= low <= high and np.isfinite(value)):
        raise SeqcnnError(
            f"is neither bigWig nor bedGraph: a line must be like 'chr1 100 200 3.5', not "
            f"{' '.join(cells)[:40]!r}",
            path=path,
            line=number,
        )
    return name, (low, high, value)
