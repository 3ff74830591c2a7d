import math

import numpy as np
import pytest
from scipy.stats import kstest, norm

from seqcnn.stats.best_of_many import best_of_many_log10_p, bin_correlations, nested_correlations

SHARES = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])


def corrected(level, correlations):
    return 10 ** best_of_many_log10_p(float(norm.logsf(level)) / math.log(10), correlations)


@pytest.mark.parametrize("correlations", [nested_correlations(SHARES), bin_correlations(20)])
@pytest.mark.parametrize("level", [0.5, 1.0, 2.0, 2.6])
def test_equals_simulation(correlations, level):
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(np.zeros(len(correlations)), correlations, size=200_000)
    expected = (draws.max(1) > level).mean()
    error = math.sqrt(expected * (1 - expected) / len(draws))
    assert abs(corrected(level, correlations) - expected) < 4 * error + 0.02 * expected


def test_nested_correlations_are_those_of_counts():
    counts = np.random.default_rng(0).uniform(size=(20_000, 30))
    in_windows = np.stack([(counts < f).sum(1) for f in (0.1, 0.3, 0.7)], axis=1)
    seen = np.corrcoef(in_windows.T)
    assert np.abs(seen - nested_correlations(np.array([0.1, 0.3, 0.7]))).max() < 0.03


def test_independent_tests_give_sidak():
    p = corrected(2.5, np.eye(10))
    assert p == pytest.approx(1 - (1 - norm.sf(2.5)) ** 10, rel=0.02)


def test_equal_tests_count_once():
    assert corrected(3.0, np.ones((5, 5))) == pytest.approx(norm.sf(3.0), rel=1e-6)


@pytest.mark.parametrize("log10_p", [-20.0, -400.0, -5000.0])
def test_never_more_than_bonferroni(log10_p):
    best = best_of_many_log10_p(log10_p, nested_correlations(SHARES))
    assert log10_p < best <= log10_p + math.log10(len(SHARES))


def test_certain_stays_certain():
    assert best_of_many_log10_p(0.0, np.eye(4)) == 0.0


def test_uniform_in_uniform_out():
    rng = np.random.default_rng(5)
    correlations = nested_correlations(SHARES)
    draws = rng.multivariate_normal(np.zeros(len(SHARES)), correlations, size=500).max(1)
    p = [corrected(level, correlations) for level in draws]
    assert kstest(p, "uniform").pvalue > 0.01
