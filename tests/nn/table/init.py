"""The starts of weights, each in the layer it is made for."""

import numpy as np

from seqcnn.nn import conv, init

from ..rows import Row

ROWS = [
    Row(
        "conv from motifs",
        lambda rngs: conv.Conv(4, 6, 5, kernel_init=init.from_matrices([np.eye(4)]), rngs=rngs),
        (2, 12, 4),
        (2, 8, 6),
        init.from_matrices,
    ),
]
