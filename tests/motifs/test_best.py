import time

import numpy as np
import pytest
from scipy.stats import chisquare

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import best, workers
from seqcnn.motifs.best import best_sites
from seqcnn.motifs.matrix import ScoreMatrix
from seqcnn.motifs.pvalue import STEP, integer_scores
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.record import SequenceSet


def random_matrices(rng, alphabet, widths):
    return [ScoreMatrix(rng.normal(size=(w, alphabet.size)) * 2, alphabet) for w in widths]


def random_sequences(rng, alphabet, lengths, ambiguous=0.02):
    arrays = []
    for length in lengths:
        codes = rng.integers(0, alphabet.size, length).astype(np.uint8)
        codes[rng.random(length) < ambiguous] = alphabet.encode(alphabet.unknown)[0]
        arrays.append(codes)
    return SequenceSet.from_arrays(arrays, alphabet=alphabet)


def all_sites(matrix, codes, both_strands):
    """Every window as (score, start, reverse), one letter after the other."""
    alphabet, width = matrix.alphabet, len(matrix)
    sites = []
    for reverse in (False, True) if both_strands else (False,):
        for start in range(len(codes) - width + 1):
            word = codes[start : start + width]
            if (word >= alphabet.size).any():
                continue
            word = alphabet.reverse_complement(word) if reverse else word
            table = integer_scores(matrix)
            score = sum(int(table[i, letter]) for i, letter in enumerate(word)) * STEP
            sites.append((score, start, reverse))
    return sites


@pytest.mark.parametrize(
    ("alphabet", "both_strands"), [(DNA, True), (DNA, False), (RNA, False), (PROTEIN, False)]
)
def test_equals_brute_force(alphabet, both_strands):
    rng = np.random.default_rng(1)
    matrices = random_matrices(rng, alphabet, [4, 9, 1, 6, 17, 33])
    sequences = random_sequences(rng, alphabet, [0, 3, 40, 25, 8, 61, 33])
    found = best_sites(matrices, sequences, both_strands=both_strands)
    for i, matrix in enumerate(matrices):
        for j, codes in enumerate(sequences):
            sites = all_sites(matrix, codes, both_strands)
            own = (found.score[i, j], found.start[i, j], found.reverse[i, j])
            if not sites:
                assert own == (-np.inf, -1, False)
            else:
                assert own[0] == max(sites)[0]
                assert own in sites


def test_long_sequences_are_searched_in_pieces(monkeypatch):
    rng = np.random.default_rng(2)
    matrices = random_matrices(rng, DNA, [3, 5, 8, 8])
    sequences = random_sequences(rng, DNA, [500, 20, 333])
    monkeypatch.setattr(best, "WINDOWS", 64)
    monkeypatch.setattr(best, "PRODUCT", 1000)
    monkeypatch.setattr(best, "GROUP", 2)
    found = best_sites(matrices, sequences, both_strands=True)
    for i, matrix in enumerate(matrices):
        for j, codes in enumerate(sequences):
            sites = all_sites(matrix, codes, both_strands=True)
            own = (found.score[i, j], found.start[i, j], found.reverse[i, j])
            assert own in sites
            assert own[0] == max(sites)[0]


@pytest.mark.parametrize("pieces", [1 << 18, 1 << 9])
def test_equals_are_chosen_at_random(monkeypatch, pieces):
    """AC at 1, 5 and 8, and on the other strand at 11: each in a quarter of the sequences."""
    monkeypatch.setattr(best, "PRODUCT", pieces)
    matrix = ScoreMatrix(np.eye(4)[[0, 1]], DNA)
    sequences = SequenceSet.from_strings(["TACTTACTACTGTT"] * 2000, alphabet=DNA)
    found = best_sites([matrix], sequences, both_strands=True)
    places, counts = np.unique(found.start[0], return_counts=True)
    assert places.tolist() == [1, 5, 8, 11]
    assert chisquare(counts).pvalue > 1e-3
    assert (found.reverse[0] == (found.start[0] == 11)).all()


def test_a_palindrome_is_on_either_strand():
    matrix = ScoreMatrix(np.eye(4)[[0, 1, 2, 3]], DNA)
    sequences = SequenceSet.from_strings(["TTACGTTT"] * 400, alphabet=DNA)
    found = best_sites([matrix], sequences, both_strands=True)
    assert (found.start == 2).all()
    assert 150 < found.reverse.sum() < 250


def test_same_seed_same_choice():
    matrix = ScoreMatrix(np.eye(4)[[0]], DNA)
    sequences = SequenceSet.from_strings(["AAAAAAAAAA"] * 50, alphabet=DNA)
    first, again, other = (
        best_sites([matrix], sequences, both_strands=False, seed=seed).start for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_helpers_find_the_same(monkeypatch):
    rng = np.random.default_rng(8)
    matrices = random_matrices(rng, DNA, [4, 9, 9, 17])
    sequences = random_sequences(rng, DNA, rng.integers(10, 90, 200).tolist())
    monkeypatch.setattr(best, "WINDOWS", 500)
    alone = best_sites(matrices, sequences, both_strands=True, seed=5)
    helped = []

    class Counted(workers.Processes):
        def __init__(self, helpers):
            super().__init__(helpers)
            while not self.helpers[0].alive:
                time.sleep(0.02)

        def _let_help(self, shipped, item):
            helped.append(item[0])
            return super()._let_help(shipped, item)

    monkeypatch.setattr(best, "HELPED", 1)
    monkeypatch.setattr(best, "Processes", Counted)
    monkeypatch.setattr(best, "available_threads", lambda: 2)
    shares = []
    together = best_sites(matrices, sequences, both_strands=True, seed=5, on_share=shares.append)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert shares == sorted(shares)
    assert len(helped) > 2


def test_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(best, "WINDOWS", 64)
    shares = []
    sequences = SequenceSet.from_strings(["ACGT" * 800] * 5, alphabet=DNA)
    matrix = ScoreMatrix(np.eye(4)[[0, 1]], DNA)
    best_sites([matrix], sequences, both_strands=True, on_share=shares.append)
    assert shares == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_no_motifs_and_no_sequences():
    none = SequenceSet.from_strings([], alphabet=DNA)
    matrix = ScoreMatrix(np.eye(4), DNA)
    assert best_sites([], none, both_strands=True).score.shape == (0, 0)
    assert best_sites([matrix], none, both_strands=True).score.shape == (1, 0)


def test_alphabets_must_agree():
    with pytest.raises(SeqcnnError, match="motif is over ACGT"):
        best_sites(
            [ScoreMatrix(np.eye(4), DNA)],
            SequenceSet.from_strings(["ACGU"], alphabet=RNA),
            both_strands=False,
        )
