"""The recurrent layer."""

import jax
import numpy as np
from flax import nnx

from seqcnn.nn import recurrent

from ..rows import Row


class Masked(nnx.Module):
    """The layer from right to left, with padding, dressed as a layer of one argument."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.layer = recurrent.LSTM(3, 2, reverse=True, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.layer(x, np.arange(5) < np.array([[4], [2]])[: len(x)])


ROWS = [
    Row("lstm", lambda rngs: recurrent.LSTM(3, 2, rngs=rngs), (2, 5, 3), (2, 5, 2), recurrent.LSTM),
    Row("lstm backward, with padding", Masked, (2, 5, 3), (2, 5, 2), recurrent.LSTM),
]
