"""Normalisation over batches, layers and groups, for any number of space axes."""

import math
from collections.abc import Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, float_array, float_dtype, wider_dtype
from seqcnn.nn.geometry import check_sizes, extents_of, whole_number
from seqcnn.nn.masks import check_mask
from seqcnn.nn.moments import Moments, Reduction, counts_of, normalise, standardise


def batch_norm(
    x: jax.Array,
    running: Moments,
    scale: jax.Array | None = None,
    bias: jax.Array | None = None,
    *,
    mask: jax.Array | None = None,
    training: bool = False,
    eps: float = 1e-5,
    momentum: float = 0.1,
    unbiased: bool = True,
) -> tuple[jax.Array, Moments]:
    """Give each channel mean 0 and variance 1 over the batch, or over those seen in training.

    Parameters
    ----------
    x
        float (n, *space, channels).
    running
        The moments so far. They are used in prediction, and updated in training.
    scale, bias
        float (channels,): what the result is multiplied by, then what is added to it.
    mask
        bool (n, *space): the positions that count in training; None for all. The others are left
        out of mean and variance, and are normalised like the rest; they must be finite.
    training
        Whether to normalise by the moments of this batch instead of the running ones.
    eps
        Added to the variance before its root is taken.
    momentum
        Weight of this batch in the running moments, as in PyTorch; Flax and Keras name the weight
        of the past, 1 minus this.
    unbiased
        Whether the running variance takes ``sum / (count - 1)``, as in PyTorch, or ``sum / count``,
        as in Flax and Keras. The batch itself is always normalised by the latter.

    Returns
    -------
    tuple
        float (n, *space, channels), and the new running moments, without a gradient: in prediction,
        and where no position counts, those that were given.

    Raises
    ------
    SeqcnnError
        `x` is not float, a weight or moment is not one number a channel, or `mask` is not bool or
        does not fit.

    Notes
    -----
    Ioffe & Szegedy 2015, arXiv:1502.03167. Result, gradients and running moments agree with
    ``torch.nn.BatchNorm1d``, ``2d`` and ``3d`` to 1e-13 in float64.

    Examples
    --------
    >>> start = Moments(jnp.zeros(1), jnp.ones(1))
    >>> y, after = batch_norm(jnp.array([[[1.0], [3.0]]]), start, training=True, eps=0.0)
    >>> y.ravel().tolist(), after.mean.tolist()
    ([-1.0, 1.0], [0.20000000298023224])
    """
    x = float_array(x)
    weights = {"scale": scale, "bias": bias}
    _check_weights(x.shape[-1:], **weights, **running._asdict())
    wide, counts = accumulation_dtype(x.dtype), counts_of(mask, x)
    if not training:
        axes = range(x.ndim - 1)
        moments = Moments(*(jnp.expand_dims(part.astype(wide), axes) for part in running))
        scale, bias = (
            None if w is None else jnp.expand_dims(w.astype(wide), axes) for w in (scale, bias)
        )
        return standardise(x.astype(wide), moments, scale, bias, eps).astype(x.dtype), running
    flat = _flat(x, wide)
    whole_batch = Reduction((0, 1), x.shape[-1])
    result, moments, count = normalise(
        flat, *_ones_and_zeros(scale, bias, flat), counts, whole_batch, eps
    )
    count = count.ravel()
    correction = count / jnp.maximum(count - 1, 1) if unbiased else jnp.ones_like(count)
    batch = Moments(moments.mean.ravel(), moments.variance.ravel() * correction)
    weight = jnp.where(count > 0, jnp.asarray(momentum, wide), 0)
    after = Moments(
        *(
            (old.astype(wide) + weight * (new - old.astype(wide))).astype(old.dtype)
            for old, new in zip(map(jnp.asarray, running), batch, strict=True)
        )
    )
    return result.reshape(x.shape).astype(x.dtype), lax.stop_gradient(after)


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
        float, of the extents of `axes` in ascending order; as in `batch_norm`.
    axes
        The axes that are normalised together; the default is the channels of each position.
    mask
        bool (n, *space), for `x` (n, *space, channels), as in `batch_norm`. Without effect where
        each position stands alone.
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
    _check_weights(tuple(x.shape[axis] for axis in chosen), scale=scale, bias=bias)
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
    result, _, _ = normalise(rows, *_ones_and_zeros(scale, bias, rows), None, Reduction((2,)), eps)
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
    scale, bias = (
        None if w is None else jnp.expand_dims(w.astype(x.dtype), others) for w in (scale, bias)
    )
    return standardise(x, Moments(mean, variance), scale, bias, eps)


