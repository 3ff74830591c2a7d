"""Samples: what users bring (two files, a file a class, a table of labels) made ready to train."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.groups import (
    chromosome_numbers,
    dependent_groups,
    joined_groups,
    on_chromosomes,
)
from seqcnn.seq.names import take_names
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.seq.shuffle import shuffled_control
from seqcnn.training.roles import Sample
from seqcnn.training.targets import KINDS, Target, check_labels, guess_kind

COPIES = 9
"""Shuffles of each sequence that networks are trained on."""

MUCH_PADDING = 4
"""So many times the letters of the sequences are worth a warning."""

MOST_PADDED = 1 << 32
"""Letters and padding at most, where most of them are padding."""

MOST_SHUFFLED = 1 << 30
"""Letters of all shuffles at most, where sequences are so many that one of each is enough."""

logger = logging.getLogger(__name__)


CHROMOSOME = "chromosome"
"""What sequences can be grouped by beside a column of their table."""


@dataclass(frozen=True)
class Apart:
    """What is kept apart: which sequences hang together, and which are held out.

    Near-duplicates and overlapping intervals always hang together.

    Parameters
    ----------
    both_strands
        Whether the reverse complement of a sequence is a duplicate.
    group_by
        `CHROMOSOME`, or a column of the table of labels: those of one value hang together.
    hold_out
        Chromosomes that are reported on; none to draw a part.
    """

    both_strands: bool
    group_by: str | None = None
    hold_out: tuple[str, ...] = ()


class LabelTableLike(Protocol):
    """A table of labels; `seqcnn.seq.io.labels.LabelTable` is one."""

    @property
    def ids(self) -> Sequence[str]:
        """Give the identifiers of the rows."""
        ...

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
        """Read the numbers of one column."""
        ...

    def texts(self, name: str) -> list[str]:
        """Read the texts of one column."""
        ...

    def without(self, name: str) -> "LabelTableLike":
        """Leave a column out."""
        ...

    def match(self, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Find the sequences that have labels."""
        ...


