"""How many numbers a layer learns, by its kind and its sizes."""

import math
from collections.abc import Sequence

from seqcnn.errors import SeqcnnError
from seqcnn.nn.geometry import extents_of

KINDS = ("conv", "conv_transpose", "depthwise", "separable", "dense", "norm", "pool")
"""What `count_learnables` knows."""


def count_learnables(
    kind: str,
    channels_in: int,
    channels_out: int | None = None,
    *,
    window: int | Sequence[int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Count the numbers that a layer learns.

    A window of N x N pixels on one channel, with a bias, has N² + 1. With more channels in it is
    channels_out * (N² * channels_in + 1): each kernel has weights of its own for each channel.

    Parameters
    ----------
    kind
        One of `KINDS`. ``"depthwise"`` convolves each channel on its own, ``"separable"`` mixes the
        channels after that; ``"norm"`` scales and shifts each, ``"pool"`` learns nothing.
    channels_in, channels_out
        Of the layer; None for as many as come in.
    window
        Extents of the kernel, one number for each axis of space.
    groups
        Of a convolution: into how many parts the channels are split.
    bias
        Whether there are biases.

    Raises
    ------
    SeqcnnError
        The kind is unknown, or the channels cannot be split so.

    Examples
    --------
    >>> count_learnables("conv", 1, window=(5, 5)), count_learnables("conv", 3, 1, window=(5, 5))
    (26, 76)
    """
    given = channels_in if channels_out is None else channels_out
    if kind not in KINDS:
        raise SeqcnnError(f"`kind` must be one of {', '.join(KINDS)}, not {kind!r}")
    if min(channels_in, given, groups) < 1 or channels_in % groups or given % groups:
        raise SeqcnnError(
            f"channels {channels_in} and {given} cannot be split into {groups} groups"
        )
    places, shifts = math.prod(extents_of(window, "window")), given if bias else 0
    counts = {
        "conv": places * channels_in // groups * given + shifts,
        "conv_transpose": places * channels_in // groups * given + shifts,
        "depthwise": places * given + shifts,
        "separable": places * channels_in + channels_in * given + shifts,
        "dense": channels_in * given + shifts,
        "norm": channels_in + (channels_in if bias else 0),
        "pool": 0,
    }
    return counts[kind]
