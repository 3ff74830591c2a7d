"""MobileNet: depthwise and pointwise convolutions in place of whole ones.

Howard et al. 2017, arXiv:1704.04861; Sandler et al. 2018, arXiv:1801.04381 (version 2).
"""

from collections.abc import Sequence
from typing import Any

from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential

PLAIN = (
    ((64, 1),),
    ((128, 2), (128, 1)),
    ((256, 2), (256, 1)),
    ((512, 2), *((512, 1),) * 5),
    ((1024, 2), (1024, 1)),
)
"""Channels and stride of the blocks of version 1, from one map to the next."""

INVERTED = (
    ((1, 16, 1, 1),),
    ((6, 24, 2, 2),),
    ((6, 32, 3, 2),),
    ((6, 64, 4, 2), (6, 96, 3, 1)),
    ((6, 160, 3, 2), (6, 320, 1, 1)),
)
"""Of version 2: how many times wider inside, channels, blocks, and stride of the first of them."""


class MobileNet(StagedNetwork):
    """Classify arrays, version 1.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    width
        What all channels are multiplied by.
    rate
        Share of the means that are dropped in training.
    same
        Whether strides pad as in TensorFlow, where the weights come from (``"same"``: more at the
        end where it is uneven), or by half of the window on both sides, as in timm. Keras itself
        pads at the end only, which is the same for even extents.
    eps
        Of the normalisations: 1e-3 in Keras, 1e-5 in timm.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        width: float = 1.0,
        rate: float = 1e-3,
        same: bool = True,
        eps: float = 1e-3,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, {"eps": eps, "momentum": 0.01}, nnx.relu6)
        seen, padding = int(32 * width), same_padding(same)
        stages: list[Layer] = []
        parts: list[Layer] = [layers.unit(self.channels, seen, 3, stride=2, **padding)]
        for blocks in PLAIN:
            for channels, stride in blocks:
                after = int(channels * width)
                parts += [
                    layers.unit(seen, seen, 3, stride=stride, groups=seen, **padding),
                    layers.unit(seen, after, 1),
                ]
                seen = after
            stages.append(Sequential(*parts))
            parts = []
        self.begin(*stages)
        self.head = Head(layers, seen, classes, rate)


class MobileNetV2(StagedNetwork):
    """Classify arrays, version 2: blocks that are wide inside, with linear ends.

    Parameters
    ----------
    input_shape, classes, rngs
        As in `MobileNet`.
    width
        What all channels are multiplied by, up to multiples of 8.
    rate
        Share of the means that are dropped in training.
    same, eps
        As in `MobileNet`; here the defaults are those of torchvision, Keras has True and 1e-3.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        width: float = 1.0,
        rate: float = 0.2,
        same: bool = False,
        eps: float = 1e-5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, {"eps": eps}, nnx.relu6)
        padding = same_padding(same)
        seen, last = multiple(32 * width), multiple(1280 * max(1.0, width))
        stages: list[Layer] = []
        parts: list[Layer] = [layers.unit(self.channels, seen, 3, stride=2, **padding)]
        for groups in INVERTED:
            for wider, channels, depth, stride in groups:
                after = multiple(channels * width)
                for number in range(depth):
                    step = 1 if number else stride
                    parts.append(inverted(layers, seen, after, wider, stride=step, **padding))
                    seen = after
            stages.append(Sequential(*parts))
            parts = []
        stages[-1] = Sequential(stages[-1], layers.unit(seen, last, 1))
        self.begin(*stages)
        self.head = Head(layers, last, classes, rate)


def inverted(
    layers: Layers, seen: int, after: int, wider: int, *, stride: int, **padding: Any
) -> Sequential | Residual:
    """Make a block that is `wider` times as wide inside, with a way around it where that fits."""
    inside = seen * wider
    parts: list[Layer] = [layers.unit(seen, inside, 1)] if wider != 1 else []
    parts += [
        layers.unit(inside, inside, 3, stride=stride, groups=inside, **padding),
        layers.unit(inside, after, 1, activation=None),
    ]
    block = Sequential(*parts)
    return Residual(block, activation=None) if stride == 1 and seen == after else block


def same_padding(same: bool) -> dict[str, Any]:
    """Give the option of layers that pad as TensorFlow does, or none."""
    return {"padding": "same"} if same else {}


def multiple(channels: float, of: int = 8) -> int:
    """Round to a multiple, but never down by more than a tenth.

    Examples
    --------
    >>> multiple(32 * 0.35), multiple(20)
    (16, 24)
    """
    rounded = max(of, int(channels + of / 2) // of * of)
    return rounded + of if rounded < 0.9 * channels else rounded
