"""How well the networks score sequences that they never saw, and what composition alone does."""

import numpy as np

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.composition import composition_auroc
from seqcnn.discovery.contrast import FoldedContrast
from seqcnn.discovery.result import Holdout
from seqcnn.networks.weights import Member
from seqcnn.stats.auroc import auprc_interval, auroc_interval, expected_calibration_error
from seqcnn.training.predict import probabilities_of_codes


def score_holdout(data: FoldedContrast, members: list[Member], search: Search) -> Holdout:
    """Score each sequence, and one shuffle of it (or a given control), by the other fold's network.

    Parameters
    ----------
    data
        All sequences with their folds.
    members
        The network of each fold, which did not train on it.
    search
        Alphabet.
    """
    shuffled = data.whole.copies > 0
    thin = data.whole.thinned(1) if shuffled else data.whole
    folds = data.fold if shuffled else data.control_fold
    positives = _by_fold(thin.foreground, data.fold, members)
    negatives = _by_fold(thin.control, folds, members)
    labels = np.concatenate([np.ones(len(positives)), np.zeros(len(negatives))])
    probabilities = np.concatenate([positives, negatives])
    return Holdout(
        positives,
        negatives,
        auroc_interval(positives, negatives),
        auprc_interval(positives, negatives),
        expected_calibration_error(probabilities, labels, weights=_balanced(labels)),
        composition_auroc(thin.foreground, thin.control, data.fold, folds, search.alphabet.size),
    )


def _by_fold(codes: np.ndarray, fold: np.ndarray, members: list[Member]) -> np.ndarray:
    scores = np.empty(len(codes))
    for number, member in enumerate(members):
        rows = fold == number
        scores[rows] = probabilities_of_codes(member, codes[rows])
    return scores


def _balanced(labels: np.ndarray) -> np.ndarray:
    """Weights with which both classes count alike, as they did when networks were calibrated."""
    share = labels.mean()
    return np.where(labels == 1, 0.5 / share, 0.5 / (1 - share))
