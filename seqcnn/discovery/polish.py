"""Polish: the last estimate of a motif, from all of its sites, each with its probability."""

from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression

from seqcnn.discovery.candidate import (
    Candidate,
    Search,
    alike,
    scan_contrast,
    used_columns,
    with_thresholds,
)
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import BestSites, count_letters, read_windows
from seqcnn.motifs.matrix import CountMatrix

COVERED = 0.5
"""Share of the sites that must have a letter in a column."""


def polish(
    candidates: list[Candidate], contrast: Contrast, search: Search, *, rounds: int = 3
) -> list[Candidate]:
    """Re-estimate motifs, every site with the probability that it is one, and trim them.

    A hard threshold loses the weaker sites and makes a matrix sharper than the truth. Here the
    share of chance sites at each score is read off the control by isotonic regression. Given its
    score a chance site looks like a true one, since the score is the likelihood ratio of the two;
    so weighting sites by their probability is unbiased.
    """
    start = candidates
    for _ in range(rounds):
        found = scan_contrast(candidates, contrast, search)
        candidates = [_polished(c, i, found, contrast, search) for i, c in enumerate(candidates)]
    # a weak motif may have slid into a stronger one: then its first form is kept
    candidates = [
        new if alike(new, old, search) else old for new, old in zip(candidates, start, strict=True)
    ]
    found = scan_contrast(candidates, contrast, search)
    candidates = with_thresholds(candidates, found)
    return [
        replace(c, sites=c.sites or float((found[0].score[:, i] >= c.threshold).sum()))
        for i, c in enumerate(candidates)
    ]


def _polished(
    candidate: Candidate,
    index: int,
    found: tuple[BestSites, BestSites],
    contrast: Contrast,
    search: Search,
) -> Candidate:
    weights = site_probabilities(found[0].score[:, index], found[1].score[:, index])
    windows = read_windows(contrast.foreground, found[0], index, search.alphabet)
    counts = CountMatrix(count_letters(windows, weights, search.alphabet.size), search.alphabet)
    sites = float(weights.sum())
    if sites < 3:
        return candidate
    frame = counts.to_probabilities(1.0, search.background)
    # columns that mostly lie outside of the sequences say nothing
    inside = counts.values.sum(1) >= COVERED * sites
    values = np.where(inside[:, None], frame.values, search.background)
    used = used_columns(values, search, sites)
    if not search.min_width <= used.sum() <= search.max_width:
        used = candidate.used
    return replace(candidate, frame=frame.values, used=used, sites=sites)


def site_probabilities(foreground: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Estimate for each best score of the foreground how probably it belongs to a true site.

    Parameters
    ----------
    foreground, control
        float (n,) and (m,): best scores of sequences.

    Returns
    -------
    numpy.ndarray
        float64 (n,), rising with the score.
    """
    n, m = len(foreground), len(control)
    scores = np.concatenate([foreground, control])
    order = np.argsort(scores, kind="stable")
    is_foreground = np.concatenate([np.ones(n), np.zeros(m)])[order]
    weights = np.concatenate([np.ones(n), np.full(m, n / m)])[order]
    share = isotonic_regression(is_foreground, weights=weights).x
    # the foreground without sites is a smaller set than the control is scaled to
    tail_f = np.cumsum((is_foreground)[::-1])[::-1] / n
    tail_c = np.cumsum((1 - is_foreground)[::-1])[::-1] / m
    rare = tail_c < 0.5
    with_sites = np.max((tail_f - tail_c)[rare] / (1 - tail_c[rare]), initial=0.0)
    chance = (1 - with_sites) * (1 - share) / np.maximum(share, 1e-9)
    probability = np.clip(1 - chance, 0.0, 1.0)
    result = np.empty(n + m)
    result[order] = np.where(share > 0.5, probability, 0.0)
    return result[:n]
