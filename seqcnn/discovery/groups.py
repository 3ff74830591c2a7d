"""Groups of near-duplicates: a group counts once, wherever it counts."""

from dataclasses import dataclass

import numpy as np

from seqcnn.discovery.notes import Notes
from seqcnn.seq.groups import dependent_groups
from seqcnn.seq.record import SequenceSet

MANY = 0.1
"""A group with more than this share of all sequences is worth a word."""


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
    labels = dependent_groups(sequences, both_strands=both_strands)
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
    largest = int(np.bincount(labels).max(initial=0))
    if largest > MANY * len(labels):
        first = sequences.ids[int(representatives[np.bincount(labels).argmax()])]
        notes.add(
            f"{largest:,} of these are alike to {first!r} or to each other, and count as one: "
            f"copies, a repeat, or overlapping pieces of one place; if they share a long motif, "
            f"give it more letters on either side"
        )
    return Groups(labels, representatives)
