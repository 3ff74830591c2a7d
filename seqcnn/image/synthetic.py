"""Pictures that are made, not taken: for examples, tests and a first try without data."""

from typing import NamedTuple

import numpy as np

SHAPES = ("disc", "square", "triangle", "cross")
"""What is to be seen in `draw_shapes`, in the order of the labels."""


class Pictures(NamedTuple):
    """Pictures with what is known of them.

    Parameters
    ----------
    x
        uint8 (n, size, size, 1).
    labels
        int64 (n,): numbers in `SHAPES`, or how many cells there are.
    masks
        uint8 (n, size, size): 1 where something is, 0 elsewhere.
    """

    x: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def draw_shapes(
    n: int, *, size: int = 32, noise: float = 0.1, classes: int = 4, seed: int = 0
) -> Pictures:
    """Draw one shape in each picture, of random size, place, brightness and ground.

    Parameters
    ----------
    n, size
        Pictures, and their height and width in pixels.
    noise
        Standard deviation of what is added to all pixels, on the scale from 0 to 1.
    classes
        How many of `SHAPES` occur.
    seed
        Same seed, same pictures.

    Examples
    --------
    >>> pictures = draw_shapes(3, size=16)
    >>> pictures.x.shape, pictures.x.dtype, pictures.labels.tolist()
    ((3, 16, 16, 1), dtype('uint8'), [0, 1, 2])
    """
    rng = np.random.default_rng([seed, 1])
    labels = np.arange(n) % classes
    radius = rng.uniform(0.15, 0.35, n) * size
    middle = rng.uniform(0.35, 0.65, (2, n)) * size
    y, x = (
        np.arange(size)[None, None, :].swapaxes(1, 2 - axis) - middle[axis][:, None, None]
        for axis in (0, 1)
    )
    y, x = np.broadcast_arrays(y, x)
    r = radius[:, None, None]
    inside = (
        x**2 + y**2 <= r**2,
        np.maximum(abs(x), abs(y)) <= r * 0.9,
        (y <= r * 0.8) & (2 * abs(x) - y <= r * 0.8),
        (np.minimum(abs(x), abs(y)) <= r * 0.3) & (np.maximum(abs(x), abs(y)) <= r),
    )
    masks = np.choose(labels[:, None, None], inside)
    return Pictures(_shaded(masks, noise, rng), labels, masks.astype(np.uint8))


def draw_cells(
    n: int, *, size: int = 64, most: int = 8, noise: float = 0.1, seed: int = 0
) -> Pictures:
    """Draw some cells in each picture: ellipses that may touch, on uneven ground.

    Parameters
    ----------
    n, size, noise, seed
        As in `draw_shapes`.
    most
        Cells of a picture, at most; one at least.
    """
    rng = np.random.default_rng([seed, 2])
    number = rng.integers(1, most + 1, n)
    y, x = np.mgrid[:size, :size]
    masks = np.zeros((n, size, size), bool)
    for mask, cells in zip(masks, number, strict=True):
        for _ in range(cells):
            (cy, cx), turn = rng.uniform(0.1, 0.9, 2) * size, rng.uniform(0, np.pi)
            a, b = rng.uniform(0.06, 0.14, 2) * size
            along = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
            across = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
            mask |= (along / a) ** 2 + (across / b) ** 2 <= 1
    return Pictures(_shaded(masks, noise, rng), number, masks.astype(np.uint8))


def _shaded(masks: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Give shapes and ground their brightness, the ground a slope, and all pixels noise."""
    n, size = masks.shape[:2]
    ground, shape = rng.uniform(0.1, 0.3, n), rng.uniform(0.55, 0.9, n)
    slope = rng.uniform(-0.1, 0.1, (2, n, 1, 1)) * np.linspace(-1, 1, size)
    bright = np.where(masks, shape[:, None, None], ground[:, None, None])
    bright = bright + slope[0] + slope[1].swapaxes(1, 2) + rng.normal(0, noise, masks.shape)
    return np.round(np.clip(bright, 0, 1) * 255).astype(np.uint8)[..., None]
