"""Stretches of pairs of sequences: rows of letters that are equal or not."""

import numpy as np


def has_stretch(weights: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Whether some stretch of at least `needed` letters sums to 0 or more, bool (pairs,)."""
    width = weights.shape[1]
    sums = np.zeros((len(weights), width + 1), np.int32)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    lowest = np.minimum.accumulate(sums, axis=1)
    start = np.arange(width + 1) - needed[:, None]
    reached = np.take_along_axis(lowest, np.maximum(start, 0), axis=1)
    return ((sums >= reached) & (start >= 0)).any(1)


def most_alike(equal: np.ndarray, site: np.ndarray) -> np.ndarray:
    """Mark the `site` letters in a row of each pair that are most alike, bool (pairs, width)."""
    width = equal.shape[1]
    sums = np.zeros((len(equal), width + 1), np.int32)
    np.cumsum(equal, axis=1, out=sums[:, 1:])
    end = np.minimum(np.arange(width + 1) + site[:, None], width)
    start = (np.take_along_axis(sums, end, axis=1) - sums).argmax(axis=1)
    places = np.arange(width) - start[:, None]
    return (places >= 0) & (places < site[:, None])
