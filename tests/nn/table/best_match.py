"""The best match of kernels in sequences; the input of a row is the kernels."""

import jax
import numpy as np

from seqcnn.nn import best_match

from ..rows import Function, Row

SHARES = np.concatenate([np.eye(3, dtype=np.float32), np.zeros((253, 3), np.float32)])
CODES = np.random.default_rng(0).integers(0, 3, (5, 9)).astype(np.uint8)


def _best_value(kernel: jax.Array) -> jax.Array:
    return best_match.find_best_match(CODES, kernel, SHARES).value


ROWS = [
    Row(
        f"best_match {name}",
        lambda rngs, complement=complement: Function(
            lambda kernel: best_match.best_match(CODES, kernel, SHARES, complement=complement)
        ),
        (4, 3, 2),
        (5, 2),
        best_match.best_match,
        batched=False,
    )
    for name, complement in (("one strand", None), ("both strands", (2, 1, 0)))
]
ROWS.append(
    Row(
        "find_best_match",
        lambda rngs: Function(_best_value),
        (4, 3, 2),
        (5, 2),
        best_match.find_best_match,
        batched=False,
    )
)

NOT_LAYERS = {best_match.BestMatch}
"""What a function returns."""
