"""The inception block: windows of several sizes side by side, their results joined.

Szegedy et al. 2015, doi:10.1109/CVPR.2015.7298594: one layer need not choose between near and far.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import ConvNormActivation, Sequential
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.layers import Dense
from seqcnn.nn.pool import global_pool, max_pool

VARIANTS = {"inception_small": {}}


class Inception(nnx.Module):
    """Four branches over the same map, joined along the channels.

    The branches are a convolution of one pixel; one of one pixel, then of three; one of one pixel,
    then of five; a maximum over three pixels, then a convolution of one. Batch norm and ReLU follow
    each convolution (Ioffe and Szegedy 2015, arXiv:1502.03167).

    Parameters
    ----------
    channels_in
        Channels of the input.
    near, reduce_3, out_3, reduce_5, out_5, pooled
        Kernels: of the first branch; before and behind the window of three; before and behind that
        of five; behind the maximum.
    rank
        Axes of space.
    rngs
        Source of the random start.

    Attributes
    ----------
    channels_out : int
        Channels of the result: near + out_3 + out_5 + pooled.

    Raises
    ------
    SeqcnnError
        A number is less than 1.

    Examples
    --------
    >>> block = Inception(8, 4, 4, 8, 2, 4, 4, rank=1, rngs=nnx.Rngs(0))
    >>> block(jnp.zeros((2, 10, 8))).shape, block.channels_out
    ((2, 10, 20), 20)
    """

    def __init__(
        self,
        channels_in: int,
        near: int,
        reduce_3: int,
        out_3: int,
        reduce_5: int,
        out_5: int,
        pooled: int,
        *,
        rank: int = 2,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(rank=rank)

        def conv(before: int, after: int, window: int) -> ConvNormActivation:
            return ConvNormActivation(before, after, (window,) * rank, rngs=rngs)

        self.near = conv(channels_in, near, 1)
        self.three = Sequential(conv(channels_in, reduce_3, 1), conv(reduce_3, out_3, 3))
        self.five = Sequential(conv(channels_in, reduce_5, 1), conv(reduce_5, out_5, 5))
        self.pooled = conv(channels_in, pooled, 1)
        self.rank, self.channels_out = rank, near + out_3 + out_5 + pooled

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels_in) to float (n, *space, channels_out)."""
        largest = max_pool(x, (3,) * self.rank, stride=1, padding=1)
        parts = [branch(x, rngs=rngs) for branch in (self.near, self.three, self.five)]
        return jnp.concatenate([*parts, self.pooled(largest, rngs=rngs)], axis=-1)


class InceptionNet(ImageNetwork):
    """Classify pictures of any extents by a stem and stages of inception blocks.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    widths
        Channels of the stem, then of the block of each stage, multiples of 8: a quarter from the
        window of one pixel, a half from that of three, an eighth each from that of five and from
        the maximum, as in the first block of the paper. Each stage begins with a maximum by two.
    rngs
        Source of the random start.

    Attributes
    ----------
    feature_channels, strides : tuple of int
        Of the maps of stem and stages: channels, and how many times smaller they are.

    Raises
    ------
    SeqcnnError
        A width is no multiple of 8.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 3),
        classes: int = 10,
        *,
        widths: Sequence[int] = (32, 64, 128),
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if not widths or any(width < 8 or width % 8 for width in widths):
            raise SeqcnnError(f"`widths` must be multiples of 8, not {tuple(widths)}")
        self.stem = ConvNormActivation(self.channels, widths[0], (3,) * self.rank, rngs=rngs)
        before, stages = widths[0], []
        for width in widths[1:]:
            eighth = width // 8
            sizes = (2 * eighth, 3 * eighth, 4 * eighth, max(1, eighth // 2), eighth, eighth)
            stages.append(Inception(before, *sizes, rank=self.rank, rngs=rngs))
            before = width
        self.stages = nnx.List(stages)
        self.head = Dense(before, classes, rngs=rngs)
        self.feature_channels = tuple(widths)
        self.strides = tuple(2**stage for stage in range(len(widths)))

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> list[jax.Array]:
        """Map `x` float (n, *space, channels) to the maps of stem and stages, the finest first."""
        maps = [self.stem(self.check(x, any_space=True), rngs=rngs)]
        for block in self.stages:
            maps.append(block(max_pool(maps[-1], (2,) * self.rank), rngs=rngs))
        return maps

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        return self.head(global_pool(self.features(x, rngs=rngs)[-1], "mean"))
