"""Make motifs ready for a scan: scores on the grid, thresholds, p-values, numbers of windows."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.background import Background, letter_shares
from seqcnn.motifs.engines.base import Pattern
from seqcnn.motifs.matrix import PSEUDOCOUNT, ScoreMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.motifs.workers import Crew
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.background import MarkovBackground


@dataclass(frozen=True)
class Threshold:
    """What makes a window a site; a site has to pass both.

    Parameters
    ----------
    p_value
        Largest p-value.
    score
        Smallest score in bits; None for no such limit.
    """

    p_value: float = 1e-4
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.p_value <= 1:
            raise SeqcnnError(f"`p_value` is {self.p_value}, it must be above 0 and at most 1")
        if self.score is not None and not math.isfinite(self.score):
            raise SeqcnnError(f"`score` is {self.score}, it must be a number of bits")

    def least(self, distribution: ScoreDistribution) -> int | None:
        """Find the smallest score of a site on the grid; None if no word reaches it."""
        bits = distribution.threshold(self.p_value)
        if self.score is not None:
            bits = max(bits, math.ceil(self.score / STEP - 1e-9) * STEP)
        return None if bits > distribution.highest else round(bits / STEP)


@dataclass(frozen=True, eq=False)
class ReadyMotif:
    """A motif ready for a scan.

    Parameters
    ----------
    patterns
        The strands to look for, the forward one first; none if no word reaches the threshold.
    width
        Letters of a site.
    least
        Smallest score of a site on the grid.
    log10_p
        float64 (scores,): log10 of the p-value of the scores `least`, `least` + 1, ...
    """

    patterns: tuple[Pattern, ...]
    width: int
    least: int
    log10_p: np.ndarray

    def silent(self) -> "ReadyMotif":
        """Look for nothing."""
        return ReadyMotif((), self.width, 0, np.zeros(0))

    def above(self, least: int) -> "ReadyMotif":
        """Raise the threshold."""
        higher = max(least, self.least)
        patterns = tuple(Pattern(p.scores, higher) for p in self.patterns)
        return ReadyMotif(patterns, self.width, higher, self.log10_p[higher - self.least :])


def ready_motifs(
    motifs: Sequence[Motif],
    alphabet: Alphabet,
    background: Background | None,
    threshold: Threshold,
    *,
    both_strands: bool,
    pseudocount: float = PSEUDOCOUNT,
    crew: Crew | None = None,
) -> list[ReadyMotif]:
    """Compute scores and p-values of motifs.

    Parameters
    ----------
    motifs
        Over `alphabet`.
    alphabet
        Of the sequences.
    background
        Where random letters come from; None for that of each motif.
    threshold
        What makes a window a site.
    both_strands
        Whether to look at the other strand as well.
    pseudocount
        Sites added to each motif, shared out like the background.
    crew
        Who works; by default this process.

    Raises
    ------
    SeqcnnError
        Alphabets differ, or `pseudocount` is negative.
    """
    if pseudocount < 0:
        raise SeqcnnError(f"`pseudocount` is {pseudocount}, it must be at least 0")
    for motif in motifs:
        if motif.alphabet != alphabet:
            raise SeqcnnError(
                f"motif {motif.name!r} is over {motif.alphabet.letters}, "
                f"but the sequences are over {alphabet.letters}"
            )
    model = background if isinstance(background, MarkovBackground) else None
    shares = None if background is None else letter_shares(background)

    making = _Making(shares, model, threshold, both_strands, pseudocount)
    return [ready for _, ready in (crew or Crew()).in_turn(making.ready, motifs)]


@dataclass(frozen=True, eq=False)
class _Making:
    """How a motif is made ready; helpers are sent it."""

    shares: np.ndarray | None
    model: MarkovBackground | None
    threshold: Threshold
    both_strands: bool
    pseudocount: float

    def ready(self, motif: Motif) -> ReadyMotif:
        matrix = _score_matrix(motif, self.shares, self.pseudocount, self.both_strands)
        distribution = ScoreDistribution.of(matrix, background=self.model)
        least = self.threshold.least(distribution)
        if least is None:
            return ReadyMotif((), motif.width, 0, np.zeros(0))
        strands = [matrix, matrix.reverse_complement()] if self.both_strands else [matrix]
        patterns = tuple(Pattern(integer_scores(strand), least) for strand in strands)
        # a copy, since the whole distribution of some thousand motifs takes gigabytes
        log10_p = distribution.log10_tail[least - distribution.lowest :].copy()
        return ReadyMotif(patterns, motif.width, least, log10_p)


def _score_matrix(
    motif: Motif, shares: np.ndarray | None, pseudocount: float, both_strands: bool
) -> ScoreMatrix:
    shares = motif.matrix.background if shares is None else shares
    if both_strands:
        # the same on both strands, else a word would have two p-values
        shares = (shares + shares[motif.alphabet.complement_of_code[: len(shares)]]) / 2
    return motif.to_scores(background=shares, pseudocount=pseudocount)


@dataclass(frozen=True)
class WindowCount:
    """Windows of some width on one strand.

    Parameters
    ----------
    scored
        Windows of plain letters.
    skipped
        Windows with an ambiguous letter.
    """

    scored: int
    skipped: int

    def __add__(self, other: "WindowCount") -> "WindowCount":
        return WindowCount(self.scored + other.scored, self.skipped + other.skipped)

    def __sub__(self, other: "WindowCount") -> "WindowCount":
        return WindowCount(self.scored - other.scored, self.skipped - other.skipped)


def count_windows(
    codes: np.ndarray, offsets: np.ndarray, letters: int, widths: Iterable[int]
) -> dict[int, WindowCount]:
    """Count the windows of sequences by width.

    Parameters
    ----------
    codes
        uint8 (total,).
    offsets
        int64 (n + 1,): sequence i is ``codes[offsets[i]:offsets[i + 1]]``.
    letters
        Size of the alphabet.
    widths
        To count for.

    Examples
    --------
    >>> codes = np.array([0, 1, 14, 2, 3, 0], np.uint8)
    >>> count_windows(codes, np.array([0, 5, 6]), 4, [2])
    {2: WindowCount(scored=2, skipped=2)}
    """
    ambiguous = np.flatnonzero(codes >= letters)
    # each ambiguous letter ends one run of plain letters and begins another
    runs = np.sort(np.append(offsets[1:], ambiguous))
    runs -= np.sort(np.append(offsets[:-1], ambiguous + 1))
    lengths = np.diff(offsets)
    result = {}
    for width in set(widths):
        every = int(np.maximum(lengths - width + 1, 0).sum())
        scored = int(np.maximum(runs - width + 1, 0).sum())
        result[width] = WindowCount(scored, every - scored)
    return result


def log10_q_of_scores(log10_p: np.ndarray, counts: np.ndarray, tests: int) -> np.ndarray:
    """Benjamini-Hochberg where scores lie on a grid: no more than their counts is needed.

    Parameters
    ----------
    log10_p
        float64 (scores,): log10 of the p-value of each score, from the smallest score on.
    counts
        int64 (scores,): how many windows have each score.
    tests
        Windows that were scored, those of smaller scores too.

    Returns
    -------
    numpy.ndarray
        float64 (scores,): log10 of the q-value of each score.

    Examples
    --------
    >>> q = log10_q_of_scores(np.log10([0.03, 0.001]), np.array([2, 1]), 100)
    >>> (10**q).round(6).tolist()
    [1.0, 0.1]
    """
    as_good = np.cumsum(counts[::-1])[::-1]
    with np.errstate(divide="ignore"):
        ratio = log10_p + math.log10(max(tests, 1)) - np.log10(as_good)
    ratio[counts == 0] = np.inf
    return np.minimum(np.minimum.accumulate(ratio), 0.0)
