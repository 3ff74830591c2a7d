"""From families of tested candidates to the motifs and sites that people read."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seqcnn.discovery.candidate import VERSION, Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.doubts import doubts_about
from seqcnn.discovery.merge import Gathered, gather, refitted
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.result import DiscoveredMotif, SiteScores
from seqcnn.discovery.significance import Family
from seqcnn.discovery.wide import Wide, strictness_of, with_flanks, without_ends
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.overlaps import best_of_sequence, without_overlaps
from seqcnn.motifs.scan import Hits, scan
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.logspace import format_log10
from seqcnn.stats.tests import fisher_log10_p

MOST = 10_000
"""At most so many sequences re-estimate the matrices."""

MOST_LETTERS, LEAST = 2_000_000, 500
"""They have at most so many letters, but so many sequences are taken if there are."""

SCORED = 5_000
"""Sequences of each side whose best sites are scored for a picture, at most."""


def finish_motifs(
    families: Sequence[Family],
    data: Contrast,
    search: Search,
    *,
    limit: float,
) -> tuple[DiscoveredMotif, ...]:
    """Estimate the matrix of each family on all folds, and number it.

    The tests stay what they were: those of the candidates that never saw their fold.

    Parameters
    ----------
    families
        In rank order.
    data
        All sequences.
    search
        Alphabet, strands and background.
    limit
        E-value up to which flagged motifs are ranked behind the others.
    """
    if not families:
        return ()
    most = max(LEAST, min(MOST, MOST_LETTERS // data.foreground.shape[1]))
    rows = np.linspace(0, len(data) - 1, min(len(data), most)).astype(int)
    control = np.arange(len(data.control))
    sample = data.select(rows, control).thinned(2)
    gathered = gather(families, sample, search, limit=limit)
    fitted = fit_mixture(
        [each.candidate for each in gathered], sample, search, palindromes=True, least=VERSION
    )
    last = refitted(gathered, fitted, sample, search)
    wide = [with_flanks(g.candidate, sample.foreground, search, log10_p=g.log10_p) for g in last]
    ends = without_ends(last, wide, sample, search)
    found = [_finish(g, w, sample, search) for g, w in ends]
    found.sort(
        key=lambda m: (m.log10_e > np.log10(limit), bool(m.flags), m.log10_e, -m.family.auroc)
    )
    return tuple(
        replace(m, motif=replace(m.motif, name=f"m{rank}")) for rank, m in enumerate(found, 1)
    )


def find_sites(
    motifs: Sequence[DiscoveredMotif],
    sequences: SequenceSet,
    search: Search,
    *,
    one_a_sequence: bool = False,
) -> tuple[tuple[DiscoveredMotif, ...], Hits]:
    """Find all sites of motifs, each from its own threshold on.

    Parameters
    ----------
    motifs
        In rank order.
    sequences
        All of the foreground.
    search
        Alphabet, strands and background.
    one_a_sequence
        Keep the best site of each motif in each sequence only.

    Returns
    -------
    tuple of DiscoveredMotif
        The same motifs with the number of their sites.
    Hits
    """
    loosest = 10.0 ** max((m.threshold_log10_p for m in motifs), default=-4.0)
    hits = scan(
        [m.motif for m in motifs],
        sequences,
        p_value=loosest,
        background=search.background,
        pseudocount=0.0,
        strand="both" if search.both_strands else "one",
        merge_strands=True,
        ambiguous="worst",
    )
    limits = np.array([m.threshold_log10_p for m in motifs])
    if len(motifs):
        hits = without_overlaps(hits.select(hits.log10_p_value <= limits[hits.motif] + 1e-9))
    if one_a_sequence:
        hits = best_of_sequence(hits)
    counts = np.bincount(hits.motif, minlength=len(motifs)).tolist()
    counted = [replace(m.motif, sites=float(n)) for m, n in zip(motifs, counts, strict=True)]
    return (
        tuple(replace(m, motif=motif) for m, motif in zip(motifs, counted, strict=True)),
        replace(hits, motifs=counted),
    )


def best_site_scores(
    motifs: Sequence[DiscoveredMotif], data: Contrast, search: Search
) -> SiteScores | None:
    """Score the best site of each motif in sequences and control, evenly chosen if they are many.

    Parameters
    ----------
    motifs
        In rank order.
    data
        All sequences; of shuffles, one of each sequence is scored.
    search
        Alphabet, strands and background.
    """
    if not motifs:
        return None
    thin = data.thinned(1)
    matrices = [m.motif.matrix.to_scores(background=search.background) for m in motifs]

    def score(codes: np.ndarray) -> np.ndarray:
        rows = np.linspace(0, len(codes) - 1, min(len(codes), SCORED)).astype(int)
        both = search.both_strands
        return best_scores(matrices, codes[rows], search.alphabet, both_strands=both)

    return SiteScores(score(thin.foreground), score(thin.control))


def note_composition(motifs: Sequence[DiscoveredMotif], notes: Notes) -> None:
    """Say for motifs that composition may explain what p is with and without regard to it."""
    for m in motifs:
        if "composition" in m.flags:
            within, crude = m.family.best.plain.log10_p, crude_log10_p(m.family)
            notes.add(
                f"{m.motif.consensus}: p = {format_log10(crude)} between all sequences and all "
                f"controls, {format_log10(within)} within classes of like length and composition"
            )


def crude_log10_p(family: Family) -> float:
    """Compute log10 p of a family's best test as if all sequences were alike in composition."""
    result = family.best.plain
    if result.test != "cmh":
        return result.log10_p
    return fisher_log10_p(
        result.hits,
        result.total - result.hits,
        result.control_hits,
        result.control_total - result.control_hits,
    )


def _finish(gathered: Gathered, wide: Wide, sample: Contrast, search: Search) -> DiscoveredMotif:
    candidate, limit = gathered.candidate, gathered.log10_p
    family = gathered.family.like(candidate, search)
    motif = replace(candidate.motif(search), log10_e_value=family.log10_e, matrix=wide.matrix)
    if wide.beyond:
        limit = strictness_of(wide, sample.foreground, search, log10_p=limit)
    return DiscoveredMotif(motif, family, limit, flags=doubts_about(motif, family))
