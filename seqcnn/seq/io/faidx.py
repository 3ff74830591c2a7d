"""Where the letters of FASTA records lie in their file: the index of samtools faidx.

Lines of a record have one length, but for its last; then a place in a sequence tells the place in
the file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.files import atomic_write
from seqcnn.seq.io.sniff import refuse_other_formats

_FEED = 10
_HEAD = 512
"""Bytes that tell what a file is."""


@dataclass(frozen=True)
class FastaIndex:
    """Names of records and the places of their letters.

    Parameters
    ----------
    names
        First words of the headers.
    lengths
        int64 (records,): letters.
    offsets
        int64 (records,): bytes of the (unpacked) file before the first letter.
    line_letters, line_bytes
        int64 (records,): letters of a line, and bytes with its end.
    """

    names: tuple[str, ...]
    lengths: np.ndarray
    offsets: np.ndarray
    line_letters: np.ndarray
    line_bytes: np.ndarray

    def places(self, record: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Find bytes of the file, int64 (n,), before positions (n,) of records (n,)."""
        per_line = np.maximum(self.line_letters[record], 1)
        lines, rest = np.divmod(position, per_line)
        return self.offsets[record] + lines * self.line_bytes[record] + rest

    def write(self, path: str | Path) -> None:
        """Write the file that samtools faidx writes: ``<fasta>.fai``."""
        columns = (self.lengths, self.offsets, self.line_letters, self.line_bytes)
        rows = np.stack(columns, axis=1).tolist()
        with atomic_write(path) as handle:
            for name, row in zip(self.names, rows, strict=True):
                handle.write("\t".join([name, *map(str, row)]) + "\n")


def read_fai(path: str | Path) -> FastaIndex:
    """Read an index that samtools wrote.

    Raises
    ------
    SeqcnnError
        The file is no such index.
    """
    names, rows = [], []
    for number, line in enumerate(Path(path).read_text(errors="replace").splitlines(), 1):
        name, *numbers = line.split("\t")
        if len(numbers) < 4 or not all(cell.isdecimal() for cell in numbers):
            raise SeqcnnError(
                "is no index of FASTA (name, length, offset, letters and bytes of a line): "
                "remove it",
                path=path,
                line=number,
            )
        names.append(name)
        rows.append([int(cell) for cell in numbers[:4]])
    return _index(names, rows)


def build_index(pieces: Iterable[bytes], path: str | Path) -> FastaIndex | None:
    """Index a FASTA file from its content.

    Parameters
    ----------
    pieces
        The unpacked content.
    path
        For messages.

    Returns
    -------
    FastaIndex or None
        None if the lines of a record differ in length, so that it cannot be indexed.

    Raises
    ------
    SeqcnnError
        It is no FASTA file, or has no record.
    """
    builder = _Builder()
    for is_head, text in parts_of_records(pieces, path):
        if is_head:
            builder.begin(text)
        elif not builder.add(text):
            return None
    builder.end()
    return _index(builder.names, builder.rows)


def parts_of_records(pieces: Iterable[bytes], path: str | Path) -> Iterator[tuple[bool, bytes]]:
    """Divide the content of a FASTA file into headers and what lies between.

    Yields
    ------
    is_head : bool
        Whether this is a header line, whole and with its end.
    text : bytes
        The line, or a part of the lines of a record, cut anywhere.

    Raises
    ------
    SeqcnnError
        It is no FASTA file, or has no record.
    """
    rest, at_start, found = b"", True, False
    for piece in chain(pieces, [None]):
        rest += piece or b""
        if not found and (len(rest) >= _HEAD or piece is None):
            found, begin = True, _first_record(rest, path)
            if begin:
                yield False, rest[:begin]
                rest = rest[begin:]
        if not found:
            continue
        begin = 0
        while begin < len(rest):
            if at_start and rest.startswith(b">", begin):
                stop = rest.find(b"\n", begin) + 1
                if not stop and piece is not None:
                    break
                stop = stop or len(rest)
                yield True, rest[begin:stop]
            else:
                stop = rest.find(b"\n>", begin) + 1
                at_start = bool(stop) or rest.endswith(b"\n")
                stop = stop or len(rest)
                yield False, rest[begin:stop]
            begin = stop
        rest = rest[begin:]


def _first_record(text: bytes, path: str | Path) -> int:
    """Find the first header; refuse what is no FASTA."""
    refuse_other_formats(text[: 1 << 16].removeprefix(b"\xef\xbb\xbf"), path)
    mark = len(text) - len(text.lstrip(b"\xef\xbb\xbf \t\r\n"))
    if not text.startswith(b">", mark):
        raise SeqcnnError("a genome must be FASTA or 2bit: this is neither", path=path)
    return mark


@dataclass
class _Builder:
    """An index as far as the file was read; sizes and ends of lines are those of one record."""

    names: list[str] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    at: int = 0
    offset: int = 0
    size: int = 0
    ends: int = 0
    line_letters: int = 0
    line_bytes: int = 0
    closed: bool = False
    last: bytes = b""

    def begin(self, head: bytes) -> None:
        """Start a record, whose header is given."""
        self.end()
        self.names.append(name_of(head, len(self.names)))
        self.at += len(head)
        self.offset = self.at
        self.size = self.ends = self.line_letters = self.line_bytes = 0
        self.closed, self.last = False, b""

    def add(self, text: bytes) -> bool:
        """Take bytes of the record; False if its lines differ in length."""
        self.at += len(text)
        if self.closed or not self.names:
            return not self.names or not text.strip()
        if b" " in text or b"\t" in text:
            return False
        feeds = np.flatnonzero(np.frombuffer(text, np.uint8) == _FEED)
        if not self.line_bytes and len(feeds):
            self.line_bytes = self.size + int(feeds[0]) + 1
            before = self.last + text[: feeds[0]]
            self.line_letters = self.line_bytes - 1 - before.endswith(b"\r")
        expected = (np.arange(len(feeds)) + self.ends + 1) * self.line_bytes - 1 - self.size
        unlike = np.flatnonzero(feeds != expected)
        if len(unlike):
            return self._close(text, feeds, expected, int(unlike[0]))
        self.size, self.ends, self.last = self.size + len(text), self.ends + len(feeds), text[-1:]
        # a line that is longer has not come to its end
        return not self.line_bytes or self.size // self.line_bytes == self.ends

    def _close(self, text: bytes, feeds: np.ndarray, expected: np.ndarray, short: int) -> bool:
        """Take the last line, which may be short; nothing but white space may follow."""
        stop = int(feeds[short]) + 1
        self.size, self.ends, self.closed = self.size + stop, self.ends + short + 1, True
        return bool(feeds[short] < expected[short]) and not text[stop:].strip()

    def end(self) -> None:
        """Finish the record."""
        if len(self.rows) == len(self.names):
            return
        ending = self.line_bytes - self.line_letters
        letters = self.size - ending * self.ends
        widths = [self.line_letters, self.line_bytes] if self.line_bytes else [letters, letters + 1]
        self.rows.append([letters, self.offset, *widths])


def name_of(head: bytes, record: int) -> str:
    """Take the name from a header line; a record without one is named by position."""
    words = head[1:].split()
    return words[0].decode("utf-8", "replace") if words else f"seq_{record + 1}"


def _index(names: list[str], rows: list[list[int]]) -> FastaIndex:
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return FastaIndex(tuple(names), *columns)
