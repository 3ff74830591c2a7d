"""Read a FASTA file of any size in little memory: a piece of some million letters at a time."""

import itertools
import logging
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import PAD, PROTEIN, Alphabet
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.io.files import open_pieces
from seqcnn.seq.io.headers import parse_headers, shown
from seqcnn.seq.io.lines import BLANKS, cut_out_headers, find_lines
from seqcnn.seq.io.sniff import begins_like, refuse_other_formats

_log = logging.getLogger(__name__)

LETTERS = 1 << 20
"""Bytes of a file that are worked on at a time."""

NUCLEOTIDES = "ACGTUN"
ENOUGH = 50
"""Letters, none but `NUCLEOTIDES`, that a protein has less often than once in 1e18."""

_NO_LETTERS = BLANKS + b"\n\0"
_CONTINUED = b">continued\n"
"""Put before the rest of a sequence, so that each part of a file can be read like a file."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Some sequences of a file; the first may have begun in an earlier piece.

    Parameters
    ----------
    codes
        uint8 (letters,): all letters of the piece.
    offsets
        int64 (n + 1,): sequence i is ``codes[offsets[i]:offsets[i + 1]]``.
    names
        n names.
    first
        Position in the file of the first sequence, from 0.
    before
        Letters of the first sequence that earlier pieces had; more than 0 if it began there.
    """

    codes: np.ndarray
    offsets: np.ndarray
    names: Sequence[str]
    first: int
    before: int


@contextmanager
def readable_twice(path: str | Path) -> Iterator[str | Path]:
    """Give a file that can be read more than once: standard input and pipes are copied to one."""
    if str(path) != "-" and (Path(path).is_file() or not Path(path).exists()):
        yield path
        return
    if str(path) == "-" and sys.stdin is None:
        raise SeqcnnError("standard input is closed: name a file to read")
    if Path(path).is_dir():
        raise SeqcnnError("is a folder, not a file", path=path)
    with tempfile.NamedTemporaryFile(prefix="seqcnn-") as copy:
        if str(path) == "-":
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with Path(path).open("rb") as pipe:
                shutil.copyfileobj(pipe, copy)
        copy.flush()
        yield Path(copy.name)


def read_pieces(
    path: str | Path,
    alphabet: Alphabet,
    *,
    mask: str = "none",
    letters: int = LETTERS,
    name: str | Path | None = None,
    quiet: bool = False,
) -> Iterator[Piece]:
    """Read sequences piece by piece.

    Parameters
    ----------
    path
        A plain or compressed FASTA file. FASTQ is read too, but whole.
    alphabet
        Of the sequences.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` as the symbol for any letter.
    letters
        Size of a piece, about.
    name
        What messages call the file.
    quiet
        Leave out warnings and notes, as the file is read a second time.

    Yields
    ------
    Piece
        Together all records that have letters, in order.

    Raises
    ------
    SeqcnnError
        As for `read_sequences`.

    Warns
    -----
    SeqcnnWarning
        At the end, at most once for each kind of oddity that does not stop the work.
    """
    if mask not in ("none", "lower"):
        raise SeqcnnError(f"`mask` must be 'none' or 'lower', not {mask!r}")
    reader = _Reader(alphabet, mask, path if name is None else name, counting=not quiet)
    try:
        yield from reader.pieces(path, letters)
    except SeqcnnError as error:
        if str(error.path) == str(path):
            raise SeqcnnError(error.message, path=reader.name, line=error.line) from None
        raise
    if not quiet:
        reader.report()


