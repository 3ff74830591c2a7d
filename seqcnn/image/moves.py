"""Steps of augmentation that move pixels: turns, mirrors, shears, crops, elastic changes.

Each says where the pixels of the new picture come from, by a matrix or by a field, so that several
become one warp: pixels are interpolated once, and masks and angles follow. Matrices work on places
(rows, columns, ...) from the middle of a picture, see `seqcnn.image.warp`. All numbers are drawn
evenly within their range.
"""

from dataclasses import KW_ONLY, dataclass

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError

Space = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Move:
    """A step that moves pixels; steps of your own say one of the two methods.

    Parameters
    ----------
    probability
        Chance of a picture to be changed.
    """

    probability: float = 1.0

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the way back from places of the new picture to those of the old one.

        Parameters
        ----------
        space
            Extents of a picture.
        key
            Of one picture.

        Returns
        -------
        jax.Array
            float32 (rank, rank + 1): the last column is added.
        """
        return jnp.eye(len(space), len(space) + 1)

    def field(self, space: Space, key: jax.Array) -> jax.Array | None:
        """Draw what is added to the place of each pixel, float32 (rank, *space); None for none."""
        return None


@dataclass(frozen=True)
class Turn(Move):
    """Turn by any angle, in the plane of the last two axes.

    Parameters
    ----------
    degrees
        Most, to either side: anticlockwise as pictures are shown.
    """

    degrees: float = 180.0

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw an angle; arguments and result as in `Move`."""
        angle = _between(key, -self.degrees, self.degrees)
        return turn_matrix(jnp.cos(jnp.deg2rad(angle)), jnp.sin(jnp.deg2rad(angle)), space)


@dataclass(frozen=True)
class Turn90(Move):
    """Turn by none, one, two or three quarters, exactly, in the plane of the last two axes."""

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the number of quarters; arguments and result as in `Move`."""
        quarters = jax.random.randint(key, (), 0, 4)
        cosine, sine = jnp.array([1.0, 0, -1, 0]), jnp.array([0.0, 1, 0, -1])
        return turn_matrix(cosine[quarters], sine[quarters], space)


@dataclass(frozen=True)
class Turn180(Move):
    """Turn half around, exactly: for pictures of sequences, read the other strand."""

    _: KW_ONLY
    probability: float = 0.5

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Give the half turn; arguments and result as in `Move`."""
        return turn_matrix(jnp.float32(-1), jnp.float32(0), space)


@dataclass(frozen=True)
class Flip(Move):
    """Mirror along an axis.

    Parameters
    ----------
    axis
        Of space: the last one is from left to right, the one before from top to bottom.
    """

    axis: int = -1
    _: KW_ONLY
    probability: float = 0.5

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Give the mirror; arguments and result as in `Move`."""
        if not -len(space) <= self.axis < len(space):
            raise SeqcnnError(f"pictures of {len(space)} axes of space have no axis {self.axis}")
        axis = self.axis % len(space)
        return jnp.eye(len(space), len(space) + 1).at[axis, axis].set(-1)


@dataclass(frozen=True)
class Skew(Move):
    """Shear along the last axis and along the one before it.

    Parameters
    ----------
    degrees
        Most, to either side, by which upright and level lines lean.
    """

    degrees: float = 10.0

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw two shears; arguments and result as in `Move`."""
        row, column = _plane(space)
        lean = jnp.tan(jnp.deg2rad(_between(key, -self.degrees, self.degrees, 2)))
        identity = jnp.eye(len(space), len(space) + 1)
        # one after the other, so that the picture can never be folded
        first, second = identity.at[row, column].set(lean[0]), identity.at[column, row].set(lean[1])
        return after(first, second)


@dataclass(frozen=True)
class Stretch(Move):
    """Make pictures longer or shorter, each axis by its own factor.

    Parameters
    ----------
    most
        Factors lie between 1 / (1 + most) and 1 + most, evenly on the scale of logarithms.
    """

    most: float = 0.2

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the factors; arguments and result as in `Move`."""
        return _scaled(jnp.exp(_between(key, -1, 1, len(space)) * np.log1p(self.most)))


@dataclass(frozen=True)
class Zoom(Move):
    """Make pictures larger or smaller, all axes by the same factor.

    Parameters
    ----------
    most
        As in `Stretch`.
    """

    most: float = 0.2

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the factor; arguments and result as in `Move`."""
        factor = jnp.exp(_between(key, -1, 1) * np.log1p(self.most))
        return _scaled(jnp.broadcast_to(factor, (len(space),)))


