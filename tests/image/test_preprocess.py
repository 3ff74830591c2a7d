"""Depths, normalisation and sizes, against fractions and Pillow."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from seqcnn.errors import SeqcnnError
from seqcnn.image.fit import fit_to_size
from seqcnn.image.preprocess import (
    NORMALISATIONS,
    Normalisation,
    normalise,
    resize_batch,
    to_float,
    to_uint8,
)
from seqcnn.image.stored import as_stored, convert, set_channels


@pytest.mark.parametrize(
    ("dtype", "bits", "top"),
    [
        ("uint8", None, 255),
        ("uint16", None, 65_535),
        ("uint16", 12, 4_095),
        ("int64", 8, 255),
        ("int32", 16, 65_535),
        ("uint32", 32, 2**32 - 1),
    ],
)
def test_every_value_is_the_nearest_to_its_fraction(dtype, bits, top):
    values = np.linspace(0, top, 4_096).round().astype(dtype)
    scaled = to_float(values, bits=bits)
    assert scaled.dtype == np.float32 and scaled[0] == 0 and scaled[-1] == 1
    for value, number in zip(values[::97].tolist(), scaled[::97], strict=True):
        exact = Fraction(value, top)
        near = [np.nextafter(number, np.float32(-1)), np.nextafter(number, np.float32(2))]
        error = abs(Fraction(float(number)) - exact)
        assert all(error <= abs(Fraction(float(other)) - exact) for other in near)


def test_logical_and_float_pixels_stay_what_they_are():
    assert to_float(np.array([True, False])).tolist() == [1.0, 0.0]
    assert to_float(np.array([-0.5, 2.0])).tolist() == [-0.5, 2.0]
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(to_float(every)), every)
    assert to_uint8(np.array([-1.0, 2.0])).tolist() == [0, 255]


@pytest.mark.parametrize(
    ("pixels", "bits", "message"),
    [
        (np.array([5_000], np.uint16), 12, r"5000 to 5000 do not fit 12 bits \(0 to 4,095\)"),
        (np.array([-1], np.int16), 12, "do not fit 12 bits"),
        (np.array([1], np.int64), None, "say how many bits they use"),
        (np.array([1.0]), 8, "`bits` is for integers"),
        (np.array([1], np.uint8), 40, "from 1 to 32"),
        (np.array(["a"]), None, "must be numbers"),
    ],
)
def test_depths_that_do_not_fit_are_refused(pixels, bits, message):
    with pytest.raises(SeqcnnError, match=message):
        to_float(pixels, bits=bits)


def test_grey_and_colour():
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert (set_channels(grey, 3) == grey).all() and set_channels(grey, 3).shape == (2, 3, 3)
    colours = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    pillow = np.array(Image.fromarray(colours).convert("L")).astype(int)
    ours = set_channels(colours, 1)[..., 0].astype(int)
    assert abs(ours - pillow).max() <= 1 and (ours == pillow).mean() > 0.99
    assert as_stored(np.array([3.0]))[0].dtype == np.float32
    assert convert(np.array([1, 255], np.uint8), "float32").tolist() == [np.float32(1 / 255), 1]


def test_normalisations_are_those_of_the_makers():
    byte = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3)).astype(np.float64)
    unit = jnp.array(byte / 255, jnp.float32)
    wanted = {
        "unit": byte / 255,
        "byte": byte,
        "imagenet": (byte / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
        "inception": byte / 127.5 - 1,
        "caffe": byte[..., ::-1] - [103.939, 116.779, 123.68],
    }
    assert wanted.keys() == NORMALISATIONS.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(normalise(unit, name), values, rtol=1e-5, atol=1e-4)
    grey = normalise(unit[..., :1], "imagenet")
    np.testing.assert_array_equal(grey, normalise(jnp.repeat(unit[..., :1], 3, -1), "imagenet"))
    assert NORMALISATIONS["inception"].pixels == {"mean": [0.5] * 3, "std": [0.5] * 3}
    own = Normalisation((0.1, 0.2, 0.3), (2.0, 2.0, 2.0))
    np.testing.assert_allclose(normalise(unit, own), (byte / 255 - [0.1, 0.2, 0.3]) / 2, atol=1e-6)
    with pytest.raises(SeqcnnError, match="must be one of unit, byte"):
        normalise(unit, "keras")
    with pytest.raises(SeqcnnError, match="1 or 3 channels"):
        normalise(unit[..., :2], "unit")


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(9, 14), (30, 20)])
def test_device_and_host_agree_with_pillow(fit, size):
    image = np.random.default_rng(0).random((12, 17, 3)).astype(np.float32)
    height, width = size
    scale = (max if fit == "crop" else min)(height / 12, width / 17)
    between = (height, width) if fit == "stretch" else (round(12 * scale), round(17 * scale))
    pillow = np.stack([
        np.array(Image.fromarray(image[..., c]).resize(between[::-1], Image.Resampling.BILINEAR))
        for c in range(3)
    ], -1)  # fmt: skip
    wanted = np.zeros((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            # Python's floor division: half of the spare pixels, the smaller half in front
            v, u = (
                at + (old - new) // 2 if old > new else at - (new - old) // 2
                for at, old, new in zip((y, x), between, size, strict=True)
            )
            if 0 <= v < between[0] and 0 <= u < between[1]:
                wanted[y, x] = pillow[v, u]
    np.testing.assert_allclose(fit_to_size(image, size, fit), wanted, atol=1e-6)
    device = resize_batch(jnp.array(image)[None], size, fit)[0]
    np.testing.assert_allclose(device, wanted, atol=2e-6)


def test_every_form_keeps_its_dtype_when_resized():
    image = np.zeros((8, 8, 1), bool)
    image[:4] = True
    assert (fit_to_size(image, 4) == (np.arange(4) < 2)[:, None, None]).all()
    for dtype, top in (("uint8", 255), ("uint16", 65_535)):
        small = fit_to_size(image.astype(dtype) * np.dtype(dtype).type(top), 4)
        assert small.dtype == dtype and small.max() == top and small.min() == 0
    volume = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 2), np.uint8)
    small = fit_to_size(volume, (4, 6))
    np.testing.assert_array_equal(small[1], fit_to_size(volume[1], (4, 6)))
    for wrong in ({"size": 0}, {"size": 4, "fit": "fill"}):
        with pytest.raises(SeqcnnError, match="must be"):
            fit_to_size(volume, **wrong)
    with pytest.raises(SeqcnnError, match="`fit` must be"):
        resize_batch(jnp.zeros((1, 8, 8, 1)), 4, "fill")  # type: ignore[arg-type]
