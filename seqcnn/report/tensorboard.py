"""Event files for TensorBoard, written without it: records of scalars, each with a checksum.

The format is that of TensorFlow's event files: a record is its length (uint64), the masked CRC-32C
of that, the data, and the masked CRC-32C of the data; the data is a protocol buffer `Event`.
"""

import struct
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from seqcnn.errors import SeqcnnError

VERSION = "brain.Event:2"
"""What the first record of a file says."""

_POLYNOMIAL = 0x82F63B78


class EventFile:
    """A file of scalars that TensorBoard shows as curves.

    Parameters
    ----------
    folder
        Curves of one folder belong together; made if it is not there. A run that is resumed writes
        another file to it.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        now = time.time()
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(10_000):
            path = folder / f"events.out.tfevents.{int(now):010d}.seqcnn.{number}"
            if not path.exists():
                self.path = path
                self._append(_double(1, now) + _bytes(3, VERSION.encode()))
                return
        raise SeqcnnError("too many event files: remove some", path=folder)

    def write(self, values: Mapping[str, float], step: int) -> None:
        """Write values of a step; curves are named by what is before ``/`` and behind it."""
        summary = b"".join(
            _bytes(1, _bytes(1, name.encode()) + _float(2, value)) for name, value in values.items()
        )
        self._append(_double(1, time.time()) + _integer(2, step) + _bytes(5, summary))

    def _append(self, event: bytes) -> None:
        # opened each time, so that what was written is there whatever happens next
        with self.path.open("ab") as handle:
            handle.write(record(event))


def record(data: bytes) -> bytes:
    """Frame data as a record with checksums."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def crc32c(data: bytes) -> int:
    """Compute the CRC-32C (Castagnoli) of bytes, RFC 3720, appendix B.4.

    Examples
    --------
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    value, table = 0xFFFFFFFF, _table()
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


def _checksum(data: bytes) -> bytes:
    value = crc32c(data)
    # masked, as checksums of what holds checksums are weak
    return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)
