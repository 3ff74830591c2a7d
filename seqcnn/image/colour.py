"""Colour spaces: RGB, HSV, CIE Lab and grey; every function runs inside of `jax.jit`."""

from typing import Literal

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError

GREY_WEIGHTS = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}
"""Shares of red, green and blue in a grey pixel (ITU-R BT.601 and BT.709)."""

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to CIE XYZ (IEC 61966-2-1)."""

_FROM_XYZ = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_D65 = (0.95047, 1.0, 1.08883)
_BEND = 6 / 29


def rgb_to_grey(rgb: jax.Array, weights: Literal["bt601", "bt709"] = "bt601") -> jax.Array:
    """Weigh red, green and blue into one channel.

    Parameters
    ----------
    rgb
        float (..., 3), from 0 to 1.
    weights
        ``"bt601"``, as PNG and JPEG programs take them, or ``"bt709"``, as screens do.

    Returns
    -------
    jax.Array
        (..., 1).

    Raises
    ------
    SeqcnnError
        `weights` is unknown, or there are not three channels.

    Examples
    --------
    >>> [round(float(x), 3) for x in rgb_to_grey(jnp.eye(3)).ravel()]
    [0.299, 0.587, 0.114]
    """
    if weights not in GREY_WEIGHTS:
        raise SeqcnnError(f"`weights` must be 'bt601' or 'bt709', not {weights!r}")
    red, green, blue = _channels(rgb)
    r, g, b = GREY_WEIGHTS[weights]
    return (r * red + g * green + b * blue)[..., None]


def rgb_to_hsv(rgb: jax.Array) -> jax.Array:
    """Compute hue, saturation and value.

    Smith 1978, doi:10.1145/965139.807361.

    Parameters
    ----------
    rgb
        float (..., 3), from 0 to 1.

    Returns
    -------
    jax.Array
        (..., 3), from 0 to 1: hue 0 is red, 1/3 green, 2/3 blue, and 0 of grey. Hue is an angle:
        0.99 and 0.01 are neighbours.
    """
    red, green, blue = _channels(rgb)
    value = jnp.maximum(jnp.maximum(red, green), blue)
    chroma = value - jnp.minimum(jnp.minimum(red, green), blue)
    safe = jnp.where(chroma > 0, chroma, 1)
    sixths = jnp.where(
        value == red,
        (green - blue) / safe,
        jnp.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = jnp.where(chroma > 0, (sixths / 6) % 1, 0)
    saturation = jnp.where(value > 0, chroma / jnp.where(value > 0, value, 1), 0)
    return jnp.stack([hue, saturation, value], axis=-1)


def hsv_to_rgb(hsv: jax.Array) -> jax.Array:
    """Turn hue, saturation and value back; the hue may be any number of turns."""
    hue, saturation, value = _channels(hsv)

    def channel(offset: int) -> jax.Array:
        # how far the hue is from the two sixths in which this channel is at its lowest
        step = (offset + hue * 6) % 6
        low = jnp.clip(jnp.minimum(step, 4 - step), 0, 1)
        return value - value * saturation * low

    return jnp.stack([channel(5), channel(3), channel(1)], axis=-1)


def rgb_to_lab(rgb: jax.Array) -> jax.Array:
    """Compute CIE 1976 L*a*b*, in which equal distances look about equal.

    Parameters
    ----------
    rgb
        float (..., 3), sRGB from 0 to 1.

    Returns
    -------
    jax.Array
        (..., 3): lightness from 0 to 100, then green to red and blue to yellow, about -128 to 127;
        white is that of D65, seen by the observer of 1931.
    """
    linear = [
        jnp.where(c > 0.04045, (jnp.maximum(c, 0.04045) / 1.055 + 0.055 / 1.055) ** 2.4, c / 12.92)
        for c in _channels(rgb)
    ]
    x, y, z = (
        _compress(share / white) for share, white in zip(_mix(_TO_XYZ, linear), _D65, strict=True)
    )
    return jnp.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: jax.Array) -> jax.Array:
    """Turn L*a*b* back to sRGB; what no screen shows is cut to the range from 0 to 1."""
    lightness, a, b = _channels(lab)
    y = (lightness + 16) / 116
    shares = [
        white * _expand(part)
        for part, white in zip((y + a / 500, y, y - b / 200), _D65, strict=True)
    ]
    linear = [jnp.clip(c, 0, 1) for c in _mix(_FROM_XYZ, shares)]
    bent = [
        jnp.where(c > 0.0031308, 1.055 * jnp.maximum(c, 0.0031308) ** (1 / 2.4) - 0.055, 12.92 * c)
        for c in linear
    ]
    return jnp.clip(jnp.stack(bent, axis=-1), 0, 1)


def _compress(share: jax.Array) -> jax.Array:
    root = jnp.maximum(share, _BEND**3) ** (1 / 3)
    return jnp.where(share > _BEND**3, root, share / (3 * _BEND**2) + 4 / 29)


def _expand(part: jax.Array) -> jax.Array:
    return jnp.where(part > _BEND, part**3, 3 * _BEND**2 * (part - 4 / 29))


def _mix(table: tuple[tuple[float, ...], ...], parts: list[jax.Array]) -> list[jax.Array]:
    # a sum of three, not a matrix product: those may be less exact on some devices
    return [
        sum((w * p for w, p in zip(row, parts, strict=True)), start=0 * parts[0]) for row in table
    ]


def _channels(image: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    image = jnp.asarray(image)
    if image.shape[-1] != 3 or not jnp.issubdtype(image.dtype, jnp.floating):
        raise SeqcnnError(
            f"colours are floats (..., 3) from 0 to 1, not {image.dtype} {image.shape}"
        )
    return image[..., 0], image[..., 1], image[..., 2]
