import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, mannwhitneyu

from seqcnn.stats.rank_sum import rank_sum_log10_p

scores = st.lists(st.integers(0, 6), min_size=2, max_size=40).map(lambda x: np.array(x, float))


@given(scores, scores)
def test_equals_scipy(foreground, control):
    if len(set(foreground) | set(control)) == 1:
        assert rank_sum_log10_p(foreground, control) == 0.0
        return
    expected = mannwhitneyu(foreground, control, alternative="greater", method="asymptotic").pvalue
    assert 10 ** rank_sum_log10_p(foreground, control) == pytest.approx(min(expected, 1), rel=1e-9)


def test_one_stratum_is_no_stratum():
    rng = np.random.default_rng(0)
    x, y = rng.normal(1, 1, 30), rng.normal(0, 1, 40)
    ones = np.ones(30, int), np.ones(40, int)
    assert rank_sum_log10_p(x, y, *ones) == pytest.approx(rank_sum_log10_p(x, y))


def test_strata_take_a_confounder_out():
    rng = np.random.default_rng(1)
    p, crude = [], []
    for _ in range(200):
        strata = rng.random(100) < 0.8, rng.random(100) < 0.2
        x, y = (rng.normal(size=100) + 2 * s for s in strata)
        p.append(10 ** rank_sum_log10_p(x, y, *(s.astype(int) for s in strata)))
        crude.append(10 ** rank_sum_log10_p(x, y))
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.median(crude) < 0.01


def test_tiny_p_values_and_infinite_scores():
    x, y = np.arange(1e5, 2e5), np.full(100_000, -np.inf)
    log10_p = rank_sum_log10_p(x, y)
    assert -1e6 < log10_p < -10_000
    assert math.isfinite(log10_p)


def test_strata_without_one_of_the_sets_say_nothing():
    assert rank_sum_log10_p(np.ones(3), np.zeros(3), np.zeros(3, int), np.ones(3, int)) == 0.0
