"""DeepLIFT with the rescale rule, averaged over references (DeepSHAP), for any network.

Shrikumar et al. 2017, arXiv:1704.02685; Lundberg and Lee 2017, arXiv:1705.07874. The multipliers
are the transpose of the secant between a sequence and a reference, see `seqcnn.explain.secant`, so
that contributions add up to the difference of the outputs, whatever the network is made of.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.explain.outputs import Output
from seqcnn.explain.rows import in_blocks
from seqcnn.explain.secant import secant, trace
from seqcnn.networks.sequence.contract import SequenceNetwork

POSITIONS = 1 << 15
"""Positions of sequences and references that are worked on together."""


def deepshap(
    network: SequenceNetwork, codes: np.ndarray, references: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute hypothetical contributions, the mean over references.

    Parameters
    ----------
    network
        Any that reads sequences.
    codes
        uint8 (n, length).
    references
        uint8 (n, references, length).
    output
        What is explained.

    Returns
    -------
    hypothetical : numpy.ndarray
        float32 (n, length, letters): what each letter would contribute. Those of the present
        letters add up to the difference of the outputs.
    outputs, of_references : numpy.ndarray
        float32 (n,): the outputs of the sequences, and the means of those of their references.

    Raises
    ------
    SeqcnnError
        The network holds an operation for which there is no rule.
    """
    graph, state = nnx.split(network)
    function = partial(_deepshap, state, graph=graph, output=output)
    rows = POSITIONS // max(1, references[0].size if len(references) else 1)
    hypothetical, outputs, of_references = in_blocks(function, rows, codes, references)
    return hypothetical, outputs, of_references


@partial(jax.jit, static_argnames=("graph", "output"))
def _deepshap(
    state: nnx.State,
    codes: jax.Array,
    references: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    network = nnx.merge(graph, state)
    image, inside = network.image(codes)
    function = output.of(network, image, inside)
    program = trace(function, image)

    def against(codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        reference = jnp.where(inside[..., None], network.image(codes)[0], 0)
        back = jax.linear_transpose(
            lambda change: secant(program, image, reference, change).change, image
        )
        (multipliers,) = back(jnp.ones(len(image), image.dtype))
        # a multiplier times (the letter less the reference), for each letter
        there = (multipliers * reference).sum(axis=-1, keepdims=True)
        return multipliers - there, function(reference)

    # the sequences' own numbers are computed once for all references
    said, of_references = jax.vmap(against, in_axes=1)(references)
    said = jnp.where(inside[..., None], said.mean(axis=0), 0)
    return said, function(image), of_references.mean(axis=0)
