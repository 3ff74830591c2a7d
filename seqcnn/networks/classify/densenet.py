"""DenseNet: each layer reads the results of all before it.

Huang et al. 2017, arXiv:1608.06993.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Sequential

VARIANTS: dict[str, dict[str, Any]] = {
    "densenet121": {"depths": (6, 12, 24, 16)},
    "densenet169": {"depths": (6, 12, 32, 32)},
    "densenet201": {"depths": (6, 12, 48, 32)},
}
"""Layers of each stage, by name."""


class DenseNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    depths
        Layers of each stage.
    growth
        Channels that each layer adds.
    width
        Channels of the stem.
    eps
        Of the normalisations: 1e-5 in torchvision, 1.001e-5 in Keras.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        depths: Sequence[int] = (6, 12, 24, 16),
        growth: int = 32,
        width: int = 64,
        eps: float = 1e-5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers, seen, last = Layers(self.rank, rngs, {"eps": eps}), width, width
        stages: list[Layer] = [layers.unit(self.channels, width, 7, stride=2)]
        ahead: list[Layer] = [Pool("max", 3, 2, 1)]
        for depth in depths:
            parts: list[Layer] = []
            for _ in range(depth):
                parts.append(_Grown(_layer(layers, seen, growth)))
                seen += growth
            # a decoder reads the normalised map, before it is made narrower and smaller
            active = [] if len(stages) == len(depths) else [nnx.relu]
            stages.append(Sequential(*ahead, *parts, layers.batch_norm(seen), *active))
            last, seen = seen, seen // 2
            ahead = [layers.conv(last, seen, 1, bias=False), Pool("mean")]
        self.begin(*stages)
        self.head = Sequential(nnx.relu, Head(layers, last, classes))


class _Grown(nnx.Module):
    """The input, with what a layer makes of it behind it."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to more channels."""
        return jnp.concatenate([x, self.layer(x, rngs=rngs)], axis=-1)


def _layer(layers: Layers, seen: int, growth: int) -> Sequential:
    return Sequential(
        layers.batch_norm(seen),
        nnx.relu,
        layers.unit(seen, 4 * growth, 1),
        layers.conv(4 * growth, growth, 3, bias=False),
    )
