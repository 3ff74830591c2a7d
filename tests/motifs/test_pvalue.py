import itertools
import math

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ProbabilityMatrix, ScoreMatrix
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.seq.alphabet import DNA, PROTEIN

BACKGROUNDS = [None, np.array([0.4, 0.1, 0.1, 0.4]), np.array([0.001, 0.009, 0.09, 0.9])]


def random_scores(rng, width, alphabet, background):
    rows = rng.dirichlet(np.full(alphabet.size, 0.3), width)
    return ProbabilityMatrix(rows, alphabet, background).to_scores()


def all_words(matrix):
    """Integer score and probability of every word there is."""
    width, letters = matrix.values.shape
    words = np.array(list(itertools.product(range(letters), repeat=width)))
    table = integer_scores(matrix)
    scores = sum(table[i, words[:, i]] for i in range(width))
    shares = np.prod([matrix.background[words[:, i]] for i in range(width)], axis=0)
    return scores, shares


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("width", [1, 3, 6, 8])
def test_p_values_are_those_of_all_words(width, background):
    matrix = random_scores(np.random.default_rng(width), width, DNA, background)
    scores, shares = all_words(matrix)
    found = ScoreDistribution.of(matrix)
    tail = np.cumsum(shares[np.argsort(-scores, kind="stable")])
    ordered = np.sort(scores)[::-1]
    last = np.searchsorted(-ordered, -scores, side="right") - 1
    np.testing.assert_allclose(
        found.log10_p_value(scores * STEP), np.minimum(np.log10(tail[last]), 0), atol=1e-11
    )


def test_p_values_of_proteins_are_those_of_all_words():
    rng = np.random.default_rng(3)
    matrix = random_scores(rng, 3, PROTEIN, rng.dirichlet(np.full(20, 5.0)))
    scores, shares = all_words(matrix)
    found = ScoreDistribution.of(matrix)
    for score in np.unique(scores)[::100]:
        expected = math.fsum(shares[scores >= score])
        assert found.p_value(score * STEP) == pytest.approx(expected, rel=1e-11)


def test_rounded_score_is_near_the_true_one():
    matrix = random_scores(np.random.default_rng(5), 8, DNA, None)
    assert np.abs(integer_scores(matrix) * STEP - matrix.values).max() <= STEP / 2


@pytest.mark.parametrize("p_value", [1e-4, 1e-3, 0.02, 0.5, 1.0])
def test_threshold_is_the_smallest_score_that_is_rare_enough(p_value):
    matrix = random_scores(np.random.default_rng(8), 8, DNA, BACKGROUNDS[0])
    scores, shares = all_words(matrix)
    least = ScoreDistribution.of(matrix).threshold(p_value)
    at = round(least / STEP)
    assert shares[scores >= at].sum() <= p_value * (1 + 1e-9)
    below = scores[scores < at]
    if below.size:
        assert shares[scores >= below.max()].sum() > p_value


def test_threshold_that_no_word_reaches_is_infinite():
    matrix = ProbabilityMatrix(np.eye(4)[[0, 1]], DNA).to_scores()
    assert ScoreDistribution.of(matrix).threshold(1 / 17) == math.inf
    assert ScoreDistribution.of(matrix).threshold(1 / 16) == 4.0
    for p_value in (0.0, 1.5, math.nan):
        with pytest.raises(SeqcnnError, match="p_value"):
            ScoreDistribution.of(matrix).threshold(p_value)


def test_scores_between_and_outside_of_the_grid():
    found = ScoreDistribution.of(ScoreMatrix([[1.0, 0.0, 0.0, -1.0]], DNA))
    assert found.p_value([5.0, 1.0, 0.5, 0.0, -0.5, -1.0, -9.0]).tolist() == pytest.approx(
        [0.25, 0.25, 0.25, 0.75, 0.75, 1.0, 1.0]
    )
    assert found.highest == 1.0


def test_wide_motif_keeps_a_finite_tail():
    background = np.array([0.001, 0.333, 0.333, 0.333])
    matrix = ProbabilityMatrix(np.eye(4)[np.zeros(60, int)], DNA, background).to_scores()
    found = ScoreDistribution.of(matrix)
    assert found.log10_p_value(found.highest) == pytest.approx(-180, abs=1e-9)
    wider = ProbabilityMatrix(np.eye(4)[np.zeros(200, int)], DNA, background).to_scores()
    assert np.isfinite(ScoreDistribution.of(wider).log10_tail).all()
