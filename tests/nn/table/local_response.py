"""The local response normalisation."""

from seqcnn.nn import local_response

from ..rows import Function, Row

ROWS = [
    Row(
        "local_response_norm",
        lambda rngs: Function(local_response.local_response_norm, 3, alpha=0.5),
        (2, 4, 7),
        (2, 4, 7),
        local_response.local_response_norm,
    ),
]
