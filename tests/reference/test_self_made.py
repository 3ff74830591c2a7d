"""The lesson's loops, against SciPy and the layer."""

import itertools

import numpy as np
import pytest
from scipy import signal

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import conv
from seqcnn.nn.geometry import conv_output_size
from seqcnn.reference.self_made import ConvSelfMade, conv_self_made, n_out

RNG = np.random.default_rng(0)


def test_it_is_cross_correlation_and_convolution_with_the_kernel_turned():
    image, kernel = RNG.random((7, 8)), RNG.random((3, 2))
    (found,) = ConvSelfMade(image, kernel=kernel)
    np.testing.assert_allclose(found, signal.correlate2d(image, kernel, mode="valid"))
    (turned,) = ConvSelfMade(image, kernel=kernel[::-1, ::-1])
    np.testing.assert_allclose(turned, signal.convolve2d(image, kernel, mode="valid"))


@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (2, 1), (0, 3), (1, 2)])
def test_the_layer_gives_the_same_of_several_pictures(padding, stride):
    images, kernel = [RNG.random((9, 7, 3)), RNG.random((9, 7, 3))], RNG.random((3, 3))
    found = conv_self_made(*images, kernel=kernel, padding=padding, stride=stride)
    x = np.stack(images).astype(np.float32)
    each = np.broadcast_to(kernel[..., None, None], (3, 3, 1, 3)).astype(np.float32)
    layer = conv(x, each, padding=padding, stride=stride, groups=3)
    np.testing.assert_allclose(np.stack(found), layer, atol=1e-5)


def test_pictures_may_differ_in_size_and_have_no_channels():
    grey, colour = RNG.random((5, 6)), RNG.random((4, 4, 2))
    first, second = conv_self_made(grey, colour, kernel=np.ones((3, 3)))
    assert first.shape == (3, 4) and second.shape == (2, 2, 2)


def test_n_out_counts_windows():
    for n, window, pad, stride in itertools.product(range(1, 12), range(1, 5), range(3), (1, 2, 3)):
        starts = range(-pad, n + pad - window + 1, stride)
        if len(starts):
            assert n_out(n, window, padding=pad, stride=stride) == len(starts)
            assert conv_output_size(n, window, padding=pad, stride=stride) == len(starts)
        else:
            with pytest.raises(SeqcnnError, match="does not fit"):
                n_out(n, window, padding=pad, stride=stride)


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="`kernel`"):
        conv_self_made(np.ones((3, 3)), kernel=np.ones(3))
    with pytest.raises(SeqcnnError, match="a picture must be"):
        conv_self_made(np.ones(3), kernel=np.ones((1, 1)))
