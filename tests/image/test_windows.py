"""Windows, pooled pictures and galleries."""

import numpy as np
import pytest
from scipy import ndimage

from seqcnn.errors import SeqcnnError
from seqcnn.image.figures import write_figure
from seqcnn.image.filters import KERNELS
from seqcnn.image.gallery import filter_gallery, pooling_gallery, sample_sheet
from seqcnn.image.pooling import downsample, pool_image
from seqcnn.image.scene import draw_scene
from seqcnn.image.windows import stride_figure, window_figure, window_table


def test_windows_start_where_the_lecture_says():
    starts = {s: [w.start for w in window_table(9, 3, stride=s)] for s in (1, 2, 3)}
    assert starts == {1: [0, 1, 2, 3, 4, 5, 6], 2: [0, 2, 4, 6], 3: [0, 3, 6]}
    padded = window_table(5, 3, padding=2)
    assert [w.start for w in padded] == [-2, -1, 0, 1, 2, 3, 4]
    assert [w.padded for w in padded] == [2, 1, 0, 0, 0, 1, 2]


def test_windows_are_where_a_convolution_looks():
    """A kernel of ones counts the places of the array under each window."""
    for stride, padding, dilation in ((1, 0, 1), (2, 1, 1), (3, 2, 2), (1, 2, 2)):
        rows = window_table(8, 3, stride=stride, padding=padding, dilation=dilation)
        padded = np.pad(np.ones(8), padding)
        for row in rows:
            places = padded[row.start + padding : row.end + padding : dilation]
            assert len(places) == 3 and places.sum() == 3 - row.padded
        assert rows[-1].end + stride > 8 + padding


def test_figures_of_windows(tmp_path):
    figure = stride_figure()
    assert [ax.get_title() for ax in figure.axes] == [
        "stride 1: 0, 1, 2, 3, 4, 5, 6", "stride 2: 0, 2, 4, 6", "stride 3: 0, 3, 6",
    ]  # fmt: skip
    titles = [ax.get_title() for ax in window_figure().axes]
    counts = ["floor((6 - 3 + 2 x 2) / 1) + 1 = 8", "floor((6 - 3 + 2 x 0) / 3) + 1 = 2"]
    assert titles[1::2] == counts
    for name in ("a.png", "b.png"):
        write_figure(tmp_path / name, window_figure())
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [
        ("mean", ndimage.uniform_filter),
        ("max", ndimage.maximum_filter),
        ("min", ndimage.minimum_filter),
    ],
)
def test_pooled_pictures_are_scipys_filters_at_every_third_pixel(kind, oracle):
    image = np.random.default_rng(0).random((9, 12, 2)).astype(np.float32)
    wanted = oracle(image, size=(3, 3, 1))[1::3, 1::3]
    np.testing.assert_allclose(pool_image(image, kind, 3), wanted, atol=1e-6)


def test_means_lie_between_minima_and_maxima_and_ends_are_kept():
    image = draw_scene(21, 30)
    pooled = {kind: pool_image(image, kind, 4) for kind in ("min", "mean", "max")}
    assert pooled["mean"].shape == (6, 8, 3) and pooled["mean"].dtype == np.uint8
    assert (pooled["min"] <= pooled["mean"]).all() and (pooled["mean"] <= pooled["max"]).all()
    assert (pooled["max"][-1, -1] == image[20:, 28:].max(axis=(0, 1))).all()


def test_every_nth_pixel_is_a_convolution_with_a_stride():
    image = draw_scene(10, 11)
    assert (downsample(image, 3) == image[::3, ::3]).all()
    stripes = np.tile(np.array([0, 255], np.uint8), (8, 8))[..., None]
    assert np.ptp(downsample(stripes, 2)) == 0, "stripes are lost, or become black"
    assert abs(downsample(stripes, 2, blur=True).astype(int) - 128).max() <= 1


def test_galleries_show_all_in_one_order():
    image = draw_scene(24, 32)
    titles = [ax.get_title() for ax in filter_gallery(image).axes if ax.get_title()]
    assert len(titles) == len(KERNELS) + 1
    assert titles[0] == "identity" and titles[-1] == "gradient magnitude"
    grey = filter_gallery(image[..., :1], names=["box", "sobel_x"])
    assert [ax.get_title() for ax in grey.axes if ax.get_title()][:2] == ["box 5 x 5", "Sobel, x"]
    pools = pooling_gallery(image, windows=(2, 4))
    shapes = [ax.images[0].get_array().shape[:2] for ax in pools.axes]
    assert shapes == [(24, 32), (12, 16), (6, 8)] * 4


def test_sheets_hold_every_picture():
    images = np.arange(3 * 4).reshape(3, 2, 2, 1).astype(np.uint8)
    sheet = sample_sheet(images, columns=2, gap=1)
    assert sheet.shape == (7, 7, 1)
    assert (sheet[1:3, 4:6] == images[1]).all() and (sheet[4:6, 1:3] == images[2]).all()
    assert (sheet == 255).sum() == 49 - 12


def test_errors_say_what_to_do():
    image = draw_scene(8, 8)
    with pytest.raises(SeqcnnError, match="`kind`"):
        pool_image(image, "median", 2)
    with pytest.raises(SeqcnnError, match="`step`"):
        downsample(image, 0)
    with pytest.raises(SeqcnnError, match="does not fit"):
        window_table(2, 3)
