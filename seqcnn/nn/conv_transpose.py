"""Transposed convolution over any number of space axes: the way back through a convolution.

Where a convolution gathers a window into one position, this spreads one position over a window. So
it makes small maps large again, with weights that are learned.
"""

import operator
from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn import lowering
from seqcnn.nn.conv import add_bias
from seqcnn.nn.dtypes import check_same_dtype, computed_in, float_dtype
from seqcnn.nn.geometry import (
    Geometry,
    check_sizes,
    conv_transpose_output_size,
    explicit_pads,
    extents_of,
    per_axis,
)
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.masks import check_mask, hide

TransposedPadding = int | Sequence[int | tuple[int, int]] | Literal["same"]


def conv_transpose(
    x: jax.Array,
    kernel: jax.Array,
    *,
    stride: int | Sequence[int] = 1,
    padding: TransposedPadding = 0,
    output_padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    precision: lax.PrecisionLike = "highest",
) -> jax.Array:
    """Spread each position over a window, times the kernel, and sum where windows overlap.

    It is the gradient of `seqcnn.nn.conv.conv`, with the same kernel and arguments, with respect to
    its input (Dumoulin & Visin 2016, arXiv:1603.07285, section 4).

    Parameters
    ----------
    x
        float (n, *space, channels_in).
    kernel
        float (*window, channels_out / groups, channels_in): that of the convolution in the other
        direction, which makes `channels_in` of `channels_out`.
    stride, dilation
        Steps between windows and between the places of one window, in the result.
    padding
        What is cut off from the result at both ends of each axis: a number, or a number or
        ``(before, after)`` an axis. So the convolution that pads by as much has the shape of `x`.
        ``"same"``: what makes the result `stride` times as long as `x` (as in Keras).
    output_padding
        Positions that the result has more at its end, less than the stride: with a stride, several
        lengths lead to that of `x`. Not with ``"same"``.
    groups, precision
        As in `seqcnn.nn.conv.conv`.

    Returns
    -------
    jax.Array
        float (n, *size, channels_out); size by `conv_transpose_output_size`.

    Raises
    ------
    SeqcnnError
        The shapes or dtypes do not fit, an argument is out of range, or nothing would be left.

    Notes
    -----
    It equals `torch.nn.functional.conv_transpose1d` (2d, 3d) with channels moved to the end and the
    weight (channels_in, channels_out / groups, *window) transposed to (*window, channels_out /
    groups, channels_in), as the weights of every convolution are.

    Examples
    --------
    >>> ones = jnp.ones((1, 3, 1))
    >>> conv_transpose(ones, jnp.ones((3, 1, 1)), stride=2).ravel().tolist()
    [1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0]
    """
    check_same_dtype(x=x, kernel=kernel)
    check_transposed_shapes(x.shape, kernel.shape, groups)
    geometry = _geometry(
        x.shape[1:-1],
        kernel.shape[:-2],
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    return lowering.convolve_transposed(x, kernel, geometry, groups=groups, precision=precision)


def _geometry(
    positions: Sequence[int],
    window: Sequence[int],
    *,
    stride: int | Sequence[int],
    padding: TransposedPadding,
    output_padding: int | Sequence[int],
    dilation: int | Sequence[int],
) -> Geometry:
    """Find the convolution that leads to so many positions, and is to be turned around."""
    rank = len(positions)
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    more = per_axis(output_padding, rank, "output_padding", least=0)
    if isinstance(padding, str) and padding == "same":
        if any(more):
            raise SeqcnnError(f"`output_padding` must be 0 with 'same', not {output_padding}")
        sizes = tuple(map(operator.mul, positions, strides))
        return Geometry.of(sizes, window, stride=strides, padding="same", dilation=dilations)
    pads = _checked_padding(padding, rank)
    sizes = tuple(
        conv_transpose_output_size(
            length, k, stride=s, padding=[pair], output_padding=m, dilation=d
        )
        for length, k, s, pair, m, d in zip(
            positions, window, strides, pads, more, dilations, strict=True
        )
    )
    # the convolution to be turned around pads less at the end by what the result has more
    less = tuple((before, after - m) for (before, after), m in zip(pads, more, strict=True))
    return Geometry(sizes, tuple(window), strides, dilations, less, tuple(positions))


def _checked_padding(padding: TransposedPadding, rank: int) -> tuple[tuple[int, int], ...]:
    if isinstance(padding, str):
        raise SeqcnnError(
            f"`padding` must be 'same', a number, or a number or pair an axis, not {padding!r}"
        )
    return explicit_pads(padding, rank)


def check_transposed_shapes(x: Sequence[int], kernel: Sequence[int], groups: int) -> None:
    """Raise unless arrays of the shapes `x` and `kernel` can go through `conv_transpose`."""
    if len(x) != len(kernel) or len(x) < 3:
        raise SeqcnnError(
            f"`x` (n, *space, channels) and `kernel` (*window, channels_out, channels_in) must "
            f"have as many axes, three or more, not the shapes {tuple(x)} and {tuple(kernel)}"
        )
    if groups < 1 or kernel[-1] != x[-1] or x[-1] % groups:
        raise SeqcnnError(
            f"`x` has {x[-1]} channels and `kernel` takes {kernel[-1]} in {groups} `groups`: "
            f"the two must be equal, and a multiple of the third"
        )


class ConvTranspose(nnx.Module):
    """A transposed convolution with weights of its own: `conv_transpose`, then a bias.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the result.
    window
        Extent of the kernel along each space axis; its length is the number of these axes.
    stride, padding, output_padding, dilation, groups, precision
        As in `conv_transpose`.
    bias
        Whether a bias is added.
    kernel_init
        How the kernel starts; its fan-in is that of this direction.
    dtype
        Of the computation and the result; None for that of the input.
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (*window, channels_out / groups, channels_in).
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
        padding: TransposedPadding = 0,
        output_padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(channels_in=channels_in, channels_out=channels_out, groups=groups)
        extents = extents_of(window, "window")
        rank = len(extents)
        if channels_in % groups or channels_out % groups:
            raise SeqcnnError(
                f"`groups` must divide `channels_in` ({channels_in}) and `channels_out` "
                f"({channels_out}), not {groups}"
            )
        self.stride = per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        same = isinstance(padding, str) and padding == "same"
        self.padding: TransposedPadding = "same" if same else _checked_padding(padding, rank)
        self.output_padding = per_axis(output_padding, rank, "output_padding", least=0)
        self.window, self.groups, self.precision = extents, groups, precision
        self.dtype = float_dtype(dtype)
        # initialisers take the last axis but one for the channels that are summed over
        start = kernel_init(
            rngs.params(), (*extents, channels_in // groups, channels_out), jnp.float32
        )
        self.kernel = nnx.Param(_other_direction(start, groups))
        self.bias = nnx.Param(jnp.zeros(channels_out, jnp.float32)) if bias else None

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Spread an array.

        Parameters
        ----------
        x
            float (n, *space, channels_in).
        mask
            bool (n, *space): the positions that count; the others are read as zeros.

        Returns
        -------
        jax.Array
            float (n, *size, channels_out); `output_mask` says which positions count.
        """
        x = hide(computed_in(x, self.dtype), mask)
        result = conv_transpose(
            x,
            self.kernel[...].astype(x.dtype),
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
            precision=self.precision,
        )
        return result if self.bias is None else add_bias(result, self.bias[...])

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions, bool (n, *size), that a sequence or image also has alone."""
        check_mask(mask, mask.shape)
        geometry = _geometry(
            mask.shape[1:],
            self.window,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
        )
        counts = mask.astype(jnp.float32)
        for axis, reach in enumerate(_reaches(geometry), start=1):
            each = jnp.tensordot(counts, jnp.asarray(reach, jnp.float32), ((axis,), (0,)))
            counts = jnp.moveaxis(each, -1, axis)
        return counts > 0


def _reaches(geometry: Geometry) -> list[np.ndarray]:
    """Say for each axis which part of the result, (positions, size), is due to a position.

    From behind the one before it to where the result would end if it were the last.
    """
    reaches = []
    for size, positions, step, (before, _) in zip(
        geometry.space, geometry.positions, geometry.stride, geometry.pads, strict=True
    ):
        number, place = np.arange(positions)[:, None], np.arange(size)[None, :]
        end = size - (positions - 1 - number) * step
        reaches.append((place > (number - 1) * step - before) & (place < end))
    return reaches


def _other_direction(kernel: jax.Array, groups: int) -> jax.Array:
    """Swap the channels in and out of a kernel, group by group."""
    *window, taken, given = kernel.shape
    split = kernel.reshape(*window, taken, groups, given // groups)
    return jnp.swapaxes(split, -1, -3).reshape(*window, given // groups, -1)
