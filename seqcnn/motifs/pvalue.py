"""The exact distribution of a motif's score in random sequence with independent letters.

Scores are rounded to a grid of `STEP` bits, in the distribution and in the scan alike, so that a
p-value is exact for the score that it belongs to: no word of that score or more is left out.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ScoreMatrix

STEP = 1 / 256
"""Grid of scores in bits; a power of two, so that every score on it is an exact float."""


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
    probabilities
        float64 (scores,): probability of the scores `lowest`, `lowest` + 1, ... in units of `step`.
    step
        The grid in bits.
    """

    lowest: int
    probabilities: np.ndarray
    step: float = STEP

    @classmethod
    def of(cls, matrix: ScoreMatrix, step: float = STEP) -> "ScoreDistribution":
        """Add up the columns of a matrix, one convolution each.

        Staden (1989), Methods for calculating the probabilities of finding patterns in sequences,
        doi:10.1093/bioinformatics/5.2.89.

        Parameters
        ----------
        matrix
            Scores in bits and the background that random letters come from.
        step
            The grid in bits.

        Examples
        --------
        >>> from seqcnn.seq.alphabet import DNA
        >>> matrix = ScoreMatrix(np.array([[1.0, 0.0, 0.0, -1.0]]), DNA)
        >>> ScoreDistribution.of(matrix).p_value([1.0, 0.0]).tolist()
        [0.25, 0.75]
        """
        table = integer_scores(matrix, step)
        lowest = table.min(1)
        shifts = table - lowest[:, None]
        distribution = np.ones(1)
        for column in shifts:
            longer = np.zeros(len(distribution) + column.max())
            for shift, share in zip(column, matrix.background, strict=True):
                longer[shift : shift + len(distribution)] += share * distribution
            distribution = longer
        return cls(int(lowest.sum()), distribution, step)

    @cached_property
    def log10_tail(self) -> np.ndarray:
        """float64 (scores,): log10 of the probability of each score or more; never -inf."""
        # from the top, so that small tails are summed from small terms
        tail = np.cumsum(self.probabilities[::-1])[::-1]
        return np.minimum(np.log10(np.maximum(tail, np.finfo(np.float64).tiny)), 0.0)

    @property
    def highest(self) -> float:
        """The largest possible score in bits."""
        return (self.lowest + len(self.probabilities) - 1) * self.step

    def log10_p_value(self, scores: np.ndarray) -> np.ndarray:
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
        # a billionth of a step forgives the rounding of sums of floats
        index = np.ceil(np.asarray(scores, np.float64) / self.step - 1e-9) - self.lowest
        return self.log10_tail[np.clip(index, 0, len(self.log10_tail) - 1).astype(np.int64)]

    def p_value(self, scores: np.ndarray) -> np.ndarray:
        """Probability that a random word scores as much or more; see `log10_p_value`."""
        return 10.0 ** self.log10_p_value(scores)

    def threshold(self, p_value: float) -> float:
        """Find the smallest score of any word whose p-value is at most `p_value`.

        Parameters
        ----------
        p_value
            Between 0 and 1.

        Returns
        -------
        float
            In bits; infinity if even the best word is more probable than that.
        """
        if not 0 < p_value <= 1:
            raise SeqcnnError(f"`p_value` is {p_value}, it must be above 0 and at most 1")
        # the tail falls, so the first score that is rare enough ends the search; the 1e-12 forgives
        # the rounding of its sum
        rare = (self.log10_tail <= math.log10(p_value) + 1e-12) & (self.probabilities > 0)
        return (self.lowest + int(rare.argmax())) * self.step if rare.any() else math.inf
