"""What all normalisations share: their weights, and the form that arrays are brought to."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import float_array, wider_dtype


def at_least(x: jax.Array, dtype: np.dtype | None) -> jax.Array:
    """Widen the input of a normalisation to the dtype of its result, but never narrow it."""
    x = float_array(x)
    return x if dtype is None else x.astype(wider_dtype(x.dtype, dtype))


def flattened(x: jax.Array, dtype: np.dtype) -> jax.Array:
    """Give an array (n, *space, channels) the form (n, positions, channels)."""
    return x.astype(dtype).reshape(len(x), math.prod(x.shape[1:-1]), x.shape[-1])


def ones_and_zeros(
    scale: jax.Array | None, bias: jax.Array | None, x: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Fill in the weights that are not given."""
    channels = x.shape[-1:]
    return (
        jnp.ones(channels, x.dtype) if scale is None else scale.astype(x.dtype),
        jnp.zeros(channels, x.dtype) if bias is None else bias.astype(x.dtype),
    )


def spread_out(
    scale: jax.Array | None, bias: jax.Array | None, axes: Sequence[int], dtype: np.dtype
) -> tuple[jax.Array | None, jax.Array | None]:
    """Give the weights that there are an extent of 1 along the axes that have none of their own."""

    def spread(weight: jax.Array | None) -> jax.Array | None:
        return None if weight is None else jnp.expand_dims(weight.astype(dtype), tuple(axes))

    return spread(scale), spread(bias)


def check_weights(shape: tuple[int, ...], **weights: jax.Array | None) -> None:
    """Raise unless the named weights that are given have a shape."""
    for name, weight in weights.items():
        if weight is not None and weight.shape != shape:
            raise SeqcnnError(
                f"`{name}` must have the shape {shape}, that of what is normalised, "
                f"not {weight.shape}"
            )


def check_eps(eps: float) -> None:
    """Raise unless a number can be added to a variance."""
    if not eps >= 0:
        raise SeqcnnError(f"`eps` must be a number >= 0, not {eps}")


def new_weights(
    shape: tuple[int, ...], scale: bool, bias: bool
) -> tuple[nnx.Param | None, nnx.Param | None]:
    """Make a scale of ones and a bias of zeros, where they are wanted."""
    return (
        nnx.Param(jnp.ones(shape, jnp.float32)) if scale else None,
        nnx.Param(jnp.zeros(shape, jnp.float32)) if bias else None,
    )


def value_of(weight: nnx.Param | None) -> jax.Array | None:
    """Read a weight, if there is one."""
    return None if weight is None else weight[...]
