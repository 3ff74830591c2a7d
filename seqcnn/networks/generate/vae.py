"""A variational auto-encoder: a picture becomes a cloud in a small space, and a point a picture.

Kingma and Welling 2014, arXiv:1312.6114; with classes, Sohn, Lee and Yan 2015. The spread of the
pixels around what is decoded is learned too, which weighs likeness against the shape of the clouds
without a setting (Rybkin, Daniilidis and Levine 2021, arXiv:2006.13202).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.generate.contract import Generator
from seqcnn.networks.generate.decoder import Maker, Reader
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import Dense


class VAE(Generator):
    """Make pictures from points drawn from a normal distribution.

    Parameters
    ----------
    input_shape, classes
        As in `Generator`.
    latent
        Numbers that a picture is told by, beside its class.
    channels
        Of the finer and of the coarser maps.
    least_spread
        Below which the learned spread of the pixels does not fall. The larger it is, the smoother
        are the pictures, and the more alike the clouds are to what `sample` draws from.
    grain
        Whether `sample` adds the spread of the pixels that the network has learned, as the model
        says; without, pictures are smoother than any that was seen.
    rngs
        Source of the random start.

    Examples
    --------
    >>> blank = nnx.eval_shape(lambda: VAE((8, 8, 1), 3, rngs=nnx.Rngs(0)))
    >>> labels, key = jnp.array([0, 2]), jax.random.key(0)
    >>> nnx.eval_shape(lambda network: network.sample(labels, key), blank).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (28, 28, 1),
        classes: int = 10,
        *,
        latent: int = 16,
        channels: Sequence[int] = (32, 64),
        least_spread: float = 0.2,
        grain: bool = False,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        check_sizes(latent=latent)
        if not least_spread > 0:
            raise SeqcnnError(f"`least_spread` must be above 0, not {least_spread}")
        fine, coarse = channels
        shape = (*self.space, self.channels)
        self.reader = Reader(shape, (fine, coarse), rngs=rngs)
        self.cloud = Dense(self.reader.features + classes, 2 * latent, rngs=rngs)
        self.maker = Maker(latent + classes, shape, (coarse, fine), rngs=rngs)
        self.log_excess = nnx.Param(jnp.full((), np.log(0.1), jnp.float32))
        self.latent, self.least_spread, self.grain = latent, least_spread, grain

    @property
    def spread(self) -> jax.Array:
        """Standard deviation of the pixels around what is decoded."""
        return self.least_spread + jnp.exp(self.log_excess[...])

    def encode(self, x: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Give the middle and the logarithm of the variance of each cloud, (n, latent) both."""
        row = jnp.concatenate([self.reader(2 * x - 1), self.one_hot(labels)], axis=-1)
        middle, log_variance = jnp.split(self.cloud(row), 2, axis=-1)
        return middle, jnp.clip(log_variance, -10, 10)

    def decode(self, z: jax.Array, labels: jax.Array) -> jax.Array:
        """Make float (n, *space, channels), from 0 to 1, of points (n, latent)."""
        return nnx.sigmoid(self.maker(jnp.concatenate([z, self.one_hot(labels)], axis=-1)))

    def loss(self, player: str, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Bound -log p(x) of a picture from above, in nats a pixel: minus the ELBO."""
        middle, log_variance = self.encode(x, labels)
        noise = jax.random.normal(key, middle.shape)
        made = self.decode(middle + jnp.exp(log_variance / 2) * noise, labels)
        away = 0.5 * ((x - made) / self.spread) ** 2 + jnp.log(self.spread * np.sqrt(2 * np.pi))
        cloud = divergence(middle, log_variance)
        return (jnp.sum(away) + jnp.sum(cloud)) / x.size

    def sample(self, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Draw pictures of classes."""
        place, grain = jax.random.split(key)
        made = self.decode(jax.random.normal(place, (len(labels), self.latent)), labels)
        if self.grain:
            made += self.spread * jax.random.normal(grain, made.shape)
        return jnp.clip(made, 0, 1)


def divergence(middle: jax.Array, log_variance: jax.Array) -> jax.Array:
    """Compute how far clouds are from the standard normal distribution, in nats.

    Parameters
    ----------
    middle, log_variance
        float (n, latent).

    Returns
    -------
    jax.Array
        (n,): the divergence of Kullback and Leibler.
    """
    return 0.5 * jnp.sum(jnp.exp(log_variance) + middle**2 - 1 - log_variance, axis=-1)
