"""Two sets of sequences made alike in length: a longer one has more places for a site by chance."""

from dataclasses import replace

import numpy as np

from seqcnn.seq.record import SequenceSet


def matched_lengths(first: SequenceSet, second: SequenceSet) -> tuple[SequenceSet, SequenceSet]:
    """Cut the longer sequences of either set to their middles, so that lengths agree.

    The q-th longest of one set is cut to the q-th longest of the other, for all quantiles q, or is
    cut to.

    Returns
    -------
    tuple of SequenceSet
        Both sets in their order; the very same ones if nothing is to be cut.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> pair = [SequenceSet.from_strings([s], alphabet=DNA) for s in ("AACCGG", "TTTT")]
    >>> [s.text(0) for s in matched_lengths(*pair)]
    ['ACCG', 'TTTT']
    """
    cut = [
        np.minimum(own.lengths, _lengths_of_same_rank(own, other)).astype(np.int64)
        for own, other in ((first, second), (second, first))
    ]
    return cut_to_middle(first, cut[0]), cut_to_middle(second, cut[1])


def cut_to_middle(sequences: SequenceSet, lengths: np.ndarray) -> SequenceSet:
    """Keep as many letters in the middle of each sequence, int64 (n,), as are asked for."""
    if np.array_equal(lengths, sequences.lengths):
        return sequences
    start = sequences.offsets[:-1] + (sequences.lengths - lengths) // 2
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(start - offsets[:-1], lengths)
    return replace(sequences, codes=sequences.codes[places], offsets=offsets)


def _lengths_of_same_rank(own: SequenceSet, other: SequenceSet) -> np.ndarray:
    rank = np.empty(len(own))
    rank[np.argsort(own.lengths, kind="stable")] = (np.arange(len(own)) + 0.5) / len(own)
    return np.quantile(other.lengths, rank, method="nearest")
