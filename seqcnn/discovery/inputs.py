"""Inputs: what must hold before motifs are sought, and the control to seek them against."""

from typing import Any

import numpy as np

from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.groups import group_sequences
from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffled_control

FEWEST = 20
"""Fewer sequences cannot be split, trained on and tested."""

STRATA = 5
"""Classes of like composition, and of like length, of a given control."""


def check_positives(sequences: SequenceSet, min_width: int) -> tuple[SequenceSet, list[str]]:
    """Leave out sequences that are too short or unreadable; refuse what is left if it is too few.

    Returns
    -------
    SequenceSet
        The sequences to analyse.
    list of str
        Sentences for the reader.
    """
    notes: list[str] = []
    kept = _readable(sequences, min_width, "", notes)
    return kept, notes


def check_control(
    control: SequenceSet | None, positives: SequenceSet, both_strands: bool, notes: list[str]
) -> SequenceSet | None:
    """Check a given control like the foreground, and keep one of each group of duplicates."""
    if control is None:
        return None
    if control.alphabet != positives.alphabet:
        raise SeqcnnError(
            f"the control is {control.alphabet.name}, the sequences are "
            f"{positives.alphabet.name}: give both in one alphabet (--alphabet)"
        )
    control = _readable(control, 1, "control ", notes)
    own: list[str] = []
    groups = group_sequences(control, both_strands=both_strands, notes=own)
    notes += [f"control: {note}" for note in own]
    return control.select(groups.representatives)


def contrast_of(
    foreground: SequenceSet,
    control: SequenceSet | None,
    settings: Settings,
    *,
    both_strands: bool,
    notes: list[str],
) -> tuple[Contrast, np.ndarray, dict[str, Any]]:
    """Put foreground and control together.

    Returns
    -------
    Contrast
        All sequences.
    numpy.ndarray
        int64 (m,): the fold of each given control sequence; empty for a shuffled control.
    dict
        What the control is, and the background.
    """
    background = letter_frequencies(foreground, both_strands, pseudocount=1.0)
    codes = foreground.padded()
    if control is None:
        shuffled, k = shuffled_control(
            foreground, k=settings.kmer, copies=settings.copies, seed=settings.seed
        )
        data = Contrast(codes, shuffled.padded(codes.shape[1]), settings.copies)
        facts = {"control": "shuffled", "kmer": k, "copies": settings.copies}
        return data, np.zeros(0, np.int64), facts | {"background": background}
    length = int(max(foreground.lengths.max(), control.lengths.max()))
    strata, control_strata = _strata(foreground, control, notes)
    data = Contrast(foreground.padded(length), control.padded(length), 0, strata, control_strata)
    # folds of the control are dealt out at random; it has no tie to single foreground sequences
    rng = np.random.default_rng([settings.seed, 3])
    fold = rng.permutation(np.arange(len(control)) % 2)
    facts = {"control": "given", "strata": int(max(strata.max(), control_strata.max())) + 1}
    return data, fold, facts | {"background": background}


def _readable(sequences: SequenceSet, min_width: int, what: str, notes: list[str]) -> SequenceSet:
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
        notes.append(
            f"{dropped:,} {what}sequences have fewer than {shortest} known letters and are left out"
        )
        return sequences.select(kept)
    return sequences


def _strata(
    foreground: SequenceSet, control: SequenceSet, notes: list[str]
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
        notes.append(
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
