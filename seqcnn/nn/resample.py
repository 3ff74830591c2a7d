"""Other extents for the same array: resize, upsample, pad to a multiple, crop; any rank."""

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype
from seqcnn.nn.geometry import per_axis

Method = Literal["nearest", "linear", "area"]

MOST_TAPS = 32
"""Up to so many neighbours of a position are added in one pass over the array."""


def resize(
    x: jax.Array,
    size: int | Sequence[int],
    method: Method = "linear",
    *,
    align_corners: bool = False,
    antialias: bool = False,
) -> jax.Array:
    """Interpolate an array to other extents, one space axis after the other.

    Parameters
    ----------
    x
        (n, *space, channels); float, or of any kind if `method` is ``"nearest"``.
    size
        The new extent of each space axis: one number, or one an axis.
    method
        ``"nearest"`` copies position ``floor(i * old / new)``; ``"linear"`` weighs neighbours by
        their distance (bilinear, trilinear); ``"area"`` averages the positions that a new one
        touches.
    align_corners
        For ``"linear"``: whether the centres of the first and the last position stay where they
        are, rather than their outer edges.
    antialias
        For ``"linear"`` to less than the old extent: whether the reach grows with the step, so that
        every old position counts.

    Returns
    -------
    jax.Array
        (n, *size, channels), of the dtype of `x`.

    Raises
    ------
    SeqcnnError
        The method is unknown or does not go with the other arguments.

    Notes
    -----
    Result and gradient agree with ``torch.nn.functional.interpolate`` of the same options
    (``"nearest"``, ``"linear"`` to ``"trilinear"``, ``"area"``) to 1e-13 in float64. The gradient
    is taken in reverse mode only; it gathers as the result does, where autodiff would scatter.

    Examples
    --------
    >>> x = jnp.array([[[0.0], [4.0]]])
    >>> resize(x, 4).ravel().tolist(), resize(x, 3, align_corners=True).ravel().tolist()
    ([0.0, 1.0, 3.0, 4.0], [0.0, 2.0, 4.0])
    """
    x = jnp.asarray(x)
    _check_options(x, method, align_corners, antialias)
    for axis, extent in enumerate(per_axis(size, x.ndim - 2, "size"), start=1):
        if extent != x.shape[axis]:
            plan = _Plan(x.shape[axis], extent, method, align_corners, antialias)
            x = _resample(x, plan, axis)
    return x


def upsample(
    x: jax.Array,
    factor: int | Sequence[int] = 2,
    method: Method = "nearest",
    *,
    align_corners: bool = False,
) -> jax.Array:
    """Resize each space axis to a multiple of its extent.

    Parameters
    ----------
    x, method, align_corners
        As in `resize`.
    factor
        How many times longer each space axis gets: one number, or one an axis.

    Returns
    -------
    jax.Array
        (n, *longer_space, channels).
    """
    factors = per_axis(factor, x.ndim - 2, "factor")
    size = [length * times for length, times in zip(x.shape[1:-1], factors, strict=True)]
    return resize(x, size, method, align_corners=align_corners)


