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
    return _mean_gradients(network, codes, np.zeros((1, 1, 1, 1), np.float32), output)


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
    return _mean_gradients(network, codes, added, output)


def integrated_gradients(
    network: SequenceNetwork,
    codes: np.ndarray,
    references: np.ndarray,
    output: Output,
    *,
    steps: int = 64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average the gradient along the straight way from references to sequences.

    Between two points the gradients of both are weighted so that they explain by how much the
    output changes. Networks of ReLUs and maxima bend in points and are straight elsewhere: where
    there is one bend between two points, the integral is exact.

    Parameters
    ----------
    network, codes, output
        As for `saliency`.
    references
        uint8 (n, references, length).
    steps
        Equal parts of each way, with a point at either end.

    Returns
    -------
    hypothetical, outputs, of_references : numpy.ndarray
        As of `seqcnn.explain.deeplift.deepshap`; contributions add up to the difference the better,
        the more steps there are.
    """
    each = [
        _mean_over_path(network, codes, references[:, i], steps, output)
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


def _mean_over_path(
    network: SequenceNetwork,
    codes: np.ndarray,
    references: np.ndarray,
    steps: int,
    output: Output,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integrate gradients from references to sequences, some parts of the way at a time."""
    graph, state = nnx.split(network)
    most = max(1, POSITIONS // codes.shape[1] - 1)
    parts = -(-steps // most)
    width = -(-steps // parts)
    # the last part may reach beyond the end: its points are all the end, and add nothing
    points = np.minimum(np.arange(parts * width + 1) / steps, 1).astype(np.float32)

    def function(codes: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, ...]:
        gradient, outputs = np.float32(0), ()
        for first in range(0, parts * width, width):
            some = points[first : first + width + 1, None, None, None]
            found, *outputs = _part_of_path(state, codes, given, some, graph=graph, output=output)
            gradient = gradient + np.asarray(found)
        return np.asarray(gradient), *outputs

    rows = max(1, POSITIONS // codes.shape[1] // (width + 1))
    gradient, outputs, of_references = in_blocks(function, rows, codes, references)
    reference = np.asarray(network.shares.array)[references]
    there = (gradient * reference).sum(axis=-1, keepdims=True)
    return gradient - there, outputs, of_references


@partial(jax.jit, static_argnames=("graph", "output"))
def _part_of_path(
    state: nnx.State,
    codes: jax.Array,
    references: jax.Array,
    weights: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Integrate gradients over the part of the way between points, float (points, 1, 1, 1)."""
    network = nnx.merge(graph, state)
    image, inside = network.image(codes)
    reference = network.image(references)[0]
    way = image - reference
    points = reference[None] + weights * way[None]
    many = points.reshape(-1, *image.shape[1:])

    function = output.of(network, *(_tiled(array, len(points)) for array in (image, inside)))
    values, pull = jax.vjp(function, many)
    (gradient,) = pull(jnp.ones_like(values))
    gradient = jnp.where(inside[None, ..., None], gradient.reshape(points.shape), 0)
    slope = (gradient * way[None]).sum(axis=(2, 3))
    values, parts = values.reshape(slope.shape), jnp.diff(weights[:, 0, :, 0], axis=0)
    bend = slope[1:] - slope[:-1]
    straight = jnp.abs(bend) < 1e-6 * (1e-6 + jnp.abs(slope[1:]) + jnp.abs(slope[:-1]))
    rise = jnp.diff(values, axis=0) / jnp.where(parts > 0, parts, 1)
    later = jnp.clip((rise - slope[:-1]) / jnp.where(straight, 1, bend), 0, 1)
    later = jnp.where(straight, 0.5, later)
    zero = jnp.zeros_like(later[:1])
    share = jnp.concatenate([(1 - later) * parts, zero]) + jnp.concatenate([zero, later * parts])
    own = output.of(network, image, inside)
    return (share[..., None, None] * gradient).sum(axis=0), own(image), own(reference)


def _mean_gradients(
    network: SequenceNetwork, codes: np.ndarray, added: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray]:
    """Average gradients over points around sequences, float32 (points, 1 or n, ...) added."""
    graph, state = nnx.split(network)
    length, total = codes.shape[1], len(added)
    most = max(1, POSITIONS // length)
    parts = -(-total // most)

    def function(codes: np.ndarray) -> tuple[np.ndarray, ...]:
        gradient, outputs = np.float32(0), ()
        for some in np.array_split(np.arange(total), parts):
            found, *outputs = _gradients(state, codes, added[some], graph=graph, output=output)
            gradient = gradient + np.asarray(found)
        return np.asarray(gradient / total), *outputs

    gradient, outputs = in_blocks(function, most * parts // total, codes)
    return gradient, outputs


@partial(jax.jit, static_argnames=("graph", "output"))
def _gradients(
    state: nnx.State,
    codes: jax.Array,
    added: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
) -> tuple[jax.Array, jax.Array]:
    """Add up gradients at ``image + added``."""
    network = nnx.merge(graph, state)
    image, inside = network.image(codes)
    shown = inside[..., None]
    points = image[None] + jnp.where(shown[None], added, 0)
    function = output.of(network, *(_tiled(array, len(points)) for array in (image, inside)))
    many = points.reshape(-1, *image.shape[1:])
    gradient = jax.grad(lambda points: function(points).sum())(many)
    total = jnp.where(shown, gradient.reshape(points.shape).sum(axis=0), 0)
    return total, output.of(network, image, inside)(image)


def _tiled(array: jax.Array, times: int) -> jax.Array:
    """Repeat sequences, (times * n, ...).

    One batch, not a loop: inside of loops the gradients of convolutions are slow on CPU.
    """
    repeated = jnp.broadcast_to(array[None], (times, *array.shape))
    return repeated.reshape(-1, *array.shape[1:])
