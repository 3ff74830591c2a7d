"""Build seqcnn/motifs/data/glyphs.json: outlines of letters, digits and signs of DejaVu Sans Bold.

Needs matplotlib, which brings the font. Each letter is stretched into a box of 100 x 100 units, y
downwards, as sequence logos want it. The licence of the font permits this (data/LICENSE-GLYPHS).
"""

import json
import string
from pathlib import Path

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

TARGET = Path(__file__).parents[1] / "seqcnn" / "motifs" / "data" / "glyphs.json"
COMMANDS = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C"}
SIGNS = "*+?#@=!&%$/~"
# I would become a bar as wide as a column; stretched to the same box, c could not be told from C
NARROW = {"I": 40.0} | dict.fromkeys(string.ascii_lowercase, 65.0) | {"i": 25.0, "l": 25.0}


def outline(letter: str) -> str:
    """Write one letter as the `d` attribute of an SVG path."""
    path = TextPath(
        (0, 0), letter, size=1000, prop=FontProperties(family="DejaVu Sans", weight="bold")
    )
    box = path.get_extents()
    width = NARROW.get(letter, 100.0)
    scale = np.array([width / box.width, -100.0 / box.height])
    origin = np.array([box.x0 - (100.0 - width) / 2 / scale[0], box.y1])
    parts = []
    for points, code in path.iter_segments(curves=True, simplify=False):
        if code == Outline.CLOSEPOLY:
            parts.append("Z")
            continue
        numbers = ((points.reshape(-1, 2) - origin) * scale).round().astype(int)
        parts.append(COMMANDS[code] + " ".join(map(str, numbers.ravel())))
    return "".join(parts)


if __name__ == "__main__":
    drawn = string.ascii_uppercase + string.digits + string.ascii_lowercase + SIGNS
    table = {letter: outline(letter) for letter in drawn}
    TARGET.write_text(json.dumps(table, indent=0) + "\n")
    print(TARGET.stat().st_size, "bytes")
