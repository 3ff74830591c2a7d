"""AlexNet: five convolutions, two of them in two groups, and three dense layers.

Krizhevsky, Sutskever and Hinton 2012, doi:10.1145/3065386: grouped, with local response
normalisation, for pictures of 227 x 227 (the paper's 224 does not give its 55 positions).
"""

import math
from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Layers, LocalResponseNorm, Pool, StagedNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.geometry import conv_output_size
from seqcnn.nn.layers import Dropout


class AlexNet(StagedNetwork):
    """Classify arrays of one size.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    rate
        Share of the neurons of both hidden dense layers that are dropped in training.
    rngs
        Source of the random start.
    """

    strides = (4, 8, 16, 32)
    smallest = 67

    def __init__(
        self,
        input_shape: Sequence[int] = (227, 227, 3),
        classes: int = 1000,
        *,
        rate: float = 0.5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs)
        # the paper's k = 2 and alpha = 1e-4, which multiplies a sum there and a mean here
        near = {"window": 5, "alpha": 5e-4, "beta": 0.75, "offset": 2.0}
        first = layers.conv(self.channels, 96, 11, stride=4, padding=0)
        second = layers.conv(96, 256, 5, groups=2)
        third, fourth = layers.conv(256, 384, 3), layers.conv(384, 384, 3, groups=2)
        fifth = layers.conv(384, 256, 3, groups=2)
        self.begin(
            Sequential(first, nnx.relu),
            Sequential(LocalResponseNorm(**near), Pool("max", 3, 2), second, nnx.relu),
            Sequential(
                LocalResponseNorm(**near), Pool("max", 3, 2),
                third, nnx.relu, fourth, nnx.relu, fifth, nnx.relu,
            ),
            Pool("max", 3, 2),
        )  # fmt: skip
        left = math.prod(_positions(extent) for extent in self.space)
        self.dense = Sequential(
            layers.dense(left * 256, 4096), nnx.relu, Dropout(rate),
            layers.dense(4096, 4096), nnx.relu, Dropout(rate),
            layers.dense(4096, classes, output=True),
        )  # fmt: skip

    def head(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map the last map, float (n, *positions, 256), to float (n, classes)."""
        return self.dense(x.reshape(len(x), -1), rngs=rngs)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        return super().__call__(self.check(x), rngs=rngs)


def _positions(extent: int) -> int:
    extent = conv_output_size(extent, 11, stride=4)
    for _ in range(3):
        extent = conv_output_size(extent, 3, stride=2)
    return extent
