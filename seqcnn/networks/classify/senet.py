"""SENet: residual blocks that weigh their channels by what the means of these say.

Hu, Shen and Sun 2018, arXiv:1709.01507: SE-ResNet, SE-ResNeXt and SENet-154, as the authors'
weights, and those of timm for 18 and 34 layers, have them: strides in the first 1x1 convolution of
SE-ResNet, poolings that round up, a ReLU ahead of the weighing in blocks of two convolutions.
"""

from collections.abc import Sequence
from typing import Any

from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential, SqueezeExcite

VARIANTS: dict[str, dict[str, Any]] = {
    "seresnet18": {"depths": (2, 2, 2, 2), "block": "basic"},
    "seresnet34": {"depths": (3, 4, 6, 3), "block": "basic"},
    "seresnet50": {"depths": (3, 4, 6, 3)},
    "seresnet101": {"depths": (3, 4, 23, 3)},
    "seresnet152": {"depths": (3, 8, 36, 3)},
    "seresnext50": {"depths": (3, 4, 6, 3), "block": "resnext"},
    "seresnext101": {"depths": (3, 4, 23, 3), "block": "resnext"},
    "senet154": {"depths": (3, 8, 36, 3), "block": "senet", "rate": 0.2},
}
"""Blocks of each stage, and their kind, by name."""

REDUCTION = 16
"""Channels for one of those in between, in the part that weighs."""


class SENet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    depths
        Blocks of each stage.
    block
        ``"basic"``, ``"bottleneck"``, ``"resnext"`` (32 groups of 4) or ``"senet"`` (64 groups, a
        stem of three convolutions, shortcuts of 3x3).
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
        depths: Sequence[int] = (3, 4, 6, 3),
        block: str = "bottleneck",
        rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.choose(block=(block, ("basic", "bottleneck", "resnext", "senet")))
        layers = Layers(self.rank, rngs)
        stages: list[Layer] = [_stem(layers, self.channels, deep=block == "senet")]
        seen = 128 if block == "senet" else 64
        for number, depth in enumerate(depths):
            channels = 64 * 2**number
            after = channels if block == "basic" else 4 * channels
            parts: list[Layer] = [Pool("max", 3, 2, ceil_mode=True)] if not number else []
            for place in range(depth):
                stride = 2 if number and not place else 1
                around = None
                if not place and (seen != after or stride != 1):
                    extent = 3 if block == "senet" and number else 1
                    around = layers.unit(seen, after, extent, stride=stride, activation=None)
                units = _units(layers, block, seen, channels, stride)
                weigh = SqueezeExcite(after, after // REDUCTION, rngs=rngs)
                parts.append(Residual(Sequential(*units, weigh), around))
                seen = after
            stages.append(Sequential(*parts))
        self.begin(*stages)
        self.head = Head(layers, seen, classes, rate)


def _stem(layers: Layers, seen: int, *, deep: bool) -> Layer:
    if not deep:
        return layers.unit(seen, 64, 7, stride=2)
    return Sequential(
        layers.unit(seen, 64, 3, stride=2), layers.unit(64, 64, 3), layers.unit(64, 128, 3)
    )


def _units(layers: Layers, block: str, seen: int, channels: int, stride: int) -> list[Layer]:
    """Make the convolutions of a block; the last has no activation, if there are three."""
    unit = layers.unit
    if block == "basic":
        return [unit(seen, channels, 3, stride=stride), unit(channels, channels, 3)]
    if block == "bottleneck":
        first, middle = unit(seen, channels, 1, stride=stride), unit(channels, channels, 3)
        inside = channels
    elif block == "resnext":
        inside = 2 * channels
        first = unit(seen, inside, 1)
        middle = unit(inside, inside, 3, stride=stride, groups=32)
    else:
        inside = 4 * channels
        first = unit(seen, 2 * channels, 1)
        middle = unit(2 * channels, inside, 3, stride=stride, groups=64)
    return [first, middle, unit(inside, 4 * channels, 1, activation=None)]
