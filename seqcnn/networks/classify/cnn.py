"""Sequential convolutional networks: stages of convolutions and pooling, then dense layers.

One class for signals (CNN 1-D), pictures (CNN 2-D) and volumes (CNN 3-D): the rank is that of the
input.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import ConvNormActivation, SeparableConv, Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense, Dropout
from seqcnn.nn.pool import max_pool, mean_pool

POOLS = {"max": max_pool, "mean": mean_pool}
"""What ends a stage."""


class CNN(ImageNetwork):
    """Classify by stages of convolutions, each of which ends in pooling by two.

    Parameters
    ----------
    input_shape
        (*space, channels); each axis of space must last for all the halvings.
    classes
        Outputs.
    channels
        Kernels of the convolutions of each stage.
    convs
        Convolutions of a stage.
    window
        Pixels of a kernel in each axis, an odd number: a map keeps its extents.
    pool
        ``"max"`` or ``"mean"``.
    hidden
        Neurons of each dense layer before the last.
    norm
        Whether batch norm follows each convolution.
    separable
        Whether all convolutions but the first are depthwise, then pointwise; these have batch norm.
    dropout
        Share of the numbers that is dropped before each dense layer, in training.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        The picture is too small for so many stages, or an option is unknown or out of range.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> volumes = jnp.zeros((2, 8, 8, 8, 1))
    >>> CNN((8, 8, 8, 1), 3, channels=(4, 8), rngs=nnx.Rngs(0))(volumes).shape
    (2, 3)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 1),
        classes: int = 10,
        *,
        channels: Sequence[int] = (16, 32, 64),
        convs: int = 1,
        window: int = 3,
        pool: str = "max",
        hidden: Sequence[int] = (),
        norm: bool = True,
        separable: bool = False,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        check_sizes(convs=convs, window=window)
        if pool not in POOLS or not window % 2:
            raise SeqcnnError(
                f"`pool` must be 'max' or 'mean' and `window` odd, not {pool!r} and {window}"
            )
        left = tuple(extent >> len(channels) for extent in self.space)
        if min(left) < 1:
            raise SeqcnnError(
                f"{len(channels)} stages halve so often, that pictures of {self.space} vanish: "
                f"give larger ones, or fewer `channels`"
            )
        windows = (window,) * self.rank
        layers: list[Callable[..., jax.Array]] = []
        before = self.channels
        for after in channels:
            for _ in range(convs):
                apart = separable and bool(layers)
                layers += _convolution(before, after, windows, norm, apart, rngs)
                before = after
            layers.append(partial(POOLS[pool], window=(2,) * self.rank))
        self.stages = Sequential(*layers)
        self.dense = _dense((math.prod(left) * before, *hidden, classes), dropout, rngs)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        x = self.stages(self.check(x), rngs=rngs)
        return self.dense(x.reshape(len(x), -1), rngs=rngs)


def _convolution(
    before: int, after: int, window: tuple[int, ...], norm: bool, separable: bool, rngs: nnx.Rngs
) -> list[Callable[..., jax.Array]]:
    """Make a convolution with all that follows it before the next."""
    if separable:
        return [SeparableConv(before, after, window, between=False, rngs=rngs)]
    if norm:
        return [ConvNormActivation(before, after, window, rngs=rngs)]
    sides = tuple(extent // 2 for extent in window)
    conv = Conv(before, after, window, padding=sides, kernel_init=KERNEL_INIT, rngs=rngs)
    return [conv, nnx.relu]


def _dense(sizes: tuple[int, ...], dropout: float, rngs: nnx.Rngs) -> Sequential:
    """Make dense layers with ReLU between them."""
    layers: list[Callable[..., jax.Array]] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nnx.relu] if layers else []
        layers += [Dropout(dropout)] if dropout else []
        layers.append(Dense(before, after, kernel_init=KERNEL_INIT, rngs=rngs))
    return Sequential(*layers)
