"""A picture and its table are the same numbers."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.table import image_to_table, read_pixel_table, table_to_image, write_pixel_table

DTYPES = ("bool", "uint8", "uint16", "float32")


def picture(dtype: str, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4, 5, channels)) * 1e3
    return (values > 0) if dtype == "bool" else np.abs(values).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_round_trip_is_exact(dtype, channels):
    image = picture(dtype, channels)
    table = image_to_table(image)
    assert table.shape == (20, channels) and table.dtype == image.dtype
    for y in range(4):
        for x in range(5):
            assert (table[y * 5 + x] == image[y, x]).all()
    np.testing.assert_array_equal(table_to_image(table, (4, 5)), image)
    np.testing.assert_array_equal(image_to_table(image[..., 0])[:, 0], image[..., 0].ravel())


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_file_brings_every_value_back(tmp_path, dtype):
    image = picture(dtype)
    path = tmp_path / "pixels.tsv.gz"
    write_pixel_table(path, image)
    read = read_pixel_table(path, dtype=dtype)
    assert read.dtype == image.dtype
    np.testing.assert_array_equal(read, image)


def test_rows_may_come_in_any_order(tmp_path):
    path = tmp_path / "pixels.tsv"
    path.write_text("row\tcolumn\tgrey\n1\t0\t30\n0\t1\t20\n1\t1\t300\n0\t0\t10\n")
    read = read_pixel_table(path)
    assert read.dtype == np.uint16 and read[..., 0].tolist() == [[10, 20], [30, 300]]
    write_pixel_table(path, read)
    assert path.read_text() == "row\tcolumn\tgrey\n0\t0\t10\n0\t1\t20\n1\t0\t30\n1\t1\t300\n"


@pytest.mark.parametrize(
    ("text", "dtype", "message"),
    [
        ("row\tcolumn\tgrey\n0\t0\t1\n1\t1\t1\n", None, "needs each of its 4 pixels once"),
        ("row\tcolumn\tgrey\n0\t0\t1\n0\t0\t1\n", None, "needs each of its 1 pixels once"),
        ("row\tcolumn\tgrey\n0\t0\tx\n", None, "cells must be numbers"),
        ("row\tcolumn\tgrey\n0\t0.5\t1\n", None, "must be whole numbers"),
        ("row\tcolumn\tgrey\n0\t0\tnan\n", None, "3 finite numbers"),
        ("row\tcolumn\tgrey\n0\t0\t300\n", "uint8", "300 do not fit uint8"),
        ("row\tcolumn\tgrey\n0\t0\t1\n", "int8", "`dtype` must be one of"),
        ("x\ty\tgrey\n0\t0\t300\n", None, "has columns row, column and channels"),
    ],
)
def test_faults_are_named(tmp_path, text, dtype, message):
    (tmp_path / "p.tsv").write_text(text)
    with pytest.raises(SeqcnnError, match=message):
        read_pixel_table(tmp_path / "p.tsv", dtype=dtype)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(SeqcnnError, match="has 6 rows, the table has shape"):
        table_to_image(np.zeros((5, 1)), (2, 3))
    with pytest.raises(SeqcnnError, match="a picture has"):
        image_to_table(np.zeros(5))
