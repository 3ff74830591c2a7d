"""From a few numbers to a picture: what variational networks and adversaries share."""

import math
from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.init import DENSE_INIT, KERNEL_INIT
from seqcnn.nn.layers import Dense
from seqcnn.nn.norm import GroupNorm

_WINDOW = 4
"""Of all convolutions: with a stride of 2 every pixel is under as many windows, so that there is no
chequered pattern (Odena, Dumoulin and Olah 2016, doi:10.23915/distill.00003)."""


class Maker(nnx.Module):
    """A dense layer, then two transposed convolutions that each double the extents.

    Parameters
    ----------
    features
        Numbers that come in.
    shape
        (*space, channels) of what goes out; multiples of 4 in space.
    channels
        Of the quarter-size map, and of the half-size one.
    rngs
        Source of the random start.
    """

    def __init__(
        self, features: int, shape: Sequence[int], channels: Sequence[int], *, rngs: nnx.Rngs
    ) -> None:
        self.small = tuple(extent // 4 for extent in shape[:-1])
        rank, (first, second) = len(self.small), channels
        self.dense = Dense(
            features, math.prod(self.small) * first, kernel_init=KERNEL_INIT, rngs=rngs
        )
        window = (_WINDOW,) * rank
        self.up = ConvTranspose(first, second, window, stride=2, padding=1, rngs=rngs)
        self.last = ConvTranspose(
            second, shape[-1], window, stride=2, padding=1, kernel_init=DENSE_INIT, rngs=rngs
        )
        self.norms = nnx.List([GroupNorm(n, math.gcd(8, n)) for n in (first, second)])

    def __call__(self, z: jax.Array) -> jax.Array:
        """Map float (n, features) to (n, *space, channels)."""
        x = self.dense(z).reshape(len(z), *self.small, -1)
        x = nnx.relu(self.norms[0](x))
        x = nnx.relu(self.norms[1](self.up(x)))
        return self.last(x)


class Reader(nnx.Module):
    """Two convolutions that each halve the extents, and all that is left in one row.

    Parameters
    ----------
    shape
        (*space, channels) of what comes in; multiples of 4 in space.
    channels
        Of the half-size map, and of the quarter-size one.
    rngs
        Source of the random start.

    Attributes
    ----------
    features
        Numbers that go out.
    """

    def __init__(self, shape: Sequence[int], channels: Sequence[int], *, rngs: nnx.Rngs) -> None:
        window = (_WINDOW,) * (len(shape) - 1)
        self.first = Conv(shape[-1], channels[0], window, stride=2, padding=1, rngs=rngs)
        self.second = Conv(channels[0], channels[1], window, stride=2, padding=1, rngs=rngs)
        self.features = math.prod(extent // 4 for extent in shape[:-1]) * channels[1]

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map float (n, *space, channels) to (n, features)."""
        x = nnx.leaky_relu(self.first(x), 0.2)
        x = nnx.leaky_relu(self.second(x), 0.2)
        return x.reshape(len(x), -1)
