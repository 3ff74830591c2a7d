"""Backgrounds: how letters follow each other where nothing is meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.record import SequenceSet

MOST_WORDS = 1 << 20
"""A model of more probabilities than this could not be learnt from sequences that fit in memory."""

BLOCK = 1 << 22
"""Letters that are counted or drawn together."""


def letter_frequencies(
    sequences: SequenceSet, both_strands: bool = False, *, pseudocount: float = 0.0
) -> np.ndarray:
    """Count letters; ambiguous ones are left out.

    Parameters
    ----------
    sequences
        Over any alphabet.
    both_strands
        Whether letters count with their complements.
    pseudocount
        Is added to the count of each letter on each strand; above 0 no share is 0.

    Returns
    -------
    numpy.ndarray
        float64 (letters,): shares that sum to 1.

    Raises
    ------
    SeqcnnError
        No sequence has a plain letter, or the alphabet has no complements.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> letter_frequencies(SequenceSet.from_strings(["AAC", "NA"], alphabet=DNA)).tolist()
    [0.75, 0.25, 0.0, 0.0]
    """
    counts = _word_counts(sequences, 1, both_strands)
    counts = counts + pseudocount * (2 if both_strands else 1)
    if counts.sum() == 0:
        raise SeqcnnError(
            f"none of the {len(sequences)} sequences has a letter of {sequences.alphabet.letters}: "
            f"a background cannot be counted"
        )
    return counts / counts.sum()


@dataclass(frozen=True, eq=False)
class MarkovBackground:
    """Letters that depend on the `order` letters before them.

    Parameters
    ----------
    alphabet
        What the codes mean.
    probabilities
        float64 (letters ** order, letters): the probability of each letter after each word of
        `order` letters, words in the order of the alphabet; rows sum to 1.
    """

    alphabet: Alphabet
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        words, letters = self.probabilities.shape
        if letters != self.alphabet.size or letters**self.order != words:
            raise SeqcnnError(
                f"`probabilities` has shape {self.probabilities.shape}, but must have "
                f"{self.alphabet.size} columns and a power of it as rows"
            )
        if (self.probabilities < 0).any() or not np.allclose(self.probabilities.sum(1), 1):
            raise SeqcnnError("`probabilities` must be 0 or more and sum to 1 in each row")

    @classmethod
    def fit(
        cls,
        sequences: SequenceSet,
        order: int = 0,
        *,
        both_strands: bool = False,
        pseudocount: float = 1.0,
    ) -> "MarkovBackground":
        """Estimate a background from the words of plain letters in sequences.

        Parameters
        ----------
        sequences
            Over any alphabet.
        order
            How many letters back a letter depends on.
        both_strands
            Whether words count with their reverse complements.
        pseudocount
            Letters added to those seen after each word, in the shares of the next lower order, and
            in equal shares at the lowest: words that were never seen are no problem.

        Raises
        ------
        SeqcnnError
            `order` is negative or too high for the alphabet, `pseudocount` is not positive, or the
            alphabet has no complements.
        """
        size = sequences.alphabet.size
        if order < 0 or size ** (order + 1) > MOST_WORDS:
            raise SeqcnnError(
                f"`order` is {order}, but must be 0 or more and need no more than {MOST_WORDS:,} "
                f"probabilities: {size} letters allow "
                f"{int(np.log(MOST_WORDS) / np.log(size) + 1e-9) - 1} at most"
            )
        if not pseudocount > 0:
            raise SeqcnnError(f"`pseudocount` is {pseudocount!r}, but must be more than 0")
        shares = np.full((1, size), 1 / size)
        for lower in range(order + 1):
            counts = _word_counts(sequences, lower + 1, both_strands).reshape(-1, size)
            # the same word without its first letter, for each first letter
            prior = np.tile(shares, (size if lower else 1, 1))
            shares = counts + pseudocount * prior
            shares /= shares.sum(1, keepdims=True)
        return cls(sequences.alphabet, shares)

    @property
    def order(self) -> int:
        """How many letters back a letter depends on."""
        return round(np.log(len(self.probabilities)) / np.log(self.probabilities.shape[1]))

    @cached_property
    def stationary(self) -> np.ndarray:
        """float64 (letters ** order,): shares of the words of `order` letters in the long run."""
        words, size = self.probabilities.shape
        shares = np.full(words, 1 / words)
        for _ in range(10_000):
            flow = (shares[:, None] * self.probabilities).reshape(size, -1)
            # half of the old shares are kept, lest a model that goes round in circles never settles
            following = (flow.sum(0) + shares) / 2
            if np.abs(following - shares).max() < 1e-15:
                break
            shares = following
        return shares / shares.sum()

    def sample(self, n: int, lengths: int | Sequence[int] | np.ndarray, seed: int) -> SequenceSet:
        """Draw sequences, each begun in the long run.

        Parameters
        ----------
        n
            Number of sequences.
        lengths
            Letters of each, or one number for all.
        seed
            Same seed, same sequences.

        Raises
        ------
        SeqcnnError
            `lengths` are negative, or not one or `n`.
        """
        if np.ndim(lengths) and len(np.ravel(lengths)) != n:
            raise SeqcnnError(f"`lengths` has {len(np.ravel(lengths))} entries, but `n` is {n}")
        each = np.broadcast_to(np.asarray(lengths, np.int64), (n,))
        if (each < 0).any():
            raise SeqcnnError(f"`lengths` has {each.min()}, but must be 0 or more")
        offsets = np.concatenate([[0], np.cumsum(each)]).astype(np.int64)
        codes = np.empty(offsets[-1], np.uint8)
        rng = np.random.default_rng(seed)
        # the longest first, so that those drawn together are of about one length
        order = np.argsort(-each, kind="stable")
        low = 0
        while low < n:
            longest = int(each[order[low]])
            rows = order[low : low + max(BLOCK // max(longest, 1), 1)]
            columns = np.arange(longest)
            used = columns < each[rows, None]
            drawn = self._sample_rows(len(rows), longest, rng)
            codes[(offsets[rows, None] + columns)[used]] = drawn[used]
            low += len(rows)
        return SequenceSet(self.alphabet, codes, offsets, tuple(f"seq_{i + 1}" for i in range(n)))

    def _sample_rows(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """Draw sequences of one length, uint8 (n, length)."""
        words, size = self.probabilities.shape
        columns = np.empty((length, n), np.uint8)
        # a word of the long run stands before the first letter
        word = np.searchsorted(np.cumsum(self.stationary)[:-1], rng.random(n), side="right")
        upto = np.cumsum(self.probabilities, axis=1)[:, :-1]
        for letters in columns:
            letters[:] = (upto[word] <= rng.random(n)[:, None]).sum(1)
            word = (word * size + letters) % words
        return columns.T

    def log_probability(self, codes: np.ndarray) -> float:
        """Compute the natural logarithm of the probability of a sequence.

        Parameters
        ----------
        codes
            uint8 (length,). Ambiguous letters have probability 1, and what follows them does not
            depend on what comes before; so does the first letter.
        """
        plain = np.asarray(codes) < self.alphabet.size
        edges = np.flatnonzero(np.diff(plain, prepend=False, append=False)).reshape(-1, 2)
        return float(sum(self._log_probability_of_run(codes[low:high]) for low, high in edges))

    def _log_probability_of_run(self, codes: np.ndarray) -> float:
        size = self.alphabet.size
        first = codes[: self.order]
        # sum the long run over all words that begin with these letters
        begin = self.stationary.reshape(size ** len(first), -1).sum(1)
        words = _words(codes, self.order + 1, size)
        with np.errstate(divide="ignore"):
            steps = np.log(self.probabilities.ravel()[words]).sum()
            return float(np.log(begin[_words(first, len(first), size)[0]]) + steps)


def _words(codes: np.ndarray, length: int, size: int) -> np.ndarray:
    """Compute the numbers of all words of some length, int64, none if `codes` are too short."""
    count = max(len(codes) - length + 1, 0)
    words = np.zeros(count, np.int64)
    for ahead in range(length):
        words = words * size + codes[ahead : ahead + count]
    return words


def _word_counts(sequences: SequenceSet, length: int, both_strands: bool) -> np.ndarray:
    """Count words of plain letters within sequences, int64 (letters,) * length."""
    codes, size = sequences.codes, sequences.alphabet.size
    readable = np.ones(len(codes), bool)
    for short in range(1, length):
        readable[sequences.offsets[1:][sequences.lengths >= short] - short] = False
    for ahead in range(length):
        readable[: len(codes) - ahead] &= codes[ahead:] < size
    counts = np.zeros(size**length, np.int64)
    for low in range(0, len(codes), BLOCK):
        words = _words(codes[low : low + BLOCK + length - 1], length, size)
        counts += np.bincount(words[readable[low : low + len(words)]], minlength=len(counts))
    counts = counts.reshape((size,) * length)
    if both_strands:
        complement = sequences.alphabet.complement_of_code[:size]
        counts = counts + counts.T[np.ix_(*[complement] * length)]
    return counts
