"""Intervals by the bootstrap, of groups if examples hang together."""

import math
from collections.abc import Callable, Collection, Mapping

import numpy as np

from seqcnn.stats.intervals import Estimate


def bootstrap(
    statistic: Callable[[np.ndarray], Mapping[str, float]],
    groups: np.ndarray,
    *,
    repeats: int = 500,
    level: float = 0.95,
    seed: int = 0,
    biased: Collection[str] = (),
) -> dict[str, Estimate]:
    """Estimate statistics with percentile intervals (Efron 1979, doi:10.1214/aos/1176344552).

    Parameters
    ----------
    statistic
        Takes positions of examples, int64, and gives numbers by name.
    groups
        int (n,): groups are drawn, with all their examples (Field and Welsh 2007,
        doi:10.1111/j.1467-9868.2007.00593.x).
    repeats, level, seed
        Draws, confidence level, random start.
    biased
        Names of numbers that draws make larger than they are, such as a calibration error, which
        is never below 0: their draws are moved so that the mean is the value, and to 0 at least.

    Returns
    -------
    dict of Estimate
        Draws in which a number is not defined are left out of its interval.

    Examples
    --------
    >>> values = np.arange(100.0)
    >>> mean = bootstrap(lambda rows: {"mean": values[rows].mean()}, np.arange(100))["mean"]
    >>> 40 < mean.low < 46, mean.value, 53 < mean.high < 59
    (True, 49.5, True)
    """
    _, member = np.unique(groups, return_inverse=True)
    order = np.argsort(member, kind="stable")
    sizes = np.bincount(member)
    starts = np.cumsum(sizes) - sizes
    rng = np.random.default_rng(seed)
    found = statistic(np.arange(len(groups)))
    draws: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(repeats):
        drawn = rng.integers(0, len(sizes), len(sizes))
        if len(sizes) == len(groups):
            rows = order[drawn]
        else:
            rows = np.concatenate([order[starts[g] : starts[g] + sizes[g]] for g in drawn.tolist()])
        for name, value in statistic(rows).items():
            draws[name].append(value)
    tail = (1 - level) / 2
    return {
        name: _estimate(found[name], draws[name], tail, biased=name in biased) for name in found
    }


def _estimate(value: float, draws: list[float], tail: float, *, biased: bool) -> Estimate:
    value, defined = float(value), np.array(draws)[np.isfinite(draws)] if draws else np.zeros(0)
    if not len(defined):
        return Estimate(value, math.nan, math.nan)
    if biased:
        defined = np.maximum(defined + value - defined.mean(), 0.0)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))
