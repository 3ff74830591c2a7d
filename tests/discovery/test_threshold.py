"""The threshold of the host and of the device against counting by hand."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2_contingency

from seqcnn.discovery.threshold import (
    best_threshold,
    best_threshold_inside_jit,
    settled_threshold,
)
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.pvalue import ScoreDistribution, integer_scores
from seqcnn.seq.alphabet import DNA


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


def signed_g(hits: float, control_hits: float, n: int, m: int) -> float:
    """The G statistic of a table by its cells, observed times log of observed over expected."""
    cells = np.array([[hits, n - hits], [control_hits, m - control_hits]])
    expected = np.outer(cells.sum(1), cells.sum(0)) / cells.sum()
    some = cells > 0
    total = 2 * float((cells[some] * np.log(cells[some] / expected[some])).sum())
    return total if hits * m > control_hits * n else -total


def values_by_hand(
    matrix: ProbabilityMatrix,
    share: float,
    placements: int,
    foreground: np.ndarray,
    control: np.ndarray,
) -> dict[int, float]:
    """Judge the score of every word there is; all shares are sums over words."""
    scores = integer_scores(matrix.to_scores())
    words = list(itertools.product(range(4), repeat=len(matrix)))
    score = np.array([sum(scores[i, a] for i, a in enumerate(w)) for w in words])
    random = np.array([np.prod([matrix.background[a] for a in w]) for w in words])
    among_sites = np.array([np.prod([matrix.values[i, a] for i, a in enumerate(w)]) for w in words])
    n, m = len(foreground), len(control)
    values = {}
    for least in np.unique(score).tolist():
        p = random[score >= least].sum()
        chance = 1 - (1 - min(p, 1)) ** placements
        has_site = chance + (1 - chance) * share * among_sites[score >= least].sum()
        hits, control_hits = (
            (10.0**side <= p * (1 + 1e-9)).sum() for side in (foreground, control)
        )
        promised = signed_g(n * has_site, m * chance, n, m)
        values[least] = promised + signed_g(hits, control_hits, n, m)
    return values


@pytest.mark.parametrize("seed", range(8))
def test_the_settled_threshold_is_the_best_of_all_words(seed):
    rng = np.random.default_rng(seed)
    background = np.array([0.3, 0.2, 0.15, 0.35])
    matrix = ProbabilityMatrix(rng.dirichlet(np.full(4, 0.3), 6), DNA, background)
    scores = ScoreDistribution.of(matrix.to_scores())
    share, placements = rng.uniform(0.2, 0.6), int(rng.integers(5, 100))
    # the best of random words in each sequence, and sites in some of the foreground
    grid = np.arange(scores.lowest, scores.lowest + len(scores.probabilities))
    words = rng.choice(grid, (80, placements), p=scores.probabilities / scores.probabilities.sum())
    best = words.max(1)
    best[: 5 * (seed % 3)] = np.quantile(best, 0.9, method="nearest")
    foreground, control = np.split(scores.log10_p_value(best * scores.step), 2)
    found = settled_threshold(scores, share, placements, foreground, control)
    values = values_by_hand(matrix, share, placements, foreground, control)
    chosen = round((found + scores.error) / scores.step)
    # scores on the grid are not quite those of the matrix, so equals may change places
    assert values[chosen] == pytest.approx(max(values.values()), abs=0.02)
    assert max(values.values()) > sorted(values.values())[-20] + 0.02
