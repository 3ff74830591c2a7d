"""Masks of positions: True where a sequence or image is, False where its batch is padded.

Every layer that takes a `mask` promises the same: what the mask hides has no influence on what it
shows, so that a result is the same alone and in any batch. What a layer gives at hidden positions
is not defined. Hidden values must be finite (zeros, mostly), because the gradient of NaN times 0
is NaN; pools alone do not mind.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError


def check_mask(
    mask: jax.Array | np.ndarray,
    shape: Sequence[int],
    *,
    name: str = "mask",
    broadcast: bool = False,
) -> None:
    """Raise unless a mask is bool and has a shape.

    Parameters
    ----------
    mask
        What was given as a mask.
    shape
        The shape that it must have.
    name
        Of the argument.
    broadcast
        Whether any extent of the mask may be 1.

    Raises
    ------
    SeqcnnError
        It is not bool (a float mask to be added to scores, say), or has another shape.
    """
    dtype = getattr(mask, "dtype", type(mask).__name__)
    if str(dtype) != "bool":
        raise SeqcnnError(
            f"`{name}` must be bool, True for what counts, not {dtype}: compare it (`{name} > 0`)"
        )
    given = np.shape(mask)
    fits = given == tuple(shape) or (
        broadcast
        and len(given) == len(shape)
        and all(extent in (1, wanted) for extent, wanted in zip(given, shape, strict=True))
    )
    if not fits:
        or_one = " or 1 for some of its extents" if broadcast else ""
        raise SeqcnnError(f"`{name}` must have the shape {tuple(shape)}{or_one}, not {given}")


def hide(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Put zeros at hidden positions.

    Parameters
    ----------
    x
        float (n, *space, channels).
    mask
        bool (n, *space); None to hide nothing.

    Returns
    -------
    jax.Array
        float (n, *space, channels).

    Raises
    ------
    SeqcnnError
        The mask is not bool or does not fit.

    Examples
    --------
    >>> hide(jnp.array([[[1.0], [2.0]]]), jnp.array([[True, False]])).ravel().tolist()
    [1.0, 0.0]
    """
    if mask is None:
        return x
    check_mask(mask, x.shape[:-1])
    return jnp.where(mask[..., None], x, 0)
