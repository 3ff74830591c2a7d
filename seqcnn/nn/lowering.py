"""How a convolution is computed: the same numbers by other programs where a CPU has a faster one.

On GPU and TPU, `lax.conv_general_dilated` does everything. XLA's convolutions on CPU are as fast
as others' for most shapes and 10 to 1,000 times slower for some (benchmarks/bench_nn_conv.py):

- each channel on its own (depthwise): `shift_and_add` instead;
- channels in groups, above all their gradients: `blocks` over many positions, which takes few
  groups of few channels for one group with zeros between, else `columns`, group by group;
- fewer positions than the window has places, before or after, which sends the convolution or one of
  its gradients to plain loops: `columns`, or `position_by_position` if the windows of an axis lie
  in the padding mostly;
- a window of one place, which is a matrix product: `columns`, of which nothing then is copied;
- few positions under a large kernel, which XLA brings in order again and again: `columns`;
- few channels in and out on pictures, as in first layers, whose gradients above all are slow:
  `banded`, which multiplies stretches of pixels by a matrix with many zeros;
- one channel in and many out: `columns_behind`, whose gradient of the kernel only is by columns;
- many images under small windows, which the gradient of the kernel reads across:
  `image_by_image`;
- three axes and more: `planes` or, of small maps, `planes_added`, which leave two.

Inside of `lax.scan` the gradients of XLA's convolutions on CPU are 40 times slower than outside.

Which one it is, is decided from shapes when a program is traced. All give the same result to
rounding, on every device: only the time depends on the choice.
"""

import math
import operator
from functools import partial, reduce
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.nn.depthwise import shift_and_add, transposed
from seqcnn.nn.geometry import Geometry
from seqcnn.nn.matrix_products import banded, columns, position_by_position, stretch
from seqcnn.nn.primitive import by_lax, columns_behind, image_by_image
from seqcnn.nn.shifted import axes_of, laid_out, moved

# a program with more slices than this takes longer to compile than it will ever save
_MOST_PLACES = 256
# of the columns, in elements: 1 GB in float32
_MOST_COLUMNS = 2**28
# positions for each of which a product is worth it, and of their windows the share on the array
_FEW_POSITIONS, _MOST_SEEN = 16, 0.5
# elements of a kernel that is too large for the caches, and at most how many positions of the
# whole batch there are for each of its channels out
_LARGE_KERNEL, _POSITIONS_A_CHANNEL = 2**18, 2
# of `banded`: how many times wider than the window a stretch may be, and that times the channels in
# and out; from how many rows it is worth it
_MOST_BANDS, _MOST_BANDED, _MANY_ROWS = 12, 300, 256
# of `image_by_image`: images, places of a window, and values that all windows together hold; the
# channels in and out; XLA's gradient is slower beyond all of these
_MANY_IMAGES, _SMALL_WINDOW, _MANY_VALUES = 8, 9, 2**22
_CHANNELS_IN, _CHANNELS_OUT = 12, 24
# channels out from which `columns_behind` is worth it
_MANY_OUT = 16
# of channels that are taken for one group, of such blocks, and from how many positions: `blocks`
_BLOCK, _MOST_BLOCKS, _MANY_POSITIONS = 32, 8, 128


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


def convolve_transposed(
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
        return transposed(x, kernel, geometry, groups=groups)
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
    if groups > 1:
        return _for_groups(n, kernel, geometry, groups)
    if geometry.rank == 2 and (of_pictures := _for_pictures(n, kernel, geometry)):
        return of_pictures
    return _for_one_group(n, kernel, geometry)


def _for_groups(n: int, kernel: jax.Array, geometry: Geometry, groups: int) -> Lowering:
    if kernel.shape[-2] == 1:
        return shift_and_add
    many = math.prod(geometry.positions) >= _MANY_POSITIONS and math.prod(geometry.window) > 1
    if many and groups // _merged(groups, kernel.shape[-2]) <= _MOST_BLOCKS:
        return blocks
    return columns if _columns_fit(n, kernel, geometry, groups) else by_lax


def _for_one_group(n: int, kernel: jax.Array, geometry: Geometry) -> Lowering:
    if math.prod(geometry.window) == 1:
        return columns
    if _is_mostly_padding(geometry):
        return position_by_position
    if _is_for_columns(n, kernel, geometry):
        return columns
    if geometry.rank > 2:
        small = geometry.stride[0] == 1 and _is_small(geometry.split_first_axis()[1])
        return planes_added if small else planes
    return by_lax


def _for_pictures(n: int, kernel: jax.Array, geometry: Geometry) -> Lowering | None:
    """Choose one of the ways that are for two axes only, if one is faster."""
    if math.prod(geometry.window) == 1 or _is_for_columns(n, kernel, geometry):
        return None
    if _has_one_channel(kernel, geometry):
        return columns_behind
    if _has_few_channels(n, kernel, geometry):
        return banded
    return image_by_image if _gradient_reads_across(n, kernel, geometry) else None


def _is_for_columns(n: int, kernel: jax.Array, geometry: Geometry) -> bool:
    few = geometry.rank < 3 and _is_mostly_kernel(n, kernel, geometry)
    return (few or _is_small(geometry)) and _columns_fit(n, kernel, geometry, 1)


def _columns_fit(n: int, kernel: jax.Array, geometry: Geometry, groups: int) -> bool:
    size = n * math.prod(geometry.positions + geometry.window) * kernel.shape[-2] * groups
    return size <= _MOST_COLUMNS


def runs_on_cpu() -> bool:
    """Tell whether a computation that is traced now will run on a CPU, to the best of knowledge."""
    chosen = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]
    platform = getattr(chosen, "platform", chosen) or jax.default_backend()
    return platform == "cpu"


