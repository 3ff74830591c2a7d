"""Several counts of the same points tested, the best one kept: what its p-value is worth."""

import math
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

DRAWS = 10_000
"""Random vectors for one estimate; its relative error is then below 1 %."""

STEP, LOWEST, HIGHEST = 0.25, -4.0, 12.0
"""Grid of levels. Beyond the highest, the correction hardly changes any more."""


def nested_correlations(shares: np.ndarray) -> np.ndarray:
    """Correlations of the counts in nested windows, each with its share of the points.

    Parameters
    ----------
    shares
        float (windows,): from 0.01 to 0.99, and rounded to two decimals, which is close enough.

    Returns
    -------
    numpy.ndarray
        float64 (windows, windows): those of a Brownian bridge.
    """
    shares = np.round(shares, 2).clip(0.01, 0.99)
    inner, outer = (f.outer(shares, shares) for f in (np.minimum, np.maximum))
    return np.sqrt(inner * (1 - outer) / (outer * (1 - inner)))


def bin_correlations(bins: int) -> np.ndarray:
    """Correlations of the counts in bins of equal shares, float64 (bins, bins)."""
    return np.where(np.eye(bins) == 1, 1.0, -1 / (bins - 1))


def best_of_many_log10_p(log10_p: float, correlations: np.ndarray) -> float:
    """Correct the smallest of several p-values for the choice among them.

    The standardised counts are taken as normal with these correlations. The probability that the
    largest exceeds a level is then the sum over all counts, as Bonferroni's, divided by the
    (harmonic) mean number of those that exceed it together with one that does (Adler, Blanchet and
    Liu 2012, doi:10.1214/11-AAP792). So many similar counts cost little more than one.

    Parameters
    ----------
    log10_p
        The smallest of the one-sided p-values.
    correlations
        float (tests, tests).

    Returns
    -------
    float
        log10 of the corrected p-value.

    Examples
    --------
    >>> best = best_of_many_log10_p(-3.0, nested_correlations(np.array([0.2, 0.22])))
    >>> -3 < best < -3 + math.log10(2)
    True
    """
    level = -float(ndtri_exp(log10_p * math.log(10))) if log10_p < 0 else LOWEST
    level = min(max(level, LOWEST), HIGHEST)
    low = min(math.floor(level / STEP) * STEP, HIGHEST - STEP)
    matrix = np.asarray(correlations, np.float64).tobytes()
    logs = [_log_number(x, matrix) for x in (low, low + STEP)]
    return min(0.0, log10_p + float(np.interp(level, (low, low + STEP), logs)) / math.log(10))


@lru_cache(4096)
def _log_number(level: float, matrix: bytes) -> float:
    """Natural log of how many times likelier the largest exceeds a level than a single one."""
    draws = _normal_draws(matrix)
    tests = draws.shape[1]
    correlations = np.frombuffer(matrix).reshape(tests, tests)
    # each in turn is put beyond the level, and the others follow as far as they are correlated
    given = np.arange(DRAWS) % tests
    upper_tail = (np.random.default_rng(1).permutation(DRAWS) + 0.5) / DRAWS
    beyond = -ndtri_exp(np.log(upper_tail) + log_ndtr(-level))
    moved = beyond - draws[np.arange(DRAWS), given]
    together = (draws + moved[:, None] * correlations[given] >= level - 1e-9).sum(1)
    return math.log(tests * np.mean(1 / together))


@lru_cache(64)
def _normal_draws(matrix: bytes) -> np.ndarray:
    """Draw normal vectors with some correlations, float64 (DRAWS, tests)."""
    tests = math.isqrt(len(matrix) // 8)
    values, vectors = np.linalg.eigh(np.frombuffer(matrix).reshape(tests, tests))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.random.default_rng(0).normal(size=(DRAWS, tests)) @ root.T
