"""LeNet-5: two convolutions, two poolings, three dense layers.

LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791, as it is taught today: all channels of
the second layer see all of the first, pooling has no weights, the outputs are logits.
`seqcnn.reference.lenet` is the same in NumPy alone.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense
from seqcnn.nn.pool import max_pool, mean_pool
from seqcnn.reference.lenet import LeNet as NumpyLeNet

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {"tanh": jnp.tanh, "relu": nnx.relu}


class LeNet(ImageNetwork):
    """Classify small pictures.

    Parameters
    ----------
    input_shape
        (*space, channels); 16 or more in each axis of space.
    classes
        Outputs.
    channels
        Kernels of the two convolutions.
    hidden
        Neurons of the two dense layers.
    pool
        ``"mean"`` as in the paper, or ``"max"``.
    activation
        ``"tanh"`` as in the paper, or ``"relu"``.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        The picture is too small, or an option is unknown.

    Examples
    --------
    >>> import seqcnn
    >>> seqcnn.create("lenet")(jnp.zeros((2, 32, 32, 1))).shape
    (2, 10)
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 1),
        classes: int = 10,
        *,
        channels: Sequence[int] = (6, 16),
        hidden: Sequence[int] = (120, 84),
        pool: str = "mean",
        activation: str = "tanh",
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if pool not in ("mean", "max") or activation not in ACTIVATIONS:
            raise SeqcnnError(
                f"`pool` must be 'mean' or 'max' and `activation` 'tanh' or 'relu', not {pool!r} "
                f"and {activation!r}"
            )
        if min(self.space) < 16:
            raise SeqcnnError(f"LeNet needs 16 pixels or more in each axis, not {self.space}")
        self.pool, self.activation = pool, activation
        act = ACTIVATIONS[activation]
        window, rank = (5,) * self.rank, self.rank
        self.first = Conv(self.channels, channels[0], window, kernel_init=KERNEL_INIT, rngs=rngs)
        self.second = Conv(channels[0], channels[1], window, kernel_init=KERNEL_INIT, rngs=rngs)
        left = math.prod(((extent - 4) // 2 - 4) // 2 for extent in self.space)
        sizes = (left * channels[1], *hidden)
        layers: list[Callable[..., jax.Array]] = []
        for before, after in itertools.pairwise(sizes):
            layers += [Dense(before, after, kernel_init=KERNEL_INIT, rngs=rngs), act]
        self.dense = Sequential(*layers, Dense(sizes[-1], classes, rngs=rngs))
        self.act, self.window = act, (2,) * rank

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels)."""
        pooled = max_pool if self.pool == "max" else mean_pool
        x = self.check(x)
        for conv in (self.first, self.second):
            x = pooled(self.act(conv(x)), self.window)
        return self.dense(x.reshape(len(x), -1))


def to_numpy(network: LeNet) -> NumpyLeNet:
    """Give the network in NumPy that has the same options and weights.

    Raises
    ------
    SeqcnnError
        `network` has not two axes of space.
    """
    weights = {name: np.array(weight[...]) for name, weight in _weights(network)}
    outputs = {name: w.shape[-1] for name, w in weights.items() if name.endswith(".kernel")}
    channels = [outputs.pop(f"{name}.kernel") for name in ("first", "second")]
    twin = NumpyLeNet(
        (*network.space, network.channels),
        network.classes,
        channels=channels,
        hidden=list(outputs.values())[:-1],
        pool=network.pool,
        activation=network.activation,
    )
    twin.weights = weights
    return twin


def from_numpy(network: NumpyLeNet, twin: LeNet) -> None:
    """Give `twin` the weights of a network in NumPy that has the same options.

    Raises
    ------
    SeqcnnError
        The two have weights of other shapes.
    """
    for name, weight in _weights(twin):
        given = network.weights.get(name)
        if given is None or given.shape != weight.shape:
            found = "none" if given is None else given.shape
            raise SeqcnnError(
                f"the weight {name!r} is {found}, the network takes {weight.shape}: give both "
                f"networks the same options"
            )
        weight[...] = jnp.asarray(given, weight.dtype)


def _weights(network: LeNet) -> list[tuple[str, nnx.Param]]:
    """Name the weights as the twin does."""
    flat = nnx.to_flat_state(nnx.state(network, nnx.Param))
    return [(".".join(map(str, path)), weight) for path, weight in flat]
