"""The small layers."""

from seqcnn.nn import layers

from ..rows import Function, Row

ROWS = [
    Row("dense", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 5), (2, 3), layers.Dense),
    Row(
        "dense 3-D", lambda rngs: layers.Dense(5, 3, rngs=rngs), (2, 4, 5), (2, 4, 3), layers.Dense
    ),
    Row("dropout", lambda rngs: Function(layers.dropout, 0.5), (2, 5), (2, 5), layers.dropout),
]

NOT_LAYERS = {layers.one_hot, layers.valid_windows, layers.ShareTable}
"""They read codes, not floats, and have tests of their own."""
