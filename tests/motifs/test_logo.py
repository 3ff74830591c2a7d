import itertools
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.data import load_database
from seqcnn.motifs.logo import colours, draw_logo, glyph_defs, logo_svg
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet

SVG = "{http://www.w3.org/2000/svg}"
WORD = Motif("w", ProbabilityMatrix([[1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.25, 0.75]], DNA))


def letters(svg):
    """(column, letter, height) of each letter in a logo."""
    root = ET.fromstring(svg)
    found = []
    for use in root.iter(SVG + "use"):
        x = float(use.get("x"))
        found.append((round((x - 26) / 20), use.get("href")[-1], float(use.get("height"))))
    return sorted(found)


def test_heights_are_bits_and_probabilities():
    found = letters(logo_svg(WORD))
    bits = 2 - (-0.25 * np.log2(0.25) - 0.75 * np.log2(0.75))
    expected = [
        (0, "A", 100), (1, "C", 25), (1, "G", 25), (2, "G", 12.5 * bits), (2, "T", 37.5 * bits)
    ]  # fmt: skip
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    np.testing.assert_allclose([f[2] for f in found], [e[2] for e in expected], rtol=0.01)
    shares = letters(logo_svg(WORD, kind="probability"))
    np.testing.assert_allclose([f[2] for f in shares], [100, 50, 50, 25, 75])


def test_letters_lie_inside_of_the_drawing():
    rng = np.random.default_rng(0)
    for alphabet in (DNA, RNA, PROTEIN, get_alphabet("HPC")):
        skewed = rng.dirichlet(np.full(alphabet.size, 2.0))
        rows = rng.dirichlet(np.full(alphabet.size, 0.2), 9)
        root = ET.fromstring(logo_svg(ProbabilityMatrix(rows, alphabet, skewed)))
        width, height = map(float, root.get("viewBox").split()[2:])
        for use in root.iter(SVG + "use"):
            x, y, w, h = (float(use.get(k)) for k in ("x", "y", "width", "height"))
            assert 0 <= x <= x + w <= width
            assert -0.1 <= y <= y + h <= height
        # every letter that is used has its outline
        ids = {symbol.get("id") for symbol in root.iter(SVG + "symbol")}
        assert {use.get("href")[1:] for use in root.iter(SVG + "use")} == ids


def test_other_strand():
    mirrored = [
        (2 - column, dict(zip("ACGT", "TGCA", strict=True))[letter], height)
        for column, letter, height in letters(logo_svg(WORD))
    ]
    assert sorted(mirrored) == letters(logo_svg(WORD, reverse=True))
    with pytest.raises(SeqcnnError, match="no complement"):
        logo_svg(ProbabilityMatrix(np.eye(20), PROTEIN), reverse=True)


def test_title_is_the_consensus_and_hostile_names_stay_text():
    motif = Motif('<script>alert("1")</script>\x1b[2J', WORD.matrix, "]]>&x")
    root = ET.fromstring(logo_svg(motif))
    assert not list(root.iter(SVG + "script"))
    title = root.find(SVG + "title").text
    assert "<script>" in title
    assert title.endswith("AST")
    assert "\x1b" not in title
    assert root.get("role") == "img"


def test_logos_are_small_and_can_share_outlines():
    ctcf = next(m for m in load_database() if m.name == "MA0139.2")
    whole, shared = logo_svg(ctcf), logo_svg(ctcf, defs=False)
    assert len(whole) < 5000
    assert len(whole) - len(shared) > 800
    assert "<defs>" not in shared
    assert shared.replace("</title>", "</title>" + glyph_defs("ACGT")) == whole
    assert letters(shared) == letters(whole)


def test_kind_is_checked():
    with pytest.raises(SeqcnnError, match="kind"):
        logo_svg(WORD, kind="bars")


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=lambda a: a.name)
def test_colours_stand_out_from_white_and_dark_pages(alphabet):
    palette = colours(alphabet)
    assert set(palette) == set(alphabet.letters)
    for colour in set(palette.values()):
        # WCAG 2.1, 1.4.11: graphics need 3 : 1
        assert contrast(colour, "#ffffff") >= 3
        assert contrast(colour, "#1e1e1e") >= 3


# Machado, Oliveira & Fernandes (2009), severity 1.0: protan, deutan, tritan
BLINDNESS = [
    [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
]  # fmt: skip


def lab(rgb):
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
    )
    f = np.cbrt(np.maximum(xyz / [0.9505, 1, 1.089], 0))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blindness", BLINDNESS, ids=["protan", "deutan", "tritan"])
def test_letters_of_dna_differ_for_colour_blind_readers(blindness):
    seen = [lab(np.clip(np.array(blindness) @ linear(c), 0, 1)) for c in colours(DNA).values()]
    for a, b in itertools.combinations(seen, 2):
        # 2.3 is a just noticeable difference
        assert np.linalg.norm(a - b) > 20


def test_outlines_fill_their_box_and_are_paths():
    from seqcnn.motifs import logo

    table = logo._glyphs()
    assert set("ACGTU" + PROTEIN.letters) <= set(table)
    for letter, path in table.items():
        assert re.fullmatch(r"[MLQCZ\d .-]+", path), letter
        numbers = np.array(re.findall(r"-?\d+", path), int).reshape(-1, 2)
        assert (numbers.min(), numbers.max()) == (0, 100), letter
    assert json.dumps(table)


def test_logomaker_draws_the_same_heights():
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    try:
        ax = draw_logo(WORD)
        assert ax.get_ylabel() == "bits"
        assert ax.get_ylim()[1] == pytest.approx(2, abs=0.2)
        assert draw_logo(WORD, ax, kind="probability", reverse=True) is ax
    finally:
        plt.close("all")
