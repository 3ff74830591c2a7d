"""Masks of positions."""

import jax
import numpy as np

from seqcnn.nn import masks

from ..rows import Function, Row

INSIDE = np.array([[True, False, True], [True, False, False]])


def _hidden(x: jax.Array) -> jax.Array:
    return masks.hide(x, INSIDE[: len(x)])


ROWS = [
    Row(
        "hide",
        lambda rngs: Function(_hidden),
        (2, 3, 2),
        (2, 3, 2),
        masks.hide,
    ),
]

NOT_LAYERS = {masks.check_mask}
"""It only raises errors."""