def _is_small(geometry: Geometry) -> bool:
    least = [min(pair) for pair in zip(geometry.space, geometry.positions, strict=True)]
    over = [extent - window for extent, window in zip(least, geometry.window, strict=True)]
    # of volumes that hold a window, `planes` makes maps
    return any(o < 0 and k > 1 for o, k in zip(over, geometry.window, strict=True)) or (
        geometry.rank < 3 and all(o <= 1 for o in over)
    )


def _is_mostly_kernel(n: int, kernel: jax.Array, geometry: Geometry) -> bool:
    """Tell whether a kernel is so large that laying out the windows is little beside it."""
    most = _POSITIONS_A_CHANNEL * kernel.shape[-1]
    return kernel.size >= _LARGE_KERNEL and n * math.prod(geometry.positions) <= most


def _has_one_channel(kernel: jax.Array, geometry: Geometry) -> bool:
    """Tell whether `columns_behind` is faster than `banded`."""
    small = math.prod(geometry.window) <= _SMALL_WINDOW
    return small and kernel.shape[-2] == 1 and kernel.shape[-1] >= _MANY_OUT


def _has_few_channels(n: int, kernel: jax.Array, geometry: Geometry) -> bool:
    """Tell whether channels are so few that a product with many zeros is faster, see `banded`."""
    if geometry.last_axis_spanned:
        return False
    bands = stretch(geometry, kernel.shape[-2])[1] / geometry.window[-1]
    channels = kernel.shape[-2] * kernel.shape[-1]
    rows = n * geometry.positions[0]
    return bands <= _MOST_BANDS and bands * channels <= _MOST_BANDED and rows >= _MANY_ROWS


def _gradient_reads_across(n: int, kernel: jax.Array, geometry: Geometry) -> bool:
    """Tell whether XLA is slow to sum up the gradient of a kernel, see `image_by_image`."""
    places = math.prod(geometry.window)
    values = n * math.prod(geometry.positions) * places * kernel.shape[-2]
    enough = kernel.shape[-2] >= _CHANNELS_IN and kernel.shape[-1] >= _CHANNELS_OUT
    return enough and places <= _SMALL_WINDOW and n >= _MANY_IMAGES and values >= _MANY_VALUES


def _is_mostly_padding(geometry: Geometry) -> bool:
    """Tell whether few positions of one axis see little of an array, see `position_by_position`."""
    if geometry.rank > 1 or geometry.positions[0] > _FEW_POSITIONS:
        return False
    seen = [len(run.taps) * (run.stop - run.start) for run in axes_of(geometry)[0].runs()]
    return sum(seen) <= _MOST_SEEN * geometry.positions[0] * geometry.window[0]


def blocks(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve a block of groups at a time as if it were one group, with zeros between groups.

    Most of the products are with these zeros, and yet it is faster than groups of few channels. An
    infinite value makes NaN of all results of its block.
    """
    merged = _merged(groups, kernel.shape[-2])
    taken, given = merged * kernel.shape[-2], merged * (kernel.shape[-1] // groups)
    group_in = np.arange(taken) // kernel.shape[-2]
    group_out = np.arange(kernel.shape[-1]) // (kernel.shape[-1] // groups) % merged
    repeated = jnp.tile(kernel, (*(1,) * geometry.rank, merged, 1))
    own = jnp.expand_dims(group_in[:, None] == group_out, range(geometry.rank))
    wide = jnp.where(own, repeated, jnp.zeros((), kernel.dtype))
    results = [
        convolve(
            lax.slice_in_dim(x, i * taken, (i + 1) * taken, axis=-1),
            lax.slice_in_dim(wide, i * given, (i + 1) * given, axis=-1),
            geometry,
            groups=1,
            precision=precision,
        )
        for i in range(groups // merged)
    ]
    return jnp.concatenate(results, axis=-1)


def _merged(groups: int, channels: int) -> int:
    """Count the groups of so many channels that make a block."""
    fitting = (m for m in range(1, groups + 1) if groups % m == 0 and m * channels <= _BLOCK)
    return max(fitting, default=1)


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
    rest = geometry.split_first_axis()[1]
    rows = laid_out(x, axes_of(geometry)[:1])
    each = rows.reshape(
        len(x) * geometry.positions[0], *x.shape[2:-1], rows.shape[-2] * rows.shape[-1]
    )
    channels = kernel.shape[0] * kernel.shape[-2]
    weights = jnp.moveaxis(kernel, 0, -3).reshape(*kernel.shape[1:-2], channels, kernel.shape[-1])
    result = convolve(each, weights, rest, groups=groups, precision=precision)
    return result.reshape(len(x), *geometry.positions, kernel.shape[-1])


def planes_added(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve each position of the first axis with all places of the window on it, then add up.

    Fewer copies than by `planes`, and more to add: for small maps. Only for one group.
    """
    axis, rest = axes_of(geometry)[0], geometry.split_first_axis()[1]
    given = kernel.shape[-1]
    weights = jnp.moveaxis(kernel, 0, -2)
    weights = weights.reshape(*weights.shape[:-2], len(axis.taps) * given)
    each = x.reshape(len(x) * axis.length, *x.shape[2:])
    results = convolve(each, weights, rest, groups=groups, precision=precision)
    results = results.reshape(len(x), axis.length, *results.shape[1:])
    parts = [
        moved(results[..., i * given : (i + 1) * given], [axis], [tap])
        for i, tap in enumerate(axis.taps)
    ]
    return reduce(operator.add, parts)
