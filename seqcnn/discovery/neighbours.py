"""What stands beside a word: the letters that tell a motif from a word frequent by chance."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.word import Word, number_of, number_words
from seqcnn.seq.alphabet import Alphabet

BESIDE = 8
"""Letters on either side of a word that are its neighbourhood."""

BY_CHANCE = 1.0
"""Nats of a column for each free letter that are put down to chance; the mean is half of that."""


def word_frames(
    words: Sequence[Word],
    codes: np.ndarray,
    alphabet: Alphabet,
    background: np.ndarray,
    *,
    both_strands: bool,
) -> np.ndarray:
    """Lay words in the middle of frames, with the letters beside them where these tell.

    Parameters
    ----------
    words
        Any.
    codes
        uint8 (n, length): the sequences whose letters beside the words are counted.
    alphabet, background, both_strands
        As for the search.

    Returns
    -------
    numpy.ndarray
        float64 (words, WIDTH, letters).
    """
    frames = np.stack([word.frame(alphabet, background) for word in words])
    for members, counts in _neighbourhoods(words, codes, alphabet, both_strands):
        telling = _agreement(counts, background) > 0
        smoothed = counts + background
        shares = smoothed / smoothed.sum(2, keepdims=True)
        for k, i in enumerate(members):
            word = words[i]
            first = (WIDTH - word.places[-1] - 1) // 2 - BESIDE
            for column in np.flatnonzero(telling[k]):
                if column - BESIDE not in word.places and 0 <= first + column < WIDTH:
                    frames[i, first + column] = shares[k, column]
    return frames


def with_neighbours(
    words: Sequence[Word], codes: np.ndarray, alphabet: Alphabet, both_strands: bool
) -> list[Word]:
    """Say of words what the letters beside them tell.

    Around the sites of a motif the letters agree in the columns that the word has not; around a
    word that is frequent by chance they do not.
    """
    result = list(words)
    background = np.bincount(codes.ravel(), minlength=256)[: alphabet.size] + 1.0
    background /= background.sum()
    for members, counts in _neighbourhoods(words, codes, alphabet, both_strands):
        gains = _agreement(counts, background)
        gains[:, np.array(words[members[0]].places) + BESIDE] = 0.0
        for i, gain in zip(members, gains.sum(1), strict=True):
            result[i] = replace(words[i], beside=float(gain))
    return result


def _neighbourhoods(
    words: Sequence[Word], codes: np.ndarray, alphabet: Alphabet, both_strands: bool
) -> Iterator[tuple[list[int], np.ndarray]]:
    """Count the letters on and beside words, the first occurrence in each sequence and strand.

    Yields the places in the list of the words of one shape, and float64 (words, columns, letters)
    of columns from `BESIDE` before the word to as many behind it.
    """
    size = alphabet.size
    strands = [codes, alphabet.reverse_complement(codes)] if both_strands else [codes]
    for places in sorted({word.places for word in words}):
        members = [i for i, word in enumerate(words) if word.places == places]
        index = np.full(size ** len(places) + 1, -1)
        for k, i in enumerate(members):
            index[number_of(words[i].codes, size)] = k
        beside = np.arange(-BESIDE, places[-1] + 1 + BESIDE)
        counts = np.zeros((len(beside), len(members) * size))
        for strand in strands:
            if codes.shape[1] <= places[-1]:
                continue
            owners = index[number_words(strand, size, places)]
            rows, starts = np.nonzero(owners >= 0)
            owners = owners[rows, starts]
            _, first = np.unique(rows * len(members) + owners, return_index=True)
            rows, starts, owners = rows[first], starts[first], owners[first]
            for column, place in enumerate(beside):
                at = starts + place
                inside = (at >= 0) & (at < codes.shape[1])
                letters = strand[rows[inside], at[inside]]
                plain = letters < size
                keys = owners[inside][plain] * size + letters[plain]
                counts[column] += np.bincount(keys, minlength=counts.shape[1])
        yield members, counts.reshape(len(beside), len(members), size).transpose(1, 0, 2)


def _agreement(counts: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of columns to random letters, less a penalty; at least 0, nats."""
    shares = np.maximum(counts, 1e-9) / np.maximum(counts.sum(2, keepdims=True), 1e-9)
    ratio = (counts * np.log(np.maximum(shares, 1e-9) / background)).sum(2)
    return np.maximum(ratio - BY_CHANCE * (len(background) - 1), 0.0)
