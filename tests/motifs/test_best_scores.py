"""Best scores against `best_sites`, which is checked window by window, and against plain loops."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.best import best_sites
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.pvalue import STEP, integer_scores
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from seqcnn.seq.record import SequenceSet


def matrices_of(widths, alphabet, seed=0):
    rng = np.random.default_rng(seed)
    return [
        ProbabilityMatrix(rng.dirichlet(np.full(alphabet.size, 0.3), width), alphabet).to_scores()
        for width in widths
    ]


def by_hand(matrix, row, alphabet, both_strands):
    """Score every window with plain letters only, one by one."""
    best = -np.inf
    strands = [row, alphabet.reverse_complement(row)] if both_strands else [row]
    scores = integer_scores(matrix)
    for strand in strands:
        for start in range(len(row) - len(scores) + 1):
            window = strand[start : start + len(scores)]
            if (window < alphabet.size).all():
                best = max(best, scores[np.arange(len(scores)), window].sum() * STEP)
    return best


@pytest.mark.parametrize(
    ("alphabet", "both_strands"), [(DNA, True), (DNA, False), (PROTEIN, False)]
)
def test_scores_are_those_of_every_window_looked_at(alphabet, both_strands):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, alphabet.size, (150, 14)).astype(np.uint8)
    codes[:40, 9:] = PAD
    codes[20:60, 3] = alphabet.size  # an ambiguous letter
    codes[5] = PAD
    matrices = matrices_of([9, 3, 14, 6, 15, 1], alphabet)
    found = best_scores(matrices, codes, alphabet, both_strands=both_strands)
    expected = [[by_hand(m, row, alphabet, both_strands) for row in codes] for m in matrices]
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_many_motifs_score_as_in_the_search_for_places():
    codes = np.random.default_rng(2).integers(0, 4, (300, 40)).astype(np.uint8)
    matrices = matrices_of(np.random.default_rng(3).integers(4, 30, 200), DNA, seed=4)
    sequences = SequenceSet.from_arrays(list(codes), alphabet=DNA)
    expected = best_sites(matrices, sequences, both_strands=True).score
    np.testing.assert_array_equal(best_scores(matrices, codes, DNA, both_strands=True), expected)


def test_nothing_is_nothing():
    assert best_scores([], np.zeros((3, 5), np.uint8), DNA, both_strands=True).shape == (0, 3)
    some = best_scores(matrices_of([4], DNA), np.zeros((0, 5), np.uint8), DNA, both_strands=True)
    assert some.shape == (1, 0)


def test_alphabets_must_fit():
    codes = np.zeros((2, 5), np.uint8)
    with pytest.raises(SeqcnnError, match="a motif is over ACGT"):
        best_scores(matrices_of([4], DNA), codes, PROTEIN, both_strands=False)
    with pytest.raises(SeqcnnError, match="has no complement"):
        best_scores(matrices_of([4], PROTEIN), codes, PROTEIN, both_strands=True)
