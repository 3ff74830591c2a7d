"""Read and write FASTA and FASTQ, millions of records at a time.

A file becomes one buffer: its lines are found at once, headers are overwritten by zeros, and
`bytes.translate` drops those and turns letters into codes, in place. Lengths follow by arithmetic,
and names become Python objects only when they are asked for.
"""

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import PAD, PROTEIN, Alphabet, get_alphabet
from seqcnn.seq.genome import Genome
from seqcnn.seq.guess import guess_alphabet
from seqcnn.seq.io.bed import looks_like_bed
from seqcnn.seq.io.checks import check_sequences
from seqcnn.seq.io.files import atomic_write, open_bytes
from seqcnn.seq.io.headers import parse_headers, shown
from seqcnn.seq.io.lines import BLANKS, PIECE, Lines, cut_out_headers, find_lines, normalise
from seqcnn.seq.io.peaks import fetch_windows
from seqcnn.seq.io.sniff import begins_like
from seqcnn.seq.io.tables import has_labels, looks_like_table, table_as_fasta
from seqcnn.seq.names import take_names
from seqcnn.seq.record import SequenceSet

_log = logging.getLogger(__name__)

_NO_LETTERS = BLANKS + b"\n\0"
_HEAD = 1 << 12
_GUESSED_RECORDS = 1000
_GUESSED_LETTERS = 1000
_WHOLE = "read whole: windows and the best scores are for intervals (BED)"


