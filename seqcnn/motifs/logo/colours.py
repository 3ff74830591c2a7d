"""Colours of letters that colour-blind readers can tell apart too."""

import re
from collections.abc import Mapping

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet

GREEN, BLUE, OCHRE, RED, PURPLE, GREY = (
    "#23a672", "#1762df", "#c4830a", "#ca2d38", "#d34fb4", "#6c6c72"
)  # fmt: skip
"""The customary hues, shaded so that every colour stands out from a white and from a dark page
(3 : 1) and that any two differ for colour-blind readers too; the tests measure both."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def colours(alphabet: Alphabet, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Colour of each letter of an alphabet.

    DNA and RNA have one each; amino acids go by chemistry: acidic red, basic blue, hydrophobic
    grey, polar green, aromatic purple, glycine, proline and cysteine ochre.

    Parameters
    ----------
    alphabet
        What the letters belong to.
    own
        Colours that replace those, as ``#rrggbb``.

    Raises
    ------
    SeqcnnError
        `own` names a letter that is not in the alphabet, or holds something else than a colour.

    Examples
    --------
    >>> colours(DNA, {"A": "#000000"})["A"]
    '#000000'
    """
    table = _usual(alphabet)
    for letter, colour in (own or {}).items():
        if letter not in table:
            raise SeqcnnError(
                f"a colour is given for {letter!r}, but the letters are {alphabet.letters}"
            )
        if not _HEX.fullmatch(colour):
            raise SeqcnnError(f"the colour of {letter} is {colour!r}, it must be like {GREEN}")
        table[letter] = colour
    return table


def _usual(alphabet: Alphabet) -> dict[str, str]:
    if alphabet in (DNA, RNA):
        return dict(zip(alphabet.letters, (GREEN, BLUE, OCHRE, RED), strict=True))
    if alphabet == PROTEIN:
        chemistry = {
            "DE": RED, "KRH": BLUE, "AVLIM": GREY, "STNQ": GREEN, "FWY": PURPLE, "GPC": OCHRE
        }  # fmt: skip
        return {letter: colour for letters, colour in chemistry.items() for letter in letters}
    palette = (GREEN, BLUE, OCHRE, RED, PURPLE, GREY)
    return {letter: palette[i % len(palette)] for i, letter in enumerate(alphabet.letters)}
