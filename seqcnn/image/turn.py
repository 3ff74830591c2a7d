"""Turn pictures by known angles, and hide corners, which would tell how a picture was turned."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.image.moves import turn_matrix
from seqcnn.image.unit import from_unit, to_unit
from seqcnn.image.warp import Edges, affine_places, sample


@dataclass(frozen=True)
class Disc:
    """Keep the largest disc in the middle of a picture, and make all else black.

    A step of augmentation, see `seqcnn.image.pixel_steps`; of volumes in each of their sections.
    """

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Hide the corners of one picture."""
        return jnp.where(disc(picture.shape[-3:-1])[..., None], picture, 0)


def disc(space: tuple[int, ...]) -> np.ndarray:
    """Draw the largest disc, bool (height, width).

    Examples
    --------
    >>> disc((4, 5)).astype(int).tolist()
    [[0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0]]
    """
    rows, columns = np.ogrid[: space[0], : space[1]]
    away = np.hypot(rows - (space[0] - 1) / 2, columns - (space[1] - 1) / 2)
    return away <= min(space) / 2


@partial(jax.jit, static_argnames="edges")
def turn(x: jax.Array, degrees: jax.Array, *, edges: Edges = "zero") -> jax.Array:
    """Turn pictures about their middles.

    Parameters
    ----------
    x
        (n, height, width, channels): bool, uint8, uint16 or float.
    degrees
        float (n,): anticlockwise, as pictures are shown.
    edges
        What comes in from outside, see `seqcnn.image.warp.sample`.

    Returns
    -------
    jax.Array
        Of the shape and dtype of `x`.

    Examples
    --------
    >>> x = jnp.array([[[[1], [2]], [[3], [4]]]], jnp.uint8)
    >>> turn(x, jnp.array([90.0]))[0, ..., 0].tolist()
    [[2, 4], [1, 3]]
    """
    angles = jnp.deg2rad(jnp.asarray(degrees, jnp.float32))
    space = x.shape[1:-1]
    make = jax.vmap(lambda angle: turn_matrix(jnp.cos(angle), jnp.sin(angle), space))
    return from_unit(sample(to_unit(x), affine_places(make(angles), space), edges=edges), x.dtype)
