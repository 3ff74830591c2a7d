"""Enriched words: the seeds that need no network, and the baseline that a network has to beat."""

import numpy as np

from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.seq.alphabet import Alphabet

MOST_WORDS = 1 << 16
"""Words are as long as this number of different ones allows: 8 letters of DNA, 3 of protein."""

SEED_SHARE = 0.7
"""Probability of the letter of a word in its frame."""


def enriched_words(
    contrast: Contrast, alphabet: Alphabet, *, number: int, both_strands: bool
) -> list[str]:
    """Find words that more foreground than control sequences have, best first, unlike one another.

    Parameters
    ----------
    contrast
        Sequences; letters that are hidden are in no word.
    alphabet
        What the codes mean.
    number
        At most so many words.
    both_strands
        Whether a word and its reverse complement are the same.
    """
    length = int(np.log(MOST_WORDS) / np.log(alphabet.size))
    if contrast.foreground.shape[1] < length:
        return []
    counts = [
        _sequences_with_word(codes, alphabet, length, both_strands)
        for codes in (contrast.foreground, contrast.control)
    ]
    n, m = len(contrast.foreground), max(len(contrast.control), 1)
    expected = (counts[1] + 0.5) * n / m
    # a word in one or two sequences is no seed, however rare it is in the control
    score = np.where(counts[0] >= 3, counts[0] * np.log(counts[0] / expected + 1e-9), 0.0)
    score -= np.where(score > 0, counts[0] - expected, 0.0)
    ranked = np.argsort(-score, kind="stable")[: 50 * number]
    return _unlike(
        [_spell(w, length, alphabet) for w in ranked if score[w] > 0],
        alphabet if both_strands else None,
        number,
    )


def word_frame(word: str, alphabet: Alphabet, background: np.ndarray) -> np.ndarray:
    """Lay a word in the middle of a frame, float64 (WIDTH, letters)."""
    frame = np.tile(background, (WIDTH, 1))
    first = (WIDTH - len(word)) // 2
    for column, letter in enumerate(word, first):
        frame[column] *= (1 - SEED_SHARE) / (1 - background[alphabet.letters.index(letter)])
        frame[column, alphabet.letters.index(letter)] = SEED_SHARE
    return frame


def _sequences_with_word(
    codes: np.ndarray, alphabet: Alphabet, length: int, both_strands: bool
) -> np.ndarray:
    """Count the sequences that have each word, float64 (letters ** length,)."""
    size = alphabet.size
    words = _words(codes, size, length)
    if both_strands:
        paired = alphabet.complement_of_code[np.minimum(codes[:, ::-1], 254)]
        reverse = _words(np.where(codes[:, ::-1] < size, paired, 255), size, length)[:, ::-1]
        words = np.minimum(words, reverse)
    rows = np.sort(words, axis=1)
    first = np.ones_like(rows, bool)
    first[:, 1:] = rows[:, 1:] != rows[:, :-1]
    found = rows[first & (rows < size**length)]
    return np.bincount(found, minlength=size**length).astype(np.float64)


def _words(codes: np.ndarray, size: int, length: int) -> np.ndarray:
    """Give each window a number; one with a hidden letter gets that beyond all words."""
    positions = codes.shape[1] - length + 1
    total = np.zeros((len(codes), positions), np.int64)
    hidden = np.zeros((len(codes), positions), bool)
    for j in range(length):
        letters = codes[:, j : j + positions]
        total = total * size + np.minimum(letters, size - 1)
        hidden |= letters >= size
    return np.where(hidden, size**length, total)


def _spell(word: int, length: int, alphabet: Alphabet) -> str:
    digits = [word // alphabet.size**i % alphabet.size for i in reversed(range(length))]
    return "".join(alphabet.letters[d] for d in digits)


def _unlike(words: list[str], paired: Alphabet | None, number: int) -> list[str]:
    """Skip a word that shares all but two letters in a row with a better one, on either strand."""
    chosen: list[str] = []
    pieces: set[str] = set()
    for word in words:
        core = max(len(word) - 2, 2)
        own = {word[i : i + core] for i in range(len(word) - core + 1)}
        if pieces & own:
            continue
        chosen.append(word)
        pieces |= own
        if paired is not None:
            other = paired.decode(paired.reverse_complement(paired.encode(word)))
            pieces |= {other[i : i + core] for i in range(len(other) - core + 1)}
        if len(chosen) == number:
            break
    return chosen
