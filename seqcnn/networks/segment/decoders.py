"""Decoders that stand on the maps of any backbone, of strides 2, 4, 8, 16 and 32.

All but the last two are those of segmentation_models.pytorch, layer by layer, so that its weights
fit. Each is made of the channels of the maps and called with the maps, from the finest to the
coarsest; it has `channels`, those of its result, and `stride`, how many times smaller than the
input that is. Maps of odd extents are fitted to each other.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.segment.transformer import AttentionDecoder
from seqcnn.networks.segment.transposed import TransposedDecoder
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.layers import Dropout, channel_dropout
from seqcnn.nn.norm import GroupNorm
from seqcnn.nn.pool import adaptive_mean_pool
from seqcnn.nn.resample import resize, upsample


def fitted(x: jax.Array, beside: jax.Array) -> jax.Array:
    """Bring a map to the extents of another, by the nearest position."""
    return resize(x, beside.shape[1:-1], "nearest")


class Joint(nnx.Module):
    """Two convolutions over a map that is enlarged, with the map of the encoder behind it.

    Parameters
    ----------
    layers
        Of the network.
    seen, beside, channels
        Channels of the map, of that of the encoder (0 for none), and of the result.
    """

    def __init__(self, layers: Layers, seen: int, beside: int, channels: int) -> None:
        self.convs = Sequential(
            layers.unit(seen + beside, channels, 3), layers.unit(channels, channels, 3)
        )

    def __call__(
        self, x: jax.Array, beside: jax.Array | None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Join `x` float (n, *space, seen) and `beside` float (n, *larger, beside)."""
        if beside is None:
            return self.convs(upsample(x, 2), rngs=rngs)
        return self.convs(jnp.concatenate([fitted(x, beside), beside], axis=-1), rngs=rngs)


def _check_widths(widths: Sequence[int], maps: Sequence[int]) -> None:
    if len(widths) != len(maps):
        raise SeqcnnError(
            f"`widths` must be {len(maps)} numbers, one for each map of the backbone, not "
            f"{list(widths)}"
        )


class UnetDecoder(nnx.Module):
    """U-Net's way up: each map is enlarged and joined with that of the encoder.

    Parameters
    ----------
    layers
        Of the network.
    maps
        Channels of the five maps of the encoder.
    widths
        Channels of each step, the last at the extents of the input.
    centre
        Whether two convolutions come before the first step, as for VGG, whose last map is only a
        pooling away from the one before it.
    """

    stride = 1

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        widths: Sequence[int] = (256, 128, 64, 32, 16),
        centre: bool = False,
    ) -> None:
        coarsest = maps[-1]
        _check_widths(widths, maps)
        middle = [layers.unit(coarsest, coarsest, 3), layers.unit(coarsest, coarsest, 3)]
        self.centre = Sequential(*middle) if centre else None
        seen, beside = (coarsest, *widths[:-1]), (*reversed(maps[:-1]), 0)
        self.steps = nnx.List(Joint(layers, *row) for row in zip(seen, beside, widths, strict=True))
        self.channels = widths[-1]

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        x = maps[-1] if self.centre is None else self.centre(maps[-1], rngs=rngs)
        for step, beside in zip(self.steps, (*reversed(maps[:-1]), None), strict=True):
            x = step(x, beside, rngs=rngs)
        return x


