"""Shuffle many short runs of at most four letters in step.

What is left to a vertex fits into one number: a count of 16 bits for each letter that can come
next. Each step draws a letter in proportion to these counts and takes it off them, for all runs at
once. The last exit of a vertex, drawn before (`trees` tells why), is counted when nothing else is
left.

References
----------
Altschul & Erickson (1985), Mol Biol Evol 2:526; Kandel, Matias, Unger & Winkler (1996), Discrete
Appl Math 71:171.
"""

import numpy as np

from seqcnn.seq.trails import word_numbers
from seqcnn.seq.trees import draw_trees, mixed

LETTERS = 4
"""Most letters of an alphabet whose counts fit."""

LONGEST = (1 << 15) - 1
"""Most letters of a run, as the highest bit of a count is needed to compare it."""

_ONE = np.uint64(1)
_EACH = np.uint64(0x0001_0001_0001_0001)
_HIGHEST = np.uint64(0x8000_8000_8000_8000)
_HIGHEST_BUT_LAST = np.uint64(0x0000_8000_8000_8000)
_TOTAL = np.uint64(48)


def shuffle_in_step(
    codes: np.ndarray,
    start: np.ndarray,
    length: np.ndarray,
    result: np.ndarray,
    target: np.ndarray,
    *,
    k: int,
    keys: np.ndarray,
) -> None:
    """Shuffle runs, keeping how often each word of `k` letters occurs in each of them.

    Parameters
    ----------
    codes
        uint8: holds run r from position ``start[r]`` on; no code above 3.
    start, length
        int64 (runs,): longer than `k`, at most `LONGEST`, and not increasing in length.
    result
        uint8: receives run r from position ``target[r]`` on, but for its first `k` - 1 letters.
    target
        int64 (runs,).
    k
        Letters of the words.
    keys
        uint64 (2,): where the random numbers begin.
    """
    vertices = LETTERS ** (k - 1)
    edges = length - (k - 1)
    # how many runs take each step; they are the first ones, as these are the longest
    walking = np.searchsorted(-edges, -np.arange(edges[0]), side="left").tolist()
    base = np.arange(len(start)) * vertices
    source = word_numbers(codes, start, k - 1, LETTERS)
    root = base + word_numbers(codes, start + edges, k - 1, LETTERS)

    left = np.zeros(len(base) * vertices, np.uint64)
    _count_exits(left, codes, start + (k - 1), source, walking)
    own = start.astype(np.uint64)[:, None] * np.uint64(vertices)
    own = own + np.arange(vertices, dtype=np.uint64) + keys[1]
    last = _draw_last_exits(left, root, vertices, own.ravel())
    left -= last
    np.copyto(left, last, where=left == 0)

    vertex, numbers, target = source, start.astype(np.uint64) + keys[0], target + (k - 1)
    for count in walking:
        place = base[:count] + vertex[:count]
        here = left[place]
        letter = _draw(here, mixed(numbers[:count]))
        result[target[:count]] = letter
        letter = letter.astype(np.int64)
        here -= _one_of(letter)
        spent = np.flatnonzero(here == 0)
        here[spent] = last[place[spent]]
        left[place] = here
        vertex = _move(vertex[:count], letter, vertices)
        numbers += _ONE
        target += 1


def _count_exits(
    left: np.ndarray, codes: np.ndarray, first: np.ndarray, vertex: np.ndarray, walking: list[int]
) -> None:
    """Count in `left` the letters that follow on each vertex, from positions `first` on."""
    vertices = len(left) // len(first)
    base, position = np.arange(len(first)) * vertices, first.copy()
    for count in walking:
        letter = codes[position[:count]].astype(np.int64)
        left[base[:count] + vertex[:count]] += _one_of(letter)
        vertex = _move(vertex[:count], letter, vertices)
        position += 1


def _draw_last_exits(
    left: np.ndarray, root: np.ndarray, vertices: int, state: np.ndarray
) -> np.ndarray:
    """Draw the last exit of each vertex but the roots: uint64 (runs * vertices,), counts of one."""
    numbers = np.arange(vertices)
    is_loop = _move(numbers, numbers % LETTERS, vertices) == numbers
    loop = np.where(is_loop, np.uint64(0xFFFF) << (16 * (numbers % LETTERS)).astype(np.uint64), 0)
    onward = left.reshape(-1, vertices) & ~loop.astype(np.uint64)
    onward = onward.ravel()
    last = np.zeros_like(left)

    def draw(places: np.ndarray, bits: np.ndarray) -> np.ndarray:
        letter = _draw(onward[places], bits).astype(np.int64)
        last[places] = _one_of(letter)
        vertex = places % vertices
        return places - vertex + _move(vertex, letter, vertices)

    needs_exit = left > 0
    needs_exit[root] = False
    draw_trees(np.flatnonzero(needs_exit), root, draw, state)
    return last


def _draw(left: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Draw a letter from each number of four counts, as likely as it is counted: uint8."""
    # the count of a letter and of all before it
    sums = left * _EACH
    drawn = ((bits >> np.uint64(16)) * (sums >> _TOTAL)) >> _TOTAL
    # the highest bit survives where the number drawn is not below the sum
    reached = ((drawn * _EACH) | _HIGHEST) - sums
    return np.bitwise_count(reached & _HIGHEST_BUT_LAST)


def _one_of(letter: np.ndarray) -> np.ndarray:
    """Count each letter, int64, once: uint64."""
    return _ONE << (letter << 4).view(np.uint64)


def _move(vertex: np.ndarray, letter: np.ndarray, vertices: int) -> np.ndarray:
    """Append a letter to each vertex, whose first letter drops out."""
    return ((vertex << 2) | letter) & (vertices - 1)
