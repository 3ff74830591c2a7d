"""Candidates: from seeds to the motifs that one fold of the data will be asked about.

Forward selection: the best motif is taken, its sites are hidden, the next best must hold on what is
left. When none of the seeds does, words are sought anew in the masked sequences.
"""

from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np
from scipy.optimize import isotonic_regression

from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import (
    BATCH,
    WIDTH,
    BestSites,
    best_sites,
    count_letters,
    read_windows,
    score_tables,
)
from seqcnn.discovery.refine import best_threshold, refine
from seqcnn.discovery.words import enriched_words, word_frame
from seqcnn.motifs.compare import similarity
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import PAD, Alphabet

SAME = 0.75
"""Two motifs of one fold with this r (over half of the information of either) are the same."""

EQUAL = 0.95
"""Two refined seeds with this r and coverage need no second look."""

SKETCH = 1000
"""Seeds are refined on so many sequences first; what is left of them, on all."""

ITERATIONS = 5
"""Rounds of refinement; most seeds stop changing after three."""

TRIM_BITS = 0.15
"""Outer columns with less information beyond chance are cut off."""


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
        Seeds from words in each round, rounds of masking, motifs at most.
    log10_p
        A candidate must be as good as this on sequences that did not refine it.
    min_width, max_width
        Letters of a motif.
    """

    alphabet: Alphabet
    both_strands: bool
    background: np.ndarray
    words: int = BATCH
    rounds: int = 6
    motifs: int = 10
    log10_p: float = -2.5
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
        Where the seed came from: ``"word"`` or ``"kernel"``.
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

    def motif(self, search: Search) -> Motif:
        """Make a motif without a name of its own."""
        return Motif("candidate", self.matrix(search), sites=self.sites, source=self.source)


def find_candidates(
    fit: Contrast, judge: Contrast, search: Search, kernels: np.ndarray | None = None
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

    Returns
    -------
    list of Candidate
        In the order in which they were taken; polished on both parts.
    """
    kept: list[Candidate] = []
    whole = joined(fit, judge)
    for turn in range(search.rounds):
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
    return polish(kept[: search.motifs], whole, search) if kept else []


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
        Candidate(np.asarray(f, np.float64), _used(f, search), source=s)
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


def joined(a: Contrast, b: Contrast) -> Contrast:
    """Put two parts with the same kind of control together."""
    return Contrast(
        np.concatenate([a.foreground, b.foreground]),
        np.concatenate([a.control, b.control]),
        a.copies,
        np.concatenate([a.strata, b.strata]),
        np.concatenate([a.control_strata, b.control_strata]),
    )


def tables_of(candidates: list[Candidate], search: Search) -> np.ndarray:
    """Score tables of candidates, float32 (candidates, WIDTH, letters + 1)."""
    return np.asarray(
        score_tables(
            jnp.asarray(np.stack([c.frame for c in candidates])),
            jnp.asarray(np.stack([c.used for c in candidates])),
            jnp.asarray(search.background),
        )
    )


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
    sizes = np.array([len(found[0].score), len(found[1].score)], np.float32)
    thresholds = np.asarray(
        best_threshold(jnp.asarray(found[0].score), jnp.asarray(found[1].score), jnp.asarray(sizes))
    )
    return [replace(c, threshold=float(t)) for c, t in zip(candidates, thresholds, strict=True)]


def polish(
    candidates: list[Candidate], contrast: Contrast, search: Search, *, rounds: int = 3
) -> list[Candidate]:
    """Re-estimate motifs, every site with the probability that it is one, and trim them.

    A hard threshold loses the weaker sites and makes a matrix sharper than the truth. Here the
    share of chance sites at each score is read off the control by isotonic regression. Given its
    score a chance site looks like a true one, since the score is the likelihood ratio of the two;
    so weighting sites by their probability is unbiased.
    """
    start = candidates
    for _ in range(rounds):
        found = scan_contrast(candidates, contrast, search)
        candidates = [_polished(c, i, found, contrast, search) for i, c in enumerate(candidates)]
    # a weak motif may have slid into a stronger one: then its first form is kept
    candidates = [
        new if alike(new, old, search) else old for new, old in zip(candidates, start, strict=True)
    ]
    found = scan_contrast(candidates, contrast, search)
    candidates = with_thresholds(candidates, found)
    return [
        replace(c, sites=c.sites or float((found[0].score[:, i] >= c.threshold).sum()))
        for i, c in enumerate(candidates)
    ]


