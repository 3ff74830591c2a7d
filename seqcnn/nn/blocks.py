"""Blocks that networks are built of: the layers that come together again and again.

A call with `rngs` is training: batch norm looks at the batch, and what is random is drawn. A call
without predicts.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import Conv, Padding
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.layers import Dense, stochastic_depth
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import global_pool

Activation = Callable[[jax.Array], jax.Array]
"""A function of each value."""

Layer = Callable[..., jax.Array]
"""A module or a function from arrays to arrays; some take `rngs` too."""


class Sequential(nnx.Module):
    """One layer after the other.

    Parameters
    ----------
    layers
        Modules and functions of one array. Those that have an argument `rngs` are given it.

    Examples
    --------
    >>> rngs = nnx.Rngs(0)
    >>> network = Sequential(ConvNormActivation(4, 8, 5, rngs=rngs), global_pool)
    >>> network(jax.numpy.ones((2, 20, 4))).shape
    (2, 8)
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = nnx.List(layers)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Send `x` through all layers."""
        for layer in self.layers:
            x = _call(layer, x, rngs)
        return x


class ConvNormActivation(nnx.Module):
    """A convolution, batch normalisation, and an activation.

    Parameters
    ----------
    channels_in, channels_out, window, stride, dilation, groups, precision, kernel_init
        As in `seqcnn.nn.conv.Conv`; the convolution has no bias, as the normalisation has one.
    padding
        As in `seqcnn.nn.conv.conv`; None for as many zeros on both sides as keep the length at
        stride 1 (half of the window, as in PyTorch; ``"same"`` may differ at larger strides).
    activation
        What follows; None for nothing.
    eps, momentum, unbiased
        As in `seqcnn.nn.norm.batch_norm`.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] = 1,
        padding: Padding | None = None,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Activation | None = nnx.relu,
        eps: float = 1e-5,
        momentum: float = 0.1,
        unbiased: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        rngs: nnx.Rngs,
    ) -> None:
        self.conv = Conv(
            channels_in,
            channels_out,
            window,
            stride=stride,
            padding=half_padding(window, dilation) if padding is None else padding,
            dilation=dilation,
            groups=groups,
            bias=False,
            precision=precision,
            kernel_init=kernel_init,
            rngs=rngs,
        )
        self.norm = BatchNorm(channels_out, eps=eps, momentum=momentum, unbiased=unbiased)
        self.activation = activation

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        result = self.norm(self.conv(x), training=rngs is not None)
        return result if self.activation is None else self.activation(result)


class SeparableConv(nnx.Module):
    """A depthwise convolution over space, then a pointwise one over channels.

    Both parts together need about ``channels_out`` times fewer multiplications than a convolution.

    Parameters
    ----------
    channels_in, channels_out, window, stride, padding, dilation, activation
        As in `ConvNormActivation`.
    between
        Whether normalisation and activation follow the depthwise part too (MobileNet: Howard et al.
        2017, arXiv:1704.04861), or only the pointwise one (Xception: Chollet 2017,
        arXiv:1610.02357).
    norm
        Further options of the normalisation: `eps`, `momentum`, `unbiased`.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] = 1,
        padding: Padding | None = None,
        dilation: int | Sequence[int] = 1,
        between: bool = True,
        activation: Activation | None = nnx.relu,
        norm: dict[str, Any] | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        place: dict[str, Any] = {
            "stride": stride,
            "padding": half_padding(window, dilation) if padding is None else padding,
            "dilation": dilation,
            "groups": channels_in,
            "rngs": rngs,
        }
        options: dict[str, Any] = {"activation": activation, **(norm or {})}
        if between:
            self.depthwise: nnx.Module = ConvNormActivation(
                channels_in, channels_in, window, **place, **options
            )
        else:
            self.depthwise = Conv(channels_in, channels_in, window, bias=False, **place)
        rank = 1 if isinstance(window, int) else len(window)
        self.pointwise = ConvNormActivation(
            channels_in, channels_out, (1,) * rank, **options, rngs=rngs
        )

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        return self.pointwise(_call(self.depthwise, x, rngs), rngs=rngs)


class SqueezeExcite(nnx.Module):
    """Weigh the channels by what their means over all positions say.

    Hu, Shen and Sun 2018, arXiv:1709.01507.

    Parameters
    ----------
    channels
        Channels of the input and of the result.
    squeezed
        Channels in between, mostly a sixteenth.
    activation, gate
        After the first and after the second dense layer.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        channels: int,
        squeezed: int,
        *,
        activation: Activation = nnx.relu,
        gate: Activation = nnx.sigmoid,
        rngs: nnx.Rngs,
    ) -> None:
        self.squeeze = Dense(channels, squeezed, kernel_init=KERNEL_INIT, rngs=rngs)
        self.excite = Dense(squeezed, channels, rngs=rngs)
        self.activation, self.gate = activation, gate

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Scale the channels of `x` float (n, *space, channels); means are over `mask` only."""
        means = global_pool(x, mask, "mean")
        weights = self.gate(self.excite(self.activation(self.squeeze(means))))
        return x * weights.reshape(len(x), *(1,) * (x.ndim - 2), -1)


class Residual(nnx.Module):
    """What a branch adds to its input.

    He et al. 2016, arXiv:1512.03385: layers learn a difference, and gradients have a way around
    them.

    Parameters
    ----------
    branch
        From the input to what is added.
    shortcut
        What the input is sent through where it does not fit the result of the branch: another
        number of channels, or a stride. None to add it as it is.
    activation
        After the sum; None for nothing.
    drop
        Share of the examples whose branch is left out, in training (Huang et al. 2016,
        arXiv:1603.09382).

    Raises
    ------
    SeqcnnError
        On the call: input and result of the branch differ in shape.
    """

    def __init__(
        self,
        branch: Layer,
        shortcut: Layer | None = None,
        *,
        activation: Activation | None = nnx.relu,
        drop: float = 0.0,
    ) -> None:
        self.branch, self.shortcut = branch, shortcut
        self.activation, self.drop = activation, drop

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Add the branch to `x` float (n, *space, channels)."""
        added = stochastic_depth(_call(self.branch, x, rngs), self.drop, rngs)
        kept = x if self.shortcut is None else _call(self.shortcut, x, rngs)
        if added.shape != kept.shape:
            raise SeqcnnError(
                f"the branch of a residual block gives {added.shape}, its input is {kept.shape}: "
                f"a `shortcut` has to bring it into that shape"
            )
        result = kept + added
        return result if self.activation is None else self.activation(result)


def half_padding(
    window: int | Sequence[int], dilation: int | Sequence[int] = 1
) -> int | tuple[int, ...]:
    """Say how many zeros on either side keep the length, for odd windows at stride 1.

    Examples
    --------
    >>> half_padding((3, 7)), half_padding(3, dilation=4)
    ((1, 3), 4)
    """
    if isinstance(window, int):
        gap = dilation if isinstance(dilation, int) else dilation[0]
        return (window - 1) * gap // 2
    gaps = (dilation,) * len(window) if isinstance(dilation, int) else dilation
    return tuple((k - 1) * gap // 2 for k, gap in zip(window, gaps, strict=True))


def _call(layer: Layer, x: jax.Array, rngs: nnx.Rngs | None) -> jax.Array:
    """Call a layer with what it takes: a layer that is told of training is told it by `rngs`."""
    takes = inspect.signature(layer).parameters
    if "rngs" in takes:
        return layer(x, rngs=rngs)
    if "training" in takes:
        return layer(x, training=rngs is not None)
    return layer(x)
