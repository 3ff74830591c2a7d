"""The four forms in which pixels are stored (bool, uint8, uint16, float32), and ways between.

Everything here is NumPy.
"""

from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError

TOPS = {"bool": 1, "uint8": 255, "uint16": 65_535, "float32": 1}
"""The value that means white, for each form, from the least to the most exact."""

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in a grey pixel (ITU-R BT.601)."""


def as_stored(pixels: np.ndarray, path: str | Path | None = None) -> tuple[np.ndarray, list[str]]:
    """Bring an array of any numbers to one of the four forms, without loss.

    Parameters
    ----------
    pixels
        Any shape; bool, integers or floats.
    path
        The file it comes from, for messages.

    Returns
    -------
    numpy.ndarray
        bool, uint8, uint16 or float32. Other integers become the smallest that holds them all,
        or float32.
    list of str
        What was done, if a user could care.

    Raises
    ------
    SeqcnnError
        They are no real numbers, or integers so large that float32 would round them.
    """
    if not pixels.dtype.isnative:
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    if str(pixels.dtype) in TOPS:
        return pixels, []
    kind = pixels.dtype.kind
    if kind == "f":
        return pixels.astype(np.float32), []
    if kind not in "iu":
        raise SeqcnnError(f"pixels must be numbers, not {pixels.dtype}", path=path)
    least, most = (int(pixels.min()), int(pixels.max())) if pixels.size else (0, 0)
    if least < -(2**24) or most > 2**24:
        raise SeqcnnError(
            f"pixels of {pixels.dtype} go from {least:,} to {most:,}: scale them to 16 bits or to "
            f"floats",
            path=path,
        )
    to = np.uint8 if 0 <= least and most < 256 else np.uint16
    to = np.float32 if least < 0 or most > 65_535 else to
    remark = f"{pixels.dtype} pixels from {least} to {most} are taken as {np.dtype(to).name}"
    return pixels.astype(to), [remark]


def convert(pixels: np.ndarray, to: str) -> np.ndarray:
    """Bring pixels to a more exact form, so that white stays white.

    Parameters
    ----------
    pixels
        One of the four forms.
    to
        ``"bool"``, ``"uint8"``, ``"uint16"`` or ``"float32"``, not less exact than it is.

    Examples
    --------
    >>> convert(np.array([True, False]), "uint8").tolist()
    [255, 0]
    >>> convert(np.array([0, 1, 255], np.uint8), "uint16").tolist()
    [0, 257, 65535]
    """
    have = str(pixels.dtype)
    if have == to:
        return pixels
    if to == "float32":
        return pixels.astype(np.float32) / np.float32(TOPS[have])
    return pixels.astype(to) * np.dtype(to).type(TOPS[to] // TOPS[have])


def to_float(image: np.ndarray, *, bits: int | None = None) -> np.ndarray:
    """Bring pixels of any depth to float32, black 0 and white 1.

    Parameters
    ----------
    image
        Any shape. bool; uint8 (divided by 255); uint16 (by 65,535: 16 bits count to that); float,
        which is taken as it is; other integers, if `bits` is given.
    bits
        How many bits integers use, if not all: 12 for the cameras that store 4,096 steps in uint16
        (divided by 4,095).

    Returns
    -------
    numpy.ndarray
        float32, the shape of `image`; exactly the nearest float32 to each quotient.

    Raises
    ------
    SeqcnnError
        A pixel needs more than `bits`, or `bits` is missing or out of place.

    Examples
    --------
    >>> to_float(np.array([0, 51, 255], np.uint8)).tolist()
    [0.0, 0.20000000298023224, 1.0]
    >>> to_float(np.array([0, 4095], np.uint16), bits=12).tolist()
    [0.0, 1.0]
    """
    kind = image.dtype.kind
    if kind in "fb":
        if bits is not None:
            raise SeqcnnError(f"`bits` is for integers, the pixels are {image.dtype}")
        return image.astype(np.float32)
    if kind not in "iu":
        raise SeqcnnError(f"pixels must be numbers, not {image.dtype}")
    if bits is None:
        if image.dtype not in (np.uint8, np.uint16):
            raise SeqcnnError(
                f"pixels are {image.dtype}: say how many bits they use, such as bits=8 or bits=12"
            )
        bits = 8 * image.dtype.itemsize
    if not 1 <= bits <= 32:
        raise SeqcnnError(f"`bits` must be from 1 to 32, not {bits}")
    top = 2**bits - 1
    if image.size and (int(image.max()) > top or int(image.min()) < 0):
        raise SeqcnnError(
            f"pixels from {image.min()} to {image.max()} do not fit {bits} bits (0 to {top:,})"
        )
    # up to 24 bits float32 holds both numbers exactly, so that one rounding is left
    wide = np.float32 if bits <= 24 else np.float64
    return (image.astype(wide) / wide(top)).astype(np.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Turn float pixels from 0 to 1 into 8 bits, for writing; what lies outside is cut off."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def with_channels(pixels: np.ndarray) -> np.ndarray:
    """Give a picture (h, w), or channels that stand first, an axis of channels at the end.

    Three axes whose last is above 4 and whose first is 4 or less are (channels, h, w).
    """
    if pixels.ndim == 2:
        return pixels[..., None]
    if pixels.ndim == 3 and pixels.shape[-1] > 4:
        return pixels.transpose(1, 2, 0) if pixels.shape[0] <= 4 else pixels[..., None]
    return pixels


def set_channels(pixels: np.ndarray, channels: int, path: str | Path | None = None) -> np.ndarray:
    """Turn colour to grey, or grey to as many equal channels.

    Parameters
    ----------
    pixels
        (..., c), one of the four forms.
    channels
        How many are wanted.
    path
        The file, for messages.

    Returns
    -------
    numpy.ndarray
        (..., channels); of colour to grey weighed by `LUMA` and rounded, of the same form (bool:
        uint8).

    Raises
    ------
    SeqcnnError
        There is no such way.
    """
    have = pixels.shape[-1]
    if have == channels:
        return pixels
    if have == 1:
        return np.repeat(pixels, channels, axis=-1)
    if have != 3 or channels != 1:
        raise SeqcnnError(f"{have} channels do not become {channels}: only 1 and 3 do", path=path)
    pixels = convert(pixels, "uint8") if pixels.dtype == bool else pixels
    grey = (pixels @ LUMA)[..., None]
    grey = grey if pixels.dtype == np.float32 else np.round(grey)
    return grey.astype(pixels.dtype)


def all_finite(pixels: np.ndarray, path: str | Path | None = None) -> None:
    """Refuse pixels that are no finite number.

    Raises
    ------
    SeqcnnError
        With how many there are, and where the first lies.
    """
    if pixels.dtype.kind != "f" or np.isfinite(pixels.sum(dtype=np.float64)):
        return
    bad = ~np.isfinite(pixels)
    count = int(bad.sum())
    if count == 0:  # the sum alone overflowed
        return
    first = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
    raise SeqcnnError(
        f"{count:,} of {pixels.size:,} values are not finite (the first, at {first}, is "
        f"{pixels[first]}): replace them before",
        path=path,
    )
