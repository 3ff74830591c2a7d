"""Layer normalisation."""

from seqcnn.nn import norm_layer

from ..rows import Function, Row

ROWS = [
    Row(
        "layer_norm",
        lambda rngs: Function(norm_layer.layer_norm, axes=(1, 2)),
        (2, 5, 3),
        (2, 5, 3),
        norm_layer.layer_norm,
    ),
    Row(
        "layer norm",
        lambda rngs: norm_layer.LayerNorm(5, rngs=rngs),
        (2, 3, 5),
        (2, 3, 5),
        norm_layer.LayerNorm,
    ),
    Row(
        "layer norm over two axes",
        lambda rngs: norm_layer.LayerNorm((4, 3), axes=(-1, 1)),
        (2, 4, 2, 3),
        (2, 4, 2, 3),
        norm_layer.LayerNorm,
    ),
]
