"""Outlines of letters, drawn once and used again, stretched."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np

FRAME = "M0 0H100V100H0ZM20 20V80H80V20Z"
"""Outline of a sign that the table has none for."""

_TABLE = Path(__file__).parents[1] / "data" / "glyphs.json"
_COMMAND = re.compile(r"([MLQCHVZ])([^MLQCHVZ]*)")
_CODES = {"M": (1,), "L": (2,), "Q": (3, 3), "C": (4, 4, 4), "Z": (79,)}
"""How matplotlib counts the commands of a path."""


def glyph_defs(letters: str) -> str:
    """Outlines of letters as a ``<defs>`` element, to stand once on a page that is not hidden."""
    symbols = "".join(
        f'<symbol id="{glyph_id(c)}" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f'<path d="{outline(c)}"/></symbol>'
        for c in letters
    )
    return f"<defs>{symbols}</defs>"


def glyph_id(letter: str) -> str:
    """Name of an outline on a page."""
    return f"letter-{letter if letter.isalnum() else ord(letter)}"


def outline(letter: str) -> str:
    """Outline of a letter as an SVG path in a box of 100 x 100, y downwards."""
    return outlines().get(letter, FRAME)


@cache
def outlines() -> dict[str, str]:
    """All outlines that there are."""
    return json.loads(_TABLE.read_text())


@cache
def vertices(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """Outline of a letter as matplotlib wants it.

    Returns
    -------
    numpy.ndarray
        float64 (n, 2): points in a box of 1 x 1, y downwards.
    numpy.ndarray
        uint8 (n,): codes of `matplotlib.path.Path`.
    """
    points, codes = [], []
    at = [0.0, 0.0]
    for command, text in _COMMAND.findall(outline(letter)):
        numbers = [float(word) for word in re.findall(r"-?\d+", text)]
        if command in "HV":
            at["HV".index(command)] = numbers[0]
            points.append(tuple(at))
            codes.append(2)
            continue
        # the point of a closing command is not looked at
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True)) or [tuple(at)]
        points += pairs
        codes += _CODES[command]
        at = list(pairs[-1])
    return np.array(points) / 100, np.array(codes, np.uint8)
