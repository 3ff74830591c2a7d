"""Pictures come back from files as they went in; Pillow and hand-made bytes are the witnesses."""

import gzip
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.image.decode import FROM_CMYK, ON_WHITE
from seqcnn.image.files import read_image, read_stack, write_image


def make(dtype: str, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(len(shape))
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [
        ("a.png", "bool", (5, 7)),
        ("a.png", "uint8", (5, 7, 1)),
        ("a.png", "uint8", (5, 7, 3)),
        ("a.png", "uint16", (5, 7)),
        ("a.tif", "bool", (5, 7)),
        ("a.tiff", "uint8", (5, 7, 3)),
        ("a.tif", "uint16", (5, 7, 3)),
        ("a.tif", "float32", (5, 7, 1)),
        ("a.tif", "float32", (5, 7, 2)),
        ("a.npy", "float32", (5, 7, 4)),
        ("a.npy", "uint16", (5, 7)),
        ("a.bmp", "uint8", (5, 7, 3)),
    ],
)
def test_what_is_written_is_read_again(tmp_path, name, dtype, shape):
    pixels = make(dtype, *shape)
    write_image(tmp_path / name, pixels)
    read = read_image(tmp_path / name)
    assert read.dtype == pixels.dtype
    np.testing.assert_array_equal(read, pixels.reshape(5, 7, -1))


@pytest.mark.parametrize("name", ["s.tif", "s.npy"])
@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 1), ("uint16", 3), ("float32", 2)])
def test_stacks_come_back(tmp_path, name, dtype, channels):
    pixels = make(dtype, 3, 9, 8, channels)
    write_image(tmp_path / name, pixels)
    np.testing.assert_array_equal(read_stack(tmp_path / name), pixels)
    with pytest.raises(SeqcnnError, match="holds 3 pages, where one picture is needed"):
        read_image(tmp_path / name)


def test_a_picture_is_a_stack_of_one_and_jpeg_is_near(tmp_path):
    y, x = np.mgrid[:16, :16]
    smooth = np.stack([8 * y + 60, 8 * x + 60, 4 * (x + y) + 60], -1).astype(np.uint8)
    write_image(tmp_path / "a.jpg", smooth)
    read = read_stack(tmp_path / "a.jpg")
    assert read.shape == (1, 16, 16, 3) and read.dtype == np.uint8
    assert abs(read[0].astype(int) - smooth).max() < 12


def test_files_packed_once_more_are_read(tmp_path):
    pixels = make("uint8", 4, 4, 3)
    write_image(tmp_path / "a.png", pixels)
    (tmp_path / "a.png.gz").write_bytes(gzip.compress((tmp_path / "a.png").read_bytes()))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png.gz"), pixels)


def test_palettes_become_colours(tmp_path):
    numbers = np.array([[0, 1], [2, 1]], np.uint8)
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 250]], np.uint8)
    image = Image.fromarray(numbers, "L").convert("P")
    image.putdata(numbers.ravel())
    image.putpalette(colours.ravel().tolist())
    for name in ("p.png", "p.tif", "p.gif"):
        image.save(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name), colours[numbers])


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_transparent_parts_are_laid_on_white(tmp_path, name):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = 100, 51
    Image.fromarray(pixels, "RGBA").save(tmp_path / name, lossless=True, exact=True)
    with pytest.warns(SeqcnnWarning, match=ON_WHITE):
        read = read_image(tmp_path / name)
    np.testing.assert_array_equal(read, np.full((8, 8, 3), 224))  # 100 * .2 + 255 * .8
    pixels[..., 3] = 255
    Image.fromarray(pixels, "RGBA").save(tmp_path / name, lossless=True, exact=True)
    np.testing.assert_array_equal(read_image(tmp_path / name), pixels[..., :3])


def test_grey_with_opacity_stays_grey(tmp_path):
    pixels = np.full((2, 2, 2), 255, np.uint8)
    pixels[0, 0] = 0, 0
    Image.fromarray(pixels, "LA").save(tmp_path / "a.png")
    with pytest.warns(SeqcnnWarning, match=ON_WHITE):
        assert (read_image(tmp_path / "a.png") == np.full((2, 2, 1), 255)).all()


