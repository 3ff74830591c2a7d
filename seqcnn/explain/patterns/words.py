"""Words that seqlets hold more often than chance lets them: what a pattern starts from.

A word has two halves of three letters with a gap between them (triplets of letters with gaps where
there are many letters). Each occurrence counts by the share of its seqlet's contribution that its
letters make up. By chance it would come as often as its letters are; how improbable it is to come
oftener is bounded by Bernstein's inequality.
"""

from dataclasses import dataclass

import numpy as np

from seqcnn.explain.patterns.islands import Islands, Places

GAPS = range(11)
"""Letters between the halves of a word."""

LEAST_SHARE = 0.25
"""An occurrence counts if its letters make up so much of the seqlet's contribution."""

LOG_E = float(np.log(1e-3))
"""Logarithm of the number of words that may lead nowhere."""


@dataclass(frozen=True, eq=False)
class Words:
    """All words of islands that count.

    Parameters
    ----------
    shape
        int64 (n,): positions in `shapes_of`.
    code
        int64 (n,): the word as a number; of a word and its reverse complement the smaller.
    places
        Where they are; `first` is that of the first letter.
    weight
        float32 (n,): share of the seqlet, at most 1.
    """

    shape: np.ndarray
    code: np.ndarray
    places: Places
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class Seed:
    """A word that is too frequent.

    Parameters
    ----------
    shape, code
        Which.
    places
        The best in each island that has it.
    span
        Letters from its first to its last.
    """

    shape: int
    code: int
    places: Places
    span: int


def shapes_of(letters: int) -> list[tuple[int, ...]]:
    """Offsets of the letters of words, for an alphabet of so many."""
    if letters <= 5:
        return [(0, 1, 2, 3 + gap, 4 + gap, 5 + gap) for gap in GAPS]
    return [(0, a, a + b) for a in range(1, 5) for b in range(1, 5)]


def find_words(islands: Islands, *, both_strands: bool) -> Words:
    """Read all words whose letters make up enough of a seqlet."""
    letters, wide = islands.alphabet.size, islands.codes.shape[1]
    values = islands.track / islands.strength[:, None]
    known = islands.codes < letters
    paired = islands.alphabet.complement_of_code[:letters] if both_strands else None
    found = []
    for shape, offsets in enumerate(shapes_of(letters)):
        room = wide - offsets[-1]
        weight = np.sum([values[:, o : o + room] for o in offsets], axis=0)
        whole = np.logical_and.reduce([known[:, o : o + room] for o in offsets])
        island, first = np.nonzero((weight >= LEAST_SHARE) & whole)
        word = islands.codes[island[:, None], first[:, None] + np.array(offsets)]
        place = letters ** np.arange(len(offsets) - 1, -1, -1)
        code, reverse = word @ place, np.zeros(len(word), bool)
        if paired is not None:
            other = paired[word[:, ::-1]] @ place
            reverse = other < code
            code = np.minimum(code, other)
        kinds = np.full(len(code), shape)
        found.append((kinds, code, island, first, reverse, np.minimum(weight[island, first], 1.0)))
    shape, code, island, first, reverse, weight = (
        np.concatenate([f[i] for f in found]) for i in range(6)
    )
    return Words(shape, code, Places(island, first, reverse), weight)


def best_seed(
    words: Words,
    shares: np.ndarray,
    barred: set[tuple[int, int]],
    *,
    both_strands: bool,
    complement: np.ndarray | None,
) -> Seed | None:
    """Find the word that explains most more than chance would; None if chance explains all.

    Parameters
    ----------
    words
        Of all islands.
    shares
        float64 (letters,): how frequent letters are.
    barred
        Shapes and codes of words that led nowhere.
    both_strands, complement
        Whether both strands count as one, and the complement of each letter.
    """
    shapes = shapes_of(len(shares))
    size = len(shares) ** len(shapes[0])
    chance = _probabilities(shares, len(shapes[0]), complement if both_strands else None)
    index = words.shape * size + words.code
    total = np.bincount(index, words.weight, len(shapes) * size).reshape(len(shapes), size)
    mass = np.bincount(words.shape, words.weight, len(shapes))[:, None]
    squares = np.bincount(words.shape, words.weight**2, len(shapes))[:, None]
    excess = total - chance * mass
    spread = chance * squares + np.maximum(excess, 0) / 3
    log_p = -(excess**2) / (2 * np.maximum(spread, 1e-12))
    fine = (excess > 0) & (log_p + np.log(total.size) <= LOG_E)
    for key in barred:
        fine[key] = False
    if not fine.any():
        return None
    shape, code = np.divmod(int(np.where(fine, excess, 0).argmax()), size)
    these = np.flatnonzero((words.shape == shape) & (words.code == code))
    these = these[np.lexsort((these, -words.weight[these], words.places.island[these]))]
    island = words.places.island[these]
    these = these[np.concatenate([[True], island[1:] != island[:-1]])]
    return Seed(int(shape), int(code), words.places.select(these), shapes[shape][-1] + 1)


def _probabilities(shares: np.ndarray, length: int, complement: np.ndarray | None) -> np.ndarray:
    """Probability of each word or its reverse complement, at the code of the smaller."""
    letters = len(shares)
    chance = np.ones(1)
    other = np.zeros(1, np.int64)
    for i in range(length):
        chance = np.outer(chance, shares).ravel()
        if complement is not None:
            other = (other[:, None] + complement.astype(np.int64) * letters**i).ravel()
    if complement is None:
        return chance
    code = np.arange(len(chance))
    twice = chance + np.where(other != code, chance[other], 0)
    return np.where(code <= other, twice, 0)
