"""What networks for arrays are built of: layers of one rank, pools, heads, and stages.

Padding is that of the references: explicit, half of the window on both sides unless said otherwise.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import ConvNormActivation, Layer, Sequential
from seqcnn.nn.conv import Conv, Padding
from seqcnn.nn.geometry import conv_output_size
from seqcnn.nn.init import DENSE_INIT, KERNEL_INIT
from seqcnn.nn.layers import Dense, dropout
from seqcnn.nn.local_response import local_response_norm
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import adaptive_mean_pool, global_pool, max_pool, mean_pool

Window = int | tuple[int, ...]
"""An extent for all axes of space, or one for each."""


@dataclass(frozen=True)
class Layers:
    """Makes the layers of one network: of its rank, from its source of randomness.

    Parameters
    ----------
    rank
        Axes of space.
    rngs
        Source of the random start.
    norm
        Options of the normalisations: `eps`, `momentum`, `scale`.
    activation
        Of each `unit` that does not say another.
    """

    rank: int
    rngs: nnx.Rngs
    norm: dict[str, Any] = field(default_factory=dict)
    activation: Callable[[jax.Array], jax.Array] = nnx.relu

    def window(self, extent: Window) -> tuple[int, ...]:
        """Give the extent of each axis; the first of several, where there are too few axes."""
        if isinstance(extent, int):
            return (extent,) * self.rank
        return tuple(extent[: self.rank]) + (extent[-1],) * (self.rank - len(extent))

    def conv(self, before: int, after: int, extent: Window, **options: Any) -> Conv:
        """Make a convolution with a bias, half padding by default."""
        return Conv(before, after, self.window(extent), **self._own(extent, options))

    def unit(self, before: int, after: int, extent: Window, **options: Any) -> ConvNormActivation:
        """Make a convolution with normalisation and activation, half padding by default."""
        given = {"activation": self.activation, **self.norm, **options}
        return ConvNormActivation(before, after, self.window(extent), **self._own(extent, given))

    def batch_norm(self, channels: int) -> BatchNorm:
        """Make a normalisation."""
        return BatchNorm(channels, **self.norm)

    def dense(self, before: int, after: int, *, output: bool = False) -> Dense:
        """Make a dense layer, before an activation or for the output."""
        start = DENSE_INIT if output else KERNEL_INIT
        return Dense(before, after, kernel_init=start, rngs=self.rngs)

    def _own(self, extent: Window, options: dict[str, Any]) -> dict[str, Any]:
        half = tuple((k - 1) // 2 for k in self.window(extent))
        return {"kernel_init": KERNEL_INIT, "padding": half, **options, "rngs": self.rngs}


class Pool(nnx.Module):
    """Pooling as a layer that compares by what it does.

    Parameters
    ----------
    kind
        ``"max"`` or ``"mean"``.
    window, stride, padding, ceil_mode, count_include_pad
        As in `max_pool` and `mean_pool`.
    """

    def __init__(
        self,
        kind: Literal["max", "mean"],
        window: int = 2,
        stride: int | None = None,
        padding: Padding = 0,
        *,
        ceil_mode: bool = False,
        count_include_pad: bool = False,
    ) -> None:
        self.kind, self.window, self.ceil_mode = kind, window, ceil_mode
        self.stride, self.padding = window if stride is None else stride, padding
        self.count_include_pad = count_include_pad

    def __call__(self, x: jax.Array) -> jax.Array:
        """Pool `x` float (n, *space, channels)."""
        place: dict[str, Any] = {
            "stride": self.stride, "padding": self.padding, "ceil_mode": self.ceil_mode,
        }  # fmt: skip
        if self.kind == "max":
            return max_pool(x, self.window, **place)
        return mean_pool(x, self.window, count_include_pad=self.count_include_pad, **place)


class LocalResponseNorm(nnx.Module):
    """`local_response_norm` as a layer that compares by what it does."""

    def __init__(self, **options: Any) -> None:
        self.options = tuple(sorted(options.items()))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Normalise `x` float (n, *space, channels)."""
        return local_response_norm(x, **dict(self.options))


class Head(nnx.Module):
    """The mean of all positions, dropout, a dense layer.

    Parameters
    ----------
    layers
        Of the network.
    channels, classes
        What comes in, and what goes out.
    rate
        Share of the means that are dropped in training.
    """

    def __init__(self, layers: Layers, channels: int, classes: int, rate: float = 0.0) -> None:
        self.rate, self.dense = rate, layers.dense(channels, classes, output=True)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to float (n, classes)."""
        return self.dense(dropout(global_pool(x, "mean"), self.rate, rngs))


def toward_auxiliary(x: jax.Array, positions: int) -> jax.Array:
    """Average `x` float (n, *space, channels) down to a number of positions an axis.

    As in the papers, windows of 5 at every third position, where that gives this number (for
    pictures of the customary size); else windows of even extents.
    """
    if all(conv_output_size(extent, 5, stride=3) == positions for extent in x.shape[1:-1]):
        return mean_pool(x, 5, stride=3)
    return adaptive_mean_pool(x, positions)


class Branches(nnx.Module):
    """Several ways for the same input, whose results are joined along the channels."""

    def __init__(self, *branches: Layer) -> None:
        self.branches = nnx.List(Sequential(branch) for branch in branches)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to as many positions, or fewer."""
        return jnp.concatenate([branch(x, rngs=rngs) for branch in self.branches], axis=-1)


class StagedNetwork(ImageNetwork):
    """A backbone: stages that make maps smaller and smaller, then a head.

    A class below it sets `stages`, by `begin`, and `head`.

    Attributes
    ----------
    strides : tuple of int
        How many times smaller than the input the map behind each stage is, rounded up or down.
    smallest : int
        Extent that each axis of the input needs.
    """

    strides: tuple[int, ...] = (2, 4, 8, 16, 32)
    smallest = 32
    head: Any

    def choose(self, **options: tuple[Any, Iterable[Any]]) -> None:
        """Raise if an option is none of those that there are: its value, and these."""
        for name, (value, known) in options.items():
            if value not in known:
                raise SeqcnnError(
                    f"`{name}` must be one of {', '.join(map(str, known))}, not {value!r}"
                )

    def begin(self, *stages: Layer) -> None:
        """Set the stages; raise if the input is smaller than they need."""
        if min(self.space) < self.smallest:
            raise SeqcnnError(
                f"{type(self).__name__} needs {self.smallest} positions or more in each axis, "
                f"`input_shape` has {self.space}: enlarge what it reads"
            )
        self.stages = nnx.List(Sequential(stage) for stage in stages)

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> tuple[jax.Array, ...]:
        """Compute the map behind each stage.

        Parameters
        ----------
        x
            float (n, *space, channels), of any extents.
        rngs
            Source of randomness in training; None to predict.

        Returns
        -------
        tuple of jax.Array
            float (n, *positions, channels) each, from the finest to the coarsest.
        """
        x, maps = self.check(x, any_space=True), []
        for stage in self.stages:
            x = stage(x, rngs=rngs)
            maps.append(x)
        return tuple(maps)

    @property
    def feature_channels(self) -> tuple[int, ...]:
        """Channels of each map of `features`."""
        blank = jax.ShapeDtypeStruct((1, *self.space, self.channels), jnp.float32)
        return tuple(made.shape[-1] for made in jax.eval_shape(self.features, blank))

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        return self.head(self.features(x, rngs=rngs)[-1], rngs=rngs)
