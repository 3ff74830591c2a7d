"""Blocks that networks are built of: the layers that come together again and again.

A call with `rngs` is training: batch norm looks at the batch, and what is random is drawn. A call
without predicts. A call with a `mask` reads zeros at hidden positions before each convolution, and
leaves them out of means and batch statistics, so that a result is the same alone and in any batch;
`output_mask` says which positions of the result count. To save a network, use
`seqcnn.networks.weights`: ReLU cannot be pickled.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import Conv, Padding
from seqcnn.nn.dtypes import computed_in, float_dtype, wider_dtype
from seqcnn.nn.geometry import check_sizes, extents_of, per_axis
from seqcnn.nn.init import DENSE_INIT, KERNEL_INIT, Initializer
from seqcnn.nn.layers import Dense, check_rate, stochastic_depth
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import global_pool, max_pool, mean_pool, min_pool
from seqcnn.nn.pool_windows import pool_mask

Activation = Callable[[jax.Array], jax.Array]
"""A function of each value."""

Layer = Callable[..., jax.Array]
"""A module or a function from arrays to arrays; some take `mask` and `rngs` too."""


class Sequential(nnx.Module):
    """One layer after the other.

    Parameters
    ----------
    layers
        Modules and functions of one array. Those that have an argument `mask` or `rngs` are given
        it. With a mask, a layer that changes the extents must say which positions count behind it:
        by a method `output_mask`, as modules have it, or by being a ``functools.partial`` of
        `max_pool`, `min_pool` or `mean_pool`.

    Raises
    ------
    SeqcnnError
        On the call: a layer does not say which positions count behind it.

    Examples
    --------
    >>> rngs = nnx.Rngs(0)
    >>> network = Sequential(ConvNormActivation(4, 8, 5, rngs=rngs), global_pool)
    >>> network(jax.numpy.ones((2, 20, 4))).shape
    (2, 8)
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = nnx.List(layers)

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Send `x` (n, *space, channels) with a `mask` bool (n, *space) through all layers."""
        for layer in self.layers:
            x, mask = _call(layer, x, mask, rngs), _output_mask(layer, mask)
            if mask is not None and mask.shape != x.shape[:-1]:
                if x.ndim > 2:
                    raise SeqcnnError(
                        f"{_name(layer)} does not say which positions count behind it: give it a "
                        f"method `output_mask`, or make it a functools.partial of a pool"
                    )
                mask = None
        return x

    def output_mask(self, mask: jax.Array) -> jax.Array | None:
        """Find the positions that count behind all layers."""
        return functools.reduce(lambda mask, layer: _output_mask(layer, mask), self.layers, mask)


class ConvNormActivation(nnx.Module):
    """A convolution, batch normalisation, and an activation.

    Parameters
    ----------
    channels_in, channels_out, window, stride, dilation, groups, precision, kernel_init
        As in `seqcnn.nn.conv.Conv`.
    padding
        As in `seqcnn.nn.conv.conv`; None for half of the window on both sides, which keeps the
        length at stride 1 if the window is odd (as in PyTorch; ``"same"`` may differ at larger
        strides, and does not go with a mask there).
    activation
        What follows; None for nothing.
    eps, momentum, unbiased
        As in `seqcnn.nn.norm.batch_norm`.
    bias, scale
        Whether the convolution has a bias nevertheless, and whether the normalisation has a factor:
        as some networks were published.
    dtype
        Of the computation and the result; None for that of the input.
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
        bias: bool = False,
        scale: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        dtype: DTypeLike | None = None,
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
            bias=bias,
            precision=precision,
            kernel_init=kernel_init,
            dtype=dtype,
            rngs=rngs,
        )
        self.norm = BatchNorm(
            channels_out, eps=eps, momentum=momentum, unbiased=unbiased, scale=scale, dtype=dtype
        )
        self.activation = activation

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Map `x` float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        shown = None if mask is None else self.output_mask(mask)
        result = self.norm(self.conv(x, mask), shown, training=rngs is not None)
        return result if self.activation is None else self.activation(result)

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions of the result, bool (n, *positions), that count."""
        return self.conv.output_mask(mask)


class SeparableConv(nnx.Module):
    """A depthwise convolution over space, then a pointwise one over channels.

    Of a convolution's multiplications, both parts together need the share ``1 / channels_out + 1 /
    places``: with many channels, about as many times fewer as the window has places.

    Parameters
    ----------
    channels_in, channels_out, window, stride, padding, dilation
        As in `ConvNormActivation`.
    between
        Whether normalisation and activation follow the depthwise part too (MobileNet: Howard et al.
        2017, arXiv:1704.04861), or only the pointwise one (Xception: Chollet 2017,
        arXiv:1610.02357).
    activation, precision, kernel_init, dtype
        As in `ConvNormActivation`, for both parts.
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
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        common: dict[str, Any] = {
            "precision": precision,
            "kernel_init": kernel_init,
            "dtype": dtype,
            "rngs": rngs,
        }
        place: dict[str, Any] = {
            "stride": stride,
            "padding": half_padding(window, dilation) if padding is None else padding,
            "dilation": dilation,
            "groups": channels_in,
        }
        options: dict[str, Any] = {"activation": activation, **(norm or {})}
        if between:
            self.depthwise: ConvNormActivation | Conv = ConvNormActivation(
                channels_in, channels_in, window, **place, **options, **common
            )
        else:
            self.depthwise = Conv(channels_in, channels_in, window, bias=False, **place, **common)
        rank = len(extents_of(window, "window"))
        self.pointwise = ConvNormActivation(
            channels_in, channels_out, (1,) * rank, **options, **common
        )

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Map `x` float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        shown = None if mask is None else self.output_mask(mask)
        return self.pointwise(_call(self.depthwise, x, mask, rngs), shown, rngs=rngs)

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions of the result, bool (n, *positions), that count."""
        return self.depthwise.output_mask(mask)


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
    precision
        As in `seqcnn.nn.conv.conv`.
    kernel_init
        How the two matrices start; None for the customary starts before a ReLU and an output.
    dtype
        Of the computation and the result; None for that of the input.
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
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer | None = None,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(channels=channels, squeezed=squeezed)
        self.squeeze, self.excite = (
            Dense(
                taken,
                given,
                kernel_init=start if kernel_init is None else kernel_init,
                precision=precision,
                dtype=dtype,
                rngs=rngs,
            )
            for taken, given, start in (
                (channels, squeezed, KERNEL_INIT),
                (squeezed, channels, DENSE_INIT),
            )
        )
        self.activation, self.gate, self.dtype = activation, gate, float_dtype(dtype)

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Scale the channels of `x` float (n, *space, channels); means are over `mask` only."""
        x = computed_in(x, self.dtype)
        means = global_pool(x, "mean", mask=mask)
        weights = self.gate(self.excite(self.activation(self.squeeze(means))))
        return x * jnp.expand_dims(weights, range(1, x.ndim - 1))


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
        `drop` is out of range. On the call: input and result of the branch differ in shape.
    """

    def __init__(
        self,
        branch: Layer,
        shortcut: Layer | None = None,
        *,
        activation: Activation | None = nnx.relu,
        drop: float = 0.0,
    ) -> None:
        check_rate(drop, "drop")
        self.branch, self.shortcut = branch, shortcut
        self.activation, self.drop = activation, drop

    def __call__(
        self, x: jax.Array, mask: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Add the branch to `x` float (n, *space, channels)."""
        added = stochastic_depth(_call(self.branch, x, mask, rngs), self.drop, rngs)
        kept = x if self.shortcut is None else _call(self.shortcut, x, mask, rngs)
        if added.shape != kept.shape:
            raise SeqcnnError(
                f"the branch of a residual block gives {added.shape}, its input is {kept.shape}: "
                f"a `shortcut` has to bring it into that shape"
            )
        # a branch may compute in another dtype: the sum keeps the wider one
        wide = wider_dtype(kept.dtype, added.dtype)
        result = kept.astype(wide) + added.astype(wide)
        return result if self.activation is None else self.activation(result)

    def output_mask(self, mask: jax.Array) -> jax.Array | None:
        """Find the positions of the result that count: those of the branch."""
        return _output_mask(self.branch, mask)


