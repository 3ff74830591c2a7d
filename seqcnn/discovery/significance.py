"""Significance: every candidate is tested on the fold that it never saw, and pays for all of them.

For fold f, ``E_f = p_f * (number of all candidates tested in f)``. A motif is a family of like
candidates; its E-value is K times the least E_f of the family over K folds. By Bonferroni this
holds whatever the dependence between candidates and folds, and however families are formed, since
forming them never shrinks a number of tests. Counts are never pooled over folds for a p-value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.candidate import (
    SAME,
    VERSION,
    Candidate,
    Search,
    hide_sites,
    likeness_of,
    placements_of,
    scan_contrast,
    sites_of,
)
from seqcnn.discovery.contrast import Contrast, ExactTest
from seqcnn.stats.auroc import auroc
from seqcnn.stats.intervals import Estimate, odds_ratio, stratified_odds_ratio
from seqcnn.stats.tests import parse_detail

TELLING = -2.0
"""log10 of the p-value from which on it matters whether a candidate is a shadow of another."""

LASTING = 0.5
"""A candidate is a shadow if hiding better ones takes this share of its log10 p, or more."""

WEAKER = 1.0
"""The sites of better ones are hidden down to a p-value so many powers of ten above theirs."""

HIDDEN = 0.1
"""About so many weak sites are hidden by chance in a sequence, at most."""


@dataclass(frozen=True, eq=False)
class FoldTest:
    """One candidate, tested on the fold that it never saw.

    Parameters
    ----------
    fold
        The fold of the test.
    candidate
        What was tested; matrix and threshold come from the other folds.
    result
        The exact test, of what is left beyond stronger candidates if `given` is not 0.
    tests
        Number of candidates tested in this fold.
    auroc
        Of the best site's score, foreground against control.
    given
        Number of stronger candidates whose sites were hidden; 0 if all letters were there.
    plain
        The exact test with all letters, for effect sizes; the same as `result` by default.
    """

    fold: int
    candidate: Candidate
    result: ExactTest
    tests: int
    auroc: float
    given: int = 0
    plain: ExactTest = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Take the only test for both."""
        if self.plain is None:
            object.__setattr__(self, "plain", self.result)

    @property
    def log10_e(self) -> float:
        """log10 of p times the number of tests of the fold."""
        return self.result.log10_p + math.log10(self.tests)


@dataclass(frozen=True, eq=False)
class Family:
    """Like candidates of all folds: one motif.

    Parameters
    ----------
    tests
        In any order; they are kept sorted, the best first.
    folds
        Number of all folds, whether the motif was found for them or not.
    shown
        The tests whose counts are effect sizes, see `like`.
    """

    tests: tuple[FoldTest, ...]
    folds: int
    shown: tuple[FoldTest, ...] = ()

    def __post_init__(self) -> None:
        """Sort the tests."""
        object.__setattr__(self, "tests", tuple(sorted(self.tests, key=_rank)))

    def joined(self, other: "Family") -> "Family":
        """Take the tests of another family in."""
        return Family(self.tests + other.tests, self.folds)

    def like(self, candidate: Candidate, search: Search) -> "Family":
        """Take effect sizes from the test of each fold that is most like a candidate."""
        best = {}
        for test in self.tests:
            r = likeness_of(test.candidate, candidate, search)
            if test.fold not in best or r > best[test.fold][0]:
                best[test.fold] = r, test
        return replace(self, shown=tuple(best[fold][1] for fold in sorted(best)))

    @property
    def best(self) -> FoldTest:
        """The test that gives the E-value."""
        return self.tests[0]

    @property
    def log10_e(self) -> float:
        """log10 of the E-value over all folds."""
        return self.best.log10_e + math.log10(self.folds)

    @property
    def auroc(self) -> float:
        """Mean over the tests of different folds, weighted by their sizes."""
        by_fold = self.one_per_fold
        weights = [t.plain.total for t in by_fold]
        return float(np.average([t.auroc for t in by_fold], weights=weights))

    @property
    def one_per_fold(self) -> list[FoldTest]:
        """The test of each fold that counts for effect sizes, by default the best."""
        if self.shown:
            return list(self.shown)
        seen: dict[int, FoldTest] = {}
        for test in self.tests:
            seen.setdefault(test.fold, test)
        return [seen[fold] for fold in sorted(seen)]

    @property
    def table(self) -> tuple[int, int, int, int]:
        """Counts pooled over folds, an effect size only: hits, total, control hits, total."""
        results = [t.plain for t in self.one_per_fold]
        return (
            sum(r.hits for r in results),
            sum(r.total for r in results),
            sum(r.control_hits for r in results),
            sum(r.control_total for r in results),
        )

    @property
    def odds_ratio(self) -> Estimate:
        """Of a site in foreground against control, within strata where there are some."""
        results = [t.plain for t in self.one_per_fold]
        if results[0].test == "cmh":
            strata = [parse_detail(r.test, r.detail).reshape(-1, 2, 2) for r in results]
            return stratified_odds_ratio(np.concatenate(strata))
        return self.crude_odds_ratio

    @property
    def crude_odds_ratio(self) -> Estimate:
        """The same without regard to strata."""
        hits, total, control_hits, control_total = self.table
        return odds_ratio(hits, total - hits, control_hits, control_total - control_hits)


