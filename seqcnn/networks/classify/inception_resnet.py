"""Inception-ResNet, version 2: Inception blocks as the branches of residual ones.

Szegedy et al. 2017, arXiv:1602.07261, as in TensorFlow-Slim: sums are scaled down, and the
normalisations of the default have no factor.
"""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.networks.classify.parts import Branches, Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Sequential


class InceptionResNetV2(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    scale
        Whether normalisations have a factor, as in timm.
    rate
        Share of the means that are dropped before the output in training.
    rngs
        Source of the random start.
    """

    smallest = 75

    def __init__(
        self,
        input_shape: Sequence[int] = (299, 299, 3),
        classes: int = 1000,
        *,
        scale: bool = False,
        rate: float = 0.2,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, {"eps": 1e-3, "scale": scale})
        unit, end = layers.unit, {"stride": 2, "padding": 0}
        self.begin(
            Sequential(
                unit(self.channels, 32, 3, **end), unit(32, 32, 3, padding=0), unit(32, 64, 3)
            ),
            Sequential(Pool("max", 3, 2), unit(64, 80, 1), unit(80, 192, 3, padding=0)),
            Sequential(
                Pool("max", 3, 2), _mixed(layers), *(_block35(layers) for _ in range(10))
            ),
            Sequential(_reduction_a(layers), *(_block17(layers) for _ in range(20))),
            Sequential(
                _reduction_b(layers), *(_block8(layers, 0.2) for _ in range(9)),
                _block8(layers, 1.0, activation=False), unit(2080, 1536, 1),
            ),
        )  # fmt: skip
        self.head = Head(layers, 1536, classes, rate)


class Scaled(nnx.Module):
    """A residual block whose branch is brought to the input's channels and scaled down.

    Parameters
    ----------
    layers
        Of the network.
    branch
        From the input to `inside` channels.
    inside, channels
        Of the branch, and of the input.
    factor
        What the branch is multiplied by.
    activation
        Whether ReLU follows the sum.
    """

    def __init__(
        self,
        layers: Layers,
        branch: Layer,
        inside: int,
        channels: int,
        factor: float,
        *,
        activation: bool = True,
    ) -> None:
        self.branch, self.last = branch, layers.conv(inside, channels, 1)
        self.factor, self.activation = factor, activation

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels)."""
        x = x + self.factor * self.last(self.branch(x, rngs=rngs))
        return nnx.relu(x) if self.activation else x


def _mixed(layers: Layers) -> Layer:
    unit = layers.unit
    return Branches(
        unit(192, 96, 1),
        Sequential(unit(192, 48, 1), unit(48, 64, 5)),
        Sequential(unit(192, 64, 1), unit(64, 96, 3), unit(96, 96, 3)),
        Sequential(Pool("mean", 3, 1, 1), unit(192, 64, 1)),
    )


def _block35(layers: Layers) -> Layer:
    unit = layers.unit
    branch = Branches(
        unit(320, 32, 1),
        Sequential(unit(320, 32, 1), unit(32, 32, 3)),
        Sequential(unit(320, 32, 1), unit(32, 48, 3), unit(48, 64, 3)),
    )
    return Scaled(layers, branch, 128, 320, 0.17)


def _block17(layers: Layers) -> Layer:
    unit = layers.unit
    branch = Branches(
        unit(1088, 192, 1),
        Sequential(unit(1088, 128, 1), unit(128, 160, (1, 7)), unit(160, 192, (7, 1))),
    )
    return Scaled(layers, branch, 384, 1088, 0.1)


def _block8(layers: Layers, factor: float, *, activation: bool = True) -> Layer:
    unit = layers.unit
    branch = Branches(
        unit(2080, 192, 1),
        Sequential(unit(2080, 192, 1), unit(192, 224, (1, 3)), unit(224, 256, (3, 1))),
    )
    return Scaled(layers, branch, 448, 2080, factor, activation=activation)


def _reduction_a(layers: Layers) -> Layer:
    unit, end = layers.unit, {"stride": 2, "padding": 0}
    return Branches(
        unit(320, 384, 3, **end),
        Sequential(unit(320, 256, 1), unit(256, 256, 3), unit(256, 384, 3, **end)),
        Pool("max", 3, 2),
    )


def _reduction_b(layers: Layers) -> Layer:
    unit = layers.unit
    end: dict[str, Any] = {"stride": 2, "padding": 0}
    return Branches(
        Sequential(unit(1088, 256, 1), unit(256, 384, 3, **end)),
        Sequential(unit(1088, 256, 1), unit(256, 288, 3, **end)),
        Sequential(unit(1088, 256, 1), unit(256, 288, 3), unit(288, 320, 3, **end)),
        Pool("max", 3, 2),
    )
