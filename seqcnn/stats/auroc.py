"""How well scores tell positives from negatives: areas, their intervals, curves, calibration."""

import math

import numpy as np
from numpy.typing import ArrayLike

from seqcnn.errors import SeqcnnError
from seqcnn.stats.intervals import Estimate, logit_interval, wilson

Weights = tuple[ArrayLike, ArrayLike]
"""How much each positive and each negative counts."""


def auroc(scores_pos: ArrayLike, scores_neg: ArrayLike, *, weights: Weights | None = None) -> float:
    """Compute the area under the ROC curve.

    It is the share of pairs in which the positive has the higher score; a tie is half a pair.

    Parameters
    ----------
    scores_pos, scores_neg
        float (n_pos,) and (n_neg,): scores of positives and negatives.
    weights
        float (n_pos,) and (n_neg,): how much each counts; None for all the same.

    Raises
    ------
    SeqcnnError
        One of them is empty or holds NaN.

    Examples
    --------
    >>> auroc([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    positives, negatives = _checked(scores_pos, scores_neg)
    if weights is None:
        return float(_share_below(positives, negatives).mean())
    below = _share_below(positives, negatives, np.asarray(weights[1], float))
    counts = np.asarray(weights[0], float)
    return min(float(counts @ below / counts.sum()), 1.0)


def auroc_interval(
    scores_pos: ArrayLike, scores_neg: ArrayLike, *, level: float = 0.95
) -> Estimate:
    """Compute the area under the ROC curve with its interval.

    The variance is that of DeLong et al. (1988, doi:10.2307/2531595) by sorting, in O(n log n)
    (Sun and Xu 2014, doi:10.1109/LSP.2014.2337313); the interval is laid on the logit scale. Where
    that variance is 0 or unknown (perfect separation, constant scores, a single positive) the
    interval is Wilson's for as many trials as the smaller class has members.

    Parameters
    ----------
    scores_pos, scores_neg
        As for `auroc`.
    level
        Confidence level.

    Raises
    ------
    SeqcnnError
        As `auroc`.

    Examples
    --------
    >>> area = auroc_interval([0.9, 0.8, 0.4], [0.5, 0.3, 0.1])
    >>> f"{area.value:.2f} ({area.low:.2f} to {area.high:.2f})"
    '0.89 (0.26 to 0.99)'
    """
    positives, negatives = _checked(scores_pos, scores_neg)
    of_positives = _share_below(positives, negatives)
    of_negatives = _share_below(negatives, positives)
    value = float(of_positives.mean())
    smaller = min(len(positives), len(negatives))
    if smaller > 1:
        variance = of_positives.var(ddof=1) / len(positives)
        variance += of_negatives.var(ddof=1) / len(negatives)
        if variance > 0:
            return logit_interval(value, math.sqrt(variance), level=level)
    return wilson(value * smaller, smaller, level=level)


def auprc(scores_pos: ArrayLike, scores_neg: ArrayLike, *, weights: Weights | None = None) -> float:
    """Compute the area under the precision-recall curve, as average precision.

    All sequences of one score enter together, so the result does not depend on their order.

    Parameters
    ----------
    scores_pos, scores_neg, weights
        As for `auroc`.

    Raises
    ------
    SeqcnnError
        As `auroc`.

    Examples
    --------
    >>> auprc([0.9, 0.5], [0.5, 0.1])
    0.8333333333333333
    """
    above_pos, above_neg = _counts_above(scores_pos, scores_neg, weights)
    # whole numbers are added up, so that perfect separation is exactly 1
    weighted = np.diff(above_pos, prepend=0) * above_pos / np.maximum(above_pos + above_neg, 1e-300)
    return float(weighted.sum() / above_pos[-1])


def auprc_interval(
    scores_pos: ArrayLike, scores_neg: ArrayLike, *, level: float = 0.95
) -> Estimate:
    """Compute the area under the precision-recall curve with its interval.

    The interval is the logit one of Boyd, Eng and Page (2013, doi:10.1007/978-3-642-40994-3_29):
    the area as a share of as many trials as there are positives. For an area of 1 it is Wilson's.

    Parameters
    ----------
    scores_pos, scores_neg
        As for `auroc`.
    level
        Confidence level.

    Raises
    ------
    SeqcnnError
        As `auroc`.
    """
    value, n_pos = auprc(scores_pos, scores_neg), np.size(scores_pos)
    if value == 1:
        return wilson(n_pos, n_pos, level=level)
    return logit_interval(value, math.sqrt(value * (1 - value) / n_pos), level=level)


def roc_curve(
    scores_pos: ArrayLike,
    scores_neg: ArrayLike,
    *,
    weights: Weights | None = None,
    points: int | None = 200,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the ROC curve, thinned for a drawing.

    Parameters
    ----------
    scores_pos, scores_neg, weights
        As for `auroc`.
    points
        Most points to keep, spread evenly along the curve; None keeps one for every score.

    Returns
    -------
    tuple of numpy.ndarray
        False positive rate and true positive rate, float (k,), from (0, 0) to (1, 1).

    Raises
    ------
    SeqcnnError
        As `auroc`.

    Examples
    --------
    >>> false_positives, true_positives = roc_curve([0.9, 0.5], [0.5, 0.1])
    >>> false_positives.tolist(), true_positives.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    above_pos, above_neg = _counts_above(scores_pos, scores_neg, weights)
    true_positives = np.concatenate([[0.0], above_pos / above_pos[-1]])
    false_positives = np.concatenate([[0.0], above_neg / above_neg[-1]])
    kept = _spread(true_positives + false_positives, points)
    return false_positives[kept], true_positives[kept]


def precision_recall_curve(
    scores_pos: ArrayLike,
    scores_neg: ArrayLike,
    *,
    weights: Weights | None = None,
    points: int | None = 200,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the precision-recall curve, thinned for a drawing.

    Parameters
    ----------
    scores_pos, scores_neg, weights
        As for `auroc`.
    points
        As for `roc_curve`, spread evenly over recall.

    Returns
    -------
    tuple of numpy.ndarray
        Recall, rising to 1, and precision, float (k,).

    Raises
    ------
    SeqcnnError
        As `auroc`.
    """
    above_pos, above_neg = _counts_above(scores_pos, scores_neg, weights)
    recall, precision = above_pos / above_pos[-1], above_pos / (above_pos + above_neg)
    kept = _spread(recall, points)
    return recall[kept], precision[kept]


