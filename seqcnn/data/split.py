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


def stratified_folds(
    groups: np.ndarray, strata: np.ndarray, folds: int, *, seed: int
) -> np.ndarray:
    """Deal groups out to folds so that each has its share of every stratum.

    Parameters
    ----------
    groups
        int (n,): the group of each example; a group is never split.
    strata
        int (n,): the class of each example, or its quantile. A group belongs to its rarest stratum.
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
    >>> classes = np.array([1, 1, 0, 0, 0, 0])
    >>> folds = stratified_folds(np.arange(6), classes, 2, seed=0)
    >>> np.bincount(folds[classes == 1]).tolist(), np.bincount(folds[classes == 0]).tolist()
    ([1, 1], [2, 2])
    """
    labels, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if folds < 2 or len(labels) < folds:
        raise SeqcnnError(f"{len(labels)} groups cannot be dealt out to {folds} folds")
    _, stratum, counts = np.unique(strata, return_inverse=True, return_counts=True)
    by_rarity = np.argsort(np.argsort(counts, kind="stable"))
    rarest = np.full(len(labels), len(counts))
    np.minimum.at(rarest, member, by_rarity[stratum])
    order = np.random.default_rng([seed, folds]).permutation(len(labels))
    # the rarest strata first, and of each the largest groups
    order = order[np.lexsort((-sizes[order], rarest[order]))]
    held = np.zeros((len(labels), len(counts)), np.int64)
    np.add.at(held, (member, by_rarity[stratum]), 1)
    fold_of_group = np.empty(len(labels), np.int64)
    filled = np.zeros((folds, len(counts)), np.int64)
    for group in order.tolist():
        fold = int(np.lexsort((filled.sum(1), filled[:, rarest[group]]))[0])
        fold_of_group[group] = fold
        filled[fold] += held[group]
    return fold_of_group[member]


def strata_of_labels(labels: np.ndarray, *, classes: bool, quantiles: int = 5) -> np.ndarray:
    """Class examples by their labels, for `stratified_folds`.

    Parameters
    ----------
    labels
        float (n, tasks), NaN where missing.
    classes
        Whether labels are classes: examples with the same labels are of one stratum. Otherwise
        those of one quantile of the mean of their standardised labels are.
    quantiles
        How many.

    Returns
    -------
    numpy.ndarray
        int64 (n,).
    """
    if classes:
        known = np.where(np.isfinite(labels), labels, -1.0)
        return np.unique(known, axis=0, return_inverse=True)[1].reshape(-1)
    with np.errstate(invalid="ignore"):
        scaled = (labels - np.nanmean(labels, 0)) / np.maximum(np.nanstd(labels, 0), 1e-12)
    given = np.isfinite(scaled)
    mean = np.where(given, scaled, 0).sum(1) / np.maximum(given.sum(1), 1)
    edges = np.quantile(mean, np.linspace(0, 1, quantiles + 1)[1:-1])
    return np.searchsorted(edges, mean, side="right")


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
