"""Known motifs: every motif of a database, tested as candidates are.

Nothing of a known motif was learnt from the sequences but its threshold, and that is chosen on the
other folds. Each motif is tested in each fold, so the number of tests of a fold is that of motifs.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.candidate import SAME, Candidate, Search, likeness
from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.discovery.doubts import doubts_about
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.result import DiscoveredMotif
from seqcnn.discovery.significance import Family, FoldTest
from seqcnn.discovery.threshold import best_threshold
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.motif import Motif
from seqcnn.stats.auroc import auroc

KNOWN = "known"
"""Source of these candidates."""

SPENT = 1.6e9
"""Letters times motifs: so many shuffles are scanned as this allows, one of each sequence at
least."""

MOST_SPENT = 1e10
"""With more letters times motifs only some of the sequences are tested."""

CLASSES = 25
"""Classes of like composition at most; the exact test of thousands of motifs takes as long again
for as many more."""

CHOOSING = 2000
"""Sequences of the foreground of other folds that choose thresholds, at most."""

FEWEST = 40
"""Sequences of foreground and control that are tested at least, however long they are."""

TOGETHER = 256
"""Motifs whose scores are in memory at a time."""


@dataclass(frozen=True, eq=False)
class KnownGroup:
    """Significant known motifs that are alike; the first is the most significant.

    Parameters
    ----------
    members
        In rank order, one at least.
    """

    members: tuple[DiscoveredMotif, ...]

    @property
    def lead(self) -> DiscoveredMotif:
        """The most significant one."""
        return self.members[0]


def known_motifs(
    database: Sequence[Motif],
    data: FoldedContrast,
    search: Search,
    *,
    notes: Notes,
    on_share: Callable[[float], None] = lambda share: None,
) -> tuple[DiscoveredMotif, ...]:
    """Test every motif of a database on each fold, with the threshold that the others chose.

    Parameters
    ----------
    database
        Motifs over the alphabet of the data; may be empty.
    data
        Sequences, control and folds.
    search
        Alphabet, strands and background.
    notes
        Are told if not all sequences are tested.
    on_share
        Is told the share that is done.

    Returns
    -------
    tuple of DiscoveredMotif
        All motifs, the most significant first.
    """
    if not database:
        return ()
    some = _affordable(data, len(database), notes)
    folds = [some.held(number) for number in range(int(some.fold.max()) + 1)]
    found: list[DiscoveredMotif] = []
    for low in range(0, len(database), TOGETHER):
        motifs = database[low : low + TOGETHER]
        tests = _tests(motifs, folds, search, len(database))
        for motif, own in zip(motifs, tests, strict=True):
            family = Family(own, len(folds))
            named = replace(motif, log10_e_value=family.log10_e)
            flags = doubts_about(named, family)
            found.append(DiscoveredMotif(named, family, math.nan, flags=flags))
        on_share((low + len(motifs)) / len(database))
    return tuple(sorted(found, key=lambda m: (m.log10_e, -m.family.auroc, m.motif.name)))


def known_groups(known: Iterable[DiscoveredMotif], *, both_strands: bool) -> list[KnownGroup]:
    """Gather like motifs, each with the most significant one that it is like.

    Parameters
    ----------
    known
        In rank order.
    both_strands
        Whether a motif is like the reverse complement of another.
    """
    groups: list[list[DiscoveredMotif]] = []
    for one in known:
        matrix = one.motif.matrix
        home = next(
            (
                group
                for group in groups
                if likeness(matrix, group[0].motif.matrix, both_strands=both_strands) >= SAME
            ),
            None,
        )
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return [KnownGroup(tuple(group)) for group in groups]


def _affordable(data: FoldedContrast, motifs: int, notes: Notes) -> FoldedContrast:
    """Thin shuffles, and then sequences, until the scan is done in seconds rather than minutes."""
    whole = data.whole
    length = max(whole.foreground.shape[1], 1)
    rows, most = len(whole), max(MOST_SPENT / (motifs * length), FEWEST)
    if whole.copies:
        copies = int(np.clip(SPENT / (motifs * length * rows) - 1, 1, whole.copies))
        kept, control = min(rows, int(most / (copies + 1))), 0
        data = replace(data, whole=whole.thinned(copies))
    else:
        kept = min(rows, int(most / 2))
        control = min(len(whole.control), max(int(most) - kept, kept))
        data = replace(data, whole=_in_fewer_classes(whole))
    if kept < rows:
        notes.add(
            f"known motifs are tested on {kept:,} of {rows:,} sequences, to save time; "
            f"--db names a smaller collection"
        )
    return _thinned(data, _evenly(rows, kept), _evenly(len(whole.control), control))


def _thinned(data: FoldedContrast, rows: np.ndarray, control_rows: np.ndarray) -> FoldedContrast:
    control_fold = data.control_fold if data.whole.copies else data.control_fold[control_rows]
    return FoldedContrast(data.whole.select(rows, control_rows), data.fold[rows], control_fold)


def _in_fewer_classes(whole: Contrast) -> Contrast:
    """Put neighbouring classes together; they are in the order of their composition."""
    number = 1 + int(max(whole.strata.max(), whole.control_strata.max()))
    classes = min(number, CLASSES)
    return replace(
        whole,
        strata=whole.strata * classes // number,
        control_strata=whole.control_strata * classes // number,
    )


def _evenly(total: int, number: int) -> np.ndarray:
    """Take some of all positions: files are often sorted, the best first."""
    return np.arange(number) * total // max(number, 1)


def _tests(
    motifs: Sequence[Motif], folds: Sequence[Contrast], search: Search, number: int
) -> list[tuple[FoldTest, ...]]:
    """Test motifs on every fold; `number` motifs are tested in all."""
    matrices = [m.to_scores(background=search.background) for m in motifs]
    scores = [
        tuple(
            best_scores(matrices, codes, search.alphabet, both_strands=search.both_strands)
            for codes in (fold.foreground, fold.control)
        )
        for fold in folds
    ]
    tests: list[list[FoldTest]] = [[] for _ in motifs]
    for fold, contrast in enumerate(folds):
        thresholds = _thresholds(folds, scores, fold)
        for i, (motif, threshold) in enumerate(zip(motifs, thresholds, strict=True)):
            own, control = scores[fold][0][i], scores[fold][1][i]
            result = contrast.test(own >= threshold, control >= threshold)
            # sorted scores are looked up ten times faster
            area = auroc(np.sort(own), control)
            tests[i].append(
                FoldTest(fold, _candidate(motif, float(threshold)), result, number, area)
            )
    return [tuple(own) for own in tests]


def _thresholds(
    folds: Sequence[Contrast], scores: Sequence[tuple[np.ndarray, ...]], held: int
) -> np.ndarray:
    """Choose the threshold of each motif on all folds but one, float32 (motifs,)."""
    others = [k for k in range(len(folds)) if k != held]
    share = min(1.0, CHOOSING / sum(len(folds[k]) for k in others))
    sides = []
    for side in (0, 1):
        parts = [scores[k][side] for k in others]
        chosen = [p[:, _evenly(p.shape[1], math.ceil(share * p.shape[1]))] for p in parts]
        sides.append(np.concatenate(chosen, axis=1))
    thresholds = best_threshold(sides[0].T, sides[1].T)
    # a sequence without any window is never hit
    return np.maximum(thresholds, np.float32(-1e6))


def _candidate(motif: Motif, threshold: float) -> Candidate:
    values = motif.matrix.values
    return Candidate(values, np.ones(len(values), bool), threshold, KNOWN, motif.sites)
