"""Composition: shares of letters and of pairs, and classes of sequences in which they are alike."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.stats.auroc import auroc
from seqcnn.stats.logistic import LogisticModel

PAIRED_LETTERS = 6
"""Pairs of letters are counted in alphabets up to this size; in larger ones they are too many."""

BLOCK = 1 << 22
"""Letters that are counted together."""

FEWEST_IN_CLASS = 20
"""Sequences of the smaller set in a class, on average."""


def letter_shares(codes: np.ndarray, letters: int) -> np.ndarray:
    """Compute the shares of letters, and of pairs where letters are few, float64 (n, features).

    Parameters
    ----------
    codes
        uint8 (n, length); codes from `letters` on are not counted.
    letters
        Size of the alphabet.

    Examples
    --------
    >>> letter_shares(np.array([[0, 0, 1, 255]], np.uint8), 2).round(2).tolist()
    [[0.67, 0.33, 0.5, 0.5, 0.0, 0.0]]
    """
    parts = []
    for places in _places_of_rows(codes):
        counts = [_letter_counts(places, letters)]
        if letters <= PAIRED_LETTERS:
            counts.append(_pair_counts(places, letters))
        parts.append(np.concatenate([_shares(c) for c in counts], axis=1))
    return np.concatenate(parts)


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
    both = concatenate([foreground, control])
    features = _features(_places_of_set(both), both.alphabet, both_strands)
    return _strata(features, len(foreground), classes)


def composition_strata_of_rows(
    foreground: np.ndarray,
    control: np.ndarray,
    alphabet: Alphabet,
    *,
    both_strands: bool,
    classes: int,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Class rows of codes, uint8 (n, length) and (m, length), as `composition_strata` does."""
    features = [
        _features(places, alphabet, both_strands)
        for codes in (foreground, control)
        for places in _places_of_rows(codes)
    ]
    return _strata(np.concatenate(features), len(foreground), classes)


def _strata(
    features: np.ndarray, foreground: int, classes: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Class sequences, so many of the foreground first, by their propensity score."""
    control = len(features) - foreground
    features = features[:, np.ptp(features, axis=0) > 1e-9]
    if not features.shape[1]:
        return np.zeros(foreground, int), np.zeros(control, int), 0.5
    labels = np.repeat([1.0, 0.0], [foreground, control])
    # squares: where the two sets differ in spread, odds are not linear
    design = np.column_stack([features, (features - features.mean(0)) ** 2])
    score = LogisticModel.fit(design, labels).log_odds(design)
    fitting = min(foreground, control) // FEWEST_IN_CLASS
    edges = np.quantile(score, np.linspace(0, 1, max(1, min(classes, fitting)) + 1)[1:-1])
    _, strata = np.unique(np.searchsorted(edges, score, side="right"), return_inverse=True)
    area = auroc(score[:foreground], score[foreground:])
    return strata[:foreground], strata[foreground:], area


class _Places(NamedTuple):
    """Letters one by one.

    Parameters
    ----------
    sequence
        int64 (letters,): where each stands.
    code
        uint8 (letters,).
    number
        Of sequences.
    """

    sequence: np.ndarray
    code: np.ndarray
    number: int


def _places_of_set(sequences: SequenceSet) -> _Places:
    number = len(sequences)
    return _Places(np.repeat(np.arange(number), sequences.lengths), sequences.codes, number)


def _places_of_rows(codes: np.ndarray) -> Iterator[_Places]:
    """Go over rows of codes in blocks that fit into memory, one at least."""
    length = codes.shape[1]
    size = max(1, BLOCK // max(1, length))
    for begin in range(0, max(1, len(codes)), size):
        rows = codes[begin : begin + size]
        yield _Places(np.repeat(np.arange(len(rows)), length), rows.ravel(), len(rows))


def _features(places: _Places, alphabet: Alphabet, both_strands: bool) -> np.ndarray:
    """Shares of all letters but one, and of CG, and how many letters; float64 (n, features)."""
    size = alphabet.size
    counts = _letter_counts(places, size)
    if both_strands:
        counts = counts + counts[:, alphabet.complement_of_code[:size]]
        counts = counts[:, np.arange(size) <= alphabet.complement_of_code[:size]]
    columns = [_shares(counts)[:, 1:]]
    if size == 4 and {"C", "G"} <= set(alphabet.letters):
        place = alphabet.letters.index("C") * size + alphabet.letters.index("G")
        columns.append(_shares(_pair_counts(places, size))[:, [place]])
    # a sequence with more letters has more places for a site by chance
    columns.append(np.log(np.maximum(counts.sum(1, keepdims=True), 1)))
    return np.concatenate(columns, axis=1)


def _letter_counts(places: _Places, letters: int) -> np.ndarray:
    shape = places.number, letters
    return _counts(places.sequence, places.code, places.code < letters, shape)


def _pair_counts(places: _Places, letters: int) -> np.ndarray:
    row, left, right = places.sequence, places.code[:-1], places.code[1:]
    kept = (left < letters) & (right < letters) & (row[:-1] == row[1:])
    pair = left.astype(int) * letters + right
    return _counts(row[1:], pair, kept, (places.number, letters**2))


def _counts(
    row: np.ndarray, number: np.ndarray, kept: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Count numbers in rows, float64 of `shape`."""
    flat = row[kept] * shape[1] + number[kept]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(float)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)
