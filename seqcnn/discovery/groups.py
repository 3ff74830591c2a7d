"""Groups of near-duplicates: a group counts once, wherever it counts."""

from dataclasses import dataclass

import numpy as np

from seqcnn.discovery.notes import Notes
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet

LARGEST = 0.1
"""A group with more than this share of the sequences is taken apart, and that is said."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each sequence, and the one that stands for each group.

    Parameters
    ----------
    labels
        int64 (n,): 0, 1, ... in order of first appearance.
    representatives
        int64 (groups,): the longest sequence of each group, the first of equals.
    """

    labels: np.ndarray
    representatives: np.ndarray


def group_sequences(sequences: SequenceSet, *, both_strands: bool, notes: Notes) -> Groups:
    """Find near-duplicates, and add a sentence to `notes` if there are any.

    Parameters
    ----------
    sequences
        The foreground, or the control.
    both_strands
        Whether the reverse complement of a sequence is a duplicate too.
    notes
        Sentences for the reader.
    """
    labels = near_duplicate_groups(sequences, both_strands=both_strands)
    sizes = np.bincount(labels)
    large = np.flatnonzero((sizes > LARGEST * len(labels)) & (sizes > 1))
    if len(large):
        apart = np.isin(labels, large)
        labels = np.where(apart, len(sizes) + np.arange(len(labels)), labels)
        notes.add(
            f"{apart.sum():,} sequences are near-duplicates in groups of more than "
            f"{LARGEST:.0%} of the data; these groups were taken apart, so their members count "
            f"one by one: remove duplicates if that is not what you mean"
        )
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    labels = np.argsort(np.argsort(first))[labels]
    # by group, then the longest, then the first
    order = np.lexsort((np.arange(len(labels)), -sequences.lengths, labels))
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    representatives = order[starts]
    doubles = len(labels) - len(representatives)
    if doubles:
        notes.add(
            f"{doubles:,} of {len(labels):,} sequences are near-duplicates of others; each group "
            f"of them counts once"
        )
    return Groups(labels, representatives)
