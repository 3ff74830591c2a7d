"""Inputs: what must hold before motifs are sought, and the control to seek them against."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcnn.data.split import grouped_folds
from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.discovery.groups import Groups, group_sequences
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffled_control

FEWEST = 20
"""Fewer sequences cannot be split, trained on and tested."""

STRATA = 5
"""Classes of like composition, and of like length, of a given control."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Sequences and control, checked, grouped and dealt out to folds.

    Parameters
    ----------
    sequences
        The foreground that is long enough, near-duplicates included.
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
    representatives = positives.select(groups.representatives)
    fold = grouped_folds(np.arange(len(representatives)), folds, seed=settings.seed)
    background = letter_frequencies(representatives, both, pseudocount=1.0)
    facts = {"strand": "both" if both else "one", "groups": len(representatives)}
    if control is None:
        data, about = _shuffled(representatives, fold, settings)
    else:
        control = _distinct_control(control, positives, both, notes)
        data, about = _given(representatives, fold, control, settings, notes)
    search = settings.search(positives.alphabet, background)
    return Inputs(positives, groups, data, search, facts | about)


def _shuffled(
    foreground: SequenceSet, fold: np.ndarray, settings: Settings
) -> tuple[FoldedContrast, dict[str, Any]]:
    """Shuffle the foreground; shuffles are in the fold of their originals."""
    shuffled, k = shuffled_control(
        foreground, k=settings.kmer, copies=settings.copies, seed=settings.seed
    )
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
    """Class foreground and control by composition, and deal the control out at random."""
    length = int(max(foreground.lengths.max(), control.lengths.max()))
    strata, control_strata = _strata(foreground, control, notes)
    whole = Contrast(foreground.padded(length), control.padded(length), 0, strata, control_strata)
    rng = np.random.default_rng([settings.seed, 3])
    control_fold = rng.permutation(np.arange(len(control)) % (int(fold.max()) + 1))
    facts = {"control": "given", "strata": int(max(strata.max(), control_strata.max())) + 1}
    return FoldedContrast(whole, fold, control_fold), facts


def _distinct_control(
    control: SequenceSet, positives: SequenceSet, both_strands: bool, notes: Notes
) -> SequenceSet:
    """Check a given control like the foreground, and keep one of each group of duplicates."""
    if control.alphabet != positives.alphabet:
        raise SeqcnnError(
            f"the control is {control.alphabet.name}, the sequences are "
            f"{positives.alphabet.name}: give both in one alphabet (--alphabet)"
        )
    control = _readable(control, 1, "control ", notes)
    groups = group_sequences(control, both_strands=both_strands, notes=notes.about("control"))
    return control.select(groups.representatives)


def _readable(sequences: SequenceSet, min_width: int, what: str, notes: Notes) -> SequenceSet:
    shortest = max(min_width, 5)
    plain = np.add.reduceat(
        np.append(sequences.codes < sequences.alphabet.size, False).astype(np.int64),
        sequences.offsets[:-1],
    )
    plain = np.where(sequences.lengths > 0, plain, 0)
    kept = plain >= shortest
    dropped = int((~kept).sum())
    if kept.sum() < FEWEST:
        raise SeqcnnError(
            f"there are {int(kept.sum())} {what}sequences with {shortest} or more known letters, "
            f"but motifs need {FEWEST} at least: add sequences"
        )
    if dropped:
        notes.add(
            f"{dropped:,} {what}sequences have fewer than {shortest} known letters and are left out"
        )
        return sequences.select(kept)
    return sequences


def _strata(
    foreground: SequenceSet, control: SequenceSet, notes: Notes
) -> tuple[np.ndarray, np.ndarray]:
    """Class sequences by length and by their share of letters of strong pairing."""
    lengths = np.concatenate([foreground.lengths, control.lengths])
    letters = [_letter_counts(s) for s in (foreground, control)]
    counts = np.concatenate(letters).astype(float)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    # the direction in which foreground and control differ most; in DNA that is GC against AT
    axis = shares[: len(foreground)].mean(0) - shares[len(foreground) :].mean(0)
    composition = shares @ axis
    if np.abs(axis).sum() > 0.05:
        notes.add(
            "foreground and control differ in composition; they are compared within classes of "
            "like composition"
        )
    joint = _quantile(lengths) * STRATA + _quantile(composition)
    _, joint = np.unique(joint, return_inverse=True)
    return joint[: len(foreground)], joint[len(foreground) :]


def _letter_counts(sequences: SequenceSet) -> np.ndarray:
    codes = sequences.padded()
    return np.stack([(codes == a).sum(1) for a in range(sequences.alphabet.size)], 1)


def _quantile(values: np.ndarray) -> np.ndarray:
    edges = np.unique(np.quantile(values, np.arange(1, STRATA) / STRATA))
    return np.searchsorted(edges, values, side="left")
