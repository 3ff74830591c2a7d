"""Normalisation over batches, layers and groups, for any number of space axes."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.moments import Moments, Shared, counts_of, normalise, standardise


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
        out of mean and variance, and are normalised like the rest.
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
        The shape of `mask` is not that of the positions.

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
    rank = x.ndim
    if not training:
        wide = Moments(*(_of_channels(part, rank) for part in running))
        scale, bias = (None if w is None else _of_channels(w, rank) for w in (scale, bias))
        return standardise(x, wide, scale, bias, eps), running
    counts = counts_of(mask, x)
    counts = None if counts is None else counts.reshape(len(x), -1, 1)
    flat, weights = x.reshape(len(x), -1, x.shape[-1]), _ones_and_zeros(scale, bias, x)
    whole_batch = Shared((0, 1), x.shape[-1])
    result, moments, count = normalise(flat, *weights, counts, whole_batch, eps)
    count = count.ravel()
    correction = count / jnp.maximum(count - 1, 1) if unbiased else jnp.ones_like(count)
    batch = Moments(moments.mean.ravel(), moments.variance.ravel() * correction)
    weight = jnp.where(count > 0, momentum, 0.0).astype(x.dtype)
    after = Moments(*(old + weight * (new - old) for old, new in zip(running, batch, strict=True)))
    return result.reshape(x.shape), lax.stop_gradient(after)


def layer_norm(
    x: jax.Array,
    scale: jax.Array | None = None,
    bias: jax.Array | None = None,
    *,
    axes: int | Sequence[int] = -1,
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
    eps
        Added to the variance (Flax and Keras: 1e-6 and 1e-3).

    Returns
    -------
    jax.Array
        float, of the shape of `x`.

    Notes
    -----
    Ba, Kiros & Hinton 2016, arXiv:1607.06450. Agrees with ``torch.nn.LayerNorm`` to 1e-13 in
    float64, if `axes` are the last ones.
    """
    given = (axes,) if isinstance(axes, int) else axes
    chosen = sorted({axis % x.ndim for axis in given})
    last = range(x.ndim - len(chosen), x.ndim)
    moved = jnp.moveaxis(x, chosen, last)
    rows = moved.reshape(1, -1, math.prod(moved.shape[last.start :]))
    scale, bias = (None if w is None else w.ravel() for w in (scale, bias))
    weights = _ones_and_zeros(scale, bias, rows)
    result, _, _ = normalise(rows, *weights, None, Shared((2,)), eps)
    return jnp.moveaxis(result.reshape(moved.shape), last, chosen)


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
        `groups` does not divide the channels, or the shape of `mask` is not that of the positions.

    Notes
    -----
    Wu & He 2018, arXiv:1803.08494. Agrees with ``torch.nn.GroupNorm`` and ``InstanceNorm1d`` to
    ``3d`` to 1e-13 in float64.
    """
    _check_groups(x.shape[-1], groups)
    counts = counts_of(mask, x)
    counts = None if counts is None else counts.reshape(len(x), -1, 1)
    flat = x.reshape(len(x), -1, x.shape[-1])
    weights = _ones_and_zeros(scale, bias, x)
    # the same for one example, where XLA on CPU is 10 times slower at sums over the second axis
    each = Shared((0, 1) if len(x) == 1 else (1,), groups)
    result, _, _ = normalise(flat, *weights, counts, each, eps)
    return result.reshape(x.shape)


class BatchNorm(nnx.Module):
    """Batch normalisation that keeps its weights and running moments: `batch_norm`.

    Parameters
    ----------
    channels
        Channels of the input.
    eps, momentum, unbiased
        As in `batch_norm`.
    scale, bias
        Whether the result is multiplied by a weight for each channel, and one is added.
    rngs
        Not used, as nothing starts at random; taken so that all layers are built alike.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (channels,), ones and zeros at first.
    mean, variance : nnx.BatchStat
        float32 (channels,), zeros and ones at first.
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
        rngs: nnx.Rngs | None = None,
    ) -> None:
        self.eps, self.momentum, self.unbiased = eps, momentum, unbiased
        self.scale, self.bias = _weights((channels,), scale, bias)
        self.mean = nnx.BatchStat(jnp.zeros(channels, jnp.float32))
        self.variance = nnx.BatchStat(jnp.ones(channels, jnp.float32))

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, training: bool = False
    ) -> jax.Array:
        """Normalise `x` float (n, *space, channels); in training, update the running moments."""
        result, after = batch_norm(
            x,
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
        return result


class LayerNorm(nnx.Module):
    """Layer normalisation with weights of its own: `layer_norm`.

    Parameters
    ----------
    features
        Extent of the last axis; or the extents of all `axes`, in ascending order.
    axes, eps
        As in `layer_norm`.
    scale, bias, rngs
        As in `BatchNorm`.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (*features), ones and zeros at first.
    """

    def __init__(
        self,
        features: int | Sequence[int],
        *,
        axes: int | Sequence[int] = -1,
        eps: float = 1e-5,
        scale: bool = True,
        bias: bool = True,
        rngs: nnx.Rngs | None = None,
    ) -> None:
        self.axes = axes if isinstance(axes, int) else tuple(axes)
        self.eps = eps
        shape = (features,) if isinstance(features, int) else tuple(features)
        self.scale, self.bias = _weights(shape, scale, bias)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Normalise `x` float (...)."""
        return layer_norm(x, _value(self.scale), _value(self.bias), axes=self.axes, eps=self.eps)


class GroupNorm(nnx.Module):
    """Group normalisation with weights of its own: `group_norm`.

    Parameters
    ----------
    channels
        Channels of the input.
    groups, eps
        As in `group_norm`.
    scale, bias, rngs
        As in `BatchNorm`.

    Attributes
    ----------
    scale, bias : nnx.Param | None
        float32 (channels,), ones and zeros at first.
    """

    def __init__(
        self,
        channels: int,
        groups: int,
        *,
        eps: float = 1e-5,
        scale: bool = True,
        bias: bool = True,
        rngs: nnx.Rngs | None = None,
    ) -> None:
        _check_groups(channels, groups)
        self.groups, self.eps = groups, eps
        self.scale, self.bias = _weights((channels,), scale, bias)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Normalise `x` float (n, *space, channels)."""
        return group_norm(
            x, self.groups, _value(self.scale), _value(self.bias), mask=mask, eps=self.eps
        )


def _ones_and_zeros(
    scale: jax.Array | None, bias: jax.Array | None, x: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Fill in the weights that are not given."""
    channels = x.shape[-1:]
    return (
        jnp.ones(channels, x.dtype) if scale is None else scale,
        jnp.zeros(channels, x.dtype) if bias is None else bias,
    )


def _of_channels(weight: jax.Array, rank: int) -> jax.Array:
    """Give a weight of each channel the rank of the array."""
    return jnp.expand_dims(weight, range(rank - 1))


def _check_groups(channels: int, groups: int) -> None:
    if groups < 1 or channels % groups:
        raise SeqcnnError(f"`groups` must divide the {channels} channels, not be {groups}")


def _weights(
    shape: tuple[int, ...], scale: bool, bias: bool
) -> tuple[nnx.Param | None, nnx.Param | None]:
    return (
        nnx.Param(jnp.ones(shape, jnp.float32)) if scale else None,
        nnx.Param(jnp.zeros(shape, jnp.float32)) if bias else None,
    )


def _value(weight: nnx.Param | None) -> jax.Array | None:
    return None if weight is None else weight[...]
