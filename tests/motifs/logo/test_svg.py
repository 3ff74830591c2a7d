import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.data import load_database
from seqcnn.motifs.logo import aligned_logos_svg, attribution_logo, glyph_defs, logo_svg, make_logo
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
    with pytest.raises(SeqcnnError, match="made already"):
        logo_svg(make_logo(WORD), kind="counts")
    for height in (0, -5, math.nan):
        with pytest.raises(SeqcnnError, match="`height` is"):
            logo_svg(WORD, height=height)


def test_letters_below_the_line_are_upside_down():
    svg = logo_svg(attribution_logo(np.array([[0.5, 0, 0, -1.5]]), DNA))
    up, down = ET.fromstring(svg).iter(SVG + "use")
    assert (up.get("href"), up.get("transform")) == ("#letter-A", None)
    # y' = 2 y + height - y keeps the box and turns what is in it
    y, height = float(down.get("y")), float(down.get("height"))
    assert down.get("transform") == f"matrix(1 0 0 -1 0 {2 * y + height:g})"
    assert (y, height) == (31, 75)


def columns_of(svg):
    """x of the letters of each of two logos, and of the shades."""
    root = ET.fromstring(svg)
    placed = []
    for group in root.iter(SVG + "g"):
        if "translate" in group.get("transform", ""):
            shift = float(group.get("transform")[10:].split()[0])
            uses = group.iter(SVG + "use")
            placed.append([(shift + float(use.get("x")), use.get("href")[-1]) for use in uses])
    shades = [(float(r.get("x")), float(r.get("width"))) for r in root.iter(SVG + "rect")]
    return [sorted(letters) for letters in placed if letters], shades


@pytest.mark.parametrize("offset", [-5, -3, -1, 0, 2, 5, 7])
@pytest.mark.parametrize("strand", "+-")
def test_aligned_positions_stand_above_each_other(offset, strand):
    query = Motif("q", ProbabilityMatrix(np.eye(4)[[0, 1, 2]], DNA), "Q")
    target = Motif("t", ProbabilityMatrix(np.eye(4)[[3, 2, 1, 0, 3, 2]], DNA))
    svg = aligned_logos_svg(query, target, offset, strand)
    (upper, lower), shades = columns_of(svg)
    assert "".join(letter for _, letter in upper) == ("ACG" if strand == "+" else "CGT")
    assert "".join(letter for _, letter in lower) == "TGCATG"
    assert upper[0][0] - lower[0][0] == 20 * offset
    both = sorted({x for x, _ in upper} & {x for x, _ in lower})
    assert shades == ([(both[0], 20 * len(both))] * 2 if both else [])
    width = float(ET.fromstring(svg).get("viewBox").split()[2])
    assert 26 <= min(upper[0][0], lower[0][0])
    assert max(upper[-1][0], lower[-1][0]) + 20 <= width
    title = ET.fromstring(svg).find(SVG + "title").text
    assert title.startswith("q Q, reverse complement above t" if strand == "-" else "q Q above t")


def test_aligned_logos_need_one_alphabet_and_a_strand():
    peptide = Motif("p", ProbabilityMatrix(np.eye(20), PROTEIN))
    with pytest.raises(SeqcnnError, match="is over ACGT"):
        aligned_logos_svg(WORD, peptide, 0)
    with pytest.raises(SeqcnnError, match="`strand`"):
        aligned_logos_svg(WORD, WORD, 0, "plus")