def expected_calibration_error(
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    bins: int = 10,
) -> float:
    """Compute how far probabilities are from what happens, on average.

    Parameters
    ----------
    probabilities
        float (n,): predicted for the positive class.
    labels
        0 or 1, (n,).
    weights
        float (n,): how much each prediction counts, for instance so that both classes count alike;
        None for all the same.
    bins
        Bins of as nearly as possible equal numbers of predictions (Nguyen and O'Connor 2015).

    Returns
    -------
    float
        Mean over predictions of abs(mean probability - share of positives) of their bin.

    Raises
    ------
    SeqcnnError
        There are no predictions, or the two do not fit together.

    Examples
    --------
    >>> expected_calibration_error([0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], bins=2)
    0.0
    """
    predicted, happened = np.asarray(probabilities, float), np.asarray(labels, float)
    if predicted.shape != happened.shape or predicted.ndim != 1 or not predicted.size:
        raise SeqcnnError(
            f"`probabilities` and `labels` must be of one length, one or more, not of shapes "
            f"{predicted.shape} and {happened.shape}"
        )
    weight = np.ones(len(predicted)) if weights is None else np.asarray(weights, float)
    order = np.argsort(predicted, kind="stable")
    predicted, happened, weight = predicted[order], happened[order], weight[order]
    # equal predictions share their labels, or the result would depend on the order of the input
    _, which, sizes = np.unique(predicted, return_inverse=True, return_counts=True)
    total, hits = np.bincount(which, weight), np.bincount(which, weight * happened)
    gap = weight * (predicted - (hits / np.maximum(total, 1e-300)).repeat(sizes))
    parts = np.array_split(gap, min(bins, len(predicted)))
    return float(sum(abs(part.sum()) for part in parts) / weight.sum())


def _checked(scores_pos: ArrayLike, scores_neg: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    positives, negatives = np.asarray(scores_pos, float), np.asarray(scores_neg, float)
    for name, scores in (("scores_pos", positives), ("scores_neg", negatives)):
        if scores.ndim != 1 or not scores.size or np.isnan(scores).any():
            raise SeqcnnError(
                f"`{name}` must be one or more numbers in one dimension, NaN not among them; "
                f"it has shape {scores.shape} and {np.isnan(scores).sum()} NaN"
            )
    return positives, negatives


def _share_below(
    scores: np.ndarray, others: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """For each score the share of the others below it, ties counted as half."""
    order = np.argsort(others) if weights is not None else slice(None)
    ordered = others[order] if weights is not None else np.sort(others)
    below, up_to = (np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    if weights is None:
        return (below + up_to) / (2 * len(others))
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    return (total[below] + total[up_to]) / (2 * total[-1])


def _counts_above(
    scores_pos: ArrayLike, scores_neg: ArrayLike, weights: Weights | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives at or above each different score, from the highest down."""
    sets = _checked(scores_pos, scores_neg)
    thresholds = np.unique(np.concatenate(sets))[::-1]
    if weights is None:  # whole numbers
        above = [len(s) - np.searchsorted(np.sort(s), thresholds, "left") for s in sets]
        return above[0], above[1]
    above = []
    for scores, given in zip(sets, weights, strict=True):
        order = np.argsort(scores)
        total = np.concatenate([[0.0], np.cumsum(np.asarray(given, float)[order])])
        above.append(total[-1] - total[np.searchsorted(scores[order], thresholds, "left")])
    return above[0], above[1]


def _spread(places: np.ndarray, points: int | None) -> np.ndarray:
    """Choose points that lie about evenly along rising places, both ends among them."""
    if points is None or len(places) <= points:
        return np.arange(len(places))
    wanted = np.linspace(places[0], places[-1], points)
    inner = np.searchsorted(places, wanted[1:-1])
    return np.unique(np.concatenate([[0], inner, [len(places) - 1]]))
