"""Convolution by hand: loops over windows, to be read and trusted.

Every rank is computed on its own, position by position; nothing is folded into channels or shared
with `seqcnn.nn.conv`, whose witness this is.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError

Index = tuple[int, ...]
Padding = int | Literal["same", "valid"] | Sequence[int | tuple[int, int]]


def conv(
    x: np.ndarray,
    kernel: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    mode: Literal["correlate", "convolve"] = "correlate",
) -> np.ndarray:
    """Slide a kernel over an array; arguments as in `seqcnn.nn.conv.conv`.

    Parameters
    ----------
    x
        float (n, *space, channels_in).
    kernel
        float (*window, channels_in / groups, channels_out).
    stride, padding, dilation, groups
        Of the windows, the array, the positions in a window, and the channels.
    mode
        ``"convolve"`` reads each window from its end to its start.

    Returns
    -------
    numpy.ndarray
        float (n, *positions, channels_out).

    Examples
    --------
    >>> conv(np.arange(5.0).reshape(1, 5, 1), np.ones((3, 1, 1))).ravel().tolist()
    [3.0, 6.0, 9.0]
    """
    axes = axes_of(x.shape[1:-1], kernel.shape[:-2], stride, padding, dilation)
    result = np.zeros((len(x), *(axis.positions for axis in axes), kernel.shape[-1]), x.dtype)
    for position, place, source in visits(axes):
        for taken, given in channel_groups(x.shape[-1], kernel.shape[-1], groups):
            weights = kernel[*_read_at(place, axes, mode), :, given]
            result[:, *position, given] += x[:, *source, taken] @ weights
    return result


def conv_gradients(
    x: np.ndarray,
    kernel: np.ndarray,
    upstream: np.ndarray,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    mode: Literal["correlate", "convolve"] = "correlate",
) -> tuple[np.ndarray, np.ndarray]:
    """Send the gradient of a convolution back to its input and its kernel.

    Parameters
    ----------
    x, kernel, stride, padding, dilation, groups, mode
        As in `conv`.
    upstream
        float (n, *positions, channels_out): the gradient of a loss with respect to the result.

    Returns
    -------
    tuple of numpy.ndarray
        The gradients with respect to `x` and `kernel`, of their shapes.
    """
    of_x, of_kernel = np.zeros_like(x), np.zeros_like(kernel)
    axes = axes_of(x.shape[1:-1], kernel.shape[:-2], stride, padding, dilation)
    for position, place, source in visits(axes):
        read = _read_at(place, axes, mode)
        for taken, given in channel_groups(x.shape[-1], kernel.shape[-1], groups):
            error = upstream[:, *position, given]
            of_x[:, *source, taken] += error @ kernel[*read, :, given].T
            of_kernel[*read, :, given] += x[:, *source, taken].T @ error
    return of_x, of_kernel


def _read_at(place: Index, axes: Sequence["Axis"], mode: str) -> Index:
    if mode == "correlate":
        return place
    return tuple(axis.window - 1 - k for k, axis in zip(place, axes, strict=True))


class Axis(NamedTuple):
    """One space axis of an array, and the windows on it."""

    length: int
    window: int
    stride: int
    before: int
    dilation: int
    positions: int


def axes_of(
    space: Sequence[int],
    window: Sequence[int],
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int] = 1,
) -> list[Axis]:
    """Work out where the windows lie on each axis.

    Raises
    ------
    SeqcnnError
        Not even one window fits.
    """
    axes = []
    for i, length in enumerate(space):
        step = stride if isinstance(stride, int) else stride[i]
        gap = dilation if isinstance(dilation, int) else dilation[i]
        extent = (window[i] - 1) * gap + 1
        if padding == "same":
            wanted = max(0, (math.ceil(length / step) - 1) * step + extent - length)
            before, after = wanted // 2, math.ceil(wanted / 2)
        else:
            before, after = _pads_of_axis(padding, i)
        starts = range(-before, length + after - extent + 1, step)
        if not starts:
            raise SeqcnnError(f"a window over {extent} positions does not fit axis {i} of {space}")
        axes.append(Axis(length, window[i], step, before, gap, len(starts)))
    return axes


def _pads_of_axis(padding: Padding, axis: int) -> tuple[int, int]:
    if isinstance(padding, str):
        return 0, 0
    pads = padding if isinstance(padding, int) else padding[axis]
    return (pads, pads) if isinstance(pads, int) else pads


def visits(axes: Sequence[Axis]) -> Iterator[tuple[Index, Index, Index]]:
    """Walk over every place of every window, those in the padding left out.

    Yields
    ------
    tuple of tuple
        Where the window stands in the result, the place in the window, and what it covers.
    """
    for position in np.ndindex(*(axis.positions for axis in axes)):
        for place in np.ndindex(*(axis.window for axis in axes)):
            source = tuple(
                p * axis.stride + k * axis.dilation - axis.before
                for p, k, axis in zip(position, place, axes, strict=True)
            )
            if all(0 <= s < axis.length for s, axis in zip(source, axes, strict=True)):
                yield position, place, source


def channel_groups(channels_in: int, channels_out: int, groups: int) -> list[tuple[slice, slice]]:
    """Pair the input channels of each group with its output channels."""
    take, give = channels_in // groups, channels_out // groups
    return [
        (slice(g * take, (g + 1) * take), slice(g * give, (g + 1) * give)) for g in range(groups)
    ]
