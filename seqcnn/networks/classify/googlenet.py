"""GoogLeNet, the first Inception: windows of several extents side by side.

Szegedy et al. 2015, arXiv:1409.4842, as the authors' Caffe weights have it: 5x5 windows, biases,
local response normalisation, no batch normalisation.
"""

from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import (
    Branches,
    Head,
    Layers,
    LocalResponseNorm,
    Pool,
    StagedNetwork,
    toward_auxiliary,
)
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.layers import dropout

BLOCKS = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
"""Channels of each block: 1x1; ahead of 3x3, 3x3; ahead of 5x5, 5x5; behind the pooling."""


class GoogLeNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    auxiliary
        Whether there are the two extra outputs that help training (`auxiliary_logits`).
    rate
        Share of the means that are dropped before the output in training.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        auxiliary: bool = False,
        rate: float = 0.4,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers, near = Layers(self.rank, rngs), {"window": 5, "alpha": 1e-4, "beta": 0.75}

        def pool() -> Pool:
            return Pool("max", 3, 2, ceil_mode=True)

        stages: list[Layer] = [
            Sequential(layers.conv(self.channels, 64, 7, stride=2), nnx.relu),
            Sequential(
                pool(), LocalResponseNorm(**near), layers.conv(64, 64, 1), nnx.relu,
                layers.conv(64, 192, 3), nnx.relu, LocalResponseNorm(**near),
            ),
        ]  # fmt: skip
        seen = 192
        for blocks in BLOCKS:
            parts: list[Layer] = [pool()]
            for block in blocks:
                parts.append(inception(layers, seen, block))
                seen = block[0] + block[2] + block[4] + block[5]
            stages.append(Sequential(*parts))
        self.begin(*stages)
        self.head = Head(layers, seen, classes, rate)
        self.extra = nnx.List(
            [_Auxiliary(layers, channels, classes) for channels in (512, 528)] if auxiliary else []
        )

    def auxiliary_logits(
        self, x: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> tuple[jax.Array, ...]:
        """Score `x` by the output and the two extra ones, each weighing 0.3 of it in the paper.

        Raises
        ------
        SeqcnnError
            The network was made without them.
        """
        if not self.extra:
            raise SeqcnnError("there are no extra outputs: make the network with `auxiliary=True`")
        maps = list(self.features(x, rngs=rngs)[:3])
        between = []
        for number, block in enumerate(self.stages[3].layers):
            maps[-1] = Sequential(block)(maps[-1], rngs=rngs)
            if number in (1, 4):
                between.append(maps[-1])
        x = self.head(self.stages[4](maps[-1], rngs=rngs), rngs=rngs)
        return (x, *(head(y, rngs=rngs) for head, y in zip(self.extra, between, strict=True)))


class _Auxiliary(nnx.Module):
    """An extra output, from a map in the middle."""

    def __init__(self, layers: Layers, seen: int, classes: int) -> None:
        self.conv = layers.conv(seen, 128, 1)
        self.hidden = layers.dense(128 * 4**layers.rank, 1024)
        self.output = layers.dense(1024, classes, output=True)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to float (n, classes)."""
        x = nnx.relu(self.conv(toward_auxiliary(x, 4)))
        hidden = nnx.relu(self.hidden(x.reshape(len(x), -1)))
        return self.output(dropout(hidden, 0.7, rngs))


def inception(layers: Layers, seen: int, channels: Sequence[int]) -> Branches:
    """Make an Inception block; `channels` as in `BLOCKS`."""
    one, before3, three, before5, five, pooled = channels

    def step(before: int, after: int, extent: int) -> list[Layer]:
        return [layers.conv(before, after, extent), nnx.relu]

    return Branches(
        Sequential(*step(seen, one, 1)),
        Sequential(*step(seen, before3, 1), *step(before3, three, 3)),
        Sequential(*step(seen, before5, 1), *step(before5, five, 5)),
        Sequential(Pool("max", 3, 1, 1), *step(seen, pooled, 1)),
    )
