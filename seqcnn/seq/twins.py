"""Identical sequences, found without a copy of all that there are."""

from hashlib import blake2b

import numpy as np

from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shared_words import BLOCK, row_blocks

LONG_TEXT = 64
"""Letters up to which sequences are kept as they are; of longer ones a digest is."""


def first_twins(sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Find the first sequence identical to each.

    Parameters
    ----------
    sequences
        Over any alphabet.
    both_strands
        Whether a sequence is identical to its reverse complement.

    Returns
    -------
    numpy.ndarray
        int64 (n,): positions; its own if a sequence has no twin before it, no letter, or letters
        that are not plain.
    """
    twins = np.arange(len(sequences))
    seen: dict[bytes, int] = {}
    for low, high in row_blocks(sequences.lengths, BLOCK):
        first, last = sequences.offsets[low], sequences.offsets[high]
        codes = sequences.codes[first:last]
        offsets = sequences.offsets[low : high + 1] - first
        plain = np.diff(offsets) > 0
        unplain = np.flatnonzero(codes >= sequences.alphabet.size)
        plain[np.searchsorted(offsets, unplain, "right") - 1] = False
        forward, total, places = codes.tobytes(), len(codes), offsets.tolist()
        backward = b""
        if both_strands:
            backward = sequences.alphabet.reverse_complement(codes).tobytes()
        for row in np.flatnonzero(plain).tolist():
            start, end = places[row], places[row + 1]
            text = forward[start:end]
            if both_strands:
                text = min(text, backward[total - end : total - start])
            # a digest of long ones, for there may be a gigabyte of them
            text = text if end - start <= LONG_TEXT else blake2b(text, digest_size=16).digest()
            twins[low + row] = seen.setdefault(text, low + row)
    return twins
