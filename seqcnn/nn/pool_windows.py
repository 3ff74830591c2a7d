"""Where the windows of a pool lie, and which of them lie on a sequence.

The windows are worked out in plain numbers, once, when a program is traced.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.geometry import Padding, pad_pairs, per_axis
from seqcnn.nn.masks import check_mask


class PoolAxis(NamedTuple):
    """The windows along one axis, in positions of that axis.

    Parameters
    ----------
    length, window, stride, dilation
        Extents of the axis and of a window, steps between windows and between places of a window.
    padding
        Positions asked for before and after the axis. With `ceil_mode` a window may lie beyond.
    positions
        Number of windows.
    ceil_mode
        Whether a last window counts that lies only partly on the padded axis.
    """

    length: int
    window: int
    stride: int
    dilation: int
    padding: tuple[int, int]
    positions: int
    ceil_mode: bool

    @property
    def extent(self) -> int:
        """Positions from the first to the last place of a window."""
        return (self.window - 1) * self.dilation + 1

    @property
    def starts(self) -> np.ndarray:
        """Where each window begins: int (positions,); below 0 in the padding."""
        return np.arange(self.positions) * self.stride - self.padding[0]

    @property
    def overhang(self) -> int:
        """Positions of the last window past the end of the axis; below 0, those left over."""
        return int(self.starts[-1]) + self.extent - self.length

    @property
    def blocks(self) -> int:
        """How many blocks of `stride` positions a window touches; 1 if windows do not overlap."""
        return -(-self.extent // self.stride)

    @property
    def trivial(self) -> bool:
        """Whether each position is a window."""
        return self.window == self.stride == 1


def pool_axes(
    space: Sequence[int],
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> tuple[PoolAxis, ...]:
    """Work out where the windows lie on each axis; arguments as in `seqcnn.nn.pool.max_pool`.

    Raises
    ------
    SeqcnnError
        No window fits, or one lies in the padding alone.
    """
    rank = len(space)
    extents, gaps = per_axis(window, rank, "window"), per_axis(dilation, rank, "dilation")
    steps = extents if stride is None else per_axis(stride, rank, "stride")
    pads = pad_pairs(padding, space, extents, stride=steps, dilation=gaps)
    return tuple(
        _axis(PoolAxis(*numbers, positions=0, ceil_mode=ceil_mode))
        for numbers in zip(space, extents, steps, gaps, pads, strict=True)
    )


def pool_mask(
    mask: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> jax.Array:
    """Find the windows that a sequence would also have alone, without the padding behind it.

    Therefore a network of convolutions and pools that are given the mask scores a sequence the same
    in every batch.

    Parameters
    ----------
    mask
        bool (n, *space): the positions that belong to the sequence or image.
    window, stride, padding, dilation, ceil_mode
        As in `seqcnn.nn.pool.max_pool`.

    Returns
    -------
    jax.Array
        bool (n, *positions). What is shorter than a window keeps its first one, so that it still
        has a score.

    Raises
    ------
    SeqcnnError
        No window fits, one lies in the padding alone, or `padding` is ``"same"`` with a stride, for
        then the windows of a sequence depend on its length.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> mask = jnp.array([[True, True, True, False]])
    >>> pool_mask(mask, 2).tolist(), pool_mask(mask, 2, ceil_mode=True).tolist()
    ([[True, False]], [[True, True]])
    """
    check_mask(mask, np.shape(mask))
    axes = pool_axes(
        mask.shape[1:],
        window,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    check_maskable(padding, axes)
    return windows_inside(mask, axes)


def check_maskable(padding: Padding, axes: Sequence[PoolAxis]) -> None:
    """Raise if the windows of a sequence are others alone than in a batch of longer ones."""
    same = isinstance(padding, str) and padding == "same"
    if same and any(axis.stride > 1 for axis in axes):
        raise SeqcnnError(
            "`mask` does not go with `padding` 'same' and a stride, where windows depend on the "
            "length of the array: give the padding as numbers"
        )


def windows_inside(mask: jax.Array, axes: Sequence[PoolAxis]) -> jax.Array:
    """Do the work of `pool_mask`, for windows that are worked out already."""
    whole = touched = mask[..., None]
    for number, axis in enumerate(axes):
        # A window is there if it fits the sequence and the padding behind it, or, with `ceil_mode`,
        # sticks out by less than a step. So much of it must lie on the sequence:
        slack = axis.padding[1] + (axis.stride - 1 if axis.ceil_mode else 0)
        start = axis._replace(window=max(axis.extent - slack, 1), dilation=1)
        whole = _combine(whole, number, start, lax.bitwise_and)
        touched = _combine(touched, number, axis, lax.bitwise_or)
    inside = (whole & touched)[..., 0]
    first = np.zeros((1, *inside.shape[1:]), bool)
    first[(0,) * inside.ndim] = True
    return inside | (~inside.any(tuple(range(1, inside.ndim)), keepdims=True) & first)


def _combine(
    mask: jax.Array,
    number: int,
    axis: PoolAxis,
    combine: Callable[[jax.Array, jax.Array], jax.Array],
) -> jax.Array:
    """Reduce a mask (n, *space, 1) along one axis; off the array it is what changes nothing."""
    neutral = combine is lax.bitwise_and
    pooled = lax.reduce_window(
        pad_axis(view_axis(mask, number), neutral, axis.padding[0], axis.overhang),
        np.bool_(neutral),
        combine,
        window_dimensions=(1, axis.window, 1),
        window_strides=(1, axis.stride, 1),
        padding="VALID",
        window_dilation=(1, axis.dilation, 1),
    )
    return pooled_view(pooled, mask, number)


def view_axis(x: jax.Array, number: int) -> jax.Array:
    """View `x` (n, *space, channels) as (outer, length, inner) around its space axis `number`."""
    outer, inner = math.prod(x.shape[: number + 1]), math.prod(x.shape[number + 2 :])
    return x.reshape(outer, x.shape[number + 1], inner)


def pooled_view(pooled: jax.Array, x: jax.Array, number: int) -> jax.Array:
    """Undo `view_axis` of `x`, after its axis was pooled to (outer, positions, inner)."""
    return pooled.reshape(*x.shape[: number + 1], pooled.shape[1], *x.shape[number + 2 :])


def into_blocks(x: jax.Array, axis: PoolAxis) -> jax.Array:
    """Cut (outer, length, inner) into (outer, positions + blocks - 1, stride, inner).

    Window j then lies in the blocks j to j + `axis.blocks` - 1: one layout for windows that overlap
    and others, which has no gathers and whose transpose has no scatters. Padding is 0.
    """
    total = axis.positions + axis.blocks - 1
    before = axis.padding[0]
    x = pad_axis(x, 0, before, total * axis.stride - axis.length - before)
    return x.reshape(x.shape[0], total, axis.stride, x.shape[-1])


def pad_axis(x: jax.Array, fill: float, before: int, after: int) -> jax.Array:
    """Lengthen the middle axis of (outer, length, inner); numbers below 0 shorten it."""
    return lax.pad(x, np.asarray(fill, x.dtype), ((0, 0, 0), (before, after, 0), (0, 0, 0)))


def _axis(axis: PoolAxis) -> PoolAxis:
    """Count the windows and check them."""
    before, after = axis.padding
    # what is left for the steps of a window that starts at the first position
    room = axis.length + before + after - axis.extent
    positions = room // axis.stride + 1
    if axis.ceil_mode:
        positions = -(-room // axis.stride) + 1
        if (positions - 1) * axis.stride >= axis.length + before:
            positions -= 1
    if positions < 1:
        raise SeqcnnError(
            f"a window over {axis.extent} positions does not fit an axis of "
            f"{axis.length + before + after} (padding included): take a shorter window, or padding"
        )
    axis = axis._replace(positions=positions)
    places = axis.starts[:, None] + np.arange(axis.window) * axis.dilation
    if not np.any((places >= 0) & (places < axis.length), axis=1).all():
        raise SeqcnnError(
            f"`padding` {axis.padding} is so wide that a window of {axis.window} lies in it alone: "
            f"pad by less than the window"
        )
    return axis
