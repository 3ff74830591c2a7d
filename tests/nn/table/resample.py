"""What changes the extents of an array."""

import jax

from seqcnn.nn import resample

from ..rows import Function, Row


def _padded(x: jax.Array) -> jax.Array:
    return resample.pad_to_multiple(x, (4, 3), value=0.5)[0]


ROWS = [
    Row(
        "resize nearest",
        lambda rngs: Function(resample.resize, 5, "nearest"),
        (2, 3, 2),
        (2, 5, 2),
        resample.resize,
    ),
    Row(
        "resize linear",
        lambda rngs: Function(resample.resize, (7, 3, 2)),
        (2, 3, 5, 2, 1),
        (2, 7, 3, 2, 1),
        resample.resize,
    ),
    Row(
        "resize antialias",
        lambda rngs: Function(resample.resize, (3, 2), antialias=True),
        (2, 8, 5, 2),
        (2, 3, 2, 2),
        resample.resize,
    ),
    Row(
        "resize area, of more neighbours than are added in one pass",
        lambda rngs: Function(resample.resize, 2, "area"),
        (1, 2 * resample.MOST_TAPS + 5, 2),
        (1, 2, 2),
        resample.resize,
    ),
    Row(
        "upsample",
        lambda rngs: Function(resample.upsample),
        (2, 3, 4, 2),
        (2, 6, 8, 2),
        resample.upsample,
    ),
    Row(
        "upsample linear",
        lambda rngs: Function(resample.upsample, (2, 3), "linear", align_corners=True),
        (2, 3, 4, 2),
        (2, 6, 12, 2),
        resample.upsample,
    ),
    Row(
        "pad_to_multiple",
        lambda rngs: Function(_padded),
        (2, 5, 3, 2),
        (2, 8, 3, 2),
        resample.pad_to_multiple,
    ),
    Row(
        "crop",
        lambda rngs: Function(resample.crop, ((1, 0), (0, 2))),
        (2, 5, 4, 2),
        (2, 4, 2, 2),
        resample.crop,
    ),
    Row(
        "centre_crop",
        lambda rngs: Function(resample.centre_crop, 2),
        (2, 5, 4, 2),
        (2, 2, 2, 2),
        resample.centre_crop,
    ),
]
