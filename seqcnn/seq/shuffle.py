"""Shuffled sequences that keep all counts of k-letter words: the control that always exists.

A sequence is a walk from (k-1)-letter word to (k-1)-letter word; shuffling it is drawing another
walk along the same edges. Such a walk is given by the order in which each word's exits are taken,
and an order works if the last exits lead from every word to the final one. Orders are drawn at
random and drawn again where they do not work, so that all shuffles are equally probable
(Kandel, Matias, Unger and Winkler 1996, doi:10.1016/S0166-218X(97)81456-4).
"""

import logging
import warnings

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.record import SequenceSet

logger = logging.getLogger(__name__)

CHUNK = 2_000_000
"""Letters shuffled in one go."""

UNCHANGED = 0.05
"""A greater share of sequences that come back as they were asks for a smaller k."""


def shuffle(sequences: SequenceSet, *, k: int = 2, copies: int = 1, seed: int = 0) -> SequenceSet:
    """Shuffle sequences, keeping the counts of all words of `k` letters exactly.

    All sequences with these counts (and, from k = 2 on, the same first and last k - 1 letters) are
    equally probable. Ambiguous letters stay in place; the stretches between them are shuffled each
    on their own.

    Parameters
    ----------
    sequences
        What to shuffle.
    k
        1, 2 or 3.
    copies
        Shuffles of each sequence; those of one sequence stand together in the result.
    seed
        Same seed, same shuffles.

    Returns
    -------
    SequenceSet
        n * copies sequences, named ``<id>_shuffle_1``, ``<id>_shuffle_2``, ...

    Raises
    ------
    SeqcnnError
        `k` or `copies` is out of range.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> s = SequenceSet.from_strings(["AACCGGTT"], alphabet=DNA)
    >>> sorted(shuffle(s, k=1).text(0)) == sorted(s.text(0))
    True
    """
    if k not in (1, 2, 3) or copies < 1:
        raise SeqcnnError(f"`k` must be 1, 2 or 3 and `copies` 1 or more, not {k} and {copies}")
    result = sequences.select(np.repeat(np.arange(len(sequences)), copies))
    codes = result.codes.copy()
    rng = np.random.default_rng([seed, k])
    for starts, lengths in _chunks(*_plain_runs(result), k):
        columns = np.arange(lengths.max())
        inside = columns < lengths[:, None]
        at = (starts[:, None] + columns)[inside]
        rows = np.full(inside.shape, result.alphabet.size, np.int64)
        rows[inside] = codes[at]
        mixed = _permute(rows, inside, rng) if k == 1 else _walk(rows, lengths, k, rng)
        codes[at] = mixed[inside]
    ids = tuple(f"{name}_shuffle_{c + 1}" for name in sequences.ids for c in range(copies))
    return SequenceSet(result.alphabet, codes, result.offsets, ids)


def unchanged_share(sequences: SequenceSet, shuffled: SequenceSet, copies: int = 1) -> float:
    """Share of shuffles that are the same as their original."""
    original = sequences.select(np.repeat(np.arange(len(sequences)), copies))
    differs = np.append(original.codes != shuffled.codes, False).astype(np.int64)
    counts = np.add.reduceat(differs, original.offsets[:-1])
    return float(np.mean((counts == 0) | (original.lengths == 0)))


def shuffled_control(
    sequences: SequenceSet, *, k: int | None = None, copies: int = 1, seed: int = 0
) -> tuple[SequenceSet, int]:
    """Shuffle with the largest sensible k.

    Parameters
    ----------
    sequences, copies, seed
        As in `shuffle`.
    k
        Length of the words to keep; None: 2 for nucleotides, else 1. It is lowered, with a warning,
        while more than 5 % of the sequences come back as they were.

    Returns
    -------
    SequenceSet
        The shuffles.
    int
        The k that was used.

    Raises
    ------
    SeqcnnError
        No sequence can be shuffled.
    """
    wanted = k or (2 if sequences.alphabet.size == 4 else 1)
    for length in range(wanted, 0, -1):
        shuffled = shuffle(sequences, k=length, copies=copies, seed=seed)
        share = unchanged_share(sequences, shuffled, copies)
        if share <= UNCHANGED or length == 1:
            break
    if share == 1:
        raise SeqcnnError(
            "nothing can be shuffled: every sequence has one arrangement of its letters only"
        )
    if length < wanted:
        warnings.warn(
            f"shuffled with k = {length} instead of {wanted}: with {wanted} more than "
            f"{UNCHANGED:.0%} of the sequences come back unchanged",
            SeqcnnWarning,
            stacklevel=2,
        )
    logger.info("shuffled with k = %d; %.1f %% of sequences unchanged", length, 100 * share)
    return shuffled, length


