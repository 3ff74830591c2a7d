"""The table of networks for sequences: how each is built small, for tests of what all must do."""

from dataclasses import dataclass, field
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
        """Build it, with weights that matter: random biases and moments too."""
        network = create(self.name, alphabet=alphabet, **self.options | options)
        assert isinstance(network, SequenceNetwork)
        return stirred(network)


STAGES = {"channels": (6, 4), "widths": (7, 3), "pools": (3, 2), "stage_dropout": 0.0}
THREE = {"channels": (6, 5, 4), "widths": (7, 4, 3), "pools": (3, 2, 2)}
BASSET = {**THREE, "hidden": (8, 6), "dropout": 0.0}
DEEPSEA = {**THREE, "pools": (2, 2, 1), "hidden": (8,), "stage_dropout": 0.0}
DILATED = {"channels": 6, "width": 5, "layers": 3, "dropout": 0.0}
HYBRID = {**STAGES, "hidden": (6,), "dropout": 0.0, "mixer_dropout": 0.0, "neurons": 8, "heads": 2}
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


def stirred(network: SequenceNetwork) -> SequenceNetwork:
    """Draw biases, scales and running moments at random, so that none is without effect."""
    rng = np.random.default_rng(1)
    graph, state = nnx.split(network)
    filled = []
    for path, weight in nnx.to_flat_state(state):
        value = weight[...]
        if path[-1] != "kernel" and path[-1] != "recurrent":
            noise = rng.normal(size=value.shape).astype(np.float32) / 4
            value = jnp.abs(value + noise) + 0.1 if path[-1] == "variance" else value + noise
        filled.append((path, weight.replace(value)))
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


def predict(network: SequenceNetwork, codes: np.ndarray) -> np.ndarray:
    """Compute logits in a compiled program."""
    graph, state = nnx.split(network)
    call = jax.jit(lambda state, codes: nnx.merge(graph, state)(codes))
    return np.asarray(call(state, jnp.asarray(codes)))


def trained_on(network: SequenceNetwork, codes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Call a network as in training: its logits, and its statistics after it."""
    graph, state = nnx.split(network)

    @jax.jit
    def call(state: nnx.State, codes: jax.Array) -> tuple[jax.Array, nnx.State]:
        network = nnx.merge(graph, state, copy=True)
        logits = network(codes, rngs=nnx.Rngs(dropout=0))
        return logits, nnx.state(network, nnx.BatchStat)

    logits, after = call(state, jnp.asarray(codes))
    return np.asarray(logits), [np.asarray(leaf) for leaf in jax.tree.leaves(after)]
