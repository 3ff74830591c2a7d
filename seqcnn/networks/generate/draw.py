"""Pictures of a network that makes them, in batches of one shape."""

from typing import Any

import jax
import numpy as np
from flax import nnx

BATCH = 64
"""Pictures that are drawn at once."""


def draw(network: Any, labels: np.ndarray, seed: int) -> np.ndarray:
    """Draw pictures.

    Parameters
    ----------
    network
        Keeps to `seqcnn.networks.generate.contract`.
    labels
        int (n,): the class of each.
    seed
        Same seed, same pictures, whatever comes after them.

    Returns
    -------
    numpy.ndarray
        uint8 (n, *space, channels).
    """
    graph, state = nnx.split(network)
    sampled = jax.jit(lambda state, labels, key: nnx.merge(graph, state).sample(labels, key))
    parts = []
    for begin in range(0, len(labels), BATCH):
        some = np.zeros(BATCH, np.int32)
        rows = labels[begin : begin + BATCH]
        some[: len(rows)] = rows
        key = jax.random.fold_in(jax.random.key(seed), begin)
        parts.append(np.asarray(sampled(state, some, key))[: len(rows)])
    return np.round(np.concatenate(parts) * 255).astype(np.uint8)
