"""Whether scores of one set are higher than those of another, by their ranks alone."""

import math

import numpy as np
from scipy.stats import norm, rankdata


def rank_sum_log10_p(
    foreground: np.ndarray,
    control: np.ndarray,
    strata: np.ndarray | None = None,
    control_strata: np.ndarray | None = None,
) -> float:
    """Ask whether the foreground scores higher (Wilcoxon 1945, Mann and Whitney 1947).

    Within strata, rank sums are added with the weights of van Elteren (1960). The distribution is
    taken as normal, with half a rank for continuity, and its variance allows for ties.

    Parameters
    ----------
    foreground, control
        float (n,) and (m,).
    strata, control_strata
        int (n,) and (m,): what is compared with what; by default everything with everything.

    Returns
    -------
    float
        log10 of the one-sided p-value; 0 if no stratum has both, or all scores are equal.

    Examples
    --------
    >>> round(10 ** rank_sum_log10_p(np.array([3.0, 4, 5]), np.array([0.0, 1, 2])), 4)
    0.0404
    """
    if strata is None or control_strata is None:
        strata, control_strata = (np.zeros(len(s), int) for s in (foreground, control))
    excess = variance = half_rank = 0.0
    for stratum in np.intersect1d(strata, control_strata):
        own, other = foreground[strata == stratum], control[control_strata == stratum]
        weight = 1 / (len(own) + len(other) + 1)
        over, spread = _excess_and_variance(own, other)
        excess += weight * over
        variance += weight**2 * spread
        half_rank = max(half_rank, weight / 2)
    if variance <= 0:
        return 0.0
    return float(norm.logsf((excess - half_rank) / math.sqrt(variance)) / math.log(10))


def _excess_and_variance(own: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Rank sum of the first beyond its expectation, and the variance of that."""
    n, m = len(own), len(other)
    both = np.concatenate([own, other])
    ranks = rankdata(both)
    _, ties = np.unique(both, return_counts=True)
    tied = (ties.astype(float) ** 3 - ties).sum() / max((n + m) * (n + m - 1), 1)
    return float(ranks[:n].sum() - n * (n + m + 1) / 2), n * m / 12 * (n + m + 1 - tied)
