import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import pvalue
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix, ScoreMatrix
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.background import MarkovBackground

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


def log_words(matrix, background):
    """log10 probability of every word, by the model's own account of sequences."""
    width, letters = matrix.values.shape
    words = np.array(list(itertools.product(range(letters), repeat=width)), np.uint8)
    return np.array([background.log_probability(word) for word in words]) / math.log(10)


def sums_of_fractions(matrix, step):
    """The distribution in exact fractions, one score at a time: slow, but nothing is rounded."""
    sums = {0: Fraction(1)}
    for row in integer_scores(matrix, step):
        longer = {}
        for score, share in sums.items():
            for more, b in zip(row.tolist(), matrix.background.tolist(), strict=True):
                longer[score + more] = longer.get(score + more, 0) + share * Fraction(b)
        sums = longer
    return sums


def log10_of(fraction):
    """log10 of a fraction that a float may not hold."""
    return log10_of_integer(fraction.numerator) - log10_of_integer(fraction.denominator)


def log10_of_integer(number):
    digits = max(number.bit_length() - 60, 0)
    return math.log10(number >> digits) + digits * math.log10(2)


def test_p_values_down_to_1e_15_are_those_of_all_words():
    background = np.array([0.01, 0.02, 0.03, 0.94])
    matrix = random_scores(np.random.default_rng(1), 8, DNA, background)
    scores, shares = all_words(matrix)
    found = ScoreDistribution.of(matrix)
    for score in np.unique(scores)[::501]:
        expected = math.fsum(shares[scores >= score])
        assert found.p_value(score * STEP) == pytest.approx(expected, rel=1e-11)
    best = math.fsum(shares[scores == scores.max()])
    assert found.p_value(found.highest) == pytest.approx(best, rel=1e-11)
    word = ProbabilityMatrix(np.eye(4)[[0] * 8], DNA, background).to_scores()
    assert ScoreDistribution.of(word).p_value(99) == pytest.approx(1e-16, rel=1e-11, abs=0)


@pytest.mark.parametrize(
    ("alphabet", "width"), [(DNA, 1), (DNA, 30), (DNA, 60), (PROTEIN, 1), (PROTEIN, 20)]
)
def test_wide_motifs_have_the_p_values_of_exact_fractions(alphabet, width):
    rng = np.random.default_rng(width)
    background = rng.dirichlet(np.full(alphabet.size, 1.0))
    matrix = random_scores(rng, width, alphabet, background)
    found = ScoreDistribution.of(matrix, step=2.0)
    tail = Fraction(0)
    for score, share in sorted(sums_of_fractions(matrix, 2.0).items(), reverse=True):
        tail += share
        assert found.log10_p_value(2 * score) == pytest.approx(log10_of(tail), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_p_values_of_dependent_letters_are_those_of_all_words(order, width):
    rng = np.random.default_rng(order)
    background = MarkovBackground(DNA, rng.dirichlet(np.full(4, 0.5), 4**order))
    matrix = random_scores(rng, width, DNA, None)
    scores, shares = all_words(matrix)[0], 10.0 ** log_words(matrix, background)
    found = ScoreDistribution.of(matrix, background=background)
    for score in np.unique(scores)[::17]:
        expected = math.fsum(shares[scores >= score])
        assert found.p_value(score * STEP) == pytest.approx(expected, rel=1e-9)


def test_letters_that_never_follow_each_other():
    # A never follows itself, and half of the letters after others are A: it has a third in all
    background = MarkovBackground(DNA, np.array([[0, 0.5, 0, 0.5]] + [[0.5, 0, 0.5, 0]] * 3))
    aa = ProbabilityMatrix(np.eye(4)[[0, 0]], DNA).to_scores()
    found = ScoreDistribution.of(aa, background=background)
    assert found.p_value(-8.0) == pytest.approx(2 / 3, rel=1e-9)
    # what cannot be is as rare as the best that can, since no p-value is 0
    assert found.p_value(4.0) == found.p_value(-8.0)
    assert found.p_value_bounds(4.0) == (0.0, 0.0)
    assert found.threshold(0.66) == math.inf
    assert found.threshold(0.67) == -8.0


@pytest.mark.parametrize("order", [0, 1, 2])
def test_logarithms_and_plain_floats_agree(monkeypatch, order):
    rng = np.random.default_rng(order)
    matrix = random_scores(rng, 9, DNA, BACKGROUNDS[2])
    model = MarkovBackground(DNA, rng.dirichlet(np.ones(4), 4**order)) if order else None
    plain = ScoreDistribution.of(matrix, background=model)
    plain_tail = plain.log10_tail
    monkeypatch.setattr(pvalue, "SAFE_LOG10", math.inf)
    found = ScoreDistribution.of(matrix, background=model)
    np.testing.assert_allclose(found.log10_probabilities, plain.log10_probabilities, atol=1e-11)
    np.testing.assert_allclose(found.log10_tail, plain_tail, atol=1e-11)


def test_1e_4000_is_a_number():
    background = np.array([1e-80, 0.2, 0.3, 0.5])
    matrix = ProbabilityMatrix(np.eye(4)[[0] * 50], DNA, background).to_scores()
    found = ScoreDistribution.of(matrix, step=1.0)
    assert found.log10_p_value(found.highest) == pytest.approx(-4000, abs=1e-6)
    # one of 50 letters may be another one
    assert np.isfinite(found.log10_tail).all()
    assert found.log10_threshold(-3999.0) == found.highest
    # one of the letters is another one, whose score is the floor
    expected = math.log10(50) - 49 * 80
    assert found.log10_p_value(found.highest - 276) == pytest.approx(expected, abs=1e-6)


def test_tails_of_wide_proteins_are_not_cut_off():
    rare = np.append(np.full(19, (1 - 1e-6) / 19), 1e-6)
    matrix = ProbabilityMatrix(np.eye(20)[[19] * 60], PROTEIN, rare).to_scores()
    found = ScoreDistribution.of(matrix, step=1 / 16)
    assert found.log10_p_value(found.highest) == pytest.approx(-360, abs=1e-9)
    # 59 of 60 letters, and the sites with all of them
    expected = math.log10(60 * (1 - 1e-6) + 1e-6) - 59 * 6
    assert found.log10_p_value(found.highest - 30) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40)
