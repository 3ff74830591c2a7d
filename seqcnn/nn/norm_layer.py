"""Layer normalisation: of each example on its own, over any of its axes."""

import math
from collections.abc import Iterable, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, float_array, float_dtype
from seqcnn.nn.geometry import extents_of, whole_number
from seqcnn.nn.masks import check_mask
from seqcnn.nn.moments import Moments, Reduction, normalise, standardise
from seqcnn.nn.norm_weights import (
    at_least,
    check_eps,
    check_weights,
    new_weights,
    ones_and_zeros,
    spread_out,
    value_of,
)


def layer_norm(
    x: jax.Array,
    scale: jax.Array | None = None,
    bias: jax.Array | None = None,
    *,
    axes: int | Sequence[int] = -1,
    mask: jax.Array | None = None,
    eps: float = 1e-5,
) -> jax.Array:
    """Give the values along some axes mean 0 and variance 1, each example on its own.

    Parameters
    ----------
    x
        float (...).
    scale, bias
        float, of the extents of `axes` in ascending order; as in `seqcnn.nn.norm.batch_norm`.
    axes
        The axes that are normalised together; the default is the channels of each position.
    mask
        bool (n, *space), for `x` (n, *space, channels), as in `seqcnn.nn.norm.batch_norm`.
        Without effect where each position stands alone.
    eps
        Added to the variance (Flax and Keras: 1e-6 and 1e-3).

    Returns
    -------
    jax.Array
        float, of the shape of `x`.

    Raises
    ------
    SeqcnnError
        `x` is not float; `axes` are not different axes of it; a weight has not their extents; or
        `mask` is not bool or does not fit.

    Notes
    -----
    Ba, Kiros & Hinton 2016, arXiv:1607.06450. Agrees with ``torch.nn.LayerNorm`` to 1e-13 in
    float64, if `axes` are the last ones.
    """
    x = float_array(x)
    chosen = _checked_axes(axes, x.ndim)
    check_weights(tuple(x.shape[axis] for axis in chosen), scale=scale, bias=bias)
    wide = accumulation_dtype(x.dtype)
    if mask is not None:
        check_mask(mask, x.shape[:-1])
        if chosen != [x.ndim - 1]:
            return _masked_layer_norm(x.astype(wide), scale, bias, chosen, mask, eps).astype(
                x.dtype
            )
    last = range(x.ndim - len(chosen), x.ndim)
    moved = jnp.moveaxis(x.astype(wide), chosen, last)
    size = math.prod(moved.shape[last.start :])
    rows = moved.reshape(1, math.prod(moved.shape[: last.start]), size)
    scale, bias = (None if w is None else w.ravel() for w in (scale, bias))
    result, _, _ = normalise(rows, *ones_and_zeros(scale, bias, rows), None, Reduction((2,)), eps)
    return jnp.moveaxis(result.reshape(moved.shape), last, chosen).astype(x.dtype)


def _masked_layer_norm(
    x: jax.Array,
    scale: jax.Array | None,
    bias: jax.Array | None,
    axes: list[int],
    mask: jax.Array,
    eps: float,
) -> jax.Array:
    """Normalise over axes of which some hold positions that do not count."""
    counts = jnp.broadcast_to(mask[..., None], x.shape)
    number = jnp.sum(counts, axes, keepdims=True, dtype=jnp.int32).astype(x.dtype)
    number = jnp.maximum(number, 1)
    mean = jnp.sum(x, axes, where=counts, keepdims=True) / number
    variance = jnp.sum(jnp.square(x - mean), axes, where=counts, keepdims=True) / number
    others = [axis for axis in range(x.ndim) if axis not in axes]
    scale, bias = spread_out(scale, bias, others, x.dtype)
    return standardise(x, Moments(mean, variance), scale, bias, eps)


def _checked_axes(axes: int | Sequence[int], rank: int) -> list[int]:
    """Count axes from the front, in ascending order."""
    given = list(axes) if isinstance(axes, Iterable) else [axes]
    numbers = [n for n in map(whole_number, given) if n is not None and -rank <= n < rank]
    chosen = sorted({n % rank for n in numbers})
    if not chosen or len(chosen) != len(given):
        raise SeqcnnError(f"`axes` must be different axes of {rank}, one or more, not {axes!r}")
    return chosen


class LayerNorm(nnx.Module):
    """Layer normalisation with weights of its own: `layer_norm`.

    Parameters
    ----------
    features
        Extent of the last axis; or the extents of all `axes`, in ascending order.
    axes, eps
        As in `layer_norm`.
    scale, bias, dtype, rngs
        As in `seqcnn.nn.norm.BatchNorm`.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (*features), ones and zeros at first.

    Raises
    ------
    SeqcnnError
        An argument is out of range.
    """

    def __init__(
        self,
        features: int | Sequence[int],
        *,
        axes: int | Sequence[int] = -1,
        eps: float = 1e-5,
        scale: bool = True,
        bias: bool = True,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs | None = None,
    ) -> None:
        check_eps(eps)
        self.axes = tuple(axes) if isinstance(axes, Iterable) else axes
        self.eps, self.dtype = eps, float_dtype(dtype)
        self.scale, self.bias = new_weights(extents_of(features, "features"), scale, bias)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Normalise `x` float (...); a `mask` is for `x` (n, *space, channels)."""
        result = layer_norm(
            at_least(x, self.dtype),
            value_of(self.scale),
            value_of(self.bias),
            axes=self.axes,
            mask=mask,
            eps=self.eps,
        )
        return result.astype(self.dtype or result.dtype)
