"""Inputs: what must hold before motifs are sought, and the control to seek them against."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcnn.data.split import grouped_folds
from seqcnn.discovery.candidate import Search
from seqcnn.discovery.composition import composition_auroc, strata_of
from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.discovery.control import cut_to_middle, matched_lengths, sides_of_shared
from seqcnn.discovery.groups import Groups, group_sequences
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.seq.shuffle import shuffled_control

FEWEST = 20
"""Fewer sequences cannot be split, trained on and tested."""

LONG, LONGER = 1000, 10
"""A sequence is cut if it has more letters than the first, and so many times the median."""

USEFUL = 0.5
"""With a smaller share of the smaller set in classes with the other set a note is due."""

TELLING = 0.65
"""An AUROC of composition alone from which on the reader is told."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Sequences and control, checked, grouped and dealt out to folds.

    Parameters
    ----------
    sequences
        The foreground that is long enough, near-duplicates included, but for those that count to a
        given control.
    groups
        Its near-duplicates.
    data
        One sequence of each group with the control, and their folds.
    search
        Alphabet, strands and background.
    facts
        What the control is, in plain words and numbers.
    """

    sequences: SequenceSet
    groups: Groups
    data: FoldedContrast
    search: Search
    facts: dict[str, Any]


def prepare(
    positives: SequenceSet,
    control: SequenceSet | None,
    settings: Settings,
    *,
    folds: int,
    notes: Notes,
) -> Inputs:
    """Check the sequences, group near-duplicates, deal them out to folds, and make the control.

    Raises
    ------
    SeqcnnError
        There are too few sequences that can be read, alphabets differ, the sequences have no second
        strand, or nothing can be shuffled.
    """
    both = settings.reads_both_strands(positives.alphabet)
    positives = _readable(positives, settings.min_width, "", notes)
    groups = group_sequences(positives, both_strands=both, notes=notes)
    if control is not None:
        positives, groups, control = _distinct_sides(positives, groups, control, settings, notes)
    _check_number(len(groups.representatives), "sequences that are no near-duplicates of others")
    representatives = _without_outliers(positives.select(groups.representatives), notes)
    fold = grouped_folds(np.arange(len(representatives)), folds, seed=settings.seed)
    # of both sides: what is scored by must not know which is which
    known = representatives if control is None else concatenate([representatives, control])
    background = letter_frequencies(known, both, pseudocount=1.0)
    facts = {"strand": "both" if both else "one", "groups": len(representatives)}
    if control is None:
        data, about = _shuffled(representatives, fold, settings, notes)
    else:
        data, about = _given(representatives, fold, control, settings, notes)
    search = settings.search(positives.alphabet, background)
    return Inputs(positives, groups, data, search, facts | about)


def _shuffled(
    foreground: SequenceSet, fold: np.ndarray, settings: Settings, notes: Notes
) -> tuple[FoldedContrast, dict[str, Any]]:
    """Shuffle the foreground; shuffles are in the fold of their originals."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SeqcnnWarning)
        shuffled, k = shuffled_control(
            foreground, k=settings.kmer, copies=settings.copies, seed=settings.seed
        )
    for warning in told:
        notes.add(str(warning.message))
    codes = foreground.padded()
    whole = Contrast(codes, shuffled.padded(codes.shape[1]), settings.copies)
    facts = {"control": "shuffled", "kmer": k, "copies": settings.copies}
    return FoldedContrast(whole, fold, np.zeros(0, np.int64)), facts


def _given(
    foreground: SequenceSet,
    fold: np.ndarray,
    control: SequenceSet,
    settings: Settings,
    notes: Notes,
) -> tuple[FoldedContrast, dict[str, Any]]:
    """Make lengths agree, class by composition, and deal the control out at random."""
    foreground, control = matched_lengths(foreground, control, notes)
    length = int(max(foreground.lengths.max(), control.lengths.max()))
    codes, control_codes = foreground.padded(length), control.padded(length)
    both = settings.reads_both_strands(foreground.alphabet)
    strata, control_strata = strata_of(codes, control_codes, foreground.alphabet, both_strands=both)
    whole = Contrast(codes, control_codes, 0, strata, control_strata)
    rng = np.random.default_rng([settings.seed, 3])
    control_fold = rng.permutation(np.arange(len(control)) % (int(fold.max()) + 1))
    area = composition_auroc(codes, control_codes, fold, control_fold, foreground.alphabet.size)
    if area > TELLING:
        notes.add(
            f"composition alone tells foreground from control (AUROC {area:.2f}); motifs are "
            f"tested within classes of like composition, but the networks may use it"
        )
    _note_overlap(strata, control_strata, notes)
    facts = {"control": "given", "strata": int(max(strata.max(), control_strata.max())) + 1}
    return FoldedContrast(whole, fold, control_fold), facts


