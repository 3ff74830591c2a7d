"""Convolutions as products of matrices: windows, stretches of pixels, or positions in rows.

Ways that `seqcnn.nn.lowering` chooses from. Arguments are those of its `Lowering`: x float
(n, *space, channels_in) and kernel (*window, channels_in, channels_out), checked before.
"""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.nn.geometry import Geometry
from seqcnn.nn.shifted import axes_of, laid_out, moved

# of `banded`: values of a long row, and pixels of a stretch for each position of it
_LONG_ROW, _MOST_SHARED = 80, 1.5


def columns(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by one matrix product for each group: lay out all windows, each a row (im2col).

    Places of the window that lie beside the array for all positions are left out.
    """
    axes = [axis.with_taps_in_use() for axis in axes_of(geometry)]
    used = tuple(slice(axis.taps[0].place, axis.taps[-1].place + 1) for axis in axes)

    def of_group(x: jax.Array, kernel: jax.Array) -> jax.Array:
        rows = laid_out(x, axes)
        rows = rows.reshape(*rows.shape[:-2], rows.shape[-2] * rows.shape[-1])
        matrix = kernel[used].reshape(rows.shape[-1], kernel.shape[-1])
        return _times(rows, matrix, precision)

    if groups == 1:
        return of_group(x, kernel)
    # group by group in memory, so that every matrix product reads and writes what lies together
    grouped = jnp.moveaxis(x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups), -2, 0)
    each = kernel.reshape(*kernel.shape[:-1], groups, kernel.shape[-1] // groups)
    result = jnp.moveaxis(jax.vmap(of_group)(grouped, jnp.moveaxis(each, -2, 0)), 0, -2)
    return result.reshape(*result.shape[:-2], kernel.shape[-1])


def _times(rows: jax.Array, matrix: jax.Array, precision: lax.PrecisionLike) -> jax.Array:
    """Multiply the last axis of `rows` by a matrix.

    Of two axes, or else the gradient of the matrix is up to five times slower on CPU.
    """
    flat = rows.reshape(math.prod(rows.shape[:-1]), rows.shape[-1])
    product = lax.dot_general(flat, matrix, (((1,), (0,)), ((), ())), precision=precision)
    return product.reshape(*rows.shape[:-1], matrix.shape[-1])


def banded(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by one matrix product, whose rows are stretches of pixels under several windows.

    The matrix holds the kernel once for each position of a stretch along the last axis, and zeros
    beside it: more products, of long rows that lie together, are faster than few of short ones. An
    infinite value makes NaN of its whole stretch. For two axes or more, and one group.
    """
    *first, last = axes_of(geometry)
    n, (taken, given) = len(x), kernel.shape[-2:]
    positions, extent = stretch(geometry, taken)
    count, between = last.positions // positions, positions * last.step
    lowest = last.taps[0].offset
    behind = (count - 1) * between + extent + lowest - last.length
    whole = lax.pad(
        x,
        np.zeros((), x.dtype),
        (*((0, 0, 0),) * (x.ndim - 2), (-lowest, behind, 0), (0, 0, 0)),
    )
    stretches = jnp.stack(
        [lax.slice_in_dim(whole, i * between, i * between + extent, axis=-2) for i in range(count)],
        axis=-3,
    )
    stretches = stretches.reshape(*x.shape[:-2], count, extent * taken)
    taps = list(itertools.product(*(axis.taps for axis in first)))
    rows = jnp.concatenate([moved(stretches, first, each) for each in taps], axis=-1)
    matrix = _band(kernel.reshape(len(taps), len(last.taps), taken, given), geometry)
    return _times(rows, matrix, precision).reshape(n, *geometry.positions, given)


def stretch(geometry: Geometry, taken: int) -> tuple[int, int]:
    """Choose positions along the last axis for a row of `banded`, and count its pixels.

    As few as make a long row in which few pixels are of two stretches; all, if none do.
    """
    last, places = axes_of(geometry)[-1], math.prod(geometry.window[:-1])
    span = last.taps[-1].offset - last.taps[0].offset + 1
    for positions in range(1, last.positions):
        extent = (positions - 1) * last.step + span
        long = places * extent * taken >= _LONG_ROW
        if last.positions % positions == 0 and long and extent <= _MOST_SHARED * positions:
            return positions, extent
    return last.positions, (last.positions - 1) * last.step + span


def _band(kernel: jax.Array, geometry: Geometry) -> jax.Array:
    """Lay kernels (places, window, in, out) out as a matrix from a stretch to its positions."""
    places, _, taken, given = kernel.shape
    last, (positions, extent) = axes_of(geometry)[-1], stretch(geometry, taken)
    offsets = np.array([tap.offset for tap in last.taps]) - last.taps[0].offset
    starts = last.step * np.arange(positions)
    under = np.arange(extent)[:, None, None] == starts[:, None] + offsets
    band = jnp.einsum(
        "apk,tkio->taipo", jnp.asarray(under, kernel.dtype), kernel, precision="highest"
    )
    return band.reshape(places * extent * taken, positions * given)


def position_by_position(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by one matrix product for each position, with the places that lie on the array.

    For one axis whose windows lie in the padding mostly, and one group.
    """
    (axis,), n, given = axes_of(geometry), len(x), kernel.shape[-1]
    results = []
    for start, stop, taps in axis.runs():
        if not taps:
            results += [jnp.zeros((n, given), x.dtype)] * (stop - start)
            continue
        rows = kernel[taps[0].place : taps[-1].place + 1]
        matrix = rows.reshape(len(taps) * x.shape[-1], given)
        for position in range(start, stop):
            begin, end = (position * axis.step + tap.offset for tap in (taps[0], taps[-1]))
            under = x[:, begin : end + 1 : geometry.dilation[0]]
            results.append(_times(under.reshape(n, len(matrix)), matrix, precision))
    return jnp.stack(results, axis=1)