class UnetPlusPlusDecoder(nnx.Module):
    """U-Net++: between encoder and decoder, steps in between at every extent.

    Zhou et al. 2018, arXiv:1807.10165. Parameters as in `UnetDecoder`.
    """

    stride = 1

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        widths: Sequence[int] = (256, 128, 64, 32, 16),
    ) -> None:
        _check_widths(widths, maps)
        seen, beside = (maps[-1], *widths[:-1]), tuple(reversed(maps[:-1]))
        self.depth = len(beside)
        # the step in column i begins at the map i + 1 from the coarsest; row 0 is the decoder
        steps = []
        for column in range(self.depth):
            for row in range(column + 1):
                skip, dense = beside[column], column + 1 - row
                before, after = (seen[column], widths[column])
                if row:
                    before, after = beside[column - 1], skip
                steps.append(Joint(layers, before, skip * dense, after))
        self.steps = nnx.List(steps)
        self.last = Joint(layers, seen[-1], 0, widths[-1])
        self.channels = widths[-1]

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        coarse = list(reversed(maps))
        made: dict[tuple[int, int], jax.Array] = {}
        for shift in range(self.depth):
            for row in range(self.depth - shift):
                column = row + shift
                before = made[row, column - 1] if shift else coarse[row]
                inner = [made[other, column] for other in range(row + 1, column + 1)]
                beside = jnp.concatenate([*inner, coarse[column + 1]], axis=-1)
                step = self.steps[column * (column + 1) // 2 + row]
                made[row, column] = step(before, beside, rngs=rngs)
        return self.last(made[0, self.depth - 1], None, rngs=rngs)


class LinknetDecoder(nnx.Module):
    """LinkNet: narrow steps by transposed convolutions, to which maps of the encoder are added.

    Chaurasia and Culurciello 2017, arXiv:1707.03718.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`.
    width
        Channels of the result.
    """

    stride = 1

    def __init__(self, layers: Layers, maps: Sequence[int], *, width: int = 32) -> None:
        steps: list[Layer] = []
        for seen, after in pairwise((*reversed(maps), width)):
            narrow = seen // 4
            rise = ConvTranspose(
                narrow, narrow, layers.window(4), stride=2, padding=1, rngs=layers.rngs
            )
            steps.append(
                Sequential(
                    layers.unit(seen, narrow, 1), rise, layers.batch_norm(narrow), nnx.relu,
                    layers.unit(narrow, after, 1),
                )
            )  # fmt: skip
        self.steps, self.channels = nnx.List(steps), width

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        x = maps[-1]
        for step, beside in zip(self.steps, (*reversed(maps[:-1]), None), strict=True):
            x = step(x, rngs=rngs)
            x = x if beside is None else fitted(x, beside) + beside
        return x


class FPNDecoder(nnx.Module):
    """Feature pyramid network: a pyramid of equal width, whose levels are enlarged and added.

    Lin et al. 2017, arXiv:1612.03144; Kirillov et al. 2019, arXiv:1901.02446.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`; the finest map is not read.
    pyramid, width
        Channels of the pyramid, and of the result.
    rate
        Share of the channels that are dropped in training.
    """

    stride = 4

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        pyramid: int = 256,
        width: int = 128,
        rate: float = 0.2,
    ) -> None:
        self.entries = nnx.List(layers.conv(seen, pyramid, 1) for seen in reversed(maps[1:]))
        self.ways = nnx.List(
            nnx.List(_grouped(layers, width if step else pyramid, width) for step in range(steps))
            for steps in (3, 2, 1, 1)
        )
        self.channels, self.rate = width, rate

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the second of `maps`."""
        coarse = list(reversed(maps[1:]))
        levels = [self.entries[0](coarse[0])]
        for entry, beside in zip(list(self.entries)[1:], coarse[1:], strict=True):
            levels.append(fitted(levels[-1], beside) + entry(beside))
        found = []
        for number, (way, x) in enumerate(zip(self.ways, levels, strict=True)):
            for step, conv in enumerate(way):
                x = conv(x)
                if number < len(levels) - 1:
                    x = resize(x, coarse[number + step + 1].shape[1:-1], align_corners=True)
            found.append(x)
        return channel_dropout(sum(found[1:], found[0]), self.rate, rngs)


def _grouped(layers: Layers, seen: int, channels: int) -> Layer:
    conv = layers.conv(seen, channels, 3, bias=False)
    return Sequential(conv, GroupNorm(channels, 32), nnx.relu)


class PSPDecoder(nnx.Module):
    """Pyramid scene parsing: means over 1, 2, 3 and 6 parts of an axis, beside the map itself.

    Zhao et al. 2017, arXiv:1612.01105.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`; the third map is read, no other.
    width
        Channels of the result.
    rate
        Share of the channels that are dropped in training.
    """

    stride = 8
    PARTS = (1, 2, 3, 6)

    def __init__(
        self, layers: Layers, maps: Sequence[int], *, width: int = 512, rate: float = 0.2
    ) -> None:
        seen = maps[2]
        part = seen // len(self.PARTS)
        # of one mean a channel, the normalisation of one example would leave nothing
        first = Sequential(layers.conv(seen, part, 1), nnx.relu)
        rest = (layers.unit(seen, part, 1) for _ in self.PARTS[1:])
        self.parts = nnx.List([first, *rest])
        self.conv = layers.unit(seen + part * len(self.PARTS), width, 1)
        self.channels, self.rate = width, rate

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the third of `maps`."""
        x, found = maps[2], []
        for number, conv in zip(self.PARTS, self.parts, strict=True):
            means = conv(adaptive_mean_pool(x, number), rngs=rngs)
            found.append(resize(means, x.shape[1:-1], align_corners=True))
        joined = jnp.concatenate([*found, x], axis=-1)
        return channel_dropout(self.conv(joined, rngs=rngs), self.rate, rngs)


class DeepLabDecoder(nnx.Module):
    """DeepLab, version 3+: dilated convolutions of several reaches, then the second map beside.

    Chen et al. 2018, arXiv:1802.02611.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`; the second and the last map are read. The last is of stride 16: see
        `dilate`.
    width
        Channels of the result.
    reaches
        Dilations of the three convolutions.
    rate
        Share of the values that are dropped in training.
    """

    stride = 4
    FINE = 48
    """Channels to which the second map is brought, as in the paper."""

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        width: int = 256,
        reaches: Sequence[int] = (12, 24, 36),
        rate: float = 0.5,
    ) -> None:
        seen = maps[-1]
        self.near = layers.unit(seen, width, 1)
        self.far = nnx.List(_separable(layers, seen, width, reach) for reach in reaches)
        self.mean = layers.unit(seen, width, 1)
        self.project = Sequential(layers.unit(5 * width, width, 1), Dropout(rate))
        self.smooth = _separable(layers, width, width, 1)
        self.entry = layers.unit(maps[1], self.FINE, 1)
        self.joint = _separable(layers, width + self.FINE, width, 1)
        self.channels = width

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the second of `maps`."""
        x, beside = maps[-1], maps[1]
        mean = self.mean(x.mean(axis=range(1, x.ndim - 1), keepdims=True), rngs=rngs)
        found = [self.near(x, rngs=rngs), *(conv(x, rngs=rngs) for conv in self.far)]
        found.append(jnp.broadcast_to(mean, (*x.shape[:-1], mean.shape[-1])))
        x = self.project(jnp.concatenate(found, axis=-1), rngs=rngs)
        x = resize(self.smooth(x, rngs=rngs), beside.shape[1:-1], align_corners=True)
        x = jnp.concatenate([x, self.entry(beside, rngs=rngs)], axis=-1)
        return self.joint(x, rngs=rngs)


