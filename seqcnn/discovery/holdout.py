"""How well the networks score sequences that they never saw, and what composition alone does."""

import numpy as np
from scipy.special import expit

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.discovery.result import Holdout
from seqcnn.networks.weights import Member
from seqcnn.stats.auroc import auprc_interval, auroc, auroc_interval, expected_calibration_error
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
    return Holdout(
        positives,
        negatives,
        auroc_interval(positives, negatives),
        auprc_interval(positives, negatives),
        expected_calibration_error(np.concatenate([positives, negatives]), labels),
        composition_auroc(thin, data.fold, folds, search.alphabet.size),
    )


def _by_fold(codes: np.ndarray, fold: np.ndarray, members: list[Member]) -> np.ndarray:
    scores = np.empty(len(codes))
    for number, member in enumerate(members):
        rows = fold == number
        scores[rows] = probabilities_of_codes(member, codes[rows])
    return scores


def composition_auroc(
    data: Contrast, fold: np.ndarray, control_fold: np.ndarray, letters: int
) -> float:
    """Tell foreground from control by shares of letters and pairs of letters, cross-fitted.

    A ridge-penalised logistic regression; an area far from 0.5 says that composition alone gives
    the foreground away.
    """
    features = np.concatenate([_shares(data.foreground, letters), _shares(data.control, letters)])
    labels = np.concatenate([np.ones(len(data.foreground)), np.zeros(len(data.control))])
    folds = np.concatenate([fold, control_fold])
    scores = np.empty(len(labels))
    for number in np.unique(folds):
        held = folds == number
        mean, spread = features[~held].mean(0), features[~held].std(0) + 1e-9
        x = (features - mean) / spread
        weights = _logistic(x[~held], labels[~held])
        scores[held] = x[held] @ weights[1:] + weights[0]
    areas = [
        auroc(scores[(folds == f) & (labels == 1)], scores[(folds == f) & (labels == 0)])
        for f in np.unique(folds)
    ]
    return float(np.mean(areas))


def _shares(codes: np.ndarray, letters: int) -> np.ndarray:
    """Shares of letters, and of pairs where there are few enough, float64 (n, features)."""
    singles = np.stack([(codes == a).sum(1) for a in range(letters)], 1).astype(float)
    counts = [singles]
    if letters <= 6:
        left, right = codes[:, :-1], codes[:, 1:]
        pair = np.where((left < letters) & (right < letters), left * letters + right, 255)
        counts.append(np.stack([(pair == p).sum(1) for p in range(letters**2)], 1).astype(float))
    return np.concatenate([c / np.maximum(c.sum(1, keepdims=True), 1) for c in counts], 1)


def _logistic(x: np.ndarray, y: np.ndarray, ridge: float = 1.0, steps: int = 8) -> np.ndarray:
    """Fit by Newton's method; the first weight is the offset."""
    design = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    weights = np.zeros(design.shape[1])
    penalty = ridge * np.eye(len(weights))
    for _ in range(steps):
        p = expit(design @ weights)
        gradient = design.T @ (y - p) - ridge * weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + penalty
        weights = weights + np.linalg.solve(hessian, gradient)
    return weights
