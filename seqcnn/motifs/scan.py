"""Find the sites of motifs in sequences, with exact p-values.

Every window of a motif's width is scored on a grid of integers (see `pvalue`), all sequences at
once. Up to three neighbouring letters are one number, so that one look-up scores three positions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ScoreMatrix, as_background
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet

BLOCK = 1 << 17
"""Windows scored at a time: their sums stay in the cache of one core."""

PADDING_SCORE = -(1 << 20)
"""No window with padding is a site, and the sum over the widest motif still fits into 32 bits."""


@dataclass(frozen=True)
class Hit:
    """One site of one motif.

    Parameters
    ----------
    sequence
        Name of the sequence.
    start, end
        From 0, half open, on the strand that was given, whichever strand the site is on.
    strand
        ``+`` or ``-``.
    motif
        Name of the motif.
    score
        In bits.
    p_value
        Probability that a random word scores as much or more.
    q_value
        Benjamini-Hochberg over all windows and strands that were scored with this motif.
    matched
        The letters of the site, read along the motif.
    """

    sequence: str
    start: int
    end: int
    strand: str
    motif: str
    score: float
    p_value: float
    q_value: float
    matched: str


@dataclass(frozen=True, eq=False)
class Hits:
    """All sites of a scan as columns; item i is a `Hit`. Sorted by motif, sequence and start.

    Parameters
    ----------
    motifs, sequences
        What was scanned with, and what was scanned.
    motif, sequence
        int64 (n,): their positions in `motifs` and `sequences`.
    start
        int64 (n,), from 0.
    reverse
        bool (n,): whether the site is on the other strand.
    score
        float64 (n,), in bits.
    log10_p_value, log10_q_value
        float64 (n,).
    """

    motifs: Sequence[Motif]
    sequences: SequenceSet
    motif: np.ndarray
    sequence: np.ndarray
    start: np.ndarray
    reverse: np.ndarray
    score: np.ndarray
    log10_p_value: np.ndarray
    log10_q_value: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Hit]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Hit:
        motif = self.motifs[self.motif[index]]
        start = int(self.start[index])
        sequence = int(self.sequence[index])
        return Hit(
            self.sequences.ids[sequence],
            start,
            start + motif.width,
            "-" if self.reverse[index] else "+",
            motif.name,
            float(self.score[index]),
            float(10.0 ** self.log10_p_value[index]),
            float(10.0 ** self.log10_q_value[index]),
            self.matched(index),
        )

    def select(self, rows: np.ndarray) -> "Hits":
        """Take sites by position or by a boolean mask."""
        columns = (
            "motif", "sequence", "start", "reverse", "score", "log10_p_value", "log10_q_value"
        )  # fmt: skip
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def matched(self, index: int) -> str:
        """Read the letters of one site along the motif."""
        start, width = self.start[index], self.motifs[self.motif[index]].width
        codes = self.sequences[int(self.sequence[index])][start : start + width]
        alphabet = self.sequences.alphabet
        return alphabet.decode(alphabet.reverse_complement(codes) if self.reverse[index] else codes)


def scan(
    motifs: Sequence[Motif],
    sequences: SequenceSet,
    *,
    p_value: float = 1e-4,
    background: str | np.ndarray = "input",
    strand: str | None = None,
) -> Hits:
    """Find all sites of motifs.

    Parameters
    ----------
    motifs
        Over the alphabet of the sequences.
    sequences
        Where to look. An ambiguous letter scores like the worst letter that it may stand for.
    p_value
        Largest p-value of a site, per window and strand.
    background
        Where random letters come from: ``"input"`` for the shares in `sequences`, ``"motif"`` for
        the background of each motif, ``"uniform"``, or shares (letters,).
    strand
        ``"both"`` or ``"one"``; by default both for DNA only. With both, a window counts once, on
        the strand with the better score, so that the site of a palindrome is one site.

    Returns
    -------
    Hits

    Raises
    ------
    SeqcnnError
        Alphabets differ, there is no second strand, or an argument is out of range.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import CountMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> word = Motif("word", CountMatrix(np.eye(4)[[0, 0, 1, 2, 2]], DNA).to_probabilities())
    >>> sequences = SequenceSet.from_strings(["TTAACGGTT"], alphabet=DNA)
    >>> [(hit.start, hit.matched) for hit in scan([word], sequences, p_value=0.01)]
    [(2, 'AACGG')]
    """
    both = _both_strands(strand, sequences.alphabet)
    if not 0 < p_value <= 1:
        raise SeqcnnError(f"`p_value` is {p_value}, it must be above 0 and at most 1")
    for motif in motifs:
        if motif.alphabet != sequences.alphabet:
            raise SeqcnnError(
                f"motif {motif.name!r} is over {motif.alphabet.letters}, "
                f"but the sequences are over {sequences.alphabet.letters}"
            )
    shares = _background(background, sequences, both)
    packing = _Packing(sequences.alphabet)
    searches = [
        _Search(motif.matrix.to_scores(background=shares), packing, p_value, both)
        for motif in motifs
    ]
    margin = max((search.width for search in searches), default=0) + packing.group
    for begin in range(0, len(sequences.codes), BLOCK):
        numbers = packing.numbers(sequences.codes[begin : begin + BLOCK + margin])
        for search in searches:
            search.look(numbers, begin)
    found = [search.columns(sequences) for search in searches]
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else _NOTHING
    motif_of_hit = np.repeat(np.arange(len(motifs)), [len(part[0]) for part in found])
    return Hits(motifs, sequences, motif_of_hit, *columns)


_NOTHING = tuple(np.zeros(0, t) for t in (np.int64, np.int64, bool, float, float, float))


def _both_strands(strand: str | None, alphabet: Alphabet) -> bool:
    if strand not in (None, "both", "one"):
        raise SeqcnnError(f"`strand` is {strand!r}, it must be 'both' or 'one'")
    if strand is None:
        return alphabet.double_stranded
    if strand == "both" and alphabet.complements is None:
        raise SeqcnnError(f"alphabet {alphabet.name!r} has no complement: use `strand` 'one'")
    return strand == "both"


def _background(
    background: str | np.ndarray, sequences: SequenceSet, both: bool
) -> np.ndarray | None:
    if not isinstance(background, str):
        return as_background(background, sequences.alphabet)
    if background == "motif":
        return None
    if background == "uniform":
        return as_background(None, sequences.alphabet)
    if background == "input":
        return letter_frequencies(sequences, both, pseudocount=1.0)
    raise SeqcnnError(
        f"`background` is {background!r}, it must be 'input', 'motif', 'uniform' or an array"
    )


class _Packing:
    """Numbers for up to three neighbouring letters, and tables of scores to look them up in."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.symbols = len(alphabet.symbols) + 1
        # tables of at most 2 ** 16 scores stay in the cache of one core
        self.group = next(g for g in (3, 2, 1) if self.symbols**g <= 1 << 16)

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """Give each letter and its right neighbours one number; NumPy looks up intp fastest."""
        # padding becomes the last symbol
        letters = np.minimum(codes, self.symbols - 1).astype(np.intp)
        numbers = letters.copy()
        for i in range(1, self.group):
            numbers *= self.symbols
            numbers[:-i] += letters[i:]
        return numbers

    def table(self, scores: np.ndarray) -> np.ndarray:
        """Integer scores (width, symbols) -> (groups, symbols ** group), one row per look-up."""
        missing = -len(scores) % self.group
        filled = np.concatenate([scores, np.zeros((missing, self.symbols), scores.dtype)])
        rows = []
        for start in range(0, len(filled), self.group):
            row = filled[start]
            for column in filled[start + 1 : start + self.group]:
                row = (row[:, None] + column).ravel()
            rows.append(row)
        return np.array(rows, np.int32)


