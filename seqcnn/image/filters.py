"""Filters with names, and what they do to pictures.

A filter is the kernel of a convolution that somebody thought out; a network learns its own. All go
through `seqcnn.nn.conv.conv`, each channel on its own. Kernels are laid on as they are
(correlation); ``mode="convolve"`` flips them first.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.counts import unit_values
from seqcnn.nn.conv import Mode, conv
from seqcnn.nn.geometry import whole_number

Edges = Literal["zero", "reflect", "edge", "wrap"]
"""What lies around a picture: black; its mirror image without the last row; the last row again; its
other end. In SciPy they are ``constant``, ``mirror``, ``nearest`` and ``wrap``."""

_PAD_MODES = {"zero": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def _array(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def box(size: int = 3) -> np.ndarray:
    """Average `size` x `size` pixels."""
    n = _odd(size)
    return np.full((n, n), 1 / n**2, np.float32)


def gaussian(sigma: float = 1.0, size: int | None = None) -> np.ndarray:
    """Average with the weights of a bell of standard deviation `sigma` pixels.

    `size` pixels wide, by default four `sigma` to either side.
    """
    if not sigma > 0:
        raise SeqcnnError(f"`sigma` must be above 0, not {sigma}")
    n = 2 * int(4 * sigma + 0.5) + 1 if size is None else _odd(size)
    bell = np.exp(-0.5 * ((np.arange(n) - n // 2) / sigma) ** 2)
    bell /= bell.sum()
    return np.outer(bell, bell).astype(np.float32)


def unsharp(amount: float = 1.0, sigma: float = 1.0) -> np.ndarray:
    """Add `amount` times what a bell of `sigma` blurs away."""
    kernel = -amount * gaussian(sigma)
    kernel[len(kernel) // 2, len(kernel) // 2] += 1 + amount
    return kernel


def motion(size: int = 9) -> np.ndarray:
    """Blur as if the camera had moved by `size` pixels, down and to the right."""
    return np.eye(_odd(size), dtype=np.float32) / size


KERNELS: dict[str, Callable[[], np.ndarray]] = {
    "identity": partial(_array, (0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "box": partial(box, 5),
    "gaussian": partial(gaussian, 1.5),
    "motion": motion,
    "sharpen": partial(_array, (0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "unsharp": partial(unsharp, 1.5, 1.5),
    "laplace": partial(_array, (0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "laplace8": partial(_array, (1, 1, 1), (1, -8, 1), (1, 1, 1)),
    "sobel_x": partial(_array, (-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "sobel_y": partial(_array, (-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "prewitt_x": partial(_array, (-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "prewitt_y": partial(_array, (-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "scharr_x": partial(_array, (-3, 0, 3), (-10, 0, 10), (-3, 0, 3)),
    "scharr_y": partial(_array, (-3, -10, -3), (0, 0, 0), (3, 10, 3)),
    "emboss": partial(_array, (-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "outline": partial(_array, (-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "ridge": partial(_array, (0, -1, 0), (-1, 4, -1), (0, -1, 0)),
}
"""Kernels by name, in the order of the gallery: float32 (rows, columns), rows from the top."""


def kernel_of(name: str) -> np.ndarray:
    """Find a kernel by its name.

    Raises
    ------
    SeqcnnError
        There is none of this name.

    Examples
    --------
    >>> kernel_of("sobel_x").tolist()
    [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
    """
    if name not in KERNELS:
        raise SeqcnnError(f"there is no kernel {name!r}: choose from {', '.join(KERNELS)}")
    return KERNELS[name]()


def apply_filter(
    image: np.ndarray,
    kernel: str | np.ndarray,
    *,
    mode: Mode = "correlate",
    edges: Edges = "reflect",
) -> np.ndarray:
    """Send a picture through a filter.

    Parameters
    ----------
    image
        (*space, channels): bool, uint8, uint16, or float.
    kernel
        A name in `KERNELS`, or float (*window) of odd extents, one for each axis of space.
    mode
        As in `seqcnn.nn.conv.conv`.
    edges
        What lies around the picture.

    Returns
    -------
    numpy.ndarray
        float32 (*space, channels), each channel on its own; pixels count from 0 (black) to 1, the
        result may lie outside of that.

    Raises
    ------
    SeqcnnError
        The kernel is unknown, of an even extent, or does not fit the picture.

    Notes
    -----
    A kernel that is a column times a row is applied as the one and then the other: 2n products a
    pixel in place of n².

    Examples
    --------
    >>> image = np.array([[0, 0, 255, 255]] * 3, np.uint8)[..., None]
    >>> apply_filter(image, "sobel_x", edges="edge")[1, :, 0].tolist()
    [0.0, 4.0, 4.0, 0.0]
    """
    weights = kernel_of(kernel) if isinstance(kernel, str) else np.asarray(kernel, np.float32)
    _check(image, weights, edges)
    passes = factors(weights) if weights.ndim == 2 and weights.size > 9 else None
    x = unit_values(image)[None]
    for one in passes or (weights,):
        x = _filtered(x, one, mode=mode, edges=edges)
    return np.asarray(x)[0]


def gradient_magnitude(
    image: np.ndarray, kind: str = "sobel", *, edges: Edges = "reflect"
) -> np.ndarray:
    """Take the length of the gradient: how steep brightness is, whatever the direction.

    Parameters
    ----------
    image
        (height, width, channels), as in `apply_filter`.
    kind
        ``"sobel"``, ``"prewitt"`` or ``"scharr"``.
    edges
        What lies around the picture.

    Returns
    -------
    numpy.ndarray
        float32 (height, width, channels).
    """
    if kind not in ("sobel", "prewitt", "scharr"):
        raise SeqcnnError(f"`kind` must be 'sobel', 'prewitt' or 'scharr', not {kind!r}")
    across, down = (apply_filter(image, f"{kind}_{axis}", edges=edges) for axis in "xy")
    return np.hypot(across, down)


def factors(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Write a kernel (rows, columns) as a column times a row, or None where it is no such product.

    Examples
    --------
    >>> column, row = factors(kernel_of("sobel_x"))
    >>> column.tolist(), row.tolist()
    ([[-1.0], [-2.0], [-1.0]], [[1.0, -0.0, -1.0]])
    """
    wide = kernel.astype(np.float64)
    i, j = np.unravel_index(np.argmax(abs(wide), axis=None), wide.shape)
    if wide[i, j] == 0:
        return None
    middle = len(wide) // 2 if wide[len(wide) // 2, j] else i
    column, row = wide[:, j : j + 1], wide[middle : middle + 1] / wide[middle, j]
    if abs(column @ row - wide).max() > 2e-7 * abs(wide).max():
        return None
    return column.astype(np.float32), row.astype(np.float32)


def displayed(filtered: np.ndarray) -> np.ndarray:
    """Make a filtered picture visible: uint8 of the same shape.

    From 0 to 1 as it is. Where a value is less than 0 by more than rounding, as edges are, 0
    becomes middle grey and the largest deviations, 2 in 100 pixels, black or white.
    """
    if filtered.min() >= -1e-6:
        return np.round(np.clip(filtered, 0, 1) * 255).astype(np.uint8)
    scale = np.quantile(abs(filtered), 0.98) or 1.0
    return np.round(np.clip(filtered / scale, -1, 1) * 127 + 128).astype(np.uint8)


@partial(jax.jit, static_argnames=("mode", "edges"))
def _filtered(x: jax.Array, kernel: jax.Array, *, mode: Mode, edges: Edges) -> jax.Array:
    channels, window = x.shape[-1], kernel.shape
    if edges != "zero":
        around = [(0, 0), *((n // 2, n // 2) for n in window), (0, 0)]
        x = jnp.pad(x, around, mode=_PAD_MODES[edges])
    padding = tuple(n // 2 for n in window) if edges == "zero" else 0
    each = jnp.broadcast_to(kernel[..., None, None], (*window, 1, channels))
    return conv(x, each, padding=padding, groups=channels, mode=mode)


def _check(image: np.ndarray, kernel: np.ndarray, edges: str) -> None:
    if edges not in _PAD_MODES:
        raise SeqcnnError(f"`edges` must be one of {', '.join(_PAD_MODES)}, not {edges!r}")
    if image.ndim != kernel.ndim + 1:
        raise SeqcnnError(
            f"a kernel of {kernel.ndim} axes fits pictures (*space, channels) of "
            f"{kernel.ndim + 1}, not {image.shape}"
        )
    if any(n % 2 == 0 for n in kernel.shape):
        raise SeqcnnError(f"a kernel needs a middle: odd extents, not {kernel.shape}")
    if edges in ("reflect", "wrap") and any(
        n // 2 >= extent for n, extent in zip(kernel.shape, image.shape[:-1], strict=True)
    ):
        raise SeqcnnError(
            f"the picture {image.shape[:-1]} is too small for a kernel {kernel.shape} with "
            f"edges {edges!r}: take 'edge' or 'zero'"
        )


def _odd(size: int) -> int:
    n = whole_number(size)
    if n is None or n < 1 or n % 2 == 0:
        raise SeqcnnError(f"`size` must be an odd number of pixels, not {size!r}")
    return n
