"""Find the lines of FASTA and FASTQ texts, all at once, and tell headers from sequence."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, starmap
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.sniff import begins_like, refuse_other_formats

BLANKS = b" \t\v\f\r"
"""Bytes inside of a line that are no letters."""
PIECE = 1 << 19
"""Bytes to work on at a time: fresh arrays of a file's size cost more than the arithmetic."""

LONG_RECORD = 1000
"""Bytes per record on average; in longer ones headers are few, and are cut out one by one."""

_LINE_FEED = 10
_IS_BLANK = np.isin(np.arange(256), list(BLANKS))


def normalise(text: bytearray, path: str | Path, remarks: list[str]) -> bytearray:
    """Refuse what is no FASTA or FASTQ; leave line feeds as the only ends of lines.

    Parameters
    ----------
    text
        The content of the file; may be changed.
    path
        Its name, for messages.
    remarks
        Gets one sentence for each kind of oddity found.

    Returns
    -------
    bytearray
        The text without byte order mark, with a line feed behind the last line too.
    """
    if text.startswith(b"\xef\xbb\xbf"):
        del text[:3]
    refuse_other_formats(text, path)
    if b"\r" in text:
        if b"\n" in text:
            text = text.replace(b"\r\n", b"\n")
        if b"\r" in text:
            text = text.replace(b"\r", b"\n")
            remarks.append("lines end in carriage returns only, as on Macs before 2001; read so")
    if not text.endswith(b"\n"):
        if text.startswith(b">", text.rfind(b"\n") + 1):
            remarks.append("the file ends inside a header: was it cut off?")
        text.append(_LINE_FEED)
    return text


@dataclass(frozen=True)
class Lines:
    """The lines of a text.

    Parameters
    ----------
    ends
        int64 (lines,): position of the line feed that ends each line.
    blanks
        int64 (lines,): how many bytes of each line are `BLANKS`.
    is_header, is_letters
        bool (lines,): lines with a name; lines with a part of a sequence. Comments, blank lines and
        qualities may be neither.
    """

    ends: np.ndarray
    blanks: np.ndarray
    is_header: np.ndarray
    is_letters: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """int64 (lines,): position of the first byte of each line."""
        return self.ends - self.widths + 1

    @cached_property
    def widths(self) -> np.ndarray:
        """int64 (lines,): bytes of each line, line feed included."""
        return np.diff(self.ends, prepend=-1)

    @cached_property
    def letters_before(self) -> np.ndarray:
        """int64 (lines + 1,): letters before each line, and in all."""
        lengths = np.where(self.is_letters, self.widths - 1 - self.blanks, 0)
        return np.concatenate([[0], np.cumsum(lengths)])


def find_lines(text: bytearray, path: str | Path, remarks: list[str]) -> Lines:
    """Find the lines of a normalised text.

    Raises
    ------
    SeqcnnError
        FASTA: there is no header, or letters before the first one. FASTQ: a record is
        cut off, or has other numbers of letters and qualities.
    """
    ends, blanks = _find_ends(text)
    if begins_like(b"@", text):
        role = _find_fastq_roles(text, ends, path)
        return Lines(ends, blanks, role == 0, role == 1)
    starts = np.concatenate([[0], ends[:-1] + 1])
    first = np.frombuffer(text, np.uint8)[starts]
    is_header, is_comment = first == ord(">"), first == ord(";")
    if is_comment.any():
        remarks.append(f"comment lines (';') skipped: {np.count_nonzero(is_comment):,}")
    lead = int(np.argmax(is_header)) if is_header.any() else len(ends)
    for line in np.flatnonzero(~is_comment[:lead]).tolist():
        if text[starts[line] : ends[line]].strip():
            raise SeqcnnError(
                "not FASTA: letters before the first header; put a line such as '>name' there",
                path=path,
                line=line + 1,
            )
    if not is_header.any():
        raise SeqcnnError("no sequences: no line begins with '>'", path=path)
    return Lines(ends, blanks, is_header, ~is_header & ~is_comment)


