"""Pooling over any number of space axes: one axis after the other, so that any rank is a loop.

Padded positions never win a maximum or minimum and are not counted in a mean. The same holds for
the positions that a `mask` hides: where a sequence of a batch is padded, say.
"""

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, float_array
from seqcnn.nn.geometry import Padding, per_axis
from seqcnn.nn.masks import check_mask
from seqcnn.nn.pool_windows import (
    PoolAxis,
    check_maskable,
    into_blocks,
    pad_axis,
    pool_axes,
    pooled_view,
    view_axis,
    windows_inside,
)
from seqcnn.nn.winner import largest

_FEW_PLACES = 4
"""Places of a window that are added up one by one."""


def max_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    mask: jax.Array | None = None,
) -> jax.Array:
    """Take the largest value of each window.

    Parameters
    ----------
    x
        float (n, *space, channels).
    window
        Extent of the window: one number, or one an axis.
    stride
        Steps between windows; None for windows that touch and do not overlap.
    padding
        As in `seqcnn.nn.conv.conv`; no window may lie in the padding alone.
    dilation
        Steps between the places of one window.
    ceil_mode
        Whether positions left over at the end get a window of their own. It must start on the array
        or in the padding before it.
    mask
        bool (n, *space): the positions that count; None for all.

    Returns
    -------
    jax.Array
        float (n, *positions, channels); 0 where `seqcnn.nn.pool_windows.pool_mask` is False. The
        gradient goes to the winner, of equals to the first. A NaN wins.

    Raises
    ------
    SeqcnnError
        No window fits, one lies in the padding alone, `x` is not float, or `mask` is not bool, does
        not fit, or comes with ``"same"`` and a stride.

    Examples
    --------
    >>> x = jnp.array([[[1.0], [3.0], [2.0]]])
    >>> max_pool(x, 2).ravel().tolist(), max_pool(x, 2, ceil_mode=True).ravel().tolist()
    ([3.0], [3.0, 2.0])
    """
    x = float_array(x)
    axes = pool_axes(
        x.shape[1:-1],
        window,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    if mask is None:
        return _largest(x, axes)
    check_mask(mask, x.shape[:-1])
    check_maskable(padding, axes)
    values = _largest(jnp.where(mask[..., None], x, -np.inf), axes)
    return jnp.where(windows_inside(mask, axes)[..., None], values, 0)


def min_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    mask: jax.Array | None = None,
) -> jax.Array:
    """Take the smallest value of each window; all else as in `max_pool`."""
    x = float_array(x)
    return -max_pool(
        -x,
        window,
        stride=stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
        mask=mask,
    )


def mean_pool(
    x: jax.Array,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    mask: jax.Array | None = None,
) -> jax.Array:
    """Average each window over its positions inside of the array.

    Parameters
    ----------
    x, window, stride, padding, ceil_mode, mask
        As in `max_pool`.
    count_include_pad
        Whether `padding` counts, as zeros: the default of PyTorch and Flax. What `ceil_mode` adds
        at the end never does.

    Returns
    -------
    jax.Array
        float (n, *positions, channels); 0 where `pool_mask` is False.

    Raises
    ------
    SeqcnnError
        As `max_pool`; or both `mask` and `count_include_pad` are given.

    Examples
    --------
    >>> x = jnp.array([[[1.0], [3.0]]])
    >>> mean_pool(x, 2, padding=1).ravel().tolist()
    [1.0, 3.0]
    >>> mean_pool(x, 2, padding=1, count_include_pad=True).ravel().tolist()
    [0.5, 1.5]
    """
    x = float_array(x)
    axes = pool_axes(x.shape[1:-1], window, stride=stride, padding=padding, ceil_mode=ceil_mode)
    dtype, x = x.dtype, x.astype(accumulation_dtype(x.dtype))
    if mask is None:
        return (_sums(x, axes) / _numbers(axes, count_include_pad).astype(x.dtype)).astype(dtype)
    if count_include_pad:
        raise SeqcnnError("`mask` leaves padding out of means: give no `count_include_pad` with it")
    check_mask(mask, x.shape[:-1])
    check_maskable(padding, axes)
    shown = mask[..., None]
    number = _sums(shown.astype(x.dtype), axes)
    means = _sums(jnp.where(shown, x, 0), axes) / jnp.maximum(number, 1)
    return jnp.where(windows_inside(mask, axes)[..., None], means, 0).astype(dtype)


