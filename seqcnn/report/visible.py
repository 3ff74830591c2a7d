"""Text from outside, shown as what it is."""

import unicodedata

LONGEST = 80
"""Letters of a name that are shown."""

_JOINER = "\u200d"
"""Joins parts of one emoji: the only invisible character that is left in."""


def visible(text: str, longest: int = LONGEST) -> str:
    r"""Show a text from outside whole on one line: invisible characters by their numbers, cut.

    Examples
    --------
    >>> visible("a\u202eb"), visible("x" * 100, 5)
    ('a[U+202E]b', 'xxxx…')
    """
    text = str(text)
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return "".join(
        f"[U+{ord(c):04X}]"
        if c != _JOINER and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        else c
        for c in text
    )
