"""What a designed sequence has to keep to, and which changes of one letter do so."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD, Alphabet

GC = "GCgc"
"""Letters whose share is bounded."""


@dataclass(frozen=True)
class Constraints:
    """Bounds on designed sequences.

    Parameters
    ----------
    alphabet
        Of the sequences.
    edits
        Letters that may differ from those at the start; None for all.
    fixed
        Stretches that stay as they are: first position from 0, and one past the last.
    forbidden
        Words that may not occur, in letters of the alphabet or ambiguous ones; of double-stranded
        alphabets on neither strand.
    gc
        Smallest and largest share of G and C; None for any.

    Raises
    ------
    SeqcnnError
        A number is out of range, or a word is empty or has other letters.
    """

    alphabet: Alphabet
    edits: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    forbidden: tuple[str, ...] = ()
    gc: tuple[float, float] | None = None
    _words: tuple[np.ndarray, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.edits is not None and self.edits < 0:
            raise SeqcnnError(f"`edits` is {self.edits}, it must be 0 or more")
        for first, last in self.fixed:
            if not 0 <= first < last:
                raise SeqcnnError(f"`fixed` has {first}-{last}: it must be like 10-20")
        if self.gc is not None:
            if not 0 <= self.gc[0] <= self.gc[1] <= 1:
                raise SeqcnnError(f"`gc` is {self.gc}: two shares, the smaller one first")
            if self.alphabet.complements is None:
                raise SeqcnnError(f"`gc` is for letters of nucleic acids, not {self.alphabet.name}")
        object.__setattr__(self, "_words", tuple(self._spelled()))

    def _spelled(self) -> list[np.ndarray]:
        """Write words as the letters that each position may be, bool (width, letters)."""
        found: dict[bytes, np.ndarray] = {}
        for word in self.forbidden:
            if not word:
                raise SeqcnnError("`forbidden` has an empty word")
            codes = [self.alphabet.encode(word)]
            if self.alphabet.double_stranded:
                codes.append(self.alphabet.reverse_complement(codes[0]))
            for each in codes:
                found.setdefault(each.tobytes(), np.asarray(self.alphabet.shares[each] > 0))
        return list(found.values())

    def broken(self, codes: np.ndarray) -> np.ndarray:
        """Say how far sequences are from keeping to words and GC, float64 (n,); 0 if they do.

        Parameters
        ----------
        codes
            uint8 (n, length), filled up with `PAD`.
        """
        words = sum((_occurrences(codes, w).sum(axis=1) for w in self._words), np.zeros(len(codes)))
        return words + self._outside(self._gc_of(codes), _lengths(codes))

    def kept(self, codes: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Say which sequences keep to everything, bool (n,); arguments as for `allowed`."""
        edited = codes != start
        few = np.ones(len(codes), bool) if self.edits is None else edited.sum(1) <= self.edits
        touched = np.zeros(len(codes), bool)
        for first, last in self.fixed:
            touched |= edited[:, first:last].any(axis=1)
        return (self.broken(codes) == 0) & few & ~touched

    def allowed(self, codes: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Find the changes of one letter that keep to everything, or come nearer to it.

        Parameters
        ----------
        codes, start
            uint8 (n, length): the sequences, and what they were at the start.

        Returns
        -------
        numpy.ndarray
            bool (n, length, letters); never the present letter, nor any of padding.
        """
        size = self.alphabet.size
        other = codes[..., None] != np.arange(size, dtype=np.uint8)
        found = other & (codes != PAD)[..., None]
        for first, last in self.fixed:
            found[:, first:last] = False
        if self.edits is not None:
            edited = codes != start
            back = start[..., None] == np.arange(size, dtype=np.uint8)
            number = edited.sum(1)[:, None, None] - edited[..., None] + ~back
            found &= number <= self.edits
        for word in self._words:
            found &= ~_made(codes, word)
        if self.gc is not None:
            strong = self._strong()
            now = self._gc_of(codes)
            # an ambiguous letter counts by its share
            after = now[:, None, None] - self._share_of(codes)[..., None] + strong
            lengths = _lengths(codes)
            before = self._outside(now, lengths)
            outside = self._outside(after, lengths[:, None, None])
            found &= (outside == 0) | (outside < before[:, None, None])
        return found

    def repairs(self, codes: np.ndarray) -> np.ndarray:
        """Count what each change of one letter mends, float64 (n, length, letters)."""
        mended = np.zeros((*codes.shape, self.alphabet.size))
        for word in self._words:
            mended += _destroyed(codes, word)
        if self.gc is not None:
            lengths, now = _lengths(codes), self._gc_of(codes)
            after = now[:, None, None] - self._share_of(codes)[..., None] + self._strong()
            before = self._outside(now, lengths)[:, None, None]
            mended += np.maximum(before - self._outside(after, lengths[:, None, None]), 0)
        return mended

    def _strong(self) -> np.ndarray:
        return np.array([letter in GC for letter in self.alphabet.letters], float)

    def _share_of(self, codes: np.ndarray) -> np.ndarray:
        return self.alphabet.shares[codes] @ self._strong()

    def _gc_of(self, codes: np.ndarray) -> np.ndarray:
        return self._share_of(codes).sum(axis=1)

    def _outside(self, gc: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Count the letters by which a number of G and C is out of bounds."""
        if self.gc is None:
            return np.zeros(np.shape(gc))
        least, most = np.ceil(self.gc[0] * lengths - 1e-9), np.floor(self.gc[1] * lengths + 1e-9)
        return np.maximum(least - gc, 0) + np.maximum(gc - most, 0)


def edits_of(start: np.ndarray, codes: np.ndarray) -> Sequence[np.ndarray]:
    """List the positions at which each sequence differs from its start."""
    return [np.flatnonzero(row) for row in start != codes]


def _lengths(codes: np.ndarray) -> np.ndarray:
    return np.count_nonzero(codes != PAD, axis=1)


def _matches(codes: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Say which letters of which windows fit a word: bool (n, windows, width)."""
    table = np.zeros((256, len(word)), bool)
    table[: word.shape[1]] = word.T
    windows = max(codes.shape[1] - len(word) + 1, 0)
    return np.stack(
        [table[codes[:, j : j + windows], j] for j in range(len(word))], axis=2
    ).reshape(len(codes), windows, len(word))


def _occurrences(codes: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Find a word, bool (n, windows)."""
    return np.asarray(_matches(codes, word).all(axis=2))


def _made(codes: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Find the changes that make an occurrence of a word, bool (n, length, letters)."""
    fits = _matches(codes, word)
    missing = (~fits).sum(axis=2)
    made = np.zeros((*codes.shape, word.shape[1]), bool)
    for j, letters in enumerate(word):
        one = (missing == 1) & ~fits[:, :, j]
        made[:, j : j + one.shape[1]] |= one[:, :, None] & letters
    return made


def _destroyed(codes: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Count the occurrences that each change destroys, int64 (n, length, letters)."""
    there = _occurrences(codes, word)
    gone = np.zeros((*codes.shape, word.shape[1]), np.int64)
    for j, letters in enumerate(word):
        gone[:, j : j + there.shape[1]] += there[:, :, None] & ~letters
    return gone
