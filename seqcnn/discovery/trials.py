"""Trials: frames refined on parts of the training data and judged on the other parts.

A frame fits the sequences that refined it by chance too, the better the more of its columns are
free: junk of 24 columns outscores a true motif of few sites. So each seed is refined once on all
training sequences, and once for each part on the others alone; the scores of a part come from the
frame that never saw it. Put together they rank candidates and give thresholds that hold elsewhere,
though every sequence has taught.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.blocks import strongest_block, strongest_run
from seqcnn.discovery.candidate import Candidate, Search, likeness, scan_contrast, used_columns
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.refine import refine
from seqcnn.discovery.threshold import best_threshold
from seqcnn.motifs.pvalue import ScoreDistribution

PARTS = 3
"""Parts of the training data."""

EQUAL = 0.98
"""Refined seeds of this likeness need no second look."""

ITERATIONS = 4
"""Rounds of refinement; most seeds stop changing after three."""

CONTROLS = 2000
"""So many control sequences are enough to refine seeds and to look at them; judging takes all."""


@dataclass(frozen=True, eq=False)
class Parts:
    """The training sequences of a fold in parts, rows of a part together.

    Parameters
    ----------
    whole
        All of them.
    edges, control_edges
        Where parts begin, and the numbers of sequences at the end; of foreground and of a given
        control.
    """

    whole: Contrast
    edges: tuple[int, ...]
    control_edges: tuple[int, ...]

    @classmethod
    def of(cls, contrast: Contrast) -> "Parts":
        """Cut sequences, which are in random order, into parts of like size."""
        steps = np.arange(PARTS + 1)
        edges = tuple((len(contrast) * steps // PARTS).tolist())
        given = 0 if contrast.copies else len(contrast.control)
        return cls(contrast, edges, tuple((given * steps // PARTS).tolist()))

    def part(self, number: int) -> Contrast:
        """Take one part."""
        return self._select(number, inside=True)

    def others(self, number: int) -> Contrast:
        """Take all but one part."""
        return self._select(number, inside=False)

    def _select(self, number: int, *, inside: bool) -> Contrast:
        rows = [
            np.flatnonzero((np.arange(e[-1]) >= e[number]) & (np.arange(e[-1]) < e[number + 1]))
            if inside
            else np.r_[: e[number], e[number + 1] : e[-1]]
            for e in (self.edges, self.control_edges)
        ]
        return self.whole.select(rows[0], rows[1])

    def masked(self, whole: Contrast) -> "Parts":
        """Put sequences with hidden letters in place of the same ones."""
        return replace(self, whole=whole)


@dataclass(frozen=True, eq=False)
class Seed:
    """Where refinement begins.

    Parameters
    ----------
    frames
        float64 (1 + PARTS, WIDTH, letters): read from all sequences, and from those without the
        first part, without the second, ...
    source
        ``"word"``, ``"kernel"`` or ``"attribution"``.
    log10_tried
        log10 of the number of seeds of which this one was the best.
    """

    frames: np.ndarray
    source: str
    log10_tried: float

    @classmethod
    def fixed(cls, frame: np.ndarray, source: str, log10_tried: float) -> "Seed":
        """Begin with the same frame, float (WIDTH, letters), whatever the sequences."""
        return cls(np.stack([frame] * (1 + PARTS)), source, log10_tried)


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate, and what became of its seed without each of the parts.

    Parameters
    ----------
    candidate
        Refined on all training sequences.
    rivals
        Refined without the first part, without the second, ...
    scales
        Of the scores of each rival.
    seed
        What it was refined from.
    """

    candidate: Candidate
    rivals: tuple[Candidate, ...]
    scales: tuple[ScoreDistribution, ...]
    seed: Seed


@dataclass(frozen=True, eq=False)
class Judgement:
    """One trial judged on the parts that did not refine it.

    Parameters
    ----------
    threshold
        log10 of the p-value of a word from which on a window is a site.
    log10_e
        log10 of the p-value of sequences with a site in foreground against control, times the
        number of seeds tried. It ranks trials and is not to be reported: the seed was chosen on
        these sequences.
    foreground, control
        float64 (n,) and (m,): log10 of the p-value of the best site of each sequence.
    """

    threshold: float
    log10_e: float
    foreground: np.ndarray
    control: np.ndarray