def shuffled_sample(
    positives: SequenceSet,
    apart: Apart,
    *,
    kmer: int | None,
    seed: int,
    copies: int | None = None,
) -> tuple[Sample, Target]:
    """Set sequences against their own shuffles.

    Parameters
    ----------
    positives
        Sequences that share something.
    apart
        What is kept apart.
    kmer
        Length of the words whose counts shuffles keep; None for 2 (1 for protein).
    seed
        Of the shuffles.
    copies
        Shuffles of each sequence; None for `COPIES`, or fewer of very many.
    """
    groups, held = _kept_apart(positives, apart)
    if copies is None:
        copies = min(COPIES, max(1, MOST_SHUFFLED // max(1, len(positives.codes))))
    shuffled, k = shuffled_control(positives, k=kmer, copies=copies, seed=seed)
    logger.info("the control is made: %d shuffles of each sequence, words of %d kept", copies, k)
    n, sizes = len(positives), [len(positives), len(positives) * copies]
    origin = np.concatenate([np.arange(n), np.repeat(np.arange(n), copies)])
    first = np.arange(n * copies) % copies == 0
    whole = concatenate([positives, shuffled])
    sample = Sample(
        padded_codes(whole),
        np.repeat([[1.0], [0.0]], sizes, axis=0),
        groups[origin],
        np.concatenate([np.ones(n, bool), first]),
        None,
        positives.alphabet.size,
        whole.ids,
        None if held is None else held[origin],
    )
    return sample, Target("binary", ("probability",))


def class_sample(
    sets: Sequence[SequenceSet], names: Sequence[str], apart: Apart
) -> tuple[Sample, Target]:
    """Set classes against each other; of two, the first is the foreground, the other its control.

    Parameters
    ----------
    sets
        Sequences of each class, over one alphabet.
    names
        Of the classes; none for a foreground and its control.
    apart
        What is kept apart.

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
    sizes = [len(s) for s in sets]
    if len(sets) == 2 and not names:
        target, values = Target("binary", ("probability",)), [1.0, 0.0]
    else:
        if len(set(names)) < len(names):
            raise SeqcnnError(f"classes need different names, not {', '.join(names)}: rename files")
        target, values = Target("multiclass", tuple(names)), list(range(len(sets)))
    labels = np.repeat(np.array(values, float), sizes)[:, None]
    return sample_of(concatenate(sets), labels, apart), target


def labelled_sample(
    sequences: SequenceSet,
    table: LabelTableLike,
    apart: Apart,
    *,
    task: str = "auto",
    transform: str = "none",
    weights: str | None = None,
) -> tuple[Sample, Target]:
    """Join sequences with a table of labels.

    Parameters
    ----------
    sequences
        Those without a label are left out.
    table
        Labels by identifier, or by the names of intervals.
    apart
        What is kept apart.
    task
        A kind of target, or ``"auto"`` to guess it from the labels.
    transform
        Of the labels of a regression.
    weights
        The column of the table that says how much each sequence counts; None for all the same.

    Raises
    ------
    SeqcnnError
        Labels and sequences do not belong together, or labels do not fit the task.
    """
    if task not in ("auto", *KINDS):
        raise SeqcnnError(f"`task` is {task!r}, it must be auto, or one of {', '.join(KINDS)}")
    counts = None if weights is None else table.column(weights)
    if counts is not None:
        check_weights(counts, str(weights))
    values = None
    if apart.group_by not in (None, CHROMOSOME):
        values = numbered(table.texts(apart.group_by))
    for name in (weights, apart.group_by):
        table = table if name in (None, CHROMOSOME) else table.without(name)
    if not table.names:
        raise SeqcnnError("there is no column of labels beside weights and groups")
    labels, target = _target_of(table, task, transform)
    chosen, rows = table.match(names_in_table(sequences, table))
    if len(chosen) < len(sequences):
        logger.info("sequences without a label, left out: %d", len(sequences) - len(chosen))
        sequences = sequences.select(chosen)
    check_labels(target, labels[rows], sequences.ids)
    counts, values = (None if array is None else array[rows] for array in (counts, values))
    labels = labels[rows]
    if counts is not None:  # what counts nothing teaches nothing
        some = np.flatnonzero(counts > 0)
        check_labels(target, labels[some], take_names(sequences.ids, some))
    columns = tuple(table.names)
    del table, chosen, rows  # a million rows of text, before the memory is needed
    made = sample_of(sequences, labels, apart, weights=counts, values=values)
    return replace(made, columns=columns, weighted_by=weights), target


def check_weights(weights: np.ndarray, column: str) -> None:
    """Refuse weights below 0, and those that are all 0.

    Raises
    ------
    SeqcnnError
        They cannot be.
    """
    if weights.min(initial=0) < 0:
        raise SeqcnnError(f"the weight {weights.min():g} in {column!r} is below 0")
    if not weights.any():
        raise SeqcnnError(f"all weights in {column!r} are 0: nothing counts")


def names_in_table(sequences: SequenceSet, table: LabelTableLike) -> Sequence[str]:
    """Give what a table calls sequences: their identifiers, or else the names of intervals."""
    known = set(table.ids)
    if sequences.descriptions and not any(name in known for name in sequences.ids):
        return sequences.descriptions
    return sequences.ids


def numbered(texts: Sequence[str]) -> np.ndarray:
    """Give equal texts one number, int64 (n,); missing ones stand alone."""
    _, numbers = np.unique(texts, return_inverse=True)
    alone = np.array([not text for text in texts], bool)
    numbers[alone] = len(texts) + np.flatnonzero(alone)
    return numbers


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


def sample_of(
    sequences: SequenceSet,
    labels: np.ndarray,
    apart: Apart,
    *,
    weights: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> Sample:
    """Join sequences and labels, in one order.

    Parameters
    ----------
    sequences
        n of them.
    labels
        float (n, tasks), or (n, positions, tasks) of profiles.
    apart
        What is kept apart.
    weights
        float64 (n,): how much each counts; None for all the same.
    values
        int64 (n,): numbers of the values of the column to group by, if there is one.
    """
    groups, held = _kept_apart(sequences, apart, values)
    counted, letters = np.ones(len(sequences), bool), sequences.alphabet.size
    codes = padded_codes(sequences)
    return Sample(codes, labels, groups, counted, weights, letters, sequences.ids, held)


def padded_codes(sequences: SequenceSet) -> np.ndarray:
    """Pad sequences to the longest, uint8 (n, length); warn where that is much longer than most.

    Raises
    ------
    SeqcnnError
        They would take more than `MOST_PADDED` letters, and most of that is padding.
    """
    longest, letters = int(sequences.lengths.max(initial=0)), len(sequences.codes)
    size = len(sequences) * longest
    if size > MUCH_PADDING * max(letters, 1):
        name = sequences.ids[int(sequences.lengths.argmax())]
        most = f"sequence {name!r} has {longest:,} letters, the mean is "
        most += f"{letters / len(sequences):,.0f}"
        if size > MOST_PADDED:
            raise SeqcnnError(
                f"{most}: all would be filled up to the longest, which takes {size / 1e9:,.0f} GB; "
                f"leave the longest out, or cut them into windows"
            )
        logger.warning(
            "%s: all are filled up to the longest, and training takes so much longer; leave the "
            "longest out, or cut them into windows", most,
        )  # fmt: skip
    return sequences.padded()


def _kept_apart(
    sequences: SequenceSet, apart: Apart, values: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Group sequences, and find those that are held out."""
    held = on_chromosomes(sequences, apart.hold_out) if apart.hold_out else None
    if held is not None and held.all():
        raise SeqcnnError(
            f"`hold_out` {', '.join(apart.hold_out)}: all sequences lie there, none is left to "
            f"learn from"
        )
    if apart.group_by == CHROMOSOME:
        values = chromosome_numbers(sequences)[0]
    elif apart.group_by is not None and values is None:
        raise SeqcnnError(
            f"`group_by` is {apart.group_by!r}: without a table of labels it can be {CHROMOSOME!r} "
            f"only"
        )
    groups = dependent_groups(sequences, both_strands=apart.both_strands)
    return groups if values is None else joined_groups(groups, values), held