def _rank(test: FoldTest) -> tuple[float, float, int]:
    return test.log10_e, -test.auroc, test.fold


def fold_tests(
    fold: int, candidates: list[Candidate], contrast: Contrast, search: Search
) -> list[FoldTest]:
    """Test all candidates of a fold on its own sequences.

    A candidate that means little once the sites of better ones are hidden is a shadow of theirs:
    half of another motif, two of them side by side. For such a one, what is left is reported; that
    test is the weaker of two, so its p-value holds.

    Parameters
    ----------
    fold
        Which one.
    candidates
        What was learnt from the other folds.
    contrast
        The sequences of the fold.
    search
        Alphabet, strands and background.
    """
    if not candidates:
        return []
    found = scan_contrast(candidates, contrast, search)
    scores = [(found[0].score[:, i], found[1].score[:, i]) for i in range(len(candidates))]
    results = [
        contrast.test(s[0] >= c.threshold, s[1] >= c.threshold)
        for c, s in zip(candidates, scores, strict=True)
    ]
    left, hidden, given, plain = contrast, 0, [0] * len(candidates), list(results)
    # the strongest casts the shadows, whenever it was taken; no test gets stronger in this way
    for i in sorted(range(len(candidates)), key=lambda i: results[i].log10_p):
        if results[i].log10_p >= TELLING:
            break
        candidate = candidates[i]
        if left is not contrast:
            rest = left.test(*_with_sites(candidate, left, search))
            if rest.log10_p > LASTING * results[i].log10_p:
                results[i], given[i] = rest, hidden
        weaker = _weaker(candidate, contrast, search)
        left, hidden = hide_sites(candidate, left, search, log10_p=weaker), hidden + 1
    return [
        FoldTest(
            fold, candidate, results[i], len(candidates), auroc(*scores[i]), given[i], plain[i]
        )
        for i, candidate in enumerate(candidates)
    ]


def _with_sites(
    candidate: Candidate, contrast: Contrast, search: Search
) -> tuple[np.ndarray, np.ndarray]:
    """Say which sequences of foreground and control have a site, bool (n,) and (m,)."""
    log10_p = _strictness(candidate, search)
    found = []
    for codes in (contrast.foreground, contrast.control):
        hits = sites_of(candidate, codes, search, log10_p=log10_p)
        found.append(np.bincount(hits.sequence, minlength=len(codes)) > 0)
    return found[0], found[1]


def _weaker(candidate: Candidate, contrast: Contrast, search: Search) -> float:
    """Choose log10 of the p-value down to which the sites of a candidate are hidden.

    Beyond its own sites no more than some random sequences have one hidden: else a loose candidate,
    whose sites are everywhere, would hide all others.
    """
    own = _strictness(candidate, search)
    placements = placements_of(contrast.foreground, int(candidate.used.sum()), search).mean()
    return max(own, min(own + WEAKER, float(np.log10(HIDDEN / placements))))


def _strictness(candidate: Candidate, search: Search) -> float:
    """log10 of the p-value of a word that scores the threshold."""
    scores = candidate.scores(search)
    return float(scores.log10_p_value(candidate.threshold - scores.error))


def families(tests: Sequence[FoldTest], search: Search, folds: int) -> list[Family]:
    """Gather like candidates, the most significant first.

    Two candidates of one fold that are only somewhat alike are two motifs, or a motif and its
    shadow: each was sought where the sites of the other were hidden.
    """
    gathered: list[list[FoldTest]] = []
    for test in sorted(tests, key=_rank):
        found = [likeness_of(test.candidate, g[0].candidate, search) for g in gathered]
        fit = [
            r if r >= (VERSION if test.fold in {t.fold for t in g} else SAME) else -1.0
            for r, g in zip(found, gathered, strict=True)
        ]
        if max(fit, default=-1.0) < 0:
            gathered.append([test])
        else:
            gathered[int(np.argmax(fit))].append(test)
    return sorted((Family(tuple(g), folds) for g in gathered), key=lambda f: (f.log10_e, -f.auroc))
