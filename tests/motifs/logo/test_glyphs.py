import re

import numpy as np
from matplotlib.path import Path

from seqcnn.motifs.logo.glyphs import FRAME, glyph_id, outline, outlines, vertices
from seqcnn.seq.alphabet import PROTEIN


def test_outlines_fill_their_box_and_are_paths():
    table = outlines()
    assert set("ACGTUacgtm0123456789*+?" + PROTEIN.letters) <= set(table)
    for letter, path in table.items():
        assert re.fullmatch(r"[MLQCZ\d .-]+", path), letter
        numbers = np.array(re.findall(r"-?\d+", path), int).reshape(-1, 2)
        assert (numbers.min(), numbers.max()) == (0, 100), letter


def test_every_sign_has_an_outline_and_a_name_of_its_own():
    signs = [chr(c) for c in range(33, 127)]
    assert len({glyph_id(sign) for sign in signs}) == len(signs)
    assert outline("|") == FRAME
    # stretched to the same box, these could not be told apart but by their width
    for lower in "cosvwxz":
        assert outline(lower) != outline(lower.upper())
        assert np.ptp(vertices(lower)[0][:, 0]) < 0.7


def test_vertices_are_those_of_the_outline():
    points, codes = vertices("L")
    assert outline("L") == "M0 0L36 0L36 81L100 81L100 100L0 100L0 0Z"
    assert points[:3].tolist() == [[0, 0], [0.36, 0], [0.36, 0.81]]
    assert codes.tolist() == [1, 2, 2, 2, 2, 2, 2, 79]
    for letter in [*outlines(), "|"]:
        # curves may bulge by a hair
        box = Path(*vertices(letter)).get_extents()
        assert (box.y0, box.y1) == (0, 1), letter
        assert -0.01 <= box.x0 <= box.x1 <= 1.01, letter
