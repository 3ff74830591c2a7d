"""The different colours of pictures, and how often each occurs.

A picture of two million pixels in 8 bits has a tenth as many colours, often fewer. What depends on
the colours alone, as k-means does, is computed on them with weights: the same numbers, sooner.
"""

from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.stored import TOPS

# from how many pixels other ways are worth it; a sample of so many, of which so large a share of
# different colours says that counting will save nothing
_MANY_PIXELS, _SAMPLE, _MOSTLY_DIFFERENT = 2**18, 2**16, 0.8


class ColourCounts(NamedTuple):
    """The colours of pictures.

    Parameters
    ----------
    colours
        (m, channels), of the dtype of the pictures, in order. Those of float pictures are all
        pixels as they are.
    counts
        int64 (m,).
    index
        Where each pixel is in `colours`, (n,) integers; None for those that are all pixels.
    """

    colours: np.ndarray
    counts: np.ndarray
    index: np.ndarray | None

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Give each pixel the value (m, ...) of its colour."""
        return values if self.index is None else values[self.index]


def count_colours(pixels: np.ndarray) -> ColourCounts:
    """Count the different colours of pixels.

    Parameters
    ----------
    pixels
        (n, channels): bool, uint8, uint16 or float.

    Raises
    ------
    SeqcnnError
        The dtype is another.

    Examples
    --------
    >>> found = count_colours(np.array([[9, 0, 0], [1, 1, 1], [9, 0, 0]], np.uint8))
    >>> found.colours.tolist(), found.counts.tolist(), found.index.tolist()
    ([[1, 1, 1], [9, 0, 0]], [1, 2], [1, 0, 1])
    """
    channels, dtype = pixels.shape[1], pixels.dtype
    if np.issubdtype(dtype, np.floating):
        if not np.isfinite(pixels).all():
            raise SeqcnnError("some pixels are NaN or infinite: fill them first")
        return ColourCounts(pixels, np.ones(len(pixels), np.int64), None)
    if dtype.name not in TOPS:
        raise SeqcnnError(f"pixels must be bool, uint8, uint16 or float, not {dtype}")
    bits = 8 * dtype.itemsize
    if bits * channels > 64:
        unequal, index, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
        return ColourCounts(unequal, counts, index.reshape(-1))
    keys = _packed(pixels, bits)
    if len(keys) >= _MANY_PIXELS:
        some = keys[:: len(keys) // _SAMPLE]
        if len(np.unique(some)) > _MOSTLY_DIFFERENT * len(some):
            return ColourCounts(pixels, np.ones(len(pixels), np.int64), None)
    found = _unique_by_table if bits * channels <= 24 and len(keys) >= _MANY_PIXELS else _unique
    unequal, counts, index = found(keys)
    return ColourCounts(_unpacked(unequal, channels, bits, dtype), counts, index)


def _unique(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    unequal, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return unequal, counts, index


def _unique_by_table(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Do the same by a table of all 24-bit colours, which takes less than searching does."""
    ordered = np.sort(keys)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    unequal = ordered[starts]
    counts = np.diff(starts, append=len(keys))
    places = np.empty(int(unequal[-1]) + 1, np.uint32)
    places[unequal] = np.arange(len(unequal), dtype=np.uint32)
    return unequal, counts, places[keys]


def unit_values(pixels: np.ndarray) -> np.ndarray:
    """Bring pixels to the scale from 0 to 1, float32; float ones are taken as they are."""
    if np.issubdtype(pixels.dtype, np.floating):
        return pixels.astype(np.float32)
    return pixels.astype(np.float32) / np.float32(TOPS[pixels.dtype.name])


def stored_values(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Bring numbers on the scale from 0 to 1 back to how pixels are stored."""
    if np.issubdtype(dtype, np.floating):
        return values.astype(dtype)
    return np.round(np.clip(values, 0, 1) * TOPS[dtype.name]).astype(dtype)


def _packed(pixels: np.ndarray, bits: int) -> np.ndarray:
    """Write the channels of a pixel as one number."""
    wide = np.uint32 if bits * pixels.shape[1] <= 32 else np.uint64
    keys = np.zeros(len(pixels), wide)
    for channel in pixels.T:
        keys <<= wide(bits)
        keys |= channel.astype(wide)
    return keys


def _unpacked(keys: np.ndarray, channels: int, bits: int, dtype: np.dtype) -> np.ndarray:
    keys = keys.astype(np.uint64)
    parts = [keys >> np.uint64(bits * i) for i in reversed(range(channels))]
    return np.stack([part & np.uint64((1 << bits) - 1) for part in parts], axis=1).astype(dtype)
