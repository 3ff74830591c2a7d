"""Convolutions of each channel on its own, for CPUs: sums of shifted arrays, without a product.

The result and the gradient with respect to the input are such sums (`seqcnn.nn.shifted`); that with
respect to the kernel adds up products over the batch and all positions.
"""

import math
import operator
from collections.abc import Sequence
from functools import partial, reduce
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.nn.geometry import Geometry
from seqcnn.nn.shifted import MOST_JOINED, Axis, Run, Tap, axes_of, seen, weighted_sum

# products that are added up in one pass, and how many of them are of different arrays of a batch
_PRODUCTS, _PARTS = 16, 8
# taps of a kernel that one loop computes, and from how many positions on each axis
_MOST_TAPS, _MANY_POSITIONS = 9, 8
# in bytes: arrays that the second caches hold while the rows of a kernel pass over them, one
# after the other; and parts of a batch into which it is split at most
_SECOND_CACHES, _MOST_CHUNKS = 2**22, 4


def shift_and_add(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike = None,
) -> jax.Array:
    """Convolve each channel on its own: a sum of shifted arrays, each times a weight a channel.

    There is no matrix product, hence no use of `precision`. With more than one kernel a channel,
    the channels are repeated first.
    """
    multiplier = kernel.shape[-1] // groups
    repeated = jnp.repeat(x, multiplier, axis=-1) if multiplier > 1 else x
    return _depthwise(geometry, repeated, kernel)


