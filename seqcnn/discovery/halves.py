"""Two motifs that always keep one distance look like a single one: its halves are told apart here.

From sequences alone a gapped motif and a pair that always keeps its distance cannot be told apart.
Here those are two that could each be found by itself: each half says enough to be a motif, is
nearly as significant alone as with the other, and is no copy of it. A pair of like halves is a
dimer, short halves are boxes of one motif.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seqcnn.discovery.candidate import Candidate, Search, alike, scan_contrast, with_thresholds
from seqcnn.discovery.contrast import Contrast

GAP, QUIET = 6, 0.25
"""So many columns in a row that have no more bits than this are a gap."""

HALF = 13.0
"""Bits that a half must have to be a motif: more than six letters."""

ALONE = 0.5
"""Each half alone must reach this share of the log10 p of the whole."""


def split_halves(
    candidates: Sequence[Candidate], contrast: Contrast, search: Search
) -> list[list[Candidate]]:
    """Split candidates into the motifs that they consist of.

    Parameters
    ----------
    candidates
        With thresholds.
    contrast
        Training sequences.
    search
        Alphabet, strands, background and widths.

    Returns
    -------
    list of list of Candidate
        For each candidate its two halves, with thresholds of their own, or none.
    """
    result = []
    for candidate in candidates:
        halves = _halves(candidate, search)
        if halves:
            halves = with_thresholds(halves, scan_contrast(halves, contrast, search))
            limit, *alone = _log10_p([candidate, *halves], contrast, search)
            if max(alone) > ALONE * limit:
                halves = []
        result.append(halves)
    return result


def _log10_p(candidates: list[Candidate], contrast: Contrast, search: Search) -> list[float]:
    """Test how many sequences have a site of each candidate, foreground against control."""
    foreground, control = scan_contrast(candidates, contrast, search)
    return [
        contrast.test(
            foreground.score[:, i] >= c.threshold, control.score[:, i] >= c.threshold
        ).log10_p
        for i, c in enumerate(candidates)
    ]


def _halves(candidate: Candidate, search: Search) -> list[Candidate]:
    """Cut at the longest gap; none if there is no gap, or a half says too little."""
    bits = candidate.matrix(search).information()
    first, last = _longest_gap(bits)
    wide = min(first, len(bits) - last) >= search.min_width
    if last - first < GAP or not wide or min(bits[:first].sum(), bits[last:].sum()) < HALF:
        return []
    columns = np.flatnonzero(candidate.used)
    places = np.arange(len(candidate.used))
    halves = [
        replace(candidate, used=np.isin(places, part)) for part in (columns[:first], columns[last:])
    ]
    return [] if alike(halves[0], halves[1], search) else halves


def _longest_gap(bits: np.ndarray) -> tuple[int, int]:
    """Find the longest run of quiet columns: its first, and one past its last.

    Examples
    --------
    >>> _longest_gap(np.array([2.0, 0.1, 2.0, 0.0, 0.1, 1.0]))
    (3, 5)
    """
    loud = np.flatnonzero(np.r_[True, bits > QUIET, True])
    longest = int(np.diff(loud).argmax())
    return int(loud[longest]), int(loud[longest + 1]) - 1
