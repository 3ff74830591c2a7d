"""EfficientNet: inverted residual blocks, grown in depth, width and resolution together.

Tan and Le 2019, arXiv:1905.11946.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from flax import nnx

from seqcnn.networks.classify.mobilenet import multiple, same_padding
from seqcnn.networks.classify.parts import Head, Layers, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential, SqueezeExcite


class Stage(NamedTuple):
    """A row of table 1 of the paper.

    Parameters
    ----------
    wider
        How many times wider a block is inside.
    window, stride
        Of its depthwise convolution; the stride is that of the first block.
    channels, depth
        Of B0: channels, and blocks.
    """

    wider: int
    window: int
    stride: int
    channels: int
    depth: int


STAGES = (
    (Stage(1, 3, 1, 16, 1), Stage(6, 3, 2, 24, 2)),
    (Stage(6, 5, 2, 40, 2),),
    (Stage(6, 3, 2, 80, 3), Stage(6, 5, 1, 112, 3)),
    (Stage(6, 5, 2, 192, 4), Stage(6, 3, 1, 320, 1)),
)
"""Blocks from one map to the next; the first map is that of the stem."""

SIZES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3),
    (1.4, 1.8, 380, 0.4), (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
)  # fmt: skip
"""Of B0 to B7: what channels and depths are multiplied by, the size of pictures, and dropout."""

VARIANTS: dict[str, dict[str, Any]] = {
    f"efficientnetb{i}": {
        "width": width,
        "depth": depth,
        "input_shape": (size, size, 3),
        "rate": rate,
        # as in torchvision: slow and careful moments for the large ones
        **({"eps": 1e-3, "momentum": 0.01} if i > 4 else {}),
    }
    for i, (width, depth, size, rate) in enumerate(SIZES)
}
"""Options by name."""


class EfficientNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    width, depth
        What channels and blocks are multiplied by.
    rate
        Share of the means that are dropped before the output in training.
    drop
        Share of the examples whose branch is left out in the last block; it grows from 0.
    same
        Whether padding is that of TensorFlow (``"same"``: more at the end where it is uneven), as
        the authors' weights want, or half of the window on both sides, as in torchvision.
    eps, momentum
        Of the normalisations.
    lite
        Whether the blocks do not weigh their channels, and ReLU6 takes the place of swish
        (EfficientNet-Lite); stem and head then keep their widths.
    early
        Whether the map of stride 16 is that of the first block of its width rather than of the
        last, as in efficientnet-b0 of segmentation_models.pytorch. It changes no class.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        width: float = 1.0,
        depth: float = 1.0,
        rate: float = 0.2,
        drop: float = 0.2,
        same: bool = False,
        eps: float = 1e-5,
        momentum: float = 0.1,
        lite: bool = False,
        early: bool = False,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.same, self.eps, self.early = same, eps, early
        activation = nnx.relu6 if lite else nnx.silu
        layers = Layers(self.rank, rngs, {"eps": eps, "momentum": momentum}, activation)
        padding = same_padding(same)
        seen = 32 if lite else multiple(32 * width)
        rows = [stage for group in STAGES for stage in group]
        depths = [_depth(row, depth, kept=lite and row in (rows[0], rows[-1])) for row in rows]
        stem = layers.unit(self.channels, seen, 3, stride=2, **padding)
        groups: list[list[Layer]] = []
        done = 0
        for group in STAGES:
            parts: list[Layer] = []
            for stage in group:
                after = multiple(stage.channels * width)
                for number in range(depths[rows.index(stage)]):
                    step = stage._replace(stride=1 if number else stage.stride, channels=after)
                    share = drop * done / sum(depths)
                    parts.append(_block(layers, seen, step, share, padding, weighed=not lite))
                    seen, done = after, done + 1
            groups.append(parts)
        if early:
            kept = depths[rows.index(STAGES[2][0])] + 1
            groups[2], groups[3] = groups[2][:kept], groups[2][kept:] + groups[3]
        last = 1280 if lite else multiple(1280 * width)
        top = layers.unit(seen, last, 1)
        self.begin(stem, *(Sequential(*parts) for parts in groups))
        self.head = Sequential(top, Head(layers, last, classes, rate))


def _depth(stage: Stage, times: float, *, kept: bool) -> int:
    return stage.depth if kept else math.ceil(stage.depth * times)


def _block(
    layers: Layers, seen: int, stage: Stage, drop: float, padding: dict[str, Any], *, weighed: bool
) -> Layer:
    inside = seen * stage.wider
    parts: list[Layer] = [layers.unit(seen, inside, 1)] if stage.wider != 1 else []
    parts.append(
        layers.unit(inside, inside, stage.window, stride=stage.stride, groups=inside, **padding)
    )
    if weighed:
        squeezed = max(1, seen // 4)
        parts.append(
            SqueezeExcite(inside, squeezed, activation=layers.activation, rngs=layers.rngs)
        )
    parts.append(layers.unit(inside, stage.channels, 1, activation=None))
    block = Sequential(*parts)
    if stage.stride == 1 and seen == stage.channels:
        return Residual(block, activation=None, drop=drop)
    return block
