"""Islands: seqlets with what stands beside them, cut out and laid side by side."""

from dataclasses import dataclass, replace

import numpy as np

from seqcnn.explain.seqlets import Seqlets
from seqcnn.explain.tracks import noise_scale, project
from seqcnn.seq.alphabet import PAD, Alphabet

FRAME = 30
"""Columns of a pattern at most; islands have so much room on either side."""

FLANK = 8
"""Letters beside a seqlet that are read with it; seqlets this close make one island."""

WIDEST = 64
"""An island takes no further seqlet from this length on."""


SAMPLE = 2000
"""Sequences that tell how large noise is."""


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
        float32 (m, width, letters): what tells sites apart in the contributions (`telling`), times
        the sign.
    track
        float32 (m, width): contributions of the letters that are there (`centred`), times the sign.
    row, origin
        int64 (m,): the sequence, and its position that lies on column 0; may be negative.
    strength
        float32 (m,): what the strongest seqlet of each contributes.
    noise
        Standard deviation of a feature where nothing is.
    alphabet
        What the codes mean.
    sequences
        uint8 (n, length): what the islands were cut from.
    """

    codes: np.ndarray
    features: np.ndarray
    track: np.ndarray
    row: np.ndarray
    origin: np.ndarray
    strength: np.ndarray
    noise: float
    alphabet: Alphabet
    sequences: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(
        cls,
        contributions: np.ndarray,
        codes: np.ndarray,
        seqlets: Seqlets,
        sign: int,
        alphabet: Alphabet,
    ) -> "Islands":
        """Cut islands out.

        Parameters
        ----------
        contributions
            float32 (n, length, letters).
        codes
            uint8 (n, length).
        seqlets
            Of one sign, by sequence and start.
        sign
            That sign.
        alphabet
            What the codes mean.
        """
        track = project(centred(contributions), codes, alphabet) * np.float32(sign)
        noise = _noise(contributions, codes, track, alphabet)
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
        row, strength, place, inside = row[order], strength[order], place[order], inside[order]
        given = contributions[row[:, None], place] * np.float32(sign)
        features = telling(given, alphabet.shares[letters])
        features *= (inside & (letters < alphabet.size))[..., None]
        origin = start - FRAME
        return cls(letters, features, values, row, origin, strength, noise, alphabet, codes)

    def take(self, which: np.ndarray) -> "Islands":
        """Take some islands by position or by a boolean mask."""
        return replace(
            self,
            **{
                name: getattr(self, name)[which]
                for name in ("codes", "features", "track", "row", "origin", "strength")
            },
        )

    def drawn(self, number: int, seed: int) -> "Islands":
        """Take so many islands, evenly, and shuffle the letters of each position.

        How much a position contributes stays, for which letters is chance.

        Parameters
        ----------
        number
            At most.
        seed
            Of the shuffles.
        """
        some = self.take(thinned(len(self), number))
        features = np.random.default_rng(seed).permuted(some.features, axis=2)
        return replace(some, features=features)

    def without(self, places: Places, widths: np.ndarray) -> "Islands":
        """Take out what stands at places, int64 (n,) of these widths; no island comes twice."""
        column = np.arange(self.codes.shape[1])
        end = places.first + widths
        here = (column >= places.first[:, None]) & (column < end[:, None])
        features, track = self.features.copy(), self.track.copy()
        features[places.island] = np.where(here[..., None], 0, features[places.island])
        track[places.island] = np.where(here, 0, track[places.island])
        return replace(self, features=features, track=track)

    def letters_at(self, places: Places, width: int) -> np.ndarray:
        """Read the letters of places along the pattern, uint8 (n, width).

        Those beside islands are read too: what a network does not weigh may still tell whether
        sites are of one kind.
        """
        column = (self.origin[places.island] + places.first)[:, None] + np.arange(width)
        known = (column >= 0) & (column < self.sequences.shape[1])
        row = self.row[places.island][:, None]
        found = np.where(known, self.sequences[row, np.where(known, column, 0)], np.uint8(PAD))
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


def centred(contributions: np.ndarray) -> np.ndarray:
    """Subtract the mean over letters, (..., letters).

    It tells no site from another: where a network's outputs are on one side of those of its
    references, any letter beside a site contributes a little, and all sites would be alike by it.
    """
    return contributions - contributions.mean(axis=-1, keepdims=True)


def telling(contributions: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Take what tells sites of one motif from others, float32 (..., letters).

    Half of it is contributions as they were given: hypothetical ones say what a site would
    contribute whichever letter it has, so that sites of a motif of little information are alike
    too. But those of a trained network have the shape of its kernels wherever these fit halfway,
    and would draw halves of dimers together; so the other half is those of the letters that are
    there.

    Parameters
    ----------
    contributions
        (..., letters): hypothetical or projected.
    there
        The same shape: 1 for the letter that is there, or the share of sites that have each letter.
    """
    given = centred(contributions)
    return centred((given + given * there) / 2).astype(np.float32, copy=False)


def _noise(
    contributions: np.ndarray, codes: np.ndarray, track: np.ndarray, alphabet: Alphabet
) -> float:
    """Estimate the standard deviation of a feature where nothing speaks for the sign."""
    some = thinned(len(codes), SAMPLE)
    beside = track[some] < 0
    of_letters = noise_scale(-track, 1)
    if not beside.any():
        return of_letters
    plain = telling(contributions[some][beside], alphabet.shares[codes[some][beside]])
    # the median absolute deviation of a normal distribution
    return max(float(np.median(np.abs(plain))) / 0.6745, of_letters / 4)


def flipped(values: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Read (..., width, letters) on the other strand."""
    return values[..., ::-1, alphabet.complement_of_code[: alphabet.size]]


def thinned(number: int, most: int) -> np.ndarray:
    """Positions of at most so many of a number of things, evenly taken, int64."""
    return np.arange(min(number, most)) * number // max(1, min(number, most))


def _ranges(seqlets: Seqlets, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
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
