"""Pictures made smaller: by pooling, or by taking every n-th pixel."""

import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.counts import stored_values, unit_values
from seqcnn.nn.geometry import whole_number
from seqcnn.nn.pool import max_pool, mean_pool, min_pool

POOLS = {"mean": mean_pool, "max": max_pool, "min": min_pool}
"""Poolings by name."""


def pool_image(
    image: np.ndarray, kind: str, window: int, *, stride: int | None = None
) -> np.ndarray:
    """Pool a picture.

    Parameters
    ----------
    image
        (*space, channels): bool, uint8, uint16, or float.
    kind
        ``"mean"``, ``"max"`` or ``"min"``.
    window, stride
        As in `seqcnn.nn.pool.max_pool`. What is left over at the end has a window of its own.

    Returns
    -------
    numpy.ndarray
        (*positions, channels), of the dtype of `image`.

    Raises
    ------
    SeqcnnError
        `kind` is unknown, or not even one window fits.

    Examples
    --------
    >>> image = np.array([[[9], [1], [4], [4]]], np.uint8)
    >>> [pool_image(np.repeat(image, 2, axis=0), kind, 2).ravel().tolist() for kind in POOLS]
    [[5, 4], [9, 4], [1, 4]]
    """
    if kind not in POOLS:
        raise SeqcnnError(f"`kind` must be one of {', '.join(POOLS)}, not {kind!r}")
    x = jnp.asarray(unit_values(image))[None]
    pooled = POOLS[kind](x, window, stride=stride, ceil_mode=True)
    return stored_values(np.asarray(pooled)[0], image.dtype)


def downsample(image: np.ndarray, step: int, *, blur: bool = False) -> np.ndarray:
    """Take every n-th pixel of each axis, as a convolution with a stride does.

    Parameters
    ----------
    image
        (*space, channels).
    step
        n.
    blur
        Whether to average n x n pixels around each first, so that what is finer than the new
        pixels does not come back as stripes that are not there.

    Returns
    -------
    numpy.ndarray
        (*positions, channels), of the dtype of `image`; ceil(extent / n) positions.

    Raises
    ------
    SeqcnnError
        `step` is not a whole number >= 1.

    Examples
    --------
    >>> stripes = np.array([[[0], [255]] * 3], np.uint8)
    >>> downsample(stripes, 2).ravel().tolist()
    [0, 0, 0]
    """
    n = whole_number(step)
    if n is None or n < 1:
        raise SeqcnnError(f"`step` must be a whole number >= 1, not {step!r}")
    if blur:
        x = jnp.asarray(unit_values(image))[None]
        averaged = np.asarray(mean_pool(x, n, stride=1, padding="same"))[0]
        image = stored_values(averaged, image.dtype)
    return image[(slice(None, None, n),) * (image.ndim - 1)]
