"""What an engine is given, what it gives back, and the exact score of a window."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

NO_SITE = -(1 << 24)
"""Score of an ambiguous letter or of padding: no window with one is ever a site."""


class Pattern(NamedTuple):
    """One strand of one motif, to be looked for.

    Parameters
    ----------
    scores
        int64 (width, letters), on the grid of `pvalue.STEP`.
    least
        The smallest score of a site, on the same grid.
    """

    scores: np.ndarray
    least: int

    @property
    def width(self) -> int:
        """Letters of a site."""
        return len(self.scores)


class Found(NamedTuple):
    """Sites as columns, by start, then by pattern.

    Parameters
    ----------
    pattern
        int64 (n,): positions in the list of patterns.
    start
        int64 (n,): positions in the codes.
    score
        int64 (n,), on the grid.
    """

    pattern: np.ndarray
    start: np.ndarray
    score: np.ndarray

    @classmethod
    def none(cls) -> "Found":
        """No site."""
        return cls(*(np.zeros(0, np.int64) for _ in range(3)))

    def select(self, rows: np.ndarray) -> "Found":
        """Take sites by position or by a boolean mask."""
        return Found(self.pattern[rows], self.start[rows], self.score[rows])

    def in_order(self) -> "Found":
        """Sort by start, then by pattern."""
        patterns = int(self.pattern.max(initial=0)) + 1
        return self.select(np.argsort(self.start * patterns + self.pattern))


class Engine(Protocol):
    """Made once for some patterns, then shown any number of codes, from several threads at once."""

    def find(self, codes: np.ndarray) -> Found:
        """Find all windows of plain letters that reach the least score of a pattern.

        Parameters
        ----------
        codes
            uint8 (n,): codes of the alphabet. Windows with an ambiguous letter or padding are left
            out; nothing else ends a sequence here.
        """
        ...


class Rescoring:
    """Scores of single windows, in whole numbers and therefore exact.

    Parameters
    ----------
    patterns
        Of any widths.
    letters
        Size of the alphabet.
    """

    def __init__(self, patterns: Sequence[Pattern], letters: int) -> None:
        self.letters = letters
        self.widths = np.array([p.width for p in patterns], np.int64)
        self.least = np.array([p.least for p in patterns], np.int64)
        self.widest = int(self.widths.max(initial=0))
        # behind the last position of a narrow pattern any letter scores 0
        tables = np.zeros((len(patterns), self.widest, letters + 1), np.int32)
        for table, pattern in zip(tables, patterns, strict=True):
            table[: pattern.width, :letters] = pattern.scores
            table[: pattern.width, letters] = NO_SITE // 64
        self.tables = tables.ravel()

    def sites(self, codes: np.ndarray, pattern: np.ndarray, start: np.ndarray) -> Found:
        """Keep the candidates that are sites.

        Parameters
        ----------
        codes
            uint8 (n,), as for `Engine.find`.
        pattern, start
            int64 (candidates,).
        """
        inside = start + self.widths[pattern] <= len(codes)
        pattern, start = pattern[inside], start[inside]
        row = pattern * self.widest * (self.letters + 1)
        score = np.zeros(len(start), np.int64)
        last = len(codes) - 1
        for position in range(int(self.widths[pattern].max(initial=0))):
            letter = codes.take(np.minimum(start + position, last))
            score += self.tables.take(row + np.minimum(letter, self.letters))
            row += self.letters + 1
        return Found(pattern, start, score).select(score >= self.least[pattern])
