"""A residual tower of dilated convolutions: every position sees far and keeps its place (BPNet).

Avsec et al. 2021, doi:10.1038/s41588-021-00782-6. No pooling on the way, so that the tower can
score the sequence as a whole and, as an option, each of its positions: a profile.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.contract import SequenceNetwork, flipped
from seqcnn.networks.sequence.parts import Head, LetterConv, Pool, sides_of, sizes_of
from seqcnn.nn.blocks import Residual, Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.layers import Dropout, check_rate
from seqcnn.nn.masks import hide
from seqcnn.nn.norm import BatchNorm

VARIANTS: dict[str, dict[str, Any]] = {
    "bpnet": {
        "channels": 64,
        "width": 25,
        "layers": 9,
        "norm": False,
        "pool": "mean",
        "dropout": 0.0,
        "profile": True,
    },
    "dilated_positions": {"pool": "mean", "profile": True},
}
"""Options of networks that differ in nothing else, by name."""


class Dilated(SequenceNetwork):
    """Score sequences by residual blocks whose convolutions reach twice as far each time.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    channels
        Kernels of each layer.
    width
        Letters of the first kernels.
    layers
        Residual blocks: the three places of block i, from 1, lie 2**i positions apart.
    norm
        Whether convolutions have batch norm instead of a bias.
    pool, hidden
        The head for sequences: what of each channel is looked at, neurons of its dense layers.
    dropout
        Share of values dropped in each block and behind dense layers.
    profile
        Whether there is a head for positions too: `profile_logits`.
    profile_width
        Positions that it looks at.
    tasks
        Outputs, and tracks of a profile.
    rngs
        Source of the random start.
    **options
        `strand`, `complement`, `dims` and `dtype`, as in `SequenceNetwork`.

    Raises
    ------
    SeqcnnError
        An option is out of range.
    """

    def __init__(
        self,
        shares: np.ndarray,
        *,
        channels: int = 64,
        width: int = 21,
        layers: int = 6,
        norm: bool = True,
        pool: Pool = "max_mean",
        hidden: Sequence[int] = (),
        dropout: float = 0.1,
        profile: bool = False,
        profile_width: int = 25,
        tasks: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        super().__init__(shares, **options)
        sizes_of("channels, width, layers, profile_width", (channels, width, layers, profile_width))
        check_rate(dropout, "dropout")
        first = LetterConv(self.letters, channels, width, dims=self.dims, bias=not norm, rngs=rngs)
        blocks = [
            Residual(self._branch(channels, 2**i, norm, dropout, rngs), activation=None)
            for i in range(1, layers + 1)
        ]
        self.tower = Sequential(first, *[BatchNorm(channels)] * norm, nnx.relu, *blocks)
        self.head = Head(channels, pool=pool, hidden=hidden, rate=dropout, tasks=tasks, rngs=rngs)
        sides = sides_of(profile_width, "same")
        self.places = (
            Conv(channels, tasks, (profile_width,), padding=[sides], rngs=rngs) if profile else None
        )

    @staticmethod
    def _branch(
        channels: int, dilation: int, norm: bool, rate: float, rngs: nnx.Rngs
    ) -> Sequential:
        conv = Conv(
            channels, channels, (3,), padding=dilation, dilation=dilation, bias=not norm, rngs=rngs
        )
        layers: list[Callable[..., jax.Array]] = [conv, *[BatchNorm(channels)] * norm, nnx.relu]
        return Sequential(*layers, *[Dropout(rate)] * (rate > 0))

    @property
    def first_kernel(self) -> jax.Array:
        """Kernels of the first layer, float32 (width, letters, kernels)."""
        return self.tower.layers[0].kernel

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images of one strand, as in `SequenceNetwork.logits`."""
        return self.head(self.tower(image, inside, rngs=rngs), inside, rngs=rngs)

    def profile_logits(
        self, codes: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> tuple[jax.Array, jax.Array]:
        """Score sequences, and each position of them, in one go.

        Parameters
        ----------
        codes
            uint8 (n, length), filled up with `PAD` on the right.
        rngs
            As in a call of the network.

        Returns
        -------
        logits : jax.Array
            float32 (n, tasks): what a call gives; with counts, their logarithm.
        profile : jax.Array
            float32 (n, length, tasks): logits whose softmax over the letters of a sequence is the
            share of each position; 0 at padding, which a loss has to leave out. With both strands,
            the mean of the two, each laid along the sequence as it is given.

        Raises
        ------
        SeqcnnError
            The network was made without `profile`.
        """
        return self.all_logits(*self.image(codes), rngs=rngs)

    def all_logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> tuple[jax.Array, jax.Array]:
        """Score images and each of their positions: as `profile_logits` does, and `logits`."""
        if self.places is None:
            raise SeqcnnError("the network has no head for positions: make it with `profile` True")
        columns = image.shape[1]
        image, inside = self.strands(image, inside)
        features = self.tower(image, inside, rngs=rngs)
        profile = hide(self.places(features, inside), inside)
        if self.complement is not None:
            half = len(profile) // 2
            profile = jnp.concatenate([profile[:half], flipped(profile[half:], inside[half:])])
        logits = self.merged(self.head(features, inside, rngs=rngs))
        return logits, self.merged(profile)[:, :columns]


class DilatedPositions(Dilated):
    """Score the letters of sequences, by the same tower: whether each lies in a site.

    Parameters
    ----------
    shares, rngs
        As in `Dilated`.
    **options
        As in `Dilated`; `profile` is set.
    """

    def __init__(self, shares: np.ndarray, *, rngs: nnx.Rngs, **options: Any) -> None:
        super().__init__(shares, rngs=rngs, **{**options, "profile": True})

    def logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images: float32 (n, length, tasks), 0 at padding; else as in `Dilated`."""
        return self.all_logits(image, inside, rngs=rngs)[1]