def _find_ends(text: bytearray) -> tuple[np.ndarray, np.ndarray]:
    """Find the line feeds, and count the blanks of each line, both int64 (lines,)."""
    buffer = np.frombuffer(text, np.uint8)
    ends, blanks_before, count = [], [], 0
    for start in range(0, len(buffer), PIECE):
        piece = buffer[start : start + PIECE]
        low = np.flatnonzero(piece <= ord(" "))
        signs = piece[low]
        feeds = np.flatnonzero(signs == _LINE_FEED)
        ends.append(low[feeds] + start)
        blanks = np.cumsum(_IS_BLANK[signs])
        blanks_before.append(blanks[feeds] + count)
        count += int(blanks[-1]) if len(blanks) else 0
    return np.concatenate(ends), np.diff(np.concatenate(blanks_before), prepend=0)


def _find_fastq_roles(text: bytearray, ends: np.ndarray, path: str | Path) -> np.ndarray:
    """Tell the lines of a record apart: four, or wrapped ones with blank lines between records.

    Returns
    -------
    numpy.ndarray
        int64 (lines,): 0 for names, 1 for letters, other numbers for the rest.
    """
    starts = np.concatenate([[0], ends[:-1] + 1])
    count = len(ends)
    while not text[starts[count - 1] : ends[count - 1]].strip():
        count -= 1
    role = np.arange(len(ends)) % 4
    role[count:] = -1
    first = np.frombuffer(text, np.uint8)[starts]
    length = (ends - starts)[: count - count % 4]

    mismarked = ((role == 0) & (first != ord("@"))) | ((role == 2) & (first != ord("+")))
    for wrong, message in (
        (mismarked, "this line should begin with '@' or '+'"),
        (np.arange(count) >= len(length), "the last record has fewer than four lines"),
        (np.repeat(length[1::4] != length[3::4], 4), "letters and qualities differ in number"),
    ):
        if wrong.any():
            role = _find_wrapped_records(text, starts, ends)
            if role is not None:
                break
            raise SeqcnnError(
                f"looks like FASTQ, but {message} (each record needs four lines)",
                path=path,
                line=int(np.argmax(wrong)) + 1,
            )
    return role


def _find_wrapped_records(
    text: bytearray, starts: np.ndarray, ends: np.ndarray
) -> np.ndarray | None:
    """Count letters against qualities, line by line, as either may begin with any sign.

    Returns
    -------
    numpy.ndarray or None
        int64 (lines,): 0 for names, 1 for letters, -1 for the rest; None if it is no FASTQ.
    """
    role = np.full(len(ends), -1)
    missing, expects = 0, "name"
    for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if expects == "letters" and text[start : start + 1] == b"+":
            expects = "qualities" if missing else "name"
        elif expects == "letters":
            role[i] = 1
            missing += end - start
        elif expects == "qualities":
            missing -= end - start
            if missing < 0:
                return None
            expects = "qualities" if missing else "name"
        elif text[start : start + 1] == b"@":
            role[i], expects = 0, "letters"
        elif text[start:end].strip():
            return None
    return role if expects == "name" else None


def cut_out_headers(text: bytearray, lines: Lines) -> bytes:
    """Overwrite all that is no sequence by zero bytes.

    Returns
    -------
    bytes
        The header lines that were there without their first character, each ended by a line feed.
    """
    others = np.flatnonzero(~lines.is_letters)
    if len(others) * LONG_RECORD < len(text):
        return b"".join(_cut_out_line(text, lines, line) for line in others.tolist())
    buffer = np.frombuffer(text, np.uint8)
    headers = []
    marks = np.arange(0, len(buffer) + PIECE, PIECE)
    for rows in starmap(slice, pairwise(np.unique(np.searchsorted(lines.ends, marks)))):
        start, widths = lines.starts[rows.start], lines.widths[rows]
        piece = buffer[start : lines.ends[rows.stop - 1] + 1]
        taken = np.repeat(lines.is_header[rows], widths)
        taken[lines.starts[rows] - start] = False
        headers.append(piece[taken].tobytes())
        piece *= np.repeat(lines.is_letters[rows].view(np.uint8), widths)
    return b"".join(headers)


def _cut_out_line(text: bytearray, lines: Lines, line: int) -> bytes:
    """Overwrite a line by zero bytes; return what `cut_out_headers` does."""
    start, stop = int(lines.starts[line]), int(lines.ends[line]) + 1
    header = text[start + 1 : stop] if lines.is_header[line] else b""
    text[start:stop] = bytes(stop - start)
    return bytes(header)
