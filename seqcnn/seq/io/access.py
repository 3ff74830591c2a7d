"""Read parts of a file, plain or compressed by bgzip, without reading what lies before."""

import os
import struct
import weakref
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np

from seqcnn.errors import SeqcnnError

GZIP = b"\x1f\x8b"
_BLOCK = 18
"""Bytes of the head of a block of a bgzip file, whose last two are its size less 1."""

KEPT = 8
"""Blocks that are kept unpacked: neighbouring stretches share them."""


class Parts(Protocol):
    """The content of a file, of which any part can be read."""

    def read(self, offset: int, size: int) -> bytes:
        """Read `size` bytes of the (unpacked) content, fewer at its end."""
        ...


class PlainParts:
    """A plain file."""

    def __init__(self, path: str | Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self.size = os.fstat(self._file).st_size

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes."""
        return os.pread(self._file, size, offset)


class BlockedParts:
    """A file that was compressed by bgzip: blocks of 64 kB, each on its own.

    Parameters
    ----------
    path
        The file. Its blocks are listed in ``<path>.gzi``, or found by going from head to head.

    Raises
    ------
    SeqcnnError
        The file is damaged, or its list of blocks does not fit.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self._file = path, PlainParts(path)
        index = Path(f"{path}.gzi")
        blocks = _read_gzi(index) if index.is_file() else self._find_blocks()
        self._places, self._starts = blocks
        if (np.diff(self._places) <= 0).any() or (np.diff(self._starts) < 0).any():
            raise SeqcnnError("is no index of blocks: remove it", path=index)
        self._kept: dict[int, bytes] = {}

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes of the unpacked content."""
        block = int(np.searchsorted(self._starts, offset, "right")) - 1
        skipped, pieces = offset - int(self._starts[block]), []
        while size > 0 and block < len(self._places):
            piece = self._unpacked(block)[skipped : skipped + size]
            pieces.append(piece)
            size -= len(piece)
            block, skipped = block + 1, 0
        return b"".join(pieces)

    def _unpacked(self, block: int) -> bytes:
        if block not in self._kept:
            place = int(self._places[block])
            size = block_size(self._file.read(place, _BLOCK))
            if size is None:
                raise SeqcnnError("corrupt bgzip file: index it again", path=self.path)
            try:
                content = zlib.decompress(self._file.read(place, size), wbits=31)
            except zlib.error as error:
                raise SeqcnnError(f"corrupt bgzip file ({error})", path=self.path) from None
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[block] = content
        return self._kept[block]

    def _find_blocks(self) -> tuple[np.ndarray, np.ndarray]:
        places, sizes, place = [], [], 0
        while place < self._file.size:
            size = block_size(self._file.read(place, _BLOCK))
            tail = b"" if size is None else self._file.read(place + size - 4, 4)
            if size is None or len(tail) < 4:
                raise SeqcnnError(
                    "truncated or corrupt bgzip file: copy or download it again", path=self.path
                )
            places.append(place)
            sizes.append(struct.unpack("<I", tail)[0])
            place += size
        return np.array(places, np.int64), np.cumsum([0, *sizes[:-1]]).astype(np.int64)


def block_size(head: bytes) -> int | None:
    """Read the size of a block from its first bytes; None if it is none of bgzip."""
    # the size is in an extra field of gzip's head, and bgzip writes no other one
    if len(head) < _BLOCK or head[:4] != b"\x1f\x8b\x08\x04" or head[12:16] != b"BC\x02\x00":
        return None
    return struct.unpack("<H", head[16:18])[0] + 1


def _read_gzi(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read where blocks lie, packed and unpacked; the first, at 0, is not in the file."""
    content = path.read_bytes()
    count = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else -1
    if len(content) != 8 + 16 * count:
        raise SeqcnnError("is no index of blocks: remove it", path=path)
    pairs = np.frombuffer(content, "<u8", offset=8).reshape(-1, 2).astype(np.int64)
    places, starts = np.concatenate([np.zeros((1, 2), np.int64), pairs]).T
    return places, starts
