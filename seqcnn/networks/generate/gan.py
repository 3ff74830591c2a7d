"""Two networks that play against each other: one makes pictures, one tells them from real ones.

Goodfellow et al. 2014, arXiv:1406.2661, with the loss that does not saturate. What keeps it stable:
the critic's slope at real pictures costs (R1; Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406,
who prove that it converges near the solution). Classes by projection (Miyato and Koyama 2018,
arXiv:1802.05637).
"""

from collections.abc import Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.generate.contract import Generator, signed, unsigned
from seqcnn.networks.generate.decoder import Maker, Reader
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import Dense


class GAN(Generator):
    """Make pictures that a critic takes for real.

    Parameters
    ----------
    input_shape, classes
        As in `Generator`.
    latent
        Random numbers that a picture is made of, beside its class.
    channels
        Of the finer and of the coarser maps.
    slope
        Weight of the squared slope of the critic at real pictures.
    rngs
        Source of the random start.

    Examples
    --------
    >>> blank = nnx.eval_shape(lambda: GAN((8, 8, 1), 3, rngs=nnx.Rngs(0)))
    >>> labels, key = jnp.array([0, 2]), jax.random.key(0)
    >>> nnx.eval_shape(lambda network: network.sample(labels, key), blank).shape
    (2, 8, 8, 1)
    """

    players: ClassVar[tuple[str, ...]] = ("critic", "maker")

    def __init__(
        self,
        input_shape: Sequence[int] = (28, 28, 1),
        classes: int = 10,
        *,
        latent: int = 64,
        channels: Sequence[int] = (32, 64),
        slope: float = 1.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        check_sizes(latent=latent)
        fine, coarse = channels
        shape = (*self.space, self.channels)
        self.maker = Maker(latent + classes, shape, (coarse, fine), rngs=rngs)
        self.critic = Critic(shape, classes, (fine, coarse), rngs=rngs)
        self.latent, self.slope = latent, slope

    def loss(self, player: str, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Score either player: how surely the critic is right, or how surely it is wrong."""
        made = self._made(labels, key)
        if player == "maker":
            return jnp.mean(nnx.softplus(-self.critic(made, labels)))
        real = signed(x)
        scores, back = jax.vjp(lambda pictures: self.critic(pictures, labels), real)
        (slopes,) = back(jnp.ones_like(scores))
        steep = jnp.sum(slopes**2) / len(x)
        doubt = nnx.softplus(-scores) + nnx.softplus(self.critic(made, labels))
        return jnp.mean(doubt) + 0.5 * self.slope * steep

    def sample(self, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Draw pictures of classes."""
        return unsigned(self._made(labels, key))

    def _made(self, labels: jax.Array, key: jax.Array) -> jax.Array:
        z = jax.random.normal(key, (len(labels), self.latent))
        return jnp.tanh(self.maker(jnp.concatenate([z, self.one_hot(labels)], axis=-1)))


class Critic(nnx.Module):
    """Score how real a picture of a class looks.

    Parameters
    ----------
    shape
        (*space, channels) of the pictures.
    classes
        How many there are.
    channels
        Of the finer and of the coarser map.
    rngs
        Source of the random start.
    """

    def __init__(
        self, shape: Sequence[int], classes: int, channels: Sequence[int], *, rngs: nnx.Rngs
    ) -> None:
        self.reader = Reader(shape, channels, rngs=rngs)
        self.features = Dense(self.reader.features, 128, rngs=rngs)
        self.real = Dense(128, 1, rngs=rngs)
        self.of_class = Dense(128, classes, bias=False, rngs=rngs)

    def __call__(self, x: jax.Array, labels: jax.Array) -> jax.Array:
        """Score `x` float (n, *space, channels), from -1 to 1: float (n,), above 0 for real."""
        seen = nnx.leaky_relu(self.features(self.reader(x)), 0.2)
        fits = jnp.take_along_axis(self.of_class(seen), labels[:, None], axis=1)
        return (self.real(seen) + fits)[:, 0]
