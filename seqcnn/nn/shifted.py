"""Sums of shifted arrays, each channel with weights of its own: without a matrix product or a copy.

The gradient of such a sum with respect to the array is one too; with strides, one for every
remainder of the position. What limits both on a CPU is memory, hence the order of preference,
decided from shapes (benchmarks/bench_nn_conv.py):

- positions at which the same places of the window lie on the array form a region. The sums of all
  regions, each without the places that lie beside the array, make one loop over the result, which
  reads the array as it lies (`_by_regions`). With large windows there are too many to compile;
- then the positions inside and the strips around them, of which only the latter are padded;
- or the padded array, and if the weights of all channels are more than the first cache of a core
  holds, few channels at a time (`_in_blocks`).
"""

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import groupby, product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental.layout import Layout, with_layout_constraint

from seqcnn.nn.geometry import Geometry

# of all regions together: with more, a program takes seconds to compile
_MOST_TERMS = 400
MOST_JOINED = 8
"""Arrays that XLA still joins in the loop that computes them."""
# the share of positions inside from which on strips around them are padded apart
_MOST_INSIDE = 0.5
# shifted arrays that are summed up in one pass: with more, one more pass over the result is faster
_TERMS = 9
# in bytes, of the weights that stay in the first cache of a core beside what they are multiplied by
_FIRST_CACHE = 2**15
# in bytes, of the channels that are summed up at a time: a vector of the processor
_BLOCK = 32


class Tap(NamedTuple):
    """A place of the window, and where it reads: position times step, plus offset."""

    place: int
    offset: int


class Run(NamedTuple):
    """Positions from `start` to before `stop`, all under the same taps."""

    start: int
    stop: int
    taps: tuple[Tap, ...]


