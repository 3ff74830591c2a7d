"""Candidates: from seeds to the motifs that one fold of the data will be asked about.

Forward selection: the best motif is taken, its sites are hidden, the next best must hold on what is
left. When none of the seeds does, words are sought anew in the masked sequences.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from seqcnn.discovery.candidate import Candidate, Search, alike, hide_sites
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.discovery.threshold import settled_threshold
from seqcnn.discovery.trials import Judgement, Parts, Seed, Trial, judge, make_trials
from seqcnn.discovery.words import enriched_words

Taken = tuple[Candidate, Judgement]

LETTERS, LEAST_ROWS = 120_000, 300
"""Seeds are refined on sequences of so many letters, but on so many sequences if there are."""

DOUBTFUL = 3
"""So many motifs that hold little promise are tested too: what is rare may be true."""


def find_candidates(
    training: Contrast,
    search: Search,
    kernels: np.ndarray | None = None,
    *,
    on_turn: Callable[[float], None] | None = None,
) -> list[Candidate]:
    """Find motifs on the training part of one fold.

    Parameters
    ----------
    training
        Sequences in random order.
    search
        What to spend.
    kernels
        float (seeds, WIDTH, letters): further seeds, from a network, for the first turn.
    on_turn
        Is told the share of the turns that is done at most.

    Returns
    -------
    list of Candidate
        In the order in which they were taken.
    """
    whole = training
    rows = max(LEAST_ROWS, LETTERS // training.foreground.shape[1])
    parts = Parts.of(training.head(rows).thinned(search.copies))
    taken: list[Taken] = []
    for turn in range(search.rounds):
        if on_turn is not None:
            on_turn(turn / search.rounds)
        seeds = _seeds(whole, search, kernels if turn == 0 else None)
        before = len(taken)
        _take(make_trials(seeds, parts, search), taken, parts, search)
        for chosen in taken[before:]:
            whole = _without(*chosen, whole, search)
        parts = parts.masked(whole.head(rows).thinned(search.copies))
        promising = [j.log10_e <= search.log10_e for _, j in taken]
        if not any(promising[before:]) or sum(promising) >= search.motifs:
            break
    return _estimated(_chosen(taken, search), training, search)


def _seeds(contrast: Contrast, search: Search, kernels: np.ndarray | None) -> list[Seed]:
    words = enriched_words(
        contrast, search.alphabet, number=search.words, both_strands=search.both_strands
    )
    seeds = [
        Seed(word.frame(search.alphabet, search.background), "word", word.log10_tried)
        for word in words
    ]
    most = max((seed.log10_tried for seed in seeds), default=0.0)
    return seeds + [Seed(frame, "kernel", most) for frame in ([] if kernels is None else kernels)]


def _take(trials: list[Trial], taken: list[Taken], parts: Parts, search: Search) -> None:
    """Take the best trial, hide its sites, and again, until none holds on what is left."""
    while trials and len(taken) < search.motifs + DOUBTFUL:
        judged = judge(trials, parts, search)
        order = np.argsort([j.log10_e for j in judged], kind="stable")
        if judged[order[0]].log10_e > search.log10_e:
            for i in order[:DOUBTFUL]:
                if judged[i].log10_e <= search.doubt_log10_e:
                    _add(trials[i].candidate, judged[i], taken, search)
            break
        best = order[0]
        chosen = trials[best].candidate
        _add(chosen, judged[best], taken, search)
        parts = parts.masked(_without(chosen, judged[best], parts.whole, search))
        trials = [
            t
            for t, j in zip(trials, judged, strict=True)
            if j.log10_e <= search.doubt_log10_e and not alike(t.candidate, chosen, search)
        ]


def _add(candidate: Candidate, judged: Judgement, taken: list[Taken], search: Search) -> None:
    if not any(alike(candidate, other, search) for other, _ in taken):
        taken.append((candidate, judged))


def _chosen(taken: Sequence[Taken], search: Search) -> list[Taken]:
    """Leave out motifs of little promise but for the best of them."""
    promising = [t for t in taken if t[1].log10_e <= search.log10_e]
    doubtful = sorted(
        (t for t in taken if t[1].log10_e > search.log10_e), key=lambda t: t[1].log10_e
    )
    return promising[: search.motifs] + doubtful[:DOUBTFUL]


def _estimated(chosen: Sequence[Taken], training: Contrast, search: Search) -> list[Candidate]:
    """Estimate the matrices of all candidates together, and settle their thresholds."""
    if not chosen:
        return []
    fitted = fit_mixture(
        [candidate for candidate, _ in chosen], training.thinned(search.copies), search
    )
    n, length = training.foreground.shape
    strands = 2 if search.both_strands else 1
    result = []
    for candidate, (_, judged) in zip(fitted, chosen, strict=True):
        threshold = settled_threshold(
            candidate.scores(search),
            min(candidate.sites / n, 1.0),
            strands * max(length - int(candidate.used.sum()) + 1, 1),
            judged.foreground,
            judged.control,
        )
        result.append(replace(candidate, threshold=threshold))
    return result


def _without(
    candidate: Candidate, judged: Judgement, contrast: Contrast, search: Search
) -> Contrast:
    """Hide the sites of a candidate: the words of the p-value that was found best, or less."""
    return hide_sites(candidate, contrast, search, log10_p=judged.threshold)
