"""Enriched words: the seeds that need no network, and the baseline that a network has to beat.

A word has its letters in a row or with a gap in it, as the two halves of a dimer have (van Helden
et al. 2000, Discovering regulatory elements in non-coding sequences by analysis of spaced dyads).
"""

from collections.abc import Sequence

import numpy as np

from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.neighbours import with_neighbours
from seqcnn.discovery.word import Word, number_words
from seqcnn.seq.alphabet import PAD, Alphabet

MOST_WORDS = 1 << 16
"""Words are as long as this number of different ones allows: 8 letters of DNA, 3 of protein."""

SHORTER = 2
"""Words that are shorter by up to so many letters are counted too: 6, 7 and 8 letters of DNA."""

WIDEST_GAP = {True: 16, False: 10}
"""The widest gap between two halves, by whether these are several letters long or one."""

GAPPED_ROWS, GAPPED_COPIES = 2000, 3
"""Sequences, and shuffles of each, in which words with gaps are counted: their shapes are many."""

CONTROLS = 9000
"""So many control sequences are enough to count words in; of more shuffles some are left out."""

FEWEST = 3
"""A word in fewer sequences is no seed, however rare it is in the control."""

LETTERS = 4_000_000
"""Words of so many letters of sequence are looked at in a go: they take ten times as much memory.
"""

LOOKED_AT = 25
"""Words whose neighbourhood is looked at, for each that is wanted."""

BY_NEIGHBOURS = 0.6
"""Share of the words that are chosen with regard to their neighbourhood; short motifs have none."""

TOGETHER = 1000
"""Words that are compared with a better one at a time."""

RANKED = 30
"""Words of each shape that are compared with one another, for each that is wanted."""


