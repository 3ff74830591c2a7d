"""Read and write FASTA and FASTQ, millions of records at a time.

A file becomes one buffer. One pass finds its lines, headers are overwritten by zeros, and one
`bytes.translate` drops zeros and line feeds and turns letters into codes; lengths follow by arithmetic.
Only names become Python objects.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, pairwise, starmap
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import PAD, Alphabet, get_alphabet
from seqcnn.seq.guess import guess_alphabet
from seqcnn.seq.io.files import atomic_write, open_bytes
from seqcnn.seq.io.headers import parse_headers, shown
from seqcnn.seq.io.sniff import begins_like, refuse_other_formats
from seqcnn.seq.record import SequenceSet

_log = logging.getLogger(__name__)

_LINE_FEED = 10
_BLANKS = b" \t\v\f\r"
_GUESSED_RECORDS = 1000
_GUESSED_LETTERS = 10_000
_SHORTEST_USEFUL = 3
_SHORT = 4
# work goes by pieces that fit the cache: fresh arrays of a file's size cost more than the arithmetic
_PIECE = 1 << 18


def read_sequences(
    path: str | Path, *, alphabet: Alphabet | str | None = None, mask: str = "none"
) -> SequenceSet:
    """Read a FASTA or FASTQ file.

    Parameters
    ----------
    path
        A plain or compressed file; ``-`` is standard input. Qualities of FASTQ are dropped.
    alphabet
        An alphabet, its name, or its letters; None guesses DNA, RNA or protein from the first 1,000
        records and logs the reason.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` as the symbol for any letter.

    Returns
    -------
    SequenceSet
        All records that have letters, in order.

    Raises
    ------
    SeqcnnError
        The file cannot be read, is of another format, holds a character outside of the alphabet,
        mixes nucleotides and proteins, or has nothing to learn from.

    Warns
    -----
    SeqcnnWarning
        At most once for each kind of oddity that does not stop the work.
    """
    if mask not in ("none", "lower"):
        raise SeqcnnError(f"`mask` must be 'none' or 'lower', not {mask!r}")
    content = open_bytes(path)
    path = "standard input" if str(path) == "-" else path
    remarks: list[str] = []
    text = _normalise(content, path, remarks)
    buffer = np.frombuffer(text, np.uint8)
    lines = _find_lines(text, path, remarks)
    ids, descriptions = parse_headers(_blank_headers(buffer, lines), remarks)
    parsed = _Parsed(path, text, lines, ids, lines.count_letters(text))
    kept = _find_filled(parsed, remarks)
    known = _guess(parsed, remarks) if alphabet is None else get_alphabet(alphabet)
    codes = parsed.encode(known, mask)
    sequences = SequenceSet(
        known,
        codes,
        np.append(parsed.offsets[:-1][kept], len(codes)),
        ids if kept.all() else tuple(compress(ids, kept.tolist())),
        descriptions if kept.all() else tuple(compress(descriptions, kept.tolist())),
    )
    _remark_on_letters(text, known, mask, remarks)
    _remark_on_repeats(sequences, remarks)
    _judge(sequences, path, remarks)
    for remark in remarks:
        warnings.warn(f"{path}: {remark}", SeqcnnWarning, stacklevel=2)
    return sequences


@dataclass(frozen=True)
class _Lines:
    """The lines of a text.

    Parameters
    ----------
    ends
        int64 (lines,): position of the line feed that ends each line.
    is_header, is_letters
        bool (lines,): lines with a name; lines with a part of a sequence.
    """

    ends: np.ndarray
    is_header: np.ndarray
    is_letters: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """int64 (lines,): position of the first byte of each line."""
        return np.concatenate([[0], self.ends[:-1] + 1])

    @cached_property
    def widths(self) -> np.ndarray:
        """int64 (lines,): bytes of each line, line feed included."""
        return np.diff(self.ends, prepend=-1)

    def count_letters(self, text: bytearray) -> np.ndarray:
        """int64 (lines + 1,): letters before each line of the blanked text, and in all."""
        lengths = np.where(self.is_letters, self.widths - 1, 0)
        for blank in _BLANKS:
            if blank in text:
                at = _positions(np.frombuffer(text, np.uint8), blank)
                lengths -= np.bincount(np.searchsorted(self.ends, at), minlength=len(lengths))
        return np.concatenate([[0], np.cumsum(lengths)])


@dataclass(frozen=True)
class _Parsed:
    """A text whose headers are blanked, and where its records are."""

    path: str | Path
    text: bytearray
    lines: _Lines
    ids: tuple[str, ...]
    letters_before: np.ndarray

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 (n + 1,): letters before each record, and in all."""
        return np.append(self.letters_before[:-1][self.lines.is_header], self.letters_before[-1])

    @cached_property
    def header_lines(self) -> np.ndarray:
        return np.flatnonzero(self.lines.is_header)

    def encode(self, alphabet: Alphabet, mask: str) -> np.ndarray:
        """Turn all letters into codes at once; look for the place only when one is wrong."""
        encoded = self.text.translate(_code_table(alphabet, mask), _BLANKS + b"\n\0")
        wrong = encoded.find(PAD)
        if wrong >= 0:
            self._refuse_letter(wrong, alphabet)
        codes = np.frombuffer(encoded, np.uint8)
        codes.setflags(write=False)
        return codes

    def _refuse_letter(self, position: int, alphabet: Alphabet) -> None:
        line = int(np.searchsorted(self.letters_before, position, "right")) - 1
        record = int(np.searchsorted(self.header_lines, line)) - 1
        raw = self.text[self.lines.starts[line] : self.lines.ends[line]]
        legal = {chr(byte) for byte in range(128) if alphabet.code_of_byte[byte] != PAD}
        symbols = raw.translate(None, _BLANKS).decode("utf-8", "replace")
        wrong = next(symbol for symbol in symbols if symbol not in legal)
        hint = "; remove the position numbers" if wrong.isdigit() else ""
        hint = "; a line break is missing before it" if wrong == ">" else hint
        raise SeqcnnError(
            f"{wrong!r} in record {shown(self.ids[record])} is no symbol of alphabet "
            f"{alphabet.name!r} ({alphabet.symbols}){hint}",
            path=self.path,
            line=line + 1,
        )


def _normalise(text: bytearray, path: str | Path, remarks: list[str]) -> bytearray:
    """Leave line feeds as the only ends of lines, one behind the last line too."""
    if text.startswith(b"\xef\xbb\xbf"):
        del text[:3]
    refuse_other_formats(text, path)
    if b"\r" in text:
        if b"\n" in text:
            text = text.replace(b"\r\n", b"\n")
        else:
            text = text.replace(b"\r", b"\n")
            remarks.append("lines end in carriage returns only, as on Macs before 2001; read so")
    if not text.endswith(b"\n"):
        if text.startswith(b">", text.rfind(b"\n") + 1):
            remarks.append("the file ends inside a header: was it cut off?")
        text.append(_LINE_FEED)
    return text


def _find_lines(text: bytearray, path: str | Path, remarks: list[str]) -> _Lines:
    buffer = np.frombuffer(text, np.uint8)
    ends = _positions(buffer, _LINE_FEED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    first = buffer[starts]
    if begins_like(b"@", text):
        return _fastq_lines(text, starts, ends, path)
    is_header = first == ord(">")
    is_comment = first == ord(";")
    if is_comment.any():
        remarks.append(f"comment lines (';') skipped: {np.count_nonzero(is_comment):,}")
    lead = int(np.argmax(is_header)) if is_header.any() else len(ends)
    for line in np.flatnonzero(~is_comment[:lead]):
        if text[starts[line] : ends[line]].strip():
            raise SeqcnnError(
                "a sequence without a header: put a line such as '>name' before it",
                path=path,
                line=int(line) + 1,
            )
    if not is_header.any():
        raise SeqcnnError("no sequences: no line begins with '>'", path=path)
    return _Lines(ends, is_header, ~is_header & ~is_comment)


def _fastq_lines(text: bytearray, starts: np.ndarray, ends: np.ndarray, path: str | Path) -> _Lines:
    """Check that FASTQ records have four lines each; blank lines may follow the last."""
    count = len(ends)
    while not text[starts[count - 1] : ends[count - 1]].strip():
        count -= 1
    role = np.arange(len(ends)) % 4
    role[count:] = -1
    buffer = np.frombuffer(text, np.uint8)
    first, length = buffer[starts], (ends - starts)[:count]

    def refuse(lines: np.ndarray, message: str) -> None:
        if lines.size:
            raise SeqcnnError(f"looks like FASTQ, but {message}", path=path, line=int(lines[0]) + 1)

    refuse(np.flatnonzero((role == 0) & (first != ord("@"))), "this header does not begin with '@'")
    refuse(np.flatnonzero((role == 2) & (first != ord("+"))), "the third line has no '+'")
    if count % 4:
        refuse(np.array([count - 1]), "the last record has not all of its four lines")
    refuse(
        np.flatnonzero(length[1::4] != length[3::4]) * 4 + 3,
        "qualities and letters differ in number",
    )
    return _Lines(ends, role == 0, role == 1)


def _blank_headers(buffer: np.ndarray, lines: _Lines) -> bytes:
    """Overwrite all that is no sequence by zero bytes.

    Returns
    -------
    bytes
        The header lines that were there without their first character, each ended by a line feed.
    """
    headers = []
    marks = np.arange(0, len(buffer) + _PIECE, _PIECE)
    for rows in starmap(slice, pairwise(np.unique(np.searchsorted(lines.ends, marks)))):
        piece = buffer[lines.starts[rows.start] : lines.ends[rows.stop - 1] + 1]
        widths, is_header = lines.widths[rows], lines.is_header[rows]
        in_header = np.repeat(is_header, widths)
        in_header[(np.cumsum(widths) - widths)[is_header]] = False
        headers.append(piece[in_header].tobytes())
        piece *= np.repeat(lines.is_letters[rows].view(np.uint8), widths)
    return b"".join(headers)


def _positions(buffer: np.ndarray, byte: int) -> np.ndarray:
    """Find where `byte` occurs, as int64."""
    pieces = range(0, len(buffer), _PIECE)
    return np.concatenate(
        [np.flatnonzero(buffer[start : start + _PIECE] == byte) + start for start in pieces]
    )


def _guess(parsed: _Parsed, remarks: list[str]) -> Alphabet:
    """Guess the alphabet from the first records, and refuse a mixture of two."""
    limits = np.append(parsed.lines.ends[parsed.lines.is_header], len(parsed.text))
    limits = limits[: _GUESSED_RECORDS + 1].tolist()
    sample = [
        bytes(parsed.text[start : min(stop, start + _GUESSED_LETTERS)])
        for start, stop in pairwise(limits)
    ]
    guess = guess_alphabet(sample)
    _log.info("alphabet %s guessed: %s (--alphabet overrides)", guess.alphabet.name, guess.reason)
    if guess.doubt:
        remarks.append(f"alphabet {guess.alphabet.name} was guessed, but {guess.doubt}")
    if guess.odd_record is not None:
        other = "nucleotides" if guess.alphabet.name == "protein" else "a protein"
        raise SeqcnnError(
            f"record {shown(parsed.ids[guess.odd_record])} looks like {other}, the rest like "
            f"{guess.alphabet.name}: split the file, or give --alphabet",
            path=parsed.path,
            line=int(parsed.header_lines[guess.odd_record]) + 1,
        )
    return guess.alphabet


def _code_table(alphabet: Alphabet, mask: str) -> bytes:
    """256 bytes: the code of each byte, where masked letters stand for any letter."""
    table = bytearray(alphabet.code_of_byte)
    if mask == "lower":
        unknown = alphabet.symbols.index(alphabet.unknown)
        for letter in range(ord("a"), ord("z") + 1):
            if table[letter] != PAD and chr(letter) not in alphabet.symbols:
                table[letter] = unknown
    return bytes(table)


def _find_filled(parsed: _Parsed, remarks: list[str]) -> np.ndarray:
    """Tell (bool, one a record) which records have letters; refuse when none has."""
    kept = np.diff(parsed.offsets) > 0
    if kept.all():
        return kept
    first = int(np.argmin(kept))
    name = shown(parsed.ids[first])
    if not kept.any():
        raise SeqcnnError(
            f"no sequences: record {name} has no letters"
            + (", nor has any other" if len(kept) > 1 else ""),
            path=parsed.path,
            line=int(parsed.header_lines[first]) + 1,
        )
    remarks.append(f"records without letters, left out: {np.sum(~kept):,}, first {name}")
    return kept


def _remark_on_letters(text: bytearray, alphabet: Alphabet, mask: str, remarks: list[str]) -> None:
    """Log or remark how letters were read that are not plain symbols of the alphabet."""
    buffer = np.frombuffer(text, np.uint8)
    pieces = (buffer[start : start + _PIECE] for start in range(0, len(buffer), _PIECE))
    lower = sum(np.count_nonzero(piece >= ord("a")) for piece in pieces)
    if lower and not any(symbol.islower() for symbol in alphabet.symbols):
        reading = f"as {alphabet.unknown}" if mask == "lower" else "as upper case"
        _log.info("%s lower-case letters read %s", f"{lower:,}", reading)
    for alias, symbol in alphabet.aliases.items():
        # counting takes far longer than looking whether there is one at all
        count = sum(text.count(c) for c in {ord(alias), ord(alias.lower())} if c in text)
        if alias.isalpha():
            if count:
                _log.info("%s letters %s read as %s", f"{count:,}", alias, symbol)
        elif count:
            remarks.append(f"gaps ({alias!r}) read as {symbol}: {count:,}")


def _remark_on_repeats(sequences: SequenceSet, remarks: list[str]) -> None:
    """Remark on ids that name several sequences; whole records that repeat are only logged."""
    if len(set(sequences.ids)) == len(sequences):
        return
    first_of: dict[str, int] = {}
    earlier = [first_of.setdefault(name, i) for i, name in enumerate(sequences.ids)]
    repeats = [(i, j) for i, j in enumerate(earlier) if i != j]
    unlike = [i for i, j in repeats if not np.array_equal(sequences[i], sequences[j])]
    if unlike:
        remarks.append(
            f"records with an earlier record's id, but other letters: {len(unlike):,}, "
            f"first {shown(sequences.ids[unlike[0]])}; all kept"
        )
    if len(repeats) > len(unlike):
        _log.info("%s records repeat an earlier one", f"{len(repeats) - len(unlike):,}")


def _judge(sequences: SequenceSet, path: str | Path, remarks: list[str]) -> None:
    """Refuse what nothing can be learned from; remark on unknown letters and very short records."""
    alphabet, lengths = sequences.alphabet, sequences.lengths
    if lengths.max() < _SHORTEST_USEFUL:
        raise SeqcnnError(
            f"too short: no sequence has {_SHORTEST_USEFUL} or more letters",
            path=path,
        )
    if sequences.codes.max() >= alphabet.size:
        ambiguous = np.count_nonzero(sequences.codes >= alphabet.size)
        _log.info("ambiguity codes read as equal shares: %s", f"{ambiguous:,}")
        _judge_unknown(sequences, path, remarks)
    short = np.count_nonzero(lengths < _SHORT)
    if short and lengths.min() < lengths.max():
        remarks.append(
            f"sequences with fewer than {_SHORT} letters: {short:,} of {len(lengths):,} "
            f"(lengths {lengths.min():,} to {lengths.max():,})"
        )


def _judge_unknown(sequences: SequenceSet, path: str | Path, remarks: list[str]) -> None:
    """Count letters that tell nothing: those that stand for all letters, and stops for none."""
    shares = sequences.alphabet.shares
    codes = range(sequences.alphabet.size, len(sequences.alphabet.symbols))
    is_silent = np.zeros(len(sequences.codes), bool)
    for code in codes:
        if np.ptp(shares[code]) == 0:
            is_silent |= sequences.codes == code
    unknown = np.add.reduceat(is_silent, sequences.offsets[:-1], dtype=np.int64)
    if (unknown == sequences.lengths).all():
        raise SeqcnnError(
            f"no informative letter: every sequence is all {sequences.alphabet.unknown}", path=path
        )
    poor = np.count_nonzero(2 * unknown > sequences.lengths)
    if poor:
        remarks.append(
            f"sequences with more than half unknown letters ({sequences.alphabet.unknown}): "
            f"{poor:,} of {len(sequences):,}"
        )


def write_fasta(path: str | Path, sequences: SequenceSet, *, width: int = 0) -> None:
    """Write a FASTA file that `read_sequences` reads back unchanged.

    Parameters
    ----------
    path
        Where to write; .gz compresses, ``-`` is standard output.
    sequences
        What to write, in order.
    width
        Letters per line; 0 puts each sequence on one line.

    Raises
    ------
    SeqcnnError
        An id is empty or holds white space, or a description a line break.
    """
    if width < 0:
        raise SeqcnnError(f"`width` must be 0 (one line) or more letters per line, not {width}")
    with atomic_write(path) as file:
        for header, letters in _records(sequences):
            if width:
                starts = range(0, len(letters), width)
                letters = "\n".join(letters[start : start + width] for start in starts)
            file.write(f">{header}\n{letters}\n")


def write_fastq(path: str | Path, sequences: SequenceSet, *, quality: str = "I") -> None:
    """Write a FASTQ file with one quality for all letters; ``I`` is Phred 40.

    Raises
    ------
    SeqcnnError
        As for `write_fasta`; or `quality` is not one printable ASCII character.
    """
    if len(quality) != 1 or not "!" <= quality <= "~":
        raise SeqcnnError(f"`quality` must be one character from '!' to '~', not {quality!r}")
    with atomic_write(path) as file:
        for header, letters in _records(sequences):
            file.write(f"@{header}\n{letters}\n+\n{quality * len(letters)}\n")


def _records(sequences: SequenceSet) -> Iterator[tuple[str, str]]:
    """Yield the header and the letters of each sequence."""
    for names, breaking, what in (
        (sequences.ids, re.compile(r"[\s\x00\ud800-\udfff]|^$", re.ASCII), "id"),
        (sequences.descriptions, re.compile(r"[\n\r\x00\ud800-\udfff]"), "description"),
    ):
        for name in names:
            if breaking.search(name):
                raise SeqcnnError(f"{what} {shown(name)} cannot be written: replace white space")
    letters = sequences.alphabet.decode(sequences.codes)
    descriptions = sequences.descriptions or [""] * len(sequences)
    ends = pairwise(sequences.offsets.tolist())
    for name, description, (start, stop) in zip(sequences.ids, descriptions, ends, strict=True):
        yield f"{name} {description}" if description else name, letters[start:stop]
