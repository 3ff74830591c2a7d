"""Composition: what sequences show before any motif is looked for, and classes of like ones."""

import numpy as np

from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.composition import composition_strata_of_rows, letter_shares
from seqcnn.stats.auroc import auroc
from seqcnn.stats.logistic import LogisticModel

MOST_CLASSES = 100
"""With more classes a test loses more than the finer comparison gains."""


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
        int64 (n,) and (m,): classes 0, 1, ..., equally large; see `composition_strata`.
    """
    strata, control_strata, _ = composition_strata_of_rows(
        foreground, control, alphabet, both_strands=both_strands, classes=MOST_CLASSES
    )
    return strata, control_strata


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
