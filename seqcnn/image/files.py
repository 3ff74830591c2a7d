"""Read and write pictures and stacks of them: PNG, JPEG, TIFF, NPY and what else Pillow reads."""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqcnn.data.files import atomic_write, open_bytes
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.image.decode import decode_with_pillow
from seqcnn.image.stored import all_finite, as_stored, with_channels
from seqcnn.image.tiff import TIFF_MAGIC, decode_tiff

SUFFIXES = frozenset(".png .jpg .jpeg .tif .tiff .npy .bmp .gif .webp .pgm .ppm .pbm .jp2".split())
"""Endings by which pictures are known in a folder; what a file is, its first bytes tell."""

Remarks = tuple[str, ...]


class Decoded(NamedTuple):
    """A picture or stack, and what was done to it on the way.

    Parameters
    ----------
    pixels
        (h, w, c) or, of several pages, (d, h, w, c); bool, uint8, uint16 or float32.
    remarks
        What a careful user wants to know.
    """

    pixels: np.ndarray
    remarks: Remarks = ()


def read_image(path: str | Path) -> np.ndarray:
    """Read one picture.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF (8 and 16 bit, float), NPY, or what else Pillow reads; may be compressed
        once more (``.gz``).

    Returns
    -------
    numpy.ndarray
        (h, w, c) with c = 1 or 3 (other numbers from TIFF and NPY only); bool, uint8, uint16 or
        float32, as it is stored. Palettes and other colour spaces become RGB; what is transparent
        is laid on white, and CMYK is turned to RGB, both with a warning; a camera's note of how it
        was held (EXIF) is followed.

    Raises
    ------
    SeqcnnError
        It is missing, empty, damaged, no picture, a stack, a decompression bomb, or has pixels
        that are no finite number.
    """
    decoded = decode(path)
    if decoded.pixels.ndim == 4:
        raise SeqcnnError(
            f"holds {len(decoded.pixels)} pages, where one picture is needed: split the stack, or "
            f"read it as a volume",
            path=path,
        )
    return _warned(decoded, path)


def read_stack(path: str | Path) -> np.ndarray:
    """Read a stack of pictures, or a volume; one picture is a stack of one.

    Parameters
    ----------
    path
        As in `read_image`; several pages of TIFF, or NPY (d, h, w) or (d, h, w, c).

    Returns
    -------
    numpy.ndarray
        (d, h, w, c); dtypes as in `read_image`.

    Raises
    ------
    SeqcnnError
        As in `read_image`.
    """
    pixels = _warned(decode(path, stack=True), path)
    return pixels if pixels.ndim == 4 else pixels[None]


def decode(path: str | Path, *, stack: bool = False) -> Decoded:
    """Read a picture or stack, whatever it is, and give remarks instead of warnings.

    Parameters
    ----------
    path
        As in `read_image`.
    stack
        Whether three axes of an NPY file are (d, h, w), if they can be that.

    Raises
    ------
    SeqcnnError
        As in `read_image`.
    """
    data = open_bytes(path)
    if not data:
        raise SeqcnnError("the file is empty (0 bytes): copy or download it again", path=path)
    if data.startswith(TIFF_MAGIC):
        pixels, remarks = decode_tiff(data, path)
    elif data.startswith(b"\x93NUMPY"):
        pixels, remarks = _decode_npy(data, path, stack)
    else:
        pixels, remarks = decode_with_pillow(data, path)
    if pixels.size == 0:
        raise SeqcnnError(f"there are no pixels: the shape is {pixels.shape}", path=path)
    all_finite(pixels, path)
    return Decoded(pixels, tuple(remarks))


