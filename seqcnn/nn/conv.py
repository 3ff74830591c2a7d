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
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn import lowering
from seqcnn.nn.depthwise import flip
from seqcnn.nn.dtypes import (
    accumulation_dtype,
    check_same_dtype,
    computed_in,
    float_array,
    float_dtype,
)
from seqcnn.nn.geometry import (
    Geometry,
    Padding,
    check_padding,
    check_sizes,
    conv_output_size,
    extents_of,
    pad_pairs,
    per_axis,
)
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.masks import hide
from seqcnn.nn.pool_windows import pool_mask

__all__ = [
    "Conv",
    "Mode",
    "Padding",
    "add_bias",
    "conv",
    "conv_output_size",
    "pad_pairs",
    "per_axis",
]

Mode = Literal["correlate", "convolve"]
"""Whether a kernel is laid on as it is, or flipped on every space axis first."""


def conv(
    x: jax.Array,
    kernel: jax.Array,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    mode: Mode = "correlate",
    precision: lax.PrecisionLike = "highest",
) -> jax.Array:
    """Slide a kernel over an array and sum the products.

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
    mode
        ``"correlate"`` as in all of deep learning, or ``"convolve"`` as in signal processing: the
        kernel is flipped on every space axis, all else is the same.
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
        The shapes or dtypes do not fit, the window is longer than the padded array, or an argument
        is out of range.

    Notes
    -----
    How it is computed, `seqcnn.nn.lowering` decides. Gradients of gradients, `jax.vmap` and
    `jax.jvp` of a gradient work; `jax.jvp` of the convolution itself does not on CPU where each
    channel is convolved on its own (``groups == channels_in > 1``). An infinite weight makes NaN
    of every window that has a 0 under it.

    A last space axis that the kernel spans is folded into the channels before the call. Therefore
    the image `(n, length, letters, 1)` and the sequence `(n, length, letters)` run the same program
    and differ by exactly 0.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> conv(jnp.ones((1, 10, 4)), jnp.ones((3, 4, 2)), stride=2).shape
    (1, 4, 2)
    """
    check_same_dtype(x=x, kernel=kernel)
    _check_shapes(x.shape, kernel.shape, groups)
    geometry = Geometry.of(
        x.shape[1:-1], kernel.shape[:-2], stride=stride, padding=padding, dilation=dilation
    )
    _check_mode(mode)
    shape = (len(x), *geometry.positions, kernel.shape[-1])
    if mode == "convolve":
        kernel = flip(kernel)
    while geometry.rank > 1 and groups == 1 and geometry.last_axis_spanned:
        x = x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])
        kernel = kernel.reshape(*kernel.shape[:-3], x.shape[-1], kernel.shape[-1])
        geometry = geometry.without_last_axis()
    result = lowering.convolve(x, kernel, geometry, groups=groups, precision=precision)
    return result.reshape(shape)


class Conv(nnx.Module):
    """A convolution with weights of its own: `conv`, then a bias for each output channel.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the result.
    window
        Extent of the kernel along each space axis; its length is the number of these axes.
    stride, padding, dilation, groups, mode, precision
        As in `conv`.
    bias
        Whether a bias is added.
    kernel_init
        How the kernel starts.
    dtype
        Of the computation and the result; None for that of the input.
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (*window, channels_in / groups, channels_out).
    bias : nnx.Param | None
        float32 (channels_out,).

    Raises
    ------
    SeqcnnError
        An argument is out of range.
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
        mode: Mode = "correlate",
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(channels_in=channels_in, channels_out=channels_out, groups=groups)
        _check_mode(mode)
        extents = extents_of(window, "window")
        rank = len(extents)
        shape = (*extents, channels_in // groups, channels_out)
        _check_shapes((1, *extents, channels_in), shape, groups)
        self.stride = per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        self.padding: Padding = check_padding(padding, rank)
        self.window, self.groups, self.precision = extents, groups, precision
        self.dtype = float_dtype(dtype)
        self.mode: Mode = mode
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(channels_out, jnp.float32)) if bias else None

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Convolve an array.

        Parameters
        ----------
        x
            float (n, *space, channels_in).
        mask
            bool (n, *space): the positions that count; the others are read as zeros.

        Returns
        -------
        jax.Array
            float (n, *positions, channels_out); `output_mask` says which of them count.
        """
        x = hide(computed_in(x, self.dtype), mask)
        result = conv(
            x,
            self.kernel[...].astype(x.dtype),
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            mode=self.mode,
            precision=self.precision,
        )
        return result if self.bias is None else add_bias(result, self.bias[...])

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions, bool (n, *positions), that a sequence or image also has alone."""
        return pool_mask(
            mask, self.window, stride=self.stride, padding=self.padding, dilation=self.dilation
        )


def add_bias(x: jax.Array, bias: jax.Array) -> jax.Array:
    """Add a number to each channel.

    Parameters
    ----------
    x
        float (..., channels).
    bias
        float (channels,).

    Returns
    -------
    jax.Array
        float (..., channels), of the dtype of `x`. The sum, and the gradient of the bias, which
        adds up all positions, are computed in float32 at least.
    """
    x = float_array(x)
    wide = accumulation_dtype(x.dtype)
    total = x.astype(wide) + jnp.expand_dims(bias.astype(wide), range(x.ndim - 1))
    return total.astype(x.dtype)


def _check_mode(mode: str) -> None:
    if mode not in ("correlate", "convolve"):
        raise SeqcnnError(f"`mode` must be 'correlate' or 'convolve', not {mode!r}")


def _check_shapes(x: Sequence[int], kernel: Sequence[int], groups: int) -> None:
    """Raise unless arrays of the shapes `x` and `kernel` can be convolved."""
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
