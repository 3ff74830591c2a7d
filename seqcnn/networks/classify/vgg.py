"""VGG: stages of 3x3 convolutions, each twice as wide as the last (Simonyan and Zisserman 2015).

arXiv:1409.1556, configurations D and E.
"""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.layers import Dropout
from seqcnn.nn.pool import adaptive_mean_pool

VARIANTS: dict[str, dict[str, Any]] = {
    "vgg16": {"depths": (2, 2, 3, 3, 3)},
    "vgg19": {"depths": (2, 2, 4, 4, 4)},
}
"""Convolutions of each stage, by name."""

CHANNELS = (64, 128, 256, 512, 512)
LEFT = 7
"""Positions of an axis that the dense layers see, whatever the input."""


class VGG(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    depths
        Convolutions of each stage.
    hidden
        Neurons of the two dense layers.
    rate
        Share of their values that are dropped in training.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        depths: Sequence[int] = (2, 2, 3, 3, 3),
        hidden: int = 4096,
        rate: float = 0.5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers, blocks, seen = Layers(self.rank, rngs), [], self.channels
        for depth, channels in zip(depths, CHANNELS, strict=True):
            block = []
            for _ in range(depth):
                block += [layers.conv(seen, channels, 3), nnx.relu]
                seen = channels
            blocks.append(block)
        # the map of a stage is what its pooling makes smaller: a decoder reads it before that
        first = Sequential(*blocks[0], Pool("max"), *blocks[1])
        rest = (Sequential(Pool("max"), *block) for block in blocks[2:])
        self.begin(first, *rest, Pool("max"))
        self.dense = Sequential(
            layers.dense(LEFT**self.rank * seen, hidden), nnx.relu, Dropout(rate),
            layers.dense(hidden, hidden), nnx.relu, Dropout(rate),
            layers.dense(hidden, classes, output=True),
        )  # fmt: skip

    def head(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map the last map, float (n, *positions, channels), to float (n, classes)."""
        return self.dense(adaptive_mean_pool(x, LEFT).reshape(len(x), -1), rngs=rngs)