@dataclass
class _Reader:
    """What is known of a file as far as it was read."""

    alphabet: Alphabet
    mask: str
    name: str | Path
    counting: bool
    lines: int = 0
    headers: int = 0
    records: int = 0
    plain: int = 0
    open_name: str = ""
    open_letters: int = 0
    empty: int = 0
    first_empty: str = ""
    seen: set[str] = field(default_factory=set)
    unusual: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def pieces(self, path: str | Path, letters: int) -> Iterator[Piece]:
        """Yield all pieces of a file."""
        texts = _whole_lines(_line_feeds(open_pieces(path)), letters)
        text = next(texts, b"")
        refuse_other_formats(text, self.name)
        if begins_like(b"@", text):
            # records of FASTQ are told apart by counting lines
            found = read_sequences(path, alphabet=self.alphabet, mask=self.mask)
            yield Piece(found.codes, found.offsets, found.ids, 0, 0)
            return
        continued, last = False, b""
        while text:
            yield self._parse(text, continued)
            last, text = text, next(texts, b"")
            continued = not text.startswith(b">")
        self._end(last)
        if not self.records:
            raise SeqcnnError("no sequences: no record has letters", path=self.name)
        if not self.plain:
            raise SeqcnnError(
                f"no informative letter: every sequence is all {self.alphabet.unknown}",
                path=self.name,
            )

    def _parse(self, text: bytes, continued: bool) -> Piece:
        """Read the next part of the file, which ends with a line or within letters."""
        if (nul := text.find(b"\0")) >= 0:
            line = self.lines + text.count(b"\n", 0, nul) + 1
            raise SeqcnnError("NUL byte: the file is damaged or no text", path=self.name, line=line)
        buffer = bytearray((_CONTINUED if continued else b"") + text)
        if not text.endswith(b"\n"):
            buffer += b"\n"
        found = find_lines(buffer, self.name, self.remarks)
        headers = cut_out_headers(buffer, found)
        before = self.headers - continued
        names = list(parse_headers(headers, self.remarks, before=before)[0])
        self.headers = before + len(names)
        if self.counting:
            self._count_unusual(buffer)
        letters_before = found.letters_before
        codes = self._encode(
            buffer, letters_before, first_line=self.lines + (0 if continued else 1)
        )
        self.lines += text.count(b"\n")
        self.plain += int(np.count_nonzero(codes < self.alphabet.size))
        if self.alphabet == PROTEIN and self.counting:
            used = np.flatnonzero(np.bincount(codes)).tolist()
            self.seen.update(self.alphabet.symbols[code] for code in used)
        offsets = np.append(letters_before[:-1][found.is_header], len(codes))
        return self._piece(codes, offsets, names, continued)

    def _piece(
        self, codes: np.ndarray, offsets: np.ndarray, names: list[str], continued: bool
    ) -> Piece:
        """Leave records without letters out, and join the first one to what was read before."""
        before = 0
        if continued:
            names[0], before = self.open_name, self.open_letters
        else:
            self._close()
        lengths = np.diff(offsets)
        filled = lengths > 0
        joins = before > 0 and bool(filled[0])
        first = self.records - joins
        kept = [name for name, has in zip(names, filled.tolist(), strict=True) if has]
        self.records = first + len(kept)
        letters = lengths + before * (np.arange(len(names)) == 0)
        self._count_empty([names[i] for i in np.flatnonzero(letters[:-1] == 0).tolist()])
        self.open_name, self.open_letters = names[-1], int(letters[-1])
        offsets = np.append(offsets[:-1][filled], len(codes))
        return Piece(codes, offsets, kept, first, before if joins else 0)

    def _close(self) -> None:
        """Count a record that ends here without a letter."""
        if self.open_name and not self.open_letters:
            self._count_empty([self.open_name])

    def _count_empty(self, names: Sequence[str]) -> None:
        self.first_empty = self.first_empty or "".join(names[:1])
        self.empty += len(names)

    def _end(self, last: bytes) -> None:
        """Look at what stands at the end of the file, given the last part of it."""
        self._close()
        if last.startswith(b">", last.rfind(b"\n") + 1):
            self.remarks.append("the file ends inside a header: was it cut off?")
        if self.plain >= ENOUGH and self.seen and self.seen <= set(NUCLEOTIDES):
            self.remarks.append(
                f"looks like nucleotides, read as {self.alphabet.name}: "
                f"{', '.join(sorted(self.seen))} are all its letters"
            )
        if self.empty:
            self.remarks.append(
                f"records without letters, left out: {self.empty:,}, "
                f"first {shown(self.first_empty)}"
            )

    def _encode(
        self, text: bytearray, letters_before: np.ndarray, *, first_line: int
    ) -> np.ndarray:
        codes = bytes(text).translate(_code_table(self.alphabet, self.mask), _NO_LETTERS)
        wrong = codes.find(PAD)
        if wrong >= 0:
            line = int(np.searchsorted(letters_before, wrong, "right")) - 1
            legal = bytes(b for b in range(256) if self.alphabet.code_of_byte[b] != PAD)
            letter = text.translate(None, legal + _NO_LETTERS)[:4].decode("utf-8", "replace")[0]
            raise SeqcnnError(
                f"{letter!r} is no symbol of alphabet {self.alphabet.name!r} "
                f"({self.alphabet.symbols})",
                path=self.name,
                line=first_line + line,
            )
        return np.frombuffer(codes, np.uint8)

    def _count_unusual(self, text: bytearray) -> None:
        if not any(symbol.islower() for symbol in self.alphabet.symbols):
            letters = np.frombuffer(text, np.uint8)
            self.unusual["lower"] += int(np.count_nonzero(letters >= ord("a")))
        for alias in self.alphabet.aliases:
            self.unusual[alias] += sum(text.count(ord(case)) for case in {alias, alias.lower()})

    def report(self) -> None:
        """Tell once what was odd."""
        unusual = dict(self.unusual)
        if lower := unusual.pop("lower", 0):
            reading = f"as {self.alphabet.unknown}" if self.mask == "lower" else "as upper case"
            _log.info("lower-case letters read %s: %s", reading, f"{lower:,}")
        for alias, count in unusual.items():
            if count:
                letter = self.alphabet.aliases[alias]
                # the other strand of RNA means nothing
                hint = " (--alphabet rna reads RNA, on one strand)" if letter == "T" else ""
                _log.info("%r read as %s: %s%s", alias, letter, f"{count:,}", hint)
        # one remark of each kind; a kind is what stands before its number
        kinds = {remark.partition(":")[0]: remark for remark in reversed(self.remarks)}
        for remark in reversed(kinds.values()):
            warnings.warn(f"{self.name}: {remark}", SeqcnnWarning, stacklevel=3)


