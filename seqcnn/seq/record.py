"""`SequenceSet`: many sequences as one buffer of codes, with no Python object per letter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD, Alphabet
from seqcnn.seq.names import take_names

_ROWS = 1 << 14
"""Sequences that are laid in rows together."""


@dataclass(frozen=True, eq=False)
class SequenceSet:
    """Sequences of any lengths over one alphabet.

    Parameters
    ----------
    alphabet
        What the codes mean.
    codes
        uint8 (total length,): all sequences, one behind the other.
    offsets
        int64 (n + 1,): sequence i is ``codes[offsets[i]:offsets[i + 1]]``.
    ids
        n names, the first word of each header; may repeat.
    descriptions
        n texts, the rest of each header; empty when there is none to keep.
    """

    alphabet: Alphabet
    codes: np.ndarray
    offsets: np.ndarray
    ids: Sequence[str]
    descriptions: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.offsets) - 1 or self.offsets[-1] != len(self.codes):
            raise SeqcnnError("`ids`, `offsets` and `codes` do not fit together")

    @classmethod
    def from_strings(
        cls,
        sequences: Sequence[str],
        *,
        alphabet: Alphabet,
        ids: Sequence[str] | None = None,
    ) -> "SequenceSet":
        """Encode Python strings.

        Examples
        --------
        >>> from seqcnn.seq.alphabet import DNA
        >>> SequenceSet.from_strings(["ACGT", "GG"], alphabet=DNA).lengths.tolist()
        [4, 2]
        """
        return cls.from_arrays([alphabet.encode(s) for s in sequences], alphabet=alphabet, ids=ids)

    @classmethod
    def from_arrays(
        cls,
        arrays: Sequence[np.ndarray],
        *,
        alphabet: Alphabet,
        ids: Sequence[str] | None = None,
    ) -> "SequenceSet":
        """Join uint8 code arrays, one a sequence; names default to ``seq_1``, ``seq_2``, ..."""
        offsets = np.cumsum([0, *map(len, arrays)], dtype=np.int64)
        codes = np.concatenate(arrays).astype(np.uint8) if len(arrays) else np.zeros(0, np.uint8)
        names = tuple(ids) if ids is not None else tuple(f"seq_{i + 1}" for i in range(len(arrays)))
        return cls(alphabet, codes, offsets, names)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """Codes of one sequence, a view."""
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return self.codes[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"SequenceSet({len(self)} sequences, {len(self.codes)} letters, {self.alphabet})"

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 (n,): letters in each sequence."""
        return np.diff(self.offsets)

    def text(self, index: int) -> str:
        """One sequence as letters."""
        return self.alphabet.decode(self[index])

    def select(self, index: np.ndarray | Sequence[int]) -> "SequenceSet":
        """Take sequences by position or by a boolean mask, in the order given."""
        rows = np.asarray(index)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        offsets = np.concatenate([[0], np.cumsum(self.lengths[rows])]).astype(np.int64)
        buffer, first, last = self.codes, self.offsets[:-1][rows], self.offsets[1:][rows]
        pieces = [buffer[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        codes = np.concatenate(pieces) if pieces else self.codes[:0]
        ids = take_names(self.ids, rows)
        descriptions = take_names(self.descriptions, rows) if self.descriptions else ()
        return SequenceSet(self.alphabet, codes, offsets, ids, descriptions)

    def padded(self, length: int | None = None) -> np.ndarray:
        """Lay the sequences in rows.

        Parameters
        ----------
        length
            Columns of the result; at least the longest sequence, which is the default.

        Returns
        -------
        numpy.ndarray
            uint8 (n, length), filled up with `PAD` on the right; a view that cannot be written to
            if nothing has to be filled up.
        """
        longest = int(self.lengths.max(initial=0))
        length = longest if length is None else length
        if length < longest:
            raise SeqcnnError(f"`length` is {length}, but the longest sequence has {longest}")
        if len(self) * length == len(self.codes):
            # all are as long as the rows: nothing is copied, for there may be a gigabyte of them
            rows = self.codes.reshape(len(self), length).view()
            rows.setflags(write=False)
            return rows
        rows = np.full((len(self), length), PAD, np.uint8)
        for low in range(0, len(self), _ROWS):
            high = min(low + _ROWS, len(self))
            inside = np.arange(length) < self.lengths[low:high, None]
            rows[low:high][inside] = self.codes[self.offsets[low] : self.offsets[high]]
        return rows

    def reverse_complement(self) -> "SequenceSet":
        """Read the other strand of every sequence; their order stays."""
        # reversing the whole buffer reverses the order of the sequences too; select undoes that
        flipped = SequenceSet(
            self.alphabet,
            self.alphabet.reverse_complement(self.codes),
            self.offsets[-1] - self.offsets[::-1],
            self.ids[::-1],
            self.descriptions[::-1],
        )
        return flipped.select(np.arange(len(self))[::-1])


def concatenate(sets: Sequence[SequenceSet]) -> SequenceSet:
    """Join sets over one alphabet into one, in order."""
    first = sets[0]
    if any(s.alphabet != first.alphabet for s in sets):
        raise SeqcnnError("`sets` have different alphabets")
    lengths = np.concatenate([s.lengths for s in sets])
    return SequenceSet(
        first.alphabet,
        np.concatenate([s.codes for s in sets]),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        tuple(name for s in sets for name in s.ids),
        tuple(d for s in sets for d in s.descriptions) if all(s.descriptions for s in sets) else (),
    )
