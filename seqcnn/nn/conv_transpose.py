"""Transposed convolution over any number of space axes: the way back through a convolution.

Where a convolution gathers a window into one position, this spreads one position over a window. So
it makes small maps large again, with weights that are learned.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn import lowering
from seqcnn.nn.conv import add_bias
from seqcnn.nn.geometry import Geometry, conv_transpose_output_size, explicit_pads, per_axis
from seqcnn.nn.init import KERNEL_INIT, Initializer

ExplicitPadding = int | Sequence[int | tuple[int, int]]


def conv_transpose(
    x: jax.Array,
    kernel: jax.Array,
    *,
    stride: int | Sequence[int] = 1,
    padding: ExplicitPadding = 0,
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
    output_padding
        Positions that the result has more at its end, less than the stride: with a stride, several
        lengths lead to that of `x`.
    groups, precision
        As in `seqcnn.nn.conv.conv`.

    Returns
    -------
    jax.Array
        float (n, *size, channels_out); size by `conv_transpose_output_size`.

    Raises
    ------
    SeqcnnError
        The shapes do not fit, an argument is out of range, or nothing would be left.

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
    check_transposed_shapes(x.shape, kernel.shape, groups)
    rank, window = x.ndim - 2, kernel.shape[:-2]
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    pads = explicit_pads(padding, rank)
    more = per_axis(output_padding, rank, "output_padding", least=0)
    sizes = tuple(
        conv_transpose_output_size(
            length, k, stride=s, padding=[pair], output_padding=m, dilation=d
        )
        for length, k, s, pair, m, d in zip(
            x.shape[1:-1], window, strides, pads, more, dilations, strict=True
        )
    )
    # the convolution to be turned around pads less at the end by what the result has more
    less = tuple((before, after - m) for (before, after), m in zip(pads, more, strict=True))
    geometry = Geometry(sizes, window, strides, dilations, less, x.shape[1:-1])
    return lowering.convolve_transposed(x, kernel, geometry, groups=groups, precision=precision)


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
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (*window, channels_out / groups, channels_in).
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
        padding: ExplicitPadding = 0,
        output_padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = KERNEL_INIT,
        rngs: nnx.Rngs,
    ) -> None:
        extents = (window,) if isinstance(window, int) else tuple(window)
        rank = len(extents)
        if groups < 1 or channels_in % groups or channels_out % groups:
            raise SeqcnnError(
                f"`groups` must divide `channels_in` ({channels_in}) and `channels_out` "
                f"({channels_out}), not {groups}"
            )
        self.stride = per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        self.padding = explicit_pads(padding, rank)
        self.output_padding = per_axis(output_padding, rank, "output_padding", least=0)
        self.groups, self.precision = groups, precision
        # initialisers take the last axis but one for the channels that are summed over
        start = kernel_init(
            rngs.params(), (*extents, channels_in // groups, channels_out), jnp.float32
        )
        self.kernel = nnx.Param(_other_direction(start, groups))
        self.bias = nnx.Param(jnp.zeros(channels_out, jnp.float32)) if bias else None

    def __call__(self, x: jax.Array) -> jax.Array:
        """Spread `x` float (n, *space, channels_in) to float (n, *size, channels_out)."""
        result = conv_transpose(
            x,
            self.kernel[...],
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
            precision=self.precision,
        )
        return result if self.bias is None else add_bias(result, self.bias[...])


def _other_direction(kernel: jax.Array, groups: int) -> jax.Array:
    """Swap the channels in and out of a kernel, group by group."""
    *window, taken, given = kernel.shape
    split = kernel.reshape(*window, taken, groups, given // groups)
    return jnp.swapaxes(split, -1, -3).reshape(*window, given // groups, -1)
