"""One motif in, one motif out: families that turn out to be the same motif are joined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.discovery.candidate import Candidate, Search, alike, placements_of, sites_of
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.significance import Family

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
        The matrix of the best version, fitted to all data.
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
    families: Sequence[Family],
    fitted: Sequence[Candidate],
    contrast: Contrast,
    search: Search,
    *,
    limit: float,
) -> list[Gathered]:
    """Join families whose matrices are alike on all data, or whose sites are the same.

    Half of a motif that was found in one fold and the whole that was found in another are one
    motif; so is what was read out of weak sites of a better one.

    Parameters
    ----------
    families
        In rank order.
    fitted
        A matrix for each, fitted to all data.
    contrast
        Sequences in which sites are compared.
    search
        Alphabet, strands and background.
    limit
        E-value up to which sites are compared; what is weaker is no motif anyway.
    """
    kept: list[Gathered] = []
    for family, candidate in zip(families, fitted, strict=True):
        new = Gathered(family, candidate, _strictness(family, contrast.foreground, search))
        weak = family.log10_e > np.log10(limit)
        home = next(
            (
                i
                for i, old in enumerate(kept)
                if alike(candidate, old.candidate, search)
                or (not weak and _same_sites(old, new, contrast, search))
            ),
            None,
        )
        if home is None:
            kept.append(new)
        else:
            kept[home] = kept[home].joined(new, search)
    return kept


def _same_sites(one: Gathered, other: Gathered, contrast: Contrast, search: Search) -> bool:
    """Say whether most sites of one of two motifs are sites of the other."""
    widths = [int(g.candidate.used.sum()) for g in (one, other)]
    needed = max(1, round(COVERED * min(widths)))
    shared = []  # foreground and control: sites of either that are the other's, and all
    for codes in (contrast.foreground, contrast.control):
        found = [sites_of(g.candidate, codes, search, log10_p=g.log10_p) for g in (one, other)]
        covered = [
            _covered(h.sequence, h.start, w, codes.shape)
            for h, w in zip(found, widths, strict=True)
        ]
        both = [
            np.count_nonzero(_letters_in(covered[1 - i], h.sequence, h.start, widths[i]) >= needed)
            for i, h in enumerate(found)
        ]
        shared.append([both, [len(h.sequence) for h in found]])
    scale = len(contrast) / max(len(contrast.control), 1)
    excess = np.array(shared[0]) - scale * np.array(shared[1])
    return bool((excess[0] >= SHARED * np.maximum(excess[1], 1.0)).any())


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
    placements = placements_of(codes, int(tested.used.sum()), search).mean()
    return min(log10_p, float(np.log10(max(LEAST_STRICT, LEAST_STRICT_EACH / placements))))
