"""Which network to take for pictures if nobody says: decided by how many and how large they are."""

import math
from collections.abc import Sequence

from seqcnn.errors import SeqcnnError
from seqcnn.networks.choose import Choice

TINY = 8
"""Pixels of an axis below which there is nothing to convolve and pool."""

FEW = 2000
"""Pictures up to which a network should have few weights."""

SMALL, MIDDLE = 24, 96
"""Pixels of the shortest axis up to which the first map keeps all, or half, of the resolution."""

FEWEST = 4
"""Pixels of an axis that the last stage should still see."""


def default_image_network(n: int, shape: Sequence[int]) -> Choice:
    """Choose a network for pictures, or volumes, by the data.

    Parameters
    ----------
    n
        Pictures to train on.
    shape
        (*space, channels).

    Returns
    -------
    Choice
        The name for `create`, options, and the reason, which belongs on the screen. The bounds are
        rules of thumb.

    Raises
    ------
    SeqcnnError
        A number is less than 1.

    Examples
    --------
    >>> default_image_network(60_000, (28, 28, 1)).name
    'resnet_small'
    >>> print(default_image_network(300, (64, 64, 3)).reason)
    300 pictures of 64 x 64 are few: stages of single convolutions have few weights
    """
    *space, channels = shape
    if n < 1 or min(*space, channels) < 1:
        raise SeqcnnError(f"`n` and `shape` must be 1 or more, not {n} and {tuple(shape)}")
    these = f"{n:,} pictures of {' x '.join(map(str, space))}"
    if min(space) < TINY:
        return Choice("mlp", {}, f"{these} are too small for convolutions that pool")
    if n < FEW:
        stages = max(1, min(4, int(math.log2(min(space) / FEWEST))))
        widths = [16 << stage for stage in range(stages)]
        reason = f"{these} are few: stages of single convolutions have few weights"
        return Choice("cnn", {"channels": widths, "dropout": 0.2}, reason)
    stem = "small" if min(space) <= SMALL else "pooled" if min(space) <= MIDDLE else "large"
    reason = f"{these} are enough for a residual network"
    return Choice("resnet_small", {"stem": stem}, reason)
