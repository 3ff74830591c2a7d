"""Pictures of one brightness: dark and pale ones are stretched over the whole range."""

import numpy as np

from seqcnn.errors import SeqcnnError


def stretch_brightness(picture: np.ndarray, *, low: float = 1.0, high: float = 99.8) -> np.ndarray:
    """Spread the values of a picture over 0 to 255.

    Parameters
    ----------
    picture
        (*space, channels), of any dtype; all channels are stretched alike, so that hues stay.
    low, high
        Percentiles that become 0 and 255; what lies beyond is clipped.

    Returns
    -------
    numpy.ndarray
        uint8, of the same shape; zeros if all values are the same.

    Raises
    ------
    SeqcnnError
        The percentiles are not in order.

    Examples
    --------
    >>> stretch_brightness(np.array([[10], [15], [20]]), low=0, high=100).ravel().tolist()
    [0, 128, 255]
    """
    if not 0 <= low < high <= 100:
        raise SeqcnnError(f"`low` and `high` must be from 0 to 100, in order, not {low}, {high}")
    values = np.asarray(picture, np.float32)
    bottom, top = np.percentile(values, [low, high])
    spread = (values - bottom) * (255 / (top - bottom)) if top > bottom else np.zeros_like(values)
    return np.rint(np.clip(spread, 0, 255)).astype(np.uint8)