def half_padding(
    window: int | Sequence[int], dilation: int | Sequence[int] = 1
) -> int | tuple[int, ...]:
    """Say how many zeros on either side keep the length, for odd windows at stride 1.

    Examples
    --------
    >>> half_padding((3, 7)), half_padding(3, dilation=4)
    ((1, 3), 4)
    """
    extents = extents_of(window, "window")
    gaps = per_axis(dilation, len(extents), "dilation")
    pads = tuple((k - 1) * gap // 2 for k, gap in zip(extents, gaps, strict=True))
    return pads if isinstance(window, Sequence) else pads[0]


def _call(layer: Layer, x: jax.Array, mask: jax.Array | None, rngs: nnx.Rngs | None) -> jax.Array:
    """Call a layer with what it takes: a layer that is told of training is told it by `rngs`."""
    takes = inspect.signature(layer).parameters
    options: dict[str, Any] = {}
    if "mask" in takes and mask is not None:
        options["mask"] = mask
    if "rngs" in takes:
        options["rngs"] = rngs
    elif "training" in takes:
        options["training"] = rngs is not None
    return layer(x, **options)


def _output_mask(layer: Layer, mask: jax.Array | None) -> jax.Array | None:
    """Find the positions that count behind a layer; those before it, if it says nothing."""
    if mask is None:
        return None
    if hasattr(layer, "output_mask"):
        return layer.output_mask(mask)  # pyright: ignore[reportFunctionMemberAccess]
    if isinstance(layer, functools.partial) and layer.func in (max_pool, min_pool, mean_pool):
        options = {
            k: v for k, v in layer.keywords.items() if k not in ("mask", "count_include_pad")
        }
        return pool_mask(mask, *layer.args, **options)
    return mask


def _name(layer: Layer) -> str:
    return getattr(layer, "__name__", type(layer).__name__)
