"""TIFF: pages of any depth, by tifffile; by Pillow what is packed as tifffile cannot unpack."""

import contextlib
import io
import logging
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.decode import (
    FROM_CMYK,
    ON_WHITE,
    bomb,
    damaged,
    decode_with_pillow,
    on_white,
)
from seqcnn.image.stored import as_stored

TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_BOMB_BYTES = 1 << 30
_BOMB_RATIO = 200
_WHITE_IS_ZERO, _PALETTE, _SEPARATED = 0, 3, 5
_TURNS = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True),
          5: (1, True), 6: (3, False), 7: (3, True), 8: (1, False)}  # fmt: skip


def decode_tiff(data: bytes | bytearray, path: str | Path) -> tuple[np.ndarray, list[str]]:
    """Read a TIFF file from its bytes.

    Parameters
    ----------
    data
        The file.
    path
        Its name, for messages.

    Returns
    -------
    numpy.ndarray
        (h, w, c), of several pages (d, h, w, c); bool, uint8, uint16 or float32.
    list of str
        What was done on the way.

    Raises
    ------
    SeqcnnError
        It is damaged, or unpacks to far too much.
    """
    import tifffile

    try:
        with _silent(), tifffile.TiffFile(io.BytesIO(data)) as file:
            series = file.series[0]
            remarks = []
            if len(file.series) > 1:
                remarks.append(f"of {len(file.series)} series of pages the first is taken")
            announced = math.prod(series.shape) * series.dtype.itemsize  # type: ignore[union-attr]
            if announced > max(_BOMB_BYTES, _BOMB_RATIO * len(data)):
                raise bomb(path, f"{announced:,} bytes of pixels")
            _check_whole(series, len(data))
            try:
                pixels = series.asarray()
            except ValueError as error:
                if "imagecodecs" not in str(error):
                    raise
                return _by_pillow(data, path, len(series.pages), remarks)
            page: Any = series.keyframe
            return _to_pixels(pixels, str(series.axes), page, remarks, path)
    except SeqcnnError:
        raise
    except MemoryError:
        raise bomb(path, "more pixels than there is memory for") from None
    except (tifffile.TiffFileError, ValueError, IndexError, KeyError, OSError, EOFError,
            TypeError, AttributeError, struct.error, ZeroDivisionError, OverflowError,
            RuntimeError) as error:  # fmt: skip
        raise damaged(path, error) from None


def _check_whole(series: Any, length: int) -> None:
    """Refuse a file that ends before its pixels do; some readers would fill up with zeros."""
    for page in series.pages:
        if page is None:
            raise ValueError("a page is missing")
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            if start + count > length:
                raise ValueError(f"pixels end at byte {start + count:,}, the file at {length:,}")


def _by_pillow(
    data: bytes | bytearray, path: str | Path, pages: int, remarks: list[str]
) -> tuple[np.ndarray, list[str]]:
    decoded = [decode_with_pillow(data, path, page) for page in range(pages)]
    shapes = {pixels.shape for pixels, _ in decoded}
    if len(shapes) > 1:
        raise SeqcnnError(f"its pages differ in size: {sorted(shapes)}", path=path)
    found = list(dict.fromkeys(remark for _, more in decoded for remark in more))
    return (
        decoded[0][0] if pages == 1 else np.stack([pixels for pixels, _ in decoded])
    ), remarks + found


def _to_pixels(
    pixels: np.ndarray, axes: str, page: Any, remarks: list[str], path: str | Path
) -> tuple[np.ndarray, list[str]]:
    pixels = _ordered(pixels, axes)
    if page.photometric == _PALETTE and page.colormap is not None:
        colours = np.moveaxis(page.colormap, 0, -1)
        # a colour map has 16 bits a colour, mostly 8 bits twice or in the upper byte
        pixels = (colours[pixels[..., 0]] // 256).astype(np.uint8)
    elif page.photometric == _SEPARATED and pixels.shape[-1] >= 4:
        top = np.iinfo(pixels.dtype).max
        ink = top - pixels[..., :4].astype(np.float64)
        pixels = np.round(ink[..., :3] * ink[..., 3:] / top).astype(pixels.dtype)
        remarks.append(FROM_CMYK)
    elif page.photometric == _WHITE_IS_ZERO:
        pixels = ~pixels if pixels.dtype.kind in "bu" else pixels
    elif page.extrasamples and pixels.shape[-1] in (2, 4):
        colour, alpha = pixels[..., :-1], pixels[..., -1:]
        # 1 and 2 mark opacity; 0 is a channel of its own
        if page.extrasamples[0] in (1, 2):
            clear = (alpha != (1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max)).any()
            pixels = on_white(colour, alpha) if clear else colour
            remarks += [ON_WHITE] if clear else []
    pixels, more = as_stored(pixels, path)
    tag = page.tags.get("Orientation")
    turns, mirrored = _TURNS.get(int(tag.value) if tag else 1, (0, False))
    pixels = pixels[..., ::-1, :] if mirrored else pixels
    pixels = np.rot90(pixels, turns, axes=(-3, -2))
    return np.ascontiguousarray(pixels), remarks + more


def _ordered(pixels: np.ndarray, axes: str) -> np.ndarray:
    """Bring axes to (h, w, c) or (d, h, w, c); all that are neither count as depth."""
    samples = [i for i, axis in enumerate(axes) if axis in "SC"]
    space = [axes.index("Y"), axes.index("X")]
    depth = [i for i in range(len(axes)) if i not in samples + space]
    shape = [pixels.shape[i] for i in depth + space]
    channels = math.prod(pixels.shape[i] for i in samples)
    pixels = pixels.transpose(*depth, *space, *samples)
    layers = math.prod(shape[:-2])
    lead = () if layers == 1 else (layers,)
    return pixels.reshape(*lead, *shape[-2:], channels)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep tifffile from writing to standard error: what matters is said by our own errors."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
