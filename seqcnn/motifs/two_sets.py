"""A foreground and its control, made comparable before any motif is counted in them."""

import logging
from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.composition import composition_strata
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.lengths import matched_lengths
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.seq.shuffle import shuffled_control

logger = logging.getLogger(__name__)

FOLDS = 2
"""Parts of the data: thresholds that are chosen on one are tested on the other."""

FEWEST = 10
"""With fewer sequences there is nothing to choose a threshold on."""

CLASSES = 10
"""Classes of like composition at most; with more, each would have fewer hits to compare."""

TELLING = 0.65
"""An AUROC of composition alone from which on the reader is told."""


@dataclass(frozen=True, eq=False)
class TwoSets:
    """Sequences to compare, each group of near-duplicates once.

    Parameters
    ----------
    foreground, control
        n and m sequences.
    fold, control_fold
        int64 (n,) and (m,), from 0; a shuffle is in the fold of its original.
    strata, control_strata
        int64 (n,) and (m,): sequences of like composition; all 0 if the control is shuffled, which
        keeps the composition.
    """

    foreground: SequenceSet
    control: SequenceSet
    fold: np.ndarray
    control_fold: np.ndarray
    strata: np.ndarray
    control_strata: np.ndarray

    @property
    def all(self) -> SequenceSet:
        """Foreground, then control."""
        return concatenate([self.foreground, self.control])


def shuffled_sets(
    positives: SequenceSet, *, both_strands: bool, kmer: int | None, seed: int
) -> TwoSets:
    """Compare sequences with shuffles of themselves, one each.

    Raises
    ------
    SeqcnnError
        There are too few sequences, or nothing can be shuffled.
    """
    foreground = _one_of_each_group(positives, "sequences", both_strands)
    control, k = shuffled_control(foreground, k=kmer, seed=seed)
    words = "letters" if k == 1 else f"words of {k} letters"
    logger.info("control: one shuffle of each sequence, with the same counts of %s", words)
    fold = _folds(len(foreground), seed)
    same = np.zeros(len(foreground), np.int64)
    return TwoSets(foreground, control, fold, fold, same, same)


def given_sets(
    positives: SequenceSet, control: SequenceSet, *, both_strands: bool, seed: int
) -> TwoSets:
    """Compare sequences with others, of like length and within classes of like composition.

    Raises
    ------
    SeqcnnError
        There are too few sequences, alphabets differ, or half of the control is also in the
        foreground.
    """
    if control.alphabet != positives.alphabet:
        raise SeqcnnError(
            f"the control is {control.alphabet.name}, the sequences are {positives.alphabet.name}: "
            f"give both in one alphabet (--alphabet)"
        )
    foreground = _one_of_each_group(positives, "sequences", both_strands)
    control = _one_of_each_group(control, "control sequences", both_strands)
    control = _without_foreground(control, foreground, both_strands)
    cut_foreground, cut_control = matched_lengths(foreground, control)
    shorter = [
        int((cut.lengths < whole.lengths).sum())
        for cut, whole in ((cut_foreground, foreground), (cut_control, control))
    ]
    if any(shorter):
        logger.info(
            "lengths differ: %s sequences and %s of the control are cut to their middles",
            *(f"{n:,}" for n in shorter),
        )
    strata, control_strata, area = composition_strata(
        cut_foreground, cut_control, both_strands=both_strands, classes=CLASSES
    )
    logger.info(
        "compared within %d classes of like composition%s",
        max(strata.max(), control_strata.max()) + 1,
        f", which alone tells the two sets apart (AUROC {area:.2f})" if area > TELLING else "",
    )
    return TwoSets(
        cut_foreground,
        cut_control,
        _folds(len(cut_foreground), seed),
        _folds(len(cut_control), seed + 1),
        strata,
        control_strata,
    )


def _one_of_each_group(sequences: SequenceSet, what: str, both_strands: bool) -> SequenceSet:
    """Keep the longest of each group of near-duplicates, in their order."""
    if not len(sequences):
        raise SeqcnnError(f"there are no {what}: {FEWEST} are needed at least")
    groups = near_duplicate_groups(sequences, both_strands=both_strands)
    order = np.lexsort((np.arange(len(groups)), -sequences.lengths, groups))
    kept = np.sort(order[np.flatnonzero(np.diff(groups[order], prepend=-1))])
    if len(kept) < FEWEST:
        raise SeqcnnError(
            f"there are {len(kept)} {what} that are no near-duplicates of others, but {FEWEST} are "
            f"needed at least: add sequences"
        )
    if len(kept) == len(sequences):
        return sequences
    logger.info(
        "%s of %s %s are near-duplicates of others; each group of them counts once",
        f"{len(sequences) - len(kept):,}", f"{len(sequences):,}", what,
    )  # fmt: skip
    return sequences.select(kept)


def _without_foreground(
    control: SequenceSet, foreground: SequenceSet, both_strands: bool
) -> SequenceSet:
    """Leave out control sequences that are near-duplicates of foreground ones."""
    groups = near_duplicate_groups(concatenate([foreground, control]), both_strands=both_strands)
    shared = np.isin(groups[len(foreground) :], groups[: len(foreground)])
    if 2 * shared.sum() >= len(control):
        raise SeqcnnError(
            f"{shared.sum():,} of {len(control):,} control sequences are also in the foreground, "
            f"or nearly: give another control, or none to shuffle the foreground"
        )
    if shared.any():
        logger.info(
            "%s control sequences are also in the foreground, or nearly, and are left out",
            f"{shared.sum():,}",
        )
    return control.select(~shared) if shared.any() else control


def _folds(number: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, number]).permutation(np.arange(number) % FOLDS)
