"""`Genome`: letters of chromosomes by place, whatever file they lie in."""

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD, Alphabet
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.record import SequenceSet

_LOWER = bytes(range(ord("a"), ord("z") + 1))


class Genome(ABC):
    """Chromosomes that can be read in part.

    A kind of file has to give `names`, `lengths` and `letters`; the rest follows.
    """

    path: str | Path

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the chromosomes, in the order of the file."""

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """int64 (chromosomes,): letters of each."""

    @abstractmethod
    def letters(self, chromosome: np.ndarray, start: np.ndarray, end: np.ndarray) -> bytes:
        """Read stretches as text.

        Parameters
        ----------
        chromosome
            int64 (n,): positions in `names`.
        start, end
            int64 (n,), from 0, half open; within the chromosome. Stretches come in the order of
            the file: by chromosome, then by start.

        Returns
        -------
        bytes
            The letters of all stretches, one behind the other; lower case where the file has it.
        """

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Positions in `names`; the first of those that bear one name."""
        return {name: i for i, name in reversed(list(enumerate(self.names)))}

    def fetch(
        self,
        intervals: IntervalSet,
        *,
        stranded: bool = False,
        alphabet: Alphabet = DNA,
        mask: str = "none",
    ) -> SequenceSet:
        """Read the letters of intervals.

        Parameters
        ----------
        intervals
            On chromosomes of this genome, within their ends.
        stranded
            Read intervals on the reverse strand as their reverse complement, and put strands into
            the ids.
        alphabet
            DNA, or RNA to read T as U.
        mask
            ``"none"`` reads lower case as upper, ``"lower"`` as N.

        Returns
        -------
        SequenceSet
            In the order of `intervals`; ids are ``chromosome:start-end``, or with ``(strand)``
            behind it, descriptions the names of the intervals.

        Raises
        ------
        SeqcnnError
            An interval lies outside of the genome, or the file is damaged or no genome.
        """
        chromosome = self._chromosomes(intervals)
        order = np.lexsort((intervals.start, chromosome))
        # sorted already, as most files are: the letters need not be moved
        in_order = bool((np.diff(order) == 1).all())
        rows = np.arange(len(order)) if in_order else order
        text = self.letters(chromosome[rows], intervals.start[rows], intervals.end[rows])
        offsets = np.concatenate([[0], np.cumsum(intervals.lengths[rows])]).astype(np.int64)
        if len(text) != offsets[-1]:
            raise SeqcnnError(
                "has other letters than its index says: index it again", path=self.path
            )
        codes = self._encoded(text, offsets, intervals.select(rows), alphabet, mask)
        found = SequenceSet(alphabet, codes, offsets, ("",) * len(rows))
        if not in_order:
            found = found.select(np.argsort(order))
        codes = found.codes
        if stranded:
            codes = turned(codes, found.offsets, intervals.strand < 0, alphabet)
        ids = intervals.ids(stranded=stranded)
        return SequenceSet(alphabet, codes, found.offsets, ids, tuple(intervals.names))

    def _chromosomes(self, intervals: IntervalSet) -> np.ndarray:
        """Find the chromosomes of intervals, int64 (n,), all within their ends."""
        places = [self.place_of.get(name, -1) for name in intervals.chromosomes]
        chromosome = np.array(places, np.int64)[intervals.chromosome]
        outside = (chromosome < 0) | (intervals.start < 0) | (intervals.start > intervals.end)
        outside |= intervals.end > self.lengths[chromosome]
        if outside.any():
            one = intervals[int(np.argmax(outside))]
            raise SeqcnnError(
                f"`intervals`: {one.chromosome}:{one.start}-{one.end} does not lie in the genome",
                path=self.path,
            )
        return chromosome

    def _encoded(
        self,
        text: bytes,
        offsets: np.ndarray,
        intervals: IntervalSet,
        alphabet: Alphabet,
        mask: str,
    ) -> np.ndarray:
        if mask not in ("none", "lower"):
            raise SeqcnnError(f"`mask` must be 'none' or 'lower', not {mask!r}")
        table = bytearray(alphabet.code_of_byte)
        if mask == "lower":
            for letter in _LOWER:
                table[letter] = alphabet.symbols.index(alphabet.unknown)
        codes = text.translate(bytes(table))
        if (wrong := codes.find(PAD)) >= 0:
            row = int(np.searchsorted(offsets, wrong, "right")) - 1
            letter = text[wrong : wrong + 1].decode("latin-1")
            raise SeqcnnError(
                f"{letter!r} in {intervals.ids()[row]} is no symbol of alphabet "
                f"{alphabet.name!r} ({alphabet.symbols}): is this a genome?",
                path=self.path,
            )
        return np.frombuffer(codes, np.uint8)


def turned(
    codes: np.ndarray, offsets: np.ndarray, reverse: np.ndarray, alphabet: Alphabet
) -> np.ndarray:
    """Read the other strand of some of the sequences in a buffer.

    Parameters
    ----------
    codes
        uint8 (letters,).
    offsets
        int64 (n + 1,): sequence i is ``codes[offsets[i]:offsets[i + 1]]``.
    reverse
        bool (n,).
    alphabet
        One with complements.

    Returns
    -------
    numpy.ndarray
        uint8 (letters,).
    """
    if not reverse.any():
        return codes
    lengths = np.diff(offsets)
    places = np.flatnonzero(np.repeat(reverse, lengths))
    mirrored = np.repeat((offsets[:-1] + offsets[1:] - 1)[reverse], lengths[reverse]) - places
    result = codes.copy()
    result[places] = alphabet.complement_of_code[codes[mirrored]]
    return result
