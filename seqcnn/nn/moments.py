"""Mean and variance over chosen axes and positions: what batch, layer and group norm share."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from seqcnn.errors import SeqcnnError


class Moments(NamedTuple):
    """The mean and the variance (of what is counted, not of what it was drawn from).

    Attributes
    ----------
    mean, variance : jax.Array
        float, of one shape.
    """

    mean: jax.Array
    variance: jax.Array


def moments_over(
    x: jax.Array, axes: tuple[int, ...], counts: jax.Array | None = None
) -> tuple[Moments, jax.Array]:
    """Take the moments over some axes, in two passes.

    What is squared are distances from the mean, so that a large offset costs no digits.

    Parameters
    ----------
    x
        float (...).
    axes
        What to average over; these stay as axes of extent 1.
    counts
        bool, of the rank of `x`, its extents or 1: the values that count; None for all.

    Returns
    -------
    tuple
        The moments, 0 where nothing counts, and the number of values that count.

    Examples
    --------
    >>> moments, count = moments_over(jnp.array([1.0, 3.0]), (0,))
    >>> moments.mean.item(), moments.variance.item(), count.item()
    (2.0, 1.0, 2.0)
    """
    count = jnp.full((1,) * x.ndim, extent_of(x, axes), x.dtype)
    if counts is not None:
        # whole numbers: a float32 stops counting at 2**24
        seen = jnp.sum(counts, axes, keepdims=True, dtype=jnp.int32)
        count = (seen * (extent_of(x, axes) // extent_of(counts, axes))).astype(x.dtype)
    number = jnp.maximum(count, 1)
    mean = jnp.sum(x, axes, keepdims=True, where=counts) / number
    away = x - mean if counts is None else jnp.where(counts, x - mean, 0)
    return Moments(mean, jnp.sum(jnp.square(away), axes, keepdims=True) / number), count


def standardise(
    x: jax.Array,
    moments: Moments,
    scale: jax.Array | None,
    bias: jax.Array | None,
    eps: float,
) -> jax.Array:
    """Subtract the mean, divide by the standard deviation, scale and shift; all of one rank."""
    # the small factors first, so that the large array is multiplied once
    factor = lax.rsqrt(moments.variance + eps)
    factor = factor if scale is None else factor * scale
    result = (x - moments.mean) * factor
    return result if bias is None else result + bias


def counts_of(mask: jax.Array | None, x: jax.Array) -> jax.Array | None:
    """Give a mask of positions, bool (n, *space), the rank of `x` (n, *space, channels).

    Raises
    ------
    SeqcnnError
        The shape of `mask` is not that of the positions.
    """
    if mask is None:
        return None
    if mask.shape != x.shape[:-1]:
        raise SeqcnnError(f"`mask` must have the shape {x.shape[:-1]}, not {mask.shape}")
    return mask[..., None]


def extent_of(x: jax.Array, axes: Iterable[int]) -> int:
    """Count the places over some axes."""
    return math.prod(x.shape[axis] for axis in axes)
