"""What is known of pictures: a class by their folder, or columns of a table."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from seqcnn.data.tables import Table, is_number
from seqcnn.errors import SeqcnnError

FILE_NAMES = ("file", "filename", "image", "picture", "path", "name", "id")
"""What the column of files is called, in lower case; otherwise the first one is it."""

CLASS_NAMES = ("label", "class")
SHOWN = 5
"""So many names are listed in a message."""


class Labels(NamedTuple):
    """Labels of n pictures.

    Parameters
    ----------
    values
        float64 (n, tasks), NaN where missing.
    classes
        Names of the classes, none for numbers.
    tasks
        Names of the columns.
    """

    values: np.ndarray
    classes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("label",)


def class_labels(names: Sequence[str]) -> Labels:
    """Give classes numbers: in alphabetical order, or by size; "" is not known.

    Examples
    --------
    >>> class_labels(["10", "9", ""])
    Labels(values=array([[ 1.],
           [ 0.],
           [nan]]), classes=('9', '10'), tasks=('label',))
    """
    classes = tuple(sorted({name for name in names if name}, key=_in_order))
    number = {name: float(i) for i, name in enumerate(classes)} | {"": np.nan}
    return Labels(np.array([[number[name]] for name in names], np.float64), classes)


def array_labels(
    labels: np.ndarray, n: int, classes: np.ndarray | None, path: str | Path
) -> Labels:
    """Read the labels of an array: integers and texts are classes, floats are numbers.

    Raises
    ------
    SeqcnnError
        They are not n, or a number is no number of a class.
    """
    if len(labels) != n or labels.ndim > 2:
        raise SeqcnnError(f"{n:,} pictures have labels of shape {labels.shape}", path=path)
    columns = labels.reshape(n, -1)
    if labels.dtype.kind == "f":
        tasks = ("label",) if columns.shape[1] == 1 else tuple(map(str, range(columns.shape[1])))
        return Labels(columns.astype(np.float64), (), tasks)
    if labels.dtype.kind in "iub" and columns.shape[1] > 1:
        return Labels(columns.astype(np.float64), (), tuple(map(str, range(columns.shape[1]))))
    names = [str(name) for name in (columns + 0 if labels.dtype.kind == "b" else columns)[:, 0]]
    if classes is None or labels.dtype.kind not in "iub":
        return class_labels(names)
    if int(columns.min()) < 0 or int(columns.max()) >= len(classes):
        raise SeqcnnError(
            f"labels go from {columns.min()} to {columns.max()}, there are {len(classes)} classes",
            path=path,
        )
    return Labels(columns.astype(np.float64), tuple(map(str, classes)))


def table_labels(table: Table, rows: np.ndarray, columns: Sequence[str]) -> Labels:
    """Read the labels of a table, in the order of the pictures.

    Parameters
    ----------
    table
        See `seqcnn.data.tables.read_table`.
    rows
        int64 (n,): the row of each picture.
    columns
        Names of the columns that are labels.

    Raises
    ------
    SeqcnnError
        Texts and numbers are mixed, a picture has no label, or there is one class only.
    """
    texts = [name for name in columns if not table.is_numeric(name)]
    if texts and len(columns) > 1:
        named = [name for name in texts if name.lower() in CLASS_NAMES]
        if len(named) != 1:
            raise SeqcnnError(
                f"{', '.join(texts)} hold texts: name the one column that is the class `label`, or "
                f"say which columns are labels",
                path=table.path,
                line=1,
            )
        columns = texts = named
    if not texts:
        values = np.stack([table.numbers(name) for name in columns], axis=1)
        _all_labelled(table, [bool(np.isfinite(row).any()) for row in values], columns[0])
        return Labels(values[rows], (), tuple(columns))
    names = table.texts(texts[0])
    _all_labelled(table, [bool(name) for name in names], texts[0])
    if len(set(names)) < 2:
        raise SeqcnnError(
            f"only one class: all {len(names)} labels are {names[0]!r}; a network learns to tell "
            f"two or more apart",
            path=table.path,
        )
    return class_labels([names[row] for row in rows])._replace(tasks=(texts[0],))


def file_column(table: Table) -> str:
    """Name the column that holds the files."""
    named = [name for name in table.names if name.lower() in FILE_NAMES]
    return named[0] if named else table.names[0]


def match_rows(table: Table, ids: Sequence[str]) -> np.ndarray:
    """Find the row of each picture: by its path, else its name, else its name without ending.

    Parameters
    ----------
    table
        Has a column of files.
    ids
        Paths of the pictures, within their folder.

    Returns
    -------
    numpy.ndarray
        int64 (n,).

    Raises
    ------
    SeqcnnError
        A file of the table is missing or named twice, or a picture has no row.
    """
    column = file_column(table)
    named = [str(PurePosixPath(name.replace("\\", "/"))) for name in table.texts(column)]
    row_of: dict[str, int] = {}
    for row, name in enumerate(named):
        if row_of.setdefault(name, row) != row:
            raise SeqcnnError(
                f"{name!r} stands on line {table.lines[row_of[name]]} already: keep one of the "
                f"rows",
                path=table.path,
                line=table.lines[row],
            )
    ways = (str, lambda i: PurePosixPath(i).name, lambda i: PurePosixPath(i).stem)
    keyed = ([way(i) for i in ids] for way in ways)
    # a way under which two pictures share a name cannot tell them apart
    usable = (k for k in keyed if len(set(k)) == len(k) and not row_of.keys().isdisjoint(k))
    keys = next(usable, list(ids))
    there = set(keys)
    _refuse_rest(
        [row for row, name in enumerate(named) if name not in there],
        named,
        table,
        f"of {len(named):,} files of the table are not there",
    )
    bare = [i for i, key in enumerate(keys) if key not in row_of]
    if bare:
        raise SeqcnnError(
            f"{len(bare):,} of {len(ids):,} pictures have no label in the table: "
            f"{_listed([ids[i] for i in bare])}; add rows, or take the pictures out",
            path=table.path,
        )
    return np.array([row_of[key] for key in keys], np.int64)


def group_numbers(ids: Sequence[str], group_by: str, table: Table | None) -> np.ndarray:
    """Give numbers to the groups of pictures, which must not be split up.

    Parameters
    ----------
    ids
        Paths of the pictures, within their folder.
    group_by
        A column of the table, ``"folder"``, or a regular expression whose first group, or whole,
        is what the names of one group share: ``"^[^_]+"``.
    table
        In the order of the pictures, or None.

    Returns
    -------
    numpy.ndarray
        int64 (n,).

    Raises
    ------
    SeqcnnError
        It is neither, or a name does not fit.
    """
    if table is not None and group_by in table.names:
        keys = [text or f"\0{row}" for row, text in enumerate(table.texts(group_by))]
    elif group_by == "folder":
        keys = [str(PurePosixPath(i).parent) for i in ids]
    else:
        try:
            found = [re.search(group_by, i) for i in ids]
        except re.error as error:
            raise SeqcnnError(f"`group_by` {group_by!r} is no pattern: {error}") from None
        bare = [i for i, match in zip(ids, found, strict=True) if match is None]
        if bare:
            raise SeqcnnError(
                f"`group_by` {group_by!r} is no column and does not fit {len(bare):,} names: "
                f"{_listed(bare)}"
            )
        keys = [m.group(1 if m.re.groups else 0) or "" for m in found if m is not None]
    return np.unique(np.array(keys), return_inverse=True)[1].astype(np.int64)


def _all_labelled(table: Table, labelled: Sequence[bool], name: str) -> None:
    for row, known in enumerate(labelled):
        if not known:
            raise SeqcnnError(
                f"{table.texts(file_column(table))[row]!r} has no label ({name!r} is missing): "
                f"remove the row",
                path=table.path,
                line=table.lines[row],
            )


def _refuse_rest(rows: Sequence[int], named: Sequence[str], table: Table, what: str) -> None:
    if rows:
        raise SeqcnnError(
            f"{len(rows):,} {what}: {_listed([named[row] for row in rows])}",
            path=table.path,
            line=table.lines[rows[0]],
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


def _in_order(name: str) -> tuple[bool, float, str]:
    number = is_number(name)
    return not number, float(name) if number else 0.0, name
