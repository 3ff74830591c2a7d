"""Lay a logo out: where each letter, line and word stands, before anything draws it.

Lengths are in units of the drawing, 96 to the inch; x runs to the right and y downwards.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from seqcnn.motifs.logo.heights import Logo

COLUMN, LETTER, TALL = 20.0, 19.0, 100.0
"""Width of a position and of its letters, and height of the axis."""

MARGIN, ABOVE, BELOW = 26.0, 6.0, 14.0
"""Room for the axes: left, at least, above and below."""

MINIMUM = 0.01
"""Least height, as a share of the axis, of a letter that is drawn; smaller ones leave their room
empty."""

UNITS_PER_INCH = 96.0

SMALL = 9.0
"""Size of the words on the axes."""

_WIDTHS = {"ijlIft.,:;|!'()[]-r ": 0.5, "CDGHNOQRUKABVXY&#+<=>^~": 0.88, "mwMW@%": 1.12}
"""Widths of signs in bold sans-serif, as shares of the size; rather too wide than too narrow."""


class Glyph(NamedTuple):
    """A letter, stretched into a box whose upper left corner is (x, y)."""

    letter: str
    x: float
    y: float
    height: float
    upside_down: bool


class Text(NamedTuple):
    """Words on a baseline; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    size: float = SMALL
    anchor: str = "start"
    bold: bool = False
    turned: bool = False


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """Everything that is drawn.

    Parameters
    ----------
    width, height
        Of the whole.
    glyphs
        Letters of the logo.
    colours
        Of the letters.
    lines
        Ends of lines: x1, y1, x2, y2.
    texts
        Words.
    shades
        Rectangles of a light shade behind all.
    title
        See `Logo`.
    """

    width: float
    height: float
    glyphs: Sequence[Glyph] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[tuple[float, float, float, float]] = ()
    texts: Sequence[Text] = ()
    shades: Sequence[Box] = ()
    title: str = ""


class Placed(NamedTuple):
    """A drawing whose upper left corner is (x, y)."""

    x: float
    y: float
    drawing: Drawing


class Page(NamedTuple):
    """Drawings on one sheet of paper; `scale` is what paper shrinks them by."""

    width: float
    height: float
    placed: list[Placed]
    scale: float = 1.0

    @property
    def letters(self) -> str:
        """All letters that stand in a logo, sorted."""
        return "".join(sorted({g.letter for place in self.placed for g in place.drawing.glyphs}))


def lay_out(logo: Logo, *, axes: bool = True, highest: float | None = None) -> Drawing:
    """Lay a logo out.

    Parameters
    ----------
    logo
        What to draw.
    axes
        Number the positions and the heights.
    highest
        Where the axis ends, in the unit of the logo; by default at the most that there can be.
    """
    low, high = logo.limits
    high = high if highest is None else highest
    scale, letters = TALL / (high - low), logo.alphabet.letters
    if not axes:
        glyphs = _stack(logo.heights * scale, letters, 0, high * scale)
        return Drawing(COLUMN * len(logo), TALL, glyphs, logo.colours, title=logo.title)
    ticks = nice_ticks(low, high)
    left = max(MARGIN, *(16 + 5.4 * len(f"{tick:g}") for tick in ticks))
    zero = ABOVE + high * scale
    width, base = left + COLUMN * len(logo), ABOVE + TALL
    lines = [(left, ABOVE, left, base), (left, zero, width, zero)]
    texts = [Text(8, ABOVE + TALL / 2, logo.unit, anchor="middle", turned=True)]
    for tick in ticks:
        y = zero - tick * scale
        lines.append((left - 3, y, left, y))
        texts.append(Text(left - 5, y + 3, f"{tick:g}", anchor="end"))
    texts += [
        Text(left + COLUMN * (n - 0.5), base + 11, str(n), anchor="middle")
        for n in range(1, len(logo) + 1)
        if n == 1 or n % 5 == 0
    ]
    glyphs = _stack(logo.heights * scale, letters, left, zero)
    return Drawing(width, base + BELOW, glyphs, logo.colours, lines, texts, title=logo.title)


def nice_ticks(low: float, high: float) -> list[float]:
    """Choose two to six round numbers on an axis, 0 among them.

    Examples
    --------
    >>> nice_ticks(0, 2), nice_ticks(-0.7, 0.4)
    ([0.0, 1.0, 2.0], [-0.5, 0.0])
    """
    rough = (high - low) / 3
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= rough * (1 - 1e-9))
    # a hair's breadth forgives rounding
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{n * step:.6g}") for n in range(first, last + 1)]


def shorten(text: str, size: float, width: float) -> str:
    """Cut words that are too long for their room, and say so by an ellipsis.

    Examples
    --------
    >>> shorten("CTCF", 10, 100), shorten("CTCF" * 100, 10, 100)
    ('CTCF', 'CTCFCTCFCTC…')
    """
    room, used = width / size, 0.0
    for i, sign in enumerate(text):
        used += _width(sign)
        if used > room:
            kept = text[:i]
            while kept and sum(map(_width, kept)) + 1 > room:
                kept = kept[:-1]
            return kept.rstrip() + "…"
    return text


def _width(sign: str) -> float:
    if not sign.isascii():
        return 1.1 if unicodedata.east_asian_width(sign) in "WFA" else 0.88
    return next((width for signs, width in _WIDTHS.items() if sign in signs), 0.74)


def _stack(heights: np.ndarray, letters: str, left: float, zero: float) -> list[Glyph]:
    """Stack the letters of each position, the highest on top and the lowest at the bottom."""
    order = np.argsort(heights, axis=1, kind="stable")
    rising = np.take_along_axis(heights, order, axis=1)
    tall = np.abs(rising)
    below = heights.clip(max=0).sum(1, keepdims=True)
    y = zero - below - np.cumsum(tall, axis=1)
    at = np.nonzero(tall >= MINIMUM * TALL)
    return [
        Glyph(letters[code], left + COLUMN * column, top, height, upside_down)
        for column, code, top, height, upside_down in zip(
            at[0].tolist(),
            order[at].tolist(),
            # no eye sees more, and files stay small
            np.round(y[at], 2).tolist(),
            np.round(tall[at], 2).tolist(),
            (rising[at] < 0).tolist(),
            strict=True,
        )
    ]
