"""`Word`: letters at places, in a row or with a gap between them."""

from dataclasses import dataclass

import numpy as np

from seqcnn.discovery.frames import WIDTH
from seqcnn.seq.alphabet import Alphabet

SEED_SHARE = 0.7
"""Probability of the letter of a word in its frame."""


@dataclass(frozen=True)
class Word:
    """Letters at places.

    Parameters
    ----------
    places
        From 0 on, rising.
    codes
        The letter at each place.
    score
        How much more foreground than control sequences have it: half the log-likelihood ratio of
        the numbers of sequences, less the logarithm of the number of words that were tried, which
        is what the best of them reaches by chance; nats.
    log10_tried
        log10 of that number.
    beside
        What the letters beside it add, nats; see `neighbours`.
    """

    places: tuple[int, ...]
    codes: tuple[int, ...]
    score: float = 0.0
    log10_tried: float = 0.0
    beside: float = 0.0

    def spell(self, alphabet: Alphabet) -> str:
        """Write the word with ``.`` in its gap.

        Examples
        --------
        >>> from seqcnn.seq.alphabet import DNA
        >>> Word((0, 1, 4), (0, 1, 2)).spell(DNA)
        'AC..G'
        """
        letters = ["."] * (self.places[-1] + 1)
        for place, code in zip(self.places, self.codes, strict=True):
            letters[place] = alphabet.letters[code]
        return "".join(letters)

    def frame(self, alphabet: Alphabet, background: np.ndarray) -> np.ndarray:
        """Lay the word in the middle of a frame, float64 (WIDTH, letters)."""
        frame = np.tile(background, (WIDTH, 1))
        first = (WIDTH - self.places[-1] - 1) // 2
        for place, code in zip(self.places, self.codes, strict=True):
            frame[first + place] *= (1 - SEED_SHARE) / (1 - background[code])
            frame[first + place, code] = SEED_SHARE
        return frame

    def reverse_complement(self, alphabet: Alphabet) -> "Word":
        """Read the word on the other strand."""
        codes = alphabet.complement_of_code[list(self.codes[::-1])]
        return Word(tuple(self.places[-1] - p for p in self.places[::-1]), tuple(codes.tolist()))


def number_words(codes: np.ndarray, size: int, places: tuple[int, ...]) -> np.ndarray:
    """Give each window a number; one with a hidden letter gets that beyond all words."""
    positions = codes.shape[1] - places[-1]
    # rows of small numbers are sorted fastest
    total = np.zeros((len(codes), positions), np.min_scalar_type(size ** len(places)))
    hidden = np.zeros((len(codes), positions), bool)
    for place in places:
        letters = codes[:, place : place + positions]
        total *= total.dtype.type(size)
        total += np.minimum(letters, np.uint8(size - 1))
        hidden |= letters >= size
    total[hidden] = size ** len(places)
    return total


def number_of(codes: tuple[int, ...], size: int) -> int:
    """Give a word its number among those of its shape."""
    number = 0
    for code in codes:
        number = number * size + code
    return number
