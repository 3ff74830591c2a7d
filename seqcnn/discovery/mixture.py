"""A mixture of motifs and background, fitted to all motifs at once: the last estimate of each.

A threshold makes a matrix sharper than the truth, since weak sites are left out. Here every window
counts with the probability that it is a site, which depends on the matrices, which depend on these
probabilities: expectation maximisation with zero or one site of a motif in a sequence (Bailey &
Elkan 1994, Fitting a mixture model by expectation maximization to discover motifs in biopolymers).
Letters of the background depend on the letter before them, as in the shuffled control. Motifs
compete for their sites, lest a rare motif slides into a common one that is like it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.blocks import near_columns
from seqcnn.discovery.candidate import (
    SAME,
    Candidate,
    Search,
    alike,
    as_set,
    placements_of,
    scan_contrast,
    sites_of,
    used_columns,
    with_thresholds,
)
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, least_probabilities
from seqcnn.discovery.palindrome import as_palindrome
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.background import MarkovBackground

CONSIDERED, CONSIDERED_EACH = 0.03, 2
"""Share of random windows that may be sites, and so many of each sequence; the others score too
little. A peptide has few windows, and any of them may be the site."""

ROUNDS, STEPS = 2, 12
"""Times that windows are chosen and columns are trimmed, and steps of the fit in between."""

DECIDED, NEGLIGIBLE = 4, 1e-4
"""After so many steps windows that are less probably sites than this are left out, to save time.
From then on motifs change little, and who claims which letter is asked every other step."""

FLANK = 2
"""Columns on either side of a motif that are looked at too."""

COVERED = 0.5
"""Share of the sites that must have a letter in a column."""

FEWEST = 3.0
"""Sites that a matrix needs; with fewer a candidate stays as it is."""

PRIOR = 0.1
"""Share of the sequences with a site, to begin with."""


def fit_mixture(
    candidates: Sequence[Candidate],
    contrast: Contrast,
    search: Search,
    *,
    palindromes: bool = False,
    least: float = SAME,
) -> list[Candidate]:
    """Estimate the matrices of motifs from all of their sites, and trim them.

    Parameters
    ----------
    candidates
        Motifs that are no versions of one another.
    contrast
        The sequences; the control teaches the background.
    search
        Alphabet, strands, background, widths.
    palindromes
        Whether to make motifs symmetric that might as well be, see `as_palindrome`.
    least
        Likeness to the given matrix that the fitted one must keep.

    Returns
    -------
    list of Candidate
        In the same order, with thresholds; one that slid into something else keeps its matrix.
    """
    background = _background(contrast, search)
    fitted = list(candidates)
    for _ in range(ROUNDS):
        windows = [_windows(c, contrast.foreground, search, background) for c in fitted]
        fitted = _fit(fitted, windows, contrast.foreground.shape, search)
    if palindromes and search.both_strands:
        fitted = [as_palindrome(c, search) for c in fitted]
    kept = [
        new if alike(new, old, search, least) else old
        for new, old in zip(fitted, candidates, strict=True)
    ]
    found = scan_contrast(kept, contrast, search)
    return [
        replace(c, sites=c.sites or float((found[0].score[:, i] >= c.threshold).sum()))
        for i, c in enumerate(with_thresholds(kept, found))
    ]


@dataclass(frozen=True, eq=False)
class _Windows:
    """Windows that may be sites of one candidate.

    Parameters
    ----------
    row, start
        int64 (m,): sequence, and where the first of the letters under the used columns lies.
    reverse
        bool (m,): whether the window is read on the other strand.
    letters
        uint8 (m, WIDTH): codes under the frame, read along the motif; `PAD` outside.
    scored
        bool (WIDTH,): the used columns and `FLANK` on either side, which may tell the strands of a
        palindrome apart.
    background
        float64 (m,): log probability of the letters under the scored columns without a motif.
    placements
        int64 (n,): how many windows each sequence has, on all strands.
    """

    row: np.ndarray
    start: np.ndarray
    reverse: np.ndarray
    letters: np.ndarray
    scored: np.ndarray
    background: np.ndarray
    placements: np.ndarray

    def select(self, kept: np.ndarray) -> "_Windows":
        """Take some of the windows, by a mask."""
        return replace(
            self,
            row=self.row[kept],
            start=self.start[kept],
            reverse=self.reverse[kept],
            letters=self.letters[kept],
            background=self.background[kept],
        )


def _background(contrast: Contrast, search: Search) -> MarkovBackground:
    """Learn how letters follow each other in the control."""
    # pairs of amino acids are too many to be counted in few short sequences
    order = 1 if search.alphabet.size <= 8 else 0
    control = as_set(contrast.control, search.alphabet)
    return MarkovBackground.fit(control, order, both_strands=search.both_strands)


def _windows(
    candidate: Candidate, codes: np.ndarray, search: Search, background: MarkovBackground
) -> _Windows:
    """Find the windows whose score is at all promising."""
    used = np.flatnonzero(candidate.used)
    placements = placements_of(codes, len(used), search)
    considered = max(CONSIDERED, min(CONSIDERED_EACH / float(placements.mean()), 1.0))
    hits = sites_of(candidate, codes, search, log10_p=float(np.log10(considered)))
    row, start, reverse = hits.sequence, hits.start, np.zeros(len(hits.start), bool)
    if search.both_strands:  # a window is read both ways, as a palindrome has to be
        row, start, reverse = np.tile(row, 2), np.tile(start, 2), np.arange(2).repeat(len(row)) > 0
    letters = _letters(codes, row, start - np.where(reverse, WIDTH - 1 - used[-1], used[0]))
    if search.both_strands:
        letters[reverse] = search.alphabet.reverse_complement(letters[reverse])
    core = letters[:, candidate.used]
    scored = np.convolve(candidate.used, np.ones(2 * FLANK + 1), "same") > 0.5
    plain = (core < search.alphabet.size).all(1)
    return _Windows(
        row[plain],
        start[plain],
        reverse[plain],
        letters[plain],
        scored,
        _log_background(letters[plain][:, scored], background),
        placements,
    )


def _letters(codes: np.ndarray, row: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Read the letters under frames, uint8 (m, WIDTH); `PAD` outside of the sequences."""
    columns = first[:, None] + np.arange(WIDTH)
    inside = (columns >= 0) & (columns < codes.shape[1])
    letters = codes[row[:, None], np.clip(columns, 0, codes.shape[1] - 1)]
    return np.where(inside, letters, PAD).astype(np.uint8)


