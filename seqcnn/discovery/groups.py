"""Groups of near-duplicates: a group counts once, wherever it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seqcnn.discovery.notes import Notes
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.record import SequenceSet


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
    labels = _linked(labels, intervals_of(sequences))
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    labels = np.argsort(np.argsort(first))[labels]
    # by group, then the longest, then the first
    order = np.lexsort((np.arange(len(labels)), -sequences.lengths, labels))
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    representatives = order[starts]
    doubles = len(labels) - len(representatives)
    if doubles:
        notes.add(
            f"{doubles:,} of {len(labels):,} sequences are near-duplicates of others, or half "
            f"overlap them on the genome; each group of them counts once"
        )
    return Groups(labels, representatives)


def _linked(labels: np.ndarray, intervals: Sequence[Interval | None]) -> np.ndarray:
    """Put groups together whose intervals share half of the shorter one on the genome."""
    placed = sorted(
        (home.chromosome, home.start, home.end, i)
        for i, home in enumerate(intervals)
        if home is not None
    )
    links = []
    for before, after in pairwise(placed):
        shared = min(before[2], after[2]) - after[1]
        shorter = min(before[2] - before[1], after[2] - after[1])
        if before[0] == after[0] and 2 * shared >= max(shorter, 1):
            links.append((labels[before[3]], labels[after[3]]))
    if not links:
        return labels
    one, two = np.transpose(links)
    size = int(labels.max()) + 1
    graph = coo_matrix((np.ones(len(one)), (one, two)), shape=(size, size))
    return connected_components(graph, directed=False)[1][labels]
