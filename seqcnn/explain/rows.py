"""Sequences of any lengths in batches of few shapes, so that few programs are compiled."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from seqcnn.seq.alphabet import PAD
from seqcnn.seq.record import SequenceSet

SHORT = 64
"""Shorter sequences are padded to the longest of them."""


def like_lengths(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Group sequences, int64 (n,), so that none is padded to much more than twice its length."""
    classes = np.ceil(np.log2(np.maximum(lengths, SHORT)))
    for number in np.unique(classes):
        yield np.flatnonzero(classes == number)


def padded_rows(sequences: SequenceSet, rows: np.ndarray, length: int | None) -> np.ndarray:
    """Lay some sequences in rows, uint8 (n, columns), as many as a network of a `length` reads."""
    some = sequences.select(rows)
    longest = int(some.lengths.max(initial=0))
    return some.padded(max(longest, 1) if length is None else max(length, longest))


def in_blocks(
    function: Callable[..., Sequence[np.ndarray]], number: int, *arrays: np.ndarray
) -> list[np.ndarray]:
    """Give a function so many rows at a time, and join what it gives.

    Parameters
    ----------
    function
        From arrays to arrays of as many rows.
    number
        Rows of a call; the last call is filled up with padding, so that all have one shape.
    arrays
        uint8 (n, ...), of codes.
    """
    number, parts = max(1, min(number, len(arrays[0]))), []
    for first in range(0, len(arrays[0]), number):
        some = [array[first : first + number] for array in arrays]
        missing = number - len(some[0])
        filled = [
            np.pad(a, ((0, missing), *((0, 0),) * (a.ndim - 1)), constant_values=PAD) for a in some
        ]
        parts.append([np.asarray(r)[: len(some[0])] for r in function(*filled)])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
