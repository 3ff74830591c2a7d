"""Samples: what users bring (two files, a file a class, a table of labels) made ready to train."""

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.seq.shuffle import shuffled_control
from seqcnn.training.roles import Sample
from seqcnn.training.targets import KINDS, Target, check_labels, guess_kind

COPIES = 9
"""Shuffles of each sequence that networks are trained on."""

logger = logging.getLogger(__name__)


class LabelTableLike(Protocol):
    """A table of labels; `seqcnn.seq.io.labels.LabelTable` is one."""

    @property
    def names(self) -> Sequence[str]:
        """Give the names of the columns."""
        ...

    @property
    def is_text(self) -> bool:
        """Tell whether labels are names of classes."""
        ...

    def numbers(self) -> np.ndarray:
        """Read all cells as numbers."""
        ...

    def classes(self) -> tuple[np.ndarray, tuple[str, ...]]:
        """Read the only column as names of classes."""
        ...

    def column(self, name: str) -> np.ndarray:
        """Read one column."""
        ...

    def without(self, name: str) -> "LabelTableLike":
        """Leave a column out."""
        ...

    def match(self, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Find the sequences that have labels."""
        ...


def shuffled_sample(
    positives: SequenceSet, *, both_strands: bool, kmer: int | None, seed: int
) -> tuple[Sample, Target]:
    """Set sequences against their own shuffles.

    Parameters
    ----------
    positives
        Sequences that share something.
    both_strands
        Whether the reverse complement of a sequence is a duplicate.
    kmer
        Length of the words whose counts shuffles keep; None for 2 (1 for protein).
    seed
        Of the shuffles.
    """
    shuffled, k = shuffled_control(positives, k=kmer, copies=COPIES, seed=seed)
    logger.info("the control is made: %d shuffles of each sequence, words of %d kept", COPIES, k)
    codes = positives.padded()
    n = len(positives)
    groups = near_duplicate_groups(positives, both_strands=both_strands)
    first = np.arange(n * COPIES) % COPIES == 0
    sample = Sample(
        np.concatenate([codes, shuffled.padded(codes.shape[1])]),
        np.repeat([[1.0], [0.0]], [n, n * COPIES], axis=0),
        np.concatenate([groups, np.repeat(groups, COPIES)]),
        np.concatenate([np.ones(n, bool), first]),
        None,
        positives.alphabet.size,
        concatenate([positives, shuffled]).ids,
    )
    return sample, Target("binary", ("probability",))


def class_sample(
    sets: Sequence[SequenceSet], names: Sequence[str], *, both_strands: bool
) -> tuple[Sample, Target]:
    """Set classes against each other; of two, the first is the foreground, the other its control.

    Parameters
    ----------
    sets
        Sequences of each class, over one alphabet.
    names
        Of the classes; not used for two.
    both_strands
        Whether the reverse complement of a sequence is a duplicate.

    Raises
    ------
    SeqcnnError
        Alphabets differ, or a class has no sequence.
    """
    for other in sets[1:]:
        if other.alphabet != sets[0].alphabet:
            raise SeqcnnError(
                f"one file is {sets[0].alphabet.name}, another {other.alphabet.name}: give all in "
                f"one alphabet (--alphabet)"
            )
    whole = concatenate(sets)
    sizes = [len(s) for s in sets]
    if len(sets) == 2 and not names:
        target, values = Target("binary", ("probability",)), [1.0, 0.0]
    else:
        if len(set(names)) < len(names):
            raise SeqcnnError(f"classes need different names, not {', '.join(names)}: rename files")
        target, values = Target("multiclass", tuple(names)), list(range(len(sets)))
    labels = np.repeat(np.array(values, float), sizes)[:, None]
    return _sample(whole, labels, None, target, both_strands), target


def labelled_sample(
    sequences: SequenceSet,
    table: LabelTableLike,
    *,
    task: str = "auto",
    transform: str = "none",
    weights: str | None = None,
    both_strands: bool,
) -> tuple[Sample, Target]:
    """Join sequences with a table of labels.

    Parameters
    ----------
    sequences
        Those without a label are left out.
    table
        Labels by identifier.
    task
        A kind of target, or ``"auto"`` to guess it from the labels.
    transform
        Of the labels of a regression.
    weights
        The column of the table that says how much each sequence counts; None for all the same.
    both_strands
        Whether the reverse complement of a sequence is a duplicate.

    Raises
    ------
    SeqcnnError
        Labels and sequences do not belong together, or labels do not fit the task.
    """
    if task not in ("auto", *KINDS):
        raise SeqcnnError(f"`task` is {task!r}, it must be auto, or one of {', '.join(KINDS)}")
    counts = None if weights is None else table.column(weights)
    if counts is not None and counts.min() < 0:
        raise SeqcnnError(f"the weight {counts.min():g} in {weights!r} is below 0")
    table = table if weights is None else table.without(weights)
    if not table.names:
        raise SeqcnnError("there is no column of labels beside the weights")
    labels, target = _target_of(table, task, transform)
    chosen, rows = table.match(sequences.ids)
    if len(chosen) < len(sequences):
        logger.info("sequences without a label, left out: %d", len(sequences) - len(chosen))
    kept = sequences.select(chosen)
    check_labels(target, labels[rows], kept.ids)
    counts = None if counts is None else counts[rows]
    return _sample(kept, labels[rows], counts, target, both_strands), target


def _target_of(table: LabelTableLike, task: str, transform: str) -> tuple[np.ndarray, Target]:
    if task == "multiclass" or (task == "auto" and table.is_text):
        labels, classes = table.classes()
        return labels, Target("multiclass", classes, transform)
    labels = table.numbers()
    kind = task
    if task == "auto":
        kind = guess_kind(labels) if transform == "none" else "regression"
        logger.info("the labels look like %s; --task says otherwise", kind)
    return labels, Target(kind, tuple(table.names), transform)


def _sample(
    sequences: SequenceSet,
    labels: np.ndarray,
    weights: np.ndarray | None,
    target: Target,
    both_strands: bool,
) -> Sample:
    groups = near_duplicate_groups(sequences, both_strands=both_strands)
    counted = np.ones(len(sequences), bool)
    return Sample(
        sequences.padded(),
        labels,
        groups,
        counted,
        weights,
        sequences.alphabet.size,
        sequences.ids,
    )