def _line_feeds(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Let line feeds be the only ends of lines, and drop a byte order mark."""
    waiting = next(pieces, b"").removeprefix(b"\xef\xbb\xbf")
    for piece in itertools.chain(pieces, [b""]):
        # a line feed may follow in the next piece
        split = waiting.endswith(b"\r") and piece != b""
        text = waiting[:-1] if split else waiting
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
        waiting = b"\r" + piece if split else piece


def _whole_lines(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Cut text behind line feeds; a line of letters that is longer than a part is cut too."""
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) > size and (cut := _cut(rest, size)):
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _cut(text: bytes, size: int) -> int:
    """Find where to cut a text that is longer than `size`: 0 if more of it is needed."""
    line = text.rfind(b"\n", 0, size) + 1
    if line > size // 2:
        return line
    if text.startswith((b">", b";"), line):
        return line or text.find(b"\n", size) + 1
    # the rest must not look like a header
    return size if text[size] not in b">;" else line


def _code_table(alphabet: Alphabet, mask: str) -> bytes:
    """256 bytes: the code of each byte, where masked letters stand for any letter."""
    table = bytearray(alphabet.code_of_byte)
    if mask == "lower":
        unknown = alphabet.symbols.index(alphabet.unknown)
        for letter in range(ord("a"), ord("z") + 1):
            if table[letter] != PAD and chr(letter) not in alphabet.symbols:
                table[letter] = unknown
    return bytes(table)
