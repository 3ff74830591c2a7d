"""ShuffleNet, version 1: pointwise convolutions in groups, whose channels are then shuffled.

Zhang et al. 2018, arXiv:1707.01083, table 1. No variant of it has the 1.4 million parameters that
some tables give.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential

CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
"""Channels of the second stage, by the number of groups."""

DEPTHS = (4, 8, 4)


class ShuffleNet(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    groups
        Of the pointwise convolutions: 1, 2, 3, 4 or 8.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        The paper has no such number of groups, or the input is too small.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (224, 224, 3),
        classes: int = 1000,
        *,
        groups: int = 3,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.choose(groups=(groups, CHANNELS))
        layers, seen = Layers(self.rank, rngs), 24
        stages: list[Layer] = [layers.unit(self.channels, seen, 3, stride=2), Pool("max", 3, 2, 1)]
        for number, depth in enumerate(DEPTHS):
            after, parts = CHANNELS[groups] * 2**number, []
            for place in range(depth):
                # the stem has too few channels for groups
                few = 1 if number == 0 and place == 0 else groups
                parts.append(_unit(layers, seen, after, (few, groups), smaller=place == 0))
                seen = after
            stages.append(Sequential(*parts))
        self.begin(*stages)
        self.head = Head(layers, seen, classes)


class _Smaller(nnx.Module):
    """A branch of stride 2 with the averages of its input beside it."""

    def __init__(self, branch: Layer) -> None:
        self.branch, self.pool = branch, Pool("mean", 3, 2, 1, count_include_pad=True)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, channels) to half of the extents."""
        return nnx.relu(jnp.concatenate([self.pool(x), self.branch(x, rngs=rngs)], axis=-1))


class _Shuffle(nnx.Module):
    """Deals the channels of each group out to all groups."""

    def __init__(self, groups: int) -> None:
        self.groups = groups

    def __call__(self, x: jax.Array) -> jax.Array:
        """Reorder the channels of `x` float (n, *space, channels)."""
        split = x.reshape(*x.shape[:-1], self.groups, -1)
        return split.swapaxes(-1, -2).reshape(x.shape)


def _unit(
    layers: Layers, seen: int, after: int, groups: tuple[int, int], *, smaller: bool
) -> Layer:
    inside, made = after // 4, after - seen if smaller else after
    branch = Sequential(
        layers.unit(seen, inside, 1, groups=groups[0]),
        _Shuffle(groups[1]),
        layers.unit(inside, inside, 3, stride=2 if smaller else 1, groups=inside, activation=None),
        layers.unit(inside, made, 1, groups=groups[1], activation=None),
    )
    return _Smaller(branch) if smaller else Residual(branch)
