"""Motifs that are wider than a frame: what stands beside their sites is read in the end.

A search in frames of many columns costs as many times more, and few motifs have them. Such a motif
is sought, tested and told from others by the columns that one frame holds.
"""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.blocks import GAP, QUIET
from seqcnn.discovery.candidate import TRIM_BITS, TRIM_CHANCE, Candidate, Search, sites_of
from seqcnn.discovery.frames import WIDTH, count_letters, small_sample_bits
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.seq.alphabet import PAD

WIDEST = 48
"""Columns of the widest motif: half a frame more on either side."""

NEAR = 3
"""A motif that ends so many columns before its frame does ends there; closer, it may go on."""

FEWEST = 10
"""Sites that are needed to look beyond the frame."""


def with_flanks(
    candidate: Candidate, codes: np.ndarray, search: Search, *, log10_p: float
) -> ProbabilityMatrix:
    """Go on with the columns of a matrix where its frame ends, as far as they tell anything.

    Parameters
    ----------
    candidate
        Fitted to all data.
    codes
        uint8 (n, length): the foreground.
    search
        Alphabet, strands, background, widths.
    log10_p
        log10 of the p-value of a word from which on it is a site.

    Returns
    -------
    ProbabilityMatrix
        That of the candidate, or a wider one.
    """
    matrix, used = candidate.matrix(search), np.flatnonzero(candidate.used)
    room = search.max_width - len(matrix)
    sides = used[0] < NEAR, used[-1] >= WIDTH - NEAR
    hits = sites_of(candidate, codes, search, log10_p=log10_p)
    if room <= 0 or not any(sides) or len(hits.start) < FEWEST:
        return matrix
    flank = WIDTH // 2
    padded = np.pad(codes, ((0, 0), (flank, flank)), constant_values=PAD)
    columns = hits.start[:, None] + np.arange(len(matrix) + 2 * flank)
    letters = padded[hits.sequence[:, None], columns]
    reverse = hits.reverse if search.both_strands else np.zeros(len(letters), bool)
    if reverse.any():
        letters[reverse] = search.alphabet.reverse_complement(letters[reverse])
    counts = count_letters(letters, np.ones(len(letters)), search.alphabet.size)
    values = CountMatrix(counts, search.alphabet).to_probabilities(1.0, search.background).values
    before = _reach(values[:flank][::-1], counts[:flank][::-1], search) if sides[0] else 0
    behind = _reach(values[-flank:], counts[-flank:], search) if sides[1] else 0
    while before + behind > room:
        before, behind = (before - 1, behind) if before > behind else (before, behind - 1)
    wide = [values[flank - before : flank], matrix.values, values[-flank:][:behind]]
    return replace(matrix, values=np.concatenate(wide))


def strictness_of(
    wide: ProbabilityMatrix,
    candidate: Candidate,
    codes: np.ndarray,
    search: Search,
    *,
    log10_p: float,
) -> float:
    """Find log10 of the p-value that gives as many sequences a site as the narrower matrix does.

    Parameters
    ----------
    wide
        From `with_flanks`.
    candidate, codes, search, log10_p
        As there.
    """
    hits = sites_of(candidate, codes, search, log10_p=log10_p)
    number = len(np.unique(hits.sequence))
    scores = wide.to_scores(background=search.background)
    best = best_scores([scores], codes, search.alphabet, both_strands=search.both_strands)[0]
    limit = float(np.sort(best)[-max(number, 1)])
    distribution = ScoreDistribution.of(scores)
    if not np.isfinite(limit):  # fewer sequences are as wide
        limit = float(best[np.isfinite(best)].min(initial=0.0))
    return min(float(distribution.log10_p_value(limit - distribution.error)), log10_p)


def _reach(values: np.ndarray, counts: np.ndarray, search: Search) -> int:
    """Count the columns from the frame outwards that belong to the motif: no gap parts them."""
    total = counts.sum(1)
    odds = np.where(values > 0, values / search.background, 1.0)
    bits = (values * np.log2(odds)).sum(1)
    chance = np.array([small_sample_bits(n, search.alphabet.size) for n in total])
    # columns that mostly lie outside of the sequences say nothing
    telling = (bits >= TRIM_BITS + TRIM_CHANCE * chance) & (total >= 0.5 * total.max(initial=1.0))
    reach = quiet = 0
    for column, (tells, its_bits) in enumerate(zip(telling, bits, strict=True), 1):
        quiet = 0 if its_bits > QUIET else quiet + 1
        if quiet >= GAP:
            break
        reach = column if tells else reach
    return reach
