"""Warps: where each pixel of a new picture comes from in the old one, and its value there.

Places are (rows, columns, ...) in pixels, counted from the middle of a picture, so that a turn is
the same whatever the extents are.
"""

import itertools
from typing import Literal, get_args

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError

Edges = Literal["zero", "reflect", "edge"]
Order = Literal["linear", "nearest"]


def affine_places(matrices: jax.Array, space: tuple[int, ...]) -> jax.Array:
    """Find the places that the pixels of new pictures come from.

    Parameters
    ----------
    matrices
        float32 (n, rank, rank + 1): from places of the new pictures to those of the old ones, the
        last column is added.
    space
        Extents of the pictures.

    Returns
    -------
    jax.Array
        float32 (n, rank, *space).
    """
    return through(matrices, grid(space)[None])


def through(matrices: jax.Array, places: jax.Array) -> jax.Array:
    """Follow places back by matrices.

    Parameters
    ----------
    matrices
        float32 (n, rank, rank + 1).
    places
        float32 (n or 1, rank, *space).

    Returns
    -------
    jax.Array
        float32 (n, rank, *space).
    """
    rank = places.shape[1]
    numbers = matrices.reshape(*matrices.shape, *(1,) * rank)
    # sums, not a matrix product: those are short of digits on some devices
    rows = [
        sum((numbers[:, i, j] * places[:, j] for j in range(rank)), numbers[:, i, rank])
        for i in range(rank)
    ]
    return jnp.stack(rows, axis=1)


def grid(space: tuple[int, ...]) -> jax.Array:
    """Place of each pixel, float32 (rank, *space).

    Examples
    --------
    >>> grid((4,)).tolist()
    [[-1.5, -0.5, 0.5, 1.5]]
    """
    axes = (jnp.arange(extent, dtype=jnp.float32) - (extent - 1) / 2 for extent in space)
    return jnp.stack(jnp.meshgrid(*axes, indexing="ij"))


def sample(
    x: jax.Array, places: jax.Array, *, order: Order = "linear", edges: Edges = "zero"
) -> jax.Array:
    """Read pictures at places between their pixels.

    Parameters
    ----------
    x
        (n, *space, channels); float for ``"linear"``.
    places
        float32 (n, rank, *new space).
    order
        ``"linear"`` weighs the neighbours by their distance, ``"nearest"`` takes the nearest one.
    edges
        What lies outside: ``"zero"``, ``"reflect"`` for the mirrored picture (d c b a | a b c d),
        or ``"edge"`` for its outermost pixels.

    Returns
    -------
    jax.Array
        (n, *new space, channels), of the dtype of `x`.

    Raises
    ------
    SeqcnnError
        `order` or `edges` is unknown.
    """
    check_edges(edges)
    space = x.shape[1:-1]
    # a place far outside, of a wild matrix, must not overflow an integer
    found = [
        jnp.clip(places[:, axis] + (extent - 1) / 2, -1e6, 1e6) for axis, extent in enumerate(space)
    ]
    if order == "nearest":
        # the half of a pixel is ours, so that a half turn is exact for even extents also
        return _take(x, [jnp.floor(p + 0.5).astype(jnp.int32) for p in found], edges)
    if order != "linear":
        raise SeqcnnError(f"`order` is {order!r}, it must be one of {', '.join(get_args(Order))}")
    lower = [jnp.floor(p) for p in found]
    parts = [p - low for p, low in zip(found, lower, strict=True)]
    first = [low.astype(jnp.int32) for low in lower]
    total = jnp.zeros((), x.dtype)
    for corner in itertools.product((0, 1), repeat=len(space)):
        weight = jnp.ones((), x.dtype)
        for part, up in zip(parts, corner, strict=True):
            weight = weight * (part if up else 1 - part)
        values = _take(x, [f + up for f, up in zip(first, corner, strict=True)], edges)
        total = total + weight[..., None] * values
    return total


def check_edges(edges: str) -> None:
    """Raise unless `edges` is one of those that `sample` knows."""
    if edges not in get_args(Edges):
        raise SeqcnnError(f"`edges` is {edges!r}, it must be one of {', '.join(get_args(Edges))}")


def _take(x: jax.Array, indices: list[jax.Array], edges: str) -> jax.Array:
    """Read pixels by their whole-numbered indices, which may lie outside."""
    n, *space, channels = x.shape
    spread = (slice(None), *(None,) * (indices[0].ndim - 1))
    flat = jnp.arange(n, dtype=jnp.int32)[spread]
    inside = jnp.ones((), bool)
    for index, extent in zip(indices, space, strict=True):
        if edges == "zero":
            inside = inside & (index >= 0) & (index < extent)
        elif edges == "reflect":
            index = index % (2 * extent)
            index = jnp.minimum(index, 2 * extent - 1 - index)
        flat = flat * extent + jnp.clip(index, 0, extent - 1)
    values = x.reshape(-1, channels).at[flat].get(mode="promise_in_bounds")
    return values if edges != "zero" else jnp.where(inside[..., None], values, 0)
