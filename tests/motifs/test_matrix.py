import math
from fractions import Fraction

import numpy as np
import pytest
from Bio import motifs as bio_motifs
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix, ScoreMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet

SKEWED = np.array([0.1, 0.2, 0.3, 0.4])
counts = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 12), st.just(4)), elements=st.integers(0, 50)
)


@given(counts, st.integers(1, 4))
def test_probabilities_are_those_of_fractions(values, pseudocount):
    found = CountMatrix(values, DNA).to_probabilities(pseudocount, SKEWED).values
    for row, out in zip(values, found, strict=True):
        total = sum(map(int, row)) + pseudocount
        for c, b, p in zip(row, SKEWED, out, strict=True):
            exact = (int(c) + pseudocount * Fraction(str(b))) / total
            assert p == pytest.approx(float(exact), rel=1e-12)


def test_row_without_counts_becomes_the_background():
    found = CountMatrix([[0, 0, 0, 0], [4, 0, 0, 0]], DNA).to_probabilities(background=SKEWED)
    np.testing.assert_allclose(found.values, [SKEWED, [1, 0, 0, 0]])


def test_scores_are_log_odds_with_a_floor():
    found = ProbabilityMatrix([[0.5, 0.25, 0.25, 0]], DNA, SKEWED).to_scores()
    expected = [math.log2(5), math.log2(1.25), math.log2(0.25 / 0.3), -10]
    np.testing.assert_allclose(found.values, [expected])
    np.testing.assert_allclose(found.background, SKEWED)


@given(counts)
def test_information_is_the_mean_score(values):
    matrix = CountMatrix(values, DNA).to_probabilities(0.5, SKEWED)
    scores = matrix.to_scores(floor=-60).values
    np.testing.assert_allclose(matrix.information(), (matrix.values * scores).sum(1), atol=1e-12)


def test_information_of_known_columns():
    matrix = ProbabilityMatrix([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4], DNA)
    np.testing.assert_allclose(matrix.information(), [2, 1, 0])
    assert ProbabilityMatrix(np.eye(20), PROTEIN).information()[0] == pytest.approx(math.log2(20))


@given(counts)
def test_consensus_follows_the_rules_of_cavener(values):
    values = values + (values.sum(1, keepdims=True) == 0)
    columns = {letter: list(map(float, values[:, i])) for i, letter in enumerate("ACGT")}
    expected = bio_motifs.Motif(alphabet="ACGT", counts=columns).counts.degenerate_consensus
    found = CountMatrix(values, DNA).to_probabilities().consensus()
    # ties are free: any order of equal letters is right
    for row, a, b in zip(values, found, str(expected), strict=True):
        if len(set(row.tolist())) == 4:
            assert a == b


def test_consensus_of_other_alphabets():
    assert ProbabilityMatrix([[0, 0, 0, 1], [0.5, 0, 0, 0.5]], RNA).consensus() == "UW"
    rows = np.full((2, 20), 1 / 20)
    rows[0] = np.eye(20)[3]
    assert ProbabilityMatrix(rows, PROTEIN).consensus() == "EX"
    assert ProbabilityMatrix([[1, 0, 0], [0.4, 0.3, 0.3]], get_alphabet("HPC")).consensus() == "HN"


def test_reverse_complement_turns_words_over():
    matrix = CountMatrix(np.eye(4)[[0, 0, 1, 2]], DNA).to_probabilities(background=SKEWED)
    other = matrix.reverse_complement()
    assert (matrix.consensus(), other.consensus()) == ("AACG", "CGTT")
    np.testing.assert_array_equal(other.background, SKEWED[::-1])
    np.testing.assert_array_equal(other.reverse_complement().values, matrix.values)
    np.testing.assert_allclose(other.information(), matrix.information()[::-1])
    with pytest.raises(SeqcnnError, match="no complement"):
        ProbabilityMatrix(np.eye(20), PROTEIN).reverse_complement()


def test_trim_drops_weak_edges_only():
    weak, strong = [0.25] * 4, [1, 0, 0, 0]
    motif = Motif("m", ProbabilityMatrix([weak, strong, weak, strong, weak, weak], DNA), sites=5)
    assert motif.trim().consensus == "ANA"
    assert motif.trim().sites == 5
    assert motif.trim(9.0).consensus == "ANA"
    assert Motif("m", ProbabilityMatrix([weak, weak], DNA)).trim().width == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0.9, 0.9, 0.1, 0.1]], "sum to 2"),
        ([[1.1, -0.1, 0, 0]], "negative"),
        ([[float("nan"), 0, 0, 1]], "not a number"),
        ([[float("inf"), 0, 0, 1]], "not a number"),
        ([[1, 0, 0]], "shape"),
        (np.zeros((0, 4)), "shape"),
    ],
)
def test_bad_probabilities_are_refused(values, message):
    with pytest.raises(SeqcnnError, match=message):
        ProbabilityMatrix(values, DNA)


def test_rounded_rows_are_rescaled():
    matrix = ProbabilityMatrix([[0.33, 0.33, 0.33, 0]], DNA)
    assert matrix.values.sum() == pytest.approx(1, abs=1e-15)


def test_bad_backgrounds_scores_and_names_are_refused():
    for background in ([0.5, 0.5, 0, 0], [0.25] * 3, [1, 1, 1, 1], [float("nan")] * 4):
        with pytest.raises(SeqcnnError, match="background"):
            ProbabilityMatrix([[1, 0, 0, 0]], DNA, background)
    with pytest.raises(SeqcnnError, match="not a number"):
        ScoreMatrix([[-math.inf, 0, 0, 1]], DNA)
    with pytest.raises(SeqcnnError, match="name"):
        Motif(" ", ProbabilityMatrix([[1, 0, 0, 0]], DNA))


def test_values_are_private_copies_that_cannot_change():
    values = np.array([[1.0, 0, 0, 0]])
    matrix = ProbabilityMatrix(values, DNA)
    values[0] = 0.25
    assert matrix.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        matrix.values[0, 0] = 0.5