def pad_to_multiple(
    x: jax.Array, multiple: int | Sequence[int], *, value: float = 0.0
) -> tuple[jax.Array, tuple[tuple[int, int], ...]]:
    """Surround an array so that a network may halve it again and again.

    Parameters
    ----------
    x
        (n, *space, channels).
    multiple
        What the new extents are divisible by: one number, or one an axis.
    value
        What is put around; half before, half after, of an odd number the larger part after.

    Returns
    -------
    tuple
        The padded array, and how much lies before and after on each axis: what `crop` takes off.

    Examples
    --------
    >>> padded, margins = pad_to_multiple(jnp.ones((1, 5, 1)), 4)
    >>> padded.ravel().tolist(), crop(padded, margins).shape
    ([0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0], (1, 5, 1))
    """
    multiples = per_axis(multiple, x.ndim - 2, "multiple")
    totals = [-length % unit for length, unit in zip(x.shape[1:-1], multiples, strict=True)]
    margins = tuple((total // 2, total - total // 2) for total in totals)
    return jnp.pad(x, ((0, 0), *margins, (0, 0)), constant_values=value), margins


def crop(x: jax.Array, margins: Sequence[tuple[int, int]]) -> jax.Array:
    """Take margins off again.

    Parameters
    ----------
    x
        (n, *space, channels).
    margins
        How many positions are taken off before and after, for each space axis.

    Returns
    -------
    jax.Array
        (n, *smaller_space, channels).

    Raises
    ------
    SeqcnnError
        The margins are not one pair an axis, or leave nothing.
    """
    space = x.shape[1:-1]
    fits = len(margins) == len(space) and all(
        min(pair) >= 0 and sum(pair) < length for pair, length in zip(margins, space, strict=True)
    )
    if not fits:
        raise SeqcnnError(
            f"`margins` must be a pair of numbers >= 0 for each of the axes {space}, "
            f"less than its extent in sum, not {margins}"
        )
    inner = (slice(a, length - b) for (a, b), length in zip(margins, space, strict=True))
    return x[:, *inner]


def centre_crop(x: jax.Array, size: int | Sequence[int]) -> jax.Array:
    """Take the middle of an array.

    Parameters
    ----------
    x
        (n, *space, channels).
    size
        Extents of what is taken; of an odd margin, the larger part is taken off after.

    Returns
    -------
    jax.Array
        (n, *size, channels).

    Raises
    ------
    SeqcnnError
        The array is smaller than that.
    """
    sizes, space = per_axis(size, x.ndim - 2, "size"), x.shape[1:-1]
    if any(wanted > length for wanted, length in zip(sizes, space, strict=True)):
        raise SeqcnnError(f"`size` must be at most {space}, the extents of the array, not {sizes}")
    totals = [length - wanted for length, wanted in zip(space, sizes, strict=True)]
    return crop(x, [(total // 2, total - total // 2) for total in totals])


class _Plan(NamedTuple):
    """How one axis is resampled; `transposed`: how its gradient goes back."""

    length: int
    size: int
    method: Method
    align_corners: bool
    antialias: bool
    transposed: bool = False


class _Taps(NamedTuple):
    """Each new position as a weighted sum: which old positions, and their weights, (new, taps)."""

    index: np.ndarray
    weight: np.ndarray


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
@partial(jax.jit, static_argnums=(1, 2))
def _resample(x: jax.Array, plan: _Plan, axis: int) -> jax.Array:
    """Resample one axis; the work is in proportion to the taps, not to the square of the extent."""
    index, weight = _taps(plan)
    if index.shape[1] == 1 and (weight == 1).all():
        return jnp.take(x, index[:, 0], axis, mode="clip")
    rest = [other for other in range(x.ndim) if other != axis]

    def add(total: jax.Array, tap: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        view = jnp.take(x, tap[0], axis, mode="clip")
        return total + view.astype(wide) * jnp.expand_dims(tap[1], rest), None

    wide = accumulation_dtype(x.dtype)
    start = jnp.zeros((*x.shape[:axis], len(index), *x.shape[axis + 1 :]), wide)
    taps = (jnp.asarray(index.T), jnp.asarray(weight.T, wide))
    total, _ = lax.scan(add, start, taps, unroll=min(index.shape[1], MOST_TAPS))
    # or the sum would be computed anew for every tap of the next axis
    return lax.optimization_barrier(total.astype(x.dtype))


def _resample_forward(x: jax.Array, plan: _Plan, axis: int) -> tuple[jax.Array, None]:
    return _resample(x, plan, axis), None


def _resample_backward(plan: _Plan, axis: int, _: None, upstream: jax.Array) -> tuple[jax.Array]:
    return (_resample(upstream, plan._replace(transposed=not plan.transposed), axis),)


_resample.defvjp(_resample_forward, _resample_backward)


@lru_cache(maxsize=256)
def _taps(plan: _Plan) -> _Taps:
    if plan.transposed:
        return _transposed(_taps(plan._replace(transposed=False)), plan.length)
    match plan.method:
        case "nearest":
            index = np.arange(plan.size) * plan.length // plan.size
            return _Taps(index[:, None], np.ones((plan.size, 1)))
        case "area":
            edges = np.arange(plan.size + 1) * plan.length
            first, last = edges[:-1] // plan.size, -(-edges[1:] // plan.size)
            index = first[:, None] + np.arange((last - first).max())
            return _normalised(index, (index < last[:, None]).astype(float), plan.length)
    step = plan.length / plan.size
    centre = (np.arange(plan.size) + 0.5) * step - 0.5
    if plan.align_corners:
        centre = np.arange(plan.size) * ((plan.length - 1) / max(plan.size - 1, 1))
    reach = max(step, 1.0) if plan.antialias else 1.0
    first = np.floor(centre - reach).astype(int) + 1
    index = first[:, None] + np.arange(math.ceil(2 * reach))
    distance = np.abs(index - centre[:, None]) / reach
    return _normalised(index, np.maximum(1 - distance, 0), plan.length)


def _normalised(index: np.ndarray, weight: np.ndarray, length: int) -> _Taps:
    """Drop what lies outside of the axis, and make the weights of each new position sum to 1."""
    weight = np.where((index >= 0) & (index < length), weight, 0)
    return _Taps(np.clip(index, 0, length - 1), weight / weight.sum(axis=1, keepdims=True))


def _transposed(taps: _Taps, length: int) -> _Taps:
    """Collect, for each old position, the new ones that it went into."""
    new, tap = np.nonzero(taps.weight)
    old = taps.index[new, tap]
    order = np.argsort(old, kind="stable")
    counts = np.bincount(old, minlength=length)
    place = np.arange(len(old)) - np.repeat(np.cumsum(counts) - counts, counts)
    index, weight = np.zeros((2, length, max(counts.max(), 1)))
    index[old[order], place] = new[order]
    weight[old[order], place] = taps.weight[new, tap][order]
    return _Taps(index.astype(int), weight)


def _check_options(x: jax.Array, method: str, align_corners: bool, antialias: bool) -> None:
    if method not in ("nearest", "linear", "area"):
        raise SeqcnnError(f"`method` must be 'nearest', 'linear' or 'area', not {method!r}")
    if method != "linear" and (align_corners or antialias):
        raise SeqcnnError(f"`align_corners` and `antialias` are for 'linear', not for {method!r}")
    if align_corners and antialias:
        raise SeqcnnError("`align_corners` and `antialias` do not go together: choose one")
    if method != "nearest" and not jnp.issubdtype(x.dtype, jnp.inexact):
        raise SeqcnnError(f"{x.dtype} cannot be averaged: make it float, or use method 'nearest'")
