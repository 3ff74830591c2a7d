"""Whether data are balanced and diverse: classes, and where the pictures came from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from seqcnn.data.split import stratified_folds
from seqcnn.errors import SeqcnnError

_MOST_FOLDS = 100


@dataclass(frozen=True, eq=False)
class ClassBalance:
    """How many examples each class has.

    Parameters
    ----------
    classes
        Names, in the order of `counts`.
    counts
        int64 (classes,).
    """

    classes: tuple[str, ...]
    counts: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of each class, float64 (classes,)."""
        return self.counts / self.counts.sum()

    @property
    def imbalance(self) -> float:
        """How many times the smallest class the largest one is; infinite if one is empty."""
        least = int(self.counts.min())
        return float(self.counts.max() / least) if least else math.inf

    @property
    def effective_classes(self) -> float:
        """How many equally large classes would be as diverse: the exponential of the entropy."""
        return effective_number(self.counts)


def class_balance(
    labels: np.ndarray | Sequence[str], classes: Sequence[str] | None = None
) -> ClassBalance:
    """Count the examples of each class.

    Parameters
    ----------
    labels
        (n,): numbers of classes, NaN or below 0 where unknown; or names, "" where unknown.
    classes
        Names of the classes; needed for numbers if the last may be missing.

    Raises
    ------
    SeqcnnError
        There is no label, or one is no class.

    Examples
    --------
    >>> balance = class_balance(["good", "bad", "good", "good"])
    >>> balance.classes, balance.counts.tolist(), balance.imbalance
    (('bad', 'good'), [1, 3], 3.0)
    """
    values = np.asarray(labels)
    if values.dtype.kind in "US":
        known = [str(name) for name in values if name]
        names = tuple(sorted(set(known)) if classes is None else classes)
        missing = sorted(set(known) - set(names))
        if missing or not known:
            raise SeqcnnError(f"{missing[0]!r} is no class" if missing else "there is no label")
        return ClassBalance(names, np.array([known.count(name) for name in names]))
    numbers = values.reshape(-1).astype(np.float64)
    numbers = numbers[numbers >= 0].astype(np.int64)
    if not numbers.size:
        raise SeqcnnError("there is no label")
    k = int(numbers.max()) + 1
    names = tuple(map(str, range(k))) if classes is None else tuple(classes)
    if k > len(names):
        raise SeqcnnError(f"label {k - 1} is no class: there are {len(names)}, from 0")
    return ClassBalance(names, np.bincount(numbers, minlength=len(names)))


def effective_number(counts: np.ndarray) -> float:
    """Count kinds by their diversity: the exponential of Shannon's entropy.

    Hill 1973, doi:10.2307/1934352: k equally frequent kinds give k, one dominant kind nearly 1.

    Examples
    --------
    >>> round(effective_number(np.array([5, 5, 5])), 9), effective_number(np.array([9, 0]))
    (3.0, 1.0)
    """
    shares = counts[counts > 0] / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def class_weights(
    counts: np.ndarray, how: Literal["balanced", "effective"] = "balanced", *, beta: float = 0.999
) -> np.ndarray:
    """Weigh classes so that rare ones count more; the mean over all examples is 1.

    Parameters
    ----------
    counts
        integers (classes,), none of them 0.
    how
        ``"balanced"``: all classes count the same together. ``"effective"``: by the effective
        number of examples, (1 - beta^n) / (1 - beta), which grows more slowly than n since
        examples repeat one another (Cui et al. 2019, doi:10.1109/CVPR.2019.00949).
    beta
        From 0 (all examples count the same) towards 1 (like ``"balanced"``).

    Returns
    -------
    numpy.ndarray
        float64 (classes,).

    Raises
    ------
    SeqcnnError
        A class is empty, or an argument out of range.

    Examples
    --------
    >>> class_weights(np.array([1, 3])).round(3).tolist()
    [2.0, 0.667]
    """
    counts = np.asarray(counts, np.float64)
    if counts.min(initial=1) < 1:
        raise SeqcnnError(f"class {int(counts.argmin())} has no example: it cannot be weighed")
    if how == "balanced":
        weights = 1 / counts
    elif how == "effective":
        if not 0 <= beta < 1:
            raise SeqcnnError(f"`beta` must be from 0 to below 1, not {beta}")
        weights = (1 - beta) / -np.expm1(counts * np.log(beta)) if beta else np.ones(len(counts))
    else:
        raise SeqcnnError(f"`how` must be 'balanced' or 'effective', not {how!r}")
    return weights * counts.sum() / (weights * counts).sum()


