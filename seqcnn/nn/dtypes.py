"""The dtypes that layers compute in.

Weights are float32. A layer computes in the dtype of its input, or in its own `dtype` if it was
given one, and casts its weights to it. Sums of many numbers, means and variances are taken in
float32 at least, and only the result is cast back: float16 ends at 65,504 and bfloat16 cannot count
beyond 256. Running moments stay float32.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError


def accumulation_dtype(dtype: DTypeLike) -> np.dtype:
    """Choose the dtype in which numbers of a float dtype are summed up: float32 or wider.

    Examples
    --------
    >>> str(accumulation_dtype(jnp.bfloat16)), str(accumulation_dtype(jnp.float32))
    ('float32', 'float32')
    """
    return wider_dtype(dtype, jnp.float32)


def wider_dtype(one: DTypeLike, other: DTypeLike) -> np.dtype:
    """Choose the float dtype that holds the numbers of both; also where JAX promotes nothing."""
    first, second = (jax.dtypes.canonicalize_dtype(dtype) for dtype in (one, other))
    bits = [jnp.finfo(dtype).bits for dtype in (first, second)]
    if first == second or bits[0] > bits[1]:
        return first
    # neither of float16 and bfloat16 holds the other
    return second if bits[0] < bits[1] else jnp.dtype(jnp.float32)


def float_dtype(dtype: DTypeLike | None) -> np.dtype | None:
    """Bring the `dtype` of a layer to one form.

    Raises
    ------
    SeqcnnError
        It is no float dtype.
    """
    if dtype is None:
        return None
    chosen = jnp.dtype(dtype)
    if not jnp.issubdtype(chosen, jnp.floating):
        raise SeqcnnError(f"`dtype` must be a float dtype or None, not {chosen}")
    return chosen


def computed_in(x: jax.Array, dtype: np.dtype | None) -> jax.Array:
    """Cast the input of a layer to the dtype of the layer, if it has one; the input is checked."""
    x = float_array(x)
    return x if dtype is None else x.astype(dtype)


def float_array(x: jax.Array | np.ndarray) -> jax.Array:
    """Bring an array of floats onto the device.

    Raises
    ------
    SeqcnnError
        It is no array of floats.
    """
    check_float(x=x)
    return jnp.asarray(x)


def check_float(**arrays: jax.Array | np.ndarray) -> None:
    """Raise unless all of the named arguments are arrays of floats."""
    for name, array in arrays.items():
        dtype = getattr(array, "dtype", None)
        if dtype is None or not jnp.issubdtype(dtype, jnp.floating):
            found = type(array).__name__ if dtype is None else dtype
            raise SeqcnnError(
                f"`{name}` must be an array of floats, not {found}: "
                f"make it one by `jnp.asarray({name}, jnp.float32)`"
            )


def check_same_dtype(**arrays: jax.Array) -> None:
    """Raise unless all of the named arguments are arrays of one float dtype."""
    check_float(**arrays)
    # what NumPy holds in float64 is float32 in JAX, unless that was told otherwise
    dtypes = [jax.dtypes.canonicalize_dtype(array.dtype) for array in arrays.values()]
    if len(set(dtypes)) > 1:
        names, found = (" and ".join(map(str, part)) for part in (arrays, dtypes))
        raise SeqcnnError(f"{names} must have one dtype, not {found}: cast one by `.astype`")