def _checked_axes(axes: int | Sequence[int], rank: int) -> list[int]:
    """Count axes from the front, in ascending order."""
    given = list(axes) if isinstance(axes, Iterable) else [axes]
    numbers = [n for n in map(whole_number, given) if n is not None and -rank <= n < rank]
    chosen = sorted({n % rank for n in numbers})
    if not chosen or len(chosen) != len(given):
        raise SeqcnnError(f"`axes` must be different axes of {rank}, one or more, not {axes!r}")
    return chosen


def group_norm(
    x: jax.Array,
    groups: int,
    scale: jax.Array | None = None,
    bias: jax.Array | None = None,
    *,
    mask: jax.Array | None = None,
    eps: float = 1e-5,
) -> jax.Array:
    """Give each group of channels mean 0 and variance 1 over all positions of an example.

    As many groups as channels make the instance normalisation of Ulyanov et al. 2016.

    Parameters
    ----------
    x
        float (n, *space, channels).
    groups
        Into how many parts of equal size the channels are split.
    scale, bias
        float (channels,), as in `batch_norm`.
    mask
        bool (n, *space), as in `batch_norm`.
    eps
        Added to the variance (Flax and Keras: 1e-6 and 1e-3).

    Returns
    -------
    jax.Array
        float, of the shape of `x`.

    Raises
    ------
    SeqcnnError
        `groups` does not divide the channels, `x` is not float, a weight is not one number a
        channel, or `mask` is not bool or does not fit.

    Notes
    -----
    Wu & He 2018, arXiv:1803.08494. Agrees with ``torch.nn.GroupNorm`` and ``InstanceNorm1d`` to
    ``3d`` to 1e-13 in float64.
    """
    x = float_array(x)
    _check_groups(x.shape[-1], groups)
    _check_weights(x.shape[-1:], scale=scale, bias=bias)
    flat = _flat(x, accumulation_dtype(x.dtype))
    # the same for one example, where XLA on CPU is 10 times slower at sums over the second axis
    each = Reduction((0, 1) if len(x) == 1 else (1,), groups)
    result, _, _ = normalise(
        flat, *_ones_and_zeros(scale, bias, flat), counts_of(mask, x), each, eps
    )
    return result.reshape(x.shape).astype(x.dtype)


class BatchNorm(nnx.Module):
    """Batch normalisation that keeps its weights and running moments: `batch_norm`.

    It trains in a call with ``training=True``, which blocks make of a call with `rngs`. The modes
    of nnx (``.train()``, ``.eval()``) change nothing.

    Parameters
    ----------
    channels
        Channels of the input.
    eps, momentum, unbiased
        As in `batch_norm`.
    scale, bias
        Whether the result is multiplied by a weight for each channel, and one is added.
    dtype
        Of the result; None for that of the input. Moments are taken in float32 at least.
    rngs
        Not used, as nothing starts at random; taken so that all layers are built alike.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (channels,), ones and zeros at first.
    mean, variance : nnx.BatchStat
        float32 (channels,), zeros and ones at first.

    Raises
    ------
    SeqcnnError
        An argument is out of range.
    """

    def __init__(
        self,
        channels: int,
        *,
        eps: float = 1e-5,
        momentum: float = 0.1,
        unbiased: bool = True,
        scale: bool = True,
        bias: bool = True,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs | None = None,
    ) -> None:
        check_sizes(channels=channels)
        _check_eps(eps)
        if not 0 <= momentum <= 1:
            raise SeqcnnError(f"`momentum` must be from 0 to 1, not {momentum}")
        self.eps, self.momentum, self.unbiased = eps, momentum, unbiased
        self.dtype = float_dtype(dtype)
        self.scale, self.bias = _weights((channels,), scale, bias)
        self.mean = nnx.BatchStat(jnp.zeros(channels, jnp.float32))
        self.variance = nnx.BatchStat(jnp.ones(channels, jnp.float32))

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, training: bool = False
    ) -> jax.Array:
        """Normalise `x` float (n, *space, channels); in training, update the running moments."""
        result, after = batch_norm(
            _at_least(x, self.dtype),
            Moments(self.mean[...], self.variance[...]),
            _value(self.scale),
            _value(self.bias),
            mask=mask,
            training=training,
            eps=self.eps,
            momentum=self.momentum,
            unbiased=self.unbiased,
        )
        if training:
            self.mean[...], self.variance[...] = after
        return result.astype(self.dtype or result.dtype)


