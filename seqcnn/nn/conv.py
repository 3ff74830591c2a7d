"""Convolution over any number of space axes: one function for sequences, images and volumes.

Arrays are `(n, *space, channels)` and kernels `(*window, channels_in / groups, channels_out)`. A
sequence is an image of one channel whose second space axis holds the letters, so both give the same
numbers.
"""

from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.init import KERNEL_INIT, Initializer

Padding = int | Sequence[int | tuple[int, int]] | Literal["same", "valid"]
"""Zeros before and after each space axis: one number, one number or pair an axis, or a rule."""


def conv(
    x: jax.Array,
    kernel: jax.Array,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    precision: lax.PrecisionLike = "highest",
) -> jax.Array:
    """Slide a kernel over an array and sum the products (no flip: a cross-correlation).

    Parameters
    ----------
    x
        float (n, *space, channels_in).
    kernel
        float (*window, channels_in / groups, channels_out), of the same dtype.
    stride, dilation
        Steps between windows and between the positions of one window; one number, or one an axis.
    padding
        Zeros around each space axis: a number, a number or ``(before, after)`` an axis, ``"valid"``
        for none, ``"same"`` for as many as keep ``ceil(length / stride)`` positions.
    groups
        Into how many parts the channels are split; each output sees the inputs of its part only.
    precision
        How float32 is multiplied. On GPU and TPU the default of XLA rounds the factors to 10 bits
        (TF32) or 7; ``"highest"`` keeps them, so that a score is the same on every device.
        ``"default"`` is the faster choice where that does not matter. Without effect on CPU.

    Returns
    -------
    jax.Array
        float (n, *positions, channels_out).

    Raises
    ------
    SeqcnnError
        The shapes do not fit, or the window is longer than the padded array.

    Notes
    -----
    A last space axis that the kernel spans is folded into the channels before the call. Therefore
    the image `(n, length, letters, 1)` and the sequence `(n, length, letters)` run the same program
    and differ by exactly 0.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> conv(jnp.ones((1, 10, 4)), jnp.ones((3, 4, 2)), stride=2).shape
    (1, 4, 2)
    """
    rank = x.ndim - 2
    _check_shapes(x.shape, kernel.shape, groups)
    window = kernel.shape[:-2]
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    pads = pad_pairs(padding, x.shape[1:-1], window, stride=strides, dilation=dilations)
    sizes = [
        conv_output_size(length, k, stride=s, padding=[p], dilation=d)
        for length, k, s, p, d in zip(x.shape[1:-1], window, strides, pads, dilations, strict=True)
    ]
    while rank > 1 and groups == 1 and _spans_last_axis(x.shape, kernel.shape, pads, dilations):
        x = x.reshape(*x.shape[:-2], -1)
        kernel = kernel.reshape(*kernel.shape[:-3], -1, kernel.shape[-1])
        rank -= 1
    channels_last = (0, rank + 1, *range(1, rank + 1))
    result = lax.conv_general_dilated(
        x,
        kernel,
        window_strides=strides[:rank],
        padding=pads[:rank],
        rhs_dilation=dilations[:rank],
        dimension_numbers=lax.ConvDimensionNumbers(
            channels_last, (rank + 1, rank, *range(rank)), channels_last
        ),
        feature_group_count=groups,
        precision=precision,
    )
    return result.reshape(x.shape[0], *sizes, kernel.shape[-1])


def conv_output_size(
    length: int, window: int, *, stride: int = 1, padding: Padding = 0, dilation: int = 1
) -> int:
    """Count the positions of a window along one axis.

    Parameters
    ----------
    length, window
        Extent of the axis and of the kernel, in positions.
    stride, padding, dilation
        As in `conv`; `padding` may be a number, ``[(before, after)]``, ``"same"`` or ``"valid"``.

    Returns
    -------
    int
        ``floor((length - ((window - 1) * dilation + 1) + before + after) / stride) + 1``.

    Raises
    ------
    SeqcnnError
        Not even one window fits.

    Examples
    --------
    >>> conv_output_size(32, 5, padding=2), conv_output_size(7, 3, stride=3)
    (32, 2)
    """
    steps, gaps = per_axis(stride, 1, "stride"), per_axis(dilation, 1, "dilation")
    before, after = pad_pairs(padding, (length,), (window,), stride=steps, dilation=gaps)[0]
    extent, padded = (window - 1) * gaps[0] + 1, length + before + after
    if padded < extent:
        raise SeqcnnError(
            f"a window over {extent} positions does not fit an axis of {padded} "
            f"(padding included): pad the array or take a shorter window"
        )
    return (padded - extent) // steps[0] + 1


