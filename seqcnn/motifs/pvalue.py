"""The exact distribution of a motif's score in random sequence.

Scores are rounded to a grid of `STEP` bits, in the distribution and in the scan alike, so that a
p-value is exact for the score that it belongs to: no word of that score or more is left out.

How far the grid is from the scores themselves: rounding moves the score of a letter at position i
by at most e_i <= step / 2, so that the grid score S of any word and its own score T differ by at
most E = e_1 + ... + e_width <= width * step / 2. A word with T >= x therefore has S >= x - E, and
one with S >= x + E has T >= x, hence P(S >= x + E) <= P(T >= x) <= P(S >= x - E). E is
`ScoreDistribution.error`, and the two sides are `ScoreDistribution.log10_p_value_bounds`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ScoreMatrix
from seqcnn.seq.background import MarkovBackground

STEP = 1 / 256
"""Grid of scores in bits; a power of two, so that every score on it is an exact float."""

ROUNDING = 1e-9
"""Sums of floats may miss a point of the grid by this many steps."""

LN_10 = math.log(10)

SAFE_LOG10 = -280.0
"""Where no word is less probable than this, plain floats hold every sum without loss."""


def integer_scores(matrix: ScoreMatrix, step: float = STEP) -> np.ndarray:
    """Round scores to the nearest multiple of `step`, int64 (width, letters) in units of it."""
    return np.rint(matrix.values / step).astype(np.int64)


@dataclass(frozen=True, eq=False)
class ScoreDistribution:
    """How probable each score is for a random word.

    Parameters
    ----------
    lowest
        The smallest score, in units of `step`.
    log10_probabilities
        float64 (scores,): log10 of the probability of the scores `lowest`, `lowest` + 1, ... in
        units of `step`; -inf for a score that no word has.
    step
        The grid in bits.
    error
        How far in bits the score of a word may be from its score on the grid; at most
        width * step / 2.
    """

    lowest: int
    log10_probabilities: np.ndarray
    step: float = STEP
    error: float = 0.0

    @classmethod
    def of(
        cls,
        matrix: ScoreMatrix,
        step: float = STEP,
        *,
        background: MarkovBackground | None = None,
    ) -> "ScoreDistribution":
        """Add up the columns of a matrix, one convolution each.

        Staden (1989), Methods for calculating the probabilities of finding patterns in sequences,
        doi:10.1093/bioinformatics/5.2.89. Letters that depend on those before them need one
        distribution for each word of `order` letters that a site may end with.

        Parameters
        ----------
        matrix
            Scores in bits and the background that random letters come from.
        step
            The grid in bits.
        background
            Where random letters come from instead: a model of any order, begun in the long run.
            The time grows by a factor of letters ** order.

        Raises
        ------
        SeqcnnError
            `step` is not above 0, or `background` is over another alphabet.

        Examples
        --------
        >>> from seqcnn.seq.alphabet import DNA
        >>> matrix = ScoreMatrix(np.array([[1.0, 0.0, 0.0, -1.0]]), DNA)
        >>> ScoreDistribution.of(matrix).p_value([1.0, 0.0]).round(9).tolist()
        [0.25, 0.75]
        """
        if not step > 0:
            raise SeqcnnError(f"`step` is {step}, it must be above 0 bits")
        if background is not None and background.alphabet != matrix.alphabet:
            raise SeqcnnError(
                f"`background` is over {background.alphabet.letters}, "
                f"but the motif is over {matrix.alphabet.letters}"
            )
        table = integer_scores(matrix, step)
        lowest = table.min(1)
        random = _RandomLetters.of(matrix.background if background is None else background)
        return cls(
            int(lowest.sum()),
            random.log10_probabilities(table - lowest[:, None]),
            step,
            float(np.abs(table * step - matrix.values).max(1).sum()),
        )

    @cached_property
    def log10_tail(self) -> np.ndarray:
        """float64 (scores,): log10 of the probability of each score or more; never -inf.

        Where letters depend on those before them, scores above all that can be have the p-value of
        the best that can.
        """
        tail = self._log10_tail
        return np.maximum(tail, tail.min(where=np.isfinite(tail), initial=0.0))

    @cached_property
    def _log10_tail(self) -> np.ndarray:
        # from the top, so that small tails are summed from small terms
        falling = self.log10_probabilities[::-1] * LN_10
        if falling.min(where=np.isfinite(falling), initial=0.0) > SAFE_LOG10 * LN_10:
            with np.errstate(divide="ignore"):
                tail = np.log(np.cumsum(np.exp(falling)))
        else:
            tail = np.logaddexp.accumulate(falling)
        return np.minimum(tail / LN_10, 0.0)[::-1]

    @property
    def probabilities(self) -> np.ndarray:
        """float64 (scores,): probability of each score, 0 where it is too small for a float."""
        return 10.0**self.log10_probabilities

    @property
    def highest(self) -> float:
        """The largest possible score in bits."""
        return (self.lowest + len(self.log10_probabilities) - 1) * self.step

    def log10_p_value(self, scores: ArrayLike) -> np.ndarray:
        """log10 of the probability that a random word scores as much or more.

        Parameters
        ----------
        scores
            In bits, any shape; one that lies off the grid counts as the next one above, one above
            `highest` as `highest`.

        Returns
        -------
        numpy.ndarray
            float64, same shape, from the p-value of `highest` to 0.
        """
        return self.log10_tail[np.clip(self._index(scores), 0, len(self.log10_tail) - 1)]

    def p_value(self, scores: ArrayLike) -> np.ndarray:
        """Probability that a random word scores as much or more; see `log10_p_value`."""
        return 10.0 ** self.log10_p_value(scores)

    def log10_p_value_bounds(self, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Bound the p-value of scores that were never rounded to the grid.

        Parameters
        ----------
        scores
            In bits, any shape, as summed from the matrix itself.

        Returns
        -------
        lower, upper : numpy.ndarray
            float64, same shape: log10 of the p-values of `scores` + `error` and `scores` - `error`,
            between which that of `scores` lies; -inf where no word need score so much. The head of
            this file has the proof.
        """
        above, below = (self._index(np.asarray(scores) + e) for e in (self.error, -self.error))
        # one more than the highest score is reached with probability 0
        tail = np.append(self._log10_tail, -np.inf)
        last = len(tail) - 1
        return tail[np.clip(above, 0, last)], tail[np.clip(below, 0, last)]

    def p_value_bounds(self, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Bound the p-value of scores off the grid; see `log10_p_value_bounds`."""
        lower, upper = self.log10_p_value_bounds(scores)
        return 10.0**lower, 10.0**upper

    def threshold(self, p_value: float) -> float:
        """Find the smallest score of any word whose p-value is at most `p_value`.

        Parameters
        ----------
        p_value
            Above 0 and at most 1.

        Returns
        -------
        float
            In bits; infinity if even the best word is more probable than that.
        """
        if not 0 < p_value <= 1:
            raise SeqcnnError(f"`p_value` is {p_value}, it must be above 0 and at most 1")
        return self.log10_threshold(math.log10(p_value))

    def log10_threshold(self, log10_p_value: float) -> float:
        """Find the smallest score of any word of this p-value, given as log10; see `threshold`."""
        # the tail falls, so the first score that is rare enough ends the search; the 1e-12 forgives
        # the rounding of its sum
        rare = (self.log10_tail <= log10_p_value + 1e-12) & np.isfinite(self.log10_probabilities)
        return (self.lowest + int(rare.argmax())) * self.step if rare.any() else math.inf

    def _index(self, scores: ArrayLike) -> np.ndarray:
        """Count the grid points up to a score, int64: the next one above where it lies off."""
        index = np.ceil(np.asarray(scores, np.float64) / self.step - ROUNDING) - self.lowest
        # infinite scores have no integer
        return np.clip(index, -1, len(self.log10_probabilities)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _RandomLetters:
    """A model of random letters, and the sum of scores over them.

    Parameters
    ----------
    begin
        float64 (words,): share of each word of `order` letters in the long run.
    following
        float64 (words, letters): probability of each letter after each word.
    """

    begin: np.ndarray
    following: np.ndarray

    @classmethod
    def of(cls, background: np.ndarray | MarkovBackground) -> "_RandomLetters":
        if isinstance(background, MarkovBackground):
            return cls(background.stationary, background.probabilities)
        return cls(np.ones(1), background[None])

    def log10_probabilities(self, shifts: np.ndarray) -> np.ndarray:
        """Compute log10 of the probability of each sum.

        Parameters
        ----------
        shifts
            int64 (width, letters): score of each letter above the lowest of its position.

        Returns
        -------
        numpy.ndarray
            float64 (sums,), -inf for a sum that no word has.
        """
        with np.errstate(divide="ignore"):
            begin, following = np.log(self.begin), np.log(self.following)
            least = sum(
                x[np.isfinite(x)].min() * n for x, n in ((begin, 1), (following, len(shifts)))
            )
            if least / LN_10 > SAFE_LOG10:
                sums = self._sums(shifts, np.add, np.multiply, self.begin, self.following)
                return np.log(sums) / LN_10
        # logarithms take ten times as long, and are for wide motifs or very rare letters only
        return self._sums(shifts, np.logaddexp, np.add, begin, following) / LN_10

    def _sums(
        self,
        shifts: np.ndarray,
        add: np.ufunc,
        multiply: np.ufunc,
        begin: np.ndarray,
        following: np.ndarray,
    ) -> np.ndarray:
        """Add up columns, in probabilities or, if `add` and `multiply` say so, in logarithms."""
        words, letters = following.shape
        # a word forgets its oldest letter for each new one; without words there is one state only
        newest = letters if words > 1 else 1
        sums = begin[:, None]
        for column in shifts:
            reach = sums.shape[1]
            longer = np.full((words, reach + column.max()), add.identity, np.float64)
            by_newest = longer.reshape(words // newest, newest, -1)
            for shift, chosen in self._steps(column.tolist()):
                part = multiply(sums, add.reduce(following[:, chosen], axis=1, keepdims=True))
                if words > 1:
                    part = add.reduce(part.reshape(newest, -1, reach), axis=0)
                here = by_newest[:, chosen[0] % newest, shift : shift + reach]
                add(here, part, out=here)
            sums = longer
        return add.reduce(sums, axis=0) if words > 1 else sums[0]

    def _steps(self, column: list[int]) -> Iterable[tuple[int, list[int]]]:
        """Pair shifts with letters: all of one shift, if the next letter does not depend on it."""
        if len(self.begin) > 1:
            return [(shift, [letter]) for letter, shift in enumerate(column)]
        together: dict[int, list[int]] = {}
        for letter, shift in enumerate(column):
            together.setdefault(shift, []).append(letter)
        return together.items()
