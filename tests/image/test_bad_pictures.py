"""What is wrong with a picture is said in one line that names the file."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from seqcnn.errors import SeqcnnError
from seqcnn.image.files import read_image, write_image
from seqcnn.image.sources import read_pictures

NOISE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def encoded(kind: str, pixels: np.ndarray = NOISE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff_of_size(width: int, height: int) -> bytes:
    """A TIFF file of eight tags that announces any size and holds nothing."""
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (278, height),
            (279, 4)]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 12, len(tags))[:4] + bytes(4) + struct.pack(
        "<H", len(tags)
    ) + body + bytes(4)  # fmt: skip


def nan_npy() -> bytes:
    pixels = np.zeros((4, 4), np.float32)
    pixels[1, 2] = np.nan
    buffer = io.BytesIO()
    np.save(buffer, pixels)
    return buffer.getvalue()


def objects_npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}]), allow_pickle=True)
    return buffer.getvalue()


BAD = {
    "truncated.png": (encoded("PNG")[:2000], "damaged or cut off"),
    "head-only.png": (encoded("PNG")[:20], "not a picture|damaged or cut off"),
    "flipped.png": (encoded("PNG")[:60] + bytes(8) + encoded("PNG")[68:], "damaged or cut off"),
    "truncated.jpg": (encoded("JPEG")[:900], "damaged or cut off"),
    "truncated.tif": (tiff(NOISE)[:-3000], "damaged or cut off"),
    "packed.tif": (tiff(NOISE, compression="zlib")[:-3000], "damaged or cut off"),
    "lzw.tif": (encoded("TIFF", compression="tiff_lzw")[:3000], "damaged or cut off"),
    "head.tif": (tiff(NOISE)[:60], "damaged or cut off"),
    "empty.png": (b"", r"the file is empty \(0 bytes\)"),
    "text.png": (b"not a picture", "is not a picture that can be read: it begins with b'not a pi"),
    "nan.npy": (nan_npy(), r"1 of 16 values are not finite \(the first, at \(1, 2, 0\), is nan\)"),
    "nan.tif": (tiff(np.full((3, 3), np.inf, np.float32)), "9 of 9 values are not finite"),
    "objects.npy": (objects_npy(), "cannot be read as NPY"),
    "cut.npy": (nan_npy()[:-10], "cannot be read as NPY"),
    "bomb.png": (png_of_size(100_000, 100_000), "refused as a decompression bomb"),
    "bomb.tif": (tiff_of_size(50_000, 40_000), "announces 2,000,000,000 bytes of pixels: refused"),
    "none.npy": (tiff_of_size(0, 0), "damaged|no pixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_every_fault_has_one_clear_line(tmp_path, name):
    content, message = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SeqcnnError, match=message) as caught:
        read_image(tmp_path / name)
    text = str(caught.value)
    assert text.startswith(str(tmp_path / name)) and "\n" not in text
    assert len(text) < len(str(tmp_path)) + 300


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(SeqcnnError, match="no such file"):
        read_image(tmp_path / "a.png")
    with pytest.raises(SeqcnnError, match="is a folder"):
        read_image(tmp_path)


def fill(folder: Path, sizes: dict[str, tuple[int, ...]]) -> Path:
    for name, shape in sizes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / name, np.full(shape, 9, np.uint8))
    return folder


def table(folder: Path, text: str) -> Path:
    path = folder / "labels.tsv"
    path.write_text(text)
    return path


def test_faults_of_folders(tmp_path):
    with pytest.raises(SeqcnnError, match="there are no pictures in the folder"):
        read_pictures(tmp_path)
    mixed = fill(tmp_path / "mixed", {"a/1.png": (4, 5), "b/2.png": (6, 5)})
    with pytest.raises(SeqcnnError, match=r"b/2.png: is 6 x 5 .*'a/1.png' is 4 x 5.*--size 4x5"):
        read_pictures(mixed)
    assert read_pictures(mixed, size=3).x.shape == (2, 3, 3, 1)
    one = fill(tmp_path / "one", {"a/1.png": (4, 5), "a/2.png": (4, 5)})
    with pytest.raises(SeqcnnError, match="only one class: all 2 pictures are 'a'"):
        read_pictures(one, need_labels=True)
    flat = fill(tmp_path / "flat", {"1.png": (4, 5)})
    assert read_pictures(flat).labels is None
    with pytest.raises(SeqcnnError, match="nothing is known of these pictures"):
        read_pictures(flat, need_labels=True)
    both = fill(tmp_path / "both", {"1.png": (4, 5), "a/2.png": (4, 5)})
    with pytest.raises(SeqcnnError, match="lie in the folder itself"):
        read_pictures(both)
    (tmp_path / "idx").mkdir()
    (tmp_path / "idx" / "train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(SeqcnnError, match="name that file, not its folder"):
        read_pictures(tmp_path / "idx")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file\tlabel\n1.png\ta\n3.png\tb\n", r"line 3: 1 of 2 files of the table are.*'3.png'"),
        ("file\tlabel\n1.png\ta\n", r"1 of 2 pictures have no label in the table: '2.png'"),
        ("file\tlabel\n1.png\ta\n2.png\tNA\n", r"line 3: '2.png' has no label"),
        ("file\tlabel\n1.png\ta\n2.png\ta\n", "only one class: all 2 labels are 'a'"),
        ("file\tlabel\n1.png\ta\n1.png\tb\n", r"line 3: '1.png' stands on line 2 already"),
        ("file\tlabel\n1.png\ta\tb\n", r"line 2: the row has 3 cells, the header has 2"),
        ("file\tx\ty\n1.png\ta\tb\n2.png\tc\td\n", "x, y hold texts: name the one column"),
        ("file\tx\n", "has a header only"),
        ("file\n1.png\n", "a table has columns with a tab or comma"),
        ("", "the table is empty"),
        ("file\tx\tx\n1.png\t1\t2\n", "the name 'x' comes twice"),
    ],
)
def test_faults_of_tables(tmp_path, text, message):
    folder = fill(tmp_path / "flat", {"1.png": (4, 5), "2.png": (4, 5)})
    with pytest.raises(SeqcnnError, match=message) as caught:
        read_pictures(folder, labels=table(tmp_path, text))
    assert "labels.tsv" in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": np.zeros((2, 3, 3))}, "the arrays are called pictures: pictures must be"),
        ({"x": np.zeros((2, 3, 3)), "y": np.zeros(3)}, r"2 pictures have labels of shape \(3,\)"),
        ({"x": np.zeros((3, 3))}, r"pictures are \(n, height, width\)"),
        ({"x": np.full((2, 3, 3), np.nan)}, "18 of 18 values are not finite"),
        (
            {"x": np.zeros((2, 3, 3)), "y": np.array([0, 2]), "classes": np.array(["a", "b"])},
            "labels go from 0 to 2, there are 2 classes",
        ),
    ],
)
def test_faults_of_arrays(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(SeqcnnError, match=message):
        read_pictures(tmp_path / "a.npz")


def test_faults_of_idx_and_npz_files(tmp_path):
    path = tmp_path / "t-images-idx3-ubyte"
    path.write_bytes(struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 3, 3) + bytes(17))
    with pytest.raises(SeqcnnError, match=r"announces \(2, 3, 3\) values, 34 bytes, but has 33"):
        read_pictures(path)
    path.write_bytes(b"nothing")
    with pytest.raises(SeqcnnError, match="is not IDX: it begins with b'noth'"):
        read_pictures(path)
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3, 3)))
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:100])
    with pytest.raises(SeqcnnError, match="cannot be read as NPZ"):
        read_pictures(tmp_path / "a.npz")
