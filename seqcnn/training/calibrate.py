"""Calibration: logits become probabilities that can be taken at their word."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

MOST_SCALE = 4.0
"""A few validation sequences that are told apart by chance must not make a network certain."""


def fit_calibrator(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Fit a scale and an offset (Platt 1999), each class with half of the weight.

    Parameters
    ----------
    logits
        float (n,), on sequences that did not train the network.
    labels
        0 or 1, (n,).

    Returns
    -------
    tuple of float
        Scale, above 0, and offset.
    """
    positives, negatives = logits[labels == 1], logits[labels == 0]
    # Platt's targets: as if there were one more of each class
    high, low = (len(positives) + 1) / (len(positives) + 2), 1 / (len(negatives) + 2)

    def loss(parameters: np.ndarray) -> float:
        scale, offset = np.exp(parameters[0]), parameters[1]
        total = 0.0
        for values, target in ((positives, high), (negatives, low)):
            z = scale * values + offset
            total += (np.logaddexp(0, z) - target * z).mean()
        return total

    limits = [(np.log(0.05), np.log(MOST_SCALE)), (-10.0, 10.0)]
    found = minimize(loss, np.zeros(2), bounds=limits, method="L-BFGS-B").x
    return float(np.exp(found[0])), float(found[1])


def calibrated(logits: np.ndarray, calibrator: tuple[float, float]) -> np.ndarray:
    """Turn logits into probabilities, float64 (n,)."""
    scale, offset = calibrator
    return expit(scale * np.asarray(logits, np.float64) + offset)
