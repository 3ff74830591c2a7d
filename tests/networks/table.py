"""The table of networks for sequences: how each is built small, for tests of what all must do.

To compile takes most of the time of these tests. Therefore weights are drawn in NumPy, calls are
compiled whole, and all tests of a row ask for the same shapes as far as they can: what is compiled
for one of them is there for the others.
"""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PAD, Alphabet

LENGTHS = (40, 23, 9, 4, 1, 0)
"""Longer than the windows of all networks, and shorter."""


@dataclass(frozen=True)
class Row:
    """A network of the zoo, small.

    Parameters
    ----------
    id
        Of the test.
    name
        In the zoo.
    options
        What makes it small; without dropout, so that training is the same in any batch.
    first
        The path of the weight that reads letters.
    """

    id: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    first: tuple[str | int, ...] = ()

    def build(self, alphabet: Alphabet = DNA, **options: Any) -> SequenceNetwork:
        """Build it for two tasks, with weights that matter: random biases and moments too."""
        return drawn(self.name, alphabet, **{"tasks": 2, **self.options, **options})


STAGES = {"channels": (6, 4), "widths": (7, 3), "pools": (3, 2), "stage_dropout": 0.0}
BASSET = {**STAGES, "hidden": (8,), "dropout": 0.0}
DEEPSEA = {**BASSET, "pools": (3, 1)}
DILATED = {"channels": 6, "width": 5, "layers": 2, "dropout": 0.0}
HYBRID = {**STAGES, "hidden": (6,), "dropout": 0.0, "mixer_dropout": 0.0}
HYBRID = {**HYBRID, "blocks": 1, "neurons": 8, "heads": 2}
DANQ = {"channels": (6,), "widths": (8,), "pools": (3,), "hidden": (6,), "neurons": 5}
DANQ = {**DANQ, "mixer_dropout": 0.0, "stage_dropout": 0.0}
EXPLAINN = {"units": 6, "width": 7, "hidden": 5, "dropout": 0.0, "pool": 3}
MOTIFS = {"kernels": 6, "width": 7, "hidden": 5, "dropout": 0.0}
TOWER = ("tower", "stages", "layers", 0, "conv", "kernel")

TABLE = [
    Row("motifcnn", "motifcnn", MOTIFS, ("kernel",)),
    Row("motifcnn, max and mean", "motifcnn", {**MOTIFS, "pool": "max_mean"}, ("kernel",)),
    Row("motifcnn, norm", "motifcnn", {**MOTIFS, "norm": True}, ("kernel",)),
    Row("motifcnn, all", "motifcnn", {**MOTIFS, "pool": "max_mean", "norm": True}, ("kernel",)),
    Row("basset", "basset", BASSET, TOWER),
    Row("basset of a length", "basset", {**BASSET, "length": 40}, TOWER),
    Row("basset, valid", "basset", {**BASSET, "padding": "valid"}, TOWER),
    Row("deepsea", "deepsea", DEEPSEA, TOWER),
    Row("dilated", "dilated", DILATED, ("tower", "layers", 0, "conv", "kernel")),
    Row("bpnet", "bpnet", {**DILATED, "channels": 16}, ("tower", "layers", 0, "conv", "kernel")),
    Row("hybrid", "hybrid", HYBRID, TOWER),
    Row("hybrid of a length", "hybrid", {**HYBRID, "length": 40, "padding": "valid"}, TOWER),
    Row("danq", "danq", DANQ, TOWER),
    Row("explainn", "explainn", EXPLAINN, ("conv", "conv", "kernel")),
    Row("explainn of a length", "explainn", {**EXPLAINN, "length": 40}, ("conv", "conv", "kernel")),
]


def drawn(name: str, alphabet: Alphabet = DNA, **options: Any) -> Any:
    """Build a network with all its weights and moments drawn at random: none is without effect."""
    rng = np.random.default_rng(1)
    blank = nnx.eval_shape(lambda: create(name, alphabet=alphabet, **options))
    assert isinstance(blank, SequenceNetwork)
    graph, state = nnx.split(blank)
    filled = []
    for path, weight in nnx.to_flat_state(state):
        noise = rng.normal(size=weight.shape)
        if path[-1] in ("kernel", "recurrent"):
            # the kernel of units that know nothing of each other is (units, seen, neurons)
            units = weight.shape[0] if path[0] in ("hidden", "sum") and noise.ndim == 3 else 1
            value = noise * math.sqrt(2 * units / math.prod(weight.shape[:-1]))
        elif path[-1] in ("scale", "variance"):
            value = np.abs(1 + noise / 4) + 0.1
        else:
            value = noise / 4
        filled.append((path, weight.replace(jnp.asarray(value, weight.dtype))))
    return nnx.merge(graph, nnx.from_flat_state(filled))


def weight_of(network: nnx.Module, path: tuple[str | int, ...]) -> nnx.Param:
    """Follow a path to a weight."""
    found: Any = network
    for step in path:
        found = found[step] if isinstance(step, int) else getattr(found, step)
    return found


def sequences(size: int = 4, columns: int = 40, lengths: tuple[int, ...] = LENGTHS) -> np.ndarray:
    """Draw sequences of some lengths, uint8 (n, columns)."""
    codes = np.random.default_rng(0).integers(0, size, (len(lengths), columns)).astype(np.uint8)
    codes[np.arange(columns) >= np.array(lengths)[:, None]] = PAD
    return codes


def longer(codes: np.ndarray, columns: int) -> np.ndarray:
    """Append padding."""
    return np.pad(codes, ((0, 0), (0, columns)), constant_values=PAD)


@partial(jax.jit, static_argnums=(0, 1))
def _compiled(function: Any, graph: Any, state: nnx.State, *arguments: jax.Array) -> Any:
    return function(nnx.merge(graph, state, copy=True), *arguments)


def call(function: Any, network: nnx.Module, *arguments: np.ndarray | jax.Array) -> Any:
    """Compute a function of a network and arrays in a compiled program, NumPy arrays.

    A program is compiled once for each function, kind of network and shapes: give functions that
    live on, not lambdas.
    """
    graph, state = nnx.split(network)
    result = _compiled(function, graph, state, *map(jnp.asarray, arguments))
    return jax.tree.map(np.asarray, result)


def _logits(network: SequenceNetwork, codes: jax.Array) -> jax.Array:
    return network(codes)


def predict(network: SequenceNetwork, codes: np.ndarray) -> np.ndarray:
    """Compute logits in a compiled program."""
    return call(_logits, network, codes)


def _train(network: SequenceNetwork, codes: jax.Array) -> tuple[jax.Array, nnx.State]:
    logits = network(codes, rngs=nnx.Rngs(dropout=0))
    return logits, nnx.state(network, nnx.BatchStat)


def trained_on(network: SequenceNetwork, codes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Call a network as in training: its logits, and its statistics after it."""
    logits, after = call(_train, network, codes)
    return logits, jax.tree.leaves(after)
