"""The small layers."""

import jax
from flax import nnx

from seqcnn.nn import layers, learnables

from ..rows import Function, Row


def _half_of_the_branches(x: jax.Array) -> jax.Array:
    return layers.stochastic_depth(x, 0.5, nnx.Rngs(dropout=1))


def _half_of_the_channels(x: jax.Array) -> jax.Array:
    return layers.channel_dropout(x, 0.5, nnx.Rngs(dropout=1))


ROWS = [
    Row("dense", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 5), (2, 3), layers.Dense),
    Row(
        "dense 3-D", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 4, 5), (2, 4, 3), layers.Dense
    ),
    Row("dropout", lambda rngs: Function(layers.dropout, 0.5), (2, 5), (2, 5), layers.dropout),
    Row("dropout as a layer", lambda rngs: layers.Dropout(0.5), (2, 5), (2, 5), layers.Dropout),
    Row(
        "channel_dropout",
        lambda rngs: Function(_half_of_the_channels),
        (4, 3, 5),
        (4, 3, 5),
        layers.channel_dropout,
    ),
    Row(
        "stochastic_depth",
        lambda rngs: Function(_half_of_the_branches),
        (4, 3, 5),
        (4, 3, 5),
        layers.stochastic_depth,
    ),
]

NOT_LAYERS = {
    layers.check_rate,
    layers.one_hot,
    layers.valid_windows,
    layers.ShareTable,
    learnables.count_learnables,
}
"""They read codes or counts, not floats, and have tests of their own."""
