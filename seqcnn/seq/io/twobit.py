"""Read genomes in UCSC's 2bit format: four letters a byte, with lists of N and soft-masked blocks.

The format is described at https://genome.ucsc.edu/FAQ/FAQformat.html#format7; both byte orders and
version 1, whose offsets have 64 bits, are read.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.genome import Genome
from seqcnn.seq.io.access import PlainParts

SIGNATURE = 0x1A412743
MAGIC = {SIGNATURE.to_bytes(4, "little"): "<", SIGNATURE.to_bytes(4, "big"): ">"}
"""First bytes of the file, by byte order."""

PIECE = 1 << 20
"""Letters that are unpacked at a time."""

_LETTERS = np.frombuffer(b"TCAG", np.uint8)
_FOUR = _LETTERS[(np.arange(256)[:, None] >> np.array([6, 4, 2, 0])) & 3].view(np.uint32).ravel()
"""The four letters of each byte, as one number: one look-up gives all."""
_LOWER = np.uint8(0x20)
"""Bit that turns a letter into lower case."""


@dataclass(frozen=True, eq=False)
class _Record:
    """Where a chromosome lies.

    Parameters
    ----------
    unknown, masked
        uint32 (2, blocks): starts and ends of blocks of N, and of lower case.
    place
        Bytes of the file before its letters.
    """

    unknown: np.ndarray
    masked: np.ndarray
    place: int


class TwoBit(Genome):
    """A 2bit file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SeqcnnError
        It is damaged, or no 2bit file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self._file = path, PlainParts(path)
        self._order = MAGIC.get(self._file.read(0, 4), "")
        if not self._order:
            raise SeqcnnError("is no 2bit file", path=path)
        version, count, _ = self._numbers(4, 3)
        if version not in (0, 1):
            raise SeqcnnError(f"2bit of version {version}: only 0 and 1 are known", path=path)
        self._names, self._offsets = self._read_index(count, wide=version == 1)
        self._lengths = np.array([self._numbers(place, 1)[0] for place in self._offsets], np.int64)
        self._records: dict[int, _Record] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the chromosomes."""
        return self._names

    @property
    def lengths(self) -> np.ndarray:
        """int64 (chromosomes,): letters of each."""
        return self._lengths

    def letters(self, chromosome: np.ndarray, start: np.ndarray, end: np.ndarray) -> bytes:
        """Read stretches as text; lower case where masked."""
        edges = np.flatnonzero(np.diff(chromosome)) + 1
        text = []
        for rows in np.split(np.arange(len(chromosome)), edges):
            if len(rows):
                record = self._record(int(chromosome[rows[0]]))
                text += self._of_record(record, start[rows], end[rows])
        return b"".join(text)

    def _of_record(self, record: _Record, start: np.ndarray, end: np.ndarray) -> list[bytes]:
        """Read stretches of a chromosome, some at a time."""
        turns = (np.cumsum(end - start) - 1) // PIECE
        groups = np.split(np.arange(len(start)), np.flatnonzero(np.diff(turns)) + 1)
        return [self._unpacked(record, start[rows], end[rows]) for rows in groups]

    def _unpacked(self, record: _Record, start: np.ndarray, end: np.ndarray) -> bytes:
        first, stop = start // 4, (end + 3) // 4
        read = self._file.read
        columns = ((record.place + first).tolist(), (stop - first).tolist())
        packed = b"".join([read(place, size) for place, size in zip(*columns, strict=True)])
        if len(packed) != (stop - first).sum():
            raise SeqcnnError("truncated 2bit file: copy or download it again", path=self.path)
        letters = _FOUR.take(np.frombuffer(packed, np.uint8)).view(np.uint8)
        lengths = end - start
        # where each stretch begins among the letters that were unpacked, and in the result
        offsets = np.cumsum(lengths) - lengths
        begin = 4 * (np.cumsum(stop - first) - (stop - first)) + start % 4
        places = np.repeat(begin - offsets, lengths)
        places += np.arange(len(places))
        letters = letters.take(places)
        if (covered := _covered(record.unknown, start, end, offsets)) is not None:
            letters[covered.view(bool)] = ord("N")
        if (covered := _covered(record.masked, start, end, offsets)) is not None:
            letters |= covered * _LOWER
        return letters.tobytes()

    def _record(self, chromosome: int) -> _Record:
        """Read the blocks of a chromosome when they are first needed."""
        if chromosome not in self._records:
            unknown, place = self._read_blocks(self._offsets[chromosome] + 4)
            masked, place = self._read_blocks(place)
            self._records[chromosome] = _Record(unknown, masked, place + 4)
        return self._records[chromosome]

    def _read_blocks(self, place: int) -> tuple[np.ndarray, int]:
        """Read starts and ends, uint32 (2, blocks), and where the list ends."""
        count = self._numbers(place, 1)[0]
        content = self._bytes(place + 4, 8 * count)
        starts, sizes = np.frombuffer(content, f"{self._order}u4").reshape(2, count)
        return np.stack([starts, starts + sizes]).astype(np.uint32), place + 4 + 8 * count

    def _read_index(self, count: int, *, wide: bool) -> tuple[tuple[str, ...], list[int]]:
        names, offsets, place = [], [], 16
        size, kind = (8, "Q") if wide else (4, "I")
        for _ in range(count):
            length = self._bytes(place, 1)[0]
            entry = self._bytes(place + 1, length + size)
            names.append(entry[:length].decode("utf-8", "replace"))
            offsets.append(struct.unpack(self._order + kind, entry[length:])[0])
            place += 1 + length + size
        if not names:
            raise SeqcnnError("no sequences: the 2bit file holds none", path=self.path)
        return tuple(names), offsets

    def _numbers(self, place: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self._order}{count}I", self._bytes(place, 4 * count))

    def _bytes(self, place: int, size: int) -> bytes:
        content = self._file.read(place, size)
        if len(content) != size:
            raise SeqcnnError("truncated 2bit file: copy or download it again", path=self.path)
        return content


def _covered(
    blocks: np.ndarray, start: np.ndarray, end: np.ndarray, offsets: np.ndarray
) -> np.ndarray | None:
    """Tell which letters of stretches lie in blocks.

    Parameters
    ----------
    blocks
        uint32 (2, blocks): starts and ends, in order and apart.
    start, end, offsets
        int64 (n,): stretches, and where each begins in the result.

    Returns
    -------
    numpy.ndarray or None
        uint8 (letters,): 1 or 0; None if no letter does.
    """
    first = np.searchsorted(blocks[1], start.astype(np.uint32), "right")
    beyond = np.searchsorted(blocks[0], end.astype(np.uint32), "left")
    counts = np.where(end > start, np.maximum(beyond - first, 0), 0)
    if not counts.any():
        return None
    rows = np.repeat(np.arange(len(start)), counts)
    block = np.arange(len(rows)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    shift = (offsets - start)[rows]
    begin = np.maximum(blocks[0][block].astype(np.int64), start[rows]) + shift
    stop = np.minimum(blocks[1][block].astype(np.int64), end[rows]) + shift
    # how much deeper in blocks each letter is than the one before it
    steps = np.zeros(int(offsets[-1] + end[-1] - start[-1]) + 1, np.int8)
    filled = stop > begin
    np.add.at(steps, begin[filled], 1)
    np.subtract.at(steps, stop[filled], 1)
    return np.cumsum(steps[:-1], dtype=np.int8).view(np.uint8)
