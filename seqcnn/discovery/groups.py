"""Groups of near-duplicates: a group counts once, wherever it counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seqcnn.discovery.notes import Notes
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.interval_set import IntervalSet
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

    @property
    def sizes(self) -> np.ndarray:
        """int64 (groups,): sequences in each."""
        return np.bincount(self.labels, minlength=len(self.representatives))

    def select(self, kept: np.ndarray) -> tuple[np.ndarray, "Groups"]:
        """Keep some groups, bool (groups,).

        Returns
        -------
        numpy.ndarray
            bool (n,): their sequences.
        Groups
            Of these.
        """
        rows = kept[self.labels]
        number, place = np.cumsum(kept) - 1, np.cumsum(rows) - 1
        return rows, Groups(number[self.labels[rows]], place[self.representatives[kept]])


def group_sequences(sequences: SequenceSet, *, both_strands: bool, notes: Notes) -> Groups:
    """Find near-duplicates and overlapping intervals; tell `notes` if there are any.

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
    labels = _linked(labels, intervals_of(sequences), both_strands=both_strands)
    _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
    labels = np.argsort(np.argsort(first))[labels]
    # by group, then the longest, then the first
    order = np.lexsort((np.arange(len(labels)), -sequences.lengths, labels))
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    representatives = order[starts]
    doubles = len(labels) - len(representatives)
    if doubles:
        notes.add(
            f"{doubles:,} of {len(labels):,} sequences are near-duplicates of others, or "
            f"overlap them on the genome; each group of them counts once"
        )
    return Groups(labels, representatives)


def _linked(
    labels: np.ndarray, places: Sequence[Interval | None], *, both_strands: bool
) -> np.ndarray:
    """Put groups together that have overlapping intervals: one site may lie in both."""
    placed = np.array([i for i, home in enumerate(places) if home is not None], np.int64)
    if not len(placed):
        return labels
    known = IntervalSet.from_intervals([home for home in places if home is not None])
    if not both_strands:
        # the strands of one place have no site in common
        known = known.on_strands()
    stretch = len(labels) + known.clusters()
    pairs = np.stack([labels[placed], stretch])
    size = int(pairs.max()) + 1
    graph = coo_matrix((np.ones(len(placed)), tuple(pairs)), shape=(size, size))
    return connected_components(graph, directed=False)[1][labels]