def _separable(layers: Layers, seen: int, channels: int, reach: int) -> Layer:
    depthwise = layers.conv(seen, seen, 3, padding=reach, dilation=reach, groups=seen, bias=False)
    return Sequential(depthwise, layers.unit(seen, channels, 1))


class SegformerDecoder(nnx.Module):
    """SegFormer's way up: a matrix for each map, then one for all of them together.

    Xie et al. 2021, arXiv:2105.15203.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`.
    width
        Channels of each map here, and of the result.
    """

    stride = 4

    def __init__(self, layers: Layers, maps: Sequence[int], *, width: int = 256) -> None:
        self.entries = nnx.List(layers.dense(seen, width, output=True) for seen in reversed(maps))
        self.joint = layers.unit(len(maps) * width, width, 1)
        self.channels = width

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the second of `maps`."""
        space = maps[1].shape[1:-1]
        found = [
            resize(entry(each), space)
            for entry, each in zip(self.entries, reversed(maps), strict=True)
        ]
        return self.joint(jnp.concatenate(found, axis=-1), rngs=rngs)


class LearntRise(TransposedDecoder):
    """Transposed convolutions alone, as in `TransposedDecoder`; made and called as the others."""

    stride = 2

    def __init__(self, layers: Layers, maps: Sequence[int], *, window: int = 4) -> None:
        super().__init__(maps, window=window, rank=layers.rank, rngs=layers.rngs)

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the finest of `maps`."""
        x = maps[-1]
        for step, norm, beside in zip(self.steps, self.norms, reversed(maps[:-1]), strict=True):
            x = fitted(nnx.relu(norm(step(x), training=rngs is not None)), beside)
        return x


class AttentionRise(AttentionDecoder):
    """Attention over the coarsest map, as in `AttentionDecoder`; the finest map is not read."""

    stride = 4

    def __init__(self, layers: Layers, maps: Sequence[int], **options: Any) -> None:
        super().__init__(maps[1:], rngs=layers.rngs, **options)

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the second of `maps`."""
        return super().__call__(maps[1:], rngs=rngs)


DECODERS: dict[str, type] = {
    "unet": UnetDecoder,
    "unetplusplus": UnetPlusPlusDecoder,
    "linknet": LinknetDecoder,
    "fpn": FPNDecoder,
    "pspnet": PSPDecoder,
    "deeplabv3plus": DeepLabDecoder,
    "segformer": SegformerDecoder,
    "transposed": LearntRise,
    "attention": AttentionRise,
}
"""Decoders by name."""

HEADS = {"unet": 3, "unetplusplus": 3, "pspnet": 3}
"""Window of the last convolution; 1 where it is not said."""
