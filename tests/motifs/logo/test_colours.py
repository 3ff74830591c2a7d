import itertools

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo import colours
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet


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


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@pytest.mark.parametrize("blindness", BLINDNESS, ids=["protan", "deutan", "tritan"])
def test_colours_differ_for_colour_blind_readers(blindness, alphabet):
    palette = sorted(set(colours(alphabet).values()))
    assert len(palette) == {DNA: 4, PROTEIN: 6}[alphabet]
    seen = [lab(np.clip(np.array(blindness) @ linear(c), 0, 1)) for c in palette]
    for a, b in itertools.combinations(seen, 2):
        # 2.3 is a just noticeable difference
        assert np.linalg.norm(a - b) > 20


def test_own_colours():
    found = colours(DNA, {"G": "#ABCDEF"})
    assert found == colours(DNA) | {"G": "#ABCDEF"}
    assert len(set(colours(get_alphabet("HPCDEF")).values())) == 6
    with pytest.raises(SeqcnnError, match="letters are ACGT"):
        colours(DNA, {"U": "#000000"})
    for wrong in ("red", "#12345", '#123456"><script>'):
        with pytest.raises(SeqcnnError, match="like #"):
            colours(DNA, {"A": wrong})