def shapes(letters: int, *, both_strands: bool) -> list[tuple[int, ...]]:
    """List the shapes of words: runs, and two halves with a gap between them.

    Examples
    --------
    >>> shapes(4, both_strands=True)[:4]
    [(0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4, 5, 6, 7), (0, 1, 2, 4, 5, 6)]
    """
    longest = max(2, int(np.log(MOST_WORDS) / np.log(letters)))
    runs = [tuple(range(n)) for n in range(max(2, longest - SHORTER), longest + 1)]
    half = max(1, min(len(runs[0]), longest) // 2)
    gaps = range(1, WIDEST_GAP[half > 1] + 1)
    gapped = [(*range(half), *range(half + gap, 2 * half + gap)) for gap in gaps]
    if half == 1 and not both_strands:  # two letters and one more
        gapped += [p for gap in gaps for p in ((0, 1, gap + 2), (0, gap + 1, gap + 2))]
    return runs + [places for places in gapped if places[-1] < WIDTH]


def enriched_words(
    contrast: Contrast, alphabet: Alphabet, *, number: int, both_strands: bool
) -> list[Word]:
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
    words: list[Word] = []
    every = shapes(alphabet.size, both_strands=both_strands)
    contrast = contrast.with_about(CONTROLS)
    some = contrast.head(GAPPED_ROWS).thinned(GAPPED_COPIES)
    for places in every:
        alike = sum(_kind(other) == _kind(places) for other in every)
        tried = np.log(alike) + len(places) * np.log(alphabet.size)
        seen = some if _kind(places)[1] else contrast
        words += _enriched(seen, places, alphabet, both_strands, float(tried), RANKED * number)
    words.sort(key=lambda word: -word.score)
    looked_at = with_neighbours(
        words[: LOOKED_AT * number], contrast.foreground, alphabet, both_strands
    )
    looked_at.sort(key=lambda word: -(word.score + word.beside))
    paired = alphabet if both_strands else None
    chosen = _unlike(looked_at, paired, round(number * BY_NEIGHBOURS))
    return _unlike([*chosen, *words], paired, number)


def _kind(places: tuple[int, ...]) -> tuple[int, bool]:
    """Say how many letters a shape has, and whether there is a gap between them."""
    return len(places), len(places) <= places[-1]


def _enriched(
    contrast: Contrast,
    places: tuple[int, ...],
    alphabet: Alphabet,
    both_strands: bool,
    tried: float,
    most: int,
) -> list[Word]:
    """Take the words of one shape that are enriched, the best first; `tried` is a logarithm."""
    if contrast.foreground.shape[1] <= places[-1]:
        return []
    hits, control_hits = (
        _sequences_with_word(codes, alphabet, places, both_strands)
        for codes in (contrast.foreground, contrast.control)
    )
    n, m = len(contrast.foreground), max(len(contrast.control), 1)
    expected = (control_hits + 0.5) * n / m
    ratio = hits * np.log(np.maximum(hits, 1) / expected) - (hits - expected)
    score = np.where((hits >= FEWEST) & (hits > expected), ratio, 0.0)
    ranked = np.argsort(-score, kind="stable")[:most]
    ranked = ranked[score[ranked] > 0]
    codes = ranked[:, None] // alphabet.size ** np.arange(len(places))[::-1] % alphabet.size
    log10_tried = tried / float(np.log(10))
    return [
        Word(places, tuple(word), its_score, log10_tried)
        for word, its_score in zip(codes.tolist(), (score[ranked] - tried).tolist(), strict=True)
    ]


def _sequences_with_word(
    codes: np.ndarray, alphabet: Alphabet, places: tuple[int, ...], both_strands: bool
) -> np.ndarray:
    """Count the sequences that have each word of a shape, float64 (letters ** places,)."""
    different = alphabet.size ** len(places)
    total = np.zeros(different)
    rows = max(1, LETTERS // codes.shape[1])
    for first in range(0, len(codes), rows):
        words = _words_of_rows(codes[first : first + rows], alphabet, places, both_strands)
        words.sort(axis=1)
        distinct = np.ones_like(words, bool)
        distinct[:, 1:] = words[:, 1:] != words[:, :-1]
        found = words[distinct & (words < different)]
        total += np.bincount(found, minlength=different)
    return total


def _words_of_rows(
    codes: np.ndarray, alphabet: Alphabet, places: tuple[int, ...], both_strands: bool
) -> np.ndarray:
    """Give the word of each window a number; its reverse complement has the same, the lower one."""
    words = number_words(codes, alphabet.size, places)
    if not both_strands:
        return words
    # the shapes of double strands are their own mirror images
    other = number_words(alphabet.reverse_complement(codes), alphabet.size, places)
    return np.minimum(words, other[:, ::-1])


def _unlike(words: Sequence[Word], paired: Alphabet | None, number: int) -> list[Word]:
    """Skip a word that shares all but two letters with a better one, on either strand."""
    chosen: list[Word] = []
    for first in range(0, len(words), TOGETHER):
        some = words[first : first + TOGETHER]
        strands = [_laid_out(some)]
        if paired is not None:
            strands.append(_laid_out([word.reverse_complement(paired) for word in some]))
        lengths = np.array([len(word.codes) for word in some])
        new = np.ones(len(some), bool)
        for better in chosen:
            new &= ~_sharing(better, strands, lengths)
        while new.any() and len(chosen) < number:
            best = some[int(new.argmax())]
            chosen.append(best)
            new &= ~_sharing(best, strands, lengths)
        if len(chosen) == number:
            break
    return chosen


def _laid_out(words: Sequence[Word]) -> np.ndarray:
    """Write words into rows with a frame of room on either side, uint8 (n, 3 WIDTH)."""
    rows = np.full((len(words), 3 * WIDTH), PAD, np.uint8)
    for row, word in zip(rows, words, strict=True):
        row[WIDTH + np.array(word.places)] = word.codes
    return rows


def _sharing(better: Word, strands: Sequence[np.ndarray], lengths: np.ndarray) -> np.ndarray:
    """Say which words have all letters but two of the shorter of both at some shift, bool (n,)."""
    most = np.zeros(len(lengths), np.uint8)
    for rows in strands:
        equal = np.zeros((len(rows), 2 * WIDTH), np.uint8)
        for place, code in zip(better.places, better.codes, strict=True):
            equal += rows[:, place : place + 2 * WIDTH] == code
        most = np.maximum(most, equal.max(1))
    return most >= np.maximum(2, np.minimum(len(better.codes), lengths) - 2)
