"""The best match of a kernel by hand: every window of every sequence, on one strand or both."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

PAD = 255
"""The code of a position outside of a sequence."""


class Window(NamedTuple):
    """A window of one sequence as a kernel sees it: read from its strand."""

    position: int
    strand: int
    image: np.ndarray


def best_match(
    codes: np.ndarray,
    kernel: np.ndarray,
    shares: np.ndarray,
    *,
    complement: Sequence[int] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score the best window of each kernel; arguments as in `seqcnn.nn.best_match.best_match`.

    Parameters
    ----------
    codes
        uint8 (n, length), filled up with `PAD` on the right.
    kernel
        float (width, letters, kernels).
    shares
        float (256, letters).
    complement
        The code of the complement of each letter; None to read one strand.

    Returns
    -------
    tuple of numpy.ndarray
        The value, the position and the strand of the window, (n, kernels) each: of equal ones the
        first, of its strands the one as given.

    Examples
    --------
    >>> codes, letter_a = np.array([[1, 0, 0, PAD]]), np.array([[[1.0], [0.0]]])
    >>> value, position, _ = best_match(codes, letter_a, np.eye(256, 2))
    >>> value.item(), position.item()
    (1.0, 1)
    """
    shape = (len(codes), kernel.shape[-1])
    values, positions, strands = (
        np.zeros(shape, kernel.dtype),
        np.zeros(shape, int),
        np.zeros(shape, int),
    )
    for n, c in np.ndindex(*shape):
        best = _best_window(codes[n], kernel[..., c], shares, complement)
        values[n, c] = (best.image * kernel[..., c]).sum()
        positions[n, c], strands[n, c] = best.position, best.strand
    return values, positions, strands


def best_match_gradient(
    codes: np.ndarray,
    kernel: np.ndarray,
    shares: np.ndarray,
    upstream: np.ndarray,
    *,
    complement: Sequence[int] | None = None,
) -> np.ndarray:
    """Send the gradient of `best_match` back to its kernels.

    Parameters
    ----------
    codes, kernel, shares, complement
        As in `best_match`.
    upstream
        float (n, kernels): the gradient of a loss with respect to the values.

    Returns
    -------
    numpy.ndarray
        float (width, letters, kernels): the window that won, times the gradient, over all `n`.
    """
    result = np.zeros_like(kernel)
    for n, c in np.ndindex(*upstream.shape):
        best = _best_window(codes[n], kernel[..., c], shares, complement)
        result[..., c] += upstream[n, c] * best.image
    return result


def _best_window(
    codes: np.ndarray, kernel: np.ndarray, shares: np.ndarray, complement: Sequence[int] | None
) -> Window:
    windows = list(_windows(codes, len(kernel), shares, complement))
    return max(windows, key=lambda window: (window.image * kernel).sum())


def _windows(
    codes: np.ndarray, width: int, shares: np.ndarray, complement: Sequence[int] | None
) -> Iterator[Window]:
    """Walk over the windows inside of a sequence; a short sequence has one, with zeros behind."""
    letters = [shares[code] for code in codes if code != PAD]
    letters += [np.zeros(shares.shape[1])] * (width - len(letters))
    for position in range(len(letters) - width + 1):
        image = np.array(letters[position : position + width])
        yield Window(position, 0, image)
        if complement is not None:
            # the other strand is read backwards, each letter as its complement
            yield Window(position, 1, image[::-1, list(complement)])
