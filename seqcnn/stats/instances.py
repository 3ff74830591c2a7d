"""How well single objects are found: instances matched one to one by their overlap."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from seqcnn.errors import SeqcnnError


class InstanceScore(NamedTuple):
    """Objects that were found and missed.

    Parameters
    ----------
    tp, fp, fn
        Matched; predicted without a match; true without a match.
    f1
        2 tp / (2 tp + fp + fn); NaN where there is no object at all.
    mean_iou
        Of the matched ones; NaN if there are none.
    """

    tp: int
    fp: int
    fn: int
    f1: float
    mean_iou: float


def overlap_table(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Compute the intersection over union of all pairs of instances.

    Parameters
    ----------
    predicted, truth
        int (*space): 0 is the ground, each other number an object.

    Returns
    -------
    numpy.ndarray
        float64 (predicted objects, true objects), in the order of their numbers.

    Raises
    ------
    SeqcnnError
        The shapes differ.

    Examples
    --------
    >>> overlap_table(np.array([1, 1, 0, 2]), np.array([7, 7, 7, 0])).round(2).tolist()
    [[0.67], [0.0]]
    """
    if predicted.shape != truth.shape:
        raise SeqcnnError(f"masks differ in shape: {predicted.shape} and {truth.shape}")
    (told, rows), (true, columns) = (
        np.unique(mask.ravel(), return_inverse=True) for mask in (predicted, truth)
    )
    cells = np.bincount(rows * len(true) + columns, minlength=len(told) * len(true))
    both = cells.reshape(len(told), len(true))
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return (both / either)[told != 0][:, true != 0]


def score_instances(
    predicted: np.ndarray, truth: np.ndarray, *, threshold: float = 0.5
) -> InstanceScore:
    """Match instances so that as many pairs as possible overlap, and count.

    Parameters
    ----------
    predicted, truth
        As for `overlap_table`.
    threshold
        Least intersection over union of a pair. From 0.5 on, no object could have two partners;
        below, the matching is the best one (Kuhn 1955).

    Examples
    --------
    >>> score_instances(np.array([1, 1, 0, 2]), np.array([7, 7, 7, 0])).f1
    0.6666666666666666
    """
    table = overlap_table(predicted, truth)
    fits = table >= threshold
    # a pair that fits counts more than any overlap of pairs
    rows, columns = linear_sum_assignment(fits * (1 + min(table.shape)) + table, maximize=True)
    matched = fits[rows, columns]
    tp = int(matched.sum())
    fp, fn = table.shape[0] - tp, table.shape[1] - tp
    mean = float(table[rows, columns][matched].mean()) if tp else np.nan
    return InstanceScore(tp, fp, fn, pooled_f1(tp, fp, fn), mean)


def pooled_f1(tp: int, fp: int, fn: int) -> float:
    """Compute 2 tp / (2 tp + fp + fn), of one picture or of several together; NaN for 0 / 0."""
    total = 2 * tp + fp + fn
    return 2 * tp / total if total else np.nan
