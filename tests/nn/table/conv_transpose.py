"""The transposed convolutions."""

from functools import partial

from seqcnn.nn import conv_transpose

from ..rows import Row, WithWeight

ROWS = [
    Row(
        "conv_transpose",
        lambda rngs: WithWeight(partial(conv_transpose.conv_transpose, stride=2), (3, 2, 4)),
        (2, 5, 4),
        (2, 11, 2),
        conv_transpose.conv_transpose,
    ),
    Row(
        "conv_transpose 2-D grouped",
        lambda rngs: conv_transpose.ConvTranspose(
            4, 6, (3, 2), stride=2, padding=(1, 0), output_padding=1, groups=2, rngs=rngs
        ),
        (2, 3, 4, 4),
        (2, 6, 9, 6),
        conv_transpose.ConvTranspose,
    ),
    Row(
        "conv_transpose each channel",
        lambda rngs: conv_transpose.ConvTranspose(3, 3, 4, stride=2, groups=3, rngs=rngs),
        (2, 4, 3),
        (2, 10, 3),
        conv_transpose.ConvTranspose,
    ),
]

NOT_LAYERS = {conv_transpose.check_transposed_shapes}
"""It only raises errors."""
