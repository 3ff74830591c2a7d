"""Colours as features for clustering: every space as coordinates in which distances mean something.

``rgb`` is as it is. ``grey`` is brightness alone. ``hsv`` is its cone: hue turns around the axis of
greys, so that red is near red on either side of hue 0, and counts for less the darker or paler a
colour is. ``lab`` is CIE L*a*b* divided by 100: distances are those that people see.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.colour import rgb_to_grey, rgb_to_hsv, rgb_to_lab

SPACES = ("rgb", "hsv", "lab", "grey")
"""What `features_of` knows."""


def features_of(colours: np.ndarray, space: str) -> np.ndarray:
    """Turn colours into features.

    Parameters
    ----------
    colours
        float32 (n, channels) from 0 to 1. Other than three channels are returned as they are.
    space
        One of `SPACES`.

    Returns
    -------
    numpy.ndarray
        float32 (n, features): 1 for ``"grey"``, else 3.

    Raises
    ------
    SeqcnnError
        `space` is none of them.

    Examples
    --------
    >>> colours = np.array([[1, 0, 0], [1, 0, 0.02], [1, 0.02, 0]], np.float32)
    >>> features_of(colours, "hsv").astype(float).round(2).tolist()
    [[1.0, 0.0, 1.0], [1.0, -0.02, 1.0], [1.0, 0.02, 1.0]]
    """
    if space not in SPACES:
        raise SeqcnnError(f"`space` must be one of {', '.join(SPACES)}, not {space!r}")
    if colours.shape[1] != 3 or space == "rgb":
        return colours
    # lengths in steps: pictures with other numbers of colours share a program
    step = max(2**10, 2 ** (len(colours).bit_length() - 3))
    padded = np.zeros((-(-len(colours) // step) * step, 3), np.float32)
    padded[: len(colours)] = colours
    return np.asarray(_converted(padded, space=space))[: len(colours)]


@partial(jax.jit, static_argnames="space")
def _converted(rgb: jax.Array, *, space: str) -> jax.Array:
    if space == "grey":
        return rgb_to_grey(rgb)
    if space == "lab":
        return rgb_to_lab(rgb) / 100
    hue, saturation, value = jnp.moveaxis(rgb_to_hsv(rgb), -1, 0)
    turn, radius = 2 * np.pi * hue, saturation * value
    return jnp.stack([radius * jnp.cos(turn), radius * jnp.sin(turn), value], axis=-1)
