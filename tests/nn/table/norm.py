"""The normalisations."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.nn import norm
from seqcnn.nn.moments import Moments

from ..rows import Function, Row

INSIDE = np.arange(6) < np.array([[4], [6], [1]])


class Training(nnx.Module):
    """A layer that is told to train."""

    def __init__(self, layer: nnx.Module) -> None:
        self.layer = layer

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.layer(x, training=True)


def _batch(x: jax.Array, mask: np.ndarray | None = None) -> jax.Array:
    start = Moments(jnp.zeros(x.shape[-1], x.dtype), jnp.ones(x.shape[-1], x.dtype))
    return norm.batch_norm(x, start, mask=mask, training=True)[0]


def _batch_inside(x: jax.Array) -> jax.Array:
    return _batch(x, INSIDE[: len(x)])


def _batch_of_nothing(x: jax.Array) -> jax.Array:
    return _batch(x, INSIDE[: len(x)] & False)


def _groups_inside(x: jax.Array) -> jax.Array:
    return norm.group_norm(x, 2, mask=INSIDE[: len(x)])


ROWS = [
    Row("batch_norm", lambda rngs: Function(_batch), (3, 6, 2), (3, 6, 2), norm.batch_norm),
    Row(
        "batch_norm masked",
        lambda rngs: Function(_batch_inside),
        (3, 6, 2),
        (3, 6, 2),
        norm.batch_norm,
    ),
    Row(
        "batch_norm of nothing",
        lambda rngs: Function(_batch_of_nothing),
        (3, 6, 2),
        (3, 6, 2),
        norm.batch_norm,
    ),
    Row("batch norm", lambda rngs: norm.BatchNorm(3), (2, 5, 4, 3), (2, 5, 4, 3), norm.BatchNorm),
    Row(
        "batch norm in training",
        lambda rngs: Training(norm.BatchNorm(3, rngs=rngs)),
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        norm.BatchNorm,
    ),
    Row(
        "batch norm without weights",
        lambda rngs: Training(norm.BatchNorm(2, scale=False, bias=False)),
        (4, 2),
        (4, 2),
        norm.BatchNorm,
    ),
    Row(
        "group_norm masked",
        lambda rngs: Function(_groups_inside),
        (3, 6, 4),
        (3, 6, 4),
        norm.group_norm,
    ),
    Row(
        "group norm",
        lambda rngs: norm.GroupNorm(6, 2, rngs=rngs),
        (2, 3, 4, 6),
        (2, 3, 4, 6),
        norm.GroupNorm,
    ),
    Row(
        "instance norm",
        lambda rngs: norm.GroupNorm(2, 2, scale=False),
        (2, 3, 2, 3, 2),
        (2, 3, 2, 3, 2),
        norm.GroupNorm,
    ),
]
