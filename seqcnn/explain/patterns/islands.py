"""Islands: seqlets with what stands beside them, cut out and laid side by side."""

from dataclasses import dataclass, replace

import numpy as np

from seqcnn.explain.seqlets import Seqlets
from seqcnn.seq.alphabet import PAD, Alphabet

FRAME = 30
"""Columns of a pattern at most; islands have so much room on either side."""

FLANK = 8
"""Letters beside a seqlet that are read with it; seqlets this close make one island."""

WIDEST = 64
"""An island takes no further seqlet from this length on."""


@dataclass(frozen=True, eq=False)
class Places:
    """Stretches of one width in islands.

    Parameters
    ----------
    island
        int64 (n,): positions of islands.
    first
        int64 (n,): column of the island at which each begins.
    reverse
        bool (n,): whether it is read on the other strand.
    """

    island: np.ndarray
    first: np.ndarray
    reverse: np.ndarray

    def __len__(self) -> int:
        return len(self.island)

    def select(self, which: np.ndarray) -> "Places":
        """Take some by position or by a boolean mask."""
        return Places(self.island[which], self.first[which], self.reverse[which])

    def shifted(self, columns: int, width: int, new_width: int) -> "Places":
        """Take stretches of another width that begin `columns` further on, as they are read."""
        behind = width - columns - new_width
        first = self.first + np.where(self.reverse, behind, columns)
        return replace(self, first=first)

    def turned(self) -> "Places":
        """Read all on the other strand."""
        return replace(self, reverse=~self.reverse)


@dataclass(frozen=True, eq=False)
class Islands:
    """Parts of sequences that hold the seqlets of one sign, ordered by what is in them.

    Parameters
    ----------
    codes
        uint8 (m, width): letters, `PAD` outside of the island.
    features
        float32 (m, width, letters): contributions of the letters that are there, times the sign.
    row, origin
        int64 (m,): the sequence, and its position that lies on column 0; may be negative.
    strength
        float32 (m,): what the strongest seqlet of each contributes.
    noise
        Standard deviation of a contribution where nothing is.
    alphabet
        What the codes mean.
    """

    codes: np.ndarray
    features: np.ndarray
    row: np.ndarray
    origin: np.ndarray
    strength: np.ndarray
    noise: float
    alphabet: Alphabet

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(
        cls, track: np.ndarray, codes: np.ndarray, seqlets: Seqlets, noise: float, alphabet: Alphabet
    ) -> "Islands":
        """Cut islands out.

        Parameters
        ----------
        track
            float32 (n, length): contributions times the sign.
        codes
            uint8 (n, length).
        seqlets
            Of that sign, by sequence and start.
        noise, alphabet
            As above.
        """
        row, start, end, strength = _ranges(seqlets, codes.shape[1])
        width = int((end - start).max(initial=1))
        column = np.arange(-FRAME, width + FRAME)
        place = start[:, None] + column
        inside = (column >= 0) & (place < end[:, None])
        place = np.where(inside, place, 0)
        letters = np.where(inside, codes[row[:, None], place], PAD).astype(np.uint8)
        values = np.where(inside, track[row[:, None], place], 0).astype(np.float32)
        order = sorted(range(len(row)), key=lambda i: (letters[i].tobytes(), values[i].tobytes()))
        letters, values, start = letters[order], values[order], start[order]
        features = with_letters(letters, values, alphabet)
        return cls(
            letters, features, row[order], start - FRAME, strength[order], noise, alphabet
        )

    def take(self, which: np.ndarray) -> "Islands":
        """Take some islands by position or by a boolean mask."""
        return replace(
            self,
            **{
                name: getattr(self, name)[which]
                for name in ("codes", "features", "row", "origin", "strength")
            },
        )

    def drawn(self, number: int, shares: np.ndarray, seed: int) -> "Islands":
        """Take so many islands, evenly, and draw their letters anew: what chance makes of them.

        Parameters
        ----------
        number
            At most.
        shares
            float64 (letters,): how frequent letters are.
        seed
            Of the letters.
        """
        some = self.take(thinned(len(self), number))
        rng = np.random.default_rng(seed)
        letters = rng.choice(self.alphabet.size, size=some.codes.shape, p=shares).astype(np.uint8)
        letters = np.where(some.codes == PAD, np.uint8(PAD), letters)
        values = some.features.sum(2)
        features = with_letters(letters, values, self.alphabet)
        return replace(some, codes=letters, features=features)

    def letters_at(self, places: Places, width: int) -> np.ndarray:
        """Read the letters of places along the pattern, uint8 (n, width)."""
        column = places.first[:, None] + np.arange(width)
        known = (column >= 0) & (column < self.codes.shape[1])
        found = self.codes[places.island[:, None], np.where(known, column, 0)]
        found = np.where(known, found, np.uint8(PAD))
        if places.reverse.any():
            found[places.reverse] = self.alphabet.reverse_complement(found[places.reverse])
        return found

    def features_at(self, places: Places, width: int) -> np.ndarray:
        """Read the contributions of places along the pattern, float32 (n, width, letters)."""
        column = places.first[:, None] + np.arange(width)
        known = (column >= 0) & (column < self.codes.shape[1])
        found = self.features[places.island[:, None], np.where(known, column, 0)]
        found *= known[..., None]
        if places.reverse.any():
            found[places.reverse] = flipped(found[places.reverse], self.alphabet)
        return found


def with_letters(codes: np.ndarray, values: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Put the value of each position in the column of its letter, float32 (..., letters)."""
    features = np.zeros((*codes.shape, alphabet.size), np.float32)
    letter = codes < alphabet.size
    index = np.where(letter, codes, 0).astype(np.intp)[..., None]
    np.put_along_axis(features, index, np.where(letter, values, 0)[..., None], axis=-1)
    return features


def flipped(values: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Read (..., width, letters) on the other strand."""
    return values[..., ::-1, alphabet.complement_of_code[: alphabet.size]]


def thinned(number: int, most: int) -> np.ndarray:
    """Positions of at most so many of a number of things, evenly taken, int64."""
    return np.arange(min(number, most)) * number // max(1, min(number, most))


def _ranges(
    seqlets: Seqlets, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gather seqlets that are close: row, start, end and strength of islands."""
    table: list[list[float]] = []
    columns = seqlets.row, seqlets.start, seqlets.end, np.abs(seqlets.contribution)
    for row, start, end, size in zip(*(c.tolist() for c in columns), strict=True):
        last = table[-1] if table and table[-1][0] == row else None
        close = last is not None and start - last[2] <= FLANK and end - last[1] <= WIDEST
        if last is not None and close:
            last[2], last[3] = end, max(last[3], size)
        else:
            table.append([row, start, end, size])
    row, start, end = np.array([t[:3] for t in table], np.int64).reshape(-1, 3).T
    before = np.concatenate([[-1], row[:-1]]) == row
    behind = np.concatenate([row[1:], [-1]]) == row
    last_end = np.concatenate([[0], end[:-1]])
    next_start = np.concatenate([start[1:], [length]])
    # no letter lies in two islands
    low = np.maximum(start - FLANK, np.where(before, (last_end + start + 1) // 2, 0))
    high = np.minimum(end + FLANK, np.where(behind, (end + next_start + 1) // 2, length))
    return row, low, high, np.array([t[3] for t in table], np.float32)
