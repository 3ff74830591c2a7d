"""The composition-only baseline: what letters and pairs of letters tell by themselves.

Many benchmark sets leak composition; a network is worth what it adds to this.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcnn.seq.composition import letter_shares as composition
from seqcnn.stats.logistic import LogisticModel
from seqcnn.training.targets import Target

__all__ = ["RIDGE", "Baseline", "composition"]

RIDGE = 1.0
"""Penalty of a linear regression, in examples."""


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


def _ridge(features: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = features.mean(0), features.std(0) + 1e-9
    scaled = (features - mean) / spread
    gram = scaled.T @ scaled + RIDGE * np.eye(scaled.shape[1])
    slope = np.linalg.solve(gram, scaled.T @ (values - values.mean())) / spread
    return slope, float(values.mean() - slope @ mean)
