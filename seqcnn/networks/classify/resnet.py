"""ResNet and ResNeXt: stages of residual blocks.

He et al. 2016, arXiv:1512.03385, with the stride in the 3x3 convolution of a bottleneck, as in
torchvision ("version 1.5"); Xie et al. 2017, arXiv:1611.05431, in groups. Variants are those whose
weights people have: ``"keras"`` is that of Keras (stride in the 1x1 convolution, biases), and
``"preactivation"`` that of the Keras package classification_models (He et al. 2016,
arXiv:1603.05027, with a normalisation of the pixels).
"""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import stochastic_depth
from seqcnn.nn.norm import BatchNorm

VARIANTS: dict[str, dict[str, Any]] = {
    "resnet18": {"depths": (2, 2, 2, 2), "block": "basic"},
    "resnet34": {"depths": (3, 4, 6, 3), "block": "basic"},
    "resnet50": {"depths": (3, 4, 6, 3)},
    "resnet101": {"depths": (3, 4, 23, 3)},
    "resnet152": {"depths": (3, 8, 36, 3)},
    "resnext50": {"depths": (3, 4, 6, 3), "groups": 32, "group_width": 4},
    "resnext101": {"depths": (3, 4, 23, 3), "groups": 32, "group_width": 4},
    "resnet_small": {
        "depths": (1, 1, 1),
        "widths": (32, 64, 128),
        "block": "basic",
        "stem": "small",
        "input_shape": (32, 32, 3),
        "classes": 10,
    },
}
"""Blocks of each stage, and their kind, by name."""

STEMS = {"large": (2, 2), "small": (1, 1), "pooled": (1, 2)}
"""Strides of the first convolution and of the pooling behind it: 7x7 and 3x3 of the large stem;
3x3, and none or 2x2, of the others, for small pictures and for sequences."""

EPS = {"torchvision": 1e-5, "keras": 1.001e-5, "preactivation": 2e-5}
"""What is added to variances, by variant."""


class ResNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    depths, widths
        Blocks of each stage, and their channels, which a bottleneck gives four times; each stage
        after the first halves the extents.
    block
        ``"basic"``, two 3x3 convolutions, or ``"bottleneck"``, 1x1, 3x3 and 1x1.
    groups, group_width
        Of the 3x3 convolution of a bottleneck: groups, and channels of each for 64 channels of its
        stage.
    stem
        One of `STEMS`.
    variant
        ``"torchvision"``, ``"keras"`` or ``"preactivation"``.
    rate
        Share of the means that are dropped before the output in training.
    drop
        Share of the examples whose branch is left out in the last block, in training; it rises
        from 0 with the depth (Huang et al. 2016, arXiv:1603.09382).
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        An option is unknown, or the input is too small.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        depths: Sequence[int] = (3, 4, 6, 3),
        widths: Sequence[int] = (64, 128, 256, 512),
        block: str = "bottleneck",
        groups: int = 1,
        group_width: int = 64,
        stem: str = "large",
        variant: str = "torchvision",
        rate: float = 0.0,
        drop: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.choose(
            block=(block, ("basic", "bottleneck")), stem=(stem, STEMS), variant=(variant, EPS)
        )
        if len(depths) != len(widths) or not depths:
            raise SeqcnnError(f"`depths` {depths} and `widths` {widths} must be equally many")
        check_sizes(**{f"depths[{i}]": depth for i, depth in enumerate(depths)})
        first, pooled = STEMS[stem]
        self.strides = (first, *(first * pooled * 2**number for number in range(len(depths))))
        self.smallest = self.strides[-1]
        layers = Layers(self.rank, rngs, {"eps": EPS[variant]})
        make = _Blocks(layers, block, (groups, group_width), variant, drop / sum(depths))
        seen = widths[0]
        stages: list[Layer] = [_stem(layers, self.channels, seen, stem, variant)]
        ahead = {"large": [Pool("max", 3, 2, 1)], "pooled": [Pool("max")]}.get(stem, [])
        for number, (depth, channels) in enumerate(zip(depths, widths, strict=True)):
            parts: list[Layer] = [] if number else [*ahead]
            for place in range(depth):
                stride = 2 if number and not place else 1
                parts.append(make(seen, channels, stride=stride, first=place == 0))
                seen = channels * make.expansion
            stages.append(Sequential(*parts))
        if variant == "preactivation":
            stages[-1] = Sequential(stages[-1], layers.batch_norm(seen), nnx.relu)
        self.begin(*stages)
        self.head = Head(layers, seen, classes, rate)


