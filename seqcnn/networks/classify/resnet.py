"""Residual networks: a stem, stages of residual blocks, a mean over space, a dense layer.

He, Zhang, Ren and Sun 2016, doi:10.1109/CVPR.2016.90. Windows take their rank from the input, so
that one network reads signals, pictures and volumes.
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import ConvNormActivation, Residual, Sequential
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import Dense
from seqcnn.nn.pool import global_pool, max_pool

VARIANTS = {
    "resnet_small": {"stem": "small", "depths": (1, 1, 1), "widths": (32, 64, 128)},
}
"""What the names of the zoo say of the options."""

STEMS = {"small": 1, "pooled": 2, "large": 4}
"""What comes first, and how many times smaller it makes the map: a convolution of three pixels an
axis for small pictures; the same and a maximum by two, which is several times faster; or a
convolution of seven at stride 2 and a maximum of three at stride 2, as in the paper."""


class ResNet(ImageNetwork):
    """Classify pictures of any extents.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    stem
        One of `STEMS`.
    block
        One of `BLOCKS`.
    depths, widths
        Blocks of each stage, and their channels; from stage to stage the map is halved.
    drop
        Share of the examples whose branch is left out in the last block, in training; it rises
        from 0 with the depth (Huang et al. 2016, arXiv:1603.09382).
    rngs
        Source of the random start.

    Attributes
    ----------
    feature_channels, strides : tuple of int
        Of the map behind each stage: its channels, and how many times smaller it is.

    Raises
    ------
    SeqcnnError
        An option is unknown or out of range.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import seqcnn
    >>> network = seqcnn.create("resnet_small", input_shape=(28, 28, 1))
    >>> [features.shape for features in network.features(jnp.zeros((2, 28, 28, 1)))]
    [(2, 28, 28, 32), (2, 14, 14, 64), (2, 7, 7, 128)]
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 3),
        classes: int = 10,
        *,
        stem: str = "small",
        block: str = "basic",
        depths: Sequence[int] = (1, 1, 1),
        widths: Sequence[int] = (32, 64, 128),
        drop: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if stem not in STEMS or block not in BLOCKS:
            raise SeqcnnError(
                f"`stem` must be one of {', '.join(STEMS)} and `block` one of {', '.join(BLOCKS)}, "
                f"not {stem!r} and {block!r}"
            )
        if len(depths) != len(widths) or not depths:
            raise SeqcnnError(f"`depths` {depths} and `widths` {widths} must be equally many")
        check_sizes(**{f"depths[{i}]": depth for i, depth in enumerate(depths)})
        self.stem = _stem(stem, self.channels, widths[0], self.rank, rngs)
        build, total, made = BLOCKS[block], sum(depths), 0
        channels, stages = widths[0], []
        for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            blocks = []
            for i in range(depth):
                made += 1
                stride = 2 if stage and not i else 1
                share = drop * made / total
                blocks.append(
                    build(channels, width, rank=self.rank, stride=stride, drop=share, rngs=rngs)
                )
                channels = width
            stages.append(Sequential(*blocks))
        self.stages = nnx.List(stages)
        self.head = Dense(channels, classes, rngs=rngs)
        self.feature_channels = tuple(widths)
        self.strides = tuple(STEMS[stem] * 2**stage for stage in range(len(depths)))

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> list[jax.Array]:
        """Map `x` float (n, *space, channels) to the maps behind all stages, the finest first."""
        x = self.stem(self.check(x, any_space=True), rngs=rngs)
        maps = []
        for stage in self.stages:
            x = stage(x, rngs=rngs)
            maps.append(x)
        return maps

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        return self.head(global_pool(self.features(x, rngs=rngs)[-1], "mean"))


def basic_block(
    channels_in: int, channels_out: int, *, rank: int, stride: int, drop: float, rngs: nnx.Rngs
) -> Residual:
    """Make a block of two convolutions of three pixels an axis, the first with the stride."""
    branch = Sequential(
        ConvNormActivation(channels_in, channels_out, (3,) * rank, stride=stride, rngs=rngs),
        ConvNormActivation(channels_out, channels_out, (3,) * rank, activation=None, rngs=rngs),
    )
    shortcut = _shortcut(channels_in, channels_out, rank, stride, rngs)
    return Residual(branch, shortcut, drop=drop)


BLOCKS: dict[str, Callable[..., Residual]] = {"basic": basic_block}
"""Blocks by name."""


def _shortcut(
    channels_in: int, channels_out: int, rank: int, stride: int, rngs: nnx.Rngs
) -> ConvNormActivation | None:
    """Bring the input of a block into the shape of its result; None if it has that shape."""
    if channels_in == channels_out and stride == 1:
        return None
    return ConvNormActivation(
        channels_in, channels_out, (1,) * rank, stride=stride, activation=None, rngs=rngs
    )


def _stem(kind: str, channels_in: int, channels_out: int, rank: int, rngs: nnx.Rngs) -> Sequential:
    if kind == "large":
        first = ConvNormActivation(channels_in, channels_out, (7,) * rank, stride=2, rngs=rngs)
        return Sequential(first, partial(max_pool, window=(3,) * rank, stride=2, padding=1))
    first = ConvNormActivation(channels_in, channels_out, (3,) * rank, rngs=rngs)
    if kind == "small":
        return Sequential(first)
    return Sequential(first, partial(max_pool, window=(2,) * rank))
