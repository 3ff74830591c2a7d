"""How well a query lies upon a target of random columns, at the best of all offsets.

Scores are those of Tanaka et al. (2011), Improved similarity scores for comparing motifs,
doi:10.1093/bioinformatics/btr257: each column of the query counts from its median over the columns
of all targets, so that a column that hangs over the edge of the target adds 0, neither praise nor
blame, and overlaps of different widths can be compared. They are rounded to a grid of `GRID` steps
between the least and the largest similarity of the query, and from then on exact.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

GRID = 64
"""Points of the grid on which the similarities of one query lie."""

SMALLEST_SPAN = 1e-6
"""Similarities that differ by less than this are rounding errors of float32."""

LEAST_P = np.finfo(float).tiny
"""Smaller p-values, of queries of some 60 positions, are given as this one: too large, never 0."""


@dataclass(frozen=True, eq=False)
class GridScores:
    """Scores of the columns of a query against all columns of targets.

    Parameters
    ----------
    values
        int (width, columns + 1): on the grid, less the median. The last column is 0: no target.
    exact
        float32 (width, columns): points of the grid before they were rounded.
    medians
        int64 (width,): points of the grid.
    shares
        float64 (width, GRID): share of the columns that lie on each point.
    """

    values: np.ndarray
    exact: np.ndarray
    medians: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, similarity: np.ndarray) -> "GridScores":
        """Round similarities, float32 (width, columns), to the grid; they become `exact`."""
        width, columns = similarity.shape
        least = similarity.min()
        span = max(similarity.max() - least, np.float32(SMALLEST_SPAN))
        similarity -= least
        similarity *= np.float32(GRID - 1) / span
        points = np.empty((width, columns + columns % 2), np.uint8)
        np.rint(similarity, out=points[:, :columns], casting="unsafe")
        points[:, columns:] = 0
        counts = np.array([_count(row) for row in points])
        counts[:, 0] -= columns % 2
        medians = (counts.cumsum(1) * 2 >= columns).argmax(1)
        # the sum of all columns of the query has to fit
        integer = np.int16 if width * GRID < np.iinfo(np.int16).max else np.int32
        values = np.zeros((width, columns + 1), integer)
        np.subtract(points[:, :columns], medians.astype(integer)[:, None], out=values[:, :columns])
        return cls(values, similarity, medians, counts / columns)


def _count(points: np.ndarray) -> np.ndarray:
    """Count the points of the grid in a row of even length, uint8: two at a time, as one uint16."""
    pairs = np.bincount(points.view(np.uint16), minlength=GRID << 8).reshape(GRID, 256)
    return pairs.sum(0)[:GRID] + pairs.sum(1)


@dataclass(frozen=True, eq=False)
class BestOffset:
    """How probable the best score is, over all offsets, for targets of random columns.

    Parameters
    ----------
    lowest
        Score of the first column of `inner` and `hanging`; of lower ones nothing is known.
    inner, hanging
        float64 (width + 1, scores): row i is for targets of width i, wider ones that of the query.
        Natural logarithms of P(score < s), added up over the stretches of the query upon which a
        target lies wholly, and over those with which it overlaps at an end.
    strands
        1 or 2.
    """

    lowest: int
    inner: np.ndarray
    hanging: np.ndarray
    strands: int

    @classmethod
    def of(
        cls, scores: GridScores, target_widths: Collection[int], *, strands: int, lowest: int
    ) -> "BestOffset":
        """Convolve the columns of every stretch of the query that can overlap with a target.

        Parameters
        ----------
        scores
            Of the query.
        target_widths
            All there are.
        strands
            1 or 2.
        lowest
            The smallest score of interest.
        """
        width = len(scores.shares)
        with np.errstate(divide="ignore"):  # a score that is always reached: log 0
            inner, edges = _log_below(scores, {min(w, width) for w in target_widths}, lowest)
        hanging = np.zeros_like(inner)
        np.cumsum(edges, axis=0, out=hanging[2:])
        return cls(lowest, inner, hanging, strands)

    def log10_p(self, target_widths: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Compute log10 of P(best >= s); between points of the grid, interpolate.

        Offsets and strands count as independent, hence P(best < s) is the product over them of
        P(score < s). Above the largest score that random targets reach, p stays what it is there.

        Parameters
        ----------
        target_widths
            int (n,), of those given to `of`.
        scores
            int or float (n,), `lowest` or more.
        """
        row = np.minimum(target_widths, len(self.inner) - 1)
        times = self.strands * np.maximum(1, target_widths - row + 1)
        # the last column is all that random targets reach: those of narrow ones end before
        at = np.clip(scores - self.lowest, 0, self._last[row])
        point = at.astype(np.intp)
        low = self._at(row, times, point)
        if scores.dtype.kind != "f":
            return low
        high = self._at(row, times, np.minimum(point + 1, self._last[row]))
        return low + (high - low) * (at - point)

    @cached_property
    def _last(self) -> np.ndarray:
        """The last column of each row with a score that random targets reach."""
        reached = (self.inner + self.hanging) < 0
        return reached.shape[1] - 1 - reached[:, ::-1].argmax(1)

    def _at(self, row: np.ndarray, times: np.ndarray, point: np.ndarray) -> np.ndarray:
        log_below = self.inner[row, point] * times + self.hanging[row, point] * self.strands
        return np.log10(np.maximum(-np.expm1(log_below), LEAST_P))


def _log_below(scores: GridScores, whole: set[int], lowest: int) -> tuple[np.ndarray, np.ndarray]:
    """Natural logarithms of P(score < s) for all stretches of the query, added up by their length.

    Returns
    -------
    inner : numpy.ndarray
        float64 (width + 1, scores): row i is for targets of width i in `whole`, which lie wholly
        inside of the query: the sum over all stretches of i positions.
    edges : numpy.ndarray
        float64 (width - 1, scores): the sum over the two stretches of 1, 2, ... positions at the
        ends of the query, which overlap with the ends of a target.
    """
    width = len(scores.shares)
    highest = int((GRID - 1 - scores.medians).sum())
    inner = np.zeros((width + 1, highest - lowest + 1))
    edges = np.zeros((width - 1, highest - lowest + 1))
    zero = np.concatenate([[0], np.cumsum(scores.medians)])
    stretches = np.ones((width, 1))
    for length in range(1, width + 1):
        starts = range(width - length + 1)
        stretches = np.array(
            [np.convolve(stretches[i], scores.shares[i + length - 1]) for i in starts]
        )
        ends = {starts[0], starts[-1]} if length < width else set()
        chosen = list(starts) if length in whole else sorted(ends)
        # tails are summed from the top: 1 less the sum from below would lose the small ones
        reached = stretches[chosen, ::-1].cumsum(1)[:, ::-1]
        below = np.log1p(-np.minimum(reached, 1, out=reached))
        for i, logs in zip(chosen, below, strict=True):
            first = int(zero[i] - zero[i + length]) - lowest  # where the least score lies
            begin, end = max(0, first), max(0, first + len(logs))
            sums = [inner[length]] if length in whole else []
            for row in [*sums, edges[length - 1]] if i in ends else sums:
                row[:begin] = -np.inf
                row[begin:end] += logs[len(logs) - (end - begin) :]
    return inner, edges
