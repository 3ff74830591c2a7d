"""Mutants of a network of motif kernels: only the windows over the change are scored anew.

A change of the letter at position p reaches the windows that begin at p - width + 1 to p, and in
each it takes the weight of the old letter for that of the new one. The best match is then the best
of these and of the untouched windows, which a running maximum from either end knows.
"""

from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.explain.outputs import Output
from seqcnn.explain.rows import in_blocks
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.nn.conv import conv
from seqcnn.nn.layers import valid_windows

SCORES = 1 << 20
"""Scores of mutants, one a kernel, that are computed together."""


def mutant_outputs_by_windows(
    network: MotifCNN, codes: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray]:
    """Score all mutants of sequences.

    Parameters
    ----------
    network
        One layer of motif kernels.
    codes
        uint8 (n, length).
    output
        Which; of the whole sequence.

    Returns
    -------
    mutants, outputs : numpy.ndarray
        float32 (n, length, letters), the outputs of the mutants, and (n,) of the sequences.
    """
    graph, state = nnx.split(network)
    rows = SCORES // (codes.shape[1] * network.letters * network.first_kernel.shape[-1])
    function = partial(_mutants, state, graph=graph, output=output)
    mutants, outputs = in_blocks(function, rows, codes)
    return mutants, outputs


@partial(jax.jit, static_argnames=("graph", "output"))
def _mutants(
    state: nnx.State, codes: jax.Array, *, graph: nnx.GraphDef, output: Output
) -> tuple[jax.Array, jax.Array]:
    network = nnx.merge(graph, state)
    image, inside = network.image(codes)
    length = image.shape[1]
    missing = max(0, network.width - length)
    image = jnp.pad(image, ((0, 0), (0, missing), (0, 0)))
    valid = valid_windows(jnp.pad(inside, ((0, 0), (0, missing))), network.width)
    kernels = _kernels(network)
    scores = [jnp.where(valid[..., None], conv(image, k), -np.inf) for k in kernels]
    bias = network.bias[...]
    touched = _touched(image, scores, kernels)
    untouched = _untouched(reduce(jnp.maximum, scores), network.width, image.shape[1])
    best = reduce(jnp.maximum, touched, untouched[:, :, None])
    features = nnx.relu(best + bias[None, None, None])
    own = network.features(image, inside=jnp.pad(inside, ((0, 0), (0, missing))))
    if network.pool == "max_mean":
        means = _means(scores, touched, bias, valid)
        features = jnp.concatenate([features, means], axis=-1)
    flat = features[:, :length].reshape(-1, features.shape[-1])
    mutants = output.picked(network.logits_of_features(flat))
    outputs = output.picked(network.logits_of_features(own))
    return mutants.reshape(len(codes), length, network.letters), outputs


def _kernels(network: MotifCNN) -> list[jax.Array]:
    """Give the kernels of each strand that is read, float32 (width, letters, kernels)."""
    forward = network.first_kernel
    if network.complement is None:
        return [forward]
    return [forward, forward[::-1, np.array(network.complement)]]


def _windows_over(scores: jax.Array, width: int, offset: int) -> jax.Array:
    """Give each position the window that has it at its place `offset`; -inf where there is none."""
    beside = jnp.pad(scores, ((0, 0), (width - 1, width - 1), (0, 0)), constant_values=-np.inf)
    first = width - 1 - offset
    return beside[:, first : first + scores.shape[1] + width - 1]


def _touched(
    image: jax.Array, scores: list[jax.Array], kernels: list[jax.Array]
) -> list[jax.Array]:
    """Score the windows over each change, one for each place of the change in them.

    Returns
    -------
    list of jax.Array
        float (n, length, letters, kernels) for each place: of the better strand.
    """
    width, found = len(kernels[0]), []
    for offset in range(width):
        strands = []
        for own, kernel in zip(scores, kernels, strict=True):
            old = jnp.einsum("nla,ak->nlk", image, kernel[offset], precision="highest")
            without = _windows_over(own, width, offset) - old
            strands.append(without[:, :, None] + kernel[offset][None, None])
        found.append(reduce(jnp.maximum, strands))
    return found


def _untouched(best: jax.Array, width: int, length: int) -> jax.Array:
    """Find the best window that does not hold each position, float (n, length, kernels)."""
    none = jnp.full_like(best[:, :1], -np.inf)
    before = jnp.concatenate([none, jax.lax.cummax(best, axis=1)], axis=1)
    behind = jnp.concatenate([jax.lax.cummax(best, axis=1, reverse=True), none], axis=1)
    place = np.arange(length)
    first, last = np.maximum(place - width + 1, 0), np.minimum(place + 1, best.shape[1])
    return jnp.maximum(before[:, first], behind[:, last])


def _means(
    scores: list[jax.Array], touched: list[jax.Array], bias: jax.Array, valid: jax.Array
) -> jax.Array:
    """Exchange what the touched windows add to the mean activation of each kernel."""
    width, best = len(touched), reduce(jnp.maximum, scores)
    total = nnx.relu(best + bias[None, None]).sum(axis=1)
    old = [nnx.relu(_windows_over(best, width, i) + bias[None, None]) for i in range(width)]
    new = [nnx.relu(window + bias[None, None, None]) for window in touched]
    rest = total[:, None] - reduce(jnp.add, old)
    number = jnp.maximum(valid.sum(axis=1), 1).astype(total.dtype)
    return (rest[:, :, None] + reduce(jnp.add, new)) / number[:, None, None, None]
