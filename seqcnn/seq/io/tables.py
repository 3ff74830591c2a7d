"""Tables with a column of sequences, known by their header: identifiers, sequences, labels."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.headers import shown

SEQUENCE_NAMES = ("sequence", "seq")
"""What the column of sequences is called, in lower case."""

ID_NAMES = ("id", "name", "identifier")
"""What the column of identifiers is called; without one, sequences are numbered."""

_HEAD = 1 << 16
_BLANKS = re.compile(rb"\s+")


class Columns(NamedTuple):
    """Where things stand in a table of sequences.

    Parameters
    ----------
    sign
        What lies between columns: a tab or a comma.
    sequence, identifier
        Columns, from 0; no identifier is None.
    """

    sign: str
    sequence: int
    identifier: int | None


def columns_of(header: str) -> Columns | None:
    r"""Find the columns by the names in the first line; None if it is no table of sequences.

    Examples
    --------
    >>> columns_of("id\tsequence\tbound")
    Columns(sign='\t', sequence=1, identifier=0)
    >>> columns_of(">sequence, of a gene") is None
    True
    """
    sign = "\t" if "\t" in header else ","
    names = [name.strip(' "\r\n').lower() for name in header.split(sign)]
    found = [i for i, name in enumerate(names) if name in SEQUENCE_NAMES]
    if len(names) < 2 or len(found) != 1 or header.startswith((">", "@", ";")):
        return None
    named = [i for i, name in enumerate(names) if name in ID_NAMES]
    return Columns(sign, found[0], named[0] if named else None)


def looks_like_table(content: bytes | bytearray) -> bool:
    """Tell whether a file begins like a table with a column of sequences."""
    return columns_of(first_line(content)) is not None


def has_labels(content: bytes | bytearray) -> bool:
    """Tell whether such a table has more columns than sequences and identifiers."""
    header = first_line(content)
    columns = columns_of(header)
    if columns is None:
        return False
    return header.count(columns.sign) > (columns.identifier is not None)


def first_line(content: bytes | bytearray) -> str:
    """Decode the first line that is not blank."""
    text = bytes(content[:_HEAD]).decode("utf-8-sig", errors="replace")
    return next((line for line in text.splitlines() if line.strip()), "")


def table_as_fasta(content: bytes | bytearray, path: str | Path) -> tuple[bytearray, Sequence[int]]:
    r"""Turn a table into FASTA: two lines a row.

    Parameters
    ----------
    content
        Of a file that `looks_like_table`.
    path
        Its name, for messages.

    Returns
    -------
    fasta : bytearray
        With the identifiers of the table, white space in them replaced, or ``seq_1`` and so on.
    lines : sequence of int
        The line of the table of each record.

    Raises
    ------
    SeqcnnError
        There is no row, or one has too few cells or no sequence.

    Examples
    --------
    >>> table_as_fasta(b"sequence\tbound\nACGT\t1\n", "x.tsv")
    (bytearray(b'>seq_1\nACGT\n'), [2])
    """
    columns = columns_of(first_line(content))
    assert columns is not None
    sign, fasta, lines = columns.sign.encode(), bytearray(), []
    rows = ((number, line) for number, line in _lines(content) if line.strip())
    next(rows)  # the header
    for number, line in rows:
        cells = line.split(sign)
        needed = max(columns.sequence, columns.identifier or 0)
        if len(cells) <= needed:
            raise SeqcnnError(
                f"the row has {len(cells)} cells, the sequence or its identifier is in column "
                f"{needed + 1}",
                path=path,
                line=number,
            )
        letters = cells[columns.sequence].strip(b' "')
        lines.append(number)
        name = f"seq_{len(lines)}".encode()
        if columns.identifier is not None:
            given = cells[columns.identifier].strip(b' "')
            name = _BLANKS.sub(b"_", given) or name
        if not letters:
            raise SeqcnnError(
                f"{shown(name.decode(errors='replace'))} has no sequence: remove the row",
                path=path,
                line=number,
            )
        fasta += b">%b\n%b\n" % (name, letters)
    if not lines:
        raise SeqcnnError("no sequences: the table has a header only", path=path)
    return fasta, lines


def _lines(content: bytes | bytearray) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers, from 1, without a copy of the whole."""
    feed = b"\n" if b"\n" in content else b"\r"
    start, number = 0, 1
    while start < len(content):
        end = content.find(feed, start)
        end = len(content) if end < 0 else end
        yield number, bytes(content[start:end]).rstrip(b"\r")
        start, number = end + 1, number + 1
