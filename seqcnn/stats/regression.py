"""How well predicted numbers agree with measured ones."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy
from scipy.stats import rankdata


def pearson(
    predicted: ArrayLike, measured: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the linear correlation; NaN where either is constant.

    Parameters
    ----------
    predicted, measured
        float (n,).
    weights
        float (n,): how much each counts; None for all the same.

    Examples
    --------
    >>> round(pearson([1, 2, 3], [2, 4, 6.5]), 3)
    0.998
    """
    x, y, share = _checked(predicted, measured, weights)
    x, y = x[share > 0], y[share > 0]
    share = share[share > 0]
    if not len(x) or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    x, y = x - share @ x, y - share @ y
    return float((share * x) @ y / math.sqrt(((share * x) @ x) * ((share * y) @ y)))


def spearman(
    predicted: ArrayLike, measured: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the correlation of ranks, ties sharing theirs; NaN where either is constant.

    Parameters
    ----------
    predicted, measured, weights
        As for `pearson`; with weights ranks are those of examples repeated so often.

    Examples
    --------
    >>> round(spearman([1, 2, 3], [1, 10, 100]), 9)
    1.0
    """
    if weights is None:
        return pearson(rankdata(predicted), rankdata(measured))
    ranks = (_weighted_ranks(values, weights) for values in (predicted, measured))
    return pearson(*ranks, weights=weights)


def r_squared(
    predicted: ArrayLike, measured: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the share of variance that is explained; below 0 the mean is the better guess.

    Parameters
    ----------
    predicted, measured, weights
        As for `pearson`.

    Examples
    --------
    >>> r_squared([2, 2, 2], [1, 2, 3])
    0.0
    """
    x, y, share = _checked(predicted, measured, weights)
    total = share @ (y - share @ y) ** 2
    varies = np.ptp(y[share > 0]) > 0 if share.any() else False
    return float(1 - share @ (y - x) ** 2 / total) if varies else math.nan


def deviance_explained(
    rates: ArrayLike, counts: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the share of the Poisson deviance that is explained (Cameron and Windmeijer 1996).

    Below 0 the mean is the better guess (doi:10.1080/07350015.1996.10524648).

    Parameters
    ----------
    rates
        float (n,): expected counts, above 0.
    counts
        float (n,): 0 or more.
    weights
        As for `pearson`.

    Examples
    --------
    >>> deviance_explained([2, 2, 2], [1, 2, 3]), deviance_explained([1, 2, 3], [1, 2, 3])
    (0.0, 1.0)
    """
    rate, count, share = _checked(rates, counts, weights)
    rate = np.maximum(rate, 1e-300)

    def deviance(expected: np.ndarray) -> float:
        return float(share @ (xlogy(count, count) - xlogy(count, expected) - count + expected))

    total = deviance(np.full_like(rate, max(float(share @ count), 1e-300)))
    return 1 - deviance(rate) / total if total > 1e-12 else math.nan


def root_mean_squared_error(
    predicted: ArrayLike, measured: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the root of the mean squared error; arguments as for `pearson`."""
    x, y, share = _checked(predicted, measured, weights)
    return float(np.sqrt(share @ (x - y) ** 2))


def _checked(
    predicted: ArrayLike, measured: ArrayLike, weights: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give both as float64, and how much each counts, which sums to 1."""
    x, y = np.asarray(predicted, float), np.asarray(measured, float)
    weight = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    return x, y, weight / max(weight.sum(), 1e-300)


def _weighted_ranks(values: ArrayLike, weights: ArrayLike) -> np.ndarray:
    """Rank by the weight that lies below, and half of that of equals."""
    _, which = np.unique(np.asarray(values, float), return_inverse=True)
    total = np.bincount(which, np.asarray(weights, float))
    return (np.cumsum(total) - total / 2)[which]