def _log_background(words: np.ndarray, background: MarkovBackground) -> np.ndarray:
    """Compute the log probability of words, float64 (m,); unknown letters have probability 1."""
    size = background.alphabet.size
    shares = background.stationary if background.order else background.probabilities[0]
    following = background.probabilities if background.order else np.tile(shares, (size, 1))
    # one more row and column: what follows an unknown letter, and the unknown letter itself
    table = np.zeros((size + 1, size + 1))
    table[:size, :size], table[size, :size] = np.log(following), np.log(shares)
    known = np.minimum(words, size)
    previous = np.full(len(words), size)
    total = np.zeros(len(words))
    for letter in known.T:
        total += table[previous, letter]
        previous = letter
    return total


def _fit(
    candidates: list[Candidate],
    windows: list[_Windows],
    shape: tuple[int, int],
    search: Search,
) -> list[Candidate]:
    """Fit all matrices to their windows, then trim them."""
    size = search.alphabet.size
    frames = [c.frame for c in candidates]
    share = [PRIOR] * len(candidates)
    sites = [np.zeros(len(w.row)) for w in windows]
    counts = [np.zeros((WIDTH, size)) for _ in windows]
    free = [np.ones(len(w.row)) for w in windows]
    for step in range(STEPS):
        if step == DECIDED:
            likely = [weights > NEGLIGIBLE for weights in sites]
            windows = [w.select(kept) for w, kept in zip(windows, likely, strict=True)]
            sites = [weights[kept] for weights, kept in zip(sites, likely, strict=True)]
        if step <= DECIDED or step % 2:
            free = _free(candidates, windows, sites, shape)
        for k, window in enumerate(windows):
            odds = _odds(frames[k], window, search.background) * free[k]
            sites[k] = _site_probabilities(odds, window, shape[0], share[k])
            share[k] = max(float(sites[k].sum()) / shape[0], 1.0 / shape[0])
            counts[k] = _count(window.letters, sites[k], size)
            frames[k] = (
                CountMatrix(counts[k], search.alphabet)
                .to_probabilities(1.0, search.background)
                .values
            )
    claims = _claims(candidates, windows, sites, shape)
    counts = [
        _count_free(c, windows[k], sites[k], claims.sum(0) - claims[k], size)
        for k, c in enumerate(candidates)
    ]
    return [_trimmed(c, n, search) for c, n in zip(candidates, counts, strict=True)]


