"""The composition-only baseline: what letters and pairs of letters tell by themselves.

Many benchmark sets leak composition; a network is worth what it adds to this.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcnn.stats.logistic import LogisticModel
from seqcnn.training.targets import Target

PAIRED_LETTERS = 6
"""Pairs of letters are counted in alphabets up to this size; in larger ones they are too many."""

BLOCK = 1 << 22
"""Letters that are counted together."""

RIDGE = 1.0
"""Penalty of a linear regression, in examples."""


def composition(codes: np.ndarray, letters: int) -> np.ndarray:
    """Compute the shares of letters, and of pairs where letters are few, float64 (n, features).

    Parameters
    ----------
    codes
        uint8 (n, length); codes from `letters` on are not counted.
    letters
        Size of the alphabet.

    Examples
    --------
    >>> composition(np.array([[0, 0, 1, 255]], np.uint8), 2).round(2).tolist()
    [[0.67, 0.33, 0.5, 0.5, 0.0, 0.0]]
    """
    size = max(1, BLOCK // max(1, codes.shape[1]))
    parts = [_composition(codes[i : i + size], letters) for i in range(0, len(codes), size)]
    return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Baseline:
    """A linear model of composition for each output.

    Parameters
    ----------
    mean, spread
        float64 (features,): features are centred and scaled by these.
    weights
        float64 (outputs, features + 1): the offset first.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, target: Target, features: np.ndarray, labels: np.ndarray) -> "Baseline":
        """Fit logistic regressions, of each class against the rest, or linear ones.

        Parameters
        ----------
        target
            What is predicted.
        features
            float64 (n, features).
        labels
            float64 (n, tasks), NaN where missing.
        """
        if target.kind == "multiclass":
            labels = (labels == np.arange(target.outputs)).astype(float)
        mean, spread = features.mean(0), features.std(0) + 1e-9
        rows = []
        for task in labels.T:
            given = np.isfinite(task)
            if target.classifies:
                model = LogisticModel.fit(features[given], task[given])
                # on the scale of all features, so that one mean and spread do for all tasks
                slope = model.weights[1:] / model.spread
                offset = model.weights[0] - slope @ model.mean
            else:
                slope, offset = _ridge(features[given], task[given])
            rows.append(np.r_[offset + slope @ mean, slope * spread])
        return cls(mean, spread, np.array(rows))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Score sequences, float64 (n, outputs); the scale has no meaning, the order has."""
        return (features - self.mean) / self.spread @ self.weights[:, 1:].T + self.weights[:, 0]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for a JSON file."""
        return {k: getattr(self, k).tolist() for k in ("mean", "spread", "weights")}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> "Baseline":
        """Read what `to_dict` gave."""
        return cls(*(np.array(facts[k]) for k in ("mean", "spread", "weights")))


def _composition(codes: np.ndarray, letters: int) -> np.ndarray:
    n, known = len(codes), codes < letters
    row = np.broadcast_to(np.arange(n)[:, None], codes.shape)
    counts = [_counts(row, codes, known, n, letters)]
    if letters <= PAIRED_LETTERS:
        pairs = codes[:, :-1].astype(np.int64) * letters + codes[:, 1:]
        counts.append(_counts(row[:, 1:], pairs, known[:, :-1] & known[:, 1:], n, letters**2))
    return np.concatenate([c / np.maximum(c.sum(1, keepdims=True), 1) for c in counts], axis=1)


def _counts(
    row: np.ndarray, number: np.ndarray, kept: np.ndarray, n: int, kinds: int
) -> np.ndarray:
    flat = row[kept] * kinds + number[kept]
    return np.bincount(flat, minlength=n * kinds).reshape(n, kinds).astype(float)


def _ridge(features: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = features.mean(0), features.std(0) + 1e-9
    scaled = (features - mean) / spread
    gram = scaled.T @ scaled + RIDGE * np.eye(scaled.shape[1])
    slope = np.linalg.solve(gram, scaled.T @ (values - values.mean())) / spread
    return slope, float(values.mean() - slope @ mean)
