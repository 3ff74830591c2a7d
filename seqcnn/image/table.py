"""A picture as a table: one row for each pixel, one column for each channel; and back, exactly."""

import io
from pathlib import Path

import numpy as np

from seqcnn.data.files import atomic_write, open_bytes
from seqcnn.errors import SeqcnnError
from seqcnn.image.stored import as_stored

_PLACES = ("row", "column")


def image_to_table(image: np.ndarray) -> np.ndarray:
    """Lay the pixels of a picture below each other, row after row.

    Parameters
    ----------
    image
        (height, width, channels), or (height, width) of one channel; any dtype.

    Returns
    -------
    numpy.ndarray
        (height * width, channels): the row of pixel (y, x) is ``y * width + x``. Values and dtype
        stay what they are.

    Raises
    ------
    SeqcnnError
        It is no picture.

    Examples
    --------
    >>> image_to_table(np.array([[1, 2, 3], [4, 5, 6]])).ravel().tolist()
    [1, 2, 3, 4, 5, 6]
    """
    if image.ndim not in (2, 3):
        raise SeqcnnError(f"a picture has (height, width, channels), not shape {image.shape}")
    return image.reshape(image.shape[0] * image.shape[1], -1)


def table_to_image(table: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Make a picture of its table: what `image_to_table` undoes, and the other way round.

    Parameters
    ----------
    table
        (height * width, channels), or (height * width,) such as labels of the pixels.
    size
        Height and width.

    Returns
    -------
    numpy.ndarray
        (height, width, channels); values and dtype stay what they are.

    Raises
    ------
    SeqcnnError
        There are more or fewer rows than pixels.

    Examples
    --------
    >>> table_to_image(np.array([1, 2, 3, 4, 5, 6]), (2, 3))[..., 0].tolist()
    [[1, 2, 3], [4, 5, 6]]
    """
    height, width = size
    if table.ndim not in (1, 2) or len(table) != height * width:
        raise SeqcnnError(
            f"a picture of {height} x {width} pixels has {height * width:,} rows, the table has "
            f"shape {table.shape}"
        )
    return table.reshape(height, width, -1)


def channel_names(channels: int) -> tuple[str, ...]:
    """Name the channels: grey, or red, green and blue, or channel_1 and so on."""
    known = {1: ("grey",), 3: ("red", "green", "blue")}
    return known.get(channels) or tuple(f"channel_{i + 1}" for i in range(channels))


def write_pixel_table(path: str | Path, image: np.ndarray) -> None:
    """Write a picture as TSV: ``row``, ``column`` (both from 0), and a column for each channel.

    Parameters
    ----------
    path
        Where to; ``.gz`` compresses.
    image
        (height, width, channels) or (height, width); bool is written as 0 and 1, floats with as
        many digits as bring them back exactly.
    """
    table = image_to_table(image)
    values = table.astype(np.uint8) if table.dtype == bool else table
    y, x = np.divmod(np.arange(len(table)), image.shape[1])
    columns = [y.tolist(), x.tolist(), *values.T.tolist()]
    digits = "%.9g" if values.dtype == np.float32 else "%.17g"
    form = digits if values.dtype.kind == "f" else "%d"
    line = "\t".join(["%d", "%d", *[form] * values.shape[1]])
    with atomic_write(path) as file:
        print(*_PLACES, *channel_names(values.shape[1]), sep="\t", file=file)
        file.writelines(f"{line % row}\n" for row in zip(*columns, strict=True))


def read_pixel_table(path: str | Path, *, dtype: str | None = None) -> np.ndarray:
    """Read a picture from a TSV as `write_pixel_table` makes it; its rows in any order.

    Parameters
    ----------
    path
        The table.
    dtype
        ``"bool"``, ``"uint8"``, ``"uint16"`` or ``"float32"``; by default integers become uint8 if
        all are below 256, or else uint16.

    Returns
    -------
    numpy.ndarray
        (height, width, channels).

    Raises
    ------
    SeqcnnError
        It is no such table, a pixel is missing or comes twice, or a value does not fit `dtype`.
    """
    header, _, body = bytes(open_bytes(path)).partition(b"\n")
    names = header.decode(errors="replace").strip().split("\t")
    if tuple(names[:2]) != _PLACES or len(names) < 3:
        raise SeqcnnError(
            f"a table of pixels has columns row, column and channels, not {names}",
            path=path,
            line=1,
        )
    try:
        cells = np.loadtxt(io.BytesIO(body), delimiter="\t", ndmin=2)
    except ValueError as error:
        raise SeqcnnError(f"cells must be numbers: {error}", path=path) from None
    if cells.shape[1:] != (len(names),) or not np.isfinite(cells).all():
        raise SeqcnnError(f"every row needs {len(names)} finite numbers", path=path)
    return _placed(cells[:, :2], _of_dtype(cells[:, 2:], dtype, path), path)


def _of_dtype(values: np.ndarray, dtype: str | None, path: str | Path) -> np.ndarray:
    whole = bool((values == np.round(values)).all())
    if dtype is None:
        return as_stored(values.astype(np.int64) if whole else values, path)[0]
    most = {"bool": 1, "uint8": 255, "uint16": 65_535, "float32": np.inf}
    if dtype not in most:
        raise SeqcnnError(f"`dtype` must be one of {', '.join(most)}, not {dtype!r}")
    if dtype != "float32" and (not whole or values.min() < 0 or values.max() > most[dtype]):
        raise SeqcnnError(
            f"values from {values.min():g} to {values.max():g} do not fit {dtype}", path=path
        )
    return values.astype(dtype)


def _placed(places: np.ndarray, values: np.ndarray, path: str | Path) -> np.ndarray:
    y, x = places.astype(np.int64).T
    if (places != np.stack([y, x], 1)).any() or places.min() < 0:
        raise SeqcnnError("rows and columns must be whole numbers from 0", path=path)
    height, width = int(y.max()) + 1, int(x.max()) + 1
    if len(values) != height * width or len(np.unique(y * width + x)) != len(values):
        raise SeqcnnError(
            f"a picture of {height} x {width} pixels needs each of its {height * width:,} pixels "
            f"once, the table has {len(values):,} rows",
            path=path,
        )
    image = np.empty((height, width, values.shape[1]), values.dtype)
    image[y, x] = values
    return image
