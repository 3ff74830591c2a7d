"""Gradients of an output with respect to the letters, at one point or averaged over many.

Saliency (Simonyan et al. 2013, arXiv:1312.6034); integrated gradients (Sundararajan et al. 2017,
arXiv:1703.01365), which add up to the difference of the outputs; SmoothGrad (Smilkov et al. 2017,
arXiv:1706.03825). All are means of gradients over points, hence one program serves all.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.explain.outputs import Output
from seqcnn.explain.rows import in_blocks
from seqcnn.networks.sequence.contract import SequenceNetwork

POSITIONS = 1 << 15
"""Positions of all points that are worked on together."""


def saliency(
    network: SequenceNetwork, codes: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the gradient at each sequence.

    Parameters
    ----------
    network
        Any that reads sequences.
    codes
        uint8 (n, length).
    output
        What is explained.

    Returns
    -------
    gradient : numpy.ndarray
        float32 (n, length, letters), 0 at padding.
    outputs : numpy.ndarray
        float32 (n,).
    """
    points = np.ones((1, 1, 1, 1), np.float32)
    gradient, outputs, _ = _mean_gradients(network, codes, None, points, 0 * points, output)
    return gradient, outputs


def smooth_gradients(
    network: SequenceNetwork,
    codes: np.ndarray,
    output: Output,
    *,
    samples: int = 50,
    noise: float = 0.1,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Average the gradient over images with noise.

    Parameters
    ----------
    network, codes, output
        As for `saliency`.
    samples
        Noisy images of each sequence.
    noise
        Standard deviation of the noise, where a letter is 1. It is the same for all sequences, so
        that none depends on the others.
    seed
        Of the noise.

    Returns
    -------
    gradient, outputs : numpy.ndarray
        As of `saliency`.
    """
    shape = (codes.shape[1], network.letters)
    # a generator for each sample: that of a position does not depend on how many there are
    drawn = [
        np.random.default_rng([seed, s]).normal(scale=noise, size=shape) for s in range(samples)
    ]
    added = np.array(drawn, np.float32)[:, None]
    weights = np.ones((samples, 1, 1, 1), np.float32)
    gradient, outputs, _ = _mean_gradients(network, codes, None, weights, added, output)
    return gradient, outputs


def integrated_gradients(
    network: SequenceNetwork,
    codes: np.ndarray,
    references: np.ndarray,
    output: Output,
    *,
    steps: int = 64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average the gradient along the straight way from references to sequences.

    Parameters
    ----------
    network, codes, output
        As for `saliency`.
    references
        uint8 (n, references, length).
    steps
        Points on each way: the middles of so many equal parts of it.

    Returns
    -------
    hypothetical, outputs, of_references : numpy.ndarray
        As of `seqcnn.explain.deeplift.deepshap`; contributions add up to the difference the better,
        the more steps there are.
    """
    weights = ((np.arange(steps, dtype=np.float32) + 0.5) / steps)[:, None, None, None]
    each = [
        _mean_gradients(network, codes, references[:, i], weights, 0 * weights, output)
        for i in range(references.shape[1])
    ]
    hypothetical, outputs, of_references = (
        np.mean(part, axis=0) for part in zip(*each, strict=True)
    )
    return hypothetical, outputs, of_references


def corrected(gradient: np.ndarray) -> np.ndarray:
    """Subtract the mean over the letters at each position, float (..., letters).

    The shares of the letters add up to 1; what of a gradient leads off these points is arbitrary
    (Majdandzic et al. 2023, doi:10.1186/s13059-023-02956-3).
    """
    return gradient - gradient.mean(axis=-1, keepdims=True)


def _mean_gradients(
    network: SequenceNetwork,
    codes: np.ndarray,
    references: np.ndarray | None,
    weights: np.ndarray,
    added: np.ndarray,
    output: Output,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average gradients over points between references and sequences, some at a time."""
    graph, state = nnx.split(network)
    length, total = codes.shape[1], len(weights)
    most = max(1, POSITIONS // length)
    parts = -(-total // most)
    rows = most * parts // total
    given = codes if references is None else references

    def function(codes: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, ...]:
        gradient, outputs = np.float32(0), ()
        for some in np.array_split(np.arange(total), parts):
            points = weights[some], np.broadcast_to(added, (total, *added.shape[1:]))[some]
            found, *outputs = _gradients(state, codes, given, *points, graph=graph, output=output)
            gradient = gradient + np.asarray(found)
        return np.asarray(gradient / total), *outputs

    gradient, outputs, of_references = in_blocks(function, rows, codes, given)
    if references is None:
        return gradient, outputs, of_references
    reference = np.asarray(network.shares.array)[references]
    there = (gradient * reference).sum(axis=-1, keepdims=True)
    return gradient - there, outputs, of_references


@partial(jax.jit, static_argnames=("graph", "output"))
def _gradients(
    state: nnx.State,
    codes: jax.Array,
    references: jax.Array,
    weights: jax.Array,
    added: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Add up gradients at ``reference + weight * (image - reference) + added``."""
    network = nnx.merge(graph, state)
    image, inside = network.image(codes)
    reference, shown = network.image(references)[0], inside[..., None]
    points = (
        reference[None] + weights * (image - reference)[None] + jnp.where(shown[None], added, 0)
    )
    many = points.reshape(-1, *image.shape[1:])

    def tiled(array: jax.Array) -> jax.Array:
        repeated = jnp.broadcast_to(array[None], (len(points), *array.shape))
        return repeated.reshape(-1, *array.shape[1:])

    # one batch, not a loop: inside of loops the gradients of convolutions are slow on CPU
    function = output.of(network, tiled(image), tiled(inside))
    gradient = jax.grad(lambda points: function(points).sum())(many)
    own = output.of(network, image, inside)
    total = jnp.where(shown, gradient.reshape(points.shape).sum(axis=0), 0)
    return total, own(image), own(reference)
