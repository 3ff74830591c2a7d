"""Candidates: from seeds to the motifs that one fold of the data will be asked about.

Forward selection: the best motif is taken, its sites are hidden, the next best must hold on what is
left. When none of the seeds does, words are sought anew in the masked sequences.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.candidate import (
    SAME,
    VERSION,
    Candidate,
    Search,
    alike,
    hide_sites,
    placements_of,
)
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.discovery.neighbours import word_frames
from seqcnn.discovery.threshold import settled_threshold
from seqcnn.discovery.trials import (
    PARTS,
    Judgement,
    Parts,
    Seed,
    Trial,
    judge,
    make_trials,
    promising,
)
from seqcnn.discovery.words import enriched_words

LETTERS, LEAST_ROWS = 120_000, 300
"""Seeds are refined on sequences of so many letters, but on so many sequences if there are."""

MORE = 4
"""Times as many sequences are searched in each turn, until there are no more: common motifs are
found on few, and cheaply."""

WORDS = 3
"""Times as many words are looked at as are refined."""

DOUBTFUL = 3
"""So many motifs that hold little promise are tested too: what is rare may be true."""

MOST_LETTERS, LEAST_ESTIMATED = 10_000_000, 500
"""Matrices are estimated on sequences of so many letters, but on so many sequences if there are:
the mixture keeps some bytes for each letter and motif."""


@dataclass(frozen=True, eq=False)
class Taken:
    """A candidate that was taken, and how it was judged then."""

    candidate: Candidate
    judgement: Judgement

    def holds(self, search: Search) -> bool:
        """Say whether it is as good as the first on sequences that did not refine it."""
        return self.judgement.log10_e <= search.log10_e

    def hide(self, contrast: Contrast, search: Search) -> Contrast:
        """Hide its sites: words of the p-value that was found best, or of less."""
        return hide_sites(self.candidate, contrast, search, log10_p=self.judgement.threshold)


def find_candidates(
    training: Contrast,
    search: Search,
    read: Mapping[str, np.ndarray] | None = None,
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
    read
        Further seeds, float (seeds, WIDTH, letters), by what they were read from in a network:
        ``"kernel"``, ``"attribution"``.
    on_turn
        Is told the share of the turns that is done at most.

    Returns
    -------
    list of Candidate
        In the order in which they were taken.
    """
    first = max(LEAST_ROWS, LETTERS // training.foreground.shape[1])
    turns = [*_growing(first, len(training)), *[len(training)] * search.rounds]
    whole, taken = training, list[Taken]()
    for turn, rows in enumerate(turns):
        if on_turn is not None:
            on_turn(turn / len(turns))
        parts = Parts.of(whole.head(rows).thinned(search.copies))
        seeds = _seeds(whole, parts, search, read or {}, first=turn == 0)
        before = len(taken)
        _take(make_trials(seeds, parts, search), taken, parts, search)
        holding = [each for each in taken if each.holds(search)]
        exhausted = rows == len(training) and not any(e.holds(search) for e in taken[before:])
        if exhausted or turn == len(turns) - 1 or len(holding) >= search.motifs:
            break
        if rows < len(training):
            # what held little promise may hold much on more sequences: it is not hidden from them
            taken, whole, before = holding, training, 0
        for each in taken[before:]:
            whole = each.hide(whole, search)
    return _estimated(_chosen(taken, search), training, search)


def _growing(rows: int, most: int) -> list[int]:
    """Say on how many sequences the turns search before they search all.

    Examples
    --------
    >>> _growing(300, 5000)
    [300, 1200]
    """
    return [rows, *_growing(rows * MORE, most)] if rows <= most // 2 else []


def _seeds(
    whole: Contrast,
    parts: Parts,
    search: Search,
    read: Mapping[str, np.ndarray],
    *,
    first: bool,
) -> list[Seed]:
    """Take words of all sequences, and what was read from a network.

    Parts know nothing of the letters in another. In the first turn both kinds have their share, in
    later ones those are taken that are promising.
    """
    words = enriched_words(
        whole, search.alphabet, number=WORDS * search.words, both_strands=search.both_strands
    )
    seeds = []
    if words:
        known = [parts.whole, *(parts.others(j) for j in range(PARTS))]
        frames = [
            word_frames(
                words,
                some.foreground,
                search.alphabet,
                search.background,
                both_strands=search.both_strands,
            )
            for some in known
        ]
        seeds = [
            Seed(np.stack([f[i] for f in frames]), "word", word.log10_tried)
            for i, word in enumerate(words)
        ]
    most = max((seed.log10_tried for seed in seeds), default=0.0)
    learnt = [
        Seed.fixed(frame, source, most) for source, frames in read.items() for frame in frames
    ]
    if first:
        kinds = [seeds, learnt]
        return [seed for kind in kinds for seed in promising(kind, parts, search, search.words)]
    return promising([*seeds, *learnt], parts, search, search.words)


def _take(trials: list[Trial], taken: list[Taken], parts: Parts, search: Search) -> None:
    """Take the best trial, hide its sites, and again, until none holds on what is left.

    `taken` grows. In the end a few of those that do not hold are taken too.
    """
    while trials and len(taken) < search.motifs + DOUBTFUL:
        judged = judge(trials, parts, search)
        order = np.argsort([j.log10_e for j in judged], kind="stable")
        ranked = [Taken(trials[i].candidate, judged[i]) for i in order]
        best = ranked[0]
        if not best.holds(search):
            for each in ranked[:DOUBTFUL]:
                if each.judgement.log10_e <= search.doubt_log10_e:
                    _add(each, taken, search)
            break
        _add(best, taken, search)
        parts = parts.masked(best.hide(parts.whole, search))
        trials = [
            t
            for t, j in zip(trials, judged, strict=True)
            if j.log10_e <= search.doubt_log10_e
            and not alike(t.candidate, best.candidate, search, VERSION)
        ]


def _add(new: Taken, taken: list[Taken], search: Search) -> None:
    """Take one more, unless it is a version of one that is taken already.

    What holds where the sites of the others are hidden may be like them: it has sites of its own.
    """
    least = VERSION if new.holds(search) else SAME
    if not any(alike(new.candidate, other.candidate, search, least) for other in taken):
        taken.append(new)


def _chosen(taken: Sequence[Taken], search: Search) -> list[Taken]:
    """Leave out motifs of little promise but for the best of them."""
    holding = [each for each in taken if each.holds(search)]
    doubtful = [each for each in taken if not each.holds(search)]
    doubtful.sort(key=lambda each: each.judgement.log10_e)
    return holding[: search.motifs] + doubtful[:DOUBTFUL]


def _estimated(chosen: Sequence[Taken], training: Contrast, search: Search) -> list[Candidate]:
    """Estimate the matrices of all candidates together, and settle their thresholds."""
    if not chosen:
        return []
    length = training.foreground.shape[1]
    rows = max(LEAST_ESTIMATED, MOST_LETTERS // length)
    sample = training.head(rows).thinned(search.copies)
    fitted = fit_mixture([each.candidate for each in chosen], sample, search)
    result = []
    for candidate, each in zip(fitted, chosen, strict=True):
        threshold = settled_threshold(
            candidate.scores(search),
            min(candidate.sites / len(sample), 1.0),
            placements_of(sample.foreground, int(candidate.used.sum()), search).mean(),
            each.judgement.foreground,
            each.judgement.control,
        )
        result.append(replace(candidate, threshold=threshold))
    return result
