"""The threshold of the host and of the device against counting by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2_contingency

from seqcnn.discovery.threshold import best_threshold, best_threshold_inside_jit


def by_hand(foreground: np.ndarray, control: np.ndarray) -> float:
    """Try every score of the foreground; the G statistic of the table is the likelihood ratio."""
    n, m = len(foreground), len(control)
    best, threshold = -np.inf, np.nan
    for score in -np.sort(-foreground):
        a, b = (foreground >= score).sum(), (control >= score).sum()
        table = np.array([[a, n - a], [b, m - b]])
        used = table[:, table.sum(0) > 0]
        value = chi2_contingency(used, correction=False, lambda_="log-likelihood")[0]
        value = value if a * m > b * n else -value
        if value > best + 1e-9:
            best, threshold = value, score
    return threshold


@pytest.mark.parametrize("seed", range(10))
def test_both_ways_find_what_counting_finds(seed):
    rng = np.random.default_rng(seed)
    foreground = np.round(rng.normal(1, 2, (40, 3)), 1).astype(np.float32)
    control = np.round(rng.normal(0, 2, (90, 3)), 1).astype(np.float32)
    expected = [by_hand(foreground[:, i], control[:, i]) for i in range(3)]
    np.testing.assert_array_equal(
        best_threshold(foreground, control), np.array(expected, np.float32)
    )

    def filled(scores: np.ndarray) -> jax.Array:
        return jnp.asarray(np.pad(scores, ((0, 38), (0, 0)), constant_values=-1e9))

    inside = jax.jit(best_threshold_inside_jit)(
        filled(foreground), filled(control), jnp.array([40.0, 90.0])
    )
    np.testing.assert_array_equal(inside, np.array(expected, np.float32))
