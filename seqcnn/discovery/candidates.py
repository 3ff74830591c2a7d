"""Candidates: from seeds to the motifs that one fold of the data will be asked about.

Forward selection: the best motif is taken, its sites are hidden, the next best must hold on what is
left. When none of the seeds does, words are sought anew in the masked sequences.
"""

from collections.abc import Callable

import numpy as np

from seqcnn.discovery.candidate import (
    Candidate,
    Search,
    alike,
    scan_contrast,
    tables_of,
    used_columns,
    with_thresholds,
)
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import BATCH, WIDTH, BestSites, best_sites
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.discovery.refine import refine
from seqcnn.discovery.words import enriched_words, word_frame
from seqcnn.motifs.compare import similarity
from seqcnn.seq.alphabet import PAD

EQUAL = 0.95
"""Two refined seeds with this r and coverage need no second look."""

SKETCH = 1000
"""Seeds are refined on so many sequences first; what is left of them, on all."""

ITERATIONS = 5
"""Rounds of refinement; most seeds stop changing after three."""


def find_candidates(
    fit: Contrast,
    judge: Contrast,
    search: Search,
    kernels: np.ndarray | None = None,
    *,
    on_turn: Callable[[float], None] | None = None,
) -> list[Candidate]:
    """Find motifs on the training part of one fold.

    Parameters
    ----------
    fit, judge
        Sequences to refine seeds on, and others to decide which of them to keep.
    search
        What to spend.
    kernels
        float (seeds, WIDTH, letters): further seeds, from a network.
    on_turn
        Is told the share of the turns that is done at most.

    Returns
    -------
    list of Candidate
        In the order in which they were taken; their matrices estimated on both parts.
    """
    kept: list[Candidate] = []
    whole = fit.joined(judge)
    for turn in range(search.rounds):
        if on_turn is not None:
            on_turn(turn / search.rounds)
        seeds, sources = _seeds(fit, search, kernels if turn == 0 else None)
        if not len(seeds):
            break
        pool = _refined(seeds, sources, _head(fit, SKETCH), search)
        pool = _distinct(pool, search)
        if len(fit) > SKETCH and pool:
            pool = _refined(
                np.stack([c.frame for c in pool]), [c.source for c in pool], fit, search
            )
        taken, fit, judge = _take(pool, kept, fit, judge, search)
        kept += taken
        if not taken or len(kept) >= search.motifs:
            break
    return fit_mixture(kept[: search.motifs], whole, search) if kept else []


def _head(contrast: Contrast, size: int) -> Contrast:
    """Take the first sequences, which are in random order."""
    if len(contrast) <= size:
        return contrast
    share = size / len(contrast)
    return contrast.select(np.arange(size), np.arange(int(share * len(contrast.control))))


def _refined(
    seeds: np.ndarray, sources: list[str], fit: Contrast, search: Search
) -> list[Candidate]:
    """Refine seeds, and leave out those that end up too narrow or too wide."""
    frames = refine(
        seeds,
        fit.foreground,
        fit.control,
        search.background,
        complement=search.complement,
        iterations=ITERATIONS,
    )
    pool = [
        Candidate(np.asarray(f, np.float64), used_columns(f, search), source=s)
        for f, s in zip(frames, sources, strict=True)
    ]
    return [c for c in pool if search.min_width <= c.used.sum() <= search.max_width]


def _distinct(pool: list[Candidate], search: Search) -> list[Candidate]:
    """Keep the first of candidates that are almost equal."""
    chosen: list[Candidate] = []
    for candidate in pool:
        matches = [
            similarity(candidate.motif(search), c.motif(search), both_strands=search.both_strands)
            for c in chosen
        ]
        if not any(m.r >= EQUAL and m.coverage >= EQUAL for m in matches):
            chosen.append(candidate)
    return chosen


