"""How well predicted numbers agree with measured ones."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata


def pearson(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Compute the linear correlation; NaN where either is constant.

    Examples
    --------
    >>> round(pearson([1, 2, 3], [2, 4, 6.5]), 3)
    0.998
    """
    x, y = np.asarray(predicted, float), np.asarray(measured, float)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


def spearman(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Compute the correlation of ranks, ties sharing theirs; NaN where either is constant.

    Examples
    --------
    >>> round(spearman([1, 2, 3], [1, 10, 100]), 9)
    1.0
    """
    return pearson(rankdata(predicted), rankdata(measured))


def r_squared(predicted: ArrayLike, measured: ArrayLike) -> float:
    """Compute the share of variance that is explained; below 0 the mean is the better guess.

    Examples
    --------
    >>> r_squared([2, 2, 2], [1, 2, 3])
    0.0
    """
    x, y = np.asarray(predicted, float), np.asarray(measured, float)
    total = ((y - y.mean()) ** 2).sum()
    return float(1 - ((y - x) ** 2).sum() / total) if total > 0 else math.nan