def transposed(
    upstream: jax.Array, kernel: jax.Array, geometry: Geometry, *, groups: int
) -> jax.Array:
    """Send float (n, *positions, channels_out) back to (n, *space, channels_in)."""
    each = _input_gradient(geometry, kernel, upstream)
    return each.reshape(*each.shape[:-1], groups, each.shape[-1] // groups).sum(axis=-1)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _depthwise(geometry: Geometry, x: jax.Array, kernel: jax.Array) -> jax.Array:
    return weighted_sum(x, kernel, [[axis] for axis in axes_of(geometry)])


def _forward(
    geometry: Geometry, x: jax.Array, kernel: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    # not by `_depthwise`: so that forward mode goes through a gradient
    return weighted_sum(x, kernel, [[axis] for axis in axes_of(geometry)]), (x, kernel)


def _backward(
    geometry: Geometry, saved: tuple[jax.Array, jax.Array], upstream: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = saved
    return (
        _input_gradient(geometry, kernel, upstream),
        _kernel_gradient(geometry, x, upstream),
    )


_depthwise.defvjp(_forward, _backward)


def _axes_back(geometry: Geometry) -> list[list[Axis]]:
    """Say for each axis which windows cover a position, and by what place.

    With strides it depends on the remainder of the position: a sum for each.
    """
    axes = []
    for length, window, step, gap, (before, _), positions in zip(*geometry, strict=True):
        sums = []
        for remainder in range(step):
            ahead = ((place, remainder + before - place * gap) for place in range(window))
            taps = tuple(Tap(place, by // step) for place, by in ahead if by % step == 0)
            sums.append(Axis(positions, -(-length // step), 1, taps))
        axes.append(sums)
    return axes


def _input_gradient(geometry: Geometry, kernel: jax.Array, upstream: jax.Array) -> jax.Array:
    """Sum up what reaches each position: quicker than the sum of padded arrays autodiff makes."""
    result = weighted_sum(upstream, kernel, _axes_back(geometry))
    limits = (len(result), *geometry.space, result.shape[-1])
    return lax.slice(result, (0,) * len(limits), limits)


def _kernel_gradient(geometry: Geometry, x: jax.Array, upstream: jax.Array) -> jax.Array:
    """Sum products over the batch and all positions, to float (*window, 1, channels).

    XLA on CPU writes every product to memory before it sums them. Therefore 16 of them are added up
    while they are multiplied, and only these sums are written, to be reduced by one fast loop. If
    the taps are few, one loop computes the sums of all, which reads the arrays once. Else every row
    of the kernel passes over as much of the batch as stays in the caches.
    """
    axes = axes_of(geometry)
    rows = list(product(*(axis.taps for axis in axes[:-1])))
    shape = (*geometry.window, 1, x.shape[-1])
    few = math.prod(geometry.window) <= _MOST_TAPS and len(rows) <= MOST_JOINED
    if few and geometry.rank > 1 and min(geometry.positions) >= _MANY_POSITIONS:
        return _of_rows(x, upstream, axes, rows).reshape(shape)
    size = _images_in_caches(len(x), x.nbytes + upstream.nbytes)
    total = None
    for start in range(0, max(1, len(x)), size):
        if total is not None:
            # so that no row is computed before the last part of the batch is done
            x, upstream, total = lax.optimization_barrier((x, upstream, total))
        part = x[start : start + size], upstream[start : start + size]
        result = jnp.concatenate([_of_rows(*part, axes, [row]) for row in rows])
        total = result if total is None else total + result
    assert total is not None
    return total.reshape(shape)


def _images_in_caches(n: int, size: int) -> int:
    """Say in how large parts to go over a batch of so many bytes, to be compiled part by part."""
    fitting = [k for k in range(1, _MOST_CHUNKS + 1) if n % k == 0]
    return max(1, n // next((k for k in fitting if size <= k * _SECOND_CACHES), fitting[-1]))


def _of_rows(
    x: jax.Array, upstream: jax.Array, axes: Sequence[Axis], rows: Sequence[tuple[Tap, ...]]
) -> jax.Array:
    """Compute the gradient for some rows of a kernel, to float (rows, taps in a row, channels)."""
    groups = []
    for start in range(0, len(axes[-1].taps), MOST_JOINED):
        some = axes[-1].taps[start : start + MOST_JOINED]
        lines = [
            jnp.stack([_sums(x, upstream, axes, (*row, tap), len(rows) > 1) for tap in some], -2)
            for row in rows
        ]
        together = lax.optimization_barrier(jnp.stack(lines, axis=-3))
        groups.append(together.sum(axis=range(together.ndim - 3)))
    return jnp.concatenate(groups, axis=1)


def _sums(
    x: jax.Array, upstream: jax.Array, axes: Sequence[Axis], taps: Sequence[Tap], whole: bool
) -> jax.Array:
    """Add up products of different images and parts of the last axis, to sums yet to be reduced.

    With `whole`, they have zeros where the tap lies beside the array, on the axes before the last.
    """
    images = math.gcd(len(x), _PARTS)
    each, last = len(x) // images, axes[-1]
    width = -(-last.positions // max(1, min(_PRODUCTS // images, last.positions // 2)))
    runs = [axis.under(tap) for axis, tap in zip(axes, taps, strict=True)]
    around = [
        (run.start, axis.positions - run.stop, 0) if whole else (0, 0, 0)
        for run, axis in zip(runs[:-1], axes[:-1], strict=True)
    ]
    sums = []
    for start in range(0, last.positions, width):
        begin, end = max(runs[-1].start, start), min(runs[-1].stop, start + width)
        box = [*runs[:-1], Run(begin, end, ())]
        if any(run.start >= run.stop for run in box):
            continue
        values = seen(x, axes, box, taps)
        errors = upstream[(slice(None), *(slice(run.start, run.stop) for run in box))]
        added = reduce(
            operator.add,
            (
                values[i * each : (i + 1) * each] * errors[i * each : (i + 1) * each]
                for i in range(images)
            ),
        )
        pads = ((0, 0, 0), *around, (begin - start, start + width - end, 0), (0, 0, 0))
        sums.append(lax.pad(added, np.zeros((), x.dtype), pads))
    if not sums:
        extents = (
            run.stop - run.start + before + after
            for run, (before, after, _) in zip(runs[:-1], around, strict=True)
        )
        return jnp.zeros((each, *extents, width, x.shape[-1]), x.dtype)
    return reduce(operator.add, sums)


def flip(kernel: jax.Array) -> jax.Array:
    """Turn the places of a kernel (*window, channels_in, channels_out) around on every axis."""
    return jnp.flip(kernel, axis=range(kernel.ndim - 2))