def _symbol_scores(matrix: ScoreMatrix) -> np.ndarray:
    """Integer scores (width, symbols + 1): an ambiguous symbol gets the worst of its letters."""
    alphabet, scores = matrix.alphabet, integer_scores(matrix)
    shares = alphabet.shares[: len(alphabet.symbols)] > 0
    # a symbol that stands for no letter gets the worst of all
    shares = shares | ~shares.any(1, keepdims=True)
    worst = np.where(shares, scores[:, None, :], np.iinfo(np.int64).max).min(2)
    return np.pad(worst, ((0, 0), (0, 1)), constant_values=PADDING_SCORE)


class _Search:
    """The search for one motif: look at block after block, then take the columns of `Hits`."""

    def __init__(self, matrix: ScoreMatrix, packing: _Packing, p_value: float, both: bool) -> None:
        self.width, self.group = len(matrix), packing.group
        self.distribution = ScoreDistribution.of(matrix)
        self.least = self.distribution.threshold(p_value) / STEP
        strands = [matrix, matrix.reverse_complement()] if both else [matrix]
        self.tables = [packing.table(_symbol_scores(strand)) for strand in strands]
        self.found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def look(self, numbers: np.ndarray, begin: int) -> None:
        """Keep place, score and strand of all windows of a block that score enough."""
        size = min(BLOCK, len(numbers) - self.width + 1)
        if size < 1 or np.isinf(self.least):
            return
        sums = [self.sum(table, numbers, size) for table in self.tables]
        best = sums[0] if len(sums) == 1 else np.maximum(*sums)
        at = np.flatnonzero(best >= self.least)
        self.found.append((at + begin, best[at], best[at] > sums[0][at]))

    def sum(self, table: np.ndarray, numbers: np.ndarray, size: int) -> np.ndarray:
        total = np.zeros(size, np.int32)
        for i, row in enumerate(table):
            total += row.take(numbers[i * self.group : i * self.group + size])
        return total

    def columns(self, sequences: SequenceSet) -> tuple[np.ndarray, ...]:
        """All columns of `Hits` but `motif`, without windows that cross the end of a sequence."""
        if not self.found:
            return _NOTHING
        place, score, reverse = (np.concatenate(part) for part in zip(*self.found, strict=True))
        sequence = np.searchsorted(sequences.offsets, place, side="right") - 1
        whole = place + self.width <= sequences.offsets[sequence + 1]
        place, score, reverse, sequence = (a[whole] for a in (place, score, reverse, sequence))
        bits = score * STEP
        log10_p = self.distribution.log10_p_value(bits)
        windows = int(np.maximum(sequences.lengths - self.width + 1, 0).sum())
        log10_q = log10_q_values(log10_p, windows * len(self.tables))
        return sequence, place - sequences.offsets[sequence], reverse, bits, log10_p, log10_q


def log10_q_values(log10_p_values: np.ndarray, tests: int) -> np.ndarray:
    """Benjamini-Hochberg when only the smallest p-values are at hand.

    Parameters
    ----------
    log10_p_values
        float64 (n,): the n smallest of all tests.
    tests
        Number of all tests, at least n.

    Returns
    -------
    numpy.ndarray
        float64 (n,): log10 of the smallest false discovery rate at which each would be accepted,
        never less than its true value, for the larger p-values are not seen.
    """
    order = np.argsort(log10_p_values, kind="stable")
    ranked = log10_p_values[order] + np.log10(tests / np.arange(1, len(order) + 1))
    falling = np.minimum.accumulate(ranked[::-1])[::-1]
    result = np.empty_like(falling)
    result[order] = np.minimum(falling, 0.0)
    return result