class _Blocks:
    """Makes the blocks of one network, of which each is left out more often by `step`."""

    def __init__(
        self, layers: Layers, block: str, groups: tuple[int, int], variant: str, step: float
    ) -> None:
        self.layers, self.block, self.variant = layers, block, variant
        self.groups, self.group_width = groups
        self.step, self.made = step, 0
        self.expansion = 4 if block == "bottleneck" else 1

    def __call__(self, seen: int, channels: int, *, stride: int, first: bool) -> Layer:
        self.made += 1
        if self.variant == "preactivation":
            return self._preactivated(seen, channels, stride=stride, first=first)
        after, bias = channels * self.expansion, self.variant == "keras"
        shortcut = None
        if first and (seen != after or stride != 1):
            shortcut = self.layers.unit(
                seen, after, 1, stride=stride, padding=0, activation=None, bias=bias
            )
        branch = Sequential(*self._units(seen, channels, stride, bias))
        return Residual(branch, shortcut, drop=self.step * self.made)

    def _units(self, seen: int, channels: int, stride: int, bias: bool) -> list[Layer]:
        unit = self.layers.unit
        if self.block == "basic":
            return [
                unit(seen, channels, 3, stride=stride, bias=bias),
                unit(channels, channels, 3, activation=None, bias=bias),
            ]
        inside, early = self._inside(channels), self.variant == "keras"
        return [
            unit(seen, inside, 1, stride=stride if early else 1, bias=bias),
            unit(inside, inside, 3, stride=1 if early else stride, groups=self.groups, bias=bias),
            unit(inside, channels * self.expansion, 1, activation=None, bias=bias),
        ]

    def _inside(self, channels: int) -> int:
        return channels * self.group_width // 64 * self.groups

    def _preactivated(self, seen: int, channels: int, *, stride: int, first: bool) -> Layer:
        layers, after = self.layers, channels * self.expansion

        def conv(before: int, after: int, extent: int, stride: int = 1, groups: int = 1) -> Layer:
            return layers.conv(before, after, extent, stride=stride, groups=groups, bias=False)

        if self.block == "basic":
            steps = [(seen, channels, 3, stride), (channels, channels, 3, 1)]
        else:
            inside = self._inside(channels)
            steps = [(seen, inside, 1, 1), (inside, inside, 3, stride), (inside, after, 1, 1)]
        parts: list[Layer] = [conv(*steps[0])]
        for step in steps[1:]:
            groups = self.groups if step[2] == 3 else 1
            parts += [layers.batch_norm(step[0]), nnx.relu, conv(*step, groups=groups)]
        ahead = Sequential(layers.batch_norm(seen), nnx.relu)
        around = conv(seen, after, 1, stride) if first else None
        return PreActivated(ahead, Sequential(*parts), around, drop=self.step * self.made)


class PreActivated(nnx.Module):
    """A residual block whose activation comes first.

    Parameters
    ----------
    ahead
        Normalisation and activation.
    branch
        From there to what is added.
    shortcut
        From there to what it is added to; None for the input as it is.
    drop
        Share of the examples whose branch is left out, in training.
    """

    def __init__(
        self, ahead: Layer, branch: Layer, shortcut: Layer | None, *, drop: float = 0.0
    ) -> None:
        self.ahead, self.branch, self.shortcut, self.drop = ahead, branch, shortcut, drop

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels)."""
        active = self.ahead(x, rngs=rngs)
        kept = x if self.shortcut is None else self.shortcut(active)
        return kept + stochastic_depth(self.branch(active, rngs=rngs), self.drop, rngs)


def _stem(layers: Layers, seen: int, width: int, stem: str, variant: str) -> Layer:
    extent, stride = (7, 2) if stem == "large" else (3, 1)
    bias = variant == "keras"
    unit = layers.unit(seen, width, extent, stride=stride, bias=bias)
    if variant != "preactivation":
        return unit
    return Sequential(BatchNorm(seen, eps=EPS[variant], scale=False), unit)
