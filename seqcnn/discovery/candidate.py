"""`Candidate`: a motif on trial, with its threshold; and `Search`: what it is sought with."""

from dataclasses import dataclass, field, replace

import jax
import numpy as np

from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import (
    BATCH,
    WIDTH,
    BestSites,
    best_sites,
    padded_rows,
    score_tables,
    small_sample_bits,
)
from seqcnn.discovery.threshold import best_threshold
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.motifs.scan import Hits, scan
from seqcnn.seq.alphabet import PAD, Alphabet
from seqcnn.seq.record import SequenceSet

SAME, VERSION = 0.6, 0.8
"""Two motifs with the first likeness may be versions of one, with the second they surely are; in
between it matters whether each has sites of its own."""

TRIM_BITS = 0.15
"""Outer columns with less information beyond chance are cut off."""

TRIM_CHANCE = 3.0
"""Times the mean information of a random column (Schneider 1986) that is put down to chance."""


@dataclass(frozen=True)
class Search:
    """What the search for candidates may spend, and on which letters.

    Parameters
    ----------
    alphabet
        What the codes mean.
    both_strands
        Whether to search the reverse complement too.
    background
        float64 (letters,).
    words, rounds, motifs
        Seeds from words in each turn, turns on all sequences at most, motifs at most.
    copies
        Shuffles of each sequence that refine and rank candidates; words are counted in all.
    log10_e, doubt_log10_e
        A candidate as good as the first on sequences that did not refine it is promising; one
        between the two may be tested too.
    min_width, max_width
        Letters of a motif.
    """

    alphabet: Alphabet
    both_strands: bool
    background: np.ndarray
    words: int = BATCH
    rounds: int = 3
    motifs: int = 25
    copies: int = 3
    log10_e: float = -2.0
    doubt_log10_e: float = 3.0
    min_width: int = 4
    max_width: int = WIDTH

    @property
    def complement(self) -> tuple[int, ...] | None:
        """The complement of each letter if both strands are searched."""
        if not self.both_strands:
            return None
        return tuple(self.alphabet.complement_of_code[: self.alphabet.size].tolist())


@dataclass(frozen=True, eq=False)
class Candidate:
    """A motif with the threshold that makes a window a site.

    Parameters
    ----------
    frame
        float64 (WIDTH, letters).
    used
        bool (WIDTH,): one run of columns.
    threshold
        Bits.
    source
        Where the seed came from: ``"word"``, ``"kernel"`` or ``"attribution"``.
    sites
        Weight of the sites it was counted from.
    """

    frame: np.ndarray
    used: np.ndarray
    threshold: float = 0.0
    source: str = "word"
    sites: float = field(default=0.0)

    def matrix(self, search: Search) -> ProbabilityMatrix:
        """Cut the used columns out."""
        return ProbabilityMatrix(self.frame[self.used], search.alphabet, search.background)

    def scores(self, search: Search) -> ScoreDistribution:
        """Distribute the scores of random words."""
        return ScoreDistribution.of(self.matrix(search).to_scores(background=search.background))

    def motif(self, search: Search) -> Motif:
        """Make a motif without a name of its own."""
        return Motif("candidate", self.matrix(search), sites=self.sites, source=self.source)


def tables_of(candidates: list[Candidate], search: Search) -> np.ndarray:
    """Score tables of candidates, float32 (candidates, WIDTH, letters + 1)."""
    tables = []
    for first in range(0, len(candidates), BATCH):
        some = candidates[first : first + BATCH]
        frames = padded_rows(np.stack([c.frame for c in some]).astype(np.float32), BATCH, 1.0)
        used = padded_rows(np.stack([c.used for c in some]), BATCH, False)
        made = _score_tables(frames, used, search.background.astype(np.float32))
        tables.append(np.asarray(made)[: len(some)])
    return np.concatenate(tables)


_score_tables = jax.jit(score_tables)


def scan_contrast(
    candidates: list[Candidate], contrast: Contrast, search: Search
) -> tuple[BestSites, BestSites]:
    """Best sites of candidates in foreground and control."""
    tables = tables_of(candidates, search)
    return (
        best_sites(contrast.foreground, tables, search.complement),
        best_sites(contrast.control, tables, search.complement),
    )