class Axis(NamedTuple):
    """How shifted arrays are summed along one axis.

    Parameters
    ----------
    length, positions
        Extents of the array and of the result.
    step
        Between what neighbouring positions read.
    taps
        What each position reads.
    """

    length: int
    positions: int
    step: int
    taps: tuple[Tap, ...]

    def under(self, tap: Tap) -> Run:
        """Find the positions at which a tap lies on the array."""
        start = min(self.positions, max(0, -(tap.offset // self.step)))
        stop = min(self.positions, (self.length - 1 - tap.offset) // self.step + 1)
        return Run(start, max(start, stop), (tap,))

    def runs(self) -> list[Run]:
        """Split the positions wherever the taps that lie on the array change."""
        spans = [self.under(tap) for tap in self.taps]

        def taps(position: int) -> tuple[Tap, ...]:
            return tuple(s.taps[0] for s in spans if s.start <= position < s.stop)

        found = []
        for each, positions in groupby(range(self.positions), taps):
            inside = list(positions)
            found.append(Run(inside[0], inside[-1] + 1, each))
        return found

    def inside(self) -> Run:
        """Find the positions at which all taps lie on the array."""
        spans = [self.under(tap) for tap in self.taps]
        start = max((span.start for span in spans), default=0)
        stop = min((span.stop for span in spans), default=self.positions)
        return Run(start, max(start, stop), self.taps)

    def with_taps_in_use(self) -> "Axis":
        """Leave the taps before and behind those away that lie on the array for any position."""
        use = [i for i, run in enumerate(map(self.under, self.taps)) if run.start < run.stop]
        return self._replace(taps=self.taps[use[0] : use[-1] + 1] if use else self.taps[:1])

    def sides(self) -> list[Run]:
        """Split the positions in those before, under and behind all of the taps."""
        start, stop, _ = self.inside()
        ends = (0, start), (start, stop), (stop, self.positions)
        return [Run(first, last, self.taps) for first, last in ends if first < last]

    def reach(self, run: Run, tap: Tap) -> tuple[int, int]:
        """From where to before where a tap reads for a run of positions."""
        first = run.start * self.step + tap.offset
        return first, first + (run.stop - run.start - 1) * self.step + 1


def axes_of(geometry: Geometry) -> list[Axis]:
    """Say for each axis what the places of a window cover."""
    axes = []
    for length, window, step, gap, (before, _), positions in zip(*geometry, strict=True):
        taps = tuple(Tap(place, place * gap - before) for place in range(window))
        axes.append(Axis(length, positions, step, taps))
    return axes


def laid_out(x: jax.Array, axes: Sequence[Axis]) -> jax.Array:
    """Copy what each tap reads for all positions: one behind the other before the channels.

    Parameters
    ----------
    x
        float (n, *space, channels).
    axes
        How the first space axes are read; those behind stay as they are.

    Returns
    -------
    jax.Array
        float (n, *positions, taps, channels), with zeros where taps lie beside the array. The taps
        of the last axis vary fastest.
    """

    def under(chosen: tuple[Tap, ...]) -> jax.Array:
        if len(chosen) == len(axes):
            return moved(x, axes, chosen)[..., None, :]
        parts = [under((*chosen, tap)) for tap in axes[len(chosen)].taps]
        # XLA computes no more than these in one loop
        stacks = [
            jnp.stack(parts[start : start + MOST_JOINED], axis=-3)
            for start in range(0, len(parts), MOST_JOINED)
        ]
        if len(stacks) > 1:
            stacks = [jnp.concatenate(lax.optimization_barrier(stacks), axis=-3)]
        *ahead, places, inner, channels = stacks[0].shape
        return stacks[0].reshape(*ahead, places * inner, channels)

    return under(())


def moved(x: jax.Array, axes: Sequence[Axis], taps: Sequence[Tap]) -> jax.Array:
    """Read one tap on each of the first space axes for all positions, zeros beside the array.

    Returns
    -------
    jax.Array
        float (n, *positions, *rest, channels).
    """
    pads, steps = [], []
    for axis, tap in zip(axes, taps, strict=True):
        behind = (axis.positions - 1) * axis.step + 1 + tap.offset - axis.length
        pads.append((-tap.offset, behind, 0))
        steps.append(axis.step)
    rest = x.ndim - 1 - len(axes)
    whole = lax.pad(x, np.zeros((), x.dtype), ((0, 0, 0), *pads, *((0, 0, 0),) * rest))
    return lax.slice(whole, (0,) * x.ndim, whole.shape, (1, *steps, *(1,) * rest))


def weighted_sum(x: jax.Array, kernel: jax.Array, axes: Sequence[Sequence[Axis]]) -> jax.Array:
    """Sum up shifted arrays, times a weight for each channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    kernel
        float (*window, 1, channels).
    axes
        For each space axis, the sums of which the results take turns along the axis: one, or as
        many as there are remainders of a position, of the same number of positions.

    Returns
    -------
    jax.Array
        float (n, *positions, channels).
    """

    def remaining(chosen: tuple[Axis, ...]) -> jax.Array:
        axis = len(chosen)
        if axis == len(axes):
            return _sum(x, kernel, chosen)
        results = [remaining((*chosen, each)) for each in axes[axis]]
        if len(results) == 1:
            return results[0]
        shape = list(results[0].shape)
        shape[axis + 1] *= len(results)
        return jnp.stack(results, axis=axis + 2).reshape(shape)

    return remaining(())


def _sum(x: jax.Array, kernel: jax.Array, axes: tuple[Axis, ...]) -> jax.Array:
    """Choose how."""
    runs = [axis.runs() for axis in axes]
    terms = math.prod(sum(len(run.taps) for run in each) for each in runs)
    if terms <= _MOST_TERMS and all(len(each) <= MOST_JOINED for each in runs):
        return _joined(runs, lambda box: _of_region(x, kernel, axes, box))
    inside = math.prod(run.stop - run.start for run in (axis.inside() for axis in axes))
    if inside >= _MOST_INSIDE * math.prod(axis.positions for axis in axes):
        sides = [axis.sides() for axis in axes]
        return _joined(sides, lambda box: _of_box(x, kernel, axes, box))
    whole = tuple(Run(0, axis.positions, axis.taps) for axis in axes)
    block = math.gcd(x.shape[-1], _BLOCK // x.dtype.itemsize)
    if kernel.nbytes > _FIRST_CACHE and block * x.dtype.itemsize >= _BLOCK // 2:
        return _in_blocks(x, kernel, axes, whole, block)
    return _of_box(x, kernel, axes, whole)


def _joined(runs: Sequence[Sequence[Run]], of: Callable[[tuple[Run, ...]], jax.Array]) -> jax.Array:
    """Compute every combination of runs on the axes, and join the results."""

    def joined(chosen: tuple[Run, ...]) -> jax.Array:
        axis = len(chosen)
        if axis == len(runs):
            return of(chosen)
        parts = [joined((*chosen, run)) for run in runs[axis]]
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis + 1)

    return joined(())


def _of_region(
    x: jax.Array, kernel: jax.Array, axes: Sequence[Axis], box: Sequence[Run]
) -> jax.Array:
    """Sum up all taps of the runs, which lie on the array there."""
    terms = [
        seen(x, axes, box, taps) * _weights(kernel, taps)
        for taps in product(*(run.taps for run in box))
    ]
    if not terms:
        return jnp.zeros((len(x), *(run.stop - run.start for run in box), x.shape[-1]), x.dtype)
    return reduce(operator.add, terms)


def _weights(kernel: jax.Array, taps: Sequence[Tap]) -> jax.Array:
    """Take the weights of one tap on each axis, of the rank of what they are multiplied by."""
    return kernel[tuple(tap.place for tap in taps)].reshape(*(1,) * (len(taps) + 1), -1)


def seen(x: jax.Array, axes: Sequence[Axis], box: Sequence[Run], taps: Sequence[Tap]) -> jax.Array:
    """Cut out of an array what one tap on each axis reads for all positions of a box.

    Returns
    -------
    jax.Array
        float (n, *positions, channels).
    """
    reaches = [axis.reach(run, tap) for axis, run, tap in zip(axes, box, taps, strict=True)]
    begin, end = zip(*reaches, strict=True)
    steps = (axis.step for axis in axes)
    return lax.slice(x, (0, *begin, 0), (len(x), *end, x.shape[-1]), (1, *steps, 1))


def _padded(x: jax.Array, axes: Sequence[Axis], box: Sequence[Run]) -> tuple[jax.Array, list[Axis]]:
    """Cut out what a box of positions reads, with zeros beside the array, and count from there."""
    begin, end, pads, inner = [], [], [], []
    for axis, run in zip(axes, box, strict=True):
        reaches = [axis.reach(run, tap) for tap in axis.taps]
        first = min((start for start, _ in reaches), default=0)
        last = max((stop for _, stop in reaches), default=1)
        begin.append(min(axis.length, max(0, first)))
        end.append(max(begin[-1], min(axis.length, last)))
        pads.append((begin[-1] - first, last - end[-1], 0))
        taps = tuple(Tap(t.place, t.offset + run.start * axis.step - first) for t in axis.taps)
        inner.append(Axis(last - first, run.stop - run.start, axis.step, taps))
    cut = lax.slice(x, (0, *begin, 0), (len(x), *end, x.shape[-1]))
    if any(map(any, pads)):
        zero = np.zeros((), x.dtype)
        cut = lax.optimization_barrier(lax.pad(cut, zero, ((0, 0, 0), *pads, (0, 0, 0))))
    return cut, inner


def _of_box(x: jax.Array, kernel: jax.Array, axes: Sequence[Axis], box: Sequence[Run]) -> jax.Array:
    """Sum up all taps for the positions of a box, in portions, of a copy if padding is needed."""
    whole, inner = _padded(x, axes, box)
    every = [Run(0, axis.positions, axis.taps) for axis in inner]
    terms = (
        seen(whole, inner, every, taps) * _weights(kernel, taps)
        for taps in product(*(axis.taps for axis in inner))
    )
    return _in_portions(list(terms))


def _in_portions(terms: list[jax.Array]) -> jax.Array:
    """Add up arrays, a few in each pass."""
    result = reduce(operator.add, terms[:_TERMS])
    for start in range(_TERMS, len(terms), _TERMS):
        result = lax.optimization_barrier(result)
        result = result + reduce(operator.add, terms[start : start + _TERMS])
    return result


def _in_blocks(
    x: jax.Array, kernel: jax.Array, axes: Sequence[Axis], box: Sequence[Run], block: int
) -> jax.Array:
    """Sum up few channels at a time, so that their weights are read from the first cache.

    XLA computes in the order in which the result lies in memory, and would rather relabel axes than
    move an array: hence the demands on the layout. The blocks lie before the last space axis.
    """
    whole, inner = _padded(x, axes, box)
    parts = x.shape[-1] // block
    blocks = jnp.moveaxis(whole.reshape(*whole.shape[:-1], parts, block), -2, -3)
    blocks = lax.optimization_barrier(_in_order(blocks))
    every = [Run(0, axis.positions, axis.taps) for axis in inner]
    terms = []
    for taps in product(*(axis.taps for axis in inner)):
        reaches = [axis.reach(run, t) for axis, run, t in zip(inner, every, taps, strict=True)]
        slices = [slice(*reach, axis.step) for reach, axis in zip(reaches, inner, strict=True)]
        part = blocks[(slice(None), *slices[:-1], slice(None), slices[-1])]
        terms.append(part * _weights(kernel, taps).reshape(*(1,) * len(slices), -1, 1, block))
    result = _in_order(_in_portions(terms))
    together = jnp.moveaxis(lax.optimization_barrier(result), -3, -2)
    return together.reshape(*together.shape[:-2], x.shape[-1])


def _in_order(x: jax.Array) -> jax.Array:
    """Have an array lie in memory in the order of its axes."""
    return with_layout_constraint(x, Layout(tuple(range(x.ndim))))
