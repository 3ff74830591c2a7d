"""Max-pooling that remembers its winners, and the way back (SegNet).

Badrinarayanan, Kendall and Cipolla (2017), doi:10.1109/TPAMI.2016.2644615.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import float_array
from seqcnn.nn.geometry import Padding
from seqcnn.nn.pool import max_pool
from seqcnn.nn.pool_windows import PoolAxis, pool_axes, pooled_view, view_axis
from seqcnn.nn.winner import largest, pick, winning_place


def max_pool_with_indices(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Take the largest value of each window, and say where it stood.

    Parameters
    ----------
    x, window, stride, padding, dilation, ceil_mode
        As in `seqcnn.nn.pool.max_pool`.

    Returns
    -------
    values : jax.Array
        float (n, *positions, channels): what `max_pool` gives.
    indices : jax.Array
        int32 (n, *positions, channels): the position in the space of that example and channel, its
        axes flattened, as PyTorch's ``return_indices``.

    Raises
    ------
    SeqcnnError
        As `max_pool`.

    Examples
    --------
    >>> values, indices = max_pool_with_indices(jnp.array([[[1.0], [3.0], [5.0], [2.0]]]), 2)
    >>> values.ravel().tolist(), indices.ravel().tolist()
    ([3.0, 5.0], [1, 2])
    """
    x = float_array(x)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    axes = pool_axes(x.shape[1:-1], window, **options)
    values, indices = lax.stop_gradient(x), jnp.zeros(x.shape, np.int32)
    for number, axis in reversed(list(enumerate(axes))):
        flat = view_axis(values, number)
        best = largest(flat, axis)
        place = winning_place(flat, best, axis)
        here = axis.starts.astype(np.int32)[None, :, None] + place.astype(np.int32)
        unit = math.prod(x.shape[number + 2 : -1])
        index = pick(view_axis(indices, number), place, axis) + here * unit
        indices, values = (pooled_view(a, values, number) for a in (index, best))
    return max_pool(x, window, **options), indices


def max_unpool(
    x: jax.Array,
    indices: jax.Array,
    window: int | Sequence[int],
    *,
    space: Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
) -> jax.Array:
    """Put values back where the winners of a max-pool stood, and 0 everywhere else.

    Parameters
    ----------
    x
        float (n, *positions, channels).
    indices
        int32 (n, *positions, channels), from `max_pool_with_indices`: each in its own window,
        others are not placed.
    window, stride, padding, dilation
        Those of the pool.
    space
        Extents of the array that was pooled, and of the result: indices count in it.

    Returns
    -------
    jax.Array
        float (n, *space, channels). Where windows overlap and share a winner, the last one counts.

    Raises
    ------
    SeqcnnError
        The shapes do not fit each other.

    Examples
    --------
    >>> values, indices = max_pool_with_indices(jnp.array([[[1.0], [3.0], [5.0], [2.0]]]), 2)
    >>> max_unpool(values, indices, 2, space=(4,)).ravel().tolist()
    [0.0, 3.0, 5.0, 0.0]
    """
    x = float_array(x)
    if x.shape != indices.shape:
        raise SeqcnnError(f"`indices` must have the shape of `x`, {x.shape}, not {indices.shape}")
    axes = _unpool_axes(
        x.shape[1:-1], window, space, stride=stride, padding=padding, dilation=dilation
    )
    own = jnp.zeros((1,) * (2 * len(axes) + 2), np.int32)
    for number, axis in enumerate(axes):
        own = own + _own_indices(axes, number, axis)
    result = jnp.zeros((), x.dtype)
    # the first window over a block reaches furthest back, the last one starts in it
    for shift in reversed(list(np.ndindex(*(axis.blocks for axis in axes)))):
        index, value = (_spread(a, axes, shift, fill) for a, fill in ((indices, -1), (x, 0)))
        result = jnp.where(index == own, value, result)
    grid = [(axis.positions + axis.blocks - 1) * axis.stride for axis in axes]
    result = result.reshape(x.shape[0], *grid, x.shape[-1])
    crop = [
        (-axis.padding[0], axis.length + axis.padding[0] - extent, 0)
        for axis, extent in zip(axes, grid, strict=True)
    ]
    return lax.pad(result, np.zeros((), x.dtype), [(0, 0, 0), *crop, (0, 0, 0)])


def _unpool_axes(
    positions: tuple[int, ...],
    window: int | Sequence[int],
    space: Sequence[int],
    *,
    stride: int | Sequence[int] | None,
    padding: Padding,
    dilation: int | Sequence[int],
) -> tuple[PoolAxis, ...]:
    """Find the windows of the pool that gave an array of so many positions."""
    if len(space) == len(positions):
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        for ceil_mode in (False, True):
            axes = pool_axes(space, window, ceil_mode=ceil_mode, **options)
            if tuple(axis.positions for axis in axes) == positions:
                return axes
    raise SeqcnnError(
        f"`space` {tuple(space)} has no {positions} windows of {window}: give the space that was "
        f"pooled, and the window, stride, padding and dilation of that pool"
    )


def _own_indices(axes: Sequence[PoolAxis], number: int, axis: PoolAxis) -> np.ndarray:
    """Give what each position of an axis adds to the flat index: (1, .., blocks, stride, .., 1)."""
    count = axis.positions + axis.blocks - 1
    unit = math.prod(other.length for other in axes[number + 1 :])
    where = (np.arange(count * axis.stride) - axis.padding[0]) * unit
    after = 2 * (len(axes) - number - 1) + 1
    shape = (*(1,) * (2 * number + 1), count, axis.stride, *(1,) * after)
    return where.astype(np.int32).reshape(shape)


def _spread(x: jax.Array, axes: Sequence[PoolAxis], shift: Sequence[int], fill: int) -> jax.Array:
    """Lay each window over its block number `shift`: (n, blocks, 1, blocks, 1, ..., channels)."""
    pads = [(s, axis.blocks - 1 - s, 0) for s, axis in zip(shift, axes, strict=True)]
    x = lax.pad(x, np.asarray(fill, x.dtype), [(0, 0, 0), *pads, (0, 0, 0)])
    return jnp.expand_dims(x, tuple(range(2, 2 * len(axes) + 1, 2)))
