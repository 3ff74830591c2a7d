"""U-Net: down to a small map of what is there, and up again along what each level saw.

Ronneberger, Fischer and Brox 2015, arXiv:1505.04597. `UNet` reads any number of space axes and any
extents; ``unet_original`` is the network of the paper.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.init import DENSE_INIT
from seqcnn.nn.layers import Dense, dropout
from seqcnn.nn.norm import BatchNorm, GroupNorm
from seqcnn.nn.pool import max_pool
from seqcnn.nn.resample import centre_crop, crop, pad_to_multiple, upsample

VARIANTS: dict[str, dict[str, Any]] = {
    "unet": {},
    "unet_original": {
        "input_shape": (388, 388, 1),
        "channels": (64, 128, 256, 512, 1024),
        "norm": "none",
        "padding": "valid",
        "drop": 0.5,
    },
}


class UNet(ImageNetwork):
    """Give each position its classes.

    Parameters
    ----------
    input_shape
        (*space, channels). The extents are those it is made for: it reads any others too.
    classes
        Numbers for each position.
    channels
        Of each level, from the finest to the coarsest; each has half the extents of the one before.
    depth, norm, padding
        As in `Stage`. With ``"valid"`` the input is mirrored at its edges, as much as the network
        needs to see around each position.
    up
        How maps get larger: ``"transposed"``, by weights; ``"nearest"`` or ``"linear"``, without.
    drop
        Share of the coarsest map that is dropped in training.
    condition
        Features of a condition, such as the step of a diffusion, that the call takes; 0 for none.
    rngs
        Source of the random start.

    Attributes
    ----------
    encoder, decoder, head
        The way down, the way up, and the convolution over single positions that ends it.

    Raises
    ------
    SeqcnnError
        An option is unknown or out of range.

    Examples
    --------
    >>> blank = nnx.eval_shape(lambda: UNet((32, 32, 3), 4, rngs=nnx.Rngs(0)))
    >>> nnx.eval_shape(lambda unet, x: unet(x), blank, jnp.zeros((2, 33, 50, 3))).shape
    (2, 33, 50, 4)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (64, 64, 1),
        classes: int = 2,
        *,
        channels: Sequence[int] = (16, 32, 64, 128),
        depth: int = 2,
        norm: str = "batch",
        padding: str = "same",
        up: str = "transposed",
        drop: float = 0.0,
        condition: int = 0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        options: dict[str, Any] = {"depth": depth, "norm": norm, "padding": padding}
        options |= {"rank": self.rank, "condition": condition, "rngs": rngs}
        self.encoder = PlainEncoder(self.channels, channels, drop=drop, **options)
        self.decoder = SkipDecoder(self.encoder.feature_channels, up=up, **options)
        window = (1,) * self.rank
        self.head = Conv(channels[0], classes, window, kernel_init=DENSE_INIT, rngs=rngs)
        self.depth, self.padding = depth, padding

    @property
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of each map of the encoder."""
        return self.encoder.feature_channels

    @property
    def strides(self) -> tuple[int, ...]:
        """How many times smaller than the input each map of the encoder is."""
        return self.encoder.strides

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> list[jax.Array]:
        """Give the maps of the encoder, from the finest to the coarsest."""
        return self.encoder(self.check(x, any_space=True), rngs=rngs)

    def __call__(
        self,
        x: jax.Array,
        condition: jax.Array | None = None,
        *,
        rngs: nnx.Rngs | None = None,
    ) -> jax.Array:
        """Score `x` float (n, *space, channels): float (n, *space, classes).

        `condition` is float (n, condition) for a network that is made with one.
        """
        space = self.check(x, any_space=True).shape[1:-1]
        if self.padding == "same":
            x, margins = pad_to_multiple(x, self.strides[-1])
            return crop(self.logits(x, condition, rngs=rngs), margins)
        needed = [_needed(extent, len(self.strides), self.depth) for extent in space]
        around = [need - extent for need, extent in zip(needed, space, strict=True)]
        margins = ((0, 0), *((a // 2, a - a // 2) for a in around), (0, 0))
        x = jnp.pad(x, margins, mode="reflect" if min(space) > 1 else "edge")
        return centre_crop(self.logits(x, condition, rngs=rngs), space)

    def logits(
        self, x: jax.Array, condition: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score an array whose extents fit; of ``"valid"``, 572 x 572 gives the inner 388 x 388."""
        maps = self.encoder(x, condition, rngs=rngs)
        return self.head(self.decoder(maps, condition, rngs=rngs))


