"""The plainest decoder: transposed convolutions learn to enlarge the coarsest map.

Long, Shelhamer and Darrell 2015, arXiv:1411.4038; Noh, Hong and Han 2015, arXiv:1505.04366. Nothing
else of the encoder is read, so that fine detail has to come through the coarsest map.
"""

import itertools
from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.segment.skip import fitted
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.norm import BatchNorm


class TransposedDecoder(nnx.Module):
    """Double the extents of the coarsest map again and again.

    Parameters
    ----------
    feature_channels
        Of the maps of the encoder, from the finest to the coarsest, each half as large as the one
        before.
    window
        Positions of each kernel; an even number spreads evenly.
    rank
        Axes of space.
    rngs
        Source of the random start.
    """

    def __init__(
        self, feature_channels: Sequence[int], *, window: int = 4, rank: int, rngs: nnx.Rngs
    ) -> None:
        layers = []
        for fine, coarse in reversed(list(itertools.pairwise(feature_channels))):
            before, after = (window - 2) // 2, (window - 1) // 2
            step = ConvTranspose(
                coarse,
                fine,
                (window,) * rank,
                stride=2,
                padding=((before, after),) * rank,
                bias=False,
                rngs=rngs,
            )
            layers.append((step, BatchNorm(fine)))
        self.steps = nnx.List([step for step, _ in layers])
        self.norms = nnx.List([norm for _, norm in layers])
        self.channels = feature_channels[0]

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map as large as the finest of `maps`, of which it reads the coarsest only."""
        x = maps[-1]
        for step, norm in zip(self.steps, self.norms, strict=True):
            x = nnx.relu(norm(step(x), training=rngs is not None))
        return x


class LearntRise(TransposedDecoder):
    """Transposed convolutions alone, as in `TransposedDecoder`; made and called as the others."""

    stride = 2

    def __init__(self, layers: Layers, maps: Sequence[int], *, window: int = 4) -> None:
        super().__init__(maps, window=window, rank=layers.rank, rngs=layers.rngs)

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the finest of `maps`."""
        x = maps[-1]
        for step, norm, beside in zip(self.steps, self.norms, reversed(maps[:-1]), strict=True):
            x = fitted(nnx.relu(norm(step(x), training=rngs is not None)), beside)
        return x
