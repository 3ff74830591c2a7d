"""How a convolution is computed: the same numbers by other programs where a CPU has a faster one.

On GPU and TPU, `lax.conv_general_dilated` does everything. XLA's convolutions on CPU are as fast
as others' for most shapes and 10 to 1,000 times slower for some (benchmarks/bench_nn_conv.py):

- each channel on its own (depthwise): `shift_and_add` instead;
- channels in groups, above all their gradients: `columns`, group by group;
- fewer positions than the window has places, before or after, which sends the convolution or one of
  its gradients to plain loops: `columns`;
- a window of one place, which is a matrix product: `columns`, of which nothing then is copied;
- three axes and more: `planes`, which leaves two.

Inside of `lax.scan` the gradients of XLA's convolutions on CPU are 40 times slower than outside.

Which one it is, is decided from shapes when a program is traced. All give the same result to
rounding, on every device: only the time depends on the choice.
"""

import math
import operator
from collections.abc import Iterator
from functools import partial, reduce
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.nn.geometry import Geometry

# a program with more slices than this takes longer to compile than it will ever save
_MOST_PLACES = 256
# of the columns, in elements: 1 GB in float32
_MOST_COLUMNS = 2**28
# shifted arrays that are summed up in one pass, see `_weighted_sum`
_TERMS = 9
# parts of a batch that are summed up in one pass, see `_kernel_gradient`
_PARTS = 8


class Lowering(Protocol):
    """A way to compute a convolution: differentiable, the arguments checked before."""

    def __call__(
        self,
        x: jax.Array,
        kernel: jax.Array,
        geometry: Geometry,
        *,
        groups: int,
        precision: lax.PrecisionLike,
    ) -> jax.Array:
        """Convolve float (n, *space, channels_in) to float (n, *positions, channels_out)."""
        ...


