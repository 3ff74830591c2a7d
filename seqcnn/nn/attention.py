"""Attention over positions of any number of space axes, and codes of where a position is."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, check_same_dtype
from seqcnn.nn.geometry import check_sizes, extents_of
from seqcnn.nn.init import DENSE_INIT, Initializer
from seqcnn.nn.layers import Dense, check_rate, dropout
from seqcnn.nn.masks import check_mask


def attention(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    *,
    mask: jax.Array | None = None,
    bias: jax.Array | None = None,
    drop: float = 0.0,
    rngs: nnx.Rngs | None = None,
    precision: lax.PrecisionLike = "highest",
) -> jax.Array:
    """Average values, each weighted by how well its key fits a query.

    Parameters
    ----------
    query
        float (*leading, queries, features).
    key
        float (*leading, keys, features).
    value
        float (*leading, keys, features_out).
    mask
        bool (*leading, queries, keys) or 1 for any of these extents: True where a query may look.
        Keys and values that no query may look at do not matter, even if they are NaN.
    bias
        float, shaped like `mask`: added to the scores, for instance by distance. Finite: what is
        forbidden belongs into `mask`.
    drop, rngs
        Share of the weights that are dropped if there is `rngs`, as in `seqcnn.nn.layers.dropout`.
    precision
        As in `seqcnn.nn.conv.conv`.

    Returns
    -------
    jax.Array
        float (*leading, queries, features_out): ``softmax(query key^T / sqrt(features) + bias)
        value``. A query that may look nowhere gets zeros, and sends no gradient back.

    Raises
    ------
    SeqcnnError
        The shapes or dtypes do not fit, or `mask` is not bool.

    Notes
    -----
    Vaswani et al. 2017, arXiv:1706.03762, equation 1. Result and gradients agree with
    ``torch.nn.functional.scaled_dot_product_attention`` (2.13) to 1e-13 in float64.

    Examples
    --------
    >>> points = jnp.array([[1.0, 0.0], [0.0, 1.0]])
    >>> attention(points, points, points, mask=jnp.array([[True, False], [False, False]])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    check_same_dtype(query=query, key=key, value=value)
    query, key, value = map(jnp.asarray, (query, key, value))
    _check_shapes(query.shape, key.shape, value.shape)
    shape = (*query.shape[:-1], key.shape[-2])
    if mask is not None:
        check_mask(mask, shape, broadcast=True)
        seen = mask.any(axis=-2)[..., None]
        key, value = jnp.where(seen, key, 0), jnp.where(seen, value, 0)
    wide = accumulation_dtype(query.dtype)
    scores = jnp.matmul(
        query, jnp.swapaxes(key, -1, -2), precision=precision, preferred_element_type=wide
    )
    scores = scores / np.sqrt(query.shape[-1]).astype(wide)
    if bias is not None:
        _check_bias(bias, shape)
        scores = scores + bias.astype(wide)
    if mask is None:
        weights = jax.nn.softmax(scores)
    else:
        # the lowest number, not -inf: a row of it has a softmax, which the second `where` hides
        scores = jnp.where(mask, scores, jnp.finfo(wide).min)
        weights = jnp.where(mask, jax.nn.softmax(scores), 0)
    weights = dropout(weights, drop, rngs).astype(value.dtype)
    return jnp.matmul(weights, value, precision=precision)


class MultiHeadAttention(nnx.Module):
    """Attention by several heads, each over its own projection of the channels.

    Parameters
    ----------
    channels
        Channels of the input and of the result.
    heads
        Number of heads; it divides the channels.
    memory_channels
        Channels of the memory, if the network looks at something else than its input.
    bias
        Whether the four projections add a bias.
    drop
        Share of the attention weights that are dropped in training.
    precision
        As in `seqcnn.nn.conv.conv`.
    kernel_init
        How the four matrices start.
    dtype
        Of the computation and the result; None for that of the input.
    rngs
        Source of the random start.

    Attributes
    ----------
    query, key, value, out : seqcnn.nn.layers.Dense
        The projections; the channels of a head are neighbours.

    Raises
    ------
    SeqcnnError
        `heads` does not divide the channels, or another argument is out of range.

    Notes
    -----
    Vaswani et al. 2017, section 3.2.2. Agrees with ``torch.nn.MultiheadAttention`` to 1e-13 in
    float64; its ``in_proj_weight`` holds the transposed kernels of query, key and value. Its
    ``key_padding_mask`` and bool ``attn_mask`` are the opposite of masks here: True there forbids.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        memory_channels: int | None = None,
        bias: bool = True,
        drop: float = 0.0,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = DENSE_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        seen = channels if memory_channels is None else memory_channels
        check_sizes(channels=channels, heads=heads, memory_channels=seen)
        check_rate(drop, "drop")
        if channels % heads:
            raise SeqcnnError(f"`heads` must divide the {channels} channels, not be {heads}")
        self.heads, self.drop, self.precision = heads, drop, precision
        options: dict[str, Any] = {"bias": bias, "precision": precision, "dtype": dtype}
        self.query, self.key, self.value, self.out = (
            Dense(taken, channels, kernel_init=kernel_init, rngs=rngs, **options)
            for taken in (channels, seen, seen, channels)
        )

    def __call__(
        self,
        x: jax.Array,
        memory: jax.Array | None = None,
        mask: jax.Array | None = None,
        *,
        attention_mask: jax.Array | None = None,
        bias: jax.Array | None = None,
        rngs: nnx.Rngs | None = None,
    ) -> jax.Array:
        """Let each position look at all positions of the memory.

        Parameters
        ----------
        x
            float (n, *space, channels).
        memory
            float (n, *memory_space, memory_channels): what is looked at; None for `x` itself.
        mask
            bool (n, *memory_space): the positions that may be looked at; None for all.
        attention_mask
            bool (n, heads, queries, keys), or 1 for any of these extents: True where a query may
            look. ``jnp.tri(length, dtype=bool)[None, None]`` is for what may not look ahead.
        bias
            float (n, heads, queries, keys), or 1 for any of these extents, as in `attention`.
        rngs
            Source of randomness for dropout, in training.

        Returns
        -------
        jax.Array
            float (n, *space, channels).
        """
        memory = x if memory is None else memory
        if mask is not None:
            check_mask(mask, memory.shape[:-1])
            keys = mask.reshape(len(mask), 1, 1, math.prod(memory.shape[1:-1]))
            if attention_mask is not None:
                shape = (len(x), self.heads, math.prod(x.shape[1:-1]), keys.shape[-1])
                check_mask(attention_mask, shape, name="attention_mask", broadcast=True)
                keys = keys & attention_mask
            attention_mask = keys
        result = attention(
            self._split(self.query(x)),
            self._split(self.key(memory)),
            self._split(self.value(memory)),
            mask=attention_mask,
            bias=bias,
            drop=self.drop,
            rngs=rngs,
            precision=self.precision,
        )
        return self.out(jnp.swapaxes(result, 1, 2).reshape(x.shape))

    def _split(self, x: jax.Array) -> jax.Array:
        """Bring (n, *space, channels) into the form (n, heads, positions, channels / heads)."""
        n, positions, channels = x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1]
        return jnp.swapaxes(x.reshape(n, positions, self.heads, channels // self.heads), 1, 2)


def sinusoidal_positions(
    space: int | Sequence[int], channels: int, *, longest: float = 10_000.0
) -> jax.Array:
    """Describe each position by sines and cosines, to be added to the channels of an array.

    ``x + sinusoidal_positions(x.shape[1:-1], x.shape[-1])[None]`` does so.

    Parameters
    ----------
    space
        Extent of each space axis.
    channels
        Number of channels, split evenly between the axes, each with as many sines as cosines.
    longest
        Ratio of the longest wave, which is approached, to the shortest, of 2 pi positions.

    Returns
    -------
    jax.Array
        float32 (*space, channels). Axis by axis: ``sin(p / longest**(2 i / d))``, the cosine of the
        same, the next i; p is the position, d the channels of the axis.

    Raises
    ------
    SeqcnnError
        The channels are no multiple of twice the number of axes, or an extent is less than 1.

    Notes
    -----
    Vaswani et al. 2017, section 3.5, for one axis.

    Examples
    --------
    >>> np.allclose(sinusoidal_positions(3, 2)[:, 0], np.sin([0, 1, 2]))
    True
    """
    extents = extents_of(space, "space")
    check_sizes(channels=channels)
    if channels % (2 * len(extents)):
        raise SeqcnnError(
            f"`channels` must be a multiple of {2 * len(extents)}, twice the number of axes, "
            f"not {channels}"
        )
    own = channels // len(extents)
    waves = longest ** (-np.arange(0, own, 2) / own)
    parts = []
    for place in np.indices(extents):
        angles = place[..., None] * waves
        pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
        parts.append(pairs.reshape(*extents, own))
    return jnp.asarray(np.concatenate(parts, axis=-1), jnp.float32)


def _check_shapes(query: Sequence[int], key: Sequence[int], value: Sequence[int]) -> None:
    same = query[:-2] == key[:-2] == value[:-2] and len(query) > 1
    if not (same and query[-1] == key[-1] and key[-2] == value[-2]):
        raise SeqcnnError(
            f"`query` (..., queries, features), `key` (..., keys, features) and `value` "
            f"(..., keys, features_out) do not fit: {query}, {key} and {value}"
        )


def _check_bias(bias: jax.Array, shape: tuple[int, ...]) -> None:
    fits = len(bias.shape) == len(shape) and all(
        given in (1, wanted) for given, wanted in zip(bias.shape, shape, strict=True)
    )
    if not fits:
        raise SeqcnnError(
            f"`bias` must have the shape {shape} or 1 for some of its extents, not {bias.shape}"
        )
