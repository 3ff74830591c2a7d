"""The threshold that makes a score a hit: where a foreground and its control differ most."""

import numpy as np
from scipy.special import xlogy


def best_threshold(foreground: np.ndarray, control: np.ndarray) -> float:
    """Find the score from which on more of the foreground than of the control is hit.

    The likelihood ratio of the shares of hits decides; if the control has the larger share, its
    sign is turned. What is tested with the threshold must not have been used to find it.

    Parameters
    ----------
    foreground, control
        float (n,) and (m,), each at least one; minus infinity is a score like others.

    Examples
    --------
    >>> best_threshold(np.array([9.0, 8.0, 1.0]), np.array([2.0, 1.0, 0.0]))
    8.0
    """
    scores = np.sort(foreground)[::-1]
    n, m = len(foreground), len(control)
    hits = np.arange(1.0, n + 1)
    control_hits = m - np.searchsorted(np.sort(control), scores)
    return float(scores[signed_likelihood_ratio(hits, control_hits, n, m).argmax()])


def signed_likelihood_ratio(
    hits: np.ndarray, control_hits: np.ndarray, total: int, control_total: int
) -> np.ndarray:
    """Compute twice the log-likelihood ratio; negative if the control has the larger share."""
    both = _entropy(hits + control_hits, total + control_total)
    ratio = 2 * (_entropy(hits, total) + _entropy(control_hits, control_total) - both)
    return np.where(hits * control_total > control_hits * total, ratio, -ratio)


def _entropy(hits: np.ndarray, total: int) -> np.ndarray:
    return xlogy(hits, hits / total) + xlogy(total - hits, (total - hits) / total)