def make_trials(seeds: Sequence[Seed], parts: Parts, search: Search) -> list[Trial]:
    """Refine seeds on all sequences and without each part; leave out the too narrow.

    Of what is wider than a motif may be, the columns with the most bits are kept.

    Parameters
    ----------
    seeds
        Frames to begin with.
    parts
        Training sequences.
    search
        Alphabet, strands, background, widths.
    """
    if not seeds:
        return []
    whole = _refined(seeds, 0, parts.whole, search)
    fit = [i for i, c in enumerate(whole) if c.used.sum() >= search.min_width]
    kept = _distinct(fit, whole, search)
    if not kept:
        return []
    some = [seeds[i] for i in kept]
    rivals = [_refined(some, 1 + j, parts.others(j), search) for j in range(PARTS)]
    return [
        _trial(whole[i], tuple(r[k] for r in rivals), seeds[i], search) for k, i in enumerate(kept)
    ]


def promising(seeds: Sequence[Seed], parts: Parts, search: Search, number: int) -> list[Seed]:
    """Keep the seeds that tell most as they are: a look costs a tenth of a refinement.

    Parameters
    ----------
    seeds
        Frames to begin with.
    parts
        Training sequences.
    search
        Alphabet, strands, background, widths.
    number
        At most so many are kept, the best first.
    """
    if len(seeds) <= number:
        return list(seeds)
    parts = parts.masked(parts.whole.with_about(CONTROLS))
    trials = []
    for seed in seeds:
        whole, *rivals = (Candidate(f, used_columns(f, search)) for f in seed.frames)
        if not all(c.used.any() for c in (whole, *rivals)):
            continue
        trials.append(_trial(whole, tuple(rivals), seed, search))
    judged = judge(trials, parts, search) if trials else []
    order = np.argsort([j.log10_e for j in judged], kind="stable")
    return [trials[i].seed for i in order[:number]]


def judge(trials: Sequence[Trial], parts: Parts, search: Search) -> list[Judgement]:
    """Score every part by the frames that did not see it.

    Scores of different frames are put on one scale, that of their p-values.
    """
    sides: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for j in range(PARTS):
        rivals = [t.rivals[j] for t in trials]
        for side, sites in zip(sides, scan_contrast(rivals, parts.part(j), search), strict=True):
            side.append(_log10_p_of_words([t.scales[j] for t in trials], sites.score))
    foreground, control = (np.concatenate(side) for side in sides)
    thresholds = -best_threshold(-foreground, -control)
    return [
        Judgement(
            float(thresholds[i]),
            parts.whole.test(
                foreground[:, i] <= thresholds[i], control[:, i] <= thresholds[i]
            ).log10_p
            + trials[i].seed.log10_tried,
            foreground[:, i],
            control[:, i],
        )
        for i in range(len(trials))
    ]


def _trial(
    candidate: Candidate, rivals: tuple[Candidate, ...], seed: Seed, search: Search
) -> Trial:
    scales = tuple(rival.scores(search) for rival in rivals)
    return Trial(candidate, rivals, scales, seed)


def _log10_p_of_words(scales: Sequence[ScoreDistribution], scores: np.ndarray) -> np.ndarray:
    """Turn the scores (n, trials) of windows into log10 of p-values of words."""
    # the score of a word may be rounded up on the grid
    return np.stack(
        [d.log10_p_value(s - d.error) for d, s in zip(scales, scores.T, strict=True)], 1
    )


def _refined(
    seeds: Sequence[Seed], number: int, contrast: Contrast, search: Search
) -> list[Candidate]:
    contrast = contrast.with_about(CONTROLS)
    frames = refine(
        np.stack([seed.frames[number] for seed in seeds]),
        contrast.foreground,
        contrast.control,
        search.background,
        complement=search.complement,
        iterations=ITERATIONS,
    )
    found = [
        Candidate(np.asarray(f, np.float64), used_columns(f, search), source=seed.source)
        for f, seed in zip(frames, seeds, strict=True)
    ]
    widest = min(search.max_width, contrast.foreground.shape[1])
    blocks = (strongest_block(candidate, search) for candidate in found)
    return [strongest_run(block, search, widest) for block in blocks]


def _distinct(rows: list[int], candidates: list[Candidate], search: Search) -> list[int]:
    """Keep the first of candidates that became the same."""
    chosen: list[int] = []
    for i in rows:
        matrix = candidates[i].matrix(search)
        if not any(
            likeness(matrix, candidates[k].matrix(search), both_strands=search.both_strands)
            >= EQUAL
            for k in chosen
        ):
            chosen.append(i)
    return chosen
