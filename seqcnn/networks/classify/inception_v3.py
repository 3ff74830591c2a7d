"""Inception, version 3: long windows made of short ones, one axis after the other.

Szegedy et al. 2016, arXiv:1512.00567, as in TensorFlow-Slim and torchvision. In one dimension the
windows of 1x7 and 7x1 are two of 7.
"""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import (
    Branches,
    Head,
    Layers,
    Pool,
    StagedNetwork,
    toward_auxiliary,
)
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.pool import global_pool

EPS = 1e-3


class InceptionV3(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    auxiliary
        Whether there is the extra output that helps training (`auxiliary_logits`).
    rate
        Share of the means that are dropped before the output in training.
    variant
        ``"torchvision"``, or ``"keras"``, whose normalisations have no factor and whose average
        pooling, as there, counts no padding.
    rngs
        Source of the random start.
    """

    smallest = 75

    def __init__(
        self,
        input_shape: Sequence[int] = (299, 299, 3),
        classes: int = 1000,
        *,
        auxiliary: bool = False,
        rate: float = 0.5,
        variant: str = "torchvision",
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        self.choose(variant=(variant, ("torchvision", "keras")))
        keras = variant == "keras"
        layers = Layers(self.rank, rngs, {"eps": EPS, "scale": not keras})
        make = _Blocks(layers, count_include_pad=not keras)
        unit = layers.unit
        self.begin(
            Sequential(
                unit(self.channels, 32, 3, stride=2, padding=0), unit(32, 32, 3, padding=0),
                unit(32, 64, 3),
            ),
            Sequential(Pool("max", 3, 2), unit(64, 80, 1), unit(80, 192, 3, padding=0)),
            Sequential(Pool("max", 3, 2), make.a(192, 32), make.a(256, 64), make.a(288, 64)),
            Sequential(make.b(288), *(make.c(768, inside) for inside in (128, 160, 160, 192))),
            Sequential(make.d(768), make.e(1280), make.e(2048)),
        )  # fmt: skip
        self.head = Head(layers, 2048, classes, rate)
        self.extra = _Auxiliary(layers, classes) if auxiliary else None

    def auxiliary_logits(
        self, x: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> tuple[jax.Array, jax.Array]:
        """Score `x` by the output and by the extra one, which weighs 0.4 of it.

        Raises
        ------
        SeqcnnError
            The network was made without it.
        """
        if self.extra is None:
            raise SeqcnnError("there is no extra output: make the network with `auxiliary=True`")
        maps = self.features(x, rngs=rngs)
        return self.head(maps[-1], rngs=rngs), self.extra(maps[-2], rngs=rngs)


class _Auxiliary(nnx.Module):
    """The extra output, from the map of stride 16."""

    def __init__(self, layers: Layers, classes: int) -> None:
        self.first = layers.unit(768, 128, 1)
        self.second = layers.unit(128, 768, 5, padding=0)
        self.output = layers.dense(768, classes, output=True)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, *space, 768) to float (n, classes)."""
        x = self.second(self.first(toward_auxiliary(x, 5), rngs=rngs), rngs=rngs)
        return self.output(global_pool(x, "mean"))


class _Blocks:
    """Makes the blocks of one network, named as in torchvision."""

    def __init__(self, layers: Layers, *, count_include_pad: bool) -> None:
        self.layers, self.count = layers, count_include_pad

    def pooled(self, seen: int, after: int) -> Layer:
        pool = Pool("mean", 3, 1, 1, count_include_pad=self.count)
        return Sequential(pool, self.layers.unit(seen, after, 1))

    def a(self, seen: int, after: int) -> Layer:
        unit = self.layers.unit
        return Branches(
            unit(seen, 64, 1),
            Sequential(unit(seen, 48, 1), unit(48, 64, 5)),
            Sequential(unit(seen, 64, 1), unit(64, 96, 3), unit(96, 96, 3)),
            self.pooled(seen, after),
        )

    def b(self, seen: int) -> Layer:
        unit = self.layers.unit
        end: dict[str, Any] = {"stride": 2, "padding": 0}
        return Branches(
            unit(seen, 384, 3, **end),
            Sequential(unit(seen, 64, 1), unit(64, 96, 3), unit(96, 96, 3, **end)),
            Pool("max", 3, 2),
        )

    def c(self, seen: int, inside: int) -> Layer:
        unit, row, column = self.layers.unit, (1, 7), (7, 1)
        return Branches(
            unit(seen, 192, 1),
            Sequential(
                unit(seen, inside, 1), unit(inside, inside, row), unit(inside, 192, column)
            ),
            Sequential(
                unit(seen, inside, 1), unit(inside, inside, column), unit(inside, inside, row),
                unit(inside, inside, column), unit(inside, 192, row),
            ),
            self.pooled(seen, 192),
        )  # fmt: skip

    def d(self, seen: int) -> Layer:
        unit = self.layers.unit
        end: dict[str, Any] = {"stride": 2, "padding": 0}
        return Branches(
            Sequential(unit(seen, 192, 1), unit(192, 320, 3, **end)),
            Sequential(
                unit(seen, 192, 1), unit(192, 192, (1, 7)), unit(192, 192, (7, 1)),
                unit(192, 192, 3, **end),
            ),
            Pool("max", 3, 2),
        )  # fmt: skip

    def e(self, seen: int) -> Layer:
        unit = self.layers.unit

        def both(before: int) -> Layer:
            return Branches(unit(before, 384, (1, 3)), unit(before, 384, (3, 1)))

        return Branches(
            unit(seen, 320, 1),
            Sequential(unit(seen, 384, 1), both(384)),
            Sequential(unit(seen, 448, 1), unit(448, 384, 3), both(384)),
            self.pooled(seen, 192),
        )
