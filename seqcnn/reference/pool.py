"""Pooling by hand: one window after the other, the padding left out of each."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.reference.conv import Index, Padding


def pool(
    x: np.ndarray,
    kind: str,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> np.ndarray:
    """Reduce each window to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    kind
        ``"max"``, ``"mean"`` or ``"min"``.
    window, stride, padding, dilation, ceil_mode
        As in `seqcnn.nn.pool.max_pool`.
    count_include_pad
        As in `seqcnn.nn.pool.mean_pool`; for ``"mean"`` only.

    Returns
    -------
    numpy.ndarray
        float (n, *positions, channels).

    Examples
    --------
    >>> pool(np.array([[[1.0], [3.0], [2.0], [5.0]]]), "mean", 2).ravel().tolist()
    [2.0, 3.5]
    """
    axes = _axes(x.shape[1:-1], window, stride, padding, dilation, ceil_mode)
    result = np.zeros((len(x), *map(len, axes), x.shape[-1]), x.dtype)
    for position, sources, counted in _windows(axes):
        values = np.stack([x[:, *source] for source in sources])
        result[:, *position] = _reduction(kind)(values, axis=0)
        if count_include_pad:
            result[:, *position] *= len(sources) / counted
    return result


def pool_gradient(
    x: np.ndarray,
    kind: str,
    window: int | Sequence[int],
    upstream: np.ndarray,
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> np.ndarray:
    """Send the gradient of `pool` back to its input.

    Parameters
    ----------
    x, kind, window, stride, padding, dilation, ceil_mode, count_include_pad
        As in `pool`.
    upstream
        float (n, *positions, channels): the gradient of a loss with respect to the result.

    Returns
    -------
    numpy.ndarray
        The gradient with respect to `x`: a mean shares it, a maximum gives it to the winner, of
        equals to the first in reading order.
    """
    axes = _axes(x.shape[1:-1], window, stride, padding, dilation, ceil_mode)
    result = np.zeros_like(x)
    for position, sources, counted in _windows(axes):
        error = upstream[:, *position]
        if kind == "mean":
            for source in sources:
                result[:, *source] += error / (counted if count_include_pad else len(sources))
            continue
        winners = _winners(x if kind == "max" else -x, sources)
        for n, c in np.ndindex(error.shape):
            result[n, *winners[n, c], c] += error[n, c]
    return result


def max_indices(
    x: np.ndarray,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Find where the largest value of each window stands.

    Parameters
    ----------
    x, window, stride, padding, dilation, ceil_mode
        As in `pool`.

    Returns
    -------
    numpy.ndarray
        int (n, *positions, channels): the position in the flattened space.

    Examples
    --------
    >>> max_indices(np.array([[[1.0], [3.0], [5.0], [5.0]]]), 2).ravel().tolist()
    [1, 2]
    """
    space = x.shape[1:-1]
    axes = _axes(space, window, stride, padding, dilation, ceil_mode)
    result = np.zeros((len(x), *map(len, axes), x.shape[-1]), int)
    for position, sources, _ in _windows(axes):
        for (n, c), winner in np.ndenumerate(_winners(x, sources)):
            result[n, *position, c] = np.ravel_multi_index(winner, space)
    return result


def max_unpool(x: np.ndarray, indices: np.ndarray, space: Sequence[int]) -> np.ndarray:
    """Put each value where its index says, one after the other, and 0 everywhere else.

    Parameters
    ----------
    x, indices
        float and int (n, *positions, channels).
    space
        Extents of the result.

    Returns
    -------
    numpy.ndarray
        float (n, *space, channels).
    """
    result = np.zeros((len(x), *space, x.shape[-1]), x.dtype)
    for (n, *position, c), index in np.ndenumerate(indices):
        result[n, *np.unravel_index(index, space), c] = x[n, *position, c]
    return result


