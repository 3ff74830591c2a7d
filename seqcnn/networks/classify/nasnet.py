"""NASNet-A: cells that a search has found, stacked (Zoph et al. 2018, arXiv:1707.07012).

As in Keras and TensorFlow-Slim: the paths that halve the extents pad as ``"same"`` does.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.layers import check_rate, stochastic_depth

VARIANTS: dict[str, dict[str, Any]] = {
    "nasnetmobile": {
        "width": 1056,
        "depth": 4,
        "stem": 32,
        "skip": False,
        "input_shape": (224, 224, 3),
    },
    "nasnetlarge": {
        "width": 4032,
        "depth": 6,
        "stem": 96,
        "drop": 0.3,
        "input_shape": (331, 331, 3),
    },
}
"""Channels of the last map, cells of each stage, channels of the stem and so on, by name."""


class NASNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    width
        Channels of the last map.
    depth
        Cells of each of the three stages.
    stem
        Channels of the first convolution.
    skip
        Whether the cell behind a cell that halves the extents reads the map before that one's
        input, in place of the input.
    rate
        Share of the means that are dropped before the output in training.
    drop
        Share of the examples for which a way through the last cell is left out, in training; it
        rises with the depth (the paper's ScheduledDropPath, without the rise with time).
    rngs
        Source of the random start.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (331, 331, 3),
        classes: int = 1000,
        *,
        width: int = 4032,
        depth: int = 6,
        stem: int = 96,
        skip: bool = True,
        rate: float = 0.5,
        drop: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, {"eps": 1e-3, "momentum": 3e-4})
        filters = width // 24
        check_rate(drop, "drop")
        make = _Cells(layers, stem, skip=skip, drop=drop / (3 * depth + 4))
        self.skip = skip
        self.first = layers.unit(self.channels, stem, 3, stride=2, padding=0, activation=None)
        stages = [[make(filters // 4, halves=True)], [make(filters // 2, halves=True)]]
        for number in range(3):
            channels = filters * 2**number
            ahead = [make(channels, halves=True, late=True)] if number else []
            stages.append(ahead + [make(channels) for _ in range(depth)])
        self.begin()
        self.cells = nnx.List(nnx.List(stage) for stage in stages)
        self.head = Head(layers, make.map.channels, classes, rate)

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> tuple[jax.Array, ...]:
        """Compute the map behind each stage, as in `StagedNetwork`."""
        x = self.first(self.check(x, any_space=True), rngs=rngs)
        before: jax.Array | None = None
        maps = []
        for number, stage in enumerate(self.cells):
            if number != 2:  # the second cell of the stem is of the same extents as the third stage
                maps.append(x)
            for cell in stage:
                made = cell(x, before, rngs=rngs)
                before = before if self.skip and number > 2 and cell.halves else x
                x = made
        return (*(nnx.relu(found) for found in maps), nnx.relu(x))


class _Map(NamedTuple):
    """What is known of a map: its channels, and how often its extents were halved."""

    channels: int
    halvings: int


class _Cells:
    """Makes cells one after the other, and knows the two maps that each of them reads.

    Ways through each cell are left out more often by `drop`.
    """

    def __init__(self, layers: Layers, stem: int, *, skip: bool, drop: float) -> None:
        self.layers, self.skip, self.drop, self.made = layers, skip, drop, 0
        self.map, self.before = _Map(stem, 0), _Map(0, -1)

    def __call__(
        self, channels: int, *, halves: bool = False, late: bool = False
    ) -> "NormalCell | ReductionCell":
        """Make the next cell; a `late` one is behind the stem."""
        kind = ReductionCell if halves else NormalCell
        larger = self.before.halvings < self.map.halvings
        earlier = self.before.channels or None
        cell = kind(
            self.layers, self.map.channels, earlier, channels, larger=larger and bool(earlier)
        )
        self.made += 1
        cell.drop = self.drop * self.made
        self.before = self.before if self.skip and late and halves else self.map
        times = 4 if halves else 6
        self.map = _Map(times * channels, self.map.halvings + halves)
        return cell


class Adjust(nnx.Module):
    """Brings the earlier map to the extents and channels of a cell.

    Parameters
    ----------
    layers
        Of the network.
    seen, channels
        Channels before and after.
    larger
        Whether the map is twice as large: then two averages of every other position, one of them
        shifted by one, are joined.
    """

    def __init__(self, layers: Layers, seen: int, channels: int, *, larger: bool) -> None:
        self.larger = larger
        if larger:
            self.pool = Pool("mean", 1, 2)
            self.left = layers.conv(seen, channels // 2, 1, bias=False)
            self.right = layers.conv(seen, channels - channels // 2, 1, bias=False)
        else:
            self.left = layers.conv(seen, channels, 1, bias=False)
        self.norm = layers.batch_norm(channels)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, seen) to the extents and channels of the cell."""
        x = nnx.relu(x)
        if not self.larger:
            return self.norm(self.left(x), training=rngs is not None)
        shifted = x[(slice(None), *(slice(1, None),) * (x.ndim - 2))]
        shifted = jnp.pad(shifted, ((0, 0), *((0, 1),) * (x.ndim - 2), (0, 0)))
        parts = [self.left(self.pool(x)), self.right(self.pool(shifted))]
        return self.norm(jnp.concatenate(parts, axis=-1), training=rngs is not None)


