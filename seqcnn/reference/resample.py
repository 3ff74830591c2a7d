"""Resizing by hand: one new position after the other asks the old ones."""

import math
from collections.abc import Sequence

import numpy as np


def resize(
    x: np.ndarray,
    size: Sequence[int],
    method: str,
    *,
    align_corners: bool = False,
    antialias: bool = False,
) -> np.ndarray:
    """Interpolate an array to other extents; arguments as in `seqcnn.nn.resample.resize`.

    Parameters
    ----------
    x
        float (n, *space, channels).
    size
        The new extent of each space axis.
    method
        ``"nearest"``, ``"linear"`` or ``"area"``.
    align_corners, antialias
        For ``"linear"``.

    Returns
    -------
    numpy.ndarray
        float (n, *size, channels).

    Examples
    --------
    >>> resize(np.array([[[0.0], [4.0]]]), [4], "linear").ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    for axis, extent in enumerate(size, start=1):
        old = np.moveaxis(x, axis, 0)
        new = np.zeros((extent, *old.shape[1:]))
        for place in range(extent):
            weights = _weights(place, len(old), extent, method, (align_corners, antialias))
            for source, weight in weights.items():
                new[place] += weight * old[source]
        x = np.moveaxis(new, 0, axis)
    return x


def _weights(
    place: int, length: int, size: int, method: str, options: tuple[bool, bool]
) -> dict[int, float]:
    """Say which old positions a new one is made of, and in which shares."""
    align_corners, antialias = options
    step = length / size
    if method == "nearest":
        return {place * length // size: 1.0}
    if method == "area":
        touched = range(place * length // size, math.ceil((place + 1) * length / size))
        return dict.fromkeys(touched, 1 / len(touched))
    if align_corners:
        centre = place * (length - 1) / (size - 1) if size > 1 else 0.0
    else:
        centre = (place + 0.5) * step - 0.5
    if antialias and step > 1:
        tent = {i: max(0.0, 1 - abs(i - centre) / step) for i in range(length)}
        return {i: weight / sum(tent.values()) for i, weight in tent.items()}
    # outside of the outermost centres lies a flat edge
    centre = min(max(centre, 0.0), length - 1.0)
    left = min(int(centre), max(length - 2, 0))
    right = min(left + 1, length - 1)
    return {right: centre - left} | {left: 1 - (centre - left)}
