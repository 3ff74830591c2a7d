"""`Names`: the words of many headers in one buffer, turned into text only when it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np

_WORD = 8
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False, repr=False)
class Names(Sequence[str]):
    """A sequence of texts that behaves as a tuple of str, and makes none before it must.

    Parameters
    ----------
    buffer
        UTF-8.
    starts, ends
        int64 (n,): text i is ``buffer[starts[i]:ends[i]]``.

    Examples
    --------
    >>> names = Names(b"s1 s2", np.array([0, 3]), np.array([2, 5]))
    >>> names[1], names == ("s1", "s2")
    ('s2', True)
    """

    buffer: bytes
    starts: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> "Names": ...
    def __getitem__(self, index: int | slice) -> "str | Names":
        if isinstance(index, slice):
            return Names(self.buffer, self.starts[index], self.ends[index])
        return self.buffer[self.starts[index] : self.ends[index]].decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | Names) and self._texts == tuple(other)

    def __hash__(self) -> int:
        return hash(self._texts)

    def __repr__(self) -> str:
        return repr(self._texts)

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        # a few names need not carry the headers of a whole file with them
        return tuple, (self._texts,)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        limits = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        if self.buffer.isascii():
            letters = self.buffer.decode()
            return tuple([letters[start:end] for start, end in limits])
        return tuple([self.buffer[start:end].decode() for start, end in limits])

    def hashes(self) -> np.ndarray:
        """Compute a number for each text: equal for equal texts, else different but for chance.

        Returns
        -------
        numpy.ndarray
            uint64 (n,).
        """
        buffer = self.buffer.ljust(_WORD, b"\0")
        # eight bytes from any position on, as one number
        words = np.ndarray(len(buffer) - _WORD + 1, "<u8", buffer, strides=(1,))
        lengths = self.ends - self.starts
        result = lengths.astype(np.uint64)
        rows = np.arange(len(self))
        for done in range(0, int(lengths.max(initial=0)), _WORD):
            rows = rows[lengths[rows] > done]
            start = self.starts[rows] + done
            # the last words of the buffer are read further left, and moved
            shift = np.maximum(start - len(words) + 1, 0)
            word = words[start - shift] >> (8 * shift).astype(np.uint64)
            missing = np.maximum(_WORD - (lengths[rows] - done), 0)
            word &= np.uint64(2**64 - 1) >> (8 * missing).astype(np.uint64)
            word = (word + result[rows]) * _ODD
            result[rows] = word ^ (word >> np.uint64(32))
        return result


def take_names(names: Sequence[str], rows: np.ndarray) -> Sequence[str]:
    """Choose names by position, int64 (m,), in the order given."""
    if isinstance(names, Names):
        return Names(names.buffer, names.starts[rows], names.ends[rows])
    chosen: list[int] = rows.tolist()
    return tuple(names[row] for row in chosen)
