"""Every layer of `seqcnn.nn` in one table: each property of a layer is one test over all rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.nn import conv, layers, pool


class Function(nnx.Module):
    """A function without weights, dressed as a layer."""

    def __init__(self, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        self.function, self.args, self.options = function, args, tuple(options.items())

    def __call__(self, x: Any) -> Any:
        return self.function(x, *self.args, **dict(self.options))


class WithWeight(nnx.Module):
    """A function of an input and one weight, dressed as a layer."""

    def __init__(self, function: Callable[..., Any], shape: tuple[int, ...]) -> None:
        self.function = function
        self.weight = nnx.Param(jnp.linspace(-1, 1, math.prod(shape)).reshape(shape))

    def __call__(self, x: Any) -> Any:
        return self.function(x, self.weight[...])


@dataclass(frozen=True)
class Row:
    """A layer: its name, how to build it, and the shapes of what goes in and comes out."""

    name: str
    build: Callable[[nnx.Rngs], nnx.Module]
    shape_in: tuple[int, ...]
    shape_out: tuple[int, ...]
    covers: Any
    """The public thing of `seqcnn.nn` that this row is about."""

    def input(self, dtype: type = np.float32) -> np.ndarray:
        return np.random.default_rng(0).normal(size=self.shape_in).astype(dtype)


TABLE = [
    Row(
        "conv",
        lambda rngs: WithWeight(partial(conv.conv, stride=2, padding="same"), (3, 4, 2)),
        (2, 9, 4),
        (2, 5, 2),
        conv.conv,
    ),
    Row("conv 1-D", lambda rngs: conv.Conv(4, 6, 5, rngs=rngs), (2, 12, 4), (2, 8, 6), conv.Conv),
    Row(
        "conv 2-D",
        lambda rngs: conv.Conv(2, 4, (3, 2), stride=2, padding=1, rngs=rngs),
        (2, 7, 5, 2),
        (2, 4, 3, 4),
        conv.Conv,
    ),
    Row(
        "conv 2-D over letters",
        lambda rngs: conv.Conv(1, 3, (3, 4), bias=False, rngs=rngs),
        (2, 7, 4, 1),
        (2, 5, 1, 3),
        conv.Conv,
    ),
    Row(
        "conv grouped",
        lambda rngs: conv.Conv(4, 8, 3, groups=4, padding="same", rngs=rngs),
        (2, 6, 4),
        (2, 6, 8),
        conv.Conv,
    ),
    Row(
        "conv 3-D dilated",
        lambda rngs: conv.Conv(1, 2, (2, 2, 2), dilation=2, rngs=rngs),
        (1, 4, 4, 5, 1),
        (1, 2, 2, 3, 2),
        conv.Conv,
    ),
    Row("dense", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 5), (2, 3), layers.Dense),
    Row(
        "dense 3-D", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 4, 5), (2, 4, 3), layers.Dense
    ),
    Row("dropout", lambda rngs: Function(layers.dropout, 0.5), (2, 5), (2, 5), layers.dropout),
    Row(
        "add_bias",
        lambda rngs: WithWeight(conv.add_bias, (3,)),
        (2, 4, 3),
        (2, 4, 3),
        conv.add_bias,
    ),
    Row("max_pool", lambda rngs: Function(pool.max_pool, 2), (2, 7, 3), (2, 3, 3), pool.max_pool),
    Row("min_pool", lambda rngs: Function(pool.min_pool, 2), (2, 7, 3), (2, 3, 3), pool.min_pool),
    Row(
        "mean_pool",
        lambda rngs: Function(pool.mean_pool, (3, 2), stride=1, padding="same"),
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        pool.mean_pool,
    ),
    *(
        Row(
            f"global_pool {kind}",
            lambda rngs, kind=kind: Function(pool.global_pool, kind=kind),
            (2, 5, 4, 3),
            (2, 3),
            pool.global_pool,
        )
        for kind in ("max", "mean", "min")
    ),
]

NOT_LAYERS = {conv.conv_output_size, conv.per_axis, conv.pad_pairs}
CODES = {layers.one_hot, layers.valid_windows, layers.ShareTable}
"""They read codes, not floats, and have tests of their own."""
