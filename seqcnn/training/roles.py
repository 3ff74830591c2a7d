"""Roles: which sequences of each fold train, stop, calibrate, and are reported on.

The four are disjoint, and groups stay in one piece. Networks of one fold (an ensemble) differ in
their stopping part; they share what calibrates and what is reported on, so that neither has been
seen by any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from seqcnn.data.split import strata_of_labels, stratified_folds
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD
from seqcnn.training.baseline import composition
from seqcnn.training.targets import Target

PART, FEWEST_PARTS, MOST_PARTS = 200, 5, 20
"""A part holds about so many sequences, if there are as many parts as these two allow."""

CALIBRATING = 1000
"""About so many sequences calibrate, if that is no more than a sixth of all: their offset has a
standard error of a tenth or less."""


@dataclass(frozen=True, eq=False)
class Sample:
    """All sequences with labels.

    Parameters
    ----------
    x
        uint8 (n, length).
    labels
        float64 (n, tasks), NaN where missing; of several classes (n, 1); of profiles float32
        (n, width, tasks).
    groups
        int64 (n,): sequences that hang together, an original and its shuffles for instance.
    counted
        bool (n,): False for those that only train, such as all shuffles but the first.
    weights
        float64 (n,): how much each counts; None for all the same.
    letters
        Size of the alphabet.
    ids
        n names.
    held
        bool (n,): what is reported on; None to draw a part.
    columns, weighted_by
        Columns of the table of labels that were learnt, and that gave the weights; none without a
        table.
    """

    what: ClassVar[str] = "sequences"
    x: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    counted: np.ndarray
    weights: np.ndarray | None
    letters: int
    ids: Sequence[str]
    held: np.ndarray | None = None
    columns: tuple[str, ...] = ()
    weighted_by: str | None = None

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Compute what a baseline may see of some rows, float64 (m, features): composition."""
        return composition(self.x[rows], self.letters)

    def facts(self) -> dict[str, Any]:
        """Give what a model remembers of what it was trained on."""
        return {"length": self.typical_length}

    @property
    def typical_length(self) -> int:
        """The median number of letters of some ten thousand sequences, 1 at least."""
        some = self.x[:: max(1, len(self.x) // 10_000)]
        return max(1, int(np.median((some != PAD).sum(axis=1))))


@dataclass(frozen=True, eq=False)
class Roles:
    """Rows of one fold, int64 each and disjoint.

    Parameters
    ----------
    train, stop
        Of each network: what it learns, and what says which round is the best.
    calibrate, report
        Of all: what calibrates them, and what they are judged by.
    """

    train: tuple[np.ndarray, ...]
    stop: tuple[np.ndarray, ...]
    calibrate: np.ndarray
    report: np.ndarray


def deal(
    sample: Sample, target: Target, *, folds: int = 1, ensemble: int = 1, seed: int = 0
) -> list[Roles]:
    """Deal the sequences out to the roles of each fold, groups in one piece.

    Parameters
    ----------
    sample
        The sequences; those that are `held` are what is reported on, if any are.
    target
        What is predicted: each part gets its share of every class, or of each range of numbers.
    folds
        1 to keep one part for the report; 2 or more for cross-validation, which reports on all.
    ensemble
        Networks of a fold, each with a stopping part of its own.
    seed
        Same seed, same roles.

    Raises
    ------
    SeqcnnError
        There are too few sequences, or both `folds` and `held` say what is reported on.
    """
    counted = np.flatnonzero(sample.counted)
    parts = int(np.clip(len(counted) // PART, FEWEST_PARTS, MOST_PARTS))
    parts = max(parts, ensemble + 2)
    strata = strata_of_labels(
        target.per_sequence(sample.labels)[counted], classes=target.classifies
    )
    try:
        reported = _reported(sample, counted, strata, folds=folds, parts=parts, seed=seed)
        return [_roles(sample, counted, strata, r, (parts, ensemble, seed)) for r in reported]
    except _TooFewGroups as error:
        raise SeqcnnError(
            f"there are too few {sample.what} to train, stop, calibrate and report on different "
            f"ones: {error}; add {sample.what}, or lower --folds or --ensemble"
        ) from error


class _TooFewGroups(Exception):  # noqa: N818 - never leaves this file
    pass


def _dealt(groups: np.ndarray, strata: np.ndarray, parts: int, seed: int) -> np.ndarray:
    try:
        return stratified_folds(groups, strata, parts, seed=seed)
    except SeqcnnError as error:
        raise _TooFewGroups(error.message) from error


def _reported(
    sample: Sample,
    counted: np.ndarray,
    strata: np.ndarray,
    *,
    folds: int,
    parts: int,
    seed: int,
) -> list[np.ndarray]:
    """Choose what each fold reports on, bool (counted,) each."""
    if sample.held is None:
        outer_parts = folds if folds > 1 else _fitting(parts, sample.groups[counted])
        outer = _dealt(sample.groups[counted], strata, outer_parts, seed)
        return [outer == fold for fold in range(folds)]
    if folds > 1:
        raise SeqcnnError(
            f"`folds` is {folds}, but what is held out is given: leave one of the two out"
        )
    return [sample.held[counted]]


def _fitting(parts: int, groups: np.ndarray) -> int:
    """Lower a number of parts to that of groups, of which large ones may leave few."""
    return min(parts, len(np.unique(groups)))


def _roles(
    sample: Sample,
    counted: np.ndarray,
    strata: np.ndarray,
    reported: np.ndarray,
    options: tuple[int, int, int],
) -> Roles:
    parts, ensemble, seed = options
    # what hangs together with the reported has no other role
    free = ~np.isin(sample.groups[counted], sample.groups[counted[reported]])
    rest = counted[free]
    parts = max(_fitting(parts, sample.groups[rest]), ensemble + 2)
    inner = _dealt(sample.groups[rest], strata[free], parts, seed + 1)
    stop = tuple(rest[inner == parts - 1 - i] for i in range(ensemble))
    several = min(-(-CALIBRATING * parts // len(rest)), parts // 6, parts - ensemble - 1)
    calibrate, report = rest[inner < max(1, several)], counted[reported]
    everything = np.arange(len(sample.x))
    train = []
    for rows in stop:
        taken = np.concatenate([rows, calibrate, report])
        # whatever hangs together with these, shuffles too, trains nothing
        train.append(everything[~np.isin(sample.groups, sample.groups[taken])])
    return Roles(tuple(train), stop, calibrate, report)


def with_copies(
    sample: Sample, target: Target, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Add the shuffles that are not counted to those that are, without more weight.

    Parameters
    ----------
    sample, target
        The sequences, and what is predicted.
    rows
        int64 (m,): some that are counted.

    Returns
    -------
    rows : numpy.ndarray
        int64: these, and of two classes the others of the same groups.
    weights : numpy.ndarray or None
        float64: of each; those of a class add up to what they are for the counted ones.
    """
    others = np.isin(sample.groups, sample.groups[rows]) & ~sample.counted
    if target.kind != "binary" or not others.any():
        return rows, None if sample.weights is None else sample.weights[rows]
    weights = np.ones(len(sample.x)) if sample.weights is None else sample.weights.copy()
    whole = np.concatenate([rows, np.flatnonzero(others)])
    for label in (0, 1):
        before, after = (r[sample.labels[r, 0] == label] for r in (rows, whole))
        weights[after] *= weights[before].sum() / max(weights[after].sum(), 1e-12)
    return whole, weights[whole]


def sizes_of_roles(roles: Sequence[Roles]) -> dict[str, list[int]]:
    """Count the sequences of each role, network by network or fold by fold."""
    return {
        "train": [len(t) for r in roles for t in r.train],
        "stop": [len(s) for r in roles for s in r.stop],
        "calibrate": [len(r.calibrate) for r in roles],
        "report": [len(r.report) for r in roles],
    }
