"""A kernel is learned back from what it does."""

import numpy as np
import pytest
from scipy import ndimage

from seqcnn.errors import SeqcnnError
from seqcnn.image.filters import kernel_of
from seqcnn.image.learn_kernel import learn_kernel

RNG = np.random.default_rng(0)
BEFORE = RNG.random((2, 24, 24, 1)).astype(np.float32)


def filtered(kernel, noise=0.0):
    after = np.stack([ndimage.correlate(x[..., 0], kernel) for x in BEFORE])[..., None]
    return (after + 0.25 + RNG.normal(0, noise, after.shape)).astype(np.float32)


@pytest.mark.parametrize("method", ["descent", "least_squares"])
def test_sobel_is_learned_back(method):
    kernel = kernel_of("sobel_x").astype(float)
    found = learn_kernel(BEFORE, filtered(kernel), method=method)
    np.testing.assert_allclose(found.kernel, kernel, atol=1e-3)
    assert found.bias == pytest.approx(0.25, abs=2e-3)
    assert found.losses[-1] < 1e-6
    if method == "descent":
        assert found.losses[0] > 1 and len(found.losses) == 301


def test_noise_blurs_what_is_learned_but_less_with_more_pixels():
    kernel = RNG.normal(size=(3, 5))
    found = learn_kernel(BEFORE, filtered(kernel, noise=0.1), (3, 5), method="least_squares")
    error = np.sqrt(((found.kernel - kernel) ** 2).mean())
    assert 1e-3 < error < 0.05


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="alike"):
        learn_kernel(BEFORE, BEFORE[:1])
    with pytest.raises(SeqcnnError, match="odd extents"):
        learn_kernel(BEFORE, BEFORE, 2)
