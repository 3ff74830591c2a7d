"""Labels by several people: their votes, the majority, and a truth weighed by reliability."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqcnn.data.tables import Table, is_number, read_table
from seqcnn.errors import SeqcnnError

UNKNOWN = -1
"""The class where none has most votes."""

_LONG = ("annotator", "labeller", "rater", "observer")


@dataclass(frozen=True, eq=False)
class Votes:
    """Who gave which label to what.

    Parameters
    ----------
    counts
        int64 (items, annotators, classes): how often an annotator gave an item a label; all 0 if
        never.
    items, annotators, classes
        Their names.

    Raises
    ------
    SeqcnnError
        The names are not as many as the counts, or an item has no vote.
    """

    counts: np.ndarray
    items: tuple[str, ...]
    annotators: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.items), len(self.annotators), len(self.classes)):
            raise SeqcnnError(f"votes {self.counts.shape} and names differ in number")
        empty = np.flatnonzero(self.counts.sum((1, 2)) == 0)
        if empty.size:
            raise SeqcnnError(f"nobody labelled {self.items[empty[0]]!r}: leave it out")

    @property
    def single(self) -> np.ndarray:
        """The label of each item by each annotator, int64 (items, annotators); -1 if none.

        Of several labels the most frequent one counts, and none if two are equally frequent.
        """
        return _largest(self.counts)


def make_votes(
    labels: np.ndarray,
    *,
    items: Sequence[str] | None = None,
    annotators: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Votes:
    """Count the votes of an array of labels.

    Parameters
    ----------
    labels
        integers (items, annotators): numbers of classes, -1 where there is none.
    items, annotators, classes
        Names; numbers by default.

    Examples
    --------
    >>> make_votes(np.array([[0, 1], [1, -1]])).counts.tolist()
    [[[1, 0], [0, 1]], [[0, 1], [0, 0]]]
    """
    n, m = labels.shape
    k = int(labels.max(initial=0)) + 1 if classes is None else len(classes)
    counts = (labels[..., None] == np.arange(k)).astype(np.int64)
    names = (items or range(n), annotators or range(m), classes or range(k))
    return Votes(counts, *(tuple(map(str, part)) for part in names))


def read_votes(path: str | Path, *, classes: Sequence[str] | None = None) -> Votes:
    """Read a table of labels by several people.

    Parameters
    ----------
    path
        Tabs or commas, a first line with names: files in the first column, then either a column for
        each annotator, or ``annotator`` and ``label``, a row for each label. A missing label is
        empty.
    classes
        All classes in their order, which matters for weighted kappa; by default those found, in
        alphabetical order, or by size if they are numbers.

    Raises
    ------
    SeqcnnError
        There are less than two annotators or classes, a label is not among `classes`, or an item
        has no label.
    """
    table = read_table(path)
    rows = list(_long_rows(table) if _is_long(table) else _wide_rows(table))
    found = sorted({label for _, _, label, _ in rows}, key=_in_order)
    names = tuple(found if classes is None else classes)
    items = tuple(dict.fromkeys(table.texts(table.names[0])))
    annotators = tuple(dict.fromkeys(who for _, who, _, _ in rows))
    if not _is_long(table):
        annotators = table.names[1:]
        _refuse_repeats(table)
    for what, kinds in (("annotators", annotators), ("classes", names)):
        if len(kinds) < 2:
            raise SeqcnnError(
                f"there must be two {what} or more, not {len(kinds)}: {', '.join(kinds)}", path=path
            )
    places = [{name: i for i, name in enumerate(kinds)} for kinds in (items, annotators, names)]
    counts = np.zeros((len(items), len(annotators), len(names)), np.int64)
    for item, who, label, line in rows:
        if label not in places[2]:
            raise SeqcnnError(
                f"{label!r} is no class: they are {', '.join(names)}", path=path, line=line
            )
        counts[places[0][item], places[1][who], places[2][label]] += 1
    bare = np.flatnonzero(counts.sum((1, 2)) == 0)
    if bare.size:
        name = items[bare[0]]
        line = table.lines[table.texts(table.names[0]).index(name)]
        raise SeqcnnError(f"nobody labelled {name!r}: remove the row", path=path, line=line)
    return Votes(counts, items, annotators, names)


class Majority(NamedTuple):
    """What most annotators said.

    Parameters
    ----------
    labels
        int64 (items,): the class with most votes, `UNKNOWN` where two or more share that place.
    ties
        bool (items,).
    shares
        float64 (items,): of the votes that the first class got.
    """

    labels: np.ndarray
    ties: np.ndarray
    shares: np.ndarray


def majority_vote(votes: Votes) -> Majority:
    """Take the class that most votes went to.

    Examples
    --------
    >>> vote = majority_vote(make_votes(np.array([[0, 0, 1], [0, 1, -1]])))
    >>> vote.labels.tolist(), vote.ties.tolist(), vote.shares.round(2).tolist()
    ([0, -1], [False, True], [0.67, 0.5])
    """
    totals = votes.counts.sum(1)
    labels = _largest(totals)
    return Majority(labels, labels == UNKNOWN, totals.max(1) / totals.sum(1))


class Consensus(NamedTuple):
    """What the truth may be, and how reliable everybody was.

    Parameters
    ----------
    posterior
        float64 (items, classes): probability of each class.
    prior
        float64 (classes,): share of each class.
    confusion
        float64 (annotators, true class, label): how often an annotator gives each label.
    log_likelihood
        After each round; with `pseudo` that and its logarithm of the prior density of the errors,
        up to a constant, for this is what then never falls.
    """

    posterior: np.ndarray
    prior: np.ndarray
    confusion: np.ndarray
    log_likelihood: tuple[float, ...]

    @property
    def labels(self) -> np.ndarray:
        """The most probable class of each item, int64 (items,)."""
        return self.posterior.argmax(1)

    @property
    def reliability(self) -> np.ndarray:
        """How often each annotator is right, float64 (annotators,), over the shares of classes."""
        return np.einsum("jkk,k->j", self.confusion, self.prior)


def dawid_skene(
    votes: Votes, *, rounds: int = 500, tolerance: float = 1e-8, pseudo: float = 0.0
) -> Consensus:
    """Estimate the true class of each item and the errors of each annotator at once.

    Dawid and Skene 1979, doi:10.2307/2346806: expectation and maximisation by turns, starting from
    the shares of votes, in log space. Whoever agrees with the emerging truth counts more.

    Parameters
    ----------
    votes
        Of two annotators or more; labels may be missing, or be given more than once.
    rounds, tolerance
        It stops after so many rounds, or when the log-likelihood rises by less.
    pseudo
        Added to the count of every label of every annotator: above 0, nobody is taken to be
        incapable of what he never did, which helps if annotators labelled little. 0 is the paper.

    Returns
    -------
    Consensus
        A local maximum of the likelihood.

    Raises
    ------
    SeqcnnError
        `rounds` or `pseudo` is out of range.
    """
    if rounds < 1 or pseudo < 0:
        raise SeqcnnError(f"`rounds` must be 1 or more and `pseudo` 0 or more: {rounds}, {pseudo}")
    totals = votes.counts.sum(1)
    posterior = totals / totals.sum(1, keepdims=True)
    history: list[float] = []
    while True:
        prior, confusion = _maximise(votes.counts, posterior, pseudo)
        posterior, likelihood = _expect(votes.counts, prior, confusion)
        # the likelihood alone may fall: added counts are a Dirichlet prior, and rounds climb both
        likelihood += pseudo * float(np.log(confusion).sum()) if pseudo else 0.0
        history.append(likelihood)
        if len(history) >= rounds or (len(history) > 1 and likelihood - history[-2] < tolerance):
            return Consensus(posterior, prior, confusion, tuple(history))


def _maximise(
    counts: np.ndarray, posterior: np.ndarray, pseudo: float
) -> tuple[np.ndarray, np.ndarray]:
    given = np.einsum("ik,ijl->jkl", posterior, counts) + pseudo
    total = given.sum(2, keepdims=True)
    # who never met a class is taken to know nothing of it
    confusion = np.where(total > 0, given / np.where(total > 0, total, 1), 1 / counts.shape[2])
    return posterior.mean(0), confusion


def _expect(
    counts: np.ndarray, prior: np.ndarray, confusion: np.ndarray
) -> tuple[np.ndarray, float]:
    with np.errstate(divide="ignore"):
        log_prior, log_confusion = np.log(prior), np.log(confusion)
    # a label that was not given must not meet a logarithm of 0: 0 times minus infinity is no number
    terms = np.where(
        counts[:, :, None, :] > 0, counts[:, :, None, :] * _finite(log_confusion)[None], 0
    )
    scores = _finite(log_prior) + terms.sum((1, 3))
    top = scores.max(1, keepdims=True)
    weights = np.exp(scores - top)
    total = weights.sum(1, keepdims=True)
    return weights / total, float((top + np.log(total)).sum())


def _finite(log: np.ndarray) -> np.ndarray:
    # far below any true logarithm, yet sums of them stay comparable
    return np.maximum(log, -1e6)


def _largest(counts: np.ndarray) -> np.ndarray:
    """Find the largest along the last axis; `UNKNOWN` where it is not the only one."""
    top = counts.max(-1, keepdims=True)
    alone = (counts == top).sum(-1) == 1
    return np.where(alone & (top[..., 0] > 0), counts.argmax(-1), UNKNOWN)


def _is_long(table: Table) -> bool:
    return len(table.names) == 3 and table.names[1].lower() in _LONG


def _long_rows(table: Table) -> list[tuple[str, str, str, int]]:
    return [
        (item, who, label, line)
        for (item, who, label), line in zip(table.rows, table.lines, strict=True)
        if who and label
    ]


def _wide_rows(table: Table) -> list[tuple[str, str, str, int]]:
    return [
        (row[0], who, label, line)
        for row, line in zip(table.rows, table.lines, strict=True)
        for who, label in zip(table.names[1:], row[1:], strict=True)
        if label
    ]


def _refuse_repeats(table: Table) -> None:
    seen: dict[str, int] = {}
    for name, line in zip(table.texts(table.names[0]), table.lines, strict=True):
        if seen.setdefault(name, line) != line:
            raise SeqcnnError(
                f"{name!r} stands on line {seen[name]} already: keep one of the rows",
                path=table.path,
                line=line,
            )


def _in_order(name: str) -> tuple[bool, float, str]:
    number = is_number(name)
    return not number, float(name) if number else 0.0, name
