import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from seqcnn.motifs.logo import attribution_logo, make_logo
from seqcnn.motifs.logo.drawing import COLUMN, LETTER, lay_out, nice_ticks, shorten
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA


@pytest.mark.parametrize("seed", range(20))
def test_ticks_are_few_round_and_inside(seed):
    rng = np.random.default_rng(seed)
    low, high = -(10 ** rng.uniform(-6, 6)) * rng.integers(0, 2), 10 ** rng.uniform(-6, 6)
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert 0 in ticks
    slack = 1e-6 * (high - low)
    assert low - slack <= ticks[0] < ticks[-1] <= high + slack
    assert len({f"{step:.5g}" for step in np.diff(ticks)}) == 1
    assert f"{ticks[1] - ticks[0]:e}"[0] in "125"


def test_stacks_have_no_gap_and_no_overlap():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(30, 4))
    drawing = lay_out(attribution_logo(values, DNA))
    zero = drawing.lines[1][1]
    scale = 100 / (values.clip(min=0).sum(1).max() - values.clip(max=0).sum(1).min())
    for column, row in enumerate(values):
        x = drawing.width - COLUMN * (30 - column)
        own = sorted(g for g in drawing.glyphs if g.x == pytest.approx(x))
        own.sort(key=lambda g: -g.y)
        # from the bottom: the lowest first, then up to the highest
        letters = [DNA.letters[i] for i in np.argsort(row)]
        shown = [g.letter for g in own]
        assert shown == [letter for letter in letters if letter in shown]
        for glyph in own:
            value = row[DNA.letters.index(glyph.letter)]
            assert glyph.height == pytest.approx(abs(value) * scale, abs=0.006)
            assert glyph.upside_down == (value < 0)
            bottom = glyph.y + glyph.height
            assert bottom <= zero + 0.02 if value > 0 else glyph.y >= zero - 0.02
        tops = [row.clip(min=0).sum(), row.clip(max=0).sum()]
        assert min(g.y for g in own) >= zero - tops[0] * scale - 0.02
        assert max(g.y + g.height for g in own) <= zero - tops[1] * scale + 0.02
    assert 0 < COLUMN - LETTER < 2


def test_positions_without_information_stay_empty():
    drawing = lay_out(make_logo(ProbabilityMatrix([[0.25] * 4, [0, 0, 0, 1]], DNA)))
    assert [(g.letter, g.x) for g in drawing.glyphs] == [("T", 46)]


def test_the_first_and_every_fifth_position_have_their_numbers():
    drawing = lay_out(make_logo(ProbabilityMatrix(np.eye(4)[[0] * 12], DNA)))
    numbers = {int(t.text): t.x for t in drawing.texts if t.text.isdigit() and t.y > 110}
    assert sorted(numbers) == [1, 5, 10]
    middles = sorted({g.x + LETTER / 2 for g in drawing.glyphs})
    for number, x in numbers.items():
        assert x == pytest.approx(middles[number - 1], abs=1)
    assert lay_out(make_logo(ProbabilityMatrix(np.eye(4), DNA)), axes=False).texts == ()


def test_words_on_the_axes_do_not_touch_the_edge():
    for scale in (1e-7, 1e-3, 1, 1e6):
        logo = attribution_logo(np.array([[1, -1.7, 0, 0]]) * scale, DNA)
        for text in lay_out(logo).texts:
            if text.anchor == "end":
                assert text.x - 0.6 * text.size * len(text.text) > 8


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text", ["MA0139.2 CTCF", "W" * 50, "mwMW@" * 10, "i" * 90, "Zinc finger, C2H2-type 蛋白" * 5]
)
def test_shortened_words_fit_as_they_are_drawn(text, bold):
    words = shorten(text, 11, 150)
    if "蛋" not in words:
        font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
        assert TextPath((0, 0), words, size=11, prop=font).get_extents().x1 <= 150
    assert words == text or words.endswith("…")
    assert text.startswith(words.removesuffix("…"))
    assert len(words) > 8
