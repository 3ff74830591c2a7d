"""The default engine: words of letters are looked up, 32 patterns at a time.

A site may miss the best score of its pattern by so much and no more. Cut into words of six letters
(DNA; three of a protein), each word of a window is charged what it misses, in so coarse a unit that
the account of one pattern fits into a byte. A table holds the charges of 32 patterns for each word,
32 bytes that are copied and added as four numbers, and a window is a candidate while the highest
bit of the account stays clear. Charges are rounded down, so that no site is lost; candidates are
scored again on the grid of whole numbers, and since few are none, that costs next to nothing.
"""

from collections.abc import Sequence

import numpy as np

from seqcnn.motifs.engines.base import Found, Pattern, Rescoring

LANES = 32
"""Patterns that are looked up at a time: NumPy copies no longer rows without a call for each."""

WORDS = 8192
"""Words of the longest table; with 32 patterns it stays in the cache of one core."""

BLOCK = 8192
"""Windows looked at before the next 32 patterns are: their accounts stay in the cache too."""

STRETCH = 16 * BLOCK
"""Windows that the same 32 patterns look at before the next do: fewer trips for their tables."""

FULL = np.uint64(0x8080808080808080)
"""The highest bit of eight accounts."""


class WordEngine:
    """See `base.Engine`.

    Parameters
    ----------
    patterns
        What to look for.
    letters
        Size of the alphabet.

    Examples
    --------
    >>> poly_a = Pattern(np.array([[256, 0, 0, 0]] * 3), 768)
    >>> WordEngine([poly_a], 4).find(np.array([3, 0, 0, 0, 0, 14, 0], np.uint8)).start.tolist()
    [1, 2]
    """

    def __init__(self, patterns: Sequence[Pattern], letters: int) -> None:
        self.letters = letters
        self.length = max(k for k in range(1, 9) if k == 1 or letters**k <= WORDS)
        attainable = [i for i, p in enumerate(patterns) if p.scores.max(1).sum() >= p.least]
        attainable.sort(key=lambda i: patterns[i].width)
        self.batches = [
            _Batch(attainable[first : first + LANES], patterns, letters, self.length)
            for first in range(0, len(attainable), LANES)
        ]
        self.margin = self.length * max((len(b.tables) for b in self.batches), default=0)
        # runs of N read as letters drawn at random are no more often candidates than other windows
        self.filling = np.random.default_rng(0).integers(
            0, letters, STRETCH + self.margin + self.length, dtype=np.uint8
        )

    def find(self, codes: np.ndarray) -> Found:
        """Find all sites; see `base.Engine`."""
        seen: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in self.batches]
        scratch = _Scratch()
        for begin in range(0, len(codes), STRETCH):
            words = self._words(codes[begin : begin + STRETCH + self.margin])
            if words is None:
                continue
            for batch, candidates in zip(self.batches, seen, strict=True):
                for first in range(0, len(words) - self.margin, BLOCK):
                    size = min(BLOCK, len(words) - self.margin - first)
                    at, accounts = batch.look(words[first:], size, scratch)
                    candidates.append((at + (begin + first) * batch.columns, accounts))
        found = [b.sites(codes, c) for b, c in zip(self.batches, seen, strict=True)]
        if not found:
            return Found.none()
        return Found(*map(np.concatenate, zip(*found, strict=True))).in_order()

    def _words(self, codes: np.ndarray) -> np.ndarray | None:
        """Give the word that begins at each letter a number; None if no letter is plain."""
        known = len(codes)
        size = min(known, STRETCH) + self.margin + self.length - 1
        padded = self.filling[:size].copy()
        padded[:known] = codes
        other = padded[:known] >= self.letters
        if other.any():
            if other.all():
                return None
            np.copyto(padded[:known], self.filling[:known], where=other)
        letters = padded.astype(np.uint16)
        words = letters[: size - self.length + 1]
        for ahead in range(1, self.length):
            words = words * np.uint16(self.letters)
            words += letters[ahead : ahead + len(words)]
        # NumPy looks up by numbers of this type only
        return words.astype(np.intp)


class _Scratch:
    """Memory for every block, since fresh memory would cost more than the work."""

    def __init__(self) -> None:
        self.total, self.charge = np.empty((2, BLOCK * LANES // 8), np.uint64)
        self.open = np.empty(BLOCK * LANES // 8, bool)


class _Batch:
    """Up to 32 patterns that are looked up together."""

    def __init__(
        self, numbers: Sequence[int], patterns: Sequence[Pattern], letters: int, length: int
    ) -> None:
        members = [patterns[i] for i in numbers]
        self.numbers = np.array(numbers, np.int64)
        self.rescoring = Rescoring(members, letters)
        self.length = length
        groups = -(-self.rescoring.widest // length)
        # rows of 8, 16 or 32 bytes are copied without a call
        self.columns = next(c for c in (1, 2, 4) if len(members) <= 8 * c)
        accounts = np.zeros((groups, letters**length, 8 * self.columns), np.uint8)
        accounts[0, :, len(members) :] = 128
        for lane, pattern in enumerate(members):
            accounts[:, :, lane] = _charges(pattern, groups, letters, length)
        self.tables = [np.ascontiguousarray(group.view(np.uint64)) for group in accounts]

    def look(
        self, words: np.ndarray, size: int, scratch: _Scratch
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the accounts of the first windows that are not overdrawn: places and contents."""
        flat, charge = (a[: size * self.columns] for a in (scratch.total, scratch.charge))
        rows = (size, self.columns)
        for group, table in enumerate(self.tables):
            first = group * self.length
            into = charge if group else flat
            # no word lies outside of the table, and NumPy is faster if it may wrap them
            table.take(words[first : first + size], 0, out=into.reshape(rows), mode="wrap")
            if group:
                flat += charge
        flat &= FULL
        at = np.not_equal(flat, FULL, out=scratch.open[: len(flat)]).nonzero()[0]
        return at, flat[at]

    def sites(self, codes: np.ndarray, seen: Sequence[tuple[np.ndarray, np.ndarray]]) -> Found:
        """Score the candidates again."""
        if not seen:
            return Found.none()
        at, accounts = map(np.concatenate, zip(*seen, strict=True))
        row, lane = np.nonzero(accounts.view(np.uint8).reshape(-1, 8) < 128)
        start, column = np.divmod(at[row], self.columns)
        found = self.rescoring.sites(codes, column * 8 + lane, start)
        return found._replace(pattern=self.numbers[found.pattern])


def _charges(pattern: Pattern, groups: int, letters: int, length: int) -> np.ndarray:
    """Charge each word of each group what it misses, uint8 (groups, words).

    The charges of a window sum to 128 or more if they exceed what it may miss, and never to 256.
    """
    missed = pattern.scores.max(1, keepdims=True) - pattern.scores
    allowance = int(pattern.scores.max(1).sum()) - pattern.least
    units = 126 if groups == 1 else (128 - groups) // (groups - 1)
    filled = np.zeros((groups * length, letters), np.int64)
    filled[: pattern.width] = missed
    charges = np.empty((groups, letters**length), np.uint8)
    for group in range(groups):
        total = np.zeros(1, np.int64)
        for position in filled[group * length : (group + 1) * length]:
            total = (total[:, None] + position).ravel()
        # an allowance of nothing is one of less than the smallest step
        charges[group] = np.minimum(total * units // max(allowance, 1), units + 1)
        if allowance == 0:
            charges[group] = np.where(total > 0, units + 1, 0)
    charges[0] += 127 - units
    return charges
