"""Heat maps of mutagenesis as SVG: what each change of one letter does, below the sequence."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from seqcnn.explain.attributions import Attributions
from seqcnn.motifs.logo import attribution_logo, glyph_defs, logo_svg
from seqcnn.motifs.logo.drawing import COLUMN, lay_out
from seqcnn.motifs.logo.svg import printable
from seqcnn.seq.io.files import atomic_write

CELL = 14
"""Height of a cell; it is as wide as a position of a logo."""

EDGE, HEAD, GAP = 16, 30, 18
"""Room around the sheet, for the words above a sequence, and below it."""

KEY, KEY_STEP = 44, 12
"""Room for the key of colours, and width of a colour in it."""

LEVELS = 12
"""Shades on each side of white."""

WHITE = '<rect width="100%" height="100%" fill="#ffffff"/>'

LOWERS, RAISES = (33, 102, 172), (178, 24, 43)
"""Blue and red, which those who cannot tell red from green can tell."""


def write_heat_maps(
    path: str | Path, attributions: Attributions, rows: Sequence[int], *, longest: int
) -> None:
    """Draw what every change of one letter does to the output, sequence below sequence.

    Above each map stands its sequence as a logo: a letter is as high as the output lies above the
    mean over all letters in its place. One scale of colours holds for the whole sheet.

    Parameters
    ----------
    path
        An SVG; replaced if it exists.
    attributions
        Of mutagenesis: ``values`` are outputs with another letter less those of the sequence.
    rows
        Sequences to draw, in this order.
    longest
        Letters that are drawn of each.
    """
    shown = [(row, min(int(attributions.lengths[row]), longest)) for row in rows]
    shown = [(row, length) for row, length in shown if length]
    changes = [attributions.values[row, :length] for row, length in shown]
    largest = max((float(np.abs(change).max()) for change in changes), default=0.0)
    own, letters = attributions.projected(), attributions.alphabet.letters
    parts, top, width = [_key(largest)], EDGE + KEY, KEY_STEP * (2 * LEVELS + 20)
    for (row, length), change in zip(shown, changes, strict=True):
        name = printable(str(attributions.ids[row]))
        logo = attribution_logo(own[row, :length], attributions.alphabet, name=name)
        drawn = lay_out(logo)
        below = HEAD + drawn.height
        cells = _map(change, attributions.codes[row, :length], largest) + _letters(letters)
        block = (
            f'<text y="11" font-size="11" font-weight="bold">{escape(name)}</text>'
            f'<text y="24">output {attributions.output[row]:.3g}</text>'
            + _at(0, HEAD, logo_svg(logo, height=round(drawn.height), defs=False))
            + _at(drawn.width - COLUMN * length, below, cells)
        )
        parts.append(_at(EDGE, top, block))
        width = max(width, drawn.width)
        top += below + CELL * len(letters) + GAP
    title = f"Mutagenesis of {len(shown):,} sequences"
    with atomic_write(path) as handle:
        handle.write(_sheet(width + 2 * EDGE, top, title, [glyph_defs(letters), WHITE, *parts]))


def colour(level: int) -> str:
    """Give the colour of a level from -`LEVELS` (blue) over 0 (white) to `LEVELS` (red).

    Examples
    --------
    >>> colour(0), colour(LEVELS), colour(-LEVELS)
    ('#ffffff', '#b2182b', '#2166ac')
    """
    share, end = abs(level) / LEVELS, RAISES if level > 0 else LOWERS
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in end)


def levels_of(changes: np.ndarray, largest: float) -> np.ndarray:
    """Give each change its level, int64; changes of `largest` have the darkest colours."""
    return np.rint(np.asarray(changes, float) / (largest or 1.0) * LEVELS).astype(np.int64)


def _map(changes: np.ndarray, codes: np.ndarray, largest: float) -> str:
    """Draw (length, letters) changes, one path a colour, and a dot where a letter stands."""
    levels = levels_of(changes, largest)
    length, size = levels.shape
    parts = [f'<rect width="{COLUMN * length:g}" height="{CELL * size}" fill="#ffffff" '
             f'stroke="#b0b0b0"/>']  # fmt: skip
    for level in sorted(set(levels.ravel().tolist()) - {0}):
        where = np.argwhere(levels == level).tolist()
        cells = "".join(f"M{COLUMN * x:g} {CELL * y}h{COLUMN:g}v{CELL}h-{COLUMN:g}z"
                        for x, y in where)  # fmt: skip
        parts.append(f'<path d="{cells}" fill="{colour(level)}"/>')
    dots = "".join(
        f"M{COLUMN * (x + 0.5):g} {CELL * (code + 0.5):g}h0"
        for x, code in enumerate(codes.tolist())
        if code < size
    )
    parts.append(
        f'<path d="{dots}" fill="none" stroke="#808080" stroke-width="4" stroke-linecap="round"/>'
    )
    return "".join(parts)


def _letters(letters: str) -> str:
    """Name the rows, to the left of a map."""
    return "".join(
        f'<text x="-5" y="{CELL * (i + 0.5) + 3:g}" text-anchor="end">{escape(letter)}</text>'
        for i, letter in enumerate(letters)
    )


def _key(largest: float) -> str:
    """Say what colours and dots mean."""
    boxes = "".join(
        f'<rect x="{KEY_STEP * i}" y="16" width="{KEY_STEP}" height="10" fill="{colour(level)}"/>'
        for i, level in enumerate(range(-LEVELS, LEVELS + 1))
    )
    wide = KEY_STEP * (2 * LEVELS + 1)
    numbers = "".join(
        f'<text x="{x:g}" y="37" text-anchor="{anchor}">{value:.3g}</text>'
        for x, value, anchor in (
            (0, -largest, "start"), (wide / 2, 0, "middle"), (wide, largest, "end")
        )
    )  # fmt: skip
    words = (
        '<text y="10">Change of the output when the letter of the row takes the place of the one '
        "that stands there (dot)</text>"
    )
    return _at(EDGE, EDGE, words + boxes + numbers)


def _at(x: float, y: float, body: str) -> str:
    return f'<g transform="translate({x:g} {y:g})">{body}</g>'


def _sheet(width: float, height: float, title: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:g} {height:g}" color="#1a1a1a" fill="#1a1a1a" '
        f'font-family="sans-serif" font-size="9"><title>{title}</title>{"".join(parts)}</svg>\n'
    )
