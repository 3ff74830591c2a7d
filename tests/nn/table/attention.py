"""Attention."""

import jax
import numpy as np
from flax import nnx

from seqcnn.nn import attention

from ..rows import Function, Row

SIGHT = np.tri(5, k=-1, dtype=bool)
"""Each position sees those before it; the first one sees nothing."""


def _of_itself(x: jax.Array) -> jax.Array:
    return attention.attention(x, x, x[..., :2], mask=SIGHT[None])


class WithMemory(nnx.Module):
    """Attention to the first channels of the input itself, dressed as a layer of one argument."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.layer = attention.MultiHeadAttention(6, 3, memory_channels=2, bias=False, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.layer(x, x[..., 0, :2], np.arange(4) < np.array([[3], [2]])[: len(x)])


ROWS = [
    Row(
        "attention",
        lambda rngs: Function(_of_itself),
        (2, 5, 3),
        (2, 5, 2),
        attention.attention,
    ),
    Row(
        "multi-head attention",
        lambda rngs: attention.MultiHeadAttention(6, 2, rngs=rngs),
        (2, 5, 6),
        (2, 5, 6),
        attention.MultiHeadAttention,
    ),
    Row(
        "multi-head attention to a memory",
        WithMemory,
        (2, 4, 3, 6),
        (2, 4, 3, 6),
        attention.MultiHeadAttention,
    ),
]

NOT_LAYERS = {attention.sinusoidal_positions}
"""It takes no array."""