def _plain_runs(sequences: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Starts and lengths of the stretches without ambiguous letters."""
    plain = np.zeros(len(sequences.codes) + 2, bool)
    plain[1:-1] = sequences.codes < sequences.alphabet.size
    begins, ends = plain[1:] & ~plain[:-1], plain[:-1] & ~plain[1:]
    # a sequence ends a stretch even where the next one goes on with letters
    borders = sequences.offsets[1:-1]
    borders = borders[(borders > 0) & (borders < len(sequences.codes))]
    joint = borders[plain[borders] & plain[borders + 1]]
    begins[joint], ends[joint] = True, True
    starts = np.flatnonzero(begins)
    return starts, np.flatnonzero(ends) - starts


def _chunks(starts: np.ndarray, lengths: np.ndarray, k: int):
    """Group stretches of like lengths, so that little is padded."""
    kept = lengths > max(k, 1)
    starts, lengths = starts[kept], lengths[kept]
    order = np.argsort(lengths, kind="stable")
    begin = 0
    while begin < len(order):
        end = begin + 1
        longest = lengths[order[begin]]
        size = max(1, CHUNK // int(longest))
        # lengths up to an eighth longer share a chunk
        end = min(begin + size, np.searchsorted(lengths[order], longest + longest // 8, "right"))
        rows = order[begin : max(end, begin + 1)]
        yield starts[rows], lengths[rows]
        begin += len(rows)


def _permute(rows: np.ndarray, inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    keys = np.where(inside, rng.random(rows.shape), 2.0)
    return np.take_along_axis(rows, np.argsort(keys, axis=1), axis=1)


def _walk(rows: np.ndarray, lengths: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Draw another walk along the edges of each row (n, length); padding stays behind."""
    words, letter_of = _words(rows, k)
    source, target = words[:, :-1], words[:, 1:]
    # the step into the padding has to be the last one that its word takes
    leaving = np.zeros(source.shape, bool)
    short = lengths < rows.shape[1]
    leaving[np.flatnonzero(short), lengths[short] - k + 1] = True
    exits = np.empty_like(target)
    todo = np.arange(len(rows))
    while len(todo):
        keys = source[todo] + 0.999 * rng.random((len(todo), source.shape[1]))
        keys[leaving[todo]] = source[todo][leaving[todo]] + 0.9995
        order = np.argsort(keys, axis=1)
        drawn = np.take_along_axis(target[todo], order, axis=1)
        works = _reach_the_end(
            np.take_along_axis(source[todo], order, axis=1), drawn, words[todo, -1]
        )
        exits[todo[works]] = drawn[works]
        todo = todo[~works]
    return _follow(rows, words, exits, letter_of, k)


def _words(rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the (k-1)-letter words of each row 0, 1, ..., and give the last letter of each."""
    count = rows.shape[1] - k + 2
    base = rows.max() + 1
    value = np.zeros((len(rows), count), np.int64)
    for j in range(k - 1):
        value = value * base + rows[:, j : j + count]
    order = np.argsort(value, axis=1, kind="stable")
    ordered = np.take_along_axis(value, order, axis=1)
    rank = np.cumsum(np.diff(ordered, axis=1, prepend=ordered[:, :1]) != 0, axis=1)
    words = np.empty_like(rank)
    np.put_along_axis(words, order, rank, axis=1)
    letter_of = np.zeros((len(rows), int(rank.max()) + 1), np.int64)
    np.put_along_axis(letter_of, words, value % base, axis=1)
    return words, letter_of


def _reach_the_end(source: np.ndarray, target: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Whether the last exits of all words of a row lead to its final word, bool (n,)."""
    n = np.arange(len(source))
    last = np.ones(source.shape, bool)
    last[:, :-1] = source[:, 1:] != source[:, :-1]
    size = int(max(source.max(), target.max())) + 1
    step = np.tile(end[:, None], (1, size))  # a word that does not occur is fine
    row, column = np.nonzero(last)
    step[row, source[row, column]] = target[row, column]
    step[n, end] = end
    for _ in range(int(np.ceil(np.log2(max(size, 2))))):
        step = np.take_along_axis(step, step, axis=1)
    return (step == end[:, None]).all(1)


def _follow(
    rows: np.ndarray, words: np.ndarray, exits: np.ndarray, letter_of: np.ndarray, k: int
) -> np.ndarray:
    """Walk all rows in lockstep, taking the exits of each word in order."""
    n = np.arange(len(rows))
    sorted_source = np.sort(words[:, :-1], axis=1)
    following = np.zeros(letter_of.shape, np.int64)
    first = np.ones(sorted_source.shape, bool)
    first[:, 1:] = sorted_source[:, 1:] != sorted_source[:, :-1]
    row, column = np.nonzero(first)
    following[row, sorted_source[row, column]] = column
    result = rows.copy()
    word = words[:, 0]
    for position in range(k - 1, rows.shape[1]):
        at = following[n, word]
        following[n, word] = at + 1
        word = exits[n, at]
        result[:, position] = letter_of[n, word]
    return result
