"""Convolutions of each channel on its own, for CPUs: sums of shifted arrays, without a product.

What limits them is how fast a processor reads: every product takes a value and a weight. Hence two
special cases, decided from shapes (benchmarks/bench_nn_conv.py):

- maps larger than the caches are not copied to be padded: the windows inside are summed up as they
  lie, those that touch the padding apart (`_without_a_copy`);
- where the weights of all channels are more than the first cache holds, few channels are summed
  up at a time (`_in_blocks`).
"""

import math
import operator
from collections.abc import Iterator
from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental.layout import Layout, with_layout_constraint

from seqcnn.nn.geometry import Geometry

# shifted arrays that are summed up in one pass: with more, one more pass over the result is faster
_TERMS = 9
# parts of a batch that are summed up in one pass, see `_kernel_gradient`
_PARTS = 8
# in bytes, of the weights that stay in the first cache of a core beside what they are multiplied by
_FIRST_CACHE = 2**15
# in bytes, of the padded array, and the share of windows that touch the padding, see `_sides_pay`
_LARGE, _FEW = 2**22, 0.1
# of the channels that are summed up at a time: a line of a cache
_BLOCK = 64


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
    return _weighted_sum(geometry, x, kernel)


def _forward(
    geometry: Geometry, x: jax.Array, kernel: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    # not by `_depthwise`: so that forward mode goes through a gradient
    return _weighted_sum(geometry, x, kernel, copy=True), (x, kernel)


def _backward(
    geometry: Geometry, saved: tuple[jax.Array, jax.Array], upstream: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = saved
    return (
        _input_gradient(geometry, kernel, upstream),
        _kernel_gradient(geometry, x, upstream).reshape(kernel.shape),
    )


_depthwise.defvjp(_forward, _backward)


def _weighted_sum(
    geometry: Geometry, x: jax.Array, kernel: jax.Array, *, copy: bool = False
) -> jax.Array:
    """Choose how; with `copy`, the gradient of the kernel needs the padded array anyway."""
    block = math.gcd(x.shape[-1], _BLOCK // x.dtype.itemsize)
    if kernel.nbytes > _FIRST_CACHE and block * x.dtype.itemsize >= _BLOCK // 2:
        return _in_blocks(geometry, x, kernel, block)
    if not copy and _sides_pay(geometry, x):
        return _without_a_copy(geometry, x, kernel)
    return _sum_of_terms(geometry, padded(x, geometry), kernel)


def _sum_of_terms(geometry: Geometry, x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Sum up what lies under the places of the window, of a padded array (n, ..., *space, c)."""
    ahead = x.shape[1 : -1 - geometry.rank]
    shape = (1, *ahead, *(1,) * geometry.rank, x.shape[-1])
    terms = [part * kernel[place].reshape(shape) for place, part in tap_views(x, geometry)]
    result = reduce(operator.add, terms[:_TERMS])
    for start in range(_TERMS, len(terms), _TERMS):
        result = lax.optimization_barrier(result)
        result = result + reduce(operator.add, terms[start : start + _TERMS])
    return result


def _in_blocks(geometry: Geometry, x: jax.Array, kernel: jax.Array, block: int) -> jax.Array:
    """Sum up few channels at a time, so that their weights are read from the first cache.

    XLA computes in the order in which the result lies in memory, and would rather relabel axes than
    move an array: hence the demands on the layout.
    """
    whole = lax.optimization_barrier(padded(x, geometry))
    blocks = jnp.moveaxis(whole.reshape(*whole.shape[:-1], x.shape[-1] // block, block), -2, 1)
    result = _in_order(_sum_of_terms(geometry, lax.optimization_barrier(_in_order(blocks)), kernel))
    together = jnp.moveaxis(lax.optimization_barrier(result), 1, -2)
    return together.reshape(*together.shape[:-2], x.shape[-1])


def _in_order(x: jax.Array) -> jax.Array:
    """Have an array lie in memory in the order of its axes."""
    return with_layout_constraint(x, Layout(tuple(range(x.ndim))))


def _sides_pay(geometry: Geometry, x: jax.Array) -> bool:
    """Tell whether a padded copy would be large, and few windows touch what it adds."""
    inside = math.prod(stop - start for start, stop in geometry.inside)
    few = inside > 0 and inside >= (1 - _FEW) * math.prod(geometry.positions)
    # else a window could lie in the padding alone
    near = all(map(operator.ge, geometry.extents, geometry.stride))
    return few and near and x.nbytes > _LARGE and any(map(any, geometry.pads))


def _without_a_copy(geometry: Geometry, x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Sum up the windows inside of the array first, then those that touch its sides."""

    def of(box: list[tuple[int, int]]) -> jax.Array:
        extents, part = geometry.part(box)
        begin, end = zip(*extents, strict=True)
        cut = lax.slice(x, (0, *begin, 0), (len(x), *end, x.shape[-1]))
        return _sum_of_terms(part, lax.optimization_barrier(padded(cut, part)), kernel)

    inside, positions = geometry.inside, geometry.positions
    around = [(start, n - stop, 0) for (start, stop), n in zip(inside, positions, strict=True)]
    within = of(list(inside))
    result = lax.pad(within, np.zeros((), x.dtype), ((0, 0, 0), *around, (0, 0, 0)))
    for axis, (start, stop) in enumerate(inside):
        for side in ((0, start), (stop, positions[axis])):
            if side[0] < side[1]:
                box = [*inside[:axis], side, *((0, n) for n in positions[axis + 1 :])]
                corner = (0, *(first for first, _ in box), 0)
                result = lax.dynamic_update_slice(result, of(box), corner)
    return result


def _input_gradient(geometry: Geometry, kernel: jax.Array, upstream: jax.Array) -> jax.Array:
    """Correlate with the flipped kernel: quicker than the sum of padded arrays autodiff makes."""
    pads = []
    for length, positions, step, extent, (before, _) in zip(
        geometry.space,
        geometry.positions,
        geometry.stride,
        geometry.extents,
        geometry.pads,
        strict=True,
    ):
        after = length + before - ((positions - 1) * step + 1)
        pads.append((extent - 1 - before, after))
    if any(step > 1 for step in geometry.stride) or min(map(min, pads)) < 0:
        # zeros between the positions too, where windows were skipped
        each = [(*pair, step - 1) for pair, step in zip(pads, geometry.stride, strict=True)]
        zero = np.zeros((), upstream.dtype)
        upstream = lax.pad(upstream, zero, ((0, 0, 0), *each, (0, 0, 0)))
        pads = [(0, 0)] * len(pads)
    reverse = Geometry.of(
        upstream.shape[1:-1], geometry.window, padding=pads, dilation=geometry.dilation
    )
    return _weighted_sum(reverse, upstream, flip(kernel))


def _kernel_gradient(geometry: Geometry, x: jax.Array, upstream: jax.Array) -> jax.Array:
    """Sum products over the batch and all positions, to float (places, channels).

    XLA on CPU writes every product to memory before it sums them. Therefore eight parts of the
    batch are added up while they are multiplied, and only these sums are written, all places in one
    array, so that they are then reduced by one fast loop.
    """
    parts = math.gcd(len(x), _PARTS)

    def split(array: jax.Array) -> jax.Array:
        return array.reshape(parts, len(array) // parts, *array.shape[1:])

    errors = split(upstream)
    sums = []
    for _, part in tap_views(padded(x, geometry), geometry):
        values = split(part)
        sums.append(reduce(operator.add, (values[i] * errors[i] for i in range(parts))))
    together = lax.optimization_barrier(jnp.stack(sums))
    return together.sum(axis=range(1, together.ndim - 1))


def flip(kernel: jax.Array) -> jax.Array:
    """Turn the places of a kernel (*window, channels_in, channels_out) around on every axis."""
    return jnp.flip(kernel, axis=range(kernel.ndim - 2))


def padded(x: jax.Array, geometry: Geometry) -> jax.Array:
    """Put zeros around the space axes of an array (n, *space, channels)."""
    if not any(map(any, geometry.pads)):
        return x
    pads = ((0, 0, 0), *((before, after, 0) for before, after in geometry.pads), (0, 0, 0))
    return lax.pad(x, np.zeros((), x.dtype), pads)


def tap_views(x: jax.Array, geometry: Geometry) -> Iterator[tuple[tuple[int, ...], jax.Array]]:
    """Cut out of a padded array what each place of the window covers over all positions.

    Yields
    ------
    tuple
        The place, and float (..., *positions, channels).
    """
    ahead = x.shape[: -1 - geometry.rank]
    for place in np.ndindex(*geometry.window):
        first = [k * gap for k, gap in zip(place, geometry.dilation, strict=True)]
        last = [
            f + (positions - 1) * step + 1
            for f, positions, step in zip(first, geometry.positions, geometry.stride, strict=True)
        ]
        begin, end = (*(0 for _ in ahead), *first, 0), (*ahead, *last, x.shape[-1])
        yield place, lax.slice(x, begin, end, (*(1 for _ in ahead), *geometry.stride, 1))
