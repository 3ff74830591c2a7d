from itertools import pairwise

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.prepare import (
    Threshold,
    WindowCount,
    count_windows,
    log10_q_of_scores,
    ready_motifs,
)
from seqcnn.motifs.pvalue import STEP, ScoreDistribution
from seqcnn.motifs.scan import log10_q_values
from seqcnn.seq.alphabet import DNA, PAD
from seqcnn.seq.background import MarkovBackground


def random_motifs(rng, widths):
    rows = [rng.dirichlet(np.full(4, 0.4), width) for width in widths]
    return [Motif(f"m{i}", ProbabilityMatrix(r, DNA)) for i, r in enumerate(rows)]


def ready(motifs, threshold, background=None, **options):
    return ready_motifs(motifs, DNA, background, threshold, both_strands=False, **options)


def test_windows_are_counted_as_by_hand():
    rng = np.random.default_rng(0)
    for _ in range(200):
        lengths = rng.integers(0, 12, rng.integers(0, 6))
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        codes = rng.integers(0, 4, offsets[-1]).astype(np.uint8)
        codes[rng.random(len(codes)) < rng.choice([0, 0.2, 0.8])] = rng.choice([4, 14, PAD])
        found = count_windows(codes, offsets, 4, range(1, 8))
        for width in range(1, 8):
            windows = [
                codes[start : start + width]
                for low, high in pairwise(offsets)
                for start in range(low, high - width + 1)
            ]
            plain = sum((window < 4).all() for window in windows)
            assert found[width] == WindowCount(plain, len(windows) - plain)


def test_q_values_of_counts_are_those_of_single_values():
    rng = np.random.default_rng(1)
    log10_p = np.sort(rng.uniform(-8, -2, 40))[::-1]
    counts = rng.integers(0, 5, 40)
    single = np.repeat(log10_p, counts)
    expected = log10_q_values(single, 10_000)
    found = np.repeat(log10_q_of_scores(log10_p, counts, 10_000), counts)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isfinite(log10_q_of_scores(np.array([-4000.0]), np.array([1]), 10**9)).all()


def test_thresholds_are_the_least_scores_that_pass():
    rng = np.random.default_rng(2)
    for motif in random_motifs(rng, [6, 8, 15]):
        distribution = ScoreDistribution.of(motif.matrix.to_scores())
        for p_value in (1.0, 0.1, 1e-3):
            (found,) = ready([motif], Threshold(p_value), pseudocount=0)
            expected = distribution.threshold(p_value)
            assert found.least * STEP == expected
            np.testing.assert_allclose(
                found.log10_p[0], distribution.log10_p_value(np.array(expected))
            )
            assert len(found.log10_p) == round((distribution.highest - expected) / STEP) + 1
        (found,) = ready([motif], Threshold(1.0, score=1.2345), pseudocount=0)
        assert found.least * STEP - 1.2345 == pytest.approx(STEP / 2, abs=STEP / 2)


def test_a_motif_that_reaches_no_threshold_is_looked_for_nowhere():
    short, long = random_motifs(np.random.default_rng(3), [4, 12])
    found = ready([short, long], Threshold(1e-4))
    assert [len(m.patterns) for m in found] == [0, 1]
    assert len(ready([long], Threshold(1e-4, score=99.0))[0].patterns) == 0


def test_raising_a_threshold_is_as_asking_for_it():
    (motif,) = random_motifs(np.random.default_rng(4), [10])
    (low,), (high,) = (ready([motif], Threshold(p)) for p in (1e-2, 1e-4))
    raised = low.above(high.least)
    assert raised.least == raised.patterns[0].least == high.least
    np.testing.assert_array_equal(raised.log10_p, high.log10_p)
    assert low.above(low.least - 10).least == low.least


def test_letters_that_depend_on_each_other_change_p_but_not_the_score():
    (motif,) = random_motifs(np.random.default_rng(5), [6])
    rows = np.random.default_rng(6).dirichlet(np.full(4, 3), 4)
    model = MarkovBackground(DNA, rows)
    shares = model.stationary
    plain, dependent = (ready([motif], Threshold(0.01), b)[0] for b in (shares, model))
    np.testing.assert_array_equal(plain.patterns[0].scores, dependent.patterns[0].scores)
    # all words, one by one
    scores = plain.patterns[0].scores
    words = np.indices((4,) * 6).reshape(6, -1)
    sums = scores[np.arange(6)[:, None], words].sum(0)
    chance = shares[words[0]] * np.prod([rows[words[i], words[i + 1]] for i in range(5)], axis=0)
    for k in (0, len(dependent.log10_p) - 1):
        expected = np.log10(chance[sums >= dependent.least + k].sum())
        assert dependent.log10_p[k] == pytest.approx(expected, rel=1e-9)


def test_bad_thresholds_are_refused():
    for options in ({"p_value": 0}, {"p_value": 1.5}, {"score": np.inf}):
        with pytest.raises(SeqcnnError, match=next(iter(options))):
            Threshold(**options)
