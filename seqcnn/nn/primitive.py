"""Convolutions by XLA's own primitive, with the gradient of the kernel by other programs.

Ways that `seqcnn.nn.lowering` chooses from. Arguments are those of its `Lowering`.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import product
from operator import add

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from seqcnn.nn.geometry import Geometry
from seqcnn.nn.matrix_products import columns
from seqcnn.nn.shifted import axes_of, laid_out, moved

# images whose products do not wait for each other: each core may take one
_TOGETHER = 4


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


def image_by_image(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by the primitive of XLA, but sum up the gradient of the kernel image by image.

    On CPU, XLA takes up to 10 times longer for this gradient than for the convolution itself, as it
    reads a large batch across the images. Here the windows of one image are laid out in the caches
    and multiplied by what came back for it. Only for one group.
    """
    return _convolved(_in_turn, x, kernel, geometry, precision)


def columns_behind(
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    *,
    groups: int,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by the primitive of XLA, but with the gradient of the kernel by `columns`.

    For small windows on one channel, whose columns are little beside the result. Only for one
    group.
    """
    return _convolved(_of_one_group, x, kernel, geometry, precision)


def _of_one_group(
    x: jax.Array, kernel: jax.Array, geometry: Geometry, precision: lax.PrecisionLike
) -> jax.Array:
    return columns(x, kernel, geometry, groups=1, precision=precision)


@partial(jax.custom_jvp, nondiff_argnums=(0, 3, 4))
def _convolved(
    of_kernels: Callable[..., jax.Array],
    x: jax.Array,
    kernel: jax.Array,
    geometry: Geometry,
    precision: lax.PrecisionLike,
) -> jax.Array:
    """Convolve by the primitive, and by another program where the kernel is what varies."""
    return by_lax(x, kernel, geometry, groups=1, precision=precision)


def _tangent(
    of_kernels: Callable[..., jax.Array],
    geometry: Geometry,
    precision: lax.PrecisionLike,
    primals: Sequence[jax.Array],
    tangents: Sequence[jax.Array | SymbolicZero],
) -> tuple[jax.Array, jax.Array]:
    x, kernel = primals
    along_x, along_kernel = tangents
    result = _convolved(of_kernels, x, kernel, geometry, precision)
    parts = []
    if not isinstance(along_x, SymbolicZero):
        parts.append(_convolved(of_kernels, along_x, kernel, geometry, precision))
    if not isinstance(along_kernel, SymbolicZero):
        parts.append(of_kernels(x, along_kernel, geometry, precision))
    return result, reduce(add, parts) if parts else jnp.zeros_like(result)


_convolved.defjvp(_tangent, symbolic_zeros=True)


def _in_turn(
    x: jax.Array, kernel: jax.Array, geometry: Geometry, precision: lax.PrecisionLike
) -> jax.Array:
    """Convolve image by image: what matters is the transpose, the gradient of the kernel.

    The windows are not kept for it, but laid out again.
    """
    *first, last = axes_of(geometry)
    taps = list(product(*(axis.taps for axis in first)))
    given = kernel.shape[-1]
    rows = kernel.reshape(len(taps), len(last.taps) * kernel.shape[-2], given)
    # turned, so that the transpose multiplies them in the order that is faster
    matrices = jnp.swapaxes(rows, 1, 2)

    def convolved(image: jax.Array) -> jax.Array:
        lines = laid_out(image.reshape(-1, *image.shape[-2:]), [last])
        windows = lines.reshape(1, *image.shape[:-2], last.positions, rows.shape[1])
        products = (
            lax.dot_general(
                moved(windows, first, tap).reshape(-1, rows.shape[1]),
                matrix,
                (((1,), (1,)), ((), ())),
                precision=precision,
            )
            for tap, matrix in zip(taps, matrices, strict=True)
        )
        return reduce(add, products).reshape(*geometry.positions, given)

    @partial(jax.checkpoint, prevent_cse=False)
    def step(_: None, images: jax.Array) -> tuple[None, jax.Array]:
        return None, jnp.stack([convolved(image) for image in images])

    together = math.gcd(len(x), _TOGETHER)
    _, results = lax.scan(step, None, x.reshape(-1, together, *x.shape[1:]))
    return results.reshape(len(x), *geometry.positions, given)
