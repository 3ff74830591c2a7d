"""In-silico saturation mutagenesis: what each change of one letter does to an output.

Three roads lead to the same numbers (to rounding). ``"all"`` scores every mutant as a sequence of
its own, for any network. ``"windows"`` and ``"positions"`` compute only what a change reaches, see
`seqcnn.explain.mutant_windows` and `seqcnn.explain.mutant_positions` (the idea of fastISM, Nair et
al. 2022, doi:10.1093/bioinformatics/btac135).
"""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.explain.mutant_positions import mutant_outputs_by_positions, saves_positions
from seqcnn.explain.mutant_windows import mutant_outputs_by_windows
from seqcnn.explain.outputs import Output
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.sequence.dilated import Dilated
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.seq.alphabet import PAD

Road = Literal["all", "windows", "positions"]

POSITIONS = 1 << 15
"""Positions of all mutants that are scored together."""


def mutagenesis(
    network: SequenceNetwork, codes: np.ndarray, output: Output, *, road: Road | None = None
) -> tuple[np.ndarray, np.ndarray, Road]:
    """Score all sequences that differ from the given ones by one letter.

    Parameters
    ----------
    network
        Any that reads sequences.
    codes
        uint8 (n, length), filled up with `PAD` on the right.
    output
        What is explained.
    road
        How it is computed; None for the fastest that this network has.

    Returns
    -------
    differences : numpy.ndarray
        float32 (n, length, letters): output of the mutant less that of the sequence; 0 at the
        present letter and at padding.
    outputs : numpy.ndarray
        float32 (n,): outputs of the sequences.
    road : str
        How it was computed.

    Raises
    ------
    SeqcnnError
        The network has no such road.
    """
    taken = road or fastest_road(network, codes, output)
    if taken == "windows" and isinstance(network, MotifCNN) and output.head == "total":
        mutants, outputs = mutant_outputs_by_windows(network, codes, output)
    elif taken == "positions" and isinstance(network, Dilated) and output.head == "total":
        mutants, outputs = mutant_outputs_by_positions(network, codes, output)
    elif taken == "all":
        mutants, outputs = _score_all(network, codes, output)
    else:
        raise SeqcnnError(f"{type(network).__name__} has no road {road!r} for mutants: take 'all'")
    differences = np.where(changes(codes, network), mutants - outputs[:, None, None], 0)
    return differences.astype(np.float32), outputs, taken


def fastest_road(network: SequenceNetwork, codes: np.ndarray, output: Output) -> Road:
    """Choose how mutants are scored."""
    if output.head == "total" and isinstance(network, MotifCNN):
        return "windows"
    if output.head == "total" and isinstance(network, Dilated):
        return "positions" if saves_positions(network, codes.shape[1]) else "all"
    return "all"


def changes(codes: np.ndarray, network: SequenceNetwork) -> np.ndarray:
    """Tell which letters are mutations: bool (n, length, letters)."""
    other = codes[..., None] != np.arange(network.letters, dtype=np.uint8)
    return other & (codes != PAD)[..., None]


def _score_all(
    network: SequenceNetwork, codes: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray]:
    """Score every mutant by itself: float32 (n, length, letters) and (n,)."""
    graph, state = nnx.split(network)
    changed = changes(codes, network)
    row, place, letter = np.nonzero(changed)
    # the sequences themselves are mutants of no change
    row = np.concatenate([np.arange(len(codes)), row]).astype(np.int32)
    number = max(1, min(POSITIONS // codes.shape[1], len(row)))
    scores = np.zeros(-(-len(row) // number) * number, np.float32)
    for first in range(0, len(row), number):
        some = row[first : first + number]
        block = np.full((number, codes.shape[1]), PAD, np.uint8)
        block[: len(some)] = codes[some]
        own = block.copy()
        mutants = np.arange(first, first + len(some)) - len(codes)
        real = np.flatnonzero(mutants >= 0)
        block[real, place[mutants[real]]] = letter[mutants[real]]
        scores[first : first + number] = _scores(state, block, own, graph=graph, output=output)
    outputs = scores[: len(codes)]
    mutants = np.broadcast_to(outputs[:, None, None], changed.shape).copy()
    mutants[changed] = scores[len(codes) : len(row)]
    return mutants, outputs


@partial(jax.jit, static_argnames=("graph", "output"))
def _scores(
    state: nnx.State,
    mutants: jax.Array,
    originals: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
) -> jax.Array:
    network = nnx.merge(graph, state)
    if output.head == "total":
        return output.picked(network(mutants))
    function = output.of(network, *network.image(originals))
    return function(network.image(mutants)[0]).astype(jnp.float32)
