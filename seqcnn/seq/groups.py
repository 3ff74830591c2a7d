"""Groups of sequences that are no independent witnesses, and so stay on one side of any split."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seqcnn.errors import SeqcnnError
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import find_chromosomes


def dependent_groups(sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Group near-duplicates, and intervals that overlap on a genome.

    Parameters
    ----------
    sequences
        Coordinates are read from their names, as far as there are any.
    both_strands
        Whether the reverse complement of a sequence is a duplicate too.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the group of each, 0, 1, ... in order of first appearance.
    """
    labels = near_duplicate_groups(sequences, both_strands=both_strands)
    labels = _with_overlaps(labels, intervals_of(sequences), both_strands=both_strands)
    return _in_order_of_appearance(labels)


def joined_groups(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Join two groupings: what either holds together is one group.

    Parameters
    ----------
    one, other
        int64 (n,): labels from 0 on.

    Returns
    -------
    numpy.ndarray
        int64 (n,): 0, 1, ... in order of first appearance.

    Examples
    --------
    >>> joined_groups(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    if not len(one):
        return one
    first = int(one.max()) + 1
    size = first + int(other.max()) + 1
    graph = coo_matrix((np.ones(len(one), bool), (one, first + other)), shape=(size, size))
    return _in_order_of_appearance(connected_components(graph, directed=False)[1][one])


def chromosome_numbers(sequences: SequenceSet) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read the chromosome of each sequence from the coordinates in its name.

    Returns
    -------
    numbers : numpy.ndarray
        int64 (n,): places in `names`.
    names : tuple of str
        In order of first appearance.

    Raises
    ------
    SeqcnnError
        A sequence has no coordinates.
    """
    places: dict[str, int] = {}
    numbers = []
    for row, home in enumerate(intervals_of(sequences)):
        if home is None:
            raise SeqcnnError(
                f"the sequence {sequences.ids[row]!r} does not say on which chromosome it lies: "
                f"give intervals with --genome, or names such as chr1:100-200"
            )
        numbers.append(places.setdefault(home.chromosome, len(places)))
    return np.array(numbers, np.int64), tuple(places)


def on_chromosomes(sequences: SequenceSet, wanted: Sequence[str]) -> np.ndarray:
    """Find the sequences of some chromosomes, bool (n,).

    Parameters
    ----------
    sequences
        With coordinates in their names.
    wanted
        Names of chromosomes; ``chr8`` and ``8`` mean the same.

    Raises
    ------
    SeqcnnError
        A sequence has no coordinates, or none lies on one of `wanted`.
    """
    numbers, names = chromosome_numbers(sequences)
    places = find_chromosomes(wanted, names)
    if -1 in places:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise SeqcnnError(f"no sequence lies on {wanted[places.index(-1)]!r}: there are {shown}")
    return np.isin(numbers, places)


def _with_overlaps(
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
    stretches = known.clusters()
    # those without a place have a stretch of their own
    own = np.arange(len(labels)) + int(stretches.max()) + 1
    own[placed] = stretches
    return joined_groups(labels, own)


def _in_order_of_appearance(labels: np.ndarray) -> np.ndarray:
    _, first, group = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]
