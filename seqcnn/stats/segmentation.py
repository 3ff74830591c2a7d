"""How well masks agree: counts of pixels, and Dice, IoU and the like from these counts."""

from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError

IGNORED = 255
"""Class of pixels that do not count."""


class PixelCounts(NamedTuple):
    """Pixels of each picture and class, by what was predicted and what is true.

    Parameters
    ----------
    tp, fp, fn, tn
        int64 (n, classes): true positives, false positives, false negatives, true negatives.
    """

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray

    def pooled(self) -> "PixelCounts":
        """Add up all pictures: (1, classes)."""
        return PixelCounts(*(part.sum(axis=0, keepdims=True) for part in self))


def count_pixels(
    predicted: np.ndarray, truth: np.ndarray, classes: int, *, ignored: int = IGNORED
) -> PixelCounts:
    """Count the pixels of each picture and class.

    Parameters
    ----------
    predicted, truth
        int (n, *space): the class of each pixel.
    classes
        How many.
    ignored
        Where `truth` is this, nothing is counted.

    Raises
    ------
    SeqcnnError
        The shapes differ, or a class is out of range.

    Examples
    --------
    >>> counts = count_pixels(np.array([[0, 1, 1, 0]]), np.array([[0, 1, 0, 255]]), 2)
    >>> counts.tp.tolist(), counts.fp.tolist(), dice(counts).round(3).tolist()
    ([[1, 1]], [[0, 1]], [[0.667, 0.667]])
    """
    if predicted.shape != truth.shape:
        raise SeqcnnError(f"masks differ in shape: {predicted.shape} and {truth.shape}")
    n = len(truth)
    told, known = (mask.reshape(n, -1).astype(np.int64) for mask in (predicted, truth))
    counted = known != ignored
    for name, mask in (("predicted", told), ("true", known)):
        if ((mask < 0) | (mask >= classes))[counted].any():
            raise SeqcnnError(f"a {name} class is not from 0 to {classes - 1}")
    pair = np.arange(n)[:, None] * classes**2 + known * classes + told
    table = np.bincount(pair[counted], minlength=n * classes**2).reshape(n, classes, classes)
    tp = np.diagonal(table, axis1=1, axis2=2)
    fp, fn = table.sum(axis=1) - tp, table.sum(axis=2) - tp
    return PixelCounts(tp, fp, fn, table.sum(axis=(1, 2))[:, None] - tp - fp - fn)


def dice(counts: PixelCounts) -> np.ndarray:
    """Compute 2 tp / (2 tp + fp + fn), float64 (n, classes); NaN where a class is nowhere."""
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def iou(counts: PixelCounts) -> np.ndarray:
    """Compute tp / (tp + fp + fn), intersection over union; as `dice`."""
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def pixel_accuracy(counts: PixelCounts) -> np.ndarray:
    """Compute the share of pixels that are rightly called of a class or not; as `dice`."""
    return _ratio(counts.tp + counts.tn, counts.tp + counts.fp + counts.fn + counts.tn)


def pixel_precision(counts: PixelCounts) -> np.ndarray:
    """Compute tp / (tp + fp); as `dice`."""
    return _ratio(counts.tp, counts.tp + counts.fp)


def pixel_recall(counts: PixelCounts) -> np.ndarray:
    """Compute tp / (tp + fn); as `dice`."""
    return _ratio(counts.tp, counts.tp + counts.fn)


METRICS = {
    "dice": dice,
    "iou": iou,
    "accuracy": pixel_accuracy,
    "precision": pixel_precision,
    "recall": pixel_recall,
}
"""By name, what is computed from counts."""


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Average over pictures, float64 (n, classes) to (classes,), what is not NaN."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=0)
    return _ratio(total, known.sum(axis=0))


def segmentation_table(counts: PixelCounts) -> dict[str, np.ndarray]:
    """Compute all metrics of each class, float64 (classes,).

    Returns
    -------
    dict
        By name, of all pixels together (``"dice"``); and, with ``"_per_image"`` behind the name,
        the mean over the pictures in which the metric is defined.
    """
    pooled = {name: metric(counts.pooled())[0] for name, metric in METRICS.items()}
    each = {f"{name}_per_image": mean_defined(metric(counts)) for name, metric in METRICS.items()}
    return pooled | each


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    below = np.asarray(below, float)
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