class Stage(nnx.Module):
    """Convolutions over three positions each, with normalisation and ReLU.

    Parameters
    ----------
    channels_in, channels_out
        Channels before and after.
    rank
        Axes of space.
    depth
        How many convolutions.
    norm
        ``"batch"``, ``"group"`` (of up to 8 groups) or ``"none"``.
    padding
        ``"same"``, or ``"valid"``: each convolution takes a position off either side.
    condition
        Features of what is added, through a matrix, behind the first convolution; 0 for nothing.

    Raises
    ------
    SeqcnnError
        An option is unknown or out of range.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        rank: int,
        depth: int = 2,
        norm: str = "batch",
        padding: str = "same",
        condition: int = 0,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(depth=depth, channels_out=channels_out)
        if norm not in ("batch", "group", "none") or padding not in ("same", "valid"):
            raise SeqcnnError(
                f"`norm` must be 'batch', 'group' or 'none' and `padding` 'same' or 'valid', not "
                f"{norm!r} and {padding!r}"
            )
        convs = []
        for before, after in itertools.pairwise((channels_in, *(channels_out,) * depth)):
            layers: list[Layer] = [
                Conv(
                    before,
                    after,
                    (3,) * rank,
                    padding=1 if padding == "same" else 0,
                    bias=norm == "none",
                    rngs=rngs,
                )
            ]
            if norm == "batch":
                layers.append(BatchNorm(after))
            elif norm == "group":
                layers.append(GroupNorm(after, math.gcd(8, after)))
            convs.append(Sequential(*layers, nnx.relu))
        self.convs = nnx.List(convs)
        self.condition = Dense(condition, channels_out, rngs=rngs) if condition else None

    def __call__(
        self, x: jax.Array, condition: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Map `x` float (n, *space, channels_in), `condition` float (n, condition)."""
        if (condition is None) != (self.condition is None):
            raise SeqcnnError("a network takes a `condition` if it was made with one, else none")
        for number, conv in enumerate(self.convs):
            x = conv(x, rngs=rngs)
            if number == 0 and self.condition is not None and condition is not None:
                x = x + jnp.expand_dims(self.condition(condition), range(1, x.ndim - 1))
        return x


class PlainEncoder(nnx.Module):
    """Stages with max-pooling in between: the way down of a U-Net, and a small backbone.

    Parameters
    ----------
    channels_in
        Of the input.
    channels
        Of each level.
    drop
        Share of the coarsest map that is dropped in training.
    options
        Those of `Stage`.
    """

    def __init__(
        self, channels_in: int, channels: Sequence[int], *, drop: float = 0.0, **options: Any
    ) -> None:
        levels = itertools.pairwise((channels_in, *channels))
        self.stages = nnx.List([Stage(before, after, **options) for before, after in levels])
        self.feature_channels, self.drop = tuple(channels), drop
        self.strides = tuple(2**level for level in range(len(channels)))

    def __call__(
        self, x: jax.Array, condition: jax.Array | None = None, *, rngs: nnx.Rngs | None = None
    ) -> list[jax.Array]:
        """Give the maps of `x`, from the finest to the coarsest."""
        maps: list[jax.Array] = []
        for stage in self.stages:
            maps.append(stage(max_pool(x, 2) if maps else x, condition, rngs=rngs))
            x = maps[-1]
        return [*maps[:-1], dropout(maps[-1], self.drop, rngs)]


class SkipDecoder(nnx.Module):
    """Enlarge the coarsest map step by step, each time beside the map of the encoder.

    Parameters
    ----------
    feature_channels
        Of the maps of the encoder, from the finest to the coarsest, each half as large as the one
        before.
    up
        As in `UNet`.
    options
        Those of `Stage`; `rank` and `rngs` must be among them.

    Raises
    ------
    SeqcnnError
        `up` is unknown.
    """

    def __init__(
        self,
        feature_channels: Sequence[int],
        *,
        up: str = "transposed",
        rank: int,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        if up not in ("transposed", "nearest", "linear"):
            raise SeqcnnError(f"`up` must be 'transposed', 'nearest' or 'linear', not {up!r}")
        self.up, steps, stages = up, [], []
        for fine, coarse in reversed(list(itertools.pairwise(feature_channels))):
            risen = fine if up == "transposed" else coarse
            if up == "transposed":
                steps.append(ConvTranspose(coarse, fine, (2,) * rank, stride=2, rngs=rngs))
            stages.append(Stage(fine + risen, fine, rank=rank, rngs=rngs, **options))
        self.steps, self.stages = nnx.List(steps), nnx.List(stages)
        self.channels = feature_channels[0]

    def __call__(
        self,
        maps: Sequence[jax.Array],
        condition: jax.Array | None = None,
        *,
        rngs: nnx.Rngs | None = None,
    ) -> jax.Array:
        """Give a map as large as the finest of `maps`, or smaller by what "valid" takes off."""
        x = maps[-1]
        for number, (stage, beside) in enumerate(
            zip(self.stages, reversed(maps[:-1]), strict=True)
        ):
            if self.up == "transposed":
                x = self.steps[number](x)
            else:
                x = upsample(x, 2, "nearest" if self.up == "nearest" else "linear")
            x = jnp.concatenate([centre_crop(beside, x.shape[1:-1]), x], axis=-1)
            x = stage(x, condition, rngs=rngs)
        return x


def _needed(extent: int, levels: int, depth: int) -> int:
    """Find the least extent of which valid convolutions leave so many positions or more.

    Examples
    --------
    >>> _needed(388, levels=5, depth=2)
    572
    """
    lost, left = 2 * depth, extent
    for _ in range(levels - 1):
        left = -(-(left + lost) // 2)
    left += lost
    for _ in range(levels - 1):
        left = 2 * left + lost
    return left
