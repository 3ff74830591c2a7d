"""Scores of masks from counts of pixels, averaged over classes and pictures in several ways."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.stats.segmentation import IGNORED, PixelCounts, count_pixels

Reduction = Literal[
    "micro", "macro", "weighted", "micro-imagewise", "macro-imagewise", "weighted-imagewise"
]

REDUCTIONS = (
    "micro", "macro", "weighted", "micro-imagewise", "macro-imagewise", "weighted-imagewise"
)  # fmt: skip


def get_stats(
    predicted: np.ndarray,
    truth: np.ndarray,
    mode: Literal["binary", "multiclass", "multilabel"] = "multiclass",
    *,
    classes: int | None = None,
    threshold: float = 0.5,
    ignored: int = IGNORED,
) -> PixelCounts:
    """Count true and false positives and negatives of each picture and class.

    Parameters
    ----------
    predicted, truth
        Of ``"multiclass"`` int (n, *space), numbers of classes; of ``"multilabel"`` (n, *space,
        classes), of ``"binary"`` (n, *space) or (n, *space, 1): what is predicted may be
        probabilities, what is true is 0 or 1.
    mode
        What the numbers mean.
    classes
        How many, of ``"multiclass"``.
    threshold
        Probabilities from here on mean yes.
    ignored
        Where `truth` is this, nothing is counted.

    Raises
    ------
    SeqcnnError
        The shapes differ, a value is out of range, or `classes` is missing.

    Examples
    --------
    >>> get_stats(np.array([[0.9, 0.2, 0.7]]), np.array([[1, 1, 255]]), "binary").fn.tolist()
    [[1]]
    """
    if mode == "multiclass":
        if classes is None:
            raise SeqcnnError("`classes` is missing: say how many classes there are")
        return count_pixels(predicted, truth, classes, ignored=ignored)
    if predicted.shape != truth.shape:
        raise SeqcnnError(f"masks differ in shape: {predicted.shape} and {truth.shape}")
    known = truth != ignored
    if not np.isin(truth[known], (0, 1)).all():
        raise SeqcnnError(f"`truth` of mode {mode!r} must be 0, 1, or {ignored} where not known")
    columns = truth.shape[-1] if mode == "multilabel" else 1
    yes, true = predicted >= threshold, truth == 1
    rows = (
        (part & known).reshape(len(truth), -1, columns).sum(axis=1)
        for part in (yes & true, yes & ~true, ~yes & true, ~yes & ~true)
    )
    return PixelCounts(*rows)


def fbeta_score(
    counts: PixelCounts,
    reduction: Reduction | None = None,
    *,
    beta: float = 1.0,
    class_weights: Sequence[float] | None = None,
    zero_division: float = 1.0,
) -> np.ndarray:
    """Compute the weighted harmonic mean of precision and recall.

    Parameters
    ----------
    counts
        As `get_stats` gives.
    reduction
        ``"micro"`` adds up the counts of all pictures and classes; ``"macro"`` those of all
        pictures, and averages over the classes; ``"weighted"`` does so by `class_weights`. With
        ``"-imagewise"`` behind it each picture is scored, and the scores are averaged. None for
        no average.
    beta
        How many times more recall counts.
    class_weights
        For the weighted averages.
    zero_division
        What 0 / 0 is: a class that is neither there nor predicted.

    Returns
    -------
    numpy.ndarray
        float64, a scalar array; without reduction (n, classes).

    Raises
    ------
    SeqcnnError
        The reduction is unknown, or its weights are missing.

    Notes
    -----
    Equal to the function of that name in segmentation_models.pytorch 0.6, but for
    ``"weighted-imagewise"``: there the weighted sum is divided by the number of classes once more.
    """
    ratio = _fbeta(beta)
    return _reduced(ratio, counts, reduction, class_weights, zero_division)


def f1_score(counts: PixelCounts, reduction: Reduction | None = None, **how: Any) -> np.ndarray:
    """Compute the Dice coefficient; parameters as of `fbeta_score`.

    Examples
    --------
    >>> counts = get_stats(np.array([[1, 1, 0]]), np.array([[1, 0, 0]]), classes=2)
    >>> float(f1_score(counts, "micro")), float(iou_score(counts, "micro"))
    (0.6666666666666666, 0.5)
    """
    return score_masks("f1_score", counts, reduction, **how)


def iou_score(counts: PixelCounts, reduction: Reduction | None = None, **how: Any) -> np.ndarray:
    """Compute the intersection over union; parameters as of `fbeta_score`."""
    return score_masks("iou_score", counts, reduction, **how)


def score_masks(
    name: str,
    counts: PixelCounts,
    reduction: Reduction | None = None,
    *,
    class_weights: Sequence[float] | None = None,
    zero_division: float = 1.0,
) -> np.ndarray:
    """Compute one of `SCORES` by its name; parameters as of `fbeta_score`.

    Raises
    ------
    SeqcnnError
        There is no such score, or as for `fbeta_score`.
    """
    if name not in SCORES:
        raise SeqcnnError(f"there is no score {name!r}: choose one of {', '.join(SCORES)}")
    return _reduced(SCORES[name], counts, reduction, class_weights, zero_division)


def _reduced(
    score: Callable[[PixelCounts], np.ndarray],
    counts: PixelCounts,
    reduction: Reduction | None,
    class_weights: Sequence[float] | None,
    zero_division: float,
) -> np.ndarray:
    if reduction is not None and reduction not in REDUCTIONS:
        raise SeqcnnError(
            f"`reduction` must be one of {', '.join(REDUCTIONS)}, or None, not {reduction!r}"
        )
    shares = np.ones(counts.tp.shape[1])
    if reduction is not None and reduction.startswith("weighted"):
        if class_weights is None or len(class_weights) != len(shares):
            raise SeqcnnError(f"`class_weights` of {reduction!r} must be {len(shares)} numbers")
        shares = np.asarray(class_weights, float)
    if reduction in ("macro", "weighted"):
        counts = counts.pooled()
    elif reduction == "micro":
        counts = PixelCounts(*(part.sum(keepdims=True) for part in counts))
    elif reduction == "micro-imagewise":
        counts = PixelCounts(*(part.sum(axis=1, keepdims=True) for part in counts))
    values = score(counts)
    values = np.where(np.isnan(values), zero_division, values)
    if reduction is None:
        return values
    if reduction.startswith("micro"):
        return values.mean()
    return (values.mean(axis=0) * shares).sum() / shares.sum()


def _fbeta(beta: float) -> Callable[[PixelCounts], np.ndarray]:
    square = beta**2

    def score(c: PixelCounts) -> np.ndarray:
        return _ratio((1 + square) * c.tp, (1 + square) * c.tp + square * c.fn + c.fp)

    return score


def _sensitivity(c: PixelCounts) -> np.ndarray:
    return _ratio(c.tp, c.tp + c.fn)


def _specificity(c: PixelCounts) -> np.ndarray:
    return _ratio(c.tn, c.tn + c.fp)


SCORES: dict[str, Callable[[PixelCounts], np.ndarray]] = {
    "iou_score": lambda c: _ratio(c.tp, c.tp + c.fp + c.fn),
    "f1_score": _fbeta(1.0),
    "accuracy": lambda c: _ratio(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn),
    "balanced_accuracy": lambda c: (_sensitivity(c) + _specificity(c)) / 2,
    "sensitivity": _sensitivity,
    "specificity": _specificity,
    "positive_predictive_value": lambda c: _ratio(c.tp, c.tp + c.fp),
    "negative_predictive_value": lambda c: _ratio(c.tn, c.tn + c.fn),
}
"""By name, what is computed from counts: float64 of their shape, NaN for 0 / 0."""


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    below = np.asarray(below, float)
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