def _polished(
    candidate: Candidate,
    index: int,
    found: tuple[BestSites, BestSites],
    contrast: Contrast,
    search: Search,
) -> Candidate:
    weights = site_probabilities(found[0].score[:, index], found[1].score[:, index])
    windows = read_windows(contrast.foreground, found[0], index, search.alphabet)
    counts = CountMatrix(count_letters(windows, weights, search.alphabet.size), search.alphabet)
    sites = float(weights.sum())
    if sites < 3:
        return candidate
    frame = counts.to_probabilities(1.0, search.background)
    used = _used(frame.values, search, sites)
    if not search.min_width <= used.sum() <= search.max_width:
        used = candidate.used
    return replace(candidate, frame=frame.values, used=used, sites=sites)


def site_probabilities(foreground: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Estimate for each best score of the foreground how probably it belongs to a true site.

    Parameters
    ----------
    foreground, control
        float (n,) and (m,): best scores of sequences.

    Returns
    -------
    numpy.ndarray
        float64 (n,), rising with the score.
    """
    n, m = len(foreground), len(control)
    scores = np.concatenate([foreground, control])
    order = np.argsort(scores, kind="stable")
    is_foreground = np.concatenate([np.ones(n), np.zeros(m)])[order]
    weights = np.concatenate([np.ones(n), np.full(m, n / m)])[order]
    share = isotonic_regression(is_foreground, weights=weights).x
    # the foreground without sites is a smaller set than the control is scaled to
    tail_f = np.cumsum((is_foreground)[::-1])[::-1] / n
    tail_c = np.cumsum((1 - is_foreground)[::-1])[::-1] / m
    rare = tail_c < 0.5
    with_sites = np.max((tail_f - tail_c)[rare] / (1 - tail_c[rare]), initial=0.0)
    chance = (1 - with_sites) * (1 - share) / np.maximum(share, 1e-9)
    probability = np.clip(1 - chance, 0.0, 1.0)
    result = np.empty(n + m)
    result[order] = np.where(share > 0.5, probability, 0.0)
    return result[:n]


def _seeds(
    fit: Contrast, search: Search, kernels: np.ndarray | None
) -> tuple[np.ndarray, list[str]]:
    words = enriched_words(
        fit, search.alphabet, number=search.words, both_strands=search.both_strands
    )
    frames = [word_frame(w, search.alphabet, search.background) for w in words]
    more = [] if kernels is None else list(kernels)
    return np.array(frames + more), ["word"] * len(frames) + ["kernel"] * len(more)


def _used(frame: np.ndarray, search: Search, sites: float = 1e9) -> np.ndarray:
    """Find the run of columns between the first and the last with information beyond chance."""
    odds = np.where(frame > 0, frame / search.background, 1.0)
    bits = (frame * np.log2(odds)).sum(1)
    chance = 3 * (search.alphabet.size - 1) / (2 * np.log(2) * max(sites, 1.0))
    strong = np.flatnonzero(bits >= TRIM_BITS + chance)
    used = np.zeros(len(frame), bool)
    if len(strong):
        used[strong[0] : strong[-1] + 1] = True
    return used


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


def alike(a: Candidate, b: Candidate, search: Search) -> bool:
    """Whether two candidates are versions of one motif: shifted, partial, on the other strand."""
    match = similarity(a.motif(search), b.motif(search), both_strands=search.both_strands)
    other = similarity(b.motif(search), a.motif(search), both_strands=search.both_strands)
    return match.r >= SAME and max(match.coverage, other.coverage) >= 0.5


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
