"""Motifs that are wider than a frame: what stands beside their sites is read in the end.

A search in frames of many columns costs as many times more, and few motifs have them. Such a motif
is sought, tested and told from others by the columns that one frame holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.discovery.blocks import GAP, QUIET
from seqcnn.discovery.candidate import TRIM_BITS, TRIM_CHANCE, Candidate, Search, sites_of
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, count_letters, small_sample_bits
from seqcnn.discovery.merge import Gathered, covered_sites
from seqcnn.discovery.significance import Family
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.seq.alphabet import PAD

NEAR = 3
"""A motif that ends so many columns before its frame does ends there; closer, it may go on."""

FEWEST = 10
"""Sites that are needed to look beyond the frame."""

INSIDE = 0.9
"""Such a share of the sites has to have room for a column, or it is left out: a motif whose sites
lie at the ends of sequences would lose them for its width."""


@dataclass(frozen=True, eq=False)
class Wide:
    """A matrix, and how many of its columns lie beyond those of the candidate.

    Parameters
    ----------
    matrix
        All columns.
    before, behind
        Columns on either side.
    sequences
        How many have a site with room for all columns, if there are such columns.
    """

    matrix: ProbabilityMatrix
    before: int = 0
    behind: int = 0
    sequences: int = 0

    @property
    def beyond(self) -> int:
        """Columns beyond those of the candidate."""
        return self.before + self.behind


def with_flanks(candidate: Candidate, codes: np.ndarray, search: Search, *, log10_p: float) -> Wide:
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
    Wide
        With the matrix of the candidate if it ends in its frame.
    """
    matrix, used = candidate.matrix(search), np.flatnonzero(candidate.used)
    room = search.max_width - len(matrix)
    sides = used[0] < NEAR, used[-1] >= WIDTH - NEAR
    if room <= 0 or not any(sides):
        return Wide(matrix)
    hits = sites_of(candidate, codes, search, log10_p=log10_p)
    if len(hits) < FEWEST:
        return Wide(matrix)
    flank = WIDTH // 2
    padded = np.pad(codes, ((0, 0), (flank, flank)), constant_values=PAD)
    columns = hits.start[:, None] + np.arange(len(matrix) + 2 * flank)
    letters = padded[hits.sequence[:, None], columns]
    reverse = hits.reverse if search.both_strands else np.zeros(len(letters), bool)
    if reverse.any():
        letters[reverse] = search.alphabet.reverse_complement(letters[reverse])
    counts = count_letters(letters, np.ones(len(letters)), search.alphabet.size)
    values = CountMatrix(counts, search.alphabet).to_probabilities(1.0, search.background).values
    tells, loud = _columns_that_tell(values, counts, search)
    before = _reach(tells[:flank][::-1], loud[:flank][::-1]) if sides[0] else 0
    behind = _reach(tells[-flank:], loud[-flank:]) if sides[1] else 0
    while before + behind > room:
        before, behind = (before - 1, behind) if before > behind else (before, behind - 1)
    # what was cut may have left columns at the ends that tell nothing
    before -= int(np.argmax(np.r_[tells[flank - before : flank], True]))
    behind -= int(np.argmax(np.r_[tells[-flank:][:behind][::-1], True]))
    wide = [values[flank - before : flank], matrix.values, values[-flank:][:behind]]
    wider = replace(matrix, values=np.concatenate(wide))
    whole = (letters[:, flank - before : flank + len(matrix) + behind] != PAD).all(1)
    return Wide(wider, before, behind, len(np.unique(hits.sequence[whole])))


def without_ends(
    gathered: Sequence[Gathered], wide: Sequence[Wide], contrast: Contrast, search: Search
) -> list[tuple[Gathered, Wide]]:
    """Join what was taken for a motif and lies in a wide one, as most of its sites do.

    That is an end of it, or another part that was read to its ends as well.

    Parameters
    ----------
    gathered
        In rank order.
    wide
        Their matrices with flanks.
    contrast, search
        Sequences in which sites are compared, and how they are read.
    """
    pairs = list(zip(gathered, wide, strict=True))
    if not any(w.beyond for w in wide):
        return pairs
    sides = contrast.foreground, contrast.control
    sites = [[_sites(g, w, codes, search) for codes in sides] for g, w in pairs]
    widths = [len(w.matrix) for w in wide]
    owner: dict[int, int] = {}
    for number, its_wide in enumerate(wide):
        if not its_wide.beyond or number in owner:
            continue
        for i, other in enumerate(wide):
            # of two wide ones the better one is kept
            if i in owner or i == number or (other.beyond and i < number):
                continue
            covered = covered_sites(
                [sites[number], sites[i]], [widths[number], widths[i]], contrast
            )
            if covered[1] or (other.beyond and any(covered)):
                owner[i] = number
    return [
        (replace(one, family=_with_ends(one, [gathered[k] for k in owner if owner[k] == i])), w)
        for i, (one, w) in enumerate(pairs)
        if i not in owner
    ]


def _with_ends(one: Gathered, ends: Sequence[Gathered]) -> Family:
    """Take the tests of the ends in."""
    family = one.family
    for end in ends:
        family = family.joined(end.family)
    return family


def _sites(one: Gathered, wide: Wide, codes: np.ndarray, search: Search) -> Hits:
    """Find the sites of a candidate, with what its matrix has beyond the frame."""
    hits = sites_of(one.candidate, codes, search, log10_p=one.log10_p)
    start = hits.start - np.where(hits.reverse, wide.behind, wide.before)
    return replace(hits, start=np.clip(start, 0, max(codes.shape[1] - len(wide.matrix), 0)))


def strictness_of(wide: Wide, codes: np.ndarray, search: Search, *, log10_p: float) -> float:
    """Find log10 of the p-value that gives as many sequences a site as the narrower matrix does.

    Parameters
    ----------
    wide, codes, search, log10_p
        Of `with_flanks`.
    """
    scores = wide.matrix.to_scores(background=search.background)
    best = best_scores([scores], codes, search.alphabet, both_strands=search.both_strands)[0]
    limit = float(np.sort(best)[-max(wide.sequences, 1)])
    distribution = ScoreDistribution.of(scores)
    if not np.isfinite(limit):  # fewer sequences are as wide
        limit = float(best[np.isfinite(best)].min(initial=0.0))
    return min(float(distribution.log10_p_value(limit - distribution.error)), log10_p)


def _columns_that_tell(
    values: np.ndarray, counts: np.ndarray, search: Search
) -> tuple[np.ndarray, np.ndarray]:
    """Say which columns tell something, and which are no part of a gap, bool (columns,) each."""
    total = counts.sum(1)
    odds = np.where(values > 0, values / search.background, 1.0)
    bits = (values * np.log2(odds)).sum(1)
    chance = np.array([small_sample_bits(n, search.alphabet.size) for n in total])
    # columns that lie outside of many sequences would cost the sites that are there
    inside = total >= INSIDE * total.max(initial=1.0)
    return (bits >= TRIM_BITS + TRIM_CHANCE * chance) & inside, bits > QUIET


def _reach(tells: np.ndarray, loud: np.ndarray) -> int:
    """Count the columns from the frame outwards that belong to the motif: no gap parts them."""
    reach = quiet = 0
    for column, (one_tells, one_is_loud) in enumerate(zip(tells, loud, strict=True), 1):
        quiet = 0 if one_is_loud else quiet + 1
        if quiet >= GAP:
            break
        reach = column if one_tells else reach
    return reach
