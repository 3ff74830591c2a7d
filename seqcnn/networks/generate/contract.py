"""What every network that makes pictures keeps to, so that one loop trains any and one call draws.

**Made** by ``Network(input_shape, classes, *, ..., rngs)`` like all networks for arrays
(`seqcnn.networks.backbone`); each extent of space must be a multiple of `multiple`.

**Trained** by `loss`: one number for a batch of pictures and their classes, to be made small. Where
parts play against each other, `players` names them, and each has a loss of its own for the weights
that lie under its attribute; else all weights have one.

**Used** by `sample`: pictures of the classes that are asked for.

Pixels are floats from 0 to 1 outside of the network, whatever it computes with.
"""

from collections.abc import Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork


class Generator(ImageNetwork):
    """A network that makes pictures of classes.

    Parameters
    ----------
    input_shape
        (*space, channels) of the pictures.
    classes
        How many classes there are; 1 for pictures without.

    Raises
    ------
    SeqcnnError
        An extent of space is no multiple of `multiple`.
    """

    players: ClassVar[tuple[str, ...]] = ("",)
    """Attributes whose weights are trained in turn; an empty name stands for all weights."""

    multiple: ClassVar[int] = 4
    """What every extent of space must be a multiple of."""

    def __init__(self, input_shape: Sequence[int], classes: int) -> None:
        super().__init__(input_shape, classes)
        if any(extent % self.multiple for extent in self.space):
            raise SeqcnnError(
                f"{type(self).__name__} makes pictures whose extents are multiples of "
                f"{self.multiple}, not {self.space}: resize them"
            )

    def loss(self, player: str, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Say how far a player is from what it should do.

        Parameters
        ----------
        player
            One of `players`.
        x
            float32 (n, *space, channels), from 0 to 1.
        labels
            int32 (n,): classes.
        key
            Of all that is random.

        Returns
        -------
        jax.Array
            float32 scalar.
        """
        raise NotImplementedError

    def sample(self, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Draw float32 (n, *space, channels) from 0 to 1, of the classes `labels` int32 (n,)."""
        raise NotImplementedError

    def one_hot(self, labels: jax.Array) -> jax.Array:
        """Write classes as float32 (n, classes)."""
        return nnx.one_hot(labels, self.classes, dtype=jnp.float32)


def signed(x: jax.Array) -> jax.Array:
    """Bring 0 to 1 to -1 to 1."""
    return 2 * x - 1


def unsigned(x: jax.Array) -> jax.Array:
    """Bring -1 to 1 to 0 to 1, and what lies outside to its ends."""
    return jnp.clip((x + 1) / 2, 0, 1)
