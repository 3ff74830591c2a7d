"""`ConvSelfMade`: convolution as one writes it the first time, in three loops.

`seqcnn.reference.conv` is the general witness of the layers; this is the lesson. What it computes
is cross-correlation: the kernel is laid on as it is. The convolution of the textbook's integral
runs through the kernel backwards, which is the same with `kernel[::-1, ::-1]`; a network that
learns its kernels cannot tell the difference.
"""

import numpy as np

from seqcnn.errors import SeqcnnError


def conv_self_made(
    *images: np.ndarray, kernel: np.ndarray, padding: int = 0, stride: int = 1
) -> list[np.ndarray]:
    """Slide one kernel over pictures, each channel on its own.

    Parameters
    ----------
    images
        float (height, width) or (height, width, channels), of any sizes.
    kernel
        float (rows, columns).
    padding
        Rows and columns of zeros on each side.
    stride
        Steps from one window to the next.

    Returns
    -------
    list of numpy.ndarray
        One for each picture, float64 of `n_out` rows and columns, and of its channels.

    Raises
    ------
    SeqcnnError
        The kernel does not fit.

    Examples
    --------
    >>> image = np.arange(16.0).reshape(4, 4)
    >>> conv_self_made(image, kernel=np.ones((2, 2)), stride=2)[0].tolist()
    [[10.0, 18.0], [42.0, 50.0]]
    """
    if kernel.ndim != 2 or padding < 0 or stride < 1:
        raise SeqcnnError(
            "`kernel` must be (rows, columns), `padding` 0 or more, `stride` 1 or more"
        )
    return [_one(image, kernel, padding, stride) for image in images]


ConvSelfMade = conv_self_made
"""By the name that the lecture has."""


def n_out(n_in: int, n_filter: int, *, padding: int = 0, stride: int = 1) -> int:
    """Count windows: floor((n_in - n_filter + 2 padding) / stride) + 1.

    Without the floor, 7 pixels under a filter of 3 with stride 3 would give 2.33 windows.

    Raises
    ------
    SeqcnnError
        The filter is longer than the padded picture.
    """
    if n_filter > n_in + 2 * padding:
        raise SeqcnnError(f"a filter of {n_filter} does not fit {n_in} pixels and {padding} around")
    return (n_in - n_filter + 2 * padding) // stride + 1


def _one(image: np.ndarray, kernel: np.ndarray, padding: int, stride: int) -> np.ndarray:
    if image.ndim not in (2, 3):
        raise SeqcnnError(f"a picture must be (height, width) or with channels, not {image.shape}")
    planes = image[..., None] if image.ndim == 2 else image
    padded = np.pad(planes.astype(np.float64), [(padding, padding), (padding, padding), (0, 0)])
    rows, columns = kernel.shape
    height = n_out(image.shape[0], rows, padding=padding, stride=stride)
    width = n_out(image.shape[1], columns, padding=padding, stride=stride)
    result = np.zeros((height, width, planes.shape[2]))
    for channel in range(planes.shape[2]):
        for y in range(height):
            for x in range(width):
                top, left = y * stride, x * stride
                window = padded[top : top + rows, left : left + columns, channel]
                result[y, x, channel] = (window * kernel).sum()
    return result[..., 0] if image.ndim == 2 else result
