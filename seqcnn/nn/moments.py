"""Mean and variance over chosen axes and positions: what batch, layer and group norm share."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from seqcnn.nn.lowering import runs_on_cpu
from seqcnn.nn.masks import check_mask


class Moments(NamedTuple):
    """The mean and the variance (of what is counted, not of what it was drawn from).

    Attributes
    ----------
    mean, variance : jax.Array
        float, of one shape.
    """

    mean: jax.Array
    variance: jax.Array


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


class Reduction(NamedTuple):
    """Which values of an array (n, positions, channels) have their moments in common.

    Attributes
    ----------
    axes
        (0, 1) for all positions of all examples, (1,) for those of each example, (2,) for the
        channels of each position.
    groups
        Into how many parts of equal size the channels are split, which have them in common too.
    """

    axes: tuple[int, ...]
    groups: int = 1

    @property
    def channels_only(self) -> bool:
        """Whether each position stands alone, with its channels."""
        return self.axes == (2,)


@partial(jax.custom_jvp, nondiff_argnums=(4, 5))
def normalise(
    x: jax.Array,
    scale: jax.Array,
    bias: jax.Array,
    counts: jax.Array | None,
    reduction: Reduction,
    eps: float,
) -> tuple[jax.Array, Moments, jax.Array]:
    """Subtract the mean and divide by the standard deviation, scale and shift.

    What autodiff would make of it passes over the array twice more: it does not see that the
    distances from a mean sum to 0. Hence a derivative of its own, that can be taken forward and
    backward and as often as one likes.

    Parameters
    ----------
    x
        float (n, positions, channels); float32 at least, so that sums hold.
    scale, bias
        float (channels,), of the same dtype.
    counts
        bool (n, positions, 1): the values that count; None for all. Not if positions stand alone.
    reduction
        Which values share their moments.
    eps
        Added to the variance before its root is taken.

    Returns
    -------
    tuple
        float (n, positions, channels); the moments, 0 where nothing counts, with extent 1 where
        they are shared; and of how many values they are, float, likewise.

    Examples
    --------
    >>> x, weights = jnp.array([[[1.0], [3.0]]]), jnp.ones(1)
    >>> y, moments, count = normalise(x, weights, 0 * weights, None, Reduction((0, 1), 1), 0.0)
    >>> y.ravel().tolist(), moments.mean.item(), moments.variance.item(), count.item()
    ([-1.0, 1.0], 2.0, 1.0, 2.0)
    """
    moments, count = _moments(x, counts, reduction)
    factor = lax.rsqrt(moments.variance + eps) * scale[None, None]
    return (x - moments.mean) * factor + bias[None, None], moments, count


@normalise.defjvp
def _normalise_tangent(
    reduction: Reduction, eps: float, primals: tuple, tangents: tuple
) -> tuple[tuple, tuple]:
    """Ordered so that the transpose, which is the gradient, sums up two arrays and no more."""
    x, scale, bias, counts = primals
    along, of_scale, of_bias, _ = tangents
    moments, count = _moments(x, counts, reduction)
    slope = lax.rsqrt(moments.variance + eps)
    distance = (x - moments.mean) * slope
    factor = slope * scale[None, None]
    result = (x - moments.mean) * factor + bias[None, None]
    of_mean, of_spread = (_mean(a, count, counts, reduction) for a in (along, distance * along))
    summed = (x - _apart(_apart(moments.mean))) * _apart(slope)
    tangent = (
        along * factor
        + _scaled(-slope * of_mean, scale, reduction)
        + summed * (_scaled(-slope * of_spread, scale, reduction) + of_scale[None, None])
        + of_bias[None, None]
    )
    of_moments = Moments(of_mean, 2 * of_spread / slope)
    return (result, moments, count), (tangent, of_moments, jnp.zeros_like(count))


def _moments(
    x: jax.Array, counts: jax.Array | None, reduction: Reduction
) -> tuple[Moments, jax.Array]:
    # in two passes: what is squared are distances, so that a large offset costs no digits
    count = jnp.full((1, 1, 1), math.prod(x.shape[axis] for axis in reduction.axes), x.dtype)
    if counts is not None:
        # whole numbers: a float32 stops counting at 2**24
        count = jnp.sum(counts, reduction.axes, keepdims=True, dtype=jnp.int32).astype(x.dtype)
    count = count * (1 if reduction.channels_only else x.shape[-1] // reduction.groups)
    mean = _mean(x, count, counts, reduction)
    return Moments(mean, _mean(jnp.square(x - _apart(mean)), count, counts, reduction)), count


def _apart(small: jax.Array) -> jax.Array:
    """Keep what is computed from a small array apart from the same computed elsewhere.

    XLA would compute it once for all, and write it to memory: a pass over a large array, for what
    costs nothing inside of the one sum that reads it.
    """
    return lax.optimization_barrier(small)


def _mean(
    x: jax.Array, count: jax.Array, counts: jax.Array | None, reduction: Reduction
) -> jax.Array:
    """Average over what shares its moments; linear."""
    number = jnp.maximum(count, 1)
    if reduction.channels_only:
        # a matrix product, because XLA on CPU is slow at sums of rows
        return _product(x, jnp.ones((x.shape[-1], 1), x.dtype)) / number
    sums = jnp.sum(x if counts is None else jnp.where(counts, x, 0), reduction.axes, keepdims=True)
    if reduction.groups < x.shape[-1]:
        each = sums.reshape(*sums.shape[:2], reduction.groups, x.shape[-1] // reduction.groups)
        sums = jnp.broadcast_to(jnp.sum(each, 3, keepdims=True), each.shape).reshape(sums.shape)
    return sums / number


def _scaled(x: jax.Array, scale: jax.Array, reduction: Reduction) -> jax.Array:
    """Multiply what the moments are shaped like by the scale of each channel."""
    # a matrix product, because its transpose is one
    return _product(x, scale[None]) if reduction.channels_only else x * scale[None, None]


def _product(x: jax.Array, matrix: jax.Array) -> jax.Array:
    if not runs_on_cpu() and 1 in matrix.shape:
        return x * matrix[None] if matrix.shape[0] == 1 else jnp.sum(x, -1, keepdims=True)
    return lax.dot_general(x, matrix, (((2,), (0,)), ((), ())), precision="highest")


def counts_of(mask: jax.Array | None, x: jax.Array) -> jax.Array | None:
    """Bring a mask of positions, bool (n, *space), into the form (n, positions, 1).

    Raises
    ------
    SeqcnnError
        It is not bool, or does not fit `x` (n, *space, channels).
    """
    if mask is None:
        return None
    check_mask(mask, x.shape[:-1])
    return mask.reshape(len(x), math.prod(x.shape[1:-1]), 1)
