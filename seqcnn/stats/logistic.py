"""Logistic regression of a few features, with a small penalty that keeps it finite."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """The log-odds of a class as a weighted sum of features.

    Parameters
    ----------
    mean, spread
        float64 (features,): features are centred and scaled by these.
    weights
        float64 (features + 1,): the offset first.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(
        cls, features: np.ndarray, labels: np.ndarray, *, ridge: float = 1.0, steps: int = 8
    ) -> "LogisticModel":
        """Fit by Newton's method.

        Parameters
        ----------
        features
            float (n, features).
        labels
            0 or 1, (n,).
        ridge
            Half of the weight of the squared weights in the loss; the offset is free.
        steps
            Iterations; the loss is convex and these are enough.

        Examples
        --------
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> model = LogisticModel.fit(x, np.array([0, 0, 1, 1]))
        >>> bool(np.all(np.diff(model.log_odds(x)) > 0))
        True
        """
        features, labels = np.asarray(features, float), np.asarray(labels, float)
        mean, spread = features.mean(0), features.std(0) + 1e-9
        design = np.column_stack([np.ones(len(features)), (features - mean) / spread])
        weights = np.zeros(design.shape[1])
        penalty = np.full(len(weights), ridge)
        penalty[0] = 1e-9
        for _ in range(steps):
            p = expit(design @ weights)
            gradient = design.T @ (labels - p) - penalty * weights
            hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
            weights = weights + np.linalg.solve(hessian, gradient)
        return cls(mean, spread, weights)

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """Compute the log-odds of class 1, float64 (n,)."""
        return (features - self.mean) / self.spread @ self.weights[1:] + self.weights[0]
