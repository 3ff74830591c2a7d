"""References: the sequences that attributions compare a sequence with."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffle

Baseline = Literal["shuffle", "uniform", "zeros"]

BASELINES = ("shuffle", "uniform", "zeros")


def references_of(
    sequences: SequenceSet,
    baseline: Baseline | SequenceSet,
    *,
    number: int = 20,
    k: int | None = None,
    seed: int = 0,
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Say what sequences are compared with.

    Parameters
    ----------
    sequences
        What is explained.
    baseline
        ``"shuffle"`` for shuffles of each sequence, ``"uniform"`` for equal shares of all letters,
        ``"zeros"`` for no letter; or references, as many for each sequence and of its length, those
        of the first sequence first.
    number
        Shuffles of each sequence.
    k
        Letters of the words that shuffles keep; None: 2 for DNA and RNA, 1 for other alphabets.
    seed
        Of the shuffles. Those of a sequence depend on its letters and this, on nothing else.

    Returns
    -------
    Callable
        From rows int64 (n,) and a number of columns to codes uint8 (n, references, columns).

    Raises
    ------
    SeqcnnError
        An argument is out of range, or given references do not fit.
    """
    if isinstance(baseline, SequenceSet):
        return _given(sequences, baseline)
    if baseline not in BASELINES:
        raise SeqcnnError(f"`baseline` must be one of {', '.join(BASELINES)}, not {baseline!r}")
    alphabet = sequences.alphabet
    if baseline == "shuffle":
        if number < 1:
            raise SeqcnnError(f"`references` must be 1 or more, not {number}")
        words = k or (2 if alphabet.name in ("dna", "rna") else 1)
        # a set of one sequence: what is drawn depends on the place in the set
        return lambda rows, columns: np.stack(
            [
                shuffle(sequences.select([row] * number), k=words, seed=seed).padded(columns)
                for row in rows
            ]
        )
    code = PAD if baseline == "zeros" else int(alphabet.encode(alphabet.unknown)[0])

    def same(rows: np.ndarray, columns: int) -> np.ndarray:
        inside = np.arange(columns) < sequences.lengths[rows, None]
        return np.where(inside, code, PAD).astype(np.uint8)[:, None]

    return same


def _given(
    sequences: SequenceSet, references: SequenceSet
) -> Callable[[np.ndarray, int], np.ndarray]:
    number = len(references) // max(len(sequences), 1)
    same = number and np.array_equal(np.repeat(sequences.lengths, number), references.lengths)
    if not same or references.alphabet != sequences.alphabet:
        raise SeqcnnError(
            f"{len(references)} references do not fit {len(sequences)} sequences: give as many for "
            f"each, over the same alphabet and of its length"
        )

    def some(rows: np.ndarray, columns: int) -> np.ndarray:
        chosen = rows[:, None] * number + np.arange(number)
        return references.select(chosen.ravel()).padded(columns).reshape(len(rows), number, columns)

    return some
