"""Pairs of motifs at a preferred distance: sites that come together more often than by chance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from seqcnn.motifs.scan import Hits
from seqcnn.stats.fdr import benjamini_hochberg

FARTHEST = 50
"""Letters between two sites at most."""

AROUND = 10
"""Distances on either side of one from which its expectation is taken."""

FEWEST = 5
"""A distance seen less often is not looked at."""


@dataclass(frozen=True)
class Pair:
    """Two motifs at one distance.

    Parameters
    ----------
    first, second
        Positions of the motifs in `Hits.motifs`, the first no larger.
    orientation
        Strand of the left site and of the right one, and which motif is on the left: ``"+-:ba"``
        is `second` forward, then `first` reversed.
    spacing
        Letters between the two.
    observed, expected
        How often it was seen, and the mean over the distances around it.
    log10_p, log10_q
        One-sided Poisson test, and after correction for all distances looked at.
    """

    first: int
    second: int
    orientation: str
    spacing: int
    observed: int
    expected: float
    log10_p: float
    log10_q: float


def spaced_pairs(hits: Hits) -> list[Pair]:
    """Find distances between sites that are preferred, one row each, the most significant first.

    Sites of one sequence are paired if they do not overlap and are at most `FARTHEST` letters
    apart. A pair read from the other strand is the same pair.
    """
    found = list(_counted(hits))
    if not found:
        return []
    log10_p = np.array(
        [poisson.logsf(n - 1, max(expected, 0.1)) / np.log(10) for *_, n, expected in found]
    )
    q_values = benjamini_hochberg(log10_p)
    pairs = [
        Pair(*row, float(p), float(q)) for row, p, q in zip(found, log10_p, q_values, strict=True)
    ]
    return sorted(pairs, key=lambda x: (x.log10_p, x.first, x.second, x.orientation, x.spacing))


def _counted(hits: Hits) -> Iterator[tuple[int, int, str, int, int, float]]:
    """Count every orientation and distance; give those seen often, with their expectation."""
    counts: dict[tuple[int, int, str], np.ndarray] = {}
    for left, right, gap in _neighbours(hits):
        for kind, spacing in zip(_kinds(hits, left, right), gap, strict=True):
            counts.setdefault(kind, np.zeros(FARTHEST + 1, np.int64))[spacing] += 1
    for (first, second, orientation), seen in sorted(counts.items()):
        for spacing in np.flatnonzero(seen >= FEWEST):
            low, high = max(0, spacing - AROUND), min(FARTHEST, spacing + AROUND) + 1
            others = np.delete(seen[low:high], spacing - low)
            yield first, second, orientation, int(spacing), int(seen[spacing]), float(others.mean())


def _neighbours(hits: Hits) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pair the sites of one sequence, the left one first, with the letters between them."""
    order = np.lexsort((hits.motif, hits.start, hits.sequence))
    widths = np.array([m.width for m in hits.motifs], np.int64)
    for step in range(1, len(order)):
        left, right = order[:-step], order[step:]
        same = hits.sequence[left] == hits.sequence[right]
        gap = hits.start[right] - hits.start[left] - widths[hits.motif[left]]
        near = same & (gap <= FARTHEST)
        if not near.any():
            return
        kept = near & (gap >= 0)
        yield left[kept], right[kept], gap[kept]


def _kinds(hits: Hits, left: np.ndarray, right: np.ndarray) -> Iterator[tuple[int, int, str]]:
    """Name motifs and orientation of each pair, the same for a pair and its reverse complement."""
    columns = (hits.motif[left], hits.motif[right], hits.reverse[left], hits.reverse[right])
    for a, b, reverse_a, reverse_b in zip(*(c.tolist() for c in columns), strict=True):
        # as read from either strand; the smaller name stands for both
        given = (a, b, reverse_a, reverse_b)
        turned = (b, a, not reverse_b, not reverse_a)
        one, two, minus_one, minus_two = min(given, turned, key=lambda x: (x[2], x))
        signs = ("-" if minus_one else "+") + ("-" if minus_two else "+")
        side = "ab" if one <= two else "ba"
        yield min(one, two), max(one, two), f"{signs}:{side}"
