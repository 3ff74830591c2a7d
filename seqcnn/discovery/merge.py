"""One motif in, one motif out: families that turn out to be the same motif are joined."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.candidate import (
    SAME,
    VERSION,
    Candidate,
    Search,
    alike,
    placements_of,
    sites_of,
    tables_of,
)
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import best_sites
from seqcnn.discovery.significance import Family
from seqcnn.motifs.scan import Hits

LEAST_STRICT, LEAST_STRICT_EACH = 1e-3, 0.1
"""A site has a p-value of the greater of these at most, whatever the threshold of its motif: of a
word, and times the windows of a sequence."""

SHARED = 0.5
"""Motifs are one if so many of the sites of either, beyond those by chance, are the other's."""

COVERED = 0.5
"""A site is another motif's if so much of the narrower of the two lies in it."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """A motif: its tests, its matrix, and what makes a window a site.

    Parameters
    ----------
    family
        The tests of all versions of it.
    candidate
        The matrix of the best version; in the end fitted to all data.
    log10_p
        log10 of the p-value of a word from which on it is a site.
    """

    family: Family
    candidate: Candidate
    log10_p: float

    def joined(self, other: "Gathered", search: Search) -> "Gathered":
        """Take the tests of another version in; the matrix that explains more letters stays."""
        family = self.family.joined(other.family)
        best = max(self, other, key=lambda g: g.explained(search))
        return Gathered(family, best.candidate, best.log10_p)

    def explained(self, search: Search) -> float:
        """Bits that all sites together have beyond chance."""
        hits, total, control_hits, control_total = self.family.table
        excess = max(hits - control_hits * total / max(control_total, 1), 0.0)
        return excess * float(self.candidate.matrix(search).information().sum())


def gather(
    families: Sequence[Family], contrast: Contrast, search: Search, *, limit: float
) -> list[Gathered]:
    """Join families whose matrices are alike, or whose sites are the same.

    Half of a motif that was found in one fold and the whole that was found in another are one
    motif; so is what was read out of weak sites of a better one.

    Parameters
    ----------
    families
        In rank order; the matrices are those that were tested best.
    contrast
        Sequences in which sites are compared.
    search
        Alphabet, strands and background.
    limit
        E-value up to which sites are compared; what is weaker is no motif anyway.
    """
    every = [
        Gathered(family, family.best.candidate, _strictness(family, contrast.foreground, search))
        for family in families
    ]
    sites: dict[int, list[Hits]] = {}  # by identity: sites are found once

    def same(one: Gathered, other: Gathered) -> bool:
        for each in (one, other):
            if id(each.candidate) not in sites:
                sites[id(each.candidate)] = [
                    sites_of(each.candidate, codes, search, log10_p=each.log10_p)
                    for codes in (contrast.foreground, contrast.control)
                ]
        found = [sites[id(each.candidate)] for each in (one, other)]
        widths = [int(each.candidate.used.sum()) for each in (one, other)]
        return any(covered_sites(found, widths, contrast))

    kept: list[Gathered] = []
    for new in every:
        weak = new.family.log10_e > np.log10(limit)
        least = SAME if weak else VERSION
        home = next(
            (
                i
                for i, old in enumerate(kept)
                if alike(new.candidate, old.candidate, search, least)
                or (not weak and same(old, new))
            ),
            None,
        )
        if home is None:
            kept.append(new)
        else:
            kept[home] = kept[home].joined(new, search)
    return kept


def refitted(
    gathered: Sequence[Gathered], fitted: Sequence[Candidate], contrast: Contrast, search: Search
) -> list[Gathered]:
    """Put matrices that were fitted to all data in place; join what has become the same.

    As many sequences keep a site as had one by the matrix and threshold that were tested: p-values
    of words mean something else where columns were trimmed.
    """
    kept: list[Gathered] = []
    limits = _strictness_of_refitted([g.candidate for g in gathered], fitted, contrast, search)
    for old, candidate, log10_p in zip(gathered, fitted, limits, strict=True):
        new = replace(old, candidate=candidate, log10_p=log10_p)
        home = next(
            (i for i, k in enumerate(kept) if alike(candidate, k.candidate, search, VERSION)), None
        )
        if home is None:
            kept.append(new)
        else:
            kept[home] = kept[home].joined(new, search)
    return kept


def _strictness_of_refitted(
    tested: Sequence[Candidate], fitted: Sequence[Candidate], contrast: Contrast, search: Search
) -> list[float]:
    """Find for each fitted matrix log10 of the p-value that gives as many sequences a site."""
    if not fitted:
        return []
    codes = contrast.foreground
    before, after = (
        best_sites(codes, tables_of(list(some), search), search.complement).score
        for some in (tested, fitted)
    )
    limits = []
    for i, (old, new) in enumerate(zip(tested, fitted, strict=True)):
        number = max(int((before[:, i] >= old.threshold).sum()), 1)
        score = float(np.sort(after[:, i])[-number])
        scores = new.scores(search)
        log10_p = float(scores.log10_p_value(score - scores.error))
        limits.append(min(log10_p, _least_strict(new, codes, search)))
    return limits


def _least_strict(candidate: Candidate, codes: np.ndarray, search: Search) -> float:
    """Say what log10 of the p-value of a site is at most."""
    placements = placements_of(codes, int(candidate.used.sum()), search).mean()
    return float(np.log10(max(LEAST_STRICT, LEAST_STRICT_EACH / placements)))


def covered_sites(
    found: Sequence[list[Hits]], widths: list[int], contrast: Contrast
) -> tuple[bool, bool]:
    """Say of each of two motifs whether most of its sites are sites of the other.

    `found` has for each motif its sites in foreground and control.
    """
    needed = max(1, round(COVERED * min(widths)))
    shared = []  # foreground and control: sites of either that are the other's, and all
    for side, codes in enumerate((contrast.foreground, contrast.control)):
        hits = [each[side] for each in found]
        covered = [
            _covered(h.sequence, h.start, w, codes.shape) for h, w in zip(hits, widths, strict=True)
        ]
        both = [
            np.count_nonzero(_letters_in(covered[1 - i], h.sequence, h.start, widths[i]) >= needed)
            for i, h in enumerate(hits)
        ]
        shared.append([both, [len(h.sequence) for h in hits]])
    scale = len(contrast) / max(len(contrast.control), 1)
    excess = np.array(shared[0]) - scale * np.array(shared[1])
    first, second = excess[0] >= SHARED * np.maximum(excess[1], 1.0)
    return bool(first), bool(second)


def _covered(row: np.ndarray, start: np.ndarray, width: int, shape: tuple[int, int]) -> np.ndarray:
    """Count the letters that lie in sites up to each place, int64 (n, length + 1)."""
    n, length = shape
    edges = np.zeros((n, length + 1), np.int64)
    np.add.at(edges, (row, start), 1)
    np.add.at(edges, (row, start + width), -1)
    inside = np.cumsum(edges, axis=1)[:, :length] > 0
    return np.concatenate([np.zeros((n, 1), np.int64), np.cumsum(inside, axis=1)], axis=1)


def _letters_in(covered: np.ndarray, row: np.ndarray, start: np.ndarray, width: int) -> np.ndarray:
    """Count the letters of windows that lie in sites of the other motif."""
    return covered[row, start + width] - covered[row, start]


def _strictness(family: Family, codes: np.ndarray, search: Search) -> float:
    """Take the p-value of the threshold that was tested over to the final matrix."""
    tested = family.best.candidate
    scores = tested.scores(search)
    # the threshold is the score of some word, which the grid may have rounded down
    log10_p = float(scores.log10_p_value(tested.threshold - scores.error))
    return min(log10_p, _least_strict(tested, codes, search))
