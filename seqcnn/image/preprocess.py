"""From pixels as they are stored to what a network reads: depth, mean and deviation, size."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.fit import Fit
from seqcnn.nn.resample import resize


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


@dataclass(frozen=True)
class Normalisation:
    """What the makers of a network subtracted from its pictures, and what they divided by.

    Parameters
    ----------
    mean, std
        Of red, green and blue, on the scale from 0 to 1: (value - mean) / std.
    bgr
        Whether the network then reads blue first.
    """

    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    bgr: bool = False

    @property
    def pixels(self) -> dict[str, list[float]]:
        """Mean and std as `seqcnn.networks.zoo.create` takes them for its `pixels`."""
        return {"mean": list(self.mean), "std": list(self.std)}


_BYTE = (1 / 255,) * 3

NORMALISATIONS = {
    "unit": Normalisation(),
    "byte": Normalisation(std=_BYTE),
    "imagenet": Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": Normalisation((0.5,) * 3, (0.5,) * 3),
    "caffe": Normalisation((123.68 / 255, 116.779 / 255, 103.939 / 255), _BYTE, bgr=True),
}
"""By name: from 0 to 1; from 0 to 255; mean 0 and deviation 1 over ImageNet; from -1 to 1; the mean
of ImageNet taken off bytes, blue first, as the first VGG and residual networks were trained."""


def normalise(image: jax.Array, how: str | Normalisation) -> jax.Array:
    """Subtract a mean and divide by a deviation; grey becomes three channels first.

    Parameters
    ----------
    image
        float (..., 3) or (..., 1), from 0 to 1.
    how
        A name in `NORMALISATIONS`, or one of your own.

    Returns
    -------
    jax.Array
        (..., 3).

    Raises
    ------
    SeqcnnError
        The name is unknown, or there are not one or three channels.
    """
    if isinstance(how, str):
        if how not in NORMALISATIONS:
            raise SeqcnnError(f"`how` must be one of {', '.join(NORMALISATIONS)}, not {how!r}")
        how = NORMALISATIONS[how]
    image = jnp.asarray(image)
    if image.shape[-1] not in (1, 3):
        raise SeqcnnError(f"pictures of 1 or 3 channels are normalised, not {image.shape[-1]}")
    if image.shape[-1] == 1:
        image = jnp.repeat(image, 3, axis=-1)
    spread = (1,) * (image.ndim - 1)
    mean, std = (jnp.array(n, image.dtype).reshape(*spread, 3) for n in (how.mean, how.std))
    scaled = (image - mean) / std
    return scaled[..., ::-1] if how.bgr else scaled


def resize_batch(x: jax.Array, size: int | tuple[int, int], fit: Fit = "stretch") -> jax.Array:
    """Resize pictures of one size on the device, as `fit_to_size` does on the host.

    Parameters
    ----------
    x
        float (n, h, w, c).
    size
        Height and width, or one number for both.
    fit
        ``"stretch"``, ``"crop"`` or ``"pad"``.

    Returns
    -------
    jax.Array
        (n, height, width, c); bilinear, antialiased.

    Raises
    ------
    SeqcnnError
        `fit` is unknown.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if fit == "stretch":
        return resize(x, (height, width), antialias=True)
    if fit not in ("crop", "pad"):
        raise SeqcnnError(f"`fit` must be 'stretch', 'crop' or 'pad', not {fit!r}")
    scales = height / x.shape[1], width / x.shape[2]
    scale = max(scales) if fit == "crop" else min(scales)
    between = max(1, round(x.shape[1] * scale)), max(1, round(x.shape[2] * scale))
    x = resize(x, between, antialias=True)
    for axis, (have, want) in enumerate(zip(between, (height, width), strict=True), start=1):
        spare = abs(have - want) // 2
        if have > want:
            x = jax.lax.slice_in_dim(x, spare, spare + want, axis=axis)
        elif have < want:
            pads = [(0, 0)] * x.ndim
            pads[axis] = (spare, want - have - spare)
            x = jnp.pad(x, pads)
    return x
