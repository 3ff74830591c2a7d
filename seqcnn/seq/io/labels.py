"""Tables of labels: identifiers of sequences, and a column for each task."""

import io
import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.io.files import open_bytes, open_pieces
from seqcnn.seq.io.headers import shown
from seqcnn.seq.io.tables import Columns, columns_of

MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "."})
"""What an unknown label looks like, in lower case."""

SHOWN = 5
"""So many identifiers are listed in a message."""


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Labels as they were read.

    Parameters
    ----------
    path
        The file.
    ids
        n identifiers, all different.
    names
        Of the columns.
    cells
        n rows of texts, one for each column; "" where a label is missing.
    lines
        The line of the file of each row.
    of_rows
        Whether the sequences stand in the same rows; then identifiers may repeat.
    """

    path: str | Path
    ids: Sequence[str]
    names: Sequence[str]
    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    of_rows: bool = False

    def without(self, name: str) -> "LabelTable":
        """Leave a column out."""
        at = self._column(name)
        cells = [[c for i, c in enumerate(row) if i != at] for row in self.cells]
        names = [n for n in self.names if n != name]
        return replace(self, names=names, cells=cells)

    def only(self, names: Sequence[str]) -> "LabelTable":
        """Take some columns, in the order given."""
        places = [self._column(name) for name in names]
        return replace(self, names=list(names), cells=[[r[i] for i in places] for r in self.cells])

    def column(self, name: str) -> np.ndarray:
        """Read the numbers of one column, float64 (n,), all of which must be there."""
        at = self._column(name)
        part = replace(self, names=[name], cells=[[r[at]] for r in self.cells])
        return part.numbers()[:, 0]

    def texts(self, name: str) -> list[str]:
        """Read the texts of one column; "" where one is missing."""
        at = self._column(name)
        return [row[at] for row in self.cells]

    def _column(self, name: str) -> int:
        if name not in self.names:
            raise SeqcnnError(
                f"there is no column {name!r}: the columns are {', '.join(self.names)}",
                path=self.path,
            )
        return list(self.names).index(name)

    @property
    def is_text(self) -> bool:
        """Whether there is one column, and it holds names of classes."""
        return len(self.names) == 1 and any(row[0] and not _is_number(row[0]) for row in self.cells)

    def numbers(self) -> np.ndarray:
        """Read all cells as numbers.

        Returns
        -------
        numpy.ndarray
            float64 (n, columns), NaN where a label is missing.

        Raises
        ------
        SeqcnnError
            A cell is no finite number, or a row has no label.
        """
        values = np.full((len(self.ids), len(self.names)), np.nan)
        for row, cells in enumerate(self.cells):
            for column, cell in enumerate(cells):
                if cell:
                    values[row, column] = self._number(row, column)
            if np.isnan(values[row]).all():
                raise SeqcnnError(
                    f"{shown(self.ids[row])} has no label ({self.names[0]!r} is missing): remove "
                    f"the row; only tables of several tasks may leave some of them open",
                    path=self.path,
                    line=self.lines[row],
                )
        return values

    def classes(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Read the only column as names of classes.

        Returns
        -------
        numpy.ndarray
            float64 (n, 1): the number of the class.
        tuple of str
            Names of the classes, in alphabetical order, numbers in order of size.

        Raises
        ------
        SeqcnnError
            There are several columns, a label is missing, or there is one class only.
        """
        if len(self.names) != 1:
            raise SeqcnnError(
                f"classes stand in one column, here are {len(self.names)}: {', '.join(self.names)}",
                path=self.path,
            )
        for row, cells in enumerate(self.cells):
            if not cells[0]:
                raise SeqcnnError(
                    f"{shown(self.ids[row])} has no label ({self.names[0]!r} is missing): remove "
                    f"the row",
                    path=self.path,
                    line=self.lines[row],
                )
        found = sorted({row[0] for row in self.cells}, key=_in_order)
        if len(found) < 2:
            raise SeqcnnError(
                f"only one class: all {len(self.ids)} labels are {found[0]!r}; a network learns "
                f"to tell two or more apart",
                path=self.path,
            )
        number = {name: float(i) for i, name in enumerate(found)}
        return np.array([[number[row[0]]] for row in self.cells]), tuple(found)

    def match(self, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Find the sequences that have labels.

        Parameters
        ----------
        ids
            Of the sequences; of several with one identifier all get its labels.

        Returns
        -------
        tuple of numpy.ndarray
            int64: positions of sequences, and the row of the table of each.

        Raises
        ------
        SeqcnnError
            There is a label of a sequence that is not there.
        """
        if self.of_rows:
            if len(ids) == len(self.ids) and all(
                a == "_".join(b.split()) for a, b in zip(ids, self.ids, strict=True)
            ):
                every = np.arange(len(ids))
                return every, every
            self._refuse_repeated_ids()
        row_of = {name: row for row, name in enumerate(self.ids)}
        pairs = [(i, row_of[name]) for i, name in enumerate(ids) if name in row_of]
        matched = {row for _, row in pairs}
        missing = [name for row, name in enumerate(self.ids) if row not in matched]
        if missing:
            listed = ", ".join(shown(name) for name in missing[:SHOWN])
            more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
            raise SeqcnnError(
                f"{len(missing):,} of {len(self.ids):,} labels belong to no sequence: {listed}"
                f"{more}; identifiers are the first words of the FASTA headers",
                path=self.path,
                line=self.lines[self.ids.index(missing[0])],
            )
        rows = np.array(pairs, np.int64).reshape(-1, 2)
        return rows[:, 0], rows[:, 1]

    def _refuse_repeated_ids(self) -> None:
        seen: dict[str, int] = {}
        for name, line in zip(self.ids, self.lines, strict=True):
            if seen.setdefault(name, line) != line:
                raise SeqcnnError(
                    f"{shown(name)} stands on line {seen[name]} already, and the sequences are not "
                    f"those of this table: give the table alone, or different identifiers",
                    path=self.path,
                    line=line,
                )

    def _number(self, row: int, column: int) -> float:
        cell = self.cells[row][column]
        value = float(cell) if _is_number(cell) else math.nan
        if not math.isfinite(value):
            more = ", or say by --columns which columns are labels" if len(self.names) > 1 else ""
            raise SeqcnnError(
                f"the label {self.names[column]!r} of {shown(self.ids[row])} is {cell!r}: it must "
                f"be a finite number; leave the cell empty if it is not known{more}",
                path=self.path,
                line=self.lines[row],
            )
        return value


def read_labels(path: str | Path, known_ids: Sequence[str] = ()) -> LabelTable:
    """Read a table of labels.

    Parameters
    ----------
    path
        Columns separated by tabs, the identifier first; a first line with their names. Without
        tabs, commas are taken, with a warning. May be compressed. In a table with a column of
        sequences (`seqcnn.seq.io.tables`), labels are all columns but that and the identifiers.
    known_ids
        Identifiers of the sequences: if the first line begins with one of them it is no header.

    Raises
    ------
    SeqcnnError
        There is nothing in it, a row has too few or too many cells, or an identifier comes twice.
    """
    lines = ((i, line) for i, line in enumerate(_text_lines(path), 1) if line.strip())
    first = next(lines, None)
    if first is None:
        raise SeqcnnError("there are no labels: the file is empty", path=path)
    columns = columns_of(first[1])
    if columns is not None:
        return _labels_of_rows(first[1], lines, columns, path)
    sign = _separator(first[1], path)
    table = [(i, [cell.strip() for cell in line.split(sign)]) for i, line in chain([first], lines)]
    names = _header(table, set(known_ids), path)
    _check_rows(table, len(names), path)
    return LabelTable(
        path,
        [cells[0] for _, cells in table],
        names[1:],
        [[_known(cell) for cell in cells[1:]] for _, cells in table],
        [i for i, _ in table],
    )


def _text_lines(path: str | Path) -> Iterator[str]:
    """Yield the lines of a file; sequences in them need never be there all at once."""
    if str(path) == "-":
        raw: io.RawIOBase | io.BytesIO = io.BytesIO(open_bytes(path))
    else:
        raw = _Pieces(open_pieces(path))
    buffered = io.BufferedReader(raw)  # type: ignore[arg-type]
    yield from io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="replace")


class _Pieces(io.RawIOBase):
    """A file of the pieces that an iterator gives."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.rest = self.rest or next(self.pieces, b"")
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def _labels_of_rows(
    header: str, lines: Iterable[tuple[int, str]], columns: Columns, path: str | Path
) -> LabelTable:
    """Read the labels of a table that holds the sequences too."""
    apart = {columns.sequence, columns.identifier}
    names = [name.strip(' "\n') for name in header.split(columns.sign)]
    kept = [i for i in range(len(names)) if i not in apart]
    _check_names(names, path)
    ids, cells, numbers = [], [], []
    for number, line in lines:
        row = [cell.strip(' "\n') for cell in line.split(columns.sign)]
        if len(row) != len(names):
            raise SeqcnnError(
                f"the row has {len(row)} cells, the header has {len(names)}",
                path=path,
                line=number,
            )
        name = "" if columns.identifier is None else row[columns.identifier]
        ids.append(name or f"seq_{len(ids) + 1}")
        cells.append([_known(row[i]) for i in kept])
        numbers.append(number)
    return LabelTable(path, ids, [names[i] for i in kept], cells, numbers, of_rows=True)


def _known(cell: str) -> str:
    """Give a label, "" if it is not known; equal ones as one object, for there may be millions."""
    return "" if cell.lower() in MISSING else sys.intern(cell)


def _separator(line: str, path: str | Path) -> str:
    if "\t" in line:
        return "\t"
    if "," in line:
        warnings.warn(
            f"{path}: columns are separated by commas, not by tabs, and read so",
            SeqcnnWarning,
            stacklevel=3,
        )
        return ","
    raise SeqcnnError(
        "the line has one column: labels need an identifier and a label, with a tab between them",
        path=path,
        line=1,
    )


def _header(table: list[tuple[int, list[str]]], ids: set[str], path: str | Path) -> list[str]:
    first = table[0][1]
    if first[0] in ids or (first[0].lower() != "id" and all(map(_is_number, first[1:]))):
        names = ["id", "label"] if len(first) == 2 else ["id", *map(str, range(1, len(first)))]
        warnings.warn(
            f"{path}: the first line names no columns, it is read as labels; they are called "
            f"{', '.join(names[1:])}",
            SeqcnnWarning,
            stacklevel=3,
        )
        return names
    del table[0]
    if not table:
        raise SeqcnnError("there are no labels: the file has a header only", path=path)
    _check_names([first[0] or "id", *first[1:]], path)
    return first


def _check_names(names: Sequence[str], path: str | Path) -> None:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated or "" in names:
        what = f"the name {repeated[0]!r} comes twice" if repeated else "one has no name"
        raise SeqcnnError(f"columns need different names: {what}", path=path, line=1)


def _check_rows(table: list[tuple[int, list[str]]], width: int, path: str | Path) -> None:
    seen: dict[str, int] = {}
    for line, cells in table:
        if len(cells) != width:
            raise SeqcnnError(
                f"{shown(cells[0])} has {len(cells) - 1} labels, the header names {width - 1}",
                path=path,
                line=line,
            )
        earlier = seen.setdefault(cells[0], line)
        if earlier != line:
            raise SeqcnnError(
                f"{shown(cells[0])} was labelled on line {earlier} already: keep one of the rows",
                path=path,
                line=line,
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _in_order(name: str) -> tuple[bool, float, str]:
    number = _is_number(name) and math.isfinite(float(name))
    return not number, float(name) if number else 0.0, name
