"""The pools."""

from seqcnn.nn import pool

from ..rows import Function, Row

ROWS = [
    Row("max_pool", lambda rngs: Function(pool.max_pool, 2), (2, 7, 3), (2, 3, 3), pool.max_pool),
    Row(
        "max_pool 2-D overlapping",
        lambda rngs: Function(pool.max_pool, 3, stride=2, padding=1, ceil_mode=True),
        (2, 6, 5, 3),
        (2, 4, 3, 3),
        pool.max_pool,
    ),
    Row(
        "max_pool 3-D dilated",
        lambda rngs: Function(pool.max_pool, 2, stride=1, dilation=(1, 2, 3)),
        (2, 3, 4, 5, 2),
        (2, 2, 2, 2, 2),
        pool.max_pool,
    ),
    Row("min_pool", lambda rngs: Function(pool.min_pool, 2), (2, 7, 3), (2, 3, 3), pool.min_pool),
    Row(
        "mean_pool",
        lambda rngs: Function(pool.mean_pool, (3, 2), stride=1, padding="same"),
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        pool.mean_pool,
    ),
    Row(
        "adaptive_mean_pool",
        lambda rngs: Function(pool.adaptive_mean_pool, (2, 3)),
        (2, 5, 4, 3),
        (2, 2, 3, 3),
        pool.adaptive_mean_pool,
    ),
    *(
        Row(
            f"global_pool {kind}",
            lambda rngs, kind=kind: Function(pool.global_pool, kind=kind),
            (2, 5, 4, 3),
            (2, 3),
            pool.global_pool,
        )
        for kind in ("max", "mean", "min", "sum")
    ),
]
