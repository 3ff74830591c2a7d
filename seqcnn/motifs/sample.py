"""Sites drawn from motifs, and sequences with planted ones: data whose truth is known."""

from collections.abc import Mapping

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet


def sample_sites(motif: Motif | ProbabilityMatrix, number: int, *, seed: int) -> np.ndarray:
    """Draw sites of a motif, each letter by its probability.

    Parameters
    ----------
    motif
        A motif, or a matrix.
    number
        Of sites.
    seed
        Same seed, same sites.

    Returns
    -------
    numpy.ndarray
        uint8 (number, width): codes; `CountMatrix.from_sites` counts them.

    Examples
    --------
    >>> gata = ProbabilityMatrix(np.eye(4)[[2, 0, 3, 0]], DNA)
    >>> [DNA.decode(site) for site in sample_sites(gata, 2, seed=0)]
    ['GATA', 'GATA']
    """
    if number < 0:
        raise SeqcnnError(f"`number` is {number}, it must be 0 or more")
    matrix = motif.matrix if isinstance(motif, Motif) else motif
    upto = np.cumsum(matrix.values, axis=1)
    # the last sum may be a rounding below 1, and above it there is no letter
    drawn = np.random.default_rng(seed).random((number, len(matrix), 1)) * upto[:, -1:]
    return (upto <= drawn).sum(2).astype(np.uint8)


def planted_sequences(
    shares: Mapping[Motif, float], *, number: int, length: int, gc: float, seed: int
) -> SequenceSet:
    """Draw random DNA and plant sites of motifs, on either strand, without overlap.

    Parameters
    ----------
    shares
        For each motif the share of the sequences that get one site of it.
    number, length
        Sequences, and letters of each.
    gc
        Share of G and C of the random letters.
    seed
        Same seed, same sequences.

    Returns
    -------
    SequenceSet
        Named ``s1``, ``s2``, ... A site that finds no room is left out.

    Raises
    ------
    SeqcnnError
        A share or `gc` is no share, a number is too small, or a motif is not DNA.
    """
    _check(shares, number=number, length=length, gc=gc)
    rng = np.random.default_rng(seed)
    frequencies = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    rows = rng.choice(4, (number, length), p=frequencies).astype(np.uint8)
    free = np.ones((number, length), bool)
    for motif, share in shares.items():
        width = motif.width
        for row in rng.permutation(number)[: round(number * share)]:
            room = np.lib.stride_tricks.sliding_window_view(free[row], width).all(1)
            if not room.any():
                continue
            start = rng.choice(np.flatnonzero(room))
            site = np.array([rng.choice(4, p=p) for p in motif.matrix.values], np.uint8)
            if rng.random() < 0.5:
                site = DNA.reverse_complement(site)
            rows[row, start : start + width] = site
            free[row, start : start + width] = False
    ids = [f"s{i + 1}" for i in range(number)]
    return SequenceSet.from_arrays(list(rows), alphabet=DNA, ids=ids)


def _check(shares: Mapping[Motif, float], *, number: int, length: int, gc: float) -> None:
    if number < 1 or length < 1:
        raise SeqcnnError(f"`number` and `length` must be 1 or more, not {number} and {length}")
    if not 0 <= gc <= 1:
        raise SeqcnnError(f"`gc` is {gc}, it must be between 0 and 1")
    for motif, share in shares.items():
        if not 0 <= share <= 1:
            raise SeqcnnError(
                f"`shares` is {share} for motif {motif.name!r}, it must be between 0 and 1"
            )
        if motif.alphabet != DNA:
            raise SeqcnnError(
                f"motif {motif.name!r} is over {motif.alphabet.letters}, only DNA can be planted"
            )