@dataclass(frozen=True)
class Shift(Move):
    """Move pictures along each axis.

    Parameters
    ----------
    share
        Most, of the extent.
    whole
        Whether by whole pixels, so that nothing is blurred.
    """

    share: float = 0.1
    whole: bool = False

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the distances; arguments and result as in `Move`."""
        distance = _between(key, -self.share, self.share, len(space)) * jnp.array(space, float)
        identity = jnp.eye(len(space), len(space) + 1)
        return identity.at[:, -1].set(-(jnp.round(distance) if self.whole else distance))


@dataclass(frozen=True)
class Crop(Move):
    """Cut a part out and enlarge it to the size of the picture.

    Parameters
    ----------
    least
        Share of each extent that is left, at least; the same for all axes.
    """

    least: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.least <= 1:
            raise SeqcnnError(
                f"the share that a crop leaves must be above 0 to 1, not {self.least}"
            )

    def matrix(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw size and place of the part; arguments and result as in `Move`."""
        how_much, where = jax.random.split(key)
        share = _between(how_much, self.least, 1)
        room = (1 - share) / 2 * jnp.array(space, float)
        middle = _between(where, -1, 1, len(space)) * room
        matrix = _scaled(jnp.broadcast_to(1 / share, (len(space),)))
        return matrix.at[:, -1].set(middle)


@dataclass(frozen=True)
class Elastic(Move):
    """Push pixels about, neighbours alike (Simard et al. 2003, doi:10.1109/ICDAR.2003.1227801).

    Parameters
    ----------
    pixels
        Standard deviation of what a pixel is moved along each axis.
    smooth
        Standard deviation of the Gaussian that joins the moves of random knots, as a share of the
        extents.
    """

    pixels: float = 1.0
    smooth: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.smooth <= 0:
            raise SeqcnnError(f"`smooth` of an elastic step must be above 0, not {self.smooth}")

    def field(self, space: Space, key: jax.Array) -> jax.Array:
        """Draw the moves; arguments and result as in `Move`."""
        # knots a standard deviation apart, from three outside to three outside
        knots = (np.arange(-3, int(np.ceil(1 / self.smooth)) + 4)) * self.smooth
        moves = jax.random.normal(key, (len(space), *(len(knots),) * len(space)))
        for axis, extent in enumerate(space, start=1):
            away = np.subtract.outer((np.arange(extent) + 0.5) / extent, knots) / self.smooth
            weights = np.exp(-0.5 * away**2)
            # so that the variance is the same everywhere
            weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
            table = jnp.asarray(weights, jnp.float32)
            moves = jnp.moveaxis(jnp.tensordot(moves, table, axes=(axis, 1)), -1, axis)
        return moves * self.pixels


def check_probability(probability: float) -> None:
    """Raise unless a number is a chance."""
    if not 0 <= probability <= 1:
        raise SeqcnnError(f"`probability` must lie between 0 and 1, not {probability}")


def turn_matrix(cosine: jax.Array, sine: jax.Array, space: Space) -> jax.Array:
    """Give the way back of a turn anticlockwise, float32 (rank, rank + 1)."""
    row, column = _plane(space)
    matrix = jnp.eye(len(space), len(space) + 1)
    matrix = matrix.at[row, row].set(cosine).at[column, column].set(cosine)
    return matrix.at[row, column].set(sine).at[column, row].set(-sine)


def after(first: jax.Array, second: jax.Array) -> jax.Array:
    """Join the ways back of two moves, (rank, rank + 1) each: `first` is made, then `second`."""
    last = jnp.eye(first.shape[1])[-1:]
    whole = jnp.concatenate([second, last])
    return jnp.matmul(first, whole, precision="highest")


def turned_direction(sin_cos: jax.Array, matrices: jax.Array) -> jax.Array:
    """Find how far pictures are turned after a warp: where it takes what was upwards.

    Parameters
    ----------
    sin_cos
        float32 (n, 2): of the angles before, anticlockwise.
    matrices
        float32 (n, 2, 3): ways back.
    """
    a, b, c, d = (matrices[:, i, j] for i in (0, 1) for j in (0, 1))
    # upwards is (-1, 0), turned (-cosine, -sine); the adjugate is the inverse but for a factor
    row, column = -sin_cos[:, 1], -sin_cos[:, 0]
    sign = jnp.sign(a * d - b * c)
    row, column = sign * (d * row - b * column), sign * (a * column - c * row)
    length = jnp.maximum(jnp.hypot(row, column), 1e-12)
    return jnp.stack([-column / length, -row / length], axis=1)


def _plane(space: Space) -> tuple[int, int]:
    if len(space) < 2:
        raise SeqcnnError("signals of one axis cannot be turned or skewed: leave these steps out")
    return len(space) - 2, len(space) - 1


def _scaled(factors: jax.Array) -> jax.Array:
    """Give the way back of making each axis longer by a factor."""
    return jnp.concatenate([jnp.diag(1 / factors), jnp.zeros((len(factors), 1))], axis=1)


def _between(key: jax.Array, low: float, high: float, number: int | None = None) -> jax.Array:
    """Draw one number, or several."""
    return jax.random.uniform(key, () if number is None else (number,), minval=low, maxval=high)
