"""Decoders that see several scales at once: feature pyramid, pyramid of means, and DeepLab."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.segment.skip import fitted
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.layers import Dropout, channel_dropout
from seqcnn.nn.norm import GroupNorm
from seqcnn.nn.pool import adaptive_mean_pool
from seqcnn.nn.resample import resize


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

    Zhao et al. 2017, arXiv:1612.01105. What the backbone has behind the third map stays in the
    network, as in segmentation_models.pytorch, but nothing reads it.

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
