"""The decoder that looks everywhere: attention over the coarsest map, then all maps together.

After SegFormer (Xie et al. 2021, arXiv:2105.15203): each map goes through one matrix to as many
channels as the others, all are brought to the extents of the finest, and two matrices over single
positions decide. Attention stands here in the decoder, so that any encoder will do; where things
are, it knows from the convolutions before it, whose padding shows them the edges.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.parts import Layers
from seqcnn.nn.attention import MultiHeadAttention
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense, dropout
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.norm_layer import LayerNorm
from seqcnn.nn.pool import mean_pool
from seqcnn.nn.resample import resize


class AttentionDecoder(nnx.Module):
    """Let the positions of the coarsest map look at each other, then join all maps.

    Parameters
    ----------
    feature_channels
        Of the maps of the encoder, from the finest to the coarsest.
    width
        Channels of each map in the decoder, and of the result.
    heads, blocks
        Heads of attention, and how many blocks of attention there are.
    reduced
        Positions look at means of so many positions on each axis, if the map has as many.
    drop
        Share of the values of the result that are dropped in training.
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        feature_channels: Sequence[int],
        *,
        width: int = 64,
        heads: int = 4,
        blocks: int = 1,
        reduced: int = 1,
        drop: float = 0.1,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(width=width, heads=heads, blocks=blocks, reduced=reduced)
        self.entries = nnx.List([Dense(taken, width, rngs=rngs) for taken in feature_channels])
        self.blocks = nnx.List(
            [AttentionBlock(width, heads, reduced=reduced, rngs=rngs) for _ in range(blocks)]
        )
        joined = len(feature_channels) * width
        self.joint = Dense(joined, width, bias=False, kernel_init=KERNEL_INIT, rngs=rngs)
        self.norm, self.drop, self.channels = BatchNorm(width), drop, width

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, width) as large as the finest of `maps`."""
        coarse, *finer = [
            entry(each) for entry, each in zip(reversed(self.entries), reversed(maps), strict=True)
        ]
        for block in self.blocks:
            coarse = block(coarse, rngs=rngs)
        space = maps[0].shape[1:-1]
        joined = jnp.concatenate([resize(each, space) for each in (coarse, *finer)], axis=-1)
        x = nnx.relu(self.norm(self.joint(joined), training=rngs is not None))
        return dropout(x, self.drop, rngs)


class AttentionBlock(nnx.Module):
    """Attention, then a small network at each position; each adds to what it reads.

    Parameters
    ----------
    channels
        Of input and result.
    heads
        Of attention.
    reduced
        As in `AttentionDecoder`.
    wider
        How many times more neurons than channels the small network has.
    rngs
        Source of the random start.
    """

    def __init__(
        self, channels: int, heads: int, *, reduced: int = 1, wider: int = 2, rngs: nnx.Rngs
    ) -> None:
        self.first, self.second = LayerNorm(channels), LayerNorm(channels)
        self.attention = MultiHeadAttention(channels, heads, rngs=rngs)
        self.rise = Dense(channels, wider * channels, kernel_init=KERNEL_INIT, rngs=rngs)
        self.fall = Dense(wider * channels, channels, rngs=rngs)
        self.reduced = reduced

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to an array of its shape."""
        seen = self.first(x)
        window = tuple(min(self.reduced, extent) for extent in x.shape[1:-1])
        memory = seen if max(window) == 1 else mean_pool(seen, window)
        x = x + self.attention(seen, memory, rngs=rngs)
        inner = nnx.gelu(self.rise(self.second(x)), approximate=False)
        return x + self.fall(inner)


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


class AttentionRise(AttentionDecoder):
    """Attention over the coarsest map, as in `AttentionDecoder`; the finest map is not read."""

    stride = 4

    def __init__(self, layers: Layers, maps: Sequence[int], **options: Any) -> None:
        super().__init__(maps[1:], rngs=layers.rngs, **options)

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of the extents of the second of `maps`."""
        return super().__call__(maps[1:], rngs=rngs)
