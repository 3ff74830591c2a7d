"""Turn the header lines of sequence files into names, and say what is odd about them."""

import re
from collections.abc import Sequence

import numpy as np

# ASCII only: a no-break space belongs to a name
_BLANKS = b" \t\v\f\r"
_BLANKS_AS_SPACES = bytes.maketrans(_BLANKS, b" " * len(_BLANKS))
_INDENT = re.compile(rb"^[ \t\v\f\r]+", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def shown(name: str) -> str:
    """Quote a name for a message: one line, no control characters, at most 60 characters."""
    return repr(name if len(name) <= 60 else name[:57] + "...")


def parse_headers(block: bytes, remarks: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    r"""Split headers into names and descriptions.

    Parameters
    ----------
    block
        The headers without their marks (``>`` or ``@``), each ended by a line feed.
    remarks
        Gets one sentence for each kind of oddity found.

    Returns
    -------
    ids
        The text of each header before its first white space; ``seq_<n>`` where there is none.
    descriptions
        The rest of each header; an empty tuple when every header is a single word.

    Examples
    --------
    >>> parse_headers(b"s1 first\ns2\n", [])
    (('s1', 's2'), ('first', ''))
    """
    letters = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    has_blanks = any(blank in block for blank in _BLANKS)
    if has_blanks:
        is_blank = np.frombuffer(block.translate(_BLANKS_AS_SPACES), np.uint8) == ord(" ")
        if is_blank[starts].any():
            block, count = _INDENT.subn(b"", block)
            remarks.append(f"headers that begin with white space, which was skipped: {count:,}")
            return parse_headers(block, remarks)
        blanks = np.flatnonzero(is_blank)
        # where a first word ends there comes a line feed, so that every header makes two lines
        cuts = np.append(blanks, len(block))[np.searchsorted(blanks, starts)]
        has_rest = cuts < ends
        cut_up = letters.copy()
        cut_up[cuts[has_rest]] = ord("\n")
        if not has_rest.all():
            cut_up = np.insert(cut_up, ends[~has_rest], ord("\n"))
        block = cut_up.tobytes()
    texts = block[:-1].decode(errors="replace").split("\n")
    ids, descriptions = (texts[::2], texts[1::2]) if has_blanks else (texts, [])
    # the rule is printable ASCII, and that is seen at once
    if not block.isascii() or np.count_nonzero(letters < ord(" ")) > len(ends) or 127 in block:
        _remark_on_encoding(texts, remarks)
        _remark_on_characters(ids, remarks)
    if "" in ids:
        ids = _name_the_nameless(ids, remarks)
    return tuple(ids), tuple(descriptions)


def _name_the_nameless(ids: list[str], remarks: list[str]) -> list[str]:
    named = [name or f"seq_{i}" for i, name in enumerate(ids, 1)]
    first = named[ids.index("")]
    remarks.append(f"records without id, named by position: {ids.count(''):,}, first {first!r}")
    return named


def _remark_on_encoding(texts: Sequence[str], remarks: list[str]) -> None:
    # decoding put this character in the place of bytes that it could not read
    wrong = [text for text in texts if "\ufffd" in text]
    if wrong:
        remarks.append(
            f"words in headers that are not UTF-8: {len(wrong):,}, first {shown(wrong[0])}; "
            "save the file as UTF-8 to keep their letters"
        )


def _remark_on_characters(ids: Sequence[str], remarks: list[str]) -> None:
    for pattern, kind in ((_CONTROL, "control"), (_INVISIBLE, "invisible or direction-changing")):
        odd = [name for name in ids if pattern.search(name)]
        if odd:
            remarks.append(f"ids with {kind} characters: {len(odd):,}, first {shown(odd[0])}")
