"""Event files against known checksums and a decoder of their own."""

import struct

import pytest

from seqcnn.report.tensorboard import EventFile, crc32c

VECTORS = [
    (b"", 0x00000000),
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
]
"""Those of RFC 3720, appendix B.4, and the check value of CRC-32C."""


@pytest.mark.parametrize(("data", "value"), VECTORS)
def test_checksums_are_those_of_the_standard(data, value):
    assert crc32c(data) == value


def fields(data):
    """Take a protocol buffer apart: (field, value) pairs."""
    found, at = [], 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        found.append((key >> 3, data[at : at + size]))
        at += size
    return found


def records(raw):
    at = 0
    while at < len(raw):
        (length,) = struct.unpack_from("<Q", raw, at)
        data = raw[at + 12 : at + 12 + length]
        for part, place in ((raw[at : at + 8], at + 8), (data, at + 12 + length)):
            value = crc32c(part)
            masked = (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF
            assert struct.unpack_from("<I", raw, place)[0] == masked
        yield data
        at += 16 + length


def test_what_is_written_is_read_again(tmp_path):
    file = EventFile(tmp_path / "run")
    file.write({"loss": 0.5, "speed/x": -3e7}, 1)
    file.write({"loss": float("nan")}, 300)
    other = EventFile(tmp_path / "run")
    assert other.path != file.path and other.path.name.startswith("events.out.tfevents.")
    first, *events = [dict(fields(data)) for data in records(file.path.read_bytes())]
    assert first[3] == b"brain.Event:2" and struct.unpack("<d", first[1])[0] > 1e9
    assert [event[2] for event in events] == [1, 300]
    values = [dict(fields(value)) for _, value in fields(events[0][5])]
    assert [v[1] for v in values] == [b"loss", b"speed/x"]
    assert [struct.unpack("<f", v[2])[0] for v in values] == [0.5, -3e7]