@pytest.mark.parametrize("name", ["a.tif", "a.jpg"])
def test_cmyk_becomes_rgb(tmp_path, name):
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, :8, 0] = 255  # cyan
    inks[:, 8:, 3] = 128  # half black
    Image.fromarray(inks, "CMYK").save(tmp_path / name)
    with pytest.warns(SeqcnnWarning, match=FROM_CMYK):
        read = read_image(tmp_path / name)
    assert abs(read[8, 2].astype(int) - [0, 255, 255]).max() <= 2
    assert abs(read[8, 13].astype(int) - [127, 127, 127]).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_is_turned_as_it_was_held(tmp_path, orientation):
    pixels = make("uint8", 4, 6)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    # tag 274 as the standard has it: what is row 0, and what is column 0, as they were seen
    seen = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.T,
        6: pixels[::-1].T,
        7: pixels[::-1, ::-1].T,
        8: pixels[:, ::-1].T,
    }[orientation]
    tifffile.imwrite(tmp_path / "a.tif", pixels, extratags=[(274, 3, 1, orientation, True)])
    for name in ("a.png", "a.tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name)[..., 0], seen)


def test_tiff_of_many_kinds(tmp_path):
    deep = make("uint16", 20, 30)
    for options in ({"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}):
        Image.fromarray(deep).save(tmp_path / "a.tif", **options)
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[..., 0], deep)
    for kind in (">u2", "<u2"):
        tifffile.imwrite(tmp_path / "a.tif", deep, byteorder=kind[0], bigtiff=True)
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif")[..., 0], deep)
    tifffile.imwrite(tmp_path / "w.tif", deep, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(tmp_path / "w.tif")[..., 0], 65_535 - deep)
    planes = make("uint8", 3, 6, 7)
    tifffile.imwrite(tmp_path / "p.tif", planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "p.tif"), planes.transpose(1, 2, 0))
    grid = make("uint8", 5, 2, 6, 7)
    tifffile.imwrite(tmp_path / "o.ome.tif", grid, ome=True, metadata={"axes": "ZCYX"})
    np.testing.assert_array_equal(read_stack(tmp_path / "o.ome.tif"), np.moveaxis(grid, 1, -1))
    page = Image.fromarray(deep)
    page.save(tmp_path / "m.tif", save_all=True, append_images=[page], compression="tiff_lzw")
    np.testing.assert_array_equal(read_stack(tmp_path / "m.tif")[1, ..., 0], deep)
    one = Image.fromarray(make("bool", 9, 9))
    one.save(tmp_path / "f.tif", compression="group4")
    np.testing.assert_array_equal(read_image(tmp_path / "f.tif")[..., 0], np.array(one))


def test_numbers_of_other_kinds_are_kept_or_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0, 200], [3, 4]], np.int64))
    with pytest.warns(SeqcnnWarning, match="int64 pixels from 0 to 200 are taken as uint8"):
        assert read_image(tmp_path / "a.npy").dtype == np.uint8
    np.save(tmp_path / "a.npy", np.array([[-1, 200], [3, 4]], np.int16))
    with pytest.warns(SeqcnnWarning, match="taken as float32"):
        assert read_image(tmp_path / "a.npy")[0, 0, 0] == -1
    np.save(tmp_path / "a.npy", np.array([[0, 2**30]]))
    with pytest.raises(SeqcnnError, match=r"1,073,741,824: scale them"):
        read_image(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.array([["a"]]))
    with pytest.raises(SeqcnnError, match="must be numbers, not <U1"):
        read_image(tmp_path / "a.npy")


def test_what_pillow_loses_is_said(tmp_path):
    # 16 bits a colour, written by hand: signature, IHDR, IDAT, IEND
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = b"\0" + struct.pack(">HHH", 65_535, 0, 257 * 7)
    (tmp_path / "d.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )
    with pytest.warns(SeqcnnWarning, match="16 bits a colour are read as 8"):
        assert read_image(tmp_path / "d.png").ravel().tolist() == [255, 0, 7]
    frames = [Image.fromarray(make("uint8", 4, 4, 3) // (i + 1)) for i in range(2)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(SeqcnnWarning, match="of 2 frames the first is taken"):
        read_image(tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "message"),
    [
        ("a.png", "float32", (4, 4), r".png cannot hold float32 pixels"),
        ("a.png", "uint16", (4, 4, 3), r".png cannot hold uint16 pixels"),
        ("a.jpg", "uint8", (4, 4, 2), r".jpg cannot hold"),
        ("a.jpg", "uint8", (3, 4, 4, 1), r"write .tif or .npy"),
        ("a.xyz", "uint8", (4, 4), r"pictures are not written as '.xyz'"),
        ("a.tif", "uint8", (4, 4, 7), r"7 channels are not written as TIFF"),
        ("none/a.png", "uint8", (4, 4), r"there is no folder"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, dtype, shape, message):
    with pytest.raises(SeqcnnError, match=message):
        write_image(tmp_path / name, make(dtype, *shape))
    assert list(tmp_path.iterdir()) == []
