import bz2
import errno
import gzip
import io
import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.data import files
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.io.files import atomic_write, open_bytes

TEXT = b">a\nACGT\n" * 3000
PACK = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def store(folder: Path, content: bytes, name: str = "x") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", PACK)
def test_content_is_known_by_its_first_bytes(tmp_path, kind):
    assert open_bytes(store(tmp_path, PACK[kind](TEXT))) == TEXT


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_all_members_are_read(tmp_path, kind):
    # bgzip and parallel compressors write many; most are smaller than what is read at a time
    members = [PACK[kind](TEXT[i : i + 1000]) for i in range(0, len(TEXT), 1000)]
    assert open_bytes(store(tmp_path, b"".join(members))) == TEXT


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_every_truncation_is_refused(tmp_path, kind):
    packed = PACK[kind](TEXT)
    for length in range(7, len(packed), 5):
        with pytest.raises(SeqcnnError, match="truncated") as error:
            open_bytes(store(tmp_path, packed[:length]))
        assert error.value.path == tmp_path / "x"


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_no_flipped_bit_passes_unseen(tmp_path, kind):
    packed = PACK[kind](TEXT)
    header = {"gz": 10, "bz2": 4, "xz": 12}[kind]
    for position in range(header, len(packed), max(1, len(packed) // 60)):
        damaged = bytearray(packed)
        damaged[position] ^= 4
        try:
            assert open_bytes(store(tmp_path, bytes(damaged))) == TEXT
        except SeqcnnError as error:
            assert "corrupt" in str(error) or "truncated" in str(error)


def test_bytes_behind_the_stream_are_a_warning(tmp_path):
    path = store(tmp_path, gzip.compress(TEXT) + b"garbage")
    with pytest.warns(SeqcnnWarning, match="7 bytes behind the gzip data") as caught:
        assert open_bytes(path) == TEXT
    assert len(caught) == 1


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_BOMB_BYTES", 1 << 20)
    bomb = store(tmp_path, gzip.compress(bytes(1 << 25)))
    with pytest.raises(SeqcnnError, match="decompression bomb"):
        open_bytes(bomb)
    monkeypatch.setattr(files, "_BOMB_RATIO", 2000)
    assert len(open_bytes(bomb)) == 1 << 25


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(SeqcnnError, match="absent: no such file"):
        open_bytes(tmp_path / "absent")
    with pytest.raises(SeqcnnError, match="there is no folder"):
        open_bytes(tmp_path / "nowhere" / "x")
    with pytest.raises(SeqcnnError, match="is a folder"):
        open_bytes(tmp_path)
    with pytest.raises(SeqcnnError, match="part of the path is a file"):
        open_bytes(store(tmp_path, b"") / "x")


def test_missing_permission_is_named(tmp_path, monkeypatch):
    # the superuser may read everything, so the refusal is played
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = store(tmp_path, TEXT)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SeqcnnError, match="no permission"):
        open_bytes(path)
    with pytest.raises(SeqcnnError, match="no permission"), atomic_write(tmp_path / "y"):
        pass


def test_zstd_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(SeqcnnError, match=r"pip install 'seqcnn\[zstd\]'"):
        open_bytes(store(tmp_path, PACK["zst"](TEXT)))


def test_standard_input_and_pipes_are_read(tmp_path, monkeypatch):
    packed = io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT)))
    monkeypatch.setattr(sys, "stdin", packed)
    assert open_bytes("-") == TEXT
    reading, writing = os.pipe()
    os.write(writing, b">a\nACGT\n")
    os.close(writing)
    assert open_bytes(f"/dev/fd/{reading}") == b">a\nACGT\n"
    os.close(reading)


@given(content=st.binary(max_size=300), suffix=st.sampled_from(["", ".gz", ".bz2", ".xz", ".zst"]))
def test_what_is_written_is_read(tmp_path_factory, content, suffix):
    path = tmp_path_factory.mktemp("w") / f"x{suffix}"
    with atomic_write(path, "wb") as file:
        file.write(b">" + content)
    assert open_bytes(path) == b">" + content
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_equal_content_gives_equal_bytes(tmp_path, suffix):
    for name in ("one", "two"):
        with atomic_write(tmp_path / f"{name}.{suffix}") as file:
            file.write("motif\tβ\n")
    one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two != b"motif\t\xce\xb2\n"
    if suffix == "gz":
        assert one[4:8] == bytes(4), "a date in the header"


def test_gzip_is_readable_by_others(tmp_path):
    with atomic_write(tmp_path / "x.gz") as file:
        file.write("line\n")
    assert gzip.decompress((tmp_path / "x.gz").read_bytes()) == b"line\n"


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, suffix, error):
    path = store(tmp_path, b"old", f"x{suffix}")
    with pytest.raises(error), atomic_write(path) as file:
        file.write("new" * 100_000)
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_an_os_error_and_leaves_nothing(tmp_path, monkeypatch):
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"), atomic_write(tmp_path / "x") as file:
        file.write("new")
    assert list(tmp_path.iterdir()) == []


def test_devices_are_written_not_replaced():
    with atomic_write("/dev/null") as file:
        file.write("x")
    assert Path("/dev/null").is_char_device()


def test_links_keep_pointing(tmp_path):
    target = store(tmp_path, b"old", "target")
    (tmp_path / "link").symlink_to(target)
    with atomic_write(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "new"


def test_impossible_targets_are_named(tmp_path):
    with pytest.raises(SeqcnnError, match="there is no folder"), atomic_write(tmp_path / "a" / "b"):
        pass
    with pytest.raises(SeqcnnError, match="is a folder"), atomic_write(tmp_path):
        pass
    with pytest.raises(SeqcnnError, match="`mode` must be"), atomic_write(tmp_path / "x", "a"):
        pass


def test_standard_output_takes_text_and_bytes(capfdbinary):
    with atomic_write("-") as file:
        file.write("β\n")
    with atomic_write("-", "wb") as file:
        file.write(b"bytes\n")
    print("still open", flush=True)
    assert capfdbinary.readouterr().out == b"\xce\xb2\nbytes\nstill open\n"


def test_a_reader_that_leaves_is_no_error():
    program = (
        "from seqcnn.seq.io.files import atomic_write\n"
        "with atomic_write('-') as file:\n"
        "    for _ in range(200_000): file.write('ACGTACGTACGT\\n')\n"
    )
    command = f'"{sys.executable}" -c "$PROGRAM" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", command], env=os.environ | {"PROGRAM": program}, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ACGTACGTACGT\n", b"")
