"""Splits that keep groups together, and draws that depend on the seed alone."""

import numpy as np

from seqcnn.errors import SeqcnnError


def grouped_folds(groups: np.ndarray, folds: int, *, seed: int) -> np.ndarray:
    """Deal groups out to folds of nearly equal size.

    Parameters
    ----------
    groups
        int (n,): the group of each example.
    folds
        Number of folds, 2 or more.
    seed
        Same seed, same folds.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the fold of each example.

    Raises
    ------
    SeqcnnError
        There are fewer groups than folds.

    Examples
    --------
    >>> folds = grouped_folds(np.array([0, 0, 1, 2]), 2, seed=0)
    >>> bool(folds[0] == folds[1])
    True
    """
    labels, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if folds < 2 or len(labels) < folds:
        raise SeqcnnError(f"{len(labels)} groups cannot be dealt out to {folds} folds")
    order = np.random.default_rng([seed, folds]).permutation(len(labels))
    # large groups first, each to the fold that has least: singletons then even everything out
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of_group = np.empty(len(labels), np.int64)
    large = order[sizes[order] > 1]
    filled = np.zeros(folds)
    for group in large:
        fold = int(filled.argmin())
        fold_of_group[group] = fold
        filled[fold] += sizes[group]
    single = order[len(large) :]
    wanted = _even_shares(filled, len(single))
    fold_of_group[single] = np.repeat(np.arange(folds), wanted)
    return fold_of_group[members]


def _even_shares(filled: np.ndarray, extra: int) -> np.ndarray:
    """Share `extra` ones out so that the folds end up as equal as they can."""
    counts = np.zeros(len(filled), np.int64)
    level = filled.copy()
    # raise the lowest folds to the next ones, then share the rest out evenly
    for _ in range(len(filled)):
        lowest = level == level.min()
        higher = level[~lowest]
        room = (higher.min() - level.min()) * lowest.sum() if higher.size else np.inf
        step = min(extra - counts.sum(), room)
        per_fold, rest = divmod(int(step), int(lowest.sum()))
        add = np.zeros(len(filled), np.int64)
        add[lowest] = per_fold
        add[np.flatnonzero(lowest)[:rest]] += 1
        counts += add
        level += add
        if counts.sum() == extra:
            break
    return counts