def _seeds(
    fit: Contrast, search: Search, kernels: np.ndarray | None
) -> tuple[np.ndarray, list[str]]:
    words = enriched_words(
        fit, search.alphabet, number=search.words, both_strands=search.both_strands
    )
    frames = [word_frame(w, search.alphabet, search.background) for w in words]
    more = [] if kernels is None else list(kernels)
    return np.array(frames + more), ["word"] * len(frames) + ["kernel"] * len(more)


def _take(
    pool: list[Candidate],
    kept: list[Candidate],
    fit: Contrast,
    judge: Contrast,
    search: Search,
) -> tuple[list[Candidate], Contrast, Contrast]:
    """Take the best of the pool, hide its sites, and again, until none holds on what is left."""
    taken: list[Candidate] = []
    pool = _shortlist(pool, fit, judge, search)
    while pool:
        on_fit = scan_contrast(pool, fit, search)
        pool = with_thresholds(pool, on_fit)
        on_judge = scan_contrast(pool, judge, search)
        p_values = np.array([_log10_p(c, i, on_judge, judge) for i, c in enumerate(pool)])
        best = int(p_values.argmin())
        if p_values[best] > search.log10_p:
            break
        chosen = pool[best]
        if not any(alike(chosen, other, search) for other in kept + taken):
            taken.append(chosen)
        fit = _hide(chosen, best, on_fit, fit, search)
        judge = _hide(chosen, best, on_judge, judge, search)
        pool = [
            c
            for i, c in enumerate(pool)
            if i != best and p_values[i] <= search.log10_p and not alike(c, chosen, search)
        ]
        if len(kept) + len(taken) >= search.motifs:
            break
    return taken, fit, judge


def _shortlist(
    pool: list[Candidate], fit: Contrast, judge: Contrast, search: Search
) -> list[Candidate]:
    """Drop candidates that hold no promise, or are the same as a better one."""
    if not pool:
        return []
    pool = with_thresholds(pool, scan_contrast(pool, fit, search))
    on_judge = scan_contrast(pool, judge, search)
    p_values = [_log10_p(c, i, on_judge, judge) for i, c in enumerate(pool)]
    chosen: list[Candidate] = []
    for i in np.argsort(p_values, kind="stable"):
        if p_values[i] > search.log10_p or len(chosen) == BATCH:
            break
        if not any(alike(pool[i], other, search) for other in chosen):
            chosen.append(pool[i])
    return chosen


def _log10_p(
    candidate: Candidate, index: int, found: tuple[BestSites, BestSites], contrast: Contrast
) -> float:
    hits = [sites.score[:, index] >= candidate.threshold for sites in found]
    return contrast.test(hits[0], hits[1]).log10_p


def _hide(
    candidate: Candidate,
    index: int,
    found: tuple[BestSites, BestSites],
    contrast: Contrast,
    search: Search,
) -> Contrast:
    """Hide the sites of a candidate, up to two a sequence."""
    first = [
        _hidden(codes, sites, index, candidate)
        for codes, sites in zip((contrast.foreground, contrast.control), found, strict=True)
    ]
    tables = tables_of([candidate], search)
    second = [
        _hidden(codes, best_sites(codes, tables, search.complement), 0, candidate)
        for codes in first
    ]
    return contrast.masked(second[0], second[1])


def _hidden(codes: np.ndarray, sites: BestSites, index: int, candidate: Candidate) -> np.ndarray:
    rows = np.flatnonzero(sites.score[:, index] >= candidate.threshold)
    columns = np.flatnonzero(candidate.used)
    reverse = sites.strand[rows, index] == 1
    first = np.where(reverse, WIDTH - 1 - columns[-1], columns[0])
    at = (sites.start[rows, index] + first)[:, None] + np.arange(len(columns))
    inside = (at >= 0) & (at < codes.shape[1])
    result = codes.copy()
    result[np.repeat(rows, inside.sum(1)), at[inside]] = PAD
    return result