def with_thresholds(
    candidates: list[Candidate], found: tuple[BestSites, BestSites]
) -> list[Candidate]:
    """Give each candidate the threshold that separates foreground from control best."""
    thresholds = best_threshold(found[0].score, found[1].score)
    return [replace(c, threshold=float(t)) for c, t in zip(candidates, thresholds, strict=True)]


def alike(a: Candidate, b: Candidate, search: Search, least: float = SAME) -> bool:
    """Whether two candidates are versions of one motif: shifted, partial, on the other strand."""
    return likeness_of(a, b, search) >= least


def likeness_of(a: Candidate, b: Candidate, search: Search) -> float:
    """Correlate two candidates, see `likeness`."""
    return likeness(a.matrix(search), b.matrix(search), both_strands=search.both_strands)


def likeness(a: ProbabilityMatrix, b: ProbabilityMatrix, *, both_strands: bool) -> float:
    """Correlate two motifs over all positions of both, the best of all offsets and strands.

    Where only one of them has a position, the other is the background. So motifs that share their
    flanks are not alike, however well these agree.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> wide = ProbabilityMatrix(np.eye(4)[[2, 0, 3, 0, 1, 1]], DNA)
    >>> half = ProbabilityMatrix(np.eye(4)[[3, 0, 3, 1]], DNA)  # TATC, the other strand of GATA
    >>> round(likeness(wide, half, both_strands=True), 3)
    0.816
    """
    x, y = a.values - a.background, b.values - b.background
    size = np.sqrt((x * x).sum() * (y * y).sum())
    strands = [y]
    if both_strands:
        other = b.reverse_complement()
        strands.append(other.values - other.background)
    products = [
        np.sum([np.correlate(x[:, i], s[:, i], "full") for i in range(x.shape[1])], axis=0)
        for s in strands
    ]
    return float(np.max(products) / max(size, 1e-12))


def used_columns(frame: np.ndarray, search: Search, sites: float = 1e9) -> np.ndarray:
    """Find the run of columns between the first and the last with information beyond chance."""
    odds = np.where(frame > 0, frame / search.background, 1.0)
    bits = (frame * np.log2(odds)).sum(1)
    chance = TRIM_CHANCE * small_sample_bits(sites, search.alphabet.size)
    strong = np.flatnonzero(bits >= TRIM_BITS + chance)
    used = np.zeros(len(frame), bool)
    if len(strong):
        used[strong[0] : strong[-1] + 1] = True
    return used


def sites_of(candidate: Candidate, codes: np.ndarray, search: Search, *, log10_p: float) -> Hits:
    """Find all windows of a candidate of this p-value or less in rows of codes."""
    return scan(
        [Motif("candidate", candidate.matrix(search))],
        as_set(codes, search.alphabet),
        p_value=min(10.0**log10_p * (1 + 1e-9), 1.0),
        background=search.background,
        strand="both" if search.both_strands else "one",
        pseudocount=0.0,
        merge_strands=True,
        ambiguous="worst",
    )


def hide_sites(
    candidate: Candidate, contrast: Contrast, search: Search, *, log10_p: float
) -> Contrast:
    """Hide all windows of a candidate of this p-value or less, in foreground and control."""
    columns = np.arange(int(candidate.used.sum()))
    hidden = []
    for codes in (contrast.foreground, contrast.control):
        hits = sites_of(candidate, codes, search, log10_p=log10_p)
        masked = codes.copy()
        masked[hits.sequence[:, None], hits.start[:, None] + columns] = PAD
        hidden.append(masked)
    return contrast.masked(*hidden)


def placements_of(codes: np.ndarray, width: int, search: Search) -> np.ndarray:
    """Count the windows of rows of codes, on all strands, int64 (n,); 1 at least.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> rows = np.array([[0, 1, 2, 3], [0, 1, PAD, PAD]], np.uint8)
    >>> placements_of(rows, 2, Search(DNA, True, np.full(4, 0.25))).tolist()
    [6, 2]
    """
    strands = 2 if search.both_strands else 1
    letters = np.count_nonzero(codes != PAD, axis=1)
    return strands * np.maximum(letters - width + 1, 1)


def as_set(codes: np.ndarray, alphabet: Alphabet) -> SequenceSet:
    """Take rows of codes as sequences without names."""
    n, length = codes.shape
    return SequenceSet(alphabet, codes.ravel(), np.arange(n + 1) * length, ("",) * n)
