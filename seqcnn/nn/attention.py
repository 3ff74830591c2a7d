"""Attention over positions of any number of space axes, and codes of where a position is."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.layers import Dense


def attention(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    *,
    mask: jax.Array | None = None,
    bias: jax.Array | None = None,
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
    bias
        float, shaped like `mask`: added to the scores, for instance by distance. Finite: what is
        forbidden belongs into `mask`.
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
        The shapes do not fit.

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
    _check_shapes(query.shape, key.shape, value.shape)
    scores = jnp.matmul(query, jnp.swapaxes(key, -1, -2), precision=precision)
    scores = scores / np.sqrt(query.shape[-1]).astype(scores.dtype)
    for name, part in (("mask", mask), ("bias", bias)):
        if part is not None and not _extends_to(part.shape, scores.shape):
            raise SeqcnnError(
                f"`{name}` must have the shape {scores.shape} or 1 for some of its extents, "
                f"not {part.shape}"
            )
    if bias is not None:
        scores = scores + bias
    if mask is None:
        return jnp.matmul(jax.nn.softmax(scores), value, precision=precision)
    # the lowest number, not -inf: a row of it has a softmax, which the second `where` then hides
    scores = jnp.where(mask, scores, jnp.finfo(scores.dtype).min)
    weights = jnp.where(mask, jax.nn.softmax(scores), 0)
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
    precision
        As in `seqcnn.nn.conv.conv`.
    rngs
        Source of the random start.

    Attributes
    ----------
    query, key, value, out : seqcnn.nn.layers.Dense
        The projections; the channels of a head are neighbours.

    Raises
    ------
    SeqcnnError
        `heads` does not divide the channels.

    Notes
    -----
    Vaswani et al. 2017, section 3.2.2. Agrees with ``torch.nn.MultiheadAttention`` to 1e-13 in
    float64; its ``in_proj_weight`` holds the transposed kernels of query, key and value.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        memory_channels: int | None = None,
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        rngs: nnx.Rngs,
    ) -> None:
        if heads < 1 or channels % heads:
            raise SeqcnnError(f"`heads` must divide the {channels} channels, not be {heads}")
        self.heads, self.precision = heads, precision
        seen = channels if memory_channels is None else memory_channels
        self.query, self.key, self.value, self.out = (
            Dense(taken, channels, bias=bias, precision=precision, rngs=rngs)
            for taken in (channels, seen, seen, channels)
        )

    def __call__(
        self,
        x: jax.Array,
        memory: jax.Array | None = None,
        mask: jax.Array | None = None,
        *,
        bias: jax.Array | None = None,
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
        bias
            float (n, heads, queries, keys), or 1 for any of these extents, as in `attention`.

        Returns
        -------
        jax.Array
            float (n, *space, channels).
        """
        memory = x if memory is None else memory
        if mask is not None and mask.shape != memory.shape[:-1]:
            raise SeqcnnError(f"`mask` must have the shape {memory.shape[:-1]}, not {mask.shape}")
        result = attention(
            self._split(self.query(x)),
            self._split(self.key(memory)),
            self._split(self.value(memory)),
            mask=None if mask is None else mask.reshape(mask.shape[0], 1, 1, -1),
            bias=bias,
            precision=self.precision,
        )
        return self.out(jnp.swapaxes(result, 1, 2).reshape(x.shape))

    def _split(self, x: jax.Array) -> jax.Array:
        """Bring (n, *space, channels) into the form (n, heads, positions, channels / heads)."""
        n, positions, channels = x.shape[0], np.prod(x.shape[1:-1], dtype=int), x.shape[-1]
        return jnp.swapaxes(x.reshape(n, positions, self.heads, channels // self.heads), 1, 2)


def sinusoidal_positions(
    space: int | Sequence[int], channels: int, *, longest: float = 10_000.0
) -> jax.Array:
    """Describe each position by sines and cosines, to be added to the channels.

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
        The channels are no multiple of twice the number of axes.

    Notes
    -----
    Vaswani et al. 2017, section 3.5, for one axis.

    Examples
    --------
    >>> np.allclose(sinusoidal_positions(3, 2)[:, 0], np.sin([0, 1, 2]))
    True
    """
    extents = (space,) if isinstance(space, int) else tuple(space)
    if channels < 1 or channels % (2 * len(extents)):
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


def _extends_to(shape: Sequence[int], target: Sequence[int]) -> bool:
    return len(shape) == len(target) and all(
        given in (1, wanted) for given, wanted in zip(shape, target, strict=True)
    )
