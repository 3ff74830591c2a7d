import itertools

import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.nn.geometry import Geometry, conv_output_size, conv_transpose_output_size


def test_output_size_counts_the_windows():
    grid = itertools.product(range(1, 12), range(1, 5), range(1, 4), range(3), range(1, 3))
    for length, window, stride, pad, dilation in grid:
        options = {"stride": stride, "padding": pad, "dilation": dilation}
        extent = (window - 1) * dilation + 1
        starts = [s for s in range(-pad, length + pad) if s + extent <= length + pad][::stride]
        if starts:
            assert conv_output_size(length, window, **options) == len(starts)
        else:
            with pytest.raises(SeqcnnError, match="does not fit"):
                conv_output_size(length, window, **options)


def test_same_padding_keeps_the_length_over_stride():
    for length, window, stride in itertools.product(range(1, 9), range(1, 6), range(1, 4)):
        assert conv_output_size(length, window, stride=stride, padding="same") == -(
            -length // stride
        )


def test_ceil_mode_counts_the_windows_that_begin_before_the_end():
    """Windows may reach beyond the padded axis; one that begins behind the axis is none."""
    grid = itertools.product(range(1, 12), range(1, 5), range(1, 5), range(2), range(1, 3))
    for length, window, stride, pad, dilation in grid:
        extent = (window - 1) * dilation + 1
        if length + 2 * pad < extent:
            continue
        whole = range(-pad, length + pad - extent + 1, stride)
        beyond = whole[-1] + extent < length + pad and whole[-1] + stride < length
        options = {"stride": stride, "padding": pad, "dilation": dilation}
        found = conv_output_size(length, window, **options, ceil_mode=True)
        assert found == len(whole) + beyond, (length, window, options)


def test_transposed_sizes_are_those_that_lead_back():
    grid = itertools.product(range(1, 8), range(1, 5), range(1, 4), range(3), range(1, 3))
    for length, window, stride, pad, dilation in grid:
        options = {"stride": stride, "padding": pad, "dilation": dilation}
        for more in range(stride):
            try:
                size = conv_transpose_output_size(length, window, output_padding=more, **options)
            except SeqcnnError:
                continue
            assert conv_output_size(size, window, **options) == length


def test_transposed_sizes_have_limits():
    with pytest.raises(SeqcnnError, match="would leave 0"):
        conv_transpose_output_size(1, 2, padding=1)
    with pytest.raises(SeqcnnError, match="`output_padding`"):
        conv_transpose_output_size(4, 2, stride=2, output_padding=2)
    assert conv_transpose_output_size(4, 2, dilation=3, output_padding=2) == 9


def test_a_geometry_says_what_its_windows_cover():
    geometry = Geometry.of((7, 4), (3, 4), stride=(2, 1), padding=(1, 0), dilation=(2, 1))
    assert (geometry.rank, geometry.positions) == (2, (3, 1))
    assert geometry.last_axis_spanned
    assert geometry.without_last_axis() == Geometry.of((7,), (3,), stride=2, padding=1, dilation=2)
    first, second = geometry.split_first_axis()
    assert (first, second) == (geometry.without_last_axis(), Geometry.of((4,), (4,)))
    assert not Geometry.of((7, 4), (3, 4), padding=(0, 1)).last_axis_spanned
    assert not Geometry.of((7, 4), (3, 2), dilation=(1, 3)).last_axis_spanned
    with pytest.raises(SeqcnnError, match="does not fit"):
        Geometry.of((7, 4), (3, 5))


def test_transposed_windows_reach_as_far_as_the_result():
    """A transposed convolution lays a window at every step; the padding is cut off its ends."""
    grid = itertools.product(range(1, 8), range(1, 5), range(1, 4), range(2), range(1, 3))
    for length, window, stride, pad, dilation in grid:
        covered = {i * stride + k * dilation for i in range(length) for k in range(window)}
        size = max(covered) + 1 - 2 * pad
        options = {"stride": stride, "padding": pad, "dilation": dilation}
        if size >= 1:
            assert conv_transpose_output_size(length, window, **options) == size
