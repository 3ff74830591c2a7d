"""Normalisation of each channel over a batch, and of groups of channels over an example."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, float_array, float_dtype
from seqcnn.nn.geometry import check_sizes, whole_number
from seqcnn.nn.moments import Moments, Reduction, counts_of, normalise, standardise
from seqcnn.nn.norm_weights import (
    at_least,
    check_eps,
    check_weights,
    flattened,
    new_weights,
    ones_and_zeros,
    spread_out,
    value_of,
)


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
    check_weights(x.shape[-1:], **weights, **running._asdict())
    wide, counts = accumulation_dtype(x.dtype), counts_of(mask, x)
    if not training:
        axes = range(x.ndim - 1)
        moments = Moments(*(jnp.expand_dims(part.astype(wide), axes) for part in running))
        scale, bias = spread_out(scale, bias, axes, wide)
        return standardise(x.astype(wide), moments, scale, bias, eps).astype(x.dtype), running
    flat = flattened(x, wide)
    whole_batch = Reduction((0, 1), x.shape[-1])
    result, moments, count = normalise(
        flat, *ones_and_zeros(scale, bias, flat), counts, whole_batch, eps
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
    check_weights(x.shape[-1:], scale=scale, bias=bias)
    flat = flattened(x, accumulation_dtype(x.dtype))
    # the same for one example, where XLA on CPU is 10 times slower at sums over the second axis
    each = Reduction((0, 1) if len(x) == 1 else (1,), groups)
    result, _, _ = normalise(
        flat, *ones_and_zeros(scale, bias, flat), counts_of(mask, x), each, eps
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
        check_eps(eps)
        if not 0 <= momentum <= 1:
            raise SeqcnnError(f"`momentum` must be from 0 to 1, not {momentum}")
        self.eps, self.momentum, self.unbiased = eps, momentum, unbiased
        self.dtype = float_dtype(dtype)
        self.scale, self.bias = new_weights((channels,), scale, bias)
        self.mean = nnx.BatchStat(jnp.zeros(channels, jnp.float32))
        self.variance = nnx.BatchStat(jnp.ones(channels, jnp.float32))

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, training: bool = False
    ) -> jax.Array:
        """Normalise `x` float (n, *space, channels); in training, update the running moments."""
        result, after = batch_norm(
            at_least(x, self.dtype),
            Moments(self.mean[...], self.variance[...]),
            value_of(self.scale),
            value_of(self.bias),
            mask=mask,
            training=training,
            eps=self.eps,
            momentum=self.momentum,
            unbiased=self.unbiased,
        )
        if training:
            self.mean[...], self.variance[...] = after
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
        check_eps(eps)
        _check_groups(channels, groups)
        self.groups, self.eps, self.dtype = groups, eps, float_dtype(dtype)
        self.scale, self.bias = new_weights((channels,), scale, bias)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Normalise `x` float (n, *space, channels)."""
        result = group_norm(
            at_least(x, self.dtype),
            self.groups,
            value_of(self.scale),
            value_of(self.bias),
            mask=mask,
            eps=self.eps,
        )
        return result.astype(self.dtype or result.dtype)


def _check_groups(channels: int, groups: int) -> None:
    number = whole_number(groups) or 0
    if number < 1 or channels % number:
        raise SeqcnnError(f"`groups` must divide the {channels} channels, not be {groups!r}")
