"""Letters that gradients propose: probabilities learnt straight through samples of them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from seqcnn.explain.constraints import Constraints
from seqcnn.explain.outputs import Output
from seqcnn.seq.alphabet import PAD

STEPS, RATE = 200, 0.1
"""Steps of Adam, and their size."""

PRESENT = 3.0
"""Logit of the letters at the start, of which the others have 0."""

DEAR = 0.5
"""What each expected edit beyond those allowed costs, in units of the score."""


def propose_letters(
    networks: Sequence[tuple[Any, float]],
    codes: np.ndarray,
    constraints: Constraints,
    *,
    output: Output,
    sign: np.ndarray,
    seed: int,
) -> np.ndarray:
    """Learn the letters that drive a score up or down.

    Parameters
    ----------
    networks
        Each with the scale of its outputs.
    codes
        uint8 (n, length), filled up with `PAD`.
    constraints
        Of which edits and fixed stretches are heeded here.
    output
        Which is driven.
    sign
        float (n,): 1 to drive it up, -1 down.
    seed
        Of the samples.

    Returns
    -------
    numpy.ndarray
        uint8 (n, length): the most probable letters in the end.
    """
    split = [nnx.split(network) for network, _ in networks]
    scales = tuple(scale / len(networks) for _, scale in networks)
    free = codes != PAD
    for first, last in constraints.fixed:
        free[:, first:last] = False
    start = constraints.alphabet.shares[codes].astype(np.float32)
    most = codes.shape[1] if constraints.edits is None else constraints.edits
    logits = _learn(
        tuple(state for _, state in split),
        jnp.asarray(start), jnp.asarray(free), jnp.asarray(codes != PAD),
        jnp.asarray(sign, jnp.float32), jax.random.key(seed),
        graphs=tuple(graph for graph, _ in split), scales=scales, output=output, most=most,
    )  # fmt: skip
    best = np.asarray(logits).argmax(axis=2).astype(np.uint8)
    return np.where(free, best, codes)


@partial(jax.jit, static_argnames=("graphs", "scales", "output", "most"))
def _learn(
    states: tuple[nnx.State, ...],
    start: jax.Array,
    free: jax.Array,
    inside: jax.Array,
    sign: jax.Array,
    key: jax.Array,
    *,
    graphs: tuple[nnx.GraphDef, ...],
    scales: tuple[float, ...],
    output: Output,
    most: int,
) -> jax.Array:
    """Climb by Adam; float32 (n, length, letters): the logits of the letters."""
    networks = [nnx.merge(graph, state) for graph, state in zip(graphs, states, strict=True)]

    def loss(logits: jax.Array, key: jax.Array) -> jax.Array:
        shares = jax.nn.softmax(logits, axis=2)
        drawn = jax.random.categorical(key, logits, axis=2)
        sample = jax.nn.one_hot(drawn, logits.shape[2])
        # the sample is what the network sees; the slope is that of the probabilities
        image = jnp.where(free[..., None], sample + shares - jax.lax.stop_gradient(shares), start)
        score = sum(
            scale * output.picked(network.logits(image, inside))
            for network, scale in zip(networks, scales, strict=True)
        )
        edits = jnp.where(free, 1 - (shares * start).sum(axis=2), 0).sum(axis=1)
        return (DEAR * jax.nn.relu(edits - most) - sign * score).sum()

    adam = optax.adam(RATE)
    first = PRESENT * start

    def step(carried: tuple[jax.Array, Any], key: jax.Array) -> tuple[tuple[jax.Array, Any], None]:
        logits, moments = carried
        updates, moments = adam.update(jax.grad(loss)(logits, key), moments)
        return (optax.apply_updates(logits, updates), moments), None  # type: ignore[return-value]

    (logits, _), _ = jax.lax.scan(step, (first, adam.init(first)), jax.random.split(key, STEPS))
    return logits