def _separable(
    layers: Layers, seen: int, channels: int, extent: int, *, stride: int = 1
) -> Sequential:
    """Make two separable convolutions with ReLU ahead of each; the first has the stride."""
    return Sequential(
        nnx.relu,
        layers.conv(seen, seen, extent, stride=stride, groups=seen, bias=False, padding="same"),
        layers.unit(seen, channels, 1),
        layers.conv(channels, channels, extent, groups=channels, bias=False, padding="same"),
        layers.unit(channels, channels, 1, activation=None),
    )


class _Cell(nnx.Module):
    """What both kinds of cell begin with, and their ways."""

    drop = 0.0

    def ways(self, rngs: nnx.Rngs | None) -> Callable[..., jax.Array]:
        """Give what sends a map through a layer, and leaves its result out now and then."""

        def way(layer: Layer, x: jax.Array) -> jax.Array:
            made = layer(x) if isinstance(layer, Pool) else layer(x, rngs=rngs)
            return stochastic_depth(made, self.drop, rngs)

        return way

    def begin(
        self, layers: Layers, seen: int, earlier: int | None, channels: int, *, larger: bool
    ) -> int:
        """Make what brings both maps to the channels of the cell; return those of the earlier."""
        fits = earlier is None or (earlier == channels and not larger)
        self.adjust = None if fits else Adjust(layers, earlier or 0, channels, larger=larger)
        self.squeeze = Sequential(nnx.relu, layers.unit(seen, channels, 1, activation=None))
        return seen if earlier is None else channels

    def both(
        self, x: jax.Array, before: jax.Array | None, rngs: nnx.Rngs | None
    ) -> tuple[jax.Array, jax.Array]:
        """Give the map and the earlier one, which is the map as it came where there is none."""
        earlier = x if before is None else before
        if self.adjust is not None:
            earlier = self.adjust(earlier, rngs=rngs)
        return self.squeeze(x, rngs=rngs), earlier


class NormalCell(_Cell):
    """A cell that keeps the extents.

    Parameters
    ----------
    layers
        Of the network.
    seen, earlier
        Channels of the map that it reads, and of the one before that.
    channels
        Of each of the parts that it joins.
    larger
        Whether the earlier map is twice as large.
    """

    halves = False

    def __init__(
        self, layers: Layers, seen: int, earlier: int | None, channels: int, *, larger: bool
    ) -> None:
        p = self.begin(layers, seen, earlier, channels, larger=larger)

        def separable(before: int, extent: int) -> Sequential:
            return _separable(layers, before, channels, extent)

        self.left1, self.right1 = separable(channels, 5), separable(p, 3)
        self.left2, self.right2 = separable(p, 5), separable(p, 3)
        self.left5 = separable(channels, 3)
        self.pool = Pool("mean", 3, 1, 1)

    def __call__(
        self, x: jax.Array, before: jax.Array | None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Map `x` and the map before it to a new one."""
        h, p = self.both(x, before, rngs)
        way = self.ways(rngs)
        parts = [
            p,
            way(self.left1, h) + way(self.right1, p),
            way(self.left2, p) + way(self.right2, p),
            way(self.pool, h) + p,
            way(self.pool, p) + way(self.pool, p),
            way(self.left5, h) + h,
        ]
        return jnp.concatenate(parts, axis=-1)


class ReductionCell(_Cell):
    """A cell that halves the extents; parameters as in `NormalCell`."""

    halves = True

    def __init__(
        self, layers: Layers, seen: int, earlier: int | None, channels: int, *, larger: bool
    ) -> None:
        p = self.begin(layers, seen, earlier, channels, larger=larger)

        def smaller(before: int, extent: int) -> Sequential:
            return _separable(layers, before, channels, extent, stride=2)

        self.left1, self.right1 = smaller(channels, 5), smaller(p, 7)
        self.right2, self.right3 = smaller(p, 7), smaller(p, 5)
        self.left4 = _separable(layers, channels, channels, 3)
        self.largest, self.mean = Pool("max", 3, 2), Pool("mean", 3, 2)
        self.near = Pool("mean", 3, 1, 1)

    def __call__(
        self, x: jax.Array, before: jax.Array | None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Map `x` and the map before it to a new one of half the extents."""
        h, p = self.both(x, before, rngs)
        # zeros are part of what is pooled here, as in the references
        padded = jnp.pad(h, ((0, 0), *((n % 2, 1) for n in h.shape[1:-1]), (0, 0)))
        way = self.ways(rngs)
        first = way(self.left1, h) + way(self.right1, p)
        second = way(self.largest, padded) + way(self.right2, p)
        third = way(self.mean, padded) + way(self.right3, p)
        fourth = way(self.near, first) + second
        fifth = way(self.left4, first) + way(self.largest, padded)
        return jnp.concatenate([second, third, fourth, fifth], axis=-1)
