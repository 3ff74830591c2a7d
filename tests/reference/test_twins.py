"""The twins themselves, against SciPy and finite differences."""

import numpy as np
import pytest
from scipy import ndimage, signal

from seqcnn.errors import SeqcnnError
from seqcnn.reference import conv as twin
from seqcnn.reference import layers
from seqcnn.reference import pool as pools


@pytest.mark.parametrize("shape", [(9,), (6, 7), (4, 5, 4)])
def test_convolution_is_scipys_correlation_summed_over_channels(shape):
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(1, *shape, 2)), rng.normal(size=(*(3,) * len(shape), 2, 1))
    expected = sum(
        signal.correlate(x[0, ..., c], kernel[..., c, 0], mode="valid") for c in range(2)
    )
    np.testing.assert_allclose(twin.conv(x, kernel)[0, ..., 0], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel_shape", "options"),
    [
        ((3, 3, 2, 2), {"stride": (2, 1), "padding": (1, 0)}),
        ((2, 2, 1, 4), {"groups": 2, "dilation": 2, "padding": "same"}),
    ],
)
def test_gradients_are_finite_differences(kernel_shape, options):
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 5, 4, 2)), rng.normal(size=kernel_shape)
    upstream = rng.normal(size=twin.conv(x, kernel, **options).shape)
    of_x, of_kernel = twin.conv_gradients(x, kernel, upstream, **options)
    dx, dk = rng.normal(size=x.shape), rng.normal(size=kernel.shape)
    # a convolution is linear in each argument, so the difference is exact
    in_x = (twin.conv(dx, kernel, **options) * upstream).sum()
    in_kernel = (twin.conv(x, dk, **options) * upstream).sum()
    np.testing.assert_allclose((of_x * dx).sum(), in_x, rtol=1e-10)
    np.testing.assert_allclose((of_kernel * dk).sum(), in_kernel, rtol=1e-10)


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [
        ("max", ndimage.maximum_filter),
        ("min", ndimage.minimum_filter),
        ("mean", ndimage.uniform_filter),
    ],
)
def test_pools_are_scipys_filters_where_nothing_is_padded(kind, oracle):
    x = np.random.default_rng(0).normal(size=(7, 6))
    found = pools.pool(x[None, :, :, None], kind, 3, stride=1)[0, ..., 0]
    np.testing.assert_allclose(found, oracle(x, size=3)[1:-1, 1:-1], rtol=1e-10)


@pytest.mark.parametrize("kind", ["max", "mean", "min"])
def test_pool_gradient_is_the_finite_difference(kind):
    rng = np.random.default_rng(0)
    x, along = rng.normal(size=(2, 7, 5, 2)), rng.normal(size=(2, 7, 5, 2))
    options = {"stride": 2, "padding": 1}
    upstream = rng.normal(size=pools.pool(x, kind, 3, **options).shape)
    step = 1e-7
    ahead, behind = (
        (pools.pool(x + s * step * along, kind, 3, **options) * upstream).sum() for s in (1, -1)
    )
    gradient = pools.pool_gradient(x, kind, 3, upstream, **options)
    np.testing.assert_allclose((gradient * along).sum(), (ahead - behind) / (2 * step), rtol=1e-6)


def test_a_window_that_does_not_fit_and_an_unknown_pool_are_refused():
    with pytest.raises(SeqcnnError, match="does not fit"):
        twin.conv(np.ones((1, 3, 1)), np.ones((4, 1, 1)))
    with pytest.raises(SeqcnnError, match="'sum'"):
        pools.pool(np.ones((1, 3, 1)), "sum", 2)


def test_dense_is_a_matrix_product():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.normal(size=(3, 5)), rng.normal(size=(5, 2)), rng.normal(size=2)
    np.testing.assert_allclose(layers.dense(x, kernel, bias), x @ kernel + bias, rtol=1e-12)
