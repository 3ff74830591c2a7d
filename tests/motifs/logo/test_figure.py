"""The two that draw, logomaker and our own SVG, must show the same heights."""

import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from seqcnn.motifs.logo import KINDS, attribution_logo, draw_logo, logo_svg, make_logo
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, Alphabet

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plt():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def boxes_of_axes(ax):
    """(position, colour): bottom and top of each letter, read off the patches of the axes."""
    found = {}
    for patch in ax.patches:
        box = patch.get_extents().transformed(ax.transData.inverted())
        position = round((box.x0 + box.x1) / 2)
        found[position, to_hex(patch.get_facecolor())] = sorted((box.y0, box.y1))
    return found


def boxes_of_svg(svg, low, high, columns):
    """The same, read off the numbers of the drawing."""
    root = ET.fromstring(svg)
    left = float(root.get("viewBox").split()[2]) - 20 * columns
    found = {}
    for group in root.iter(SVG + "g"):
        for use in group.findall(SVG + "use"):
            x, y, height = (float(use.get(k)) for k in ("x", "y", "height"))
            if use.get("transform"):
                mirror = float(use.get("transform").removesuffix(")").split()[-1])
                assert mirror == pytest.approx(2 * y + height, abs=1e-3)
            top = high - (y - 6) * (high - low) / 100
            bottom = high - (y + height - 6) * (high - low) / 100
            found[1 + round((x - left) / 20), group.get("fill")] = [bottom, top]
    return found


RANDOM = np.random.default_rng(5)
MOTIF = Motif("m", ProbabilityMatrix(RANDOM.dirichlet([0.4] * 4, 8), DNA, [0.3, 0.2, 0.1, 0.4]),
              sites=40)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_both_draw_the_same_heights(plt, kind):
    logo = (
        attribution_logo(RANDOM.normal(size=(8, 4)) * 0.01, DNA)
        if kind == "attribution"
        else make_logo(MOTIF, kind)
    )
    low, high = logo.limits
    ax = draw_logo(logo)
    ours, theirs = boxes_of_svg(logo_svg(logo), low, high, 8), boxes_of_axes(ax)
    assert ax.get_ylim() == (low, high)
    assert len(ours) > 12
    for key, box in ours.items():
        np.testing.assert_allclose(box, theirs[key], atol=2e-4 * (high - low))
    # what we leave out is too small to be seen
    for key in theirs.keys() - ours.keys():
        assert np.ptp(theirs[key]) < 0.011 * (high - low)


def test_labels_and_the_given_axes(plt):
    ax = draw_logo(Motif("$x_1$", MOTIF.matrix))
    assert ax.get_ylabel() == "bits"
    assert ax.get_title() == "$x_1$"
    ax.figure.canvas.draw()  # the name is no formula
    assert draw_logo(MOTIF, ax, kind="log-odds", reverse=True) is ax
    assert ax.get_ylabel() == "log-odds, bits"


def test_both_cases_of_a_letter_have_their_colours(plt):
    cases = Alphabet("cases", "aAcC", {"?": "aAcC"})
    logo = make_logo(ProbabilityMatrix(np.eye(4), cases))
    found = boxes_of_axes(draw_logo(logo))
    assert set(found) == set(enumerate(logo.colours.values(), 1))