def global_pool(x: np.ndarray, mask: np.ndarray, kind: str) -> np.ndarray:
    """Reduce the positions that count to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    mask
        bool (n, *space); one position or more of each array must count.
    kind
        ``"max"``, ``"mean"``, ``"min"`` or ``"sum"``.

    Returns
    -------
    numpy.ndarray
        float (n, channels).
    """
    reduction = np.sum if kind == "sum" else _reduction(kind)
    return np.stack([reduction(x[n][mask[n]], axis=0) for n in range(len(x))])


def adaptive_mean_pool(x: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Average any input to a given size.

    Parameters
    ----------
    x
        float (n, *space, channels).
    size
        Positions of the result on each axis.

    Returns
    -------
    numpy.ndarray
        float (n, *size, channels).
    """
    result = np.zeros((len(x), *size, x.shape[-1]), x.dtype)
    for position in np.ndindex(*size):
        window = tuple(
            slice(math.floor(i * length / count), math.ceil((i + 1) * length / count))
            for i, length, count in zip(position, x.shape[1:-1], size, strict=True)
        )
        result[:, *position] = x[:, *window].mean(axis=tuple(range(1, x.ndim - 1)))
    return result


def _reduction(kind: str) -> np.ufunc:
    known = {"max": np.max, "mean": np.mean, "min": np.min}
    if kind not in known:
        raise SeqcnnError(f"`kind` must be one of {', '.join(known)}, not {kind!r}")
    return known[kind]


def _winners(x: np.ndarray, sources: list[Index]) -> np.ndarray:
    """Find the first source with the largest value: Index (n, channels). A NaN beats all."""
    winners = np.empty((len(x), x.shape[-1]), object)
    for n, c in np.ndindex(winners.shape):
        best = sources[0]
        for source in sources[1:]:
            here, there = x[n, *source, c], x[n, *best, c]
            if here > there or (np.isnan(here) and not np.isnan(there)):
                best = source
        winners[n, c] = best
    return winners


class _Window(NamedTuple):
    """One window on one axis: its places on the array, and how many are there or in the padding."""

    inside: list[int]
    counted: int


def _axes(
    space: Sequence[int],
    window: int | Sequence[int],
    stride: int | Sequence[int] | None,
    padding: Padding,
    dilation: int | Sequence[int],
    ceil_mode: bool,
) -> list[list[_Window]]:
    """List the windows on each axis."""
    stride = window if stride is None else stride
    axes = []
    for i, length in enumerate(space):
        extent, step, gap = (a if isinstance(a, int) else a[i] for a in (window, stride, dilation))
        reach = (extent - 1) * gap + 1
        before, after = _pads(padding, i, length, reach, step)
        windows = []
        for start in range(-before, length + after, step):
            fits = start + reach <= length + after
            left_over = start + reach < length + after + step and start < length
            if fits or (ceil_mode and left_over):
                places = range(start, start + reach, gap)
                counted = [place for place in places if place < length + after]
                inside = [place for place in places if 0 <= place < length]
                windows.append(_Window(inside, len(counted)))
        if not windows:
            raise SeqcnnError(f"a window over {reach} positions does not fit axis {i} of {space}")
        if not all(window.inside for window in windows):
            raise SeqcnnError(f"a window lies in the padding of axis {i} of {space} alone")
        axes.append(windows)
    return axes


def _pads(padding: Padding, i: int, length: int, reach: int, step: int) -> tuple[int, int]:
    if padding == "same":
        wanted = max(0, (math.ceil(length / step) - 1) * step + reach - length)
        return wanted // 2, math.ceil(wanted / 2)
    if isinstance(padding, str):
        return 0, 0
    pads = padding if isinstance(padding, int) else padding[i]
    return (pads, pads) if isinstance(pads, int) else pads


def _windows(axes: list[list[_Window]]) -> Iterator[tuple[Index, list[Index], int]]:
    """Walk over the windows: where each stands in the result, what it covers, how many count."""
    for position in np.ndindex(*map(len, axes)):
        windows = [axis[p] for axis, p in zip(axes, position, strict=True)]
        sources = list(itertools.product(*(window.inside for window in windows)))
        yield position, sources, math.prod(window.counted for window in windows)
