"""Pooling over any number of space axes: one reduction, and each kind of pool is a line of it.

Padded positions never win a maximum or minimum and are not counted in a mean.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import Padding, conv_output_size, pad_pairs, per_axis


def max_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
) -> jax.Array:
    """Take the largest value of each window.

    Parameters
    ----------
    x
        float (n, *space, channels).
    window
        Extent of the window: one number, or one an axis.
    stride
        Steps between windows; None for windows that touch and do not overlap.
    padding
        As in `seqcnn.nn.conv.conv`; less than a window on each side.

    Returns
    -------
    jax.Array
        float (n, *positions, channels). The gradient goes to the winner, of equals to one of them.

    Raises
    ------
    SeqcnnError
        No window fits, or a window could lie in the padding alone.

    Examples
    --------
    >>> max_pool(jnp.array([[[1.0], [3.0], [2.0], [5.0]]]), 2).ravel().tolist()
    [3.0, 5.0]
    """
    return _reduce_windows(x, lax.max, -np.inf, window, stride=stride, padding=padding)


def min_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
) -> jax.Array:
    """Take the smallest value of each window; arguments as in `max_pool`."""
    return _reduce_windows(x, lax.min, np.inf, window, stride=stride, padding=padding)


def mean_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
) -> jax.Array:
    """Average each window over its positions inside of the array; arguments as in `max_pool`."""
    sums = _reduce_windows(x, lax.add, 0.0, window, stride=stride, padding=padding)
    inside = jnp.ones((1, *x.shape[1:-1], 1), x.dtype)
    return sums / _reduce_windows(inside, lax.add, 0.0, window, stride=stride, padding=padding)


def global_pool(
    x: jax.Array, mask: jax.Array | None = None, kind: Literal["max", "mean", "min"] = "max"
) -> jax.Array:
    """Reduce all positions to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    mask
        bool (n, *space): the positions that count; None for all.
    kind
        What to take.

    Returns
    -------
    jax.Array
        float (n, channels). Where no position counts: -inf, 0 or inf for max, mean and min. Equal
        winners share the gradient.

    Raises
    ------
    SeqcnnError
        `kind` is none of the three, or the shape of `mask` is not that of the positions.

    Examples
    --------
    >>> x, mask = jnp.array([[[1.0], [9.0]]]), jnp.array([[True, False]])
    >>> global_pool(x, mask, "max").item(), global_pool(x, mask, "mean").item()
    (1.0, 1.0)
    """
    mask = jnp.ones(x.shape[:-1], bool) if mask is None else mask
    if mask.shape != x.shape[:-1]:
        raise SeqcnnError(f"`mask` must have the shape {x.shape[:-1]}, not {mask.shape}")
    space, counts = tuple(range(1, x.ndim - 1)), mask[..., None]
    match kind:
        case "max":
            return jnp.max(x, space, initial=-np.inf, where=counts)
        case "min":
            return jnp.min(x, space, initial=np.inf, where=counts)
        case "mean":
            number = jnp.sum(counts, space, dtype=x.dtype)
            return jnp.sum(x, space, where=counts) / jnp.maximum(number, 1)
    raise SeqcnnError(f"`kind` must be 'max', 'mean' or 'min', not {kind!r}")


def _reduce_windows(
    x: jax.Array,
    combine: Callable[[jax.Array, jax.Array], jax.Array],
    start: float,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None,
    padding: Padding,
) -> jax.Array:
    """Combine the positions of each window, from `start`, which also fills the padding."""
    space, rank = x.shape[1:-1], x.ndim - 2
    extents = per_axis(window, rank, "window")
    steps = extents if stride is None else per_axis(stride, rank, "stride")
    pads = pad_pairs(padding, space, extents, stride=steps, dilation=(1,) * rank)
    for length, extent, step, pair in zip(space, extents, steps, pads, strict=True):
        conv_output_size(length, extent, stride=step, padding=[pair])
        if max(pair) >= extent:
            raise SeqcnnError(
                f"`padding` must be less than the window ({extent}) on each side, not {pair}"
            )
    return lax.reduce_window(
        x,
        np.asarray(start, x.dtype),
        combine,
        window_dimensions=(1, *extents, 1),
        window_strides=(1, *steps, 1),
        padding=((0, 0), *pads, (0, 0)),
    )
