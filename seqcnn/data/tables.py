"""Small tables of text: a first line with names, a row for each thing, tabs or commas between."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcnn.data.files import open_bytes
from seqcnn.errors import SeqcnnError

MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "."})
"""What an unknown value looks like, in lower case."""


@dataclass(frozen=True, eq=False)
class Table:
    """Cells as they were read.

    Parameters
    ----------
    path
        The file.
    names
        Of the columns, all different.
    rows
        Texts, one for each column; "" where nothing is known.
    lines
        The line of the file of each row.
    """

    path: str | Path
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, rows: Iterable[int]) -> "Table":
        """Take some rows, in the order given."""
        places = [int(row) for row in rows]
        return Table(
            self.path,
            self.names,
            tuple(self.rows[i] for i in places),
            tuple(self.lines[i] for i in places),
        )

    def texts(self, name: str) -> list[str]:
        """Read one column; "" where a value is missing."""
        at = self._place(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> np.ndarray:
        """Read one column as float64 (n,), NaN where a value is missing.

        Raises
        ------
        SeqcnnError
            A cell is no finite number.
        """
        values = np.full(len(self), np.nan)
        for row, cell in enumerate(self.texts(name)):
            if cell and not is_number(cell):
                raise SeqcnnError(
                    f"{name!r} is {cell[:40]!r}: it must be a finite number, or empty",
                    path=self.path,
                    line=self.lines[row],
                )
            values[row] = float(cell) if cell else np.nan
        return values

    def is_numeric(self, name: str) -> bool:
        """Tell whether all that is known in a column are finite numbers."""
        return all(is_number(cell) for cell in self.texts(name) if cell)

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise SeqcnnError(
                f"there is no column {name!r}: the columns are {', '.join(self.names)}",
                path=self.path,
                line=1,
            )
        return self.names.index(name)


def is_number(text: str) -> bool:
    """Tell whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def read_table(path: str | Path) -> Table:
    r"""Read a table.

    Parameters
    ----------
    path
        Columns separated by tabs, or else by commas; texts with commas in them may be quoted. A
        first line with names. May be compressed.

    Raises
    ------
    SeqcnnError
        There is no row, there is one column only, two columns share a name, or a row has too few
        or too many cells.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ice.tsv"
    >>> _ = path.write_text("file\tlabel\na.png\tgood\nb.png\tNA\n")
    >>> read_table(path).texts("label")
    ['good', '']
    """
    text = bytes(open_bytes(path)).decode("utf-8-sig", errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise SeqcnnError("the table is empty", path=path)
    sign = "\t" if "\t" in first else ","
    if sign not in first:
        raise SeqcnnError(
            f"a table has columns with a tab or comma between them, not {first[:40]!r}",
            path=path,
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    found = [(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader if any(row)]
    names = found[0][1]
    _check_shape(names, found, path)
    return Table(
        path,
        names,
        tuple(tuple("" if c.lower() in MISSING else c for c in row) for _, row in found[1:]),
        tuple(line for line, _ in found[1:]),
    )


def _check_shape(
    names: Sequence[str], found: list[tuple[int, tuple[str, ...]]], path: str | Path
) -> None:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated or "" in names:
        what = f"the name {repeated[0]!r} comes twice" if repeated else "one has no name"
        raise SeqcnnError(f"columns need different names: {what}", path=path, line=1)
    if len(found) < 2:
        raise SeqcnnError("the table has a header only", path=path)
    for line, row in found:
        if len(row) != len(names):
            raise SeqcnnError(
                f"the row has {len(row)} cells, the header has {len(names)}", path=path, line=line
            )
