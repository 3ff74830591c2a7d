"""Stretches of a track that add up to more than what comes before and behind them.

A score of each position has a negative mean where nothing is, so that sums grow only where it is
lifted for long enough. A stretch begins where the sum rises from 0, ends where it is largest, and
is over when the sum has fallen to 0 or by `drop`. What such sums reach by chance falls like
exp(-decay * score) (Karlin & Altschul 1990, doi:10.1073/pnas.87.6.2264).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq


@dataclass(frozen=True, eq=False)
class Segments:
    """Stretches that do not overlap, by row and start.

    Parameters
    ----------
    row, start, end
        int64 (m,): half open, from 0.
    score
        float64 (m,): the sum, above 0.
    """

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def select(self, which: np.ndarray) -> "Segments":
        """Take some by position or by a boolean mask."""
        return Segments(self.row[which], self.start[which], self.end[which], self.score[which])


def maximal_segments(scores: np.ndarray, *, drop: float) -> Segments:
    """Find the stretches of every row, all rows at once.

    Parameters
    ----------
    scores
        float (n, length).
    drop
        A stretch is over when its sum has fallen by so much.

    Returns
    -------
    Segments

    Examples
    --------
    >>> found = maximal_segments(np.array([[-1.0, 2, -1, 2, -5, 1]]), drop=4.0)
    >>> found.start.tolist(), found.end.tolist(), found.score.tolist()
    ([1, 5], [4, 6], [3.0, 1.0])
    """
    n, length = scores.shape
    # a column below any sum closes what is open at the end of a row
    wide = np.pad(scores.astype(np.float64), ((0, 0), (0, 1)), constant_values=-np.inf)
    rows = np.arange(n)
    at, start, end = (np.zeros(n, np.int64) for _ in range(3))
    total, best = np.zeros(n), np.zeros(n)
    found = []
    while len(rows):
        total += wide[rows, at]
        at += 1
        better = total > best
        best[better], end[better] = total[better], at[better]
        over = (total <= 0) | (best - total > drop)
        closed = over & (best > 0)
        found.append((rows[closed], start[closed], end[closed], best[closed]))
        # what lies behind the largest sum is read again: the next stretch may begin there
        at[closed] = end[closed]
        start[over] = at[over]
        total[over], best[over] = 0.0, 0.0
        going = at <= length
        if not going.all():
            rows, at, start, end = rows[going], at[going], start[going], end[going]
            total, best = total[going], best[going]
    row, start, end, score = (np.concatenate([f[i] for f in found]) for i in range(4))
    order = np.lexsort((start, row))
    return Segments(row[order], start[order], end[order], score[order])


def decay_of(values: np.ndarray) -> float:
    """Solve mean(exp(decay * values)) = 1, which says how chance sums fall off.

    Parameters
    ----------
    values
        float64: scores of single positions, their mean below 0.

    Returns
    -------
    float
        Above 0; inf where no value is above 0.
    """
    largest = float(values.max())
    if largest <= 0:
        return np.inf
    if values.mean() >= 0:
        return 0.0

    def excess(decay: float) -> float:
        return float(np.exp(decay * (values - largest)).mean()) - np.exp(-decay * largest)

    high = 1.0
    while excess(high) < 0:
        high *= 2
    low = high / 2
    while excess(low) > 0 and low > 1e-9:
        low /= 2
    root: Any = brentq(excess, low, high)
    return float(root)
