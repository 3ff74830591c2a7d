"""Filters against SciPy."""

import numpy as np
import pytest
from scipy import ndimage

from seqcnn.errors import SeqcnnError
from seqcnn.image import filters
from seqcnn.image.filters import KERNELS, apply_filter, gradient_magnitude, kernel_of

SCIPY = {"zero": "constant", "reflect": "mirror", "edge": "nearest", "wrap": "wrap"}
IMAGE = np.random.default_rng(0).integers(0, 256, (17, 19, 3)).astype(np.uint8)
UNIT = IMAGE / 255


def each_channel(function):
    return np.stack([function(UNIT[..., c]) for c in range(3)], axis=-1)


@pytest.mark.parametrize("edges", SCIPY)
@pytest.mark.parametrize("name", KERNELS)
def test_named_filters_are_scipys_correlation(name, edges):
    kernel = kernel_of(name).astype(float)
    for mode, oracle in (("correlate", ndimage.correlate), ("convolve", ndimage.convolve)):
        if mode == "convolve" and (edges, name) != ("zero", "emboss"):
            continue
        wanted = each_channel(lambda x, o=oracle: o(x, kernel, mode=SCIPY[edges]))
        found = apply_filter(IMAGE, name, mode=mode, edges=edges)
        np.testing.assert_allclose(found, wanted, atol=1e-6 * max(1, abs(kernel).sum()), rtol=0)


def test_kernels_are_those_of_scipys_own_filters():
    """By SciPy's names, so that a slip in a number of a kernel is seen."""
    own = {
        "laplace": ndimage.laplace,
        "sobel_x": lambda x, mode: ndimage.sobel(x, axis=1, mode=mode),
        "sobel_y": lambda x, mode: ndimage.sobel(x, axis=0, mode=mode),
        "prewitt_x": lambda x, mode: ndimage.prewitt(x, axis=1, mode=mode),
        "prewitt_y": lambda x, mode: ndimage.prewitt(x, axis=0, mode=mode),
        "box": lambda x, mode: ndimage.uniform_filter(x, 5, mode=mode),
        "gaussian": lambda x, mode: ndimage.gaussian_filter(x, 1.5, mode=mode),
    }
    for name, oracle in own.items():
        wanted = each_channel(lambda x, o=oracle: o(x, mode="mirror"))
        np.testing.assert_allclose(apply_filter(IMAGE, name), wanted, atol=6e-6, rtol=0)
    blurred = ndimage.gaussian_filter(UNIT, 1.5, mode="mirror", axes=(0, 1))
    wanted = UNIT + 1.5 * (UNIT - blurred)
    np.testing.assert_allclose(apply_filter(IMAGE, "unsharp"), wanted, atol=5e-6)


def test_the_gradient_is_as_steep_as_scipys():
    sobel = (each_channel(lambda x, a=a: ndimage.sobel(x, axis=a, mode="mirror")) for a in (0, 1))
    wanted = np.hypot(*sobel)
    np.testing.assert_allclose(gradient_magnitude(IMAGE), wanted, atol=8e-6)
    ramp = np.broadcast_to(np.arange(9.0)[:, None, None] / 9, (9, 9, 1)).astype(np.float32)
    for kind, weight in (("sobel", 8), ("prewitt", 6), ("scharr", 32)):
        inside = gradient_magnitude(ramp, kind)[2:-2, 2:-2]
        np.testing.assert_allclose(inside, weight / 9, rtol=1e-5)


def test_what_the_sums_of_kernels_say():
    """Blurs and sharpeners keep brightness, edges are 0 where nothing changes."""
    flat = np.full((21, 21, 1), 77, np.uint8)
    for name in KERNELS:
        kernel, found = kernel_of(name), apply_filter(flat, name, edges="edge")
        assert kernel.shape[0] == kernel.shape[1] and len(kernel) % 2 == 1
        expected = 0 if abs(kernel.sum()) < 1e-6 else 77 / 255
        np.testing.assert_allclose(found, expected, atol=1e-6)
    sums = {name for name in KERNELS if abs(kernel_of(name).sum()) < 1e-6}
    assert {"laplace", "sobel_x", "outline", "ridge", "scharr_y"} <= sums


def test_products_of_columns_and_rows_are_found():
    separable = {name for name in KERNELS if filters.factors(kernel_of(name)) is not None}
    assert separable == {
        "identity", "box", "gaussian", "sobel_x", "sobel_y", "prewitt_x", "prewitt_y", "scharr_x",
        "scharr_y",
    }  # fmt: skip
    for name in separable:
        column, row = filters.factors(kernel_of(name))
        np.testing.assert_allclose(column @ row, kernel_of(name), atol=1e-7)
    assert filters.factors(np.zeros((3, 3))) is None


def test_own_kernels_and_volumes():
    volume = np.random.default_rng(1).random((5, 6, 7, 2)).astype(np.float32)
    kernel = np.random.default_rng(2).random((3, 1, 3))
    wanted = np.stack(
        [ndimage.correlate(volume[..., c], kernel, mode="nearest") for c in range(2)], axis=-1
    )
    np.testing.assert_allclose(apply_filter(volume, kernel, edges="edge"), wanted, atol=1e-5)


def test_pictures_to_be_seen():
    edges = np.array([-2.0, 0.0, 2.0])
    assert filters.displayed(edges).tolist() == [1, 128, 255]
    assert filters.displayed(np.array([0, 0.5, 1.5])).tolist() == [0, 128, 255]
    assert filters.displayed(np.zeros(3)).tolist() == [0, 0, 0]


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="choose from identity"):
        apply_filter(IMAGE, "blur")
    with pytest.raises(SeqcnnError, match="odd extents"):
        apply_filter(IMAGE, np.ones((2, 2)))
    with pytest.raises(SeqcnnError, match="fits pictures"):
        apply_filter(IMAGE[..., 0], "box")
    with pytest.raises(SeqcnnError, match="too small"):
        apply_filter(IMAGE[:2], "gaussian")
    with pytest.raises(SeqcnnError, match="`edges`"):
        apply_filter(IMAGE, "box", edges="black")
    with pytest.raises(SeqcnnError, match="`size`"):
        filters.box(4)
    with pytest.raises(SeqcnnError, match="`sigma`"):
        filters.gaussian(0)
