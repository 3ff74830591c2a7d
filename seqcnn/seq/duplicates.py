"""Groups of near-duplicates: overlapping peaks, repeats, copies with a few mutations.

Two sequences are near-duplicates if, over at least half of the shorter one, at least 80 % of their
letters agree along one diagonal, on either strand where there are two. Candidate pairs share two
12-letter words on that diagonal. Insertions are not followed.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seqcnn.seq.record import SequenceSet

WORD, PEPTIDE_WORD = 12, 9
"""Letters of the words that candidates share: nucleotides, and other alphabets."""

SHORTEST = 24
"""Nucleotide sequences with fewer letters are duplicates only if they are identical."""

IDENTITY, OVERLAP = 0.8, 0.5

NEIGHBOURS = 4
"""Occurrences of a word are paired with so many that follow, so that work stays linear."""

MOST_WORDS = 20_000_000
"""With more words than this, those with certain values only are looked at."""


def near_duplicate_groups(sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Find groups of near-duplicates.

    Parameters
    ----------
    sequences
        At least one.
    both_strands
        Whether the reverse complement of a sequence counts as a copy of it.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the group of each sequence, 0, 1, ... in order of first appearance.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> s = SequenceSet.from_strings(["AACC", "ACGT", "GGTT"], alphabet=DNA)
    >>> near_duplicate_groups(s, both_strands=True).tolist()
    [0, 1, 0]
    """
    n = len(sequences)
    pairs = [_identical(sequences, both_strands)]
    nucleotides = sequences.alphabet.size <= 6
    word = WORD if nucleotides else PEPTIDE_WORD
    rows = sequences.padded()
    if both_strands:
        rows = np.concatenate([rows, sequences.reverse_complement().padded()])
    if rows.shape[1] >= word:
        found = _candidates(rows, sequences.alphabet.size, word, n)
        if nucleotides:
            lengths = np.tile(sequences.lengths, 2 if both_strands else 1)
            long = (lengths[found[0]] >= SHORTEST) & (lengths[found[1]] >= SHORTEST)
            found = found[:, long]
            found = found[:, _agree(rows, lengths, found, sequences.alphabet.size)]
        pairs.append(found[:2] % n)
    edges = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(edges.shape[1], bool), (edges[0], edges[1])), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[labels].astype(np.int64)


def _identical(sequences: SequenceSet, both_strands: bool) -> np.ndarray:
    """Pair each sequence with the first that is the same, int64 (2, pairs)."""
    seen: dict[bytes, int] = {}
    other = sequences.reverse_complement() if both_strands else None
    pairs = []
    for i in range(len(sequences)):
        key = sequences[i].tobytes()
        if other is not None:
            key = min(key, other[i].tobytes())
        first = seen.setdefault(key, i)
        if first != i:
            pairs.append((first, i))
    return np.array(pairs, np.int64).reshape(-1, 2).T


def _candidates(rows: np.ndarray, size: int, word: int, n: int) -> np.ndarray:
    """Pairs of rows that share words on a diagonal: int64 (3, pairs), row, row, diagonal."""
    positions = rows.shape[1] - word + 1
    value = np.zeros((len(rows), positions), np.int64)
    known = np.ones((len(rows), positions), bool)
    for j in range(word):
        letters = rows[:, j : j + positions]
        value = value * size + np.minimum(letters, size - 1)
        known &= letters < size
    row, column = np.nonzero(known)
    value = value[row, column]
    every = -(-len(value) // MOST_WORDS)
    if every > 1:
        # a multiplicative hash, so that the words looked at are of all kinds
        kept = (value * 0x9E3779B97F4A7C15 % (1 << 61)) % every == 0
        row, column, value = row[kept], column[kept], value[kept]
    order = np.argsort(value, kind="stable")
    row, column, value = row[order], column[order], value[order]
    parts = []
    for step in range(1, NEIGHBOURS + 1):
        a, b = slice(None, -step), slice(step, None)
        same = (value[a] == value[b]) & (row[a] % n != row[b] % n) & (row[a] < n)
        parts.append(np.stack([row[a][same], row[b][same], (column[b] - column[a])[same]]))
    found = np.concatenate(parts, axis=1)
    if not found.shape[1]:
        return found
    key = (found[0] * len(rows) + found[1]) * (2 * rows.shape[1]) + found[2] + rows.shape[1]
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    # a peptide needs one word only, nucleotides two: a single one is met by chance
    needed = 2 if size <= 6 and every == 1 else 1
    return found[:, first[counts >= needed]]


def _agree(rows: np.ndarray, lengths: np.ndarray, found: np.ndarray, size: int) -> np.ndarray:
    """Whether rows agree well enough along a diagonal, bool (pairs,)."""
    agree = np.zeros(found.shape[1], bool)
    columns = np.arange(rows.shape[1])
    step = max(1, 20_000_000 // rows.shape[1])
    for begin in range(0, found.shape[1], step):
        a, b, shift = found[:, begin : begin + step]
        other = columns + shift[:, None]
        inside = (other >= 0) & (other < rows.shape[1])
        letters = rows[a]
        partner = np.take_along_axis(rows[b], np.clip(other, 0, rows.shape[1] - 1), axis=1)
        same = inside & (letters == partner) & (letters < size)
        total = np.concatenate([np.zeros((len(a), 1), np.int32), same.cumsum(1, np.int32)], axis=1)
        window = np.ceil(OVERLAP * np.minimum(lengths[a], lengths[b])).astype(np.int64)
        ends = np.minimum(columns + window[:, None], rows.shape[1])
        best = (np.take_along_axis(total, ends, axis=1) - total[:, :-1]).max(1)
        agree[begin : begin + step] = best >= IDENTITY * window
    return agree