def write_image(path: str | Path, array: np.ndarray) -> None:
    """Write a picture, or a stack of them, as what the ending says.

    Parameters
    ----------
    path
        ``.png`` (bool, uint8, grey uint16), ``.jpg`` (uint8), ``.tif`` (all of up to 4 channels,
        and stacks), ``.npy`` (all), or ``.bmp``, ``.gif``, ``.webp`` (uint8). It appears when it is
        complete.
    array
        (h, w), (h, w, c), or (d, h, w, c) of a stack; bool, uint8, uint16 or float32.

    Raises
    ------
    SeqcnnError
        The ending is unknown, or cannot hold such pixels.
    """
    suffix = Path(path).suffix.lower()
    pixels = array[..., None] if array.ndim == 2 else array
    if pixels.ndim not in (3, 4) or pixels.size == 0:
        raise SeqcnnError(f"a picture has (height, width, channels), not shape {array.shape}")
    if str(pixels.dtype) not in ("bool", "uint8", "uint16", "float32"):
        raise SeqcnnError(f"pixels must be bool, uint8, uint16 or float32, not {pixels.dtype}")
    buffer = io.BytesIO()
    if suffix == ".npy":
        np.save(buffer, pixels)
    elif suffix in (".tif", ".tiff"):
        _encode_tiff(buffer, pixels, path)
    else:
        _pillow_image(pixels, suffix, path).save(buffer, **_save_options(suffix))
    with atomic_write(path, "wb") as file:
        file.write(buffer.getvalue())


def _save_options(suffix: str) -> dict[str, Any]:
    from PIL import Image

    options = {".jpg": {"quality": 95}, ".jpeg": {"quality": 95}}.get(suffix, {})
    return {"format": Image.registered_extensions()[suffix], **options}


def _pillow_image(pixels: np.ndarray, suffix: str, path: str | Path) -> Any:
    from PIL import Image

    if suffix not in Image.registered_extensions():
        raise SeqcnnError(
            f"pictures are not written as {suffix or 'a file without ending'!r}: name it .png, "
            f".jpg, .tif or .npy",
            path=path,
        )
    deep = pixels.dtype == np.uint16 and (suffix != ".png" or pixels.shape[-1] != 1)
    if pixels.ndim == 4 or pixels.dtype == np.float32 or deep or pixels.shape[-1] not in (1, 3):
        raise SeqcnnError(
            f"{suffix} cannot hold {pixels.dtype} pixels of shape {pixels.shape}: write .tif or "
            f".npy, or scale to uint8 first",
            path=path,
        )
    if pixels.dtype == bool and suffix != ".png":
        pixels = pixels.astype(np.uint8) * 255
    return Image.fromarray(
        np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    )


def _encode_tiff(buffer: io.BytesIO, pixels: np.ndarray, path: str | Path) -> None:
    import tifffile

    channels = pixels.shape[-1]
    if channels > 4:
        raise SeqcnnError(f"{channels} channels are not written as TIFF: write .npy", path=path)
    if channels > 1 and pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    tifffile.imwrite(
        buffer,
        np.ascontiguousarray(pixels if channels > 1 else pixels[..., 0]),
        photometric="rgb" if channels == 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        metadata=None,
        software=False,
    )


def _decode_npy(data: bytearray, path: str | Path, stack: bool) -> tuple[np.ndarray, list[str]]:
    pixels, remarks = as_stored(load_npy(data, path), path)
    if pixels.ndim == 2 or (pixels.ndim == 3 and stack and pixels.shape[-1] > 4):
        return pixels[..., None], remarks
    if pixels.ndim not in (3, 4):
        raise SeqcnnError(
            f"a picture has two, three or four axes, the array has shape {pixels.shape}", path=path
        )
    return with_channels(pixels), remarks


def load_npy(data: bytes | bytearray, path: str | Path) -> np.ndarray:
    """Read the content of an NPY file; arrays of Python objects are refused."""
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError) as error:
        raise SeqcnnError(f"cannot be read as NPY: {_first_line(error)}", path=path) from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _warned(decoded: Decoded, path: str | Path) -> np.ndarray:
    for remark in decoded.remarks:
        warnings.warn(f"{path}: {remark}", SeqcnnWarning, stacklevel=3)
    return decoded.pixels
