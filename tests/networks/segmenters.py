"""Networks for tests, quickly: weights are drawn in NumPy and calls are compiled whole."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx


def drawn(build: Callable[[], Any], seed: int = 1) -> Any:
    """Build a network with all weights and moments at random: none is without effect."""
    rng = np.random.default_rng(seed)
    graph, state = nnx.split(nnx.eval_shape(build))
    filled = []
    for path, weight in nnx.to_flat_state(state):
        noise = rng.normal(size=weight.shape)
        if path[-1] == "kernel":
            noise *= math.sqrt(2 / math.prod(weight.shape[:-1]))
        elif path[-1] in ("scale", "variance"):
            noise = np.abs(1 + noise / 4) + 0.1
        else:
            noise /= 4
        filled.append((path, weight.replace(jnp.asarray(noise, weight.dtype))))
    return nnx.merge(graph, nnx.from_flat_state(filled))


def run(network: nnx.Module, *arguments: Any, **options: Any) -> jax.Array:
    """Call a network, compiled whole."""
    graph, state = nnx.split(network)
    return _compiled(state, *arguments, graph=graph, **options)


_compiled = jax.jit(
    lambda state, *arguments, graph: nnx.merge(graph, state)(*arguments), static_argnames="graph"
)


def noise(*shape: int) -> jax.Array:
    """Draw an array, float32."""
    return jnp.asarray(np.random.default_rng(0).random(shape), jnp.float32)
