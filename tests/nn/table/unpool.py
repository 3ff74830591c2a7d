"""Pooling with indices, and back."""

import jax

from seqcnn.nn import unpool

from ..rows import Function, Row


def values_at_winners(x: jax.Array) -> jax.Array:
    values, indices = unpool.max_pool_with_indices(x, 2)
    return values * (1 + indices.astype(x.dtype))


def there_and_back(x: jax.Array) -> jax.Array:
    values, indices = unpool.max_pool_with_indices(x, 2)
    return unpool.max_unpool(values, indices, 2, space=x.shape[1:-1])


ROWS = [
    Row(
        "max_pool_with_indices",
        lambda rngs: Function(values_at_winners),
        (2, 5, 6, 3),
        (2, 2, 3, 3),
        unpool.max_pool_with_indices,
    ),
    Row(
        "max_unpool",
        lambda rngs: Function(there_and_back),
        (2, 5, 6, 3),
        (2, 5, 6, 3),
        unpool.max_unpool,
    ),
]
