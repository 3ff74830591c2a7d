"""The scale from 0 to 1 on the device, and the way back to how pixels are stored."""

from typing import Any

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.image.stored import TOPS


def to_unit(x: jax.Array) -> jax.Array:
    """Bring pixels to the scale from 0 to 1.

    Parameters
    ----------
    x
        bool, uint8, uint16, or float, which is taken as it is.

    Returns
    -------
    jax.Array
        float32.

    Raises
    ------
    SeqcnnError
        `x` is of another dtype.
    """
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x.astype(jnp.float32)
    if str(x.dtype) not in TOPS:
        raise SeqcnnError(f"pixels must be bool, uint8, uint16 or float, not {x.dtype}")
    return x.astype(jnp.float32) / TOPS[str(x.dtype)]


def from_unit(values: jax.Array, dtype: Any) -> jax.Array:
    """Undo `to_unit`; whole numbers are clipped to what can be stored, and rounded.

    Examples
    --------
    >>> from_unit(to_unit(jnp.array([0, 7, 255], jnp.uint8)) + 0.01, jnp.uint8).tolist()
    [3, 10, 255]
    """
    if not jnp.issubdtype(dtype, jnp.floating):
        values = jnp.round(jnp.clip(values, 0, 1) * TOPS[str(jnp.dtype(dtype))])
    return values.astype(dtype)
