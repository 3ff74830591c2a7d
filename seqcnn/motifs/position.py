"""Where the best sites of a motif lie: around the centres of the sequences, or in one part of them.

Bailey and Machanick (2012), Inferring direct DNA binding from ChIP-seq, doi:10.1093/nar/gks433.
Each sequence has one site, the best; if the motif has nothing to do with the place, it is equally
likely anywhere that it fits. Of equally good sites one must have been drawn at random, as
`best.best_sites` does: the first of them would pile up at the left.

Counts are whole numbers, so that a p-value P(count >= k) is larger than uniform by chance, and the
best of many by more. Where the best is chosen, a random part of P(count = k) is therefore left out
(Tocher 1950, doi:10.2307/2332361): then it is uniform. The part depends on seed and sites alone.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from seqcnn.stats.best_of_many import (
    best_of_many_log10_p,
    bin_correlations,
    nested_correlations,
)
from seqcnn.stats.tests import binomial_log10_p

SHARES = np.array([0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
"""Central windows hold about these shares of all places, or fewer of them in short sequences."""

FEWEST = 5.0
"""Sites to expect in the narrowest window; counts below have hardly a distribution."""

UNDERFLOW = -290.0
"""log10 of a probability below which a float has lost its digits."""

BINS = 20
"""Parts of equal length that sequences are cut into."""


@dataclass(frozen=True)
class CentralEnrichment:
    """The central window in which sites are the most unlikely to have fallen by chance.

    Parameters
    ----------
    sites
        Sequences with a site.
    width
        Letters of the window, around the centre of each sequence, that hold the middles of sites.
    hits, expected
        Sites in the window, and how many there would be by chance.
    log10_p
        One-sided, corrected for the choice of the window; NaN if there are too few sites or places
        for any window.
    """

    sites: int
    width: int
    hits: int
    expected: float
    log10_p: float


@dataclass(frozen=True, eq=False)
class BinEnrichment:
    """Sites in parts of equal length, from the start of the sequences to their end.

    Parameters
    ----------
    hits
        int64 (bins,).
    expected
        float64 (bins,): how many there would be by chance.
    log10_p
        float64 (bins,): one-sided binomial, for each bin alone.
    best
        The bin with the smallest p-value.
    best_log10_p
        log10 of its p-value, corrected for the choice among bins.
    """

    hits: np.ndarray
    expected: np.ndarray
    log10_p: np.ndarray
    best: int
    best_log10_p: float


def central_enrichment(
    start: np.ndarray, width: int, lengths: np.ndarray, *, seed: int = 0
) -> CentralEnrichment:
    """Test whether sites lie around the centres of their sequences.

    Parameters
    ----------
    start
        int (n,): the site of each sequence, from 0.
    width
        Letters of a site.
    lengths
        int (n,): letters of the sequences. They may differ; the window is the same in all, hence
        less probable to be hit in longer ones. The binomial distribution then has the mean of
        the true one and is wider (Hoeffding 1956), so that no p-value is too small.
    seed
        Of the random part.

    Examples
    --------
    >>> lengths = np.full(200, 100)
    >>> at_centre = central_enrichment(np.full(200, 45), 10, lengths)
    >>> at_centre.hits, at_centre.log10_p < -100
    (200, True)
    >>> central_enrichment(np.arange(200) % 91, 10, lengths).log10_p > -1
    True
    """
    number = len(start)
    # twice the distance between the middles of site and sequence
    distance = np.abs(2 * np.asarray(start, np.int64) + width - lengths)
    reach, shares = _central_windows(width, np.asarray(lengths, np.int64))
    if not len(reach):
        return CentralEnrichment(number, 0, 0, 0.0, math.nan)
    hits = np.searchsorted(np.sort(distance), reach, side="right")
    # windows that differ by a few sites share one part, like most of their counts
    log10_p = _log10_p(hits, number, shares, _random_part(start, seed))
    chosen = int(log10_p.argmin())
    return CentralEnrichment(
        number,
        int(reach[chosen]) + 1,
        int(hits[chosen]),
        float(number * shares[chosen]),
        best_of_many_log10_p(float(log10_p[chosen]), _correlations(shares)),
    )


def bin_enrichment(
    start: np.ndarray, width: int, lengths: np.ndarray, *, bins: int = BINS, seed: int = 0
) -> BinEnrichment:
    """Test in which parts of the sequences sites lie.

    Parameters
    ----------
    start, width, lengths
        As for `central_enrichment`.
    bins
        Parts of equal length.
    seed
        Of the random part.

    Examples
    --------
    >>> found = bin_enrichment(np.full(50, 90), 10, np.full(50, 100))
    >>> found.best, int(found.hits[-1])
    (19, 50)
    """
    places = np.maximum(np.asarray(lengths, np.int64) - width + 1, 1)
    hits = np.bincount(np.asarray(start, np.int64) * bins // places, minlength=bins)
    shares = _bin_shares(places, bins)
    randomised = _log10_p(hits, len(start), shares, _random_part(start, seed, bins))
    best = int(randomised.argmin())
    return BinEnrichment(
        hits,
        len(start) * shares,
        _log10_p(hits, len(start), shares, np.ones(bins)),
        best,
        best_of_many_log10_p(float(randomised[best]), bin_correlations(bins)),
    )


def _central_windows(width: int, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reach of central windows, as twice a distance, and the share of places in each."""
    sizes, members = np.unique(lengths[lengths >= width], return_counts=True)
    if not len(sizes):
        return np.zeros(0, np.int64), np.zeros(0)
    reach = np.arange(int(sizes.max()) - width + 1)
    # sites of a sequence lie at every other distance, one in the middle or one on either side of it
    odd = (sizes - width) % 2
    inside = 2 * ((reach[:, None] - odd) // 2) + 1 + odd
    places = sizes - width + 1
    shares = (np.clip(inside, 0, places) / places) @ members / members.sum()
    wanted = SHARES[SHARES * members.sum() >= FEWEST]
    nearest = np.abs(shares - wanted[:, None]).argmin(1)
    # a share that no window has is passed over, and a window of all places tests nothing
    close = (np.abs(shares[nearest] - wanted) <= wanted / 4) & (shares[nearest] < 1)
    chosen = np.unique(nearest[close])
    return reach[chosen], shares[chosen]


def _correlations(shares: np.ndarray) -> np.ndarray:
    """Correlate the counts of windows that have about some of `SHARES`."""
    return nested_correlations(SHARES[np.abs(SHARES - shares[:, None]).argmin(1)])


def _random_part(start: np.ndarray, seed: int, number: int = 1) -> np.ndarray:
    """Draw numbers between 0 and 1: the same for the same sites, in whatever order."""
    return np.random.default_rng([seed, len(start), int(np.sum(start))]).uniform(size=number)


def _log10_p(hits: np.ndarray, number: int, shares: np.ndarray, part: np.ndarray) -> np.ndarray:
    """log10 of P(count > hits) and a part of P(count = hits)."""
    equal, more = (_log10_tail(k, number, shares) for k in (hits, hits + 1))
    part = np.broadcast_to(part, equal.shape)
    return equal + np.log10(part + (1 - part) * 10 ** (more - equal))


def _log10_tail(hits: np.ndarray, number: int, shares: np.ndarray) -> np.ndarray:
    """log10 P(count >= hits); where a float underflows, by the exact sum."""
    tails = binom.logsf(hits - 1, number, shares) / math.log(10)
    for i in np.flatnonzero(tails < UNDERFLOW):
        tails[i] = binomial_log10_p(int(hits[i]), number, float(shares[i]))
    return tails


def _bin_shares(places: np.ndarray, bins: int) -> np.ndarray:
    """Share of the places that fall into each bin, float64 (bins,), over all sequences."""
    shares = np.zeros(bins)
    for size, members in zip(*np.unique(places, return_counts=True), strict=True):
        inside = np.bincount(np.arange(size) * bins // size, minlength=bins)
        shares += members * inside / size
    return shares / max(len(places), 1)
