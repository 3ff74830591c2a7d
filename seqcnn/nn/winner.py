"""The largest value of each window along one axis, and where it stands.

The gradient of `lax.reduce_window` is a select-and-scatter, the slow part of a pooled network on
CPU. Here the place of each winner is found in the forward pass, one byte a window, and the backward
pass compares places with it: no scatter, and the same sums in the same order on every run.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.nn.dtypes import accumulation_dtype
from seqcnn.nn.lowering import runs_on_cpu
from seqcnn.nn.pool_windows import PoolAxis, into_blocks, pad_axis


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def largest(x: jax.Array, axis: PoolAxis) -> jax.Array:
    """Take the largest value of each window.

    Parameters
    ----------
    x
        float (outer, length, inner).
    axis
        The windows on the middle axis.

    Returns
    -------
    jax.Array
        float (outer, positions, inner). The gradient goes to the first of equal winners; a NaN
        wins.
    """
    before, after = axis.padding[0], max(axis.overhang, 0)
    return lax.reduce_window(
        x,
        np.asarray(-np.inf, x.dtype),
        lax.max,
        window_dimensions=(1, axis.window, 1),
        window_strides=(1, axis.stride, 1),
        padding=((0, 0), (before, after), (0, 0)),
        window_dilation=(1, axis.dilation, 1),
    )


@largest.defjvp
def _largest_jvp(
    axis: PoolAxis, primals: tuple[jax.Array], tangents: tuple[jax.Array]
) -> tuple[jax.Array, jax.Array]:
    values, tangent = largest(primals[0], axis), tangents[0]
    # wide, because the transpose adds up what comes back from all windows that a value won
    wide = tangent.astype(accumulation_dtype(tangent.dtype))
    place = winning_place(primals[0], values, axis)
    return values, _once(pick(wide, place, axis), place, axis).astype(tangent.dtype)


def _once(taken: jax.Array, place: jax.Array, axis: PoolAxis) -> jax.Array:
    """Have what comes back for a window computed once, not once for each of its values.

    XLA on CPU moves it, however long it takes, into the loop over these values. It does not do so
    with a division; that this one is by 1 it cannot know.
    """
    if not runs_on_cpu() or not place.size or axis.extent > np.iinfo(np.uint8).max:
        return taken
    return taken / (place.ravel()[0] < np.uint8(axis.extent)).astype(taken.dtype)


def winning_place(x: jax.Array, values: jax.Array, axis: PoolAxis) -> jax.Array:
    """Find the first place of each window that holds its largest value.

    Parameters
    ----------
    x
        float (outer, length, inner).
    values
        float (outer, positions, inner): `largest` of `x`.
    axis
        The windows on the middle axis.

    Returns
    -------
    jax.Array
        uint8 or int32 (outer, positions, inner): positions from the start of the window. Never in
        the padding.
    """
    x = pad_axis(x, -np.inf, axis.padding[0], max(axis.overhang, 0))
    dtype = np.uint8 if axis.extent <= 256 else np.int32
    place = jnp.zeros(values.shape, dtype)
    # a running maximum with its index costs twice as much as to look for the known maximum
    for offset in reversed(range(0, axis.extent, axis.dilation)):
        here = lax.slice_in_dim(
            x, offset, offset + (axis.positions - 1) * axis.stride + 1, axis.stride, axis=1
        )
        place = jnp.where((here == values) | jnp.isnan(here), dtype(offset), place)
    # where all is -inf, the padding on the left seems to win
    inside = -(np.minimum(axis.starts, 0) // axis.dilation) * axis.dilation
    return jnp.maximum(place, inside.astype(dtype)[None, :, None])


def pick(x: jax.Array, place: jax.Array, axis: PoolAxis) -> jax.Array:
    """Take from each window of `x` (outer, length, inner) what stands at its `place`."""
    blocks, result = into_blocks(x, axis), jnp.zeros(place.shape, x.dtype)
    for block in range(axis.blocks):
        first = block * axis.stride
        offsets = np.arange(first, min(first + axis.stride, axis.extent), dtype=place.dtype)
        chosen = place[:, :, None] == offsets[None, None, :, None]
        part = blocks[:, block : block + axis.positions, : len(offsets)]
        result += jnp.where(chosen, part, 0).sum(axis=2, dtype=x.dtype)
    return result
