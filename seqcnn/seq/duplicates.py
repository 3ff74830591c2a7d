"""Near-duplicates: sequences so alike that they are no independent witnesses.

Two sequences are near-duplicates if a stretch of one diagonal, at least half as long as the shorter
of them, has at least 80 % equal letters: copies, overlapping peaks, the same repeat twice. What is
alike only after several insertions or deletions is not found; one of a few letters leaves a stretch
that is long enough. A shared site of 19 letters makes no duplicates of sequences of 100.

To compare only what may be alike, pairs are taken from equal seeds of 12 letters spread over 19,
which find more than 12 letters in a row do (Ma, Tromp & Li 2002, Bioinformatics 18:440): of pairs
of 100 letters with 80 % equal they find 98 %, against 83 %, and nearly all at 85 %. A seed that very
many sequences share is followed only to those that go on most alike, hence the work grows with the
number of letters and not with the number of pairs; copies of a repeat still hang together through
their other seeds and through each other.
"""

import numpy as np

from seqcnn.seq.record import SequenceSet

SHORT = 24
"""Shorter sequences are duplicates only if they are identical."""

PEPTIDE, PEPTIDE_WORD = 50, 9
"""Proteins of up to 50 letters are duplicates also if they share 9 in a row, a binding core."""

COVERED, IDENTITY = 2, 5
"""A stretch is long from 1 / 2 of the shorter sequence on, and alike with up to 1 / 5 unequal."""

SEED = tuple(i for i, used in enumerate("1110110010100110111") if used == "1")
"""Letters compared by a seed; symmetric, so that it is the same on both strands."""

SEED_MANY_LETTERS = tuple(range(6))
"""The same for alphabets of 10 letters or more, where 6 say as much."""

NEIGHBOURS = 16
"""Each occurrence of a seed is compared with so many others at most."""

BLOCK = 1 << 21
"""Seeds, or letters of pairs, that are worked on together."""

NEARBY = 64
"""On longer diagonals, so many letters to both sides of a seed are compared first."""


def near_duplicate_groups(sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Group sequences that are near-duplicates of each other, or of others in the group.

    Parameters
    ----------
    sequences
        Over any alphabet; ambiguous letters equal nothing, not even themselves.
    both_strands
        Whether a sequence may be alike to the reverse complement of another.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the group of each sequence, 0, 1, ... in order of first appearance.

    Raises
    ------
    SeqcnnError
        `both_strands` is asked for, but the alphabet has no complement.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> texts = ["ACGTTGACCATTGACCTTGAACGTACG", "GATTACA", "TGTAATC"]
    >>> sequences = SequenceSet.from_strings(texts, alphabet=DNA)
    >>> near_duplicate_groups(sequences, both_strands=True).tolist()
    [0, 1, 1]
    """
    groups = _Groups(len(sequences))
    groups.link(*_identical(sequences, both_strands))
    if sequences.alphabet.name == "protein":
        groups.link(*_sharing_words(sequences))
    _, first = np.unique(groups.labels, return_index=True)
    # peptides in one group may still be alike to different others, hence only identical ones go
    rows = _representatives(sequences, both_strands)
    rows = rows[sequences.lengths[rows] >= SHORT]
    if len(rows) > 1:
        strands = _Strands(sequences.select(rows), both_strands)
        for one, other in _pairs_of_seeds(strands):
            strands.link_alike(one, other, rows, groups)
    return groups.in_order_of_appearance()
