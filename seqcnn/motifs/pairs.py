"""Pairs of motifs at a preferred distance: sites that come together more often than by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from seqcnn.motifs.hits import Hits
from seqcnn.stats.fdr import benjamini_hochberg
from seqcnn.stats.tests import binomial_log10_p

Kind = tuple[int, int, str]
"""Two motifs and their orientation."""

FARTHEST = 50
"""Letters between two sites at most."""

AROUND = 10
"""Distances on either side of one from which its expectation is taken."""


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
        How often it was seen, and what the distances around it let one expect.
    log10_p, log10_q
        One-sided binomial test, and after correction for all orientations and distances that there
        are, seen or not.
    """

    first: int
    second: int
    orientation: str
    spacing: int
    observed: int
    expected: float
    log10_p: float
    log10_q: float


def spaced_pairs(hits: Hits, fewest: int = 2) -> list[Pair]:
    """Find distances between sites that are preferred, one row each, the most significant first.

    Sites of one sequence are paired if they do not overlap and are at most `FARTHEST` letters
    apart. A pair read from the other strand is the same pair. Given how many pairs lie within
    `AROUND` letters of a distance, their number at the distance itself is binomial, with a chance
    in proportion to the room that the sequences have for it.

    Parameters
    ----------
    hits
        Sites; of near-duplicates only one sequence.
    fewest
        Distances seen less often are tested, but not returned.
    """
    counts = _counts(hits)
    if not counts:
        return []
    room = {kind: _room(hits, kind) for kind in counts}
    rows = [(kind, spacing) for kind in counts for spacing in range(FARTHEST + 1)]
    tested = [_test(counts[kind], room[kind], spacing) for kind, spacing in rows]
    log10_p = np.array([p for _, p in tested])
    q_values = benjamini_hochberg(log10_p)
    pairs = [
        Pair(*kind, spacing, int(counts[kind][spacing]), expected, p, float(q))
        for (kind, spacing), (expected, p), q in zip(rows, tested, q_values, strict=True)
        if counts[kind][spacing] >= fewest
    ]
    return sorted(pairs, key=lambda x: (x.log10_p, x.first, x.second, x.orientation, x.spacing))


def _counts(hits: Hits) -> dict[Kind, np.ndarray]:
    """Count the pairs of every kind at every distance, int64 (FARTHEST + 1,) each."""
    counts = {kind: np.zeros(FARTHEST + 1, np.int64) for kind in _all_kinds(hits)}
    for left, right, gap in _neighbours(hits):
        for kind, spacing in zip(_kinds(hits, left, right), gap, strict=True):
            counts[kind][spacing] += 1
    return counts


def _room(hits: Hits, kind: Kind) -> np.ndarray:
    """Count the places at which a pair fits into the sequences, by distance."""
    first, second, _ = kind
    both = hits.motifs[first].width + hits.motifs[second].width
    lengths, number = np.unique(hits.sequences.lengths, return_counts=True)
    free = lengths[:, None] - both - np.arange(FARTHEST + 1) + 1
    return number @ np.maximum(free, 0)


def _test(seen: np.ndarray, room: np.ndarray, spacing: int) -> tuple[float, float]:
    """Compute the expected number at a distance, and log10 of the p-value of the one seen."""
    near = slice(max(0, spacing - AROUND), spacing + AROUND + 1)
    observed, total = int(seen[spacing]), int(seen[near].sum())
    share = float(room[spacing] / max(room[near].sum(), 1))
    expected = (total - observed) * share / (1 - share) if share < 1 else float(observed)
    if observed <= expected:
        return expected, 0.0  # p is near 1 / 2 or above; its exact value would change nothing
    return expected, binomial_log10_p(observed, total, share)


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


def _kinds(hits: Hits, left: np.ndarray, right: np.ndarray) -> Iterator[Kind]:
    """Name motifs and orientation of each pair."""
    columns = (hits.motif[left], hits.motif[right], hits.reverse[left], hits.reverse[right])
    for a, b, reverse_a, reverse_b in zip(*(c.tolist() for c in columns), strict=True):
        yield _kind(a, b, reverse_a, reverse_b)


def _all_kinds(hits: Hits) -> list[Kind]:
    """Every kind that there could be, on the strands that have sites."""
    motifs = range(len(hits.motifs))
    strands = (False, True) if hits.reverse.any() else (False,)
    return sorted({_kind(*kind) for kind in product(motifs, motifs, strands, strands)})


def _kind(a: int, b: int, reverse_a: bool, reverse_b: bool) -> Kind:
    """Name a pair, left and right; it has the same name as its reverse complement."""
    # as read from either strand; the smaller name stands for both
    given = (a, b, reverse_a, reverse_b)
    turned = (b, a, not reverse_b, not reverse_a)
    one, two, minus_one, minus_two = min(given, turned, key=lambda x: (x[2], x))
    signs = ("-" if minus_one else "+") + ("-" if minus_two else "+")
    side = "ab" if one <= two else "ba"
    return min(one, two), max(one, two), f"{signs}:{side}"
