"""What the pools are made of."""

from seqcnn.nn import winner
from seqcnn.nn.pool_windows import pool_axes

from ..rows import Function, Row

ROWS = [
    Row(
        "largest",
        lambda rngs: Function(winner.largest, pool_axes((7,), 3, stride=2, padding=1)[0]),
        (2, 7, 3),
        (2, 4, 3),
        winner.largest,
    ),
]

NOT_LAYERS = {winner.winning_place, winner.pick}
"""They are the gradient of `largest`, and tested with it."""
