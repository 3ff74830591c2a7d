"""Read intervals: BED of 3 to 12 columns, narrowPeak, broadPeak, compressed or not."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.interval_set import SIGNS, IntervalSet
from seqcnn.seq.io.files import open_bytes
from seqcnn.seq.io.headers import shown

CHUNK = 1 << 16
"""Lines that are taken apart at a time: a list of texts needs far more memory than numbers."""

LARGEST = 1 << 40
"""No chromosome has as many letters."""

_HEADER = re.compile(r"#|(track|browser)(\s|$)")
_STARTS = {"start", "chromstart", "chrom_start", "begin", "from"}
_STRANDS = {**SIGNS, "*": 0, "": 0}
_NO_NUMBER = {"", "."}
_PLACE = re.compile(rb"\S+[\t ]+[+-]?\d+[\t ]+[+-]?\d+(\s|$)")


def read_bed(path: str | Path) -> IntervalSet:
    """Read intervals from a file.

    Parameters
    ----------
    path
        BED with 3 to 12 columns, narrowPeak or broadPeak, told apart by their columns; plain or
        compressed; ``-`` is standard input.

    Returns
    -------
    IntervalSet
        In the order of the file. Scores are the signal values of peaks, else column 5; summits are
        known in narrowPeak.

    Raises
    ------
    SeqcnnError
        The file cannot be read, or a line is no interval; line and column are named.

    Warns
    -----
    SeqcnnWarning
        At most once for each kind of oddity that does not stop the work.
    """
    remarks: list[str] = []
    name = "standard input" if str(path) == "-" else path
    found = parse_bed(open_bytes(path), name, remarks)
    for remark in remarks:
        warnings.warn(f"{name}: {remark}", SeqcnnWarning, stacklevel=2)
    return found


def looks_like_bed(content: bytes | bytearray) -> bool:
    r"""Tell whether the first line that is no header has a name and two whole numbers.

    Examples
    --------
    >>> looks_like_bed(b"track name=x\nchr1\t5\t9\n"), looks_like_bed(b">s\nACGT\n")
    (True, False)
    """
    head = bytes(content[: 1 << 16]).removeprefix(b"\xef\xbb\xbf")
    for line in head.splitlines():
        if line.strip() and not _HEADER.match(line.decode("latin-1")):
            words = line.decode("latin-1").split()
            named = len(words) > 2 and words[1].lower() in _STARTS
            return named or _PLACE.match(line.strip()) is not None
    return False


def parse_bed(content: bytes | bytearray, path: str | Path, remarks: list[str]) -> IntervalSet:
    """Read intervals from the content of a file.

    Parameters
    ----------
    content
        Text; lines may end as on any system.
    path
        Its name, for messages.
    remarks
        Gets one sentence for each kind of oddity found.

    Raises
    ------
    SeqcnnError
        As for `read_bed`.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SeqcnnError("UTF-16 is not supported: save as UTF-8", path=path)
    if (nul := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise SeqcnnError("NUL byte: the file is damaged or no text", path=path, line=line)
    lines = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    texts = lines.split("\n")
    rows = [i for i, text in enumerate(texts) if text.strip() and not _HEADER.match(text)]
    if rows and _is_header(texts[rows[0]], path, rows[0] + 1):
        remarks.append("the first line names the columns and was skipped")
        del rows[0]
    if not rows:
        raise SeqcnnError("no intervals: no line has a chromosome, a start and an end", path=path)
    layout = _find_layout(_cells(texts[rows[0]]), path, remarks)
    chromosomes: dict[str, int] = {}
    parts = []
    for first in range(0, len(rows), CHUNK):
        numbers = rows[first : first + CHUNK]
        cells = [_cells(texts[i]) for i in numbers]
        parts.append(_parse_rows(cells, layout, chromosomes, _Where(path, numbers)))
    columns = [np.concatenate(column) for column in list(zip(*parts, strict=True))[:6]]
    names = tuple(name for part in parts for name in part[6])
    return IntervalSet(tuple(chromosomes), *columns, names=names if any(names) else ())


@dataclass(frozen=True)
class _Layout:
    """Which columns there are, from 0; None where there is none."""

    name: int | None
    score: int | None
    strand: int | None
    summit: int | None


@dataclass(frozen=True)
class _Where:
    """The file, and the lines of the rows at hand, from 0."""

    path: str | Path
    lines: Sequence[int]

    def error(self, row: int, message: str) -> SeqcnnError:
        return SeqcnnError(message, path=self.path, line=self.lines[row] + 1)


def _cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _is_header(line: str, path: str | Path, number: int) -> bool:
    """Whether a line names columns, as data frames do when they are written."""
    cells = [cell.strip().lower() for cell in _cells(line)]
    if "abs_summit" in cells:
        raise SeqcnnError(
            "looks like the peaks.xls of MACS, which counts from 1: give its .narrowPeak",
            path=path,
            line=number,
        )
    return len(cells) > 2 and cells[1] in _STARTS


def _find_layout(cells: Sequence[str], path: str | Path, remarks: list[str]) -> _Layout:
    """Tell by the first interval what the columns mean."""
    count = len(cells)
    name = 3 if count > 3 else None
    score = 4 if count > 4 and _is_number(cells[4]) else None
    strand = 5 if count > 5 and cells[5] in _STRANDS else None
    ignored = (count > 4 and score is None) or (count > 5 and strand is None)
    if ignored:
        remarks.append(
            "columns beyond the third are not those of BED (score in 5, strand in 6): read without "
            + " and ".join(
                ["score"] * (score is None) + ["strand"] * (count > 5 and strand is None)
            )
        )
    peaks = count in (9, 10) and strand is not None and all(map(_is_number, cells[6:9]))
    if peaks and count == 10 and re.fullmatch(r"-?\d+", cells[9]):
        return _Layout(name, 6, strand, 9)
    if peaks and count == 9 and ("broadpeak" in str(path).lower() or not _is_thick(cells)):
        return _Layout(name, 6, strand, None)
    return _Layout(name, score, strand, None)


def _is_number(cell: str) -> bool:
    if cell in _NO_NUMBER:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_thick(cells: Sequence[str]) -> bool:
    """Whether columns 7 and 8 are the thick part of a line of BED9 (no signals and p-values)."""
    if not all(re.fullmatch(r"\d+", cells[i]) for i in (1, 2, 6, 7)):
        return False
    start, end, thick_start, thick_end = (int(cells[i]) for i in (1, 2, 6, 7))
    return start <= thick_start <= thick_end <= end or thick_start == thick_end == 0


def _parse_rows(
    cells: Sequence[Sequence[str]],
    layout: _Layout,
    chromosomes: dict[str, int],
    where: _Where,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Turn rows into the columns of `IntervalSet`, in its order."""
    n = len(cells)
    _check_widths(cells, layout, where)
    chromosome = np.array([chromosomes.setdefault(r[0], len(chromosomes)) for r in cells], np.int64)
    start, end = _whole(cells, 1, "start", where), _whole(cells, 2, "end", where)
    for wrong, says in (
        (start < 0, "start is {start}, it must be 0 or more: BED counts from 0"),
        (end < start, "start {start} lies behind end {end}: exchange the two"),
        (end > LARGEST, "end is {end}, longer than any chromosome"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise where.error(row, says.format(start=start[row], end=end[row]))
    strand, score = np.zeros(n, np.int8), np.full(n, np.nan)
    summit = np.full(n, -1, np.int64)
    if layout.strand is not None:
        strand = _strands(cells, layout.strand, where)
    if layout.score is not None:
        score = _numbers(cells, layout.score, where)
    if layout.summit is not None:
        offset = _whole(cells, layout.summit, "summit", where)
        beyond = offset >= np.maximum(end - start, 1)
        if beyond.any():
            row = int(np.argmax(beyond))
            raise where.error(
                row,
                f"summit {offset[row]} lies outside of a peak of {end[row] - start[row]} letters: "
                f"narrowPeak counts it from the start of the peak",
            )
        summit = np.where(offset >= 0, start + offset, -1)
    names = [] if layout.name is None else [r[layout.name] for r in cells]
    names = ["" if name == "." else name for name in names]
    return chromosome, start, end, strand, score, summit, names


def _check_widths(cells: Sequence[Sequence[str]], layout: _Layout, where: _Where) -> None:
    """Refuse a row with fewer columns than are needed, or a chromosome without a name."""
    least = max(2, *(column or 0 for column in (layout.name, layout.score, layout.strand)))
    least = max(least, layout.summit or 0) + 1
    short = next((i for i, row in enumerate(cells) if len(row) < least or not row[0]), None)
    if short is None:
        return
    if len(cells[short]) >= least:
        raise where.error(short, "the name of the chromosome is missing")
    raise where.error(
        short,
        f"{len(cells[short])} columns where {least} are needed "
        f"(chromosome, start, end, ..., separated by tabs): {shown(' '.join(cells[short]))}",
    )


def _whole(cells: Sequence[Sequence[str]], column: int, what: str, where: _Where) -> np.ndarray:
    """Read a column of whole numbers, int64 (n,)."""
    try:
        return np.array([int(row[column]) for row in cells], np.int64)
    except (ValueError, OverflowError):
        for i, row in enumerate(cells):
            if not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", row[column]):
                hint = ""
                if re.fullmatch(r"\d+(\.\d+)?e\+?\d+", row[column], re.IGNORECASE):
                    hint = ": write it in full (in R, options(scipen = 999))"
                raise where.error(
                    i,
                    f"{what} (column {column + 1}) is {shown(row[column])}, no whole number{hint}",
                ) from None
        raise


def _numbers(cells: Sequence[Sequence[str]], column: int, where: _Where) -> np.ndarray:
    """Read a column of numbers, float64 (n,): NaN where there is none."""
    wanted = [row[column] for row in cells]
    try:
        return np.array([np.nan if cell in _NO_NUMBER else float(cell) for cell in wanted])
    except ValueError:
        row = next(i for i, cell in enumerate(wanted) if not _is_number(cell))
        raise where.error(
            row, f"score (column {column + 1}) is {shown(wanted[row])}, no number"
        ) from None


def _strands(cells: Sequence[Sequence[str]], column: int, where: _Where) -> np.ndarray:
    wanted = [row[column].strip() for row in cells]
    try:
        return np.array([_STRANDS[cell] for cell in wanted], np.int8)
    except KeyError:
        row = next(i for i, cell in enumerate(wanted) if cell not in _STRANDS)
        raise where.error(
            row, f"strand (column {column + 1}) is {shown(wanted[row])}, it must be +, - or ."
        ) from None
