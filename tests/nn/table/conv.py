"""The convolutions."""

from functools import partial

from seqcnn.nn import conv

from ..rows import Row, WithWeight

ROWS = [
    Row(
        "conv",
        lambda rngs: WithWeight(partial(conv.conv, stride=2, padding="same"), (3, 4, 2)),
        (2, 9, 4),
        (2, 5, 2),
        conv.conv,
    ),
    Row("conv 1-D", lambda rngs: conv.Conv(4, 6, 5, rngs=rngs), (2, 12, 4), (2, 8, 6), conv.Conv),
    Row(
        "conv 2-D",
        lambda rngs: conv.Conv(2, 4, (3, 2), stride=2, padding=1, rngs=rngs),
        (2, 7, 5, 2),
        (2, 4, 3, 4),
        conv.Conv,
    ),
    Row(
        "conv 2-D over letters",
        lambda rngs: conv.Conv(1, 3, (3, 4), bias=False, rngs=rngs),
        (2, 7, 4, 1),
        (2, 5, 1, 3),
        conv.Conv,
    ),
    Row(
        "conv grouped",
        lambda rngs: conv.Conv(4, 8, 3, groups=4, padding="same", rngs=rngs),
        (2, 6, 4),
        (2, 6, 8),
        conv.Conv,
    ),
    Row(
        "conv 3-D dilated",
        lambda rngs: conv.Conv(1, 2, (2, 2, 2), dilation=2, rngs=rngs),
        (1, 4, 4, 5, 1),
        (1, 2, 2, 3, 2),
        conv.Conv,
    ),
    Row(
        "conv that flips",
        lambda rngs: conv.Conv(3, 3, (3, 2), groups=3, mode="convolve", rngs=rngs),
        (2, 5, 5, 3),
        (2, 3, 4, 3),
        conv.Conv,
    ),
    Row(
        "add_bias",
        lambda rngs: WithWeight(conv.add_bias, (3,)),
        (2, 4, 3),
        (2, 4, 3),
        conv.add_bias,
    ),
]