def convolve(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by the program that is chosen."""
    chosen = choose(len(x), kernel, geometry, groups=groups)
    return _convolved(chosen, x, kernel, geometry, groups=groups, precision=precision)


def transpose(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Send float (n, *positions, channels_out) back to (n, *space, channels_in).

    It is what the convolution with this geometry does to the gradient with respect to its input.
    """
    chosen = choose(len(x), kernel, geometry, groups=groups)
    return _transposed(chosen, x, kernel, geometry, groups=groups, precision=precision)


# compiled as a whole also where the caller is not: else each slice would be a program of its own
_compiled = partial(
    jax.jit, static_argnums=(0, 3), static_argnames=("groups", "precision"), inline=True
)


@_compiled
def _convolved(
    lowering: Lowering,
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    return lowering(x, kernel, geometry, groups=groups, precision=precision)


@_compiled
def _transposed(
    lowering: Lowering,
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    if lowering is shift_and_add:
        each = _input_gradient(geometry, kernel, x)
        return each.reshape(*each.shape[:-1], groups, -1).sum(axis=-1)
    shape = (len(x), *geometry.space, kernel.shape[-2] * groups)
    (result,) = jax.linear_transpose(
        lambda y: lowering(y, kernel, geometry, groups=groups, precision=precision),
        jax.ShapeDtypeStruct(shape, x.dtype),
    )(x)
    return result


def choose(n: int, kernel: jax.Array, geometry: Geometry, *, groups: int) -> Lowering:
    """Choose how to convolve `n` arrays with `kernel`, for the device that runs it."""
    single_or_double = kernel.dtype in (jnp.float32, jnp.float64)
    if not (runs_on_cpu() and single_or_double and math.prod(geometry.window) <= _MOST_PLACES):
        return by_lax
    if groups > 1 and kernel.shape[-2] == 1:
        return shift_and_add
    if groups == 1 and math.prod(geometry.window) == 1:
        return columns
    size = n * math.prod(geometry.positions + geometry.window) * kernel.shape[-2] * groups
    if (groups > 1 or _is_small(geometry)) and size <= _MOST_COLUMNS:
        return columns
    return planes if groups == 1 and geometry.rank > 2 else by_lax


def runs_on_cpu() -> bool:
    """Tell whether a computation that is traced now will run on a CPU, to the best of knowledge."""
    chosen = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]
    platform = getattr(chosen, "platform", chosen) or jax.default_backend()
    return platform == "cpu"


def _is_small(geometry: Geometry) -> bool:
    least = [min(pair) for pair in zip(geometry.space, geometry.positions, strict=True)]
    over = [extent - window for extent, window in zip(least, geometry.window, strict=True)]
    return any(o < 0 and k > 1 for o, k in zip(over, geometry.window, strict=True)) or (
        all(o <= 1 for o in over)
    )


def by_lax(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by the primitive of XLA."""
    rank = geometry.rank
    channels_last = (0, rank + 1, *range(1, rank + 1))
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=geometry.stride,
        padding=geometry.pads,
        rhs_dilation=geometry.dilation,
        dimension_numbers=lax.ConvDimensionNumbers(
            channels_last, (rank + 1, rank, *range(rank)), channels_last
        ),
        feature_group_count=groups,
        precision=precision,
    )


def columns(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by one matrix product for each group: lay out all windows, each a row (im2col)."""

    def of_group(x: jax.Array, kernel: jax.Array) -> jax.Array:
        rows = jnp.concatenate([part for _, part in _covered(x, geometry)], axis=-1)
        matrix = kernel.reshape(-1, kernel.shape[-1])
        return lax.dot_general(
            rows, matrix, (((rows.ndim - 1,), (0,)), ((), ())), precision=precision
        )

    if groups == 1:
        return of_group(x, kernel)
    # group by group in memory, so that every matrix product reads and writes what lies together
    grouped = jnp.moveaxis(x.reshape(*x.shape[:-1], groups, -1), -2, 0)
    kernels = jnp.moveaxis(kernel.reshape(*kernel.shape[:-1], groups, -1), -2, 0)
    result = jnp.moveaxis(jax.vmap(of_group)(grouped, kernels), 0, -2)
    return result.reshape(*result.shape[:-2], -1)


def planes(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve over the first axis by channels: what the window covers on it, one behind the other.

    Then each position of this axis is an array of its own, with one axis less. Only for one group.
    """
    first, rest = geometry.split_first_axis()
    flat = x.reshape(*x.shape[:2], -1)
    covered = [part.reshape(-1, *x.shape[2:]) for _, part in _covered(flat, first)]
    each = jnp.concatenate(covered, axis=-1)
    weights = jnp.moveaxis(kernel, 0, -3).reshape(*kernel.shape[1:-2], -1, kernel.shape[-1])
    result = convolve(each, weights, rest, groups=groups, precision=precision)
    return result.reshape(len(x), *geometry.positions, kernel.shape[-1])


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


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _depthwise(geometry: Geometry, x: jax.Array, kernel: jax.Array) -> jax.Array:
    return _weighted_sum(geometry, x, kernel)


def _weighted_sum(geometry: Geometry, x: jax.Array, kernel: jax.Array) -> jax.Array:
    terms = [
        part * jnp.expand_dims(kernel[place], range(geometry.rank))
        for place, part in _covered(x, geometry)
    ]
    result = reduce(operator.add, terms[:_TERMS])
    for start in range(_TERMS, len(terms), _TERMS):
        # more terms in one loop are slower than one more pass over the result
        result = lax.optimization_barrier(result)
        result = result + reduce(operator.add, terms[start : start + _TERMS])
    return result


def _forward(
    geometry: Geometry, x: jax.Array, kernel: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    # not by `_depthwise`: so that forward mode goes through a gradient
    return _weighted_sum(geometry, x, kernel), (x, kernel)


def _backward(
    geometry: Geometry, saved: tuple[jax.Array, jax.Array], upstream: jax.Array
) -> tuple[jax.Array, jax.Array]:
    x, kernel = saved
    return (
        _input_gradient(geometry, kernel, upstream),
        _kernel_gradient(geometry, x, upstream).reshape(kernel.shape),
    )


_depthwise.defvjp(_forward, _backward)


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
        pads.append((extent - 1 - before, after, step - 1))
    # zeros between the positions too, where windows were skipped
    spread = lax.pad(upstream, np.zeros((), upstream.dtype), ((0, 0, 0), *pads, (0, 0, 0)))
    reverse = Geometry.of(spread.shape[1:-1], geometry.window, dilation=geometry.dilation)
    return _weighted_sum(reverse, spread, flip(kernel))


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
    for _, part in _covered(x, geometry):
        covered = split(part)
        sums.append(reduce(operator.add, (covered[i] * errors[i] for i in range(parts))))
    together = lax.optimization_barrier(jnp.stack(sums))
    return together.sum(axis=range(1, together.ndim - 1))


def flip(kernel: jax.Array) -> jax.Array:
    """Turn the places of a kernel (*window, channels_in, channels_out) around on every axis."""
    return jnp.flip(kernel, axis=range(kernel.ndim - 2))


def _covered(x: jax.Array, geometry: Geometry) -> Iterator[tuple[tuple[int, ...], jax.Array]]:
    """Cut out what each place of the window covers over all positions.

    Yields
    ------
    tuple
        The place, and float (n, *positions, channels).
    """
    # negative padding cuts off
    pads = ((0, 0, 0), *((before, after, 0) for before, after in geometry.pads), (0, 0, 0))
    padded = lax.pad(x, np.zeros((), x.dtype), pads)
    for place in np.ndindex(*geometry.window):
        first = [k * gap for k, gap in zip(place, geometry.dilation, strict=True)]
        last = [
            f + (positions - 1) * step + 1
            for f, positions, step in zip(first, geometry.positions, geometry.stride, strict=True)
        ]
        yield (
            place,
            lax.slice(
                padded,
                (0, *first, 0),
                (len(x), *last, x.shape[-1]),
                (1, *geometry.stride, 1),
            ),
        )
