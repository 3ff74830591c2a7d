"""A coloured picture that is painted, not taken: for galleries and first tries without data."""

import numpy as np


def draw_scene(
    height: int = 240, width: int = 320, *, noise: float = 0.02, seed: int = 0
) -> np.ndarray:
    """Paint a house by a lake: flat and textured ground, straight and round edges, a bright sun.

    Parameters
    ----------
    height, width
        Of the picture, in pixels.
    noise
        Standard deviation of what is added to all values, on the scale from 0 to 1.
    seed
        Same seed, same picture.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 3).

    Examples
    --------
    >>> draw_scene(24, 32).shape
    (24, 32, 3)
    """
    rng = np.random.default_rng([seed, 6])
    y, x = np.mgrid[:height, :width].astype(float)
    y, x = (y + 0.5) / height, (x + 0.5) / width * 4 / 3
    picture = np.empty((height, width, 3))
    picture[:] = np.array([0.45, 0.68, 0.92]) + (y * 0.5)[..., None] * [0.8, 0.4, 0.1]
    _paint(picture, np.hypot(x - 1.08, y - 0.18) < 0.09, (1.0, 0.93, 0.55))
    far = y > 0.48 - 0.12 * np.sin(4.2 * x + 0.6) - 0.03 * np.sin(13 * x)
    _paint(picture, far, (0.42, 0.47, 0.62))
    near = y > 0.60 - 0.05 * np.sin(3 * x + 2.5)
    meadow = 0.5 + 0.5 * rng.random((height, width))
    _paint(picture, near, np.stack([0.25 * meadow, 0.62 * meadow, 0.22 * meadow], axis=-1))
    lake = ((x - 0.98) / 0.34) ** 2 + ((y - 0.84) / 0.12) ** 2 < 1
    ripples = 0.06 * np.sin(150 * y)
    _paint(picture, lake, np.stack([0.12 + ripples, 0.35 + ripples, 0.62 + ripples], axis=-1))
    _house(picture, x, y)
    crown = np.hypot(x - 0.78, (y - 0.47) * 1.1) < 0.105 + 0.02 * rng.random((height, width))
    _paint(picture, (abs(x - 0.78) < 0.014) & (y > 0.5) & (y < 0.72), (0.33, 0.22, 0.13))
    leaves = 0.55 + 0.45 * rng.random((height, width))
    _paint(picture, crown, np.stack([0.15 * leaves, 0.45 * leaves, 0.12 * leaves], axis=-1))
    picture += rng.normal(0, noise, picture.shape)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _house(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    wall = (x > 0.2) & (x < 0.58) & (y > 0.5) & (y < 0.78)
    _paint(picture, wall, (0.93, 0.88, 0.78))
    roof = (y > 0.32) & (y < 0.5) & (abs(x - 0.39) < (y - 0.32) * 1.3 + 0.005)
    tiles = 0.75 + 0.25 * (np.sin(170 * y) > 0)
    _paint(picture, roof, np.stack([0.72 * tiles, 0.24 * tiles, 0.18 * tiles], axis=-1))
    for left in (0.24, 0.45):
        _paint(
            picture, (x > left) & (x < left + 0.09) & (y > 0.56) & (y < 0.66), (0.18, 0.26, 0.36)
        )
        bar = (abs(x - left - 0.045) < 0.005) & (y > 0.56) & (y < 0.66)
        _paint(picture, bar, (0.95, 0.95, 0.95))
    _paint(picture, (x > 0.355) & (x < 0.425) & (y > 0.62) & (y < 0.78), (0.45, 0.27, 0.14))


def _paint(picture: np.ndarray, where: np.ndarray, colour: tuple[float, ...] | np.ndarray) -> None:
    picture[where] = np.broadcast_to(colour, picture.shape)[where]
