"""Denoising diffusion: a U-Net learns to take noise off, and makes pictures of nothing but noise.

Ho, Jain and Abbeel 2020, arXiv:2006.11239. At time t between 0 and 1 a picture x is seen as
a x + s noise with a = cos(pi t / 2), s = sin(pi t / 2) (Nichol and Dhariwal 2021,
arXiv:2102.09672). The network says v = a noise - s x (Salimans and Ho 2022, arXiv:2202.00512), from
which both follow. Pictures are drawn step by step without further noise (Song, Meng and Ermon 2021,
arXiv:2010.02502), with guidance towards the class (Ho and Salimans 2022, arXiv:2207.12598).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.networks.generate.contract import Generator, signed, unsigned
from seqcnn.networks.segment.unet import UNet
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import Dense

_FREQUENCIES = 16
"""Waves by which the network is told the time."""


class Diffusion(Generator):
    """Make pictures of noise, step by step.

    Parameters
    ----------
    input_shape, classes
        As in `Generator`.
    channels
        Of the levels of the U-Net, from the finest to the coarsest. The finest has half the extents
        of the picture, each pixel with the 2 x 2 of the picture as channels.
    depth
        Convolutions of each stage.
    condition
        Numbers that tell the network the time and the class.
    steps
        Of a drawing.
    guidance
        How far pictures are driven to their class, above what was learned; 0 for not at all.
    forget
        Share of training pictures whose class is hidden, which guidance needs.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        An option is out of range.

    Examples
    --------
    >>> blank = nnx.eval_shape(lambda: Diffusion((8, 8, 1), 3, rngs=nnx.Rngs(0)))
    >>> labels, key = jnp.array([0, 2]), jax.random.key(0)
    >>> nnx.eval_shape(lambda network: network.sample(labels, key), blank).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (28, 28, 1),
        classes: int = 10,
        *,
        channels: Sequence[int] = (32, 64),
        depth: int = 2,
        condition: int = 64,
        steps: int = 30,
        guidance: float = 1.0,
        forget: float = 0.1,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        check_sizes(condition=condition, steps=steps)
        if not 0 <= forget < 1 or guidance < 0:
            raise SeqcnnError("`forget` must be at least 0 and below 1, `guidance` 0 or more")
        half = tuple(extent // 2 for extent in self.space)
        inner = self.channels * 2**self.rank
        self.unet = UNet(
            (*half, inner),
            inner,
            channels=channels,
            depth=depth,
            norm="group",
            up="nearest",
            condition=condition,
            rngs=rngs,
        )
        self.told = Dense(2 * _FREQUENCIES + classes, condition, rngs=rngs)
        self.told_more = Dense(condition, condition, rngs=rngs)
        self.steps, self.guidance, self.forget = steps, guidance, forget

    def velocity(self, x: jax.Array, time: jax.Array, classes: jax.Array) -> jax.Array:
        """Say v of noisy pictures.

        Parameters
        ----------
        x
            float (n, *space, channels).
        time
            float (n,), from 0 (picture) to 1 (noise).
        classes
            float (n, classes): one-hot, or 0 throughout for "any".
        """
        waves = time[:, None] * jnp.exp(jnp.linspace(0, np.log(200), _FREQUENCIES))[None]
        told = jnp.concatenate([jnp.sin(waves), jnp.cos(waves), classes], axis=-1)
        condition = nnx.silu(self.told_more(nnx.silu(self.told(told))))
        return unpacked(self.unet(packed(x), condition), self.channels)

    def loss(self, player: str, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Average the squared error of v, over pictures, times and noise."""
        when, what, hide = jax.random.split(key, 3)
        n = len(x)
        # one time in each of n equal parts: the loss of a batch varies less
        time = (jnp.arange(n) + jax.random.uniform(when, (n,))) / n
        noise = jax.random.normal(what, x.shape)
        known = jax.random.uniform(hide, (n, 1)) >= self.forget
        a, s = (jnp.expand_dims(part, range(1, x.ndim)) for part in shares(time))
        picture = signed(x)
        found = self.velocity(
            a * picture + s * noise, time, jnp.where(known, self.one_hot(labels), 0)
        )
        return jnp.mean((found - (a * noise - s * picture)) ** 2)

    def sample(self, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Draw pictures of classes."""
        n, classes = len(labels), self.one_hot(labels)
        start = jax.random.normal(key, (n, *self.space, self.channels))
        times = jnp.linspace(1, 0, self.steps + 1)

        def step(x: jax.Array, pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            now, then = pair
            v = self._guided(x, jnp.full(n, now), classes)
            (a, s), (b, r) = shares(now), shares(then)
            picture = jnp.clip(a * x - s * v, -1, 1)
            noise = (x - a * picture) / jnp.maximum(s, 1e-6)
            return b * picture + r * noise, None

        drawn, _ = lax.scan(step, start, (times[:-1], times[1:]))
        return unsigned(drawn)

    def _guided(self, x: jax.Array, time: jax.Array, classes: jax.Array) -> jax.Array:
        if not self.guidance:
            return self.velocity(x, time, classes)
        twice, when = jnp.concatenate([x, x]), jnp.concatenate([time, time])
        both = self.velocity(twice, when, jnp.concatenate([classes, jnp.zeros_like(classes)]))
        known, unknown = jnp.split(both, 2)
        return known + self.guidance * (known - unknown)


def shares(time: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Say how much of a picture, and how much noise, there is at a time: a² + s² = 1."""
    return jnp.cos(np.pi / 2 * time), jnp.sin(np.pi / 2 * time)


def packed(x: jax.Array) -> jax.Array:
    """Lay the 2 x 2 (x 2) pixels of each block into channels.

    Examples
    --------
    >>> packed(jnp.arange(4.0).reshape(1, 2, 2, 1)).tolist()
    [[[[0.0, 1.0, 2.0, 3.0]]]]
    """
    n, *space, channels = x.shape
    rank = len(space)
    split = x.reshape(n, *(part for extent in space for part in (extent // 2, 2)), channels)
    outer, inner = range(1, 2 * rank, 2), range(2, 2 * rank + 1, 2)
    moved = split.transpose(0, *outer, *inner, 2 * rank + 1)
    return moved.reshape(n, *(extent // 2 for extent in space), -1)


def unpacked(x: jax.Array, channels: int) -> jax.Array:
    """Undo `packed`."""
    n, *space, _ = x.shape
    rank = len(space)
    split = x.reshape(n, *space, *(2,) * rank, channels)
    order = [axis for i in range(rank) for axis in (1 + i, 1 + rank + i)]
    moved = split.transpose(0, *order, 2 * rank + 1)
    return moved.reshape(n, *(2 * extent for extent in space), channels)
