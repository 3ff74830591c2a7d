"""Sequence logos: sharp SVG for pages, and logomaker for publication figures.

Schneider & Stephens (1990), Sequence logos, doi:10.1093/nar/18.20.6097. An SVG logo is a few
kB: each letter is an outline that is drawn once and used again, stretched.
"""

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREEN, BLUE, OCHRE, RED, PURPLE, GREY = (
    "#23a672", "#1762df", "#c4830a", "#ca2d38", "#d34fb4", "#777777"
)  # fmt: skip
"""The customary hues, shaded so that every colour stands out from a white and from a dark page
(3 : 1) and that the first four differ for colour-blind readers too; the tests measure both."""

COLUMN, LETTER, MARGIN, TICK, MINIMUM = 20.0, 19.0, 26.0, 14.0, 0.01
"""Units of the drawing: width of a position and of its letters, room for the axes, and the least
height, as a share of the axis, of a letter that is drawn; smaller ones leave their room empty."""


def colours(alphabet: Alphabet) -> dict[str, str]:
    """Colour of each letter of an alphabet.

    DNA and RNA have one each; amino acids go by chemistry: acidic red, basic blue, hydrophobic
    grey, polar green, aromatic purple, glycine, proline and cysteine ochre.
    """
    if alphabet in (DNA, RNA):
        return dict(zip(alphabet.letters, (GREEN, BLUE, OCHRE, RED), strict=True))
    if alphabet == PROTEIN:
        chemistry = {
            "DE": RED, "KRH": BLUE, "AVLIM": GREY, "STNQ": GREEN, "FWY": PURPLE, "GPC": OCHRE
        }  # fmt: skip
        return {letter: colour for letters, colour in chemistry.items() for letter in letters}
    palette = (GREEN, BLUE, OCHRE, RED, PURPLE, GREY)
    return {letter: palette[i % len(palette)] for i, letter in enumerate(alphabet.letters)}


def letter_heights(matrix: ProbabilityMatrix, kind: str = "information") -> np.ndarray:
    """Height of each letter in a logo.

    Parameters
    ----------
    matrix
        What to draw.
    kind
        ``"information"``: a column is as high as its information; ``"probability"``: it is 1.

    Returns
    -------
    numpy.ndarray
        float64 (width, letters), in bits or probability.
    """
    if kind == "information":
        return matrix.values * matrix.information()[:, None]
    if kind == "probability":
        return matrix.values
    raise SeqcnnError(f"`kind` is {kind!r}, it must be 'information' or 'probability'")


def logo_svg(
    motif: Motif | ProbabilityMatrix,
    *,
    height: int = 100,
    reverse: bool = False,
    kind: str = "information",
    axes: bool = True,
    defs: bool = True,
) -> str:
    """Draw a logo.

    Parameters
    ----------
    motif
        A motif, or a matrix without a name.
    height
        Pixels; the width follows.
    reverse
        Draw the other strand.
    kind
        See `letter_heights`.
    axes
        Number the positions and the bits. Axes take the colour of the text around them.
    defs
        Bring the outlines of the letters; a page with many logos can hold them once, see
        `glyph_defs`.

    Returns
    -------
    str
        An ``<svg>`` element, which is also a whole file. Its title is the consensus.

    Raises
    ------
    SeqcnnError
        `kind` is unknown, or the alphabet has no other strand to draw.
    """
    matrix = motif.matrix if isinstance(motif, Motif) else motif
    if reverse:
        matrix = matrix.reverse_complement()
    heights = letter_heights(matrix, kind)
    alphabet = matrix.alphabet
    top = max(1.0 if kind == "probability" else float(np.log2(alphabet.size)), heights.sum(1).max())
    left, below = (MARGIN, TICK) if axes else (0.0, 0.0)
    total_height = 100.0 + below + (6.0 if axes else 0.0)
    total_width = left + COLUMN * len(matrix)
    body = _letters(heights / top, alphabet, left, total_height - below)
    used = "".join(letter for letter in alphabet.letters if f'#{_glyph_id(letter)}"' in body)
    title = " ".join(
        filter(None, [_caption(motif), matrix.consensus(), "reverse complement" if reverse else ""])
    )
    pixels = f'width="{height * total_width / total_height:.0f}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {pixels} '
        f'viewBox="0 0 {total_width:g} {total_height:g}"><title>{escape(_printable(title))}</title>'
        f"{glyph_defs(used) if defs else ''}"
        f"{_axes(top, len(matrix), kind, total_height - below) if axes else ''}{body}</svg>"
    )


