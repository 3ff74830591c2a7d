"""Batches: which examples each step of a round sees."""

import numpy as np


def draw_rows(
    rng: np.random.Generator,
    n: int,
    classes: np.ndarray | None = None,
    *,
    steps: int,
    batch: int,
) -> np.ndarray:
    """Draw the examples of a round.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Number of examples.
    classes
        (n,): every batch holds as many examples of one class as of another, as nearly as it can;
        None to take examples as they are.
    steps, batch
        Batches, and examples of each.

    Returns
    -------
    numpy.ndarray
        int64 (steps, batch). Within a class no example comes twice before all others have come
        once.

    Examples
    --------
    >>> rows = draw_rows(np.random.default_rng(0), 4, np.array([1, 0, 0, 0]), steps=3, batch=2)
    >>> sorted(np.unique(rows, return_counts=True)[1].tolist())
    [1, 1, 1, 3]
    """
    if classes is None:
        return _passes(rng, np.arange(n), steps * batch).reshape(steps, batch)
    labels = np.unique(classes[~np.isnan(classes)] if classes.dtype.kind == "f" else classes)
    # the classes of all places of the round, in turn: equal in every batch but for a remainder
    turn = np.arange(steps * batch) % len(labels)
    rows = np.empty(steps * batch, np.int64)
    for number, label in enumerate(labels):
        places = np.flatnonzero(turn == number)
        rows[places] = _passes(rng, np.flatnonzero(classes == label), len(places))
    return rows.reshape(steps, batch)


def _passes(rng: np.random.Generator, rows: np.ndarray, number: int) -> np.ndarray:
    """Run through rows in random order, as often as it takes."""
    times = -(-number // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(times)])[:number]
