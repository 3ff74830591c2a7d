"""Which motifs sequences have more of than a control has.

A sequence is hit if its best site scores a threshold or more. The threshold is chosen on one half
of the data and tested on the other, both ways round, so that a test never sees what chose its
threshold; the E-value pays for two halves and for all motifs. McLeay and Bailey (2010),
doi:10.1186/1471-2105-11-165, compare the tests.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.background import Background, letter_shares, resolve_background
from seqcnn.motifs.best import best_sites
from seqcnn.motifs.decoys import DECOYS, decoy_motifs, deflated, inflation
from seqcnn.motifs.matrix import PSEUDOCOUNT, ScoreMatrix
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.motifs.position import (
    BinEnrichment,
    CentralEnrichment,
    bin_enrichment,
    central_enrichment,
)
from seqcnn.motifs.two_sets import FOLDS, TwoSets, given_sets, shuffled_sets
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.auroc import auroc
from seqcnn.stats.fdr import benjamini_hochberg
from seqcnn.stats.intervals import Estimate, odds_ratio, stratified_odds_ratio
from seqcnn.stats.rank_sum import rank_sum_log10_p
from seqcnn.stats.tests import stratified_detail, stratified_log10_p
from seqcnn.stats.threshold import best_threshold

logger = logging.getLogger(__name__)

TESTS = ("fisher", "rank-sum")
"""What may be tested: shares of sequences with a site, or the scores of best sites."""

CELLS = 1 << 25
"""Best sites kept in memory at a time, of 9 bytes each."""

Progress = Callable[[str, float], None]
"""Is told what is being done, and the share of the whole that is done."""


@dataclass(frozen=True, eq=False)
class SiteCounts:
    """Who is hit by one motif, and what the tests say.

    Parameters
    ----------
    hits, control_hits
        bool (n,) and (m,): by the threshold that the other half chose.
    start
        int32 (n,): where the best site of each foreground sequence begins.
    tables
        int64 (folds, strata, 2, 2): ``[[hit, not hit], [the same of the control]]``.
    log10_p
        float64 (tests,): of each half, or of the one test of ranks.
    auroc
        Of the scores of best sites.
    """

    hits: np.ndarray
    control_hits: np.ndarray
    start: np.ndarray
    tables: np.ndarray
    log10_p: np.ndarray
    auroc: float


@dataclass(frozen=True, eq=False)
class Enrichment:
    """One motif: how much more the foreground has of it than the control.

    Parameters
    ----------
    motif
        What was tested.
    counts
        Who is hit; sequences that stand for groups of near-duplicates.
    odds_ratio
        Of a site, foreground against control, within classes of like composition.
    log10_e
        log10 of the number of motifs as good as this one to expect by chance.
    log10_q
        log10 of the false discovery rate, after the scatter of decoys is taken out.
    centre
        Whether the sites lie around the centres of the sequences.
    log10_centre_q
        log10 of the false discovery rate of that; NaN where nothing could be tested.
    lengths
        int64 (n,): of the foreground sequences.
    """

    motif: Motif
    counts: SiteCounts
    odds_ratio: Estimate
    log10_e: float
    log10_q: float
    centre: CentralEnrichment
    log10_centre_q: float
    lengths: np.ndarray

    @property
    def log10_p(self) -> float:
        """log10 of the p-value; of two halves, the smaller."""
        return float(self.counts.log10_p.min())

    @property
    def auroc(self) -> float:
        """How well the score of the best site tells foreground from control."""
        return self.counts.auroc

    @property
    def table(self) -> tuple[int, int, int, int]:
        """Sequences of the foreground that are hit, and all; the same of the control."""
        hits, control_hits = self.counts.hits, self.counts.control_hits
        return int(hits.sum()), len(hits), int(control_hits.sum()), len(control_hits)

    @property
    def test(self) -> str:
        """``"cmh"`` (Fisher's exact test, within classes of like composition) or ``"rank-sum"``."""
        return "rank-sum" if len(self.counts.log10_p) == 1 else "cmh"

    @property
    def detail(self) -> str:
        """Counts of the half that gives the p-value, from which it can be computed again.

        `stats.tests.log10_p_of_detail` does so; empty for ranks.
        """
        if self.test == "rank-sum":
            return ""
        return stratified_detail(self.counts.tables[int(self.counts.log10_p.argmin())])

    def bins(self) -> BinEnrichment:
        """Test in which parts of the sequences the sites lie."""
        hit = self.counts.hits
        return bin_enrichment(self.counts.start[hit], self.motif.width, self.lengths[hit])


def enrich(
    motifs: Motif | Iterable[Motif],
    positives: SequenceSet,
    control: SequenceSet | None = None,
    *,
    test: str = "fisher",
    strand: str | None = None,
    background: str | Path | Background = "input",
    pseudocount: float = PSEUDOCOUNT,
    kmer: int | None = None,
    decoys: int = DECOYS,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Enrichment]:
    """Test which motifs are enriched in sequences, and where they lie.

    Parameters
    ----------
    motifs
        Over the alphabet of the sequences.
    positives
        Sequences that may share motifs. Near-duplicates count once.
    control
        Sequences to compare with; None to shuffle the positives, which keeps their composition.
    test
        ``"fisher"``: more sequences with a site. ``"rank-sum"``: higher scores of best sites.
    strand
        ``"both"`` or ``"one"``; by default both for DNA only.
    background
        What letters are compared with, see `background.resolve_background`.
    pseudocount
        Sites added to each motif, shared out like the background.
    kmer
        Letters of the words whose counts a shuffle keeps; see `shuffled_control`.
    decoys
        Motifs without a meaning that are tested as well, for the q-values; 0 for none.
    seed
        Same seed, same result.
    progress
        Is told how far the work is.

    Returns
    -------
    list of Enrichment
        The most significant first.

    Raises
    ------
    SeqcnnError
        There are no motifs or too few sequences, alphabets differ, or an argument is not allowed.
    """
    motifs = as_motifs(motifs, "motifs")
    both = _reads_both_strands(motifs, positives.alphabet, strand)
    if test not in TESTS:
        raise SeqcnnError(f"`test` is {test!r}, it must be one of {', '.join(TESTS)}")
    tell = progress or (lambda what, share: None)
    tell("checking sequences and making the control", 0.0)
    if control is None:
        sets = shuffled_sets(positives, both_strands=both, kmer=kmer, seed=seed)
    else:
        sets = given_sets(positives, control, both_strands=both, seed=seed)
    found = resolve_background(
        background,
        positives.alphabet,
        lambda: letter_frequencies(sets.all, both, pseudocount=1.0),
        both_strands=both,
    )
    shares = None if found is None else letter_shares(found)
    tested = [*motifs, *decoy_motifs(motifs, decoys, seed=seed)]
    matrices = [m.to_scores(background=shares, pseudocount=pseudocount) for m in tested]
    counts = list(count_sites(matrices, sets, both_strands=both, test=test, seed=seed, tell=tell))
    return _ranked(motifs, counts[: len(motifs)], counts[len(motifs) :], sets)


def count_sites(
    matrices: Sequence[ScoreMatrix],
    sets: TwoSets,
    *,
    both_strands: bool,
    test: str = "fisher",
    seed: int = 0,
    tell: Progress = lambda what, share: None,
) -> Iterator[SiteCounts]:
    """Count the sequences that motifs hit, and test the counts, motif by motif.

    Parameters
    ----------
    matrices
        Scores of motifs.
    sets
        Foreground and control.
    both_strands, test, seed, tell
        As for `enrich`, where `tell` is `progress`.
    """
    sequences, n = sets.all, len(sets.foreground)
    step = max(1, CELLS // len(sequences))
    for low in range(0, len(matrices), step):
        some = matrices[low : low + step]
        span = len(some) / len(matrices)

        def scanned(share: float, done: float = low / len(matrices), span: float = span) -> None:
            tell("scanning", done + span * share * 0.7)

        best = best_sites(some, sequences, both_strands=both_strands, seed=seed, on_share=scanned)
        for i, (score, start) in enumerate(zip(best.score, best.start, strict=True)):
            if i % 64 == 0:
                tell("testing", (low + len(some) * (0.7 + 0.3 * i / len(some))) / len(matrices))
            yield _site_counts(score[:n], score[n:], start[:n], sets, test)


def _site_counts(
    score: np.ndarray, control_score: np.ndarray, start: np.ndarray, sets: TwoSets, test: str
) -> SiteCounts:
    hits, control_hits = np.isfinite(score), np.isfinite(control_score)
    for fold in range(FOLDS):
        own, control_own = sets.fold == fold, sets.control_fold == fold
        threshold = best_threshold(score[~own], control_score[~control_own])
        hits[own] &= score[own] >= threshold
        control_hits[control_own] &= control_score[control_own] >= threshold
    tables = _tables(hits, control_hits, sets)
    if test == "fisher":
        log10_p = np.array([stratified_log10_p(fold) for fold in tables])
    else:
        strata = sets.strata, sets.control_strata
        log10_p = np.array([rank_sum_log10_p(score, control_score, *strata)])
    # sorted scores are looked up ten times faster
    area = auroc(np.sort(score), control_score)
    return SiteCounts(hits, control_hits, start, tables, log10_p, area)


def _tables(hits: np.ndarray, control_hits: np.ndarray, sets: TwoSets) -> np.ndarray:
    """Count hits by fold and stratum, int64 (folds, strata, 2, 2)."""
    strata = 1 + int(max(sets.strata.max(), sets.control_strata.max()))
    cells = [
        np.bincount((fold * strata + stratum) * 2 + ~hit, minlength=FOLDS * strata * 2)
        for hit, fold, stratum in (
            (hits, sets.fold, sets.strata),
            (control_hits, sets.control_fold, sets.control_strata),
        )
    ]
    return np.stack([c.reshape(FOLDS, strata, 2) for c in cells], axis=2)


def _ranked(
    motifs: Sequence[Motif],
    counts: Sequence[SiteCounts],
    decoys: Sequence[SiteCounts],
    sets: TwoSets,
) -> list[Enrichment]:
    """Correct for all motifs that were tested, and sort."""
    scatter = inflation(np.concatenate([c.log10_p for c in decoys])) if decoys else 1.0
    if decoys:
        logger.info(
            "tests of %d decoys (columns in random order) scatter %.2f times as far as by chance; "
            "q-values allow for it", len(decoys), scatter,
        )  # fmt: skip
    q_values = benjamini_hochberg(
        np.array([_of_all_tests(deflated(c.log10_p, scatter)) for c in counts])
    )
    lengths = sets.foreground.lengths
    centres = [
        central_enrichment(c.start[c.hits], m.width, lengths[c.hits])
        for m, c in zip(motifs, counts, strict=True)
    ]
    centre_q_values = benjamini_hochberg(np.array([c.log10_p for c in centres]))
    found = [
        Enrichment(
            motif=motif,
            counts=c,
            odds_ratio=_odds_ratio(c.tables),
            log10_e=_of_all_tests(c.log10_p, most=math.inf) + math.log10(len(motifs)),
            log10_q=float(q),
            centre=centre,
            log10_centre_q=float(centre_q),
            lengths=lengths,
        )
        for motif, c, q, centre, centre_q in zip(
            motifs, counts, q_values, centres, centre_q_values, strict=True
        )
    ]
    return sorted(found, key=lambda e: (e.log10_e, -e.auroc))


def _of_all_tests(log10_p: np.ndarray, most: float = 0.0) -> float:
    """Pay for the choice of the better half."""
    return min(float(log10_p.min()) + math.log10(len(log10_p)), most)


def _odds_ratio(tables: np.ndarray) -> Estimate:
    """Within strata; without any, the halves are put together."""
    if tables.shape[1] > 1:
        return stratified_odds_ratio(tables.reshape(-1, 2, 2))
    return odds_ratio(*tables.sum((0, 1)).ravel().tolist())


def _reads_both_strands(motifs: Sequence[Motif], alphabet: Alphabet, strand: str | None) -> bool:
    """Check that motifs fit the sequences, and that there are the strands that are asked for."""
    if not motifs:
        raise SeqcnnError("there are no motifs to test")
    for motif in motifs:
        if motif.alphabet != alphabet:
            raise SeqcnnError(
                f"motif {motif.name!r} is over {motif.alphabet.letters}, "
                f"but the sequences are over {alphabet.letters}"
            )
    if strand not in (None, "both", "one"):
        raise SeqcnnError(f"`strand` is {strand!r}, it must be 'both' or 'one'")
    if strand == "both" and alphabet.complements is None:
        raise SeqcnnError(f"alphabet {alphabet.name!r} has no complement: use `strand` 'one'")
    return alphabet.double_stranded if strand is None else strand == "both"
