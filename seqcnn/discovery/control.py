"""A given control: made comparable to the foreground before anything is learnt from either."""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.notes import Notes
from seqcnn.errors import SeqcnnError
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet, concatenate


def without_foreground(
    control: SequenceSet, foreground: SequenceSet, *, both_strands: bool, notes: Notes
) -> SequenceSet:
    """Leave out control sequences that are near-duplicates of foreground ones.

    Raises
    ------
    SeqcnnError
        That is half of them or more.
    """
    whole = concatenate([foreground, control])
    labels = near_duplicate_groups(whole, both_strands=both_strands)
    shared = np.isin(labels[len(foreground) :], labels[: len(foreground)])
    if 2 * shared.sum() >= len(control):
        raise SeqcnnError(
            f"{shared.sum():,} of {len(control):,} control sequences are also in the foreground, "
            f"or nearly: give another control, or none to shuffle the foreground"
        )
    if shared.any():
        notes.add(
            f"{shared.sum():,} control sequences are also in the foreground, or nearly, and are "
            f"left out of the control"
        )
    return control.select(~shared)


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