class Conv(nnx.Module):
    """A convolution with weights of its own: `conv`, then a bias for each output channel.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the result.
    window
        Extent of the kernel along each space axis; its length is the number of these axes.
    stride, padding, dilation, groups, precision
        As in `conv`.
    bias
        Whether a bias is added.
    kernel_init
        How the kernel starts.
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (*window, channels_in / groups, channels_out).
    bias : nnx.Param | None
        float32 (channels_out,).
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] = 1,
        padding: Padding = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        rngs: nnx.Rngs,
    ) -> None:
        extents = (window,) if isinstance(window, int) else tuple(window)
        rank = len(extents)
        shape = (*extents, channels_in // max(groups, 1), channels_out)
        _check_shapes((1, *extents, channels_in), shape, groups)
        self.stride = per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        self.padding: Padding = (
            padding if isinstance(padding, str) else _explicit_pads(padding, rank)
        )
        self.groups, self.precision = groups, precision
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(channels_out, jnp.float32)) if bias else None

    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve `x` float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        result = conv(
            x,
            self.kernel[...],
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            precision=self.precision,
        )
        return result if self.bias is None else add_bias(result, self.bias[...])


def add_bias(x: jax.Array, bias: jax.Array) -> jax.Array:
    """Add one number to each channel of `x` (..., channels), the ranks made equal first."""
    return x + jnp.expand_dims(bias, range(x.ndim - 1))


def per_axis(value: int | Sequence[int], rank: int, name: str) -> tuple[int, ...]:
    """Turn "one number, or one an axis" into one positive number an axis."""
    numbers = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(numbers) != rank or any(n < 1 for n in numbers):
        raise SeqcnnError(f"`{name}` must be a number > 0 or {rank} of them, not {value!r}")
    return numbers


def pad_pairs(
    padding: Padding,
    space: Sequence[int],
    window: Sequence[int],
    *,
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[int, int], ...]:
    """Turn every way to ask for padding into ``(before, after)`` for each axis."""
    if padding == "same":
        return tuple(map(_same_pads, space, window, stride, dilation))
    if isinstance(padding, str) and padding != "valid":
        raise SeqcnnError(
            f"`padding` must be 'same', 'valid', a number, or a number or pair an axis, "
            f"not {padding!r}"
        )
    return _explicit_pads(0 if isinstance(padding, str) else padding, len(space))


def _explicit_pads(
    padding: int | Sequence[int | tuple[int, int]], rank: int
) -> tuple[tuple[int, int], ...]:
    axes = (padding,) * rank if isinstance(padding, int) else tuple(padding)
    pairs = tuple((p, p) if isinstance(p, int) else (p[0], p[-1]) for p in axes)
    if len(pairs) != rank or any(p < 0 for pair in pairs for p in pair):
        raise SeqcnnError(
            f"`padding` must be a number >= 0, or a number or pair for each of {rank} axes, "
            f"not {padding!r}"
        )
    return pairs


def _same_pads(length: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    positions = -(-length // stride)
    total = max(0, (positions - 1) * stride + (window - 1) * dilation + 1 - length)
    return total // 2, total - total // 2


def _spans_last_axis(
    x: Sequence[int],
    kernel: Sequence[int],
    pads: Sequence[tuple[int, int]],
    dilations: Sequence[int],
) -> bool:
    axis = len(x) - 3
    spans = kernel[axis] == x[axis + 1]
    return spans and pads[axis] == (0, 0) and (dilations[axis] == 1 or kernel[axis] == 1)


def _check_shapes(x: Sequence[int], kernel: Sequence[int], groups: int) -> None:
    if len(x) != len(kernel) or len(x) < 3:
        raise SeqcnnError(
            f"`x` (n, *space, channels) and `kernel` (*window, channels_in, channels_out) must "
            f"have as many axes, three or more, not the shapes {tuple(x)} and {tuple(kernel)}"
        )
    if groups < 1 or kernel[-2] * groups != x[-1] or kernel[-1] % groups:
        raise SeqcnnError(
            f"`x` has {x[-1]} channels, `kernel` takes {kernel[-2]} in each of {groups} `groups` "
            f"and gives {kernel[-1]}: channels in must be their product, channels out a multiple"
        )
