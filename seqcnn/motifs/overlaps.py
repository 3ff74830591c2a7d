"""One site, one hit: of hits of a motif that lie on each other, the best is kept."""

import numpy as np

from seqcnn.motifs.hits import Hits


def best_of_sequence(hits: Hits) -> Hits:
    """Take the best hit of each motif in each sequence, the first of equals; in the same order."""
    order = np.lexsort((hits.start, -hits.score, hits.sequence, hits.motif))
    pairs = np.stack([hits.motif[order], hits.sequence[order]])
    first = np.any(np.diff(pairs, prepend=-1) != 0, axis=0)
    return hits.select(np.sort(order[first]))


def without_overlaps(hits: Hits) -> Hits:
    """Drop hits that share half of their letters or more with a better hit of the same motif.

    A motif that is nearly its own reverse complement, or nearly repeats itself, hits one site
    several times, a few letters apart.

    Parameters
    ----------
    hits
        Sorted by motif, sequence and start, as `scan` gives them.

    Returns
    -------
    Hits
        Of equal scores the first hit is kept.
    """
    if len(hits) < 2:
        return hits
    width = np.array([motif.width for motif in hits.motifs])[hits.motif]
    same = (np.diff(hits.motif) == 0) & (np.diff(hits.sequence) == 0)
    near = same & (2 * np.diff(hits.start) <= width[1:])
    kept = np.ones(len(hits), bool)
    # runs of hits each of which lies on the next; most are of one hit
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False)).reshape(-1, 2)
    for first, last in edges:
        rows = np.arange(first, last + 1)
        kept[rows] = _best(hits.start[rows], hits.score[rows], int(width[first]))
    return hits.select(kept)


def _best(start: np.ndarray, score: np.ndarray, width: int) -> np.ndarray:
    """Take the best hit, drop what lies on it, and again: bool (hits,)."""
    kept, left = np.zeros(len(start), bool), np.ones(len(start), bool)
    for i in np.argsort(-score, kind="stable"):
        if left[i]:
            kept[i] = True
            left &= 2 * np.abs(start - start[i]) > width
    return kept
