"""Composition: what sequences show before any motif is looked for, and classes of like ones."""

import numpy as np

from seqcnn.seq.alphabet import Alphabet
from seqcnn.stats.auroc import auroc
from seqcnn.stats.logistic import LogisticModel

FEWEST_IN_CLASS = 20
"""Sequences of the smaller set in a class of like composition, on average."""

MOST_CLASSES = 100
"""With more classes a test loses more than the finer comparison gains."""

PAIRED_LETTERS = 6
"""Pairs of letters are counted in alphabets up to this size; in larger ones they are too many."""


def strata_of(
    foreground: np.ndarray, control: np.ndarray, alphabet: Alphabet, *, both_strands: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Class sequences by how probable their composition is in the foreground.

    Sequences with the same propensity score are balanced in all that it was computed from
    (Rosenbaum and Rubin 1984, doi:10.1080/01621459.1984.10478078), here the shares of letters, of
    CG in nucleic acids, and the number of known letters.

    Parameters
    ----------
    foreground, control
        uint8 (n, length) and (m, length).
    alphabet
        What the codes mean.
    both_strands
        Whether a letter and its complement are one.

    Returns
    -------
    tuple of numpy.ndarray
        int64 (n,) and (m,): classes 0, 1, ..., equally large.
    """
    features = np.concatenate(
        [_features(codes, alphabet, both_strands) for codes in (foreground, control)]
    )
    features = features[:, np.ptp(features, axis=0) > 1e-9]
    if not features.shape[1]:
        return np.zeros(len(foreground), int), np.zeros(len(control), int)
    labels = np.repeat([1.0, 0.0], [len(foreground), len(control)])
    # squares: where the two sets differ in spread, odds are not linear
    centred = features - features.mean(0)
    design = np.column_stack([features, centred**2])
    score = LogisticModel.fit(design, labels).log_odds(design)
    classes = min(len(foreground), len(control)) // FEWEST_IN_CLASS
    edges = np.quantile(score, np.linspace(0, 1, max(1, min(classes, MOST_CLASSES)) + 1)[1:-1])
    _, strata = np.unique(np.searchsorted(edges, score, side="right"), return_inverse=True)
    return strata[: len(foreground)], strata[len(foreground) :]


def composition_auroc(
    foreground: np.ndarray,
    control: np.ndarray,
    fold: np.ndarray,
    control_fold: np.ndarray,
    letters: int,
) -> float:
    """Tell foreground from control by shares of letters and pairs of letters, cross-fitted.

    An area far from 0.5 says that composition alone gives the foreground away.

    Parameters
    ----------
    foreground, control
        uint8 (n, length) and (m, length).
    fold, control_fold
        int (n,) and (m,).
    letters
        Size of the alphabet.
    """
    features = np.concatenate([letter_shares(codes, letters) for codes in (foreground, control)])
    labels = np.repeat([1.0, 0.0], [len(foreground), len(control)])
    folds = np.concatenate([fold, control_fold])
    areas = []
    for number in np.unique(folds):
        held = folds == number
        model = LogisticModel.fit(features[~held], labels[~held])
        scores = model.log_odds(features[held])
        areas.append(auroc(scores[labels[held] == 1], scores[labels[held] == 0]))
    return float(np.mean(areas))


def letter_shares(codes: np.ndarray, letters: int) -> np.ndarray:
    """Shares of letters, and of pairs where there are few enough, float64 (n, features)."""
    counts = [_letter_counts(codes, letters)]
    if letters <= PAIRED_LETTERS:
        counts.append(_pair_counts(codes, letters))
    return np.concatenate([c / np.maximum(c.sum(1, keepdims=True), 1) for c in counts], 1)


def _features(codes: np.ndarray, alphabet: Alphabet, both_strands: bool) -> np.ndarray:
    """Shares of all letters but one, and of CG, and letters; float64 (n, features)."""
    size = alphabet.size
    counts = _letter_counts(codes, size)
    if both_strands:
        counts = counts + counts[:, alphabet.complement_of_code[:size]]
        kept = [a for a in range(size) if a <= alphabet.complement_of_code[a]]
        counts = counts[:, kept]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    columns = [shares[:, 1:]]
    if "C" in alphabet.letters and "G" in alphabet.letters and size == 4:
        pairs = _pair_counts(codes, size)
        place = alphabet.letters.index("C") * size + alphabet.letters.index("G")
        columns.append(pairs[:, [place]] / np.maximum(pairs.sum(1, keepdims=True), 1))
    # a sequence with more letters has more places for a site by chance
    columns.append(np.log(np.maximum(counts.sum(1, keepdims=True), 1)))
    return np.concatenate(columns, axis=1)


def _letter_counts(codes: np.ndarray, letters: int) -> np.ndarray:
    return np.stack([(codes == a).sum(1) for a in range(letters)], 1).astype(float)


def _pair_counts(codes: np.ndarray, letters: int) -> np.ndarray:
    left, right = codes[:, :-1], codes[:, 1:]
    pair = np.where((left < letters) & (right < letters), left * letters + right, 255)
    return np.stack([(pair == p).sum(1) for p in range(letters**2)], 1).astype(float)
