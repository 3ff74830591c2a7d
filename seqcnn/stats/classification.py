"""How well probabilities and decisions agree with what happened."""

import math

import numpy as np
from numpy.typing import ArrayLike

from seqcnn.errors import SeqcnnError
from seqcnn.stats.auroc import expected_calibration_error

NEWTON_STEPS = 50
"""More than enough for a convex loss with two parameters."""


def accuracy(predicted: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Compute the share of predictions that are right.

    Parameters
    ----------
    predicted, labels
        Classes, (n,).
    weights
        float (n,): how much each counts; None for all the same.

    Examples
    --------
    >>> accuracy([0, 2, 1, 1], [0, 2, 1, 0])
    0.75
    """
    return _mean(np.asarray(predicted) == np.asarray(labels), weights)


def matthews(predicted: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Compute the correlation of predicted and true classes, two or more.

    Matthews 1975, doi:10.1016/0005-2795(75)90109-9; for several classes Gorodkin 2004,
    doi:10.1016/j.compbiolchem.2004.09.006. It is 0 where either has one class only.

    Parameters
    ----------
    predicted, labels, weights
        As for `accuracy`.

    Examples
    --------
    >>> matthews([1, 1, 0, 0], [1, 1, 0, 0]), matthews([1, 1, 1, 1], [1, 1, 0, 0])
    (1.0, 0.0)
    """
    first, second = np.asarray(predicted), np.asarray(labels)
    classes = np.union1d(first, second)
    one = first[:, None] == classes
    two = second[:, None] == classes
    share = _shares(len(first), weights)
    shares_one, shares_two = share @ one, share @ two
    covariance = (share @ (one & two)).sum() - shares_one @ shares_two
    product = (1 - shares_one @ shares_one) * (1 - shares_two @ shares_two)
    return float(covariance / math.sqrt(product)) if product > 1e-24 else 0.0


def f1(predicted: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Compute the harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn).

    NaN if nothing is positive, neither of the predictions nor of the labels.

    Parameters
    ----------
    predicted, labels
        bool (n,).
    weights
        As for `accuracy`.

    Examples
    --------
    >>> f1([1, 1, 0], [1, 0, 0])
    0.6666666666666666
    """
    first, second = np.asarray(predicted, bool), np.asarray(labels, bool)
    share = _shares(len(first), weights)
    named = share @ first + share @ second
    return float(2 * (share @ (first & second)) / named) if named > 0 else math.nan


def confusion(
    predicted: ArrayLike, labels: ArrayLike, classes: int, *, weights: ArrayLike | None = None
) -> np.ndarray:
    """Count which class was taken for which, float64 (classes, classes): labels are the rows.

    Parameters
    ----------
    predicted, labels
        int (n,), numbers of classes.
    classes
        How many there are.
    weights
        As for `accuracy`; None to count each once.

    Examples
    --------
    >>> confusion([0, 1, 1], [0, 0, 1], 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    table = np.zeros((classes, classes))
    each = np.ones(len(np.asarray(labels))) if weights is None else np.asarray(weights, float)
    np.add.at(table, (np.asarray(labels, int), np.asarray(predicted, int)), each)
    return table


def brier(
    probabilities: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Compute the mean squared error of probabilities (Brier 1950).

    Parameters
    ----------
    probabilities
        float (n,), or (n, classes) for the sum over classes.
    labels
        0 or 1, of the same shape.
    weights
        As for `accuracy`.

    Examples
    --------
    >>> brier([0.5, 1.0], [1, 1])
    0.125
    """
    error = (np.asarray(probabilities, float) - np.asarray(labels, float)) ** 2
    return _mean(error.reshape(len(error), -1).sum(1), weights)


def calibration_line(
    probabilities: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None
) -> tuple[float, float]:
    """Compute calibration slope and intercept (Cox 1958; Van Calster 2016).

    Parameters
    ----------
    probabilities
        float (n,), from 0 to 1.
    labels
        0 or 1, (n,).
    weights
        As for `accuracy`.

    Returns
    -------
    slope : float
        Of the log-odds of the probabilities in a logistic regression of the labels: below 1 the
        probabilities are too extreme.
    intercept : float
        Of such a regression with slope 1: above 0 the probabilities are too low.

    Raises
    ------
    SeqcnnError
        There is one class only.
    """
    happened = np.asarray(labels, float)
    if not 0 < happened.mean() < 1:
        raise SeqcnnError("calibration of one class only cannot be told: give both")
    p = np.clip(np.asarray(probabilities, float), 1e-12, 1 - 1e-12)
    z = np.log(p) - np.log1p(-p)
    ones, share = np.ones_like(z), _shares(len(z), weights)
    slope = _logistic_fit(np.column_stack([z, ones]), np.zeros_like(z), happened, share)[0]
    intercept = _logistic_fit(ones[:, None], z, happened, share)[0]
    return float(slope), float(intercept)


def calibration_error_limit(
    probabilities: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    bins: int = 10,
    level: float = 0.95,
    repeats: int = 500,
    seed: int = 0,
) -> float:
    """Compute the calibration error that perfect probabilities stay below.

    Labels are drawn from the probabilities themselves: a larger error of the true labels is
    more than chance (Bröcker and Smith 2007, doi:10.1175/WAF993.1).

    Parameters
    ----------
    probabilities
        float (n,).
    weights, bins
        As for `expected_calibration_error`.
    level
        Quantile that is given.
    repeats, seed
        Draws of all labels, and their random start.
    """
    p, rng = np.asarray(probabilities, float), np.random.default_rng(seed)
    drawn = [
        expected_calibration_error(p, rng.random(len(p)) < p, weights=weights, bins=bins)
        for _ in range(repeats)
    ]
    return float(np.quantile(drawn, level))


def _shares(number: int, weights: ArrayLike | None) -> np.ndarray:
    """Tell how much each of some examples counts, as shares that sum to 1."""
    weight = np.ones(number) if weights is None else np.asarray(weights, float)
    return weight / max(weight.sum(), 1e-300)


def _mean(values: np.ndarray, weights: ArrayLike | None) -> float:
    return float(values.mean() if weights is None else _shares(len(values), weights) @ values)


def _logistic_fit(
    design: np.ndarray, offset: np.ndarray, labels: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Fit by Newton's method with halved steps, so that it cannot run away."""

    def loss(weights: np.ndarray) -> float:
        z = design @ weights + offset
        return float(share @ (np.logaddexp(0, z) - labels * z)) + 1e-9 * float(weights @ weights)

    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        z = design @ weights + offset
        p = 0.5 * (1 + np.tanh(z / 2))
        gradient = design.T @ (share * (p - labels)) + 2e-9 * weights
        curvature = (design * (share * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + 2e-9 * np.eye(len(weights)), gradient)
        scale, before = 1.0, loss(weights)
        while loss(weights - scale * step) > before and scale > 1e-9:
            scale /= 2
        weights = weights - scale * step
        if np.abs(scale * step).max() < 1e-12:
            break
    return weights
