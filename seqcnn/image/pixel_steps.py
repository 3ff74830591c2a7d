"""Steps of augmentation that change what pixels are worth, not where they are.

Each takes one picture, float32 (*space, channels) on the scale from 0 to 1, and a key, and gives a
picture of the same shape. A function of your own that does so is a step too; with an attribute
`probability` it is only done to some pictures. All numbers are drawn evenly within their range.
"""

from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.moves import check_probability


class Step(Protocol):
    """What a step is: it compares and hashes by value, as functions and frozen dataclasses do."""

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Change one picture, float32 (*space, channels)."""
        ...


@dataclass(frozen=True, kw_only=True)
class PixelStep:
    """A step with a probability.

    Parameters
    ----------
    probability
        Chance of a picture to be changed.
    """

    probability: float = 1.0

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Change one picture; see the top of this file."""
        raise NotImplementedError


@dataclass(frozen=True)
class Blur(PixelStep):
    """Blur by a Gaussian.

    Parameters
    ----------
    most
        Its standard deviation, in pixels, is at most so much.
    least
        And at least so much.
    """

    most: float = 1.0
    least: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.least <= self.most:
            raise SeqcnnError(f"a blur takes 0 <= least <= most, not {self.least} and {self.most}")

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Blur one picture; edges are mirrored."""
        spread = jax.random.uniform(key, minval=self.least, maxval=self.most)
        radius = int(np.ceil(4 * self.most))
        steps = jnp.arange(-radius, radius + 1)
        # at no blur at all the middle weighs 1 and the others exp(-huge) = 0
        weights = jnp.exp(-0.5 * (steps / jnp.maximum(spread, 1e-3)) ** 2)
        weights = weights / weights.sum()
        for axis in range(picture.ndim - 1):
            extent = picture.shape[axis]
            around = [(0, 0)] * picture.ndim
            around[axis] = (radius, radius)
            # or else the compiler would compute the picture anew for every shift
            padded = jax.lax.optimization_barrier(jnp.pad(picture, around, mode="symmetric"))
            shifted = (
                weight * jax.lax.slice_in_dim(padded, i, i + extent, axis=axis)
                for i, weight in enumerate(weights)
            )
            picture = sum(shifted, jnp.zeros_like(picture))
        return picture


@dataclass(frozen=True)
class Noise(PixelStep):
    """Add noise to each pixel.

    Parameters
    ----------
    most
        Its standard deviation is at most so much, another one for each picture.
    """

    most: float = 0.1

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Add noise to one picture."""
        how_much, what = jax.random.split(key)
        spread = jax.random.uniform(how_much, maxval=self.most)
        return picture + spread * jax.random.normal(what, picture.shape)


@dataclass(frozen=True)
class Brightness(PixelStep):
    """Make pictures brighter or darker.

    Parameters
    ----------
    most
        What is added to all pixels, or taken from them.
    """

    most: float = 0.2

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Change one picture."""
        return picture + jax.random.uniform(key, minval=-self.most, maxval=self.most)


@dataclass(frozen=True)
class Contrast(PixelStep):
    """Stretch or squeeze values about the mean of the picture.

    Parameters
    ----------
    most
        Factors lie between 1 / (1 + most) and 1 + most, evenly on the scale of logarithms.
    """

    most: float = 0.2

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Change one picture."""
        mean = picture.mean()
        return mean + (picture - mean) * _factor(key, self.most)


@dataclass(frozen=True)
class Gamma(PixelStep):
    """Raise values to a power; what is below 0 keeps its sign.

    Parameters
    ----------
    most
        Powers lie between 1 / (1 + most) and 1 + most, evenly on the scale of logarithms.
    """

    most: float = 0.2

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Change one picture."""
        return jnp.sign(picture) * jnp.abs(picture) ** _factor(key, self.most)


@dataclass(frozen=True)
class Fragment(PixelStep):
    """Cut a picture into tiles and lose some (after Chen et al. 2020, arXiv:2001.04086).

    Parameters
    ----------
    share
        Chance of a tile to be lost.
    tiles
        Tiles along each axis; the grid is shifted at random.
    fill
        Value in their place.
    """

    share: float = 0.25
    tiles: int = 4
    fill: float = 0.0
    _: KW_ONLY
    probability: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.share <= 1 or self.tiles < 1:
            raise SeqcnnError(
                f"a fragment step loses a share of 0 to 1 of 1 or more tiles, not {self.share} "
                f"of {self.tiles}"
            )

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Lose tiles of one picture."""
        which, where = jax.random.split(key)
        space = picture.shape[:-1]
        lost = jax.random.bernoulli(which, float(self.share), (self.tiles + 1,) * len(space))
        offset = jax.random.uniform(where, (len(space),))
        for axis, extent in enumerate(space):
            tile = jnp.floor(jnp.arange(extent) * self.tiles / extent + offset[axis])
            lost = jnp.take(lost, tile.astype(jnp.int32), axis=axis)
        return jnp.where(lost[..., None], self.fill, picture)


@dataclass(frozen=True)
class CutOut(PixelStep):
    """Lose a box, part of which may lie outside (DeVries and Taylor 2017, arXiv:1708.04552).

    Parameters
    ----------
    share
        Its extents, as a share of those of the picture.
    fill
        Value in its place.
    """

    share: float = 0.25
    fill: float = 0.0
    _: KW_ONLY
    probability: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise SeqcnnError(f"the share that is cut out must be 0 to 1, not {self.share}")

    def __call__(self, picture: jax.Array, key: jax.Array, /) -> jax.Array:
        """Lose a box of one picture."""
        space = picture.shape[:-1]
        middle = jax.random.uniform(key, (len(space),))
        lost = jnp.ones((1,) * len(space), bool)
        for axis, extent in enumerate(space):
            away = jnp.abs(jnp.arange(extent) + 0.5 - middle[axis] * extent)
            shape = [extent if a == axis else 1 for a in range(len(space))]
            lost = lost & (away < self.share * extent / 2).reshape(shape)
        return jnp.where(lost[..., None], self.fill, picture)


def _factor(key: jax.Array, most: float) -> jax.Array:
    return jnp.exp(jax.random.uniform(key, minval=-1, maxval=1) * np.log1p(most))