def glyph_defs(letters: str) -> str:
    """Outlines of letters as a ``<defs>`` element, to stand once on a page that is not hidden."""
    symbols = "".join(
        f'<symbol id="{_glyph_id(c)}" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f'<path d="{_glyph(c)}"/></symbol>'
        for c in letters
    )
    return f"<defs>{symbols}</defs>"


def draw_logo(
    motif: Motif | ProbabilityMatrix,
    ax: "Axes | None" = None,
    *,
    reverse: bool = False,
    kind: str = "information",
) -> "Axes":
    """Draw a logo with logomaker (Tareen & Kinney 2020, doi:10.1093/bioinformatics/btz921).

    Parameters
    ----------
    motif
        A motif, or a matrix.
    ax
        Where to draw; a new figure by default.
    reverse
        Draw the other strand.
    kind
        See `letter_heights`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    # two seconds of imports that file formats and reports never need
    import logomaker
    import matplotlib.pyplot as plt
    import pandas as pd

    matrix = motif.matrix if isinstance(motif, Motif) else motif
    matrix = matrix.reverse_complement() if reverse else matrix
    table = pd.DataFrame(
        letter_heights(matrix, kind),
        index=np.arange(1, len(matrix) + 1),
        columns=list(matrix.alphabet.letters),
    )
    if ax is None:
        ax = plt.subplots(figsize=(0.35 * len(matrix) + 1, 2))[1]
    logomaker.Logo(table, ax=ax, color_scheme=colours(matrix.alphabet))
    ax.set_ylabel("bits" if kind == "information" else "probability")
    ax.set_title(_caption(motif).rstrip(":"))
    return ax


def _letters(heights: np.ndarray, alphabet: Alphabet, left: float, base: float) -> str:
    """Letters stacked in each column, the highest on top; one group of one colour for each."""
    colour = colours(alphabet)
    parts: dict[str, list[str]] = {letter: [] for letter in alphabet.letters}
    for column, row in enumerate(heights):
        y = base
        for i in np.argsort(row, kind="stable"):
            tall = 100 * float(row[i])
            y -= tall
            if row[i] >= MINIMUM:
                letter = alphabet.letters[i]
                parts[letter].append(
                    f'<use href="#{_glyph_id(letter)}" x="{left + column * COLUMN:g}" y="{y:.4g}" '
                    f'width="{LETTER:g}" height="{tall:.3g}"/>'
                )
    return "".join(
        f'<g fill="{colour[letter]}">{"".join(uses)}</g>' for letter, uses in parts.items() if uses
    )


def _axes(top: float, width: int, kind: str, base: float) -> str:
    """Baseline, ticks of the height and numbers of the positions, in the colour of the text."""
    step = 1.0 if top >= 1.5 else 0.5
    ticks = np.arange(0, top + 1e-9, step)
    lines = [f"M{MARGIN:g} {base - 100:g}V{base:g}H{MARGIN + COLUMN * width:g}"]
    texts = []
    for tick in ticks:
        y = base - 100 * tick / top
        lines.append(f"M{MARGIN:g} {y:.4g}h-3")
        texts.append(f'<text x="{MARGIN - 5:g}" y="{y + 3:.4g}" text-anchor="end">{tick:g}</text>')
    numbered = [n for n in range(1, width + 1) if n == 1 or n % 5 == 0]
    middle = 'text-anchor="middle"'
    texts += [
        f'<text x="{MARGIN + COLUMN * (n - 0.5):g}" y="{base + 11:g}" {middle}>{n}</text>'
        for n in numbered
    ]
    unit = "bits" if kind == "information" else "probability"
    texts.append(f'<text transform="translate(8 {base - 50:g}) rotate(-90)" {middle}>{unit}</text>')
    return (
        f'<path d="{"".join(lines)}" fill="none" stroke="currentColor"/>'
        f'<g fill="currentColor" font-family="sans-serif" font-size="9">{"".join(texts)}</g>'
    )


def _caption(motif: Motif | ProbabilityMatrix) -> str:
    if isinstance(motif, ProbabilityMatrix):
        return ""
    return f"{motif.name} {motif.alternative_name}".strip() + ":"


def _printable(text: str) -> str:
    """Drop control characters, which XML forbids."""
    return "".join(c for c in text if c.isprintable())


def _glyph_id(letter: str) -> str:
    return f"letter-{letter if letter.isalnum() else ord(letter)}"


@cache
def _glyphs() -> dict[str, str]:
    return json.loads((Path(__file__).parent / "data" / "glyphs.json").read_text())


def _glyph(letter: str) -> str:
    """Outline of a letter in a box of 100 x 100; lower case as upper case, signs as a frame."""
    return _glyphs().get(letter.upper(), "M0 0H100V100H0ZM20 20V80H80V20Z")
