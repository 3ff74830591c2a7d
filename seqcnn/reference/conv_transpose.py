"""Transposed convolution by hand: every position is spread over a window of the result."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from seqcnn.reference.conv import Index, channel_groups


class Spread(NamedTuple):
    """How the positions of one axis land on the result."""

    length: int
    window: int
    stride: int
    before: int
    dilation: int
    size: int


def conv_transpose(
    x: np.ndarray,
    kernel: np.ndarray,
    *,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    output_padding: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
) -> np.ndarray:
    """Spread each position over a window; arguments, one an axis, as in `seqcnn.nn.conv_transpose`.

    Parameters
    ----------
    x
        float (n, *space, channels_in).
    kernel
        float (*window, channels_out / groups, channels_in).
    stride, padding, output_padding, dilation, groups
        Of the windows, the result, the end of the result, a window's positions, and the channels.

    Returns
    -------
    numpy.ndarray
        float (n, *size, channels_out).

    Examples
    --------
    >>> once = {"padding": [(0, 0)], "output_padding": [0], "dilation": [1]}
    >>> conv_transpose(np.ones((1, 2, 1)), np.ones((3, 1, 1)), stride=[2], **once).ravel().tolist()
    [1.0, 1.0, 2.0, 1.0, 1.0]
    """
    axes = _axes(x, kernel, stride, padding, output_padding, dilation)
    channels = kernel.shape[-2] * groups
    result = np.zeros((len(x), *(axis.size for axis in axes), channels), x.dtype)
    for position, place, target in _landings(axes):
        for given, taken in channel_groups(channels, x.shape[-1], groups):
            result[:, *target, given] += x[:, *position, taken] @ kernel[*place, :, taken].T
    return result


def conv_transpose_gradients(
    x: np.ndarray,
    kernel: np.ndarray,
    upstream: np.ndarray,
    *,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    output_padding: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Send `upstream` float (n, *size, channels_out) back to `x` and `kernel`."""
    of_x, of_kernel = np.zeros_like(x), np.zeros_like(kernel)
    axes = _axes(x, kernel, stride, padding, output_padding, dilation)
    for position, place, target in _landings(axes):
        for given, taken in channel_groups(upstream.shape[-1], x.shape[-1], groups):
            error = upstream[:, *target, given]
            of_x[:, *position, taken] += error @ kernel[*place, :, taken]
            of_kernel[*place, :, taken] += error.T @ x[:, *position, taken]
    return of_x, of_kernel


def _axes(
    x: np.ndarray,
    kernel: np.ndarray,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    output_padding: Sequence[int],
    dilation: Sequence[int],
) -> list[Spread]:
    axes = []
    for i, length in enumerate(x.shape[1:-1]):
        before, after = padding[i]
        farthest = (length - 1) * stride[i] + (kernel.shape[i] - 1) * dilation[i]
        size = farthest + 1 - before - after + output_padding[i]
        axes.append(Spread(length, kernel.shape[i], stride[i], before, dilation[i], size))
    return axes


def _landings(axes: Sequence[Spread]) -> Iterator[tuple[Index, Index, Index]]:
    """Walk over positions of `x` and places of the window, to where they land on the result."""
    for position in np.ndindex(*(axis.length for axis in axes)):
        for place in np.ndindex(*(axis.window for axis in axes)):
            target = tuple(
                p * axis.stride + k * axis.dilation - axis.before
                for p, k, axis in zip(position, place, axes, strict=True)
            )
            if all(0 <= t < axis.size for t, axis in zip(target, axes, strict=True)):
                yield position, place, target
