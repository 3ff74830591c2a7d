"""Pictures by Pillow: PNG, JPEG and many more, with palettes, transparency and CMYK."""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.stored import as_stored

ON_WHITE = "transparent parts are laid on white"
FROM_CMYK = "CMYK is turned to RGB without its colour profile"
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError,
           KeyError, TypeError, OverflowError)  # fmt: skip


def decode_with_pillow(
    data: bytes | bytearray, path: str | Path, page: int = 0
) -> tuple[np.ndarray, list[str]]:
    """Read one picture from the bytes of its file.

    Parameters
    ----------
    data
        The file.
    path
        Its name, for messages.
    page
        Which one, of several.

    Returns
    -------
    numpy.ndarray
        (h, w, c), as in `seqcnn.image.files.read_image`.
    list of str
        What was done on the way.

    Raises
    ------
    SeqcnnError
        It is damaged, no picture, or a decompression bomb.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # the largest pictures are refused below; what lies under that is no news
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                image.seek(page)
                image.load()
                remarks = _losses(image, data, page)
                return _pixels(ImageOps.exif_transpose(image), remarks, path)
    except UnidentifiedImageError:
        raise SeqcnnError(
            f"is not a picture that can be read: it begins with {bytes(data[:8])!r}; PNG, JPEG, "
            f"TIFF and NPY are",
            path=path,
        ) from None
    except Image.DecompressionBombError:
        raise bomb(path, f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels") from None
    except MemoryError:
        raise bomb(path, "more pixels than there is memory for") from None
    except SeqcnnError:
        raise
    except _BROKEN as error:
        raise damaged(path, error) from None


def damaged(path: str | Path, error: BaseException) -> SeqcnnError:
    """Say that a file is damaged, in one line."""
    told = " ".join(str(error).split())[:120] or type(error).__name__
    return SeqcnnError(
        f"damaged or cut off ({told}): copy or download the picture again", path=path
    )


def bomb(path: str | Path, what: str) -> SeqcnnError:
    """Say that a file unpacks to far too much."""
    return SeqcnnError(
        f"{len_of(path)}announces {what}: refused as a decompression bomb; cut it into tiles, or "
        f"save it as NPY, if it is meant",
        path=path,
    )


def len_of(path: str | Path) -> str:
    """Give the size of a file as words of a message, nothing if there is none."""
    size = Path(path).stat().st_size if Path(path).is_file() else 0
    return f"a file of {size:,} bytes " if size else ""


def _losses(image: Any, data: bytes | bytearray, page: int) -> list[str]:
    """Say what Pillow could not keep."""
    remarks = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "TIFF":
        remarks.append(f"of {frames} frames the first is taken")
    # byte 24 of a PNG file is its bits a sample, byte 25 its kind: 0 is grey
    if image.format == "PNG" and data[24] == 16 and data[25] != 0:
        remarks.append("16 bits a colour are read as 8: save it as TIFF to keep them")
    return remarks


def _pixels(image: Any, remarks: list[str], path: str | Path) -> tuple[np.ndarray, list[str]]:
    if image.mode == "1":
        return np.array(image, bool)[..., None], remarks
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return _three_axes(image), remarks
    if image.mode == "F" or image.mode.startswith("I"):
        pixels, more = as_stored(np.array(image), path)
        # Pillow widens 16 bits to 32 for some formats: no news for the user
        return pixels[..., None], remarks if pixels.dtype == np.uint16 else remarks + more
    if "transparency" in image.info or image.mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        return _on_white(image, remarks)
    if image.mode == "CMYK":
        remarks.append(FROM_CMYK)
    return _three_axes(image.convert("RGB")), remarks


def _on_white(image: Any, remarks: list[str]) -> tuple[np.ndarray, list[str]]:
    grey = image.mode in ("L", "LA", "La")
    laid = np.array(image.convert("RGBA"))
    colour = laid[..., :1] if grey else laid[..., :3]
    alpha = laid[..., 3:]
    if (alpha == 255).all():
        return np.ascontiguousarray(colour), remarks
    return on_white(colour, alpha), [*remarks, ON_WHITE]


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Lay pixels on white, as much of each as its opacity says; dtype as `colour`.

    Examples
    --------
    >>> on_white(np.array([100], np.uint8), np.array([51], np.uint8)).tolist()
    [224]
    """
    top = 1.0 if colour.dtype.kind == "f" else float(np.iinfo(colour.dtype).max)
    share = alpha / top
    laid = colour * share + top * (1 - share)
    return (laid if colour.dtype.kind == "f" else np.round(laid)).astype(colour.dtype)


def _three_axes(image: Any) -> np.ndarray:
    pixels = np.array(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