@given(
    st.integers(1, 6),
    st.sampled_from([STEP, 1 / 10, 0.7]),
    st.integers(0, 2**31),
    st.sampled_from(range(3)),
)
def test_p_values_of_scores_off_the_grid_lie_between_the_bounds(width, step, seed, background):
    rng = np.random.default_rng(seed)
    matrix = random_scores(rng, width, DNA, BACKGROUNDS[background])
    words = np.array(list(itertools.product(range(4), repeat=width)))
    scores = matrix.values[np.arange(width), words].sum(1)
    shares = np.prod(matrix.background[words], axis=1)
    found = ScoreDistribution.of(matrix, step)
    assert found.error <= width * step / 2
    grid = integer_scores(matrix, step)[np.arange(width), words].sum(1) * step
    assert np.abs(grid - scores).max() <= found.error * (1 + 1e-12) + 1e-12
    asked = np.append(rng.choice(scores, 20), rng.uniform(scores.min() - 1, scores.max() + 1, 20))
    lower, upper = found.p_value_bounds(asked)
    for score, low, high in zip(asked, lower, upper, strict=True):
        # words of this very score belong to it, however their sums were rounded
        exact = math.fsum(shares[scores >= score - 1e-11])
        assert low * (1 - 1e-11) <= exact <= high * (1 + 1e-11)


def test_proteins_lie_between_the_bounds_too():
    rng = np.random.default_rng(0)
    matrix = random_scores(rng, 4, PROTEIN, rng.dirichlet(np.full(20, 2.0)))
    sums, shares = np.zeros(1), np.ones(1)
    for row in matrix.values:
        sums = np.add.outer(sums, row).ravel()
        shares = np.multiply.outer(shares, matrix.background).ravel()
    found = ScoreDistribution.of(matrix)
    asked = rng.choice(sums, 50)
    lower, upper = found.p_value_bounds(asked)
    for score, low, high in zip(asked, lower, upper, strict=True):
        exact = math.fsum(shares[sums >= score - 1e-11])
        assert low * (1 - 1e-9) <= exact <= high * (1 + 1e-9)
        # the bounds are of use: a tenth of a per cent at this width
    assert np.median(upper / lower) < 1.01


def test_protein_word_has_its_own_probability():
    word = CountMatrix(np.eye(20)[PROTEIN.encode("RRLSA")], PROTEIN).to_probabilities()
    scores = word.to_scores()
    best = scores.values.max(1).sum()
    assert ScoreDistribution.of(scores).p_value(best) == pytest.approx(20**-5, rel=1e-9)


def test_motif_without_information_has_no_sites():
    flat = ProbabilityMatrix(np.full((5, 4), 0.25), DNA).to_scores()
    found = ScoreDistribution.of(flat)
    assert (found.lowest, found.highest, found.p_value(0.0)) == (0, 0.0, 1.0)
    assert (found.threshold(1.0), found.threshold(0.5)) == (0.0, math.inf)


def test_six_letters_are_never_a_site_at_1e_4():
    word = ProbabilityMatrix(np.eye(4)[[0, 1, 2, 3, 0, 1]], DNA).to_scores()
    assert ScoreDistribution.of(word).threshold(1e-4) == math.inf


def test_infinite_scores_have_p_values():
    found = ScoreDistribution.of(ScoreMatrix([[1.0, 0.0, 0.0, -1.0]], DNA))
    assert found.p_value([math.inf, -math.inf]).tolist() == pytest.approx([0.25, 1.0])
    lower, upper = found.log10_p_value_bounds(np.array([math.inf, -math.inf]))
    assert lower.tolist() == [-math.inf, 0.0]
    assert upper.tolist() == [-math.inf, 0.0]


def test_bad_arguments_are_refused():
    matrix = ScoreMatrix([[1.0, 0.0, 0.0, -1.0]], DNA)
    with pytest.raises(SeqcnnError, match="step"):
        ScoreDistribution.of(matrix, 0.0)
    with pytest.raises(SeqcnnError, match="background"):
        ScoreDistribution.of(matrix, background=MarkovBackground(PROTEIN, np.full((1, 20), 0.05)))