def read_sequences(
    path: str | Path,
    *,
    alphabet: Alphabet | str | None = None,
    mask: str = "none",
    genome: Genome | str | Path | None = None,
    window: int | None = None,
    top: int | None = None,
    strand: str | None = None,
) -> SequenceSet:
    """Read a FASTA or FASTQ file, a table, or the sequences of intervals on a genome.

    Parameters
    ----------
    path
        A plain or compressed file; ``-`` is standard input. Qualities of FASTQ are dropped. BED,
        narrowPeak and broadPeak are known by their content, and need `genome`; tables by a column
        ``sequence`` in their header.
    alphabet
        An alphabet, its name, or its letters; None guesses DNA, RNA or protein from the first 1,000
        records and logs the reason.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` as the symbol for any letter.
    genome
        Where intervals lie: FASTA or 2bit, or what `seqcnn.seq.io.genome.open_genome` gave.
    window
        Letters around the summits of intervals, or their middles; None for intervals as they are.
    top
        Take so many intervals with the best scores; None for all.
    strand
        ``"one"`` reads intervals on the reverse strand as their reverse complement, ``"both"`` all
        forward; None is ``"both"`` for DNA and ``"one"`` for RNA.

    Returns
    -------
    SequenceSet
        All records that have letters, or all intervals that lie in the genome, in order; the ids of
        the latter are their places.

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
    head = content[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if looks_like_table(head):
        if window is not None or top is not None:
            remarks.append(_WHOLE)
        if path == "standard input" and has_labels(head):
            remarks.append("only sequences are read from standard input; give a file for labels")
        sequences = _parse_table(content, path, alphabet, mask, remarks)
    elif not begins_like(b"[>@;]", head) and (genome is not None or looks_like_bed(content)):
        if genome is None:
            raise SeqcnnError(
                "looks like BED: say which genome it belongs to (--genome)", path=path
            )
        sequences = fetch_windows(
            content, path, genome,
            window=window, top=top, strand=strand, alphabet=alphabet, mask=mask, remarks=remarks,
        )  # fmt: skip
    else:
        if window is not None or top is not None:
            remarks.append(_WHOLE)
        sequences = _parse(content, path, alphabet, mask, remarks)
    for remark in remarks:
        warnings.warn(f"{path}: {remark}", SeqcnnWarning, stacklevel=2)
    return sequences


def parse_sequences(
    names: Sequence[str],
    letters: Sequence[str],
    *,
    alphabet: Alphabet | str | None = None,
    origin: str = "`sequences`",
) -> SequenceSet:
    """Encode strings with the checks, the guess and the warnings of a file.

    Parameters
    ----------
    names, letters
        n of each. Blanks in a name become ``_``.
    alphabet
        As for `read_sequences`.
    origin
        What to call them in messages.

    Raises
    ------
    SeqcnnError
        As for `read_sequences`; the message counts sequences from 1.
    """
    for number, text in enumerate(letters, 1):
        if not text.isascii() or ">" in text or len(text.split("\n")) > 1 or "\r" in text:
            raise SeqcnnError(f"{origin}, number {number}, is {text!r:.40}, which is no sequence")
    pieces = []
    for name, text in zip(names, letters, strict=True):
        pieces += [f">{'_'.join(name.split()) or 'unnamed'}", text]
    remarks: list[str] = []
    try:
        found = _parse(
            bytearray("\n".join(pieces).encode() + b"\n"), origin, alphabet, "none", remarks
        )
    except SeqcnnError as error:
        where = f", number {(error.line + 1) // 2}" if error.line is not None else ""
        raise SeqcnnError(f"{origin}{where}: {error.message}") from None
    for remark in remarks:
        warnings.warn(f"{origin}: {remark}", SeqcnnWarning, stacklevel=3)
    return found


def _parse_table(
    content: bytearray,
    path: str | Path,
    alphabet: Alphabet | str | None,
    mask: str,
    remarks: list[str],
) -> SequenceSet:
    """Read the sequences of a table, as those of a FASTA file."""
    fasta, lines = table_as_fasta(content, path)
    try:
        return _parse(fasta, path, alphabet, mask, remarks)
    except SeqcnnError as error:
        if error.line is None:
            raise
        line = lines[(error.line - 1) // 2]
        raise SeqcnnError(error.message, path=path, line=line) from None


def _parse(
    content: bytearray,
    path: str | Path,
    alphabet: Alphabet | str | None,
    mask: str,
    remarks: list[str],
) -> SequenceSet:
    """Read the content of a FASTA or FASTQ file."""
    text = normalise(content, path, remarks)
    lines = find_lines(text, path, remarks)
    ids, descriptions = parse_headers(cut_out_headers(text, lines), remarks)

    records = _Records(path, text, lines, ids)
    kept = records.find_filled(remarks)
    known = _guess(records, remarks) if alphabet is None else get_alphabet(alphabet)
    codes = records.encode(known, mask, remarks)
    sequences = SequenceSet(
        known,
        codes,
        np.append(records.offsets[:-1][kept], len(codes)),
        ids if kept.all() else take_names(ids, np.flatnonzero(kept)),
        descriptions
        if kept.all() or not descriptions
        else take_names(descriptions, np.flatnonzero(kept)),
    )
    check_sequences(sequences, path, remarks)
    return sequences


@dataclass(frozen=True)
class _Records:
    """A text whose headers are cut out, and where its records are.

    Parameters
    ----------
    path
        For messages.
    text
        Letters, line feeds, blanks and zeros; overwritten by `encode`.
    lines
        The lines of the text.
    ids
        n names.
    """

    path: str | Path
    text: bytearray
    lines: Lines
    ids: Sequence[str]

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 (n + 1,): letters before each record, and in all."""
        letters_before = self.lines.letters_before
        return np.append(letters_before[:-1][self.lines.is_header], letters_before[-1])

    def line_of(self, record: int) -> int:
        """Line of a record's header, counted from 1."""
        return int(np.flatnonzero(self.lines.is_header)[record]) + 1

    def find_filled(self, remarks: list[str]) -> np.ndarray:
        """Tell which records have letters (bool, n); refuse when none has."""
        filled = np.diff(self.offsets) > 0
        if filled.all():
            return filled
        first = int(np.argmin(filled))
        name = shown(self.ids[first])
        if not filled.any():
            others = ", nor has any other" if len(filled) > 1 else ""
            raise SeqcnnError(
                f"no sequences: record {name} has no letters{others}",
                path=self.path,
                line=self.line_of(first),
            )
        count = np.count_nonzero(~filled)
        remarks.append(f"records without letters, left out: {count:,}, first {name}")
        return filled

    def encode(self, alphabet: Alphabet, mask: str, remarks: list[str]) -> np.ndarray:
        """Turn all letters into codes, uint8 (letters,), and tell how unusual ones were read."""
        table = _code_table(alphabet, mask)
        watched = {ord(case) for alias in alphabet.aliases for case in (alias, alias.lower())}
        found: Counter[int] = Counter()
        lower = done = 0
        for start in range(0, len(self.text), PIECE):
            piece = self.text[start : start + PIECE]
            codes = piece.translate(table, _NO_LETTERS)
            wrong = codes.find(PAD)
            if wrong >= 0:
                self._refuse_letter(done + wrong, self.text[start:], alphabet)
            lower += np.count_nonzero(np.frombuffer(piece, np.uint8) >= ord("a"))
            # counting takes far longer than looking whether there is one at all
            found.update({symbol: piece.count(symbol) for symbol in watched if symbol in piece})
            # what was read before is not needed again, and memory costs time
            self.text[done : done + len(codes)] = codes
            done += len(codes)
        if lower and not any(symbol.islower() for symbol in alphabet.symbols):
            reading = f"as {alphabet.unknown}" if mask == "lower" else "as upper case"
            _log.info("lower-case letters read %s: %s", reading, f"{lower:,}")
        for alias, symbol in alphabet.aliases.items():
            count = sum(found[ord(case)] for case in {alias, alias.lower()})
            if count and alias.isalpha():
                _log.info("%s read as %s: %s letters", alias, symbol, f"{count:,}")
            elif count:
                remarks.append(f"gaps ({alias!r}) read as {symbol}: {count:,}")
        encoded = np.frombuffer(self.text, np.uint8, count=done)
        encoded.setflags(write=False)
        return encoded

    def _refuse_letter(self, position: int, rest: bytearray, alphabet: Alphabet) -> None:
        """Name the first character of `rest` that is no symbol; it is at `position` in all."""
        line = int(np.searchsorted(self.lines.letters_before, position, "right")) - 1
        record = int(np.searchsorted(self.offsets, position, "right")) - 1
        legal = bytes(byte for byte in range(256) if alphabet.code_of_byte[byte] != PAD)
        wrong = rest.translate(None, legal + _NO_LETTERS)[:4].decode("utf-8", "replace")[0]
        hint = "; remove the position numbers" if wrong.isdigit() else ""
        hint = "; a line break is missing before it" if wrong == ">" else hint
        raise SeqcnnError(
            f"{wrong!r} in record {shown(self.ids[record])} is no symbol of alphabet "
            f"{alphabet.name!r} ({alphabet.symbols}){hint}",
            path=self.path,
            line=line + 1,
        )


def _guess(records: _Records, remarks: list[str]) -> Alphabet:
    """Guess the alphabet from the first records, and refuse a mixture of two."""
    limits = np.append(records.lines.ends[records.lines.is_header], len(records.text))
    sample = [
        bytes(records.text[start : min(stop, start + _GUESSED_LETTERS)])
        for start, stop in pairwise(limits[: _GUESSED_RECORDS + 1].tolist())
    ]
    guess = guess_alphabet(sample)
    name = guess.alphabet.name
    _log.info("alphabet %s guessed: %s (--alphabet overrides)", name, guess.reason)
    if guess.odd_record is not None:
        other = "nucleotides" if guess.alphabet == PROTEIN else "a protein"
        raise SeqcnnError(
            f"record {shown(records.ids[guess.odd_record])} looks like {other}, others like "
            f"{name}: split the file, or give --alphabet",
            path=records.path,
            line=records.line_of(guess.odd_record),
        )
    if guess.doubt:
        remarks.append(f"alphabet {name} guessed, although {guess.doubt}: --alphabet makes sure")
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