def global_pool(
    x: jax.Array,
    kind: Literal["max", "mean", "min", "sum"] = "max",
    *,
    mask: jax.Array | None = None,
) -> jax.Array:
    """Reduce all positions to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    kind
        What to take.
    mask
        bool (n, *space): the positions that count; None for all.

    Returns
    -------
    jax.Array
        float (n, channels). Where no position counts: -inf, 0, inf or 0 for max, mean, min and sum.
        Equal winners share the gradient.

    Raises
    ------
    SeqcnnError
        `kind` is none of the four, `x` is not float, or `mask` is not bool or does not fit.

    Examples
    --------
    >>> x, mask = jnp.array([[[1.0], [9.0]]]), jnp.array([[True, False]])
    >>> global_pool(x, "max", mask=mask).item(), global_pool(x, "mean", mask=mask).item()
    (1.0, 1.0)
    """
    x = float_array(x)
    if not isinstance(kind, str) or kind not in ("max", "mean", "min", "sum"):
        found = (
            repr(kind) if isinstance(kind, str) else f"{type(kind).__name__} (give a mask by name)"
        )
        raise SeqcnnError(f"`kind` must be 'max', 'mean', 'min' or 'sum', not {found}")
    mask = jnp.ones(x.shape[:-1], bool) if mask is None else mask
    check_mask(mask, x.shape[:-1])
    space, counts = tuple(range(1, x.ndim - 1)), mask[..., None]
    if kind == "max":
        return jnp.max(x, space, initial=-np.inf, where=counts)
    if kind == "min":
        return jnp.min(x, space, initial=np.inf, where=counts)
    wide = accumulation_dtype(x.dtype)
    total = jnp.sum(x, space, where=counts, dtype=wide)
    if kind == "mean":
        total = total / jnp.maximum(jnp.sum(counts, space, dtype=jnp.int32).astype(wide), 1)
    return total.astype(x.dtype)


def adaptive_mean_pool(x: jax.Array, size: int | Sequence[int]) -> jax.Array:
    """Average any input down (or up) to a given size, as networks with dense heads need.

    Parameters
    ----------
    x
        float (n, *space, channels).
    size
        Positions of the result: one number, or one an axis.

    Returns
    -------
    jax.Array
        float (n, *size, channels). Position i is the mean from ``floor(i * length / size)`` to
        below ``ceil((i + 1) * length / size)``, as in PyTorch's `AdaptiveAvgPool`.

    Raises
    ------
    SeqcnnError
        `size` is not a positive number, or one an axis; `x` is not float, or has an empty axis.

    Examples
    --------
    >>> adaptive_mean_pool(jnp.arange(3.0).reshape(1, 3, 1), 2).ravel().tolist()
    [0.5, 1.5]
    """
    x = float_array(x)
    if 0 in x.shape[1:-1]:
        raise SeqcnnError(f"`x` has no positions to average: its shape is {x.shape}")
    for axis, wanted in enumerate(per_axis(size, x.ndim - 2, "size"), start=1):
        length = x.shape[axis]
        parts = [
            lax.slice_in_dim(x, i * length // wanted, -(-(i + 1) * length // wanted), axis=axis)
            for i in range(wanted)
        ]
        x = jnp.concatenate([part.mean(axis, keepdims=True) for part in parts], axis)
    return x


def _largest(x: jax.Array, axes: Sequence[PoolAxis]) -> jax.Array:
    """Pool the last axis first: then the first of equal winners is the first in reading order."""
    for number, axis in reversed(list(enumerate(axes))):
        if not axis.trivial:
            x = pooled_view(largest(view_axis(x, number), axis), x, number)
    return x


def _sums(x: jax.Array, axes: Sequence[PoolAxis]) -> jax.Array:
    for number, axis in reversed(list(enumerate(axes))):
        if not axis.trivial:
            x = pooled_view(_sum_along(view_axis(x, number), axis), x, number)
    return x


def _sum_along(x: jax.Array, axis: PoolAxis) -> jax.Array:
    """Add up each window of (outer, length, inner); padding is 0."""
    window, step = axis.window, axis.stride
    if window % step == 0:
        # with steps, the gradient of `reduce_window` costs a window for each position: sum the
        # blocks between the steps first
        x, window, step = _added(into_blocks(x, axis)), window // step, 1
        if window == 1:
            return x
    else:
        x = pad_axis(x, 0, axis.padding[0], axis.overhang)
    return lax.reduce_window(
        x, np.zeros((), x.dtype), lax.add, (1, window, 1), (1, step, 1), "VALID"
    )


def _added(blocks: jax.Array) -> jax.Array:
    """Sum over the third axis; few places one by one, which XLA on CPU does twice as fast."""
    places = blocks.shape[2]
    if places > _FEW_PLACES:
        return blocks.sum(axis=2)
    return reduce(operator.add, (blocks[:, :, place] for place in range(places)))


def _numbers(axes: Sequence[PoolAxis], count_include_pad: bool) -> np.ndarray:
    """Count the positions of each window: int (1, *positions, 1)."""
    numbers = np.ones((), int)
    for axis in axes:
        before, after = axis.padding if count_include_pad else (0, 0)
        first = np.maximum(axis.starts, -before)
        end = np.minimum(axis.starts + axis.window, axis.length + after)
        numbers = numbers[..., None] * (end - first)
    return numbers[None, ..., None]
