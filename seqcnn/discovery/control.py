"""A given control: made comparable to the foreground before anything is learnt from either."""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.notes import Notes
from seqcnn.errors import SeqcnnError
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet, concatenate


def sides_of_shared(
    foreground: SequenceSet,
    control: SequenceSet,
    members: tuple[np.ndarray, np.ndarray],
    *,
    both_strands: bool,
    seed: int,
    notes: Notes,
) -> tuple[np.ndarray, np.ndarray]:
    """Decide to which side near-duplicates belong that are in foreground and control: by lot.

    Each of the sequences that are alike has the same chance to decide for all of them. Would they
    always belong to the foreground, sequences that are often copied, as repeats are, gathered
    there, and looked like motifs where one set was split at random.

    Parameters
    ----------
    foreground, control
        One sequence of each group of near-duplicates.
    members
        int (n,) and (m,): sequences in these groups.
    both_strands
        Whether the reverse complement of a sequence is a duplicate too.
    seed
        Of the lot.
    notes
        Sentences for the reader.

    Returns
    -------
    tuple of numpy.ndarray
        bool (n,) and (m,): those to keep.

    Raises
    ------
    SeqcnnError
        Half of the control is shared, or more.
    """
    labels = near_duplicate_groups(concatenate([foreground, control]), both_strands=both_strands)
    n = len(foreground)
    sides = [
        np.bincount(some, weights, labels.max() + 1)
        for some, weights in zip((labels[:n], labels[n:]), members, strict=True)
    ]
    both = (sides[0] > 0) & (sides[1] > 0)
    shared = int(both[labels[n:]].sum())
    if 2 * shared >= len(control):
        raise SeqcnnError(
            f"{shared:,} of {len(control):,} control sequences are also in the foreground, "
            f"or nearly: give another control, or none to shuffle the foreground"
        )
    lot = np.random.default_rng([seed, 4]).random(len(both))
    is_foreground = lot * (sides[0] + sides[1]) < sides[0]
    kept, control_kept = is_foreground[labels[:n]], ~(both & is_foreground)[labels[n:]]
    if shared:
        notes.add(
            f"{shared:,} control sequences are also in the foreground, or nearly; by lot "
            f"{int((~control_kept).sum()):,} are left out of the control, and "
            f"{int((~kept).sum()):,} sequences of the foreground for the others"
        )
    return kept, control_kept


def matched_lengths(
    foreground: SequenceSet, control: SequenceSet, notes: Notes
) -> tuple[SequenceSet, SequenceSet]:
    """Cut the longer sequences of either set to their middles, so that lengths agree.

    A longer sequence has more places for a site by chance. The q-th longest of one set is cut to
    the q-th longest of the other, for all quantiles q, or is cut to.
    """
    sets = (foreground, control)
    targets = []
    for own, other in (sets, sets[::-1]):
        rank = np.empty(len(own))
        rank[np.argsort(own.lengths, kind="stable")] = (np.arange(len(own)) + 0.5) / len(own)
        wanted = np.quantile(other.lengths, rank, method="nearest")
        targets.append(np.minimum(own.lengths, wanted).astype(np.int64))
    shorter = [int((t < s.lengths).sum()) for t, s in zip(targets, sets, strict=True)]
    if not any(shorter):
        return foreground, control
    notes.add(
        f"foreground and control differ in length: {shorter[0]:,} and {shorter[1]:,} sequences "
        f"are cut to their middles for training and tests, so that lengths agree (sites are sought "
        f"in whole sequences)"
    )
    first, second = (cut_to_middle(s, t) for s, t in zip(sets, targets, strict=True))
    return first, second


def cut_to_middle(sequences: SequenceSet, lengths: np.ndarray) -> SequenceSet:
    """Keep as many letters in the middle of each sequence, int64 (n,), as are asked for."""
    start = sequences.offsets[:-1] + (sequences.lengths - lengths) // 2
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(start - offsets[:-1], lengths)
    return replace(sequences, codes=sequences.codes[places], offsets=offsets)
