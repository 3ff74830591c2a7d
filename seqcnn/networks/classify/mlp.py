"""A multi-layer perceptron: dense layers that see all pixels at once, and know no neighbours.

Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0. What convolutions are worth is what a
network with them adds to this one.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import jax
from flax import nnx

from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense, Dropout


class MLP(ImageNetwork):
    """Classify by dense layers alone.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    hidden
        Neurons of each hidden layer.
    dropout
        Share of the neurons that is dropped behind each hidden layer, in training.
    rngs
        Source of the random start.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> MLP((8, 8, 1), 3, rngs=nnx.Rngs(0))(jnp.zeros((2, 8, 8, 1))).shape
    (2, 3)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 1),
        classes: int = 10,
        *,
        hidden: Sequence[int] = (128, 64),
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        sizes = (math.prod(self.space) * self.channels, *hidden)
        layers: list[Callable[..., jax.Array]] = []
        for before, after in itertools.pairwise(sizes):
            layers += [Dense(before, after, kernel_init=KERNEL_INIT, rngs=rngs), nnx.relu]
            layers += [Dropout(dropout)] if dropout else []
        self.dense = Sequential(*layers, Dense(sizes[-1], classes, rngs=rngs))

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        return self.dense(self.check(x).reshape(len(x), -1), rngs=rngs)