def _note_overlap(strata: np.ndarray, control_strata: np.ndarray, notes: Notes) -> None:
    """Warn if most of the foreground has no like control: then silence says little."""
    number = int(max(strata.max(), control_strata.max())) + 1
    counts, control_counts = (np.bincount(s, minlength=number) for s in (strata, control_strata))
    # what the test can use of a class is bounded by its smaller side
    useful = int(np.minimum(counts, control_counts).sum())
    if useful < USEFUL * min(len(strata), len(control_strata)):
        notes.add(
            f"only {useful:,} of {len(strata):,} sequences have a control of like composition and "
            f"length: a motif may go unnoticed; take controls that are like the sequences "
            f"(--control genome), or shuffles (no --control)"
        )


def _distinct_sides(
    positives: SequenceSet, groups: Groups, control: SequenceSet, settings: Settings, notes: Notes
) -> tuple[SequenceSet, Groups, SequenceSet]:
    """Check a given control like the foreground, and leave no near-duplicates in both.

    Returns
    -------
    SequenceSet, Groups
        The foreground.
    SequenceSet
        One of each group of near-duplicates of the control.
    """
    if control.alphabet != positives.alphabet:
        raise SeqcnnError(
            f"the control is {control.alphabet.name}, the sequences are "
            f"{positives.alphabet.name}: give both in one alphabet (--alphabet)"
        )
    both = settings.reads_both_strands(control.alphabet)
    about = notes.about("control")
    control = _readable(control, settings.min_width, "control ", notes)
    control_groups = group_sequences(control, both_strands=both, notes=about)
    control = control.select(control_groups.representatives)
    kept, control_kept = sides_of_shared(
        positives.select(groups.representatives),
        control,
        (groups.sizes, control_groups.sizes),
        both_strands=both,
        seed=settings.seed,
        notes=notes,
    )
    rows, groups = groups.select(kept)
    control = control.select(control_kept)
    _check_number(len(control), "control sequences that are no near-duplicates of others")
    return positives.select(rows), groups, _without_outliers(control, about)


def _without_outliers(sequences: SequenceSet, notes: Notes) -> SequenceSet:
    """Cut sequences that are many times longer than most: they would fill the memory alone."""
    longest = int(max(LONG, LONGER * np.median(sequences.lengths)))
    cut = int((sequences.lengths > longest).sum())
    if not cut:
        return sequences
    notes.add(
        f"{cut:,} sequences are more than {LONGER} times longer than most and are cut to the "
        f"{longest:,} letters in their middle for training and tests (sites are sought in whole "
        f"sequences)"
    )
    return cut_to_middle(sequences, np.minimum(sequences.lengths, longest))


def _check_number(number: int, what: str) -> None:
    if number < FEWEST:
        raise SeqcnnError(
            f"there are {number} {what}, but motifs need {FEWEST} at least: add sequences"
        )


def _readable(sequences: SequenceSet, min_width: int, what: str, notes: Notes) -> SequenceSet:
    shortest = max(min_width, 5)
    plain = np.add.reduceat(
        np.append(sequences.codes < sequences.alphabet.size, False).astype(np.int64),
        sequences.offsets[:-1],
    )
    plain = np.where(sequences.lengths > 0, plain, 0)
    kept = plain >= shortest
    dropped = int((~kept).sum())
    _check_number(int(kept.sum()), f"{what}sequences with {shortest} or more known letters")
    if dropped:
        notes.add(
            f"{dropped:,} {what}sequences have fewer than {shortest} known letters and are left out"
        )
        return sequences.select(kept)
    return sequences
