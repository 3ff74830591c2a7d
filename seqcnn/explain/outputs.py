"""What of a network is explained: one number for each sequence, as a function of its image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.sequence.dilated import Dilated

Head = Literal["total", "profile"]

_LOW = -1e9
"""Logit of a position that is no part of the profile."""


@dataclass(frozen=True)
class Output:
    """One output of a network.

    Parameters
    ----------
    task
        Its number.
    head
        ``"total"`` for the logit of the whole sequence; ``"profile"`` for where along the sequence
        a network with a profile sees the signal.
    width
        Positions of the profile, the middle of the sequence; 0 for all.
    centred
        Whether the mean over all outputs is subtracted from ``"total"``. Logits of classes that
        exclude each other may all go up together, which changes no probability (Shrikumar et al.
        2017, arXiv:1704.02685, section 3.6).
    """

    task: int = 0
    head: Head = "total"
    width: int = 0
    centred: bool = False

    def picked(self, logits: jax.Array) -> jax.Array:
        """Take the output from those of a network: (n, tasks) to (n,)."""
        own = logits[:, self.task]
        return own - logits.mean(axis=1) if self.centred else own

    def of(
        self, network: SequenceNetwork, image: jax.Array, inside: jax.Array
    ) -> Callable[[jax.Array], jax.Array]:
        """Make the function that is explained, from images like `image` to float32 (n,).

        Of a profile it is the sum over the positions of centred logits, each times the share that
        `image` itself has there, which is a constant (the head of BPNet, Avsec et al. 2021,
        doi:10.1038/s41588-021-00782-6).

        Parameters
        ----------
        network
            Any that reads sequences.
        image, inside
            float (n, length, letters) and bool (n, length): the sequences.
        """
        if self.head == "total":
            return lambda points: self.picked(network.logits(points, inside))
        if not isinstance(network, Dilated):
            raise SeqcnnError(
                f"{type(network).__name__} gives no profile: explain its `head` 'total'"
            )
        shown = _middle(inside, self.width)

        def logits(points: jax.Array) -> jax.Array:
            return network.all_logits(points, inside)[1][..., self.task]

        shares = jax.nn.softmax(jnp.where(shown, logits(image), _LOW), axis=1)
        shares = jax.lax.stop_gradient(jnp.where(shown, shares, 0))
        number = jnp.maximum(shown.sum(axis=1, keepdims=True), 1)

        def output(points: jax.Array) -> jax.Array:
            given = jnp.where(shown, logits(points), 0)
            centre = given.sum(axis=1, keepdims=True) / number
            return (shares * (given - centre)).sum(axis=1)

        return output


def _middle(inside: jax.Array, width: int) -> jax.Array:
    """Find the positions of the profile of each sequence, bool (n, length)."""
    if not width:
        return inside
    start = (inside.sum(axis=1, keepdims=True) - width) // 2
    place = jnp.arange(inside.shape[1])[None]
    return inside & (place >= start) & (place < start + width)
