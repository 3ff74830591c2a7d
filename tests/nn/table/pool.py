"""The pools."""

from seqcnn.nn import pool

from ..rows import Function, Row

ROWS = [
    Row("max_pool", lambda rngs: Function(pool.max_pool, 2), (2, 7, 3), (2, 3, 3), pool.max_pool),
    Row("min_pool", lambda rngs: Function(pool.min_pool, 2), (2, 7, 3), (2, 3, 3), pool.min_pool),
    Row(
        "mean_pool",
        lambda rngs: Function(pool.mean_pool, (3, 2), stride=1, padding="same"),
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        pool.mean_pool,
    ),
    *(
        Row(
            f"global_pool {kind}",
            lambda rngs, kind=kind: Function(pool.global_pool, kind=kind),
            (2, 5, 4, 3),
            (2, 3),
            pool.global_pool,
        )
        for kind in ("max", "mean", "min")
    ),
]