class LayerNorm(nnx.Module):
    """Layer normalisation with weights of its own: `layer_norm`.

    Parameters
    ----------
    features
        Extent of the last axis; or the extents of all `axes`, in ascending order.
    axes, eps
        As in `layer_norm`.
    scale, bias, dtype, rngs
        As in `BatchNorm`.

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
        _check_eps(eps)
        self.axes = tuple(axes) if isinstance(axes, Iterable) else axes
        self.eps, self.dtype = eps, float_dtype(dtype)
        self.scale, self.bias = _weights(extents_of(features, "features"), scale, bias)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Normalise `x` float (...); a `mask` is for `x` (n, *space, channels)."""
        result = layer_norm(
            _at_least(x, self.dtype),
            _value(self.scale),
            _value(self.bias),
            axes=self.axes,
            mask=mask,
            eps=self.eps,
        )
        return result.astype(self.dtype or result.dtype)


class GroupNorm(nnx.Module):
    """Group normalisation with weights of its own: `group_norm`.

    Parameters
    ----------
    channels
        Channels of the input.
    groups, eps
        As in `group_norm`.
    scale, bias, dtype, rngs
        As in `BatchNorm`.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (channels,), ones and zeros at first.

    Raises
    ------
    SeqcnnError
        An argument is out of range.
    """

    def __init__(
        self,
        channels: int,
        groups: int,
        *,
        eps: float = 1e-5,
        scale: bool = True,
        bias: bool = True,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs | None = None,
    ) -> None:
        check_sizes(channels=channels)
        _check_eps(eps)
        _check_groups(channels, groups)
        self.groups, self.eps, self.dtype = groups, eps, float_dtype(dtype)
        self.scale, self.bias = _weights((channels,), scale, bias)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Normalise `x` float (n, *space, channels)."""
        result = group_norm(
            _at_least(x, self.dtype),
            self.groups,
            _value(self.scale),
            _value(self.bias),
            mask=mask,
            eps=self.eps,
        )
        return result.astype(self.dtype or result.dtype)


def _at_least(x: jax.Array, dtype: np.dtype | None) -> jax.Array:
    """Widen the input of a normalisation to the dtype of its result, but never narrow it."""
    x = float_array(x)
    return x if dtype is None else x.astype(wider_dtype(x.dtype, dtype))


def _flat(x: jax.Array, dtype: np.dtype) -> jax.Array:
    """Give an array (n, *space, channels) the form (n, positions, channels)."""
    return x.astype(dtype).reshape(len(x), math.prod(x.shape[1:-1]), x.shape[-1])


def _ones_and_zeros(
    scale: jax.Array | None, bias: jax.Array | None, x: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Fill in the weights that are not given."""
    channels = x.shape[-1:]
    return (
        jnp.ones(channels, x.dtype) if scale is None else scale.astype(x.dtype),
        jnp.zeros(channels, x.dtype) if bias is None else bias.astype(x.dtype),
    )


def _check_weights(shape: tuple[int, ...], **weights: jax.Array | None) -> None:
    for name, weight in weights.items():
        if weight is not None and weight.shape != shape:
            raise SeqcnnError(
                f"`{name}` must have the shape {shape}, that of what is normalised, "
                f"not {weight.shape}"
            )


def _check_eps(eps: float) -> None:
    if not eps >= 0:
        raise SeqcnnError(f"`eps` must be a number >= 0, not {eps}")


def _check_groups(channels: int, groups: int) -> None:
    number = whole_number(groups) or 0
    if number < 1 or channels % number:
        raise SeqcnnError(f"`groups` must divide the {channels} channels, not be {groups!r}")


def _weights(
    shape: tuple[int, ...], scale: bool, bias: bool
) -> tuple[nnx.Param | None, nnx.Param | None]:
    return (
        nnx.Param(jnp.ones(shape, jnp.float32)) if scale else None,
        nnx.Param(jnp.zeros(shape, jnp.float32)) if bias else None,
    )


def _value(weight: nnx.Param | None) -> jax.Array | None:
    return None if weight is None else weight[...]
