"""Default schedules: how long to train on so many sequences."""

import numpy as np

from seqcnn.training.loop import Schedule


def default_schedule(n: int) -> Schedule:
    """Choose a schedule by the number of sequences.

    Parameters
    ----------
    n
        Sequences of all parts and classes, shuffles beyond the first of each not counted.

    Notes
    -----
    Found by cross-validation within training sequences of ChIP-seq sets: with a few hundred steps
    networks are far from what they can learn, with more rounds than these they only learn by heart.

    Examples
    --------
    >>> default_schedule(20_000).steps, default_schedule(100).steps
    (200, 20)
    """
    steps = int(np.clip(n // 100, 20, 200))
    return Schedule(
        batch=128, steps=steps, rounds=12, patience=5, learning_rate=3e-3, weight_decay=0.03
    )
