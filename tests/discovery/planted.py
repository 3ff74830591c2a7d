"""Small data whose truth is known."""

import numpy as np

from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet


def random_rows(number, length, seed, letters=4):
    return np.random.default_rng(seed).integers(0, letters, (number, length)).astype(np.uint8)


def rows_of(gc, number, seed, length=100):
    """Random rows with a share of G and C."""
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    return np.random.default_rng(seed).choice(4, (number, length), p=shares).astype(np.uint8)


def plant(rows, word, share, seed, alphabet=DNA, both_strands=True):
    """Write a word into a share of the rows, at random places and on random strands."""
    rng = np.random.default_rng(seed)
    rows = rows.copy()
    site = alphabet.encode(word)
    for i in rng.permutation(len(rows))[: round(share * len(rows))]:
        start = rng.integers(0, rows.shape[1] - len(site) + 1)
        reverse = both_strands and rng.random() < 0.5
        rows[i, start : start + len(site)] = alphabet.reverse_complement(site) if reverse else site
    return rows


def as_set(rows, alphabet=DNA):
    return SequenceSet.from_arrays(list(rows), alphabet=alphabet)