def _odds(frame: np.ndarray, windows: _Windows, background: np.ndarray) -> np.ndarray:
    """Compute how much more probable each window is as a site than as background."""
    scores = np.zeros((WIDTH, 256))  # an unknown letter says nothing
    scores[:, : frame.shape[1]] = np.log(np.maximum(frame, least_probabilities(background)))
    total = -windows.background
    for column in np.flatnonzero(windows.scored):
        total = total + scores[column, windows.letters[:, column]]
    return np.exp(total)


def _site_probabilities(
    odds: np.ndarray, windows: _Windows, sequences: int, share: float
) -> np.ndarray:
    """Divide the probability that a sequence has a site among its windows."""
    total = np.bincount(windows.row, odds, sequences) / windows.placements
    has_site = share * total / (1 - share + share * total)
    each = has_site / np.maximum(total * windows.placements, 1e-300)
    return odds * each[windows.row]


def _count(letters: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Count letters by column, float64 (WIDTH, letters); others are left out."""
    counts = np.stack([np.bincount(c, weights, 256)[:size] for c in letters.T])
    return counts


def _count_free(
    candidate: Candidate, windows: _Windows, weights: np.ndarray, others: np.ndarray, size: int
) -> np.ndarray:
    """Count letters by column, those left out that other motifs claim, float64 (WIDTH, letters).

    What lies beside a motif may be another one that keeps its distance: no part of it.
    """
    used, length = np.flatnonzero(candidate.used), others.shape[1] - 1
    counts = np.zeros((WIDTH, size))
    for column in range(WIDTH):
        # columns run to the left on the other strand
        steps = np.where(windows.reverse, used[-1] - column, column - used[0])
        at = np.clip(windows.start + steps, 0, length)
        free = weights * np.clip(1 - others[windows.row, at], 0.0, 1.0)
        counts[column] = np.bincount(windows.letters[:, column], free, 256)[:size]
    return counts


def _claims(
    candidates: list[Candidate],
    windows: list[_Windows],
    sites: list[np.ndarray],
    shape: tuple[int, int],
) -> np.ndarray:
    """Compute for each letter the probability that it lies in a site, float32 (motifs, n, length).

    One more letter ends each sequence, in no site.
    """
    n, length = shape
    claims = np.zeros((len(windows), n * (length + 1)), np.float32)
    for k, (candidate, window, weights) in enumerate(zip(candidates, windows, sites, strict=True)):
        at = window.row * (length + 1) + window.start
        edges = np.bincount(at, weights, n * (length + 1))
        edges -= np.bincount(at + int(candidate.used.sum()), weights, n * (length + 1))
        claims[k] = np.cumsum(edges)
    return claims.reshape(len(windows), n, length + 1)


def _free(
    candidates: list[Candidate],
    windows: list[_Windows],
    sites: list[np.ndarray],
    shape: tuple[int, int],
) -> list[np.ndarray]:
    """Compute for each window the probability that no other motif has a site there."""
    claims = _claims(candidates, windows, sites, shape)
    everyone = claims.sum(0)
    free = []
    for k, (candidate, window) in enumerate(zip(candidates, windows, strict=True)):
        others = everyone - claims[k]
        most = np.zeros(len(window.row), np.float32)
        for i in range(int(candidate.used.sum())):
            np.maximum(most, others[window.row, window.start + i], out=most)
        free.append(np.clip(1 - most, 0.0, 1.0))
    return free


def _trimmed(candidate: Candidate, counts: np.ndarray, search: Search) -> Candidate:
    """Read the frame from counts, and decide anew which of its columns belong to the motif."""
    matrix = CountMatrix(counts, search.alphabet)
    frame = matrix.to_probabilities(1.0, search.background).values
    sites = float(counts[candidate.used].sum(1).max())
    if sites < FEWEST:
        return candidate
    # columns that mostly lie outside of the sequences say nothing
    inside = counts.sum(1) >= COVERED * sites
    telling = np.where(inside[:, None], frame, search.background)
    near = near_columns(candidate.used, telling, search)
    used = used_columns(np.where(near[:, None], telling, search.background), search, sites)
    if not search.min_width <= used.sum() <= search.max_width:
        used = candidate.used
    return replace(candidate, frame=frame, used=used, sites=sites)