class OriginRow(NamedTuple):
    """One column that says where examples came from.

    Parameters
    ----------
    column
        Its name, such as ``camera``.
    kinds
        How many different values it has.
    missing
        Examples of which it is not known.
    most, most_share
        The most frequent value, and its share of those known.
    least, least_share
        The rarest one.
    effective
        `effective_number` of the values.
    association
        Cramer's V with the classes: 0, a value says nothing about the class; 1, it gives the class
        away, so that a network may learn the camera instead of the picture. NaN if there are no
        classes, or one value.
    """

    column: str
    kinds: int
    missing: int
    most: str
    most_share: float
    least: str
    least_share: float
    effective: float
    association: float


def balance_report(
    columns: Mapping[str, Sequence[str]], labels: Sequence[str] | None = None
) -> list[OriginRow]:
    """Report how diverse data are: grids, cameras, manufacturers, resolutions.

    Parameters
    ----------
    columns
        For each property, its value for every example; "" where unknown.
    labels
        The class of every example.

    Returns
    -------
    list of OriginRow
        In the order of `columns`.

    Raises
    ------
    SeqcnnError
        They differ in length, or nothing is known of a column.
    """
    rows = []
    for name, values in columns.items():
        if labels is not None and len(values) != len(labels):
            raise SeqcnnError(f"{name!r} has {len(values)} values, there are {len(labels)} labels")
        known = [value for value in values if value]
        if not known:
            raise SeqcnnError(f"the column {name!r} is empty")
        kinds, counts = np.unique(np.array(known), return_counts=True)
        most, least = int(counts.argmax()), int(len(counts) - 1 - counts[::-1].argmin())
        rows.append(
            OriginRow(
                name,
                len(kinds),
                len(values) - len(known),
                str(kinds[most]),
                float(counts[most] / len(known)),
                str(kinds[least]),
                float(counts[least] / len(known)),
                effective_number(counts),
                math.nan if labels is None else cramers_v(values, labels),
            )
        )
    return rows


def cross_table(
    first: Sequence[str], second: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Count examples by two properties; those of which either is unknown are left out.

    Returns
    -------
    tuple
        Values of the first, values of the second, and int64 (firsts, seconds).
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    rows, columns = (tuple(sorted({pair[side] for pair in pairs})) for side in (0, 1))
    at = {name: i for i, name in enumerate(rows)}, {name: i for i, name in enumerate(columns)}
    counts = np.zeros((len(rows), len(columns)), np.int64)
    for a, b in pairs:
        counts[at[0][a], at[1][b]] += 1
    return rows, columns, counts


def cramers_v(first: Sequence[str], second: Sequence[str]) -> float:
    """Measure how far one property gives another away, from 0 to 1.

    Cramer 1946, Mathematical Methods of Statistics, 21.9. NaN if either has one value only.
    """
    counts = cross_table(first, second)[2].astype(np.float64)
    if min(counts.shape) < 2:
        return math.nan
    total = counts.sum()
    expected = np.outer(counts.sum(1), counts.sum(0)) / total
    chi_square = ((counts - expected) ** 2 / expected).sum()
    return float(math.sqrt(chi_square / total / (min(counts.shape) - 1)))


def split_parts(
    strata: np.ndarray,
    shares: Mapping[str, float],
    *,
    groups: np.ndarray | None = None,
    seed: int,
) -> dict[str, np.ndarray]:
    """Split examples into parts, each with its share of every class, and no group split up.

    Parameters
    ----------
    strata
        int (n,): the class of each example.
    shares
        The share of each part, such as ``{"train": 0.8, "stop": 0.1, "test": 0.1}``; together 1.
    groups
        int (n,): examples of one group stay together; by default each is its own.
    seed
        Same seed, same parts.

    Returns
    -------
    dict of str to numpy.ndarray
        int64: positions of the examples of each part, ascending.

    Raises
    ------
    SeqcnnError
        The shares are not positive hundredths that add up to 1, or there are too few groups.

    Examples
    --------
    >>> parts = split_parts(np.array([0, 0, 1, 1]), {"train": 0.5, "test": 0.5}, seed=0)
    >>> [len(rows) for rows in parts.values()]
    [2, 2]
    """
    exact = [Fraction(share).limit_denominator(_MOST_FOLDS) for share in shares.values()]
    folds = math.lcm(*(share.denominator for share in exact))
    if sum(exact) != 1 or min(exact) <= 0 or folds > _MOST_FOLDS or len(exact) < 2:
        raise SeqcnnError(f"shares must be hundredths above 0 that add up to 1, not {dict(shares)}")
    groups = np.arange(len(strata)) if groups is None else groups
    fold = stratified_folds(groups, strata, folds, seed=seed)
    edges = np.cumsum([0, *(int(share * folds) for share in exact)])
    return {
        name: np.flatnonzero((fold >= start) & (fold < stop))
        for name, start, stop in zip(shares, edges, edges[1:], strict=False)
    }
