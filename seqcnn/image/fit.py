"""Bring a picture to the size that a network reads: stretched, cropped or padded."""

from typing import Literal

import numpy as np

from seqcnn.errors import SeqcnnError

Fit = Literal["stretch", "crop", "pad"]


def fit_to_size(
    pixels: np.ndarray, size: int | tuple[int, int], fit: Fit = "stretch"
) -> np.ndarray:
    """Resize one picture, or all layers of a volume, on the host.

    Parameters
    ----------
    pixels
        (..., h, w, c), bool, uint8, uint16 or float32.
    size
        Height and width, or one number for both.
    fit
        ``"stretch"`` changes the proportions; ``"crop"`` fills the size and cuts the longer side
        off equally on both ends; ``"pad"`` shows all, with black around.

    Returns
    -------
    numpy.ndarray
        (..., height, width, c), of the same dtype; what is made smaller is averaged (antialiased),
        bool counts as black or white.

    Raises
    ------
    SeqcnnError
        `fit` is unknown, or the size is not positive.

    Examples
    --------
    >>> picture = np.zeros((20, 40, 3), np.uint8)
    >>> fit_to_size(picture, 10, "crop").shape, fit_to_size(picture, (8, 6)).shape
    ((10, 10, 3), (8, 6, 3))
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise SeqcnnError(f"`size` must be 1 or more, not {size}")
    if fit == "stretch":
        return _resized(pixels, height, width)
    if fit not in ("crop", "pad"):
        raise SeqcnnError(f"`fit` must be 'stretch', 'crop' or 'pad', not {fit!r}")
    scales = height / pixels.shape[-3], width / pixels.shape[-2]
    scale = max(scales) if fit == "crop" else min(scales)
    scaled = _resized(
        pixels,
        max(1, round(pixels.shape[-3] * scale)),
        max(1, round(pixels.shape[-2] * scale)),
    )
    return centred(scaled, height, width)


def centred(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut the centre out of a picture, or put it in the centre of a black one.

    Parameters
    ----------
    pixels
        (..., h, w, c).
    height, width
        Of the result; an odd pixel is cut off, or put, on the right and below.
    """
    out = np.zeros((*pixels.shape[:-3], height, width, pixels.shape[-1]), pixels.dtype)
    take, put = [], []
    for have, want in zip(pixels.shape[-3:-1], (height, width), strict=True):
        common = min(have, want)
        take.append(slice((have - common) // 2, (have - common) // 2 + common))
        put.append(slice((want - common) // 2, (want - common) // 2 + common))
    out[..., put[0], put[1], :] = pixels[..., take[0], take[1], :]
    return out


def _resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    if pixels.shape[-3:-1] == (height, width):
        return pixels
    flat = pixels.reshape(-1, *pixels.shape[-3:])
    out = np.empty((len(flat), height, width, flat.shape[-1]), np.float32)
    for layer, target in zip(flat, out, strict=True):
        for channel in range(flat.shape[-1]):
            # one float channel at a time: all forms then keep their depth
            image = Image.fromarray(np.ascontiguousarray(layer[..., channel], np.float32))
            target[..., channel] = np.array(
                image.resize((width, height), Image.Resampling.BILINEAR)
            )
    out = out.reshape(*pixels.shape[:-3], height, width, -1)
    if pixels.dtype == bool:
        return out >= 0.5
    return out if pixels.dtype == np.float32 else np.round(out).astype(pixels.dtype)
