"""SqueezeNet: fire modules, which squeeze channels before they expand them.

Iandola et al. 2016, arXiv:1602.07360; version 1.1 is that of the authors' repository.
"""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Branches, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.layers import dropout
from seqcnn.nn.pool import global_pool

VARIANTS: dict[str, dict[str, Any]] = {
    "squeezenet": {"version": "1.1"},
    "squeezenet1_0": {"version": "1.0"},
}

STEMS = {"1.0": (96, 7), "1.1": (64, 3)}
"""Channels and window of the first convolution."""

FIRES = {
    "1.0": ((16, 16, 32), (32, 48, 48, 64), (64,)),
    "1.1": ((16, 16), (32, 32), (48, 48, 64, 64)),
}
"""Squeezed channels of the fire modules, from one pooling to the next; 8 times so many behind."""


class SqueezeNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    version
        ``"1.1"`` or ``"1.0"``, which is slower and no better.
    rate
        Share of the values that are dropped before the last convolution in training.
    rngs
        Source of the random start.
    """

    strides = (2, 4, 8, 16)

    def __init__(
        self,
        input_shape: Sequence[int] = (227, 227, 3),
        classes: int = 1000,
        *,
        version: str = "1.1",
        rate: float = 0.5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.choose(version=(version, STEMS))
        layers, self.rate = Layers(self.rank, rngs), rate
        channels, window = STEMS[version]
        stem = layers.conv(self.channels, channels, window, stride=2, padding=0)
        stages, seen = [Sequential(stem, nnx.relu)], channels
        for squeezed in FIRES[version]:
            fires = []
            for number in squeezed:
                fires.append(_fire(layers, seen, number))
                seen = 8 * number
            stages.append(Sequential(Pool("max", 3, 2, ceil_mode=True), *fires))
        self.begin(*stages)
        self.last = layers.conv(seen, classes, 1)

    def head(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map the last map, float (n, *positions, 512), to float (n, classes)."""
        return global_pool(nnx.relu(self.last(dropout(x, self.rate, rngs))), "mean")


def _fire(layers: Layers, seen: int, squeezed: int) -> Sequential:
    wide = 4 * squeezed
    return Sequential(
        layers.conv(seen, squeezed, 1),
        nnx.relu,
        Branches(layers.conv(squeezed, wide, 1), layers.conv(squeezed, wide, 3)),
        nnx.relu,
    )
