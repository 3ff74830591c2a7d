import math

import numpy as np
import pytest
from scipy.stats import binom, kstest

from seqcnn.motifs.best import best_sites
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.position import SHARES, _central_windows, bin_enrichment, central_enrichment
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet

WORD = ProbabilityMatrix(np.eye(4)[[1, 0, 2, 2, 0, 3]], DNA)


def random_rows(rng, number, length):
    return rng.integers(0, 4, (number, length)).astype(np.uint8)


def uniform_sites(rng, lengths, width):
    return rng.integers(0, lengths - width + 1)


@pytest.mark.parametrize("width", [6, 9])
@pytest.mark.parametrize("lengths", [[100], [101], [60, 61, 99, 140]])
def test_windows_hold_the_share_that_they_say(width, lengths):
    lengths = np.repeat(lengths, 250)
    reach, shares = _central_windows(width, lengths)
    assert len(reach) > 5
    for far, share in zip(reach, shares, strict=True):
        inside = [
            np.mean([abs(start + width / 2 - n / 2) <= far / 2 for start in range(n - width + 1)])
            for n in lengths.tolist()
        ]
        assert share == pytest.approx(np.mean(inside))


def test_sites_planted_at_the_centre_are_found():
    rng = np.random.default_rng(0)
    codes = random_rows(rng, 600, 100)
    planted = rng.permutation(600)[:120]
    starts = rng.integers(42, 53, 120)
    for row, start in zip(planted, starts, strict=True):
        codes[row, start : start + 6] = [1, 0, 2, 2, 0, 3]
    sequences = SequenceSet.from_arrays(list(codes), alphabet=DNA)
    sites = best_sites([WORD.to_scores()], sequences, both_strands=True)
    hit = sites.score[0] == sites.score[0].max()
    found = central_enrichment(sites.start[0, hit], 6, sequences.lengths[hit])
    assert found.sites == hit.sum()
    assert found.log10_p < -20
    assert 8 <= found.width <= 25
    assert found.hits > 3 * found.expected
    bins = bin_enrichment(sites.start[0, hit], 6, sequences.lengths[hit])
    assert bins.best in (8, 9, 10, 11)
    assert bins.best_log10_p < -10


def test_hits_are_the_sites_whose_middle_letter_lies_in_the_window():
    rng = np.random.default_rng(4)
    start = np.concatenate([uniform_sites(rng, np.full(300, 101), 9), rng.integers(36, 57, 200)])
    found = central_enrichment(start, 9, np.full(500, 101))
    inside = np.arange(101)[50 - found.width // 2 : 51 + found.width // 2]
    assert len(inside) == found.width
    assert found.hits == np.isin(start + 4, inside).sum()
    assert found.expected == pytest.approx(500 * found.width / 93)
    assert 15 <= found.width <= 31


def test_sites_at_one_end_are_found_by_bins_alone():
    start = np.concatenate([np.arange(0, 90), np.zeros(60, int)])
    lengths = np.full(150, 100)
    bins = bin_enrichment(start, 10, lengths)
    assert bins.best == 0
    assert bins.best_log10_p < -20
    assert central_enrichment(start, 10, lengths).log10_p > -1


def p_values(test, runs=300, **kwargs):
    rng = np.random.default_rng(3)
    return [10 ** test(rng, **kwargs) for _ in range(runs)]


@pytest.mark.parametrize(
    ("number", "lengths", "width"), [(400, 100, 10), (1000, 101, 8), (150, 201, 15)]
)
def test_uniform_sites_have_uniform_p_values(number, lengths, width):
    def central(rng):
        every = np.full(number, lengths)
        return central_enrichment(uniform_sites(rng, every, width), width, every).log10_p

    def best_bin(rng):
        every = np.full(number, lengths)
        return bin_enrichment(uniform_sites(rng, every, width), width, every).best_log10_p

    for test in (central, best_bin):
        assert kstest(p_values(test), "uniform").pvalue > 0.01


def test_uniform_sites_in_sequences_of_many_lengths():
    def central(rng):
        lengths = rng.integers(60, 400, 500)
        return central_enrichment(uniform_sites(rng, lengths, 10), 10, lengths).log10_p

    found = np.array(p_values(central))
    # the binomial is wider than the truth: p may be too large, never too small
    for level in (0.01, 0.05, 0.2):
        assert (found <= level).mean() < level + 3 * math.sqrt(level / len(found))


def test_best_sites_of_random_sequences_have_uniform_p_values():
    """Many sequences hold a short word several times: the first of equals would lie left."""
    rng = np.random.default_rng(8)
    matrix = ProbabilityMatrix(np.eye(4)[[0, 1, 2]], DNA).to_scores()
    central, bins, left = [], [], []
    for run in range(120):
        sequences = SequenceSet.from_arrays(list(random_rows(rng, 200, 101)), alphabet=DNA)
        sites = best_sites([matrix], sequences, both_strands=True, seed=run)
        hit = sites.score[0] == sites.score.max()
        args = sites.start[0, hit], 3, sequences.lengths[hit]
        central.append(10 ** central_enrichment(*args).log10_p)
        bins.append(10 ** bin_enrichment(*args).best_log10_p)
        left.append((args[0] < 49).mean())
    assert kstest(central, "uniform").pvalue > 0.01
    assert kstest(bins, "uniform").pvalue > 0.01
    assert abs(np.mean(left) - 49 / 99) < 0.02


def test_the_p_value_of_a_bin_is_binomial():
    start = np.array([0, 1, 2, 3, 4, 50, 60, 70])
    bins = bin_enrichment(start, 1, np.full(8, 100))
    assert bins.hits.tolist()[0] == 5
    assert bins.expected[0] == pytest.approx(8 / 20)
    assert 10 ** bins.log10_p[0] == pytest.approx(binom.sf(4, 8, 1 / 20))


def test_the_order_of_sequences_means_nothing():
    rng = np.random.default_rng(4)
    lengths = rng.integers(50, 150, 300)
    start = uniform_sites(rng, lengths, 8)
    order = rng.permutation(300)
    assert central_enrichment(start, 8, lengths) == central_enrichment(
        start[order], 8, lengths[order]
    )


def test_p_values_below_a_float():
    lengths = np.full(4000, 501)
    found = central_enrichment(np.full(4000, 245), 11, lengths)
    assert found.hits == 4000
    assert found.width < 0.05 * 501
    assert -8000 < found.log10_p < -4000 * -math.log10(SHARES[2])


@pytest.mark.parametrize(("number", "length"), [(0, 100), (3, 100), (50, 10)])
def test_too_little_to_test(number, length):
    lengths = np.full(number, length)
    found = central_enrichment(np.zeros(number, int), 10, lengths)
    assert math.isnan(found.log10_p)
    assert found.sites == number
