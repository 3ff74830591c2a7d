"""DarkNet-19 and DarkNet-53, the backbones of YOLO.

Redmon and Farhadi 2017, arXiv:1612.08242; 2018, arXiv:1804.02767.
"""

import functools
from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Residual, Sequential
from seqcnn.nn.pool import global_pool


@functools.cache
def leaky() -> functools.partial[jax.Array]:
    """Give the activation of both: a slope of 0.1 below 0; the same object each time."""
    return functools.partial(nnx.leaky_relu, negative_slope=0.1)


class DarkNet19(StagedNetwork):
    """Classify arrays by 19 convolutions, 3x3 and 1x1 in turn, and no dense layer.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (256, 256, 3),
        classes: int = 1000,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, activation=leaky())
        stages, seen = [], 32
        stem = [layers.unit(self.channels, 32, 3)]
        for channels, depth in ((64, 1), (128, 3), (256, 3), (512, 5), (1024, 5)):
            units = []
            for number in range(depth):
                after, extent = (channels // 2, 1) if number % 2 else (channels, 3)
                units.append(layers.unit(seen, after, extent))
                seen = after
            stages.append(Sequential(*stem, Pool("max"), *units))
            stem = []
        self.begin(*stages)
        self.last = layers.conv(seen, classes, 1)

    def head(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map the last map, float (n, *positions, 1024), to float (n, classes)."""
        return global_pool(self.last(x), "mean")


class DarkNet53(StagedNetwork):
    """Classify arrays by residual blocks of a 1x1 and a 3x3 convolution.

    Parameters
    ----------
    input_shape, classes, rngs
        As in `DarkNet19`.
    depths
        Blocks of each stage.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (256, 256, 3),
        classes: int = 1000,
        *,
        depths: Sequence[int] = (1, 2, 8, 8, 4),
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, activation=leaky())
        stem, stages, seen = [layers.unit(self.channels, 32, 3)], [], 32
        for depth in depths:
            down = layers.unit(seen, 2 * seen, 3, stride=2)
            seen *= 2
            blocks = [
                Residual(
                    Sequential(layers.unit(seen, seen // 2, 1), layers.unit(seen // 2, seen, 3)),
                    activation=None,
                )
                for _ in range(depth)
            ]
            stages.append(Sequential(*stem, down, *blocks))
            stem = []
        self.begin(*stages)
        self.head = Head(layers, seen, classes)
