"""Turn the header lines of sequence files into names, and say what is odd about them."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from seqcnn.seq.names import Names

# ASCII only: a no-break space belongs to a name
_BLANKS = b" \t\v\f\r"
_IS_SEPARATOR = np.isin(np.arange(256), list(_BLANKS + b"\n"))
_INDENT = re.compile(rb"^[ \t\v\f\r]+", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def shown(name: str) -> str:
    """Quote a name for a message: one line, no control characters, at most 60 characters."""
    return repr(name if len(name) <= 60 else name[:57] + "...")


def parse_headers(
    block: bytes, remarks: list[str], *, before: int = 0
) -> tuple[Sequence[str], Sequence[str]]:
    r"""Split headers into names and descriptions.

    Parameters
    ----------
    block
        The headers without their marks (``>`` or ``@``), each ended by a line feed.
    remarks
        Gets one sentence for each kind of oddity found.
    before
        Records of the file in front of these.

    Returns
    -------
    ids
        The text of each header before its first white space; ``seq_<n>`` where there is none, n
        being the position in the file.
    descriptions
        The rest of each header; empty when every header is a single word.

    Examples
    --------
    >>> parse_headers(b"s1 first\ns2\n", [])
    (('s1', 's2'), ('first', ''))
    """
    is_ascii = block.isascii()
    if not is_ascii:
        # so that names that are equal as text are equal as bytes
        block = block.decode(errors="replace").encode()
    letters = np.frombuffer(block, np.uint8)
    low = np.flatnonzero(letters <= ord(" "))
    signs = letters[low]
    has_control = np.count_nonzero(signs < ord(" ")) > np.count_nonzero(signs == ord("\n"))
    if has_control:
        low = low[_IS_SEPARATOR[signs]]
        signs = letters[low]
    last = np.flatnonzero(signs == ord("\n"))
    ends = low[last]
    starts = np.concatenate([[0], ends[:-1] + 1])
    cuts = low[np.concatenate([[0], last[:-1] + 1])]
    if ((cuts == starts) & (cuts < ends)).any():
        block, count = _INDENT.subn(b"", block)
        remarks.append(f"headers that begin with white space, which was skipped: {count:,}")
        return parse_headers(block, remarks, before=before)
    ids = Names(block, starts, cuts)
    has_rest = (cuts < ends).any()
    descriptions = Names(block, np.minimum(cuts + 1, ends), ends) if has_rest else ()
    # the rule is printable ASCII, and that is seen at once
    if not is_ascii or has_control or 127 in block:
        texts = zip(ids, descriptions, strict=True) if has_rest else zip(ids)
        _remark_on_encoding(chain.from_iterable(texts), remarks)
        _remark_on_characters(ids, remarks)
    if (starts == cuts).any():
        return _name_the_nameless(list(ids), before, remarks), descriptions
    return ids, descriptions


def _name_the_nameless(ids: list[str], before: int, remarks: list[str]) -> tuple[str, ...]:
    named = tuple(name or f"seq_{i}" for i, name in enumerate(ids, before + 1))
    first = named[ids.index("")]
    remarks.append(f"records without id, named by position: {ids.count(''):,}, first {first!r}")
    return named


def _remark_on_encoding(texts: Iterable[str], remarks: list[str]) -> None:
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
