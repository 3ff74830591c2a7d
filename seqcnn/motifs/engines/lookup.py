"""The engine that the others are checked by: every window is scored, one pattern at a time."""

from collections.abc import Iterator, Sequence

import numpy as np

from seqcnn.motifs.engines.base import NO_SITE, Found, Pattern
from seqcnn.seq.alphabet import Alphabet

BLOCK = 1 << 17
"""Windows scored at a time: their sums stay in the cache of one core."""


class LookupEngine:
    """See `base.Engine`. Up to three neighbouring letters are one number, looked up at once.

    Parameters
    ----------
    patterns
        What to look for.
    alphabet
        Of the codes.
    ambiguous
        ``"skip"`` leaves windows with ambiguous letters out, ``"worst"`` scores such a letter like
        the worst letter that it may stand for.
    """

    def __init__(
        self, patterns: Sequence[Pattern], alphabet: Alphabet, *, ambiguous: str = "skip"
    ) -> None:
        self.symbols = len(alphabet.symbols) + 1
        # tables of at most 2 ** 16 scores stay in the cache of one core
        self.group = next(g for g in (3, 2, 1) if self.symbols**g <= 1 << 16)
        self.patterns = patterns
        self.tables = [
            self._table(_symbol_scores(pattern, alphabet, ambiguous)) for pattern in patterns
        ]
        self.margin = max((p.width for p in patterns), default=0) + self.group

    def find(self, codes: np.ndarray) -> Found:
        """Find all sites; see `base.Engine`."""
        found = [Found.none()]
        for begin, block in self._blocks(codes):
            for number, pattern in enumerate(self.patterns):
                score = self._sums(number, block)
                start = np.flatnonzero(score >= pattern.least)
                found.append(
                    Found(np.full(len(start), number), start + begin, score[start].astype(np.int64))
                )
        return Found(*map(np.concatenate, zip(*found, strict=True))).in_order()

    def scores(self, number: int, codes: np.ndarray) -> np.ndarray:
        """Score all windows of one pattern.

        Parameters
        ----------
        number
            Of the pattern.
        codes
            uint8 (n,).

        Returns
        -------
        numpy.ndarray
            int32 (n - width + 1,), or empty; below `NO_SITE` / 2 where a window cannot be scored.
        """
        sums = [self._sums(number, block) for _, block in self._blocks(codes)]
        return np.concatenate(sums) if sums else np.zeros(0, np.int32)

    def _blocks(self, codes: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Give each letter and its right neighbours one number, block by block."""
        for begin in range(0, len(codes), BLOCK):
            block = codes[begin : begin + BLOCK + self.margin]
            # padding becomes the last symbol; NumPy looks up by numbers of this type only
            letters = np.minimum(block, self.symbols - 1).astype(np.intp)
            numbers = letters.copy()
            for i in range(1, self.group):
                numbers *= self.symbols
                numbers[:-i] += letters[i:]
            yield begin, numbers

    def _table(self, scores: np.ndarray) -> np.ndarray:
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

    def _sums(self, number: int, numbers: np.ndarray) -> np.ndarray:
        size = min(BLOCK, len(numbers) - self.patterns[number].width + 1)
        total = np.zeros(max(size, 0), np.int32)
        for i, row in enumerate(self.tables[number] if size > 0 else ()):
            total += row.take(numbers[i * self.group : i * self.group + size])
        return total


def _symbol_scores(pattern: Pattern, alphabet: Alphabet, ambiguous: str) -> np.ndarray:
    """Integer scores (width, symbols + 1), the last for padding."""
    letters, symbols = alphabet.size, len(alphabet.symbols)
    scores = np.full((pattern.width, symbols + 1), NO_SITE // 64)
    scores[:, :letters] = pattern.scores
    if ambiguous == "worst":
        shares = alphabet.shares[:symbols] > 0
        # a symbol that stands for no letter gets the worst of all
        shares = shares | ~shares.any(1, keepdims=True)
        highest = np.iinfo(np.int64).max
        scores[:, :symbols] = np.where(shares, pattern.scores[:, None, :], highest).min(2)
    return scores
