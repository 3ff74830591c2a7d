"""Composition: classes of sequences with like shares of letters, to compare within."""

import numpy as np

from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.stats.auroc import auroc
from seqcnn.stats.logistic import LogisticModel

FEWEST_IN_CLASS = 20
"""Sequences of the smaller set in a class, on average."""


def composition_strata(
    foreground: SequenceSet, control: SequenceSet, *, both_strands: bool, classes: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Class sequences by how probable their composition is in the foreground.

    Sequences with the same propensity score are balanced in all that it was computed from
    (Rosenbaum and Rubin 1984, doi:10.1080/01621459.1984.10478078): the shares of letters and, in
    nucleic acids, of CG. Five classes remove nine tenths of a bias (Cochran 1968,
    doi:10.2307/2528036).

    Parameters
    ----------
    foreground, control
        Over one alphabet.
    both_strands
        Whether a letter and its complement are one.
    classes
        How many at most; fewer if they would be small.

    Returns
    -------
    strata, control_strata : numpy.ndarray
        int64 (n,) and (m,): classes 0, 1, ..., equally large.
    area : float
        AUROC of composition alone, 0.5 where it tells nothing.
    """
    features = _features(concatenate([foreground, control]), both_strands)
    labels = np.repeat([1.0, 0.0], [len(foreground), len(control)])
    # squares: where the two sets differ in spread, odds are not linear
    design = np.column_stack([features, (features - features.mean(0)) ** 2])
    score = LogisticModel.fit(design, labels).log_odds(design)
    fitting = min(len(foreground), len(control)) // FEWEST_IN_CLASS
    edges = np.quantile(score, np.linspace(0, 1, max(1, min(classes, fitting)) + 1)[1:-1])
    _, strata = np.unique(np.searchsorted(edges, score, side="right"), return_inverse=True)
    n = len(foreground)
    return strata[:n], strata[n:], auroc(score[:n], score[n:])


def _features(sequences: SequenceSet, both_strands: bool) -> np.ndarray:
    """Shares of all letters but one, and of CG; float64 (n, features)."""
    alphabet, size = sequences.alphabet, sequences.alphabet.size
    row = np.repeat(np.arange(len(sequences)), sequences.lengths)
    counts = _counts(row, sequences.codes, sequences.codes < size, (len(sequences), size))
    if both_strands:
        counts = counts + counts[:, alphabet.complement_of_code[:size]]
        counts = counts[:, np.arange(size) <= alphabet.complement_of_code[:size]]
    columns = [_shares(counts)[:, 1:]]
    if size == 4 and {"C", "G"} <= set(alphabet.letters):
        left, right = sequences.codes[:-1].astype(int), sequences.codes[1:].astype(int)
        pairs = (left < size) & (right < size) & (row[:-1] == row[1:])
        both = _counts(row[:-1], left * size + right, pairs, (len(sequences), size**2))
        place = alphabet.letters.index("C") * size + alphabet.letters.index("G")
        columns.append(_shares(both)[:, [place]])
    return np.concatenate(columns, axis=1)


def _counts(
    row: np.ndarray, number: np.ndarray, kept: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Count numbers in rows, float64 of `shape`."""
    flat = row[kept] * shape[1] + number[kept]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)
