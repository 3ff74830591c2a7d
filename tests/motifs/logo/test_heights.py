import math

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo import KINDS, attribution_logo, make_logo
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix, ScoreMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN

SKEWED = np.array([0.4, 0.1, 0.2, 0.3])
ROWS = np.array([[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0.5, 0.25, 0.25]])
MOTIF = Motif("m", ProbabilityMatrix(ROWS, DNA, SKEWED), "x", sites=12, log10_e_value=-321.0)


def relative_entropy(row, background):
    return sum(p * math.log2(p / q) for p, q in zip(row, background, strict=True) if p > 0)


def test_bits_are_relative_to_the_background():
    uniform = [0.25] * 4
    for logo, background in (
        (make_logo(MOTIF), SKEWED),
        (make_logo(MOTIF, "bits", background=np.array(uniform)), uniform),
    ):
        expected = [[p * relative_entropy(row, background) for p in row] for row in ROWS]
        np.testing.assert_allclose(logo.heights, expected, atol=1e-12)
    # as many letters as the background has are no information
    assert make_logo(MOTIF, "bits", background=np.array(uniform)).heights[1].tolist() == [0] * 4


def test_correction_takes_off_what_few_sites_show():
    plain, corrected = (make_logo(MOTIF, corrected=c).heights.sum(1) for c in (False, True))
    # Miller and Madow's approximation of the expectation
    assert plain[0] - corrected[0] == pytest.approx(3 / (2 * math.log(2) * 12), rel=0.2)
    unknown = Motif("m", MOTIF.matrix)
    assert (make_logo(unknown, corrected=True).heights == make_logo(unknown).heights).all()


def test_probabilities_counts_and_log_odds():
    np.testing.assert_allclose(make_logo(MOTIF, "probability").heights, ROWS)
    np.testing.assert_allclose(make_logo(MOTIF, "counts").heights, ROWS * 12)
    odds = (ROWS * 20 + SKEWED) / 21 / SKEWED
    np.testing.assert_allclose(make_logo(MOTIF, "log-odds").heights, np.log2(odds))


def test_each_matrix_has_its_own_kind():
    counts = CountMatrix(np.array([[3, 0, 1, 0], [0, 7, 1, 0]]), DNA)
    scores = ScoreMatrix(np.array([[3, 0, -1, 0.5]]), DNA)
    assert (make_logo(counts).kind, make_logo(scores).kind) == ("counts", "log-odds")
    assert (make_logo(counts).heights == counts.values).all()
    assert (make_logo(scores).heights == scores.values).all()
    assert make_logo(MOTIF.matrix).kind == "bits"
    np.testing.assert_allclose(make_logo(counts, "probability").heights[0], [0.75, 0, 0.25, 0])
    with pytest.raises(SeqcnnError, match="must be one of log-odds"):
        make_logo(scores, "bits")
    for kind in ("information", "attribution"):
        with pytest.raises(SeqcnnError, match="must be one of bits, probability, counts"):
            make_logo(MOTIF, kind)
    with pytest.raises(SeqcnnError, match="no number of sites"):
        make_logo(MOTIF.matrix, "counts")


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_the_other_strand_is_that_of_the_turned_motif(kind):
    turned = make_logo(MOTIF, kind, reverse=True)
    np.testing.assert_allclose(
        turned.heights, make_logo(MOTIF.reverse_complement(), kind).heights, atol=1e-12
    )
    assert turned.title == "m x: VNT reverse complement"
    assert turned.facts.endswith("12 sites, reverse complement")
    with pytest.raises(SeqcnnError, match="no complement"):
        make_logo(ProbabilityMatrix(np.eye(20), PROTEIN), reverse=True)


def test_words_and_limits():
    logo = make_logo(MOTIF)
    assert (logo.name, logo.facts) == ("m x", "E = 1.0e-321, 12 sites")
    assert logo.title == "m x: ANB"
    assert logo.limits == (0, 2)
    # against a rare letter a position may have more than two bits
    rare = make_logo(MOTIF, background=np.array([0.1, 0.3, 0.3, 0.3]))
    assert rare.limits == (0, pytest.approx(math.log2(10)))
    assert make_logo(Motif("m", MOTIF.matrix, sites=1_234_567.25)).facts == "1,234,567.2 sites"
    assert make_logo(MOTIF, "probability").limits == (0, 1)
    flat = ProbabilityMatrix(np.full((3, 20), 0.05), PROTEIN)
    assert make_logo(flat).limits == (0, pytest.approx(math.log2(20)))


def test_attributions_keep_their_signs():
    values = np.array([[0.2, 0, -0.1, 0], [0, -0.3, 0, 0], [0.1, 0.1, 0, 0]])
    logo = attribution_logo(values, DNA, name="chr1:5-8")
    assert (logo.heights == values).all()
    assert logo.limits == pytest.approx((-0.3, 0.2))
    assert attribution_logo(np.zeros((3, 4)), DNA).limits == (0, 1)
    for wrong in (values.T, values[:0], values * np.nan):
        with pytest.raises(SeqcnnError, match="`heights`"):
            attribution_logo(wrong, DNA)
