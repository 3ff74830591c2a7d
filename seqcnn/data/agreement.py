"""How well annotators agree: Cohen's and Fleiss' kappa, and tables of who disagrees where."""

from typing import Literal, NamedTuple

import numpy as np

from seqcnn.data.annotators import UNKNOWN, Consensus, Votes, majority_vote
from seqcnn.errors import SeqcnnError

KappaWeights = Literal["none", "linear", "quadratic"]


def cohen_kappa(
    first: np.ndarray,
    second: np.ndarray,
    *,
    classes: int | None = None,
    weights: KappaWeights = "none",
) -> float:
    """Compute the agreement of two annotators beyond chance.

    Cohen 1960, doi:10.1177/001316446002000104; with weights Cohen 1968, doi:10.1037/h0026256.

    Parameters
    ----------
    first, second
        integers (items,): classes; items that either did not label, -1, are left out.
    classes
        How many there are; matters to weights only.
    weights
        ``"none"``: every disagreement is one. ``"linear"`` and ``"quadratic"``: of ordered classes,
        it grows with their distance, or its square.

    Returns
    -------
    float
        1 for perfect agreement, 0 for that of chance, below 0 for less. NaN if nothing was labelled
        by both, or both gave one and the same label throughout.

    Raises
    ------
    SeqcnnError
        They labelled different numbers of items, or `weights` is unknown.

    Examples
    --------
    >>> cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    if first.shape != second.shape:
        raise SeqcnnError(f"{len(first)} and {len(second)} labels cannot be compared")
    both = (first >= 0) & (second >= 0)
    first, second = first[both], second[both]
    k = max(classes or 0, int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1)
    table = np.zeros((k, k))
    np.add.at(table, (first, second), 1)
    cost = _disagreement(k, weights)
    total = table.sum()
    expected = (cost * np.outer(table.sum(1), table.sum(0))).sum()
    return float(1 - total * (cost * table).sum() / expected) if expected > 0 else float("nan")


def _disagreement(k: int, weights: KappaWeights) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(float)
    known = {"none": (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}
    if weights not in known:
        raise SeqcnnError(f"`weights` must be one of {', '.join(known)}, not {weights!r}")
    return known[weights]


def fleiss_kappa(votes: Votes) -> float:
    """Compute the agreement of many annotators beyond chance.

    Fleiss 1971, doi:10.1037/h0031619. Items with one vote are left out; the others may have
    different numbers of votes, and each item then counts the same.

    Returns
    -------
    float
        As for `cohen_kappa`; NaN if all votes are for one class.

    Examples
    --------
    >>> from seqcnn.data.annotators import make_votes
    >>> fleiss_kappa(make_votes(np.array([[0, 0, 0], [1, 1, 1]])))
    1.0
    """
    totals = votes.counts.sum(1)
    totals = totals[totals.sum(1) > 1]
    if not len(totals):
        return float("nan")
    n = totals.sum(1)
    agreement = ((totals * (totals - 1)).sum(1) / (n * (n - 1))).mean()
    chance = ((totals.sum(0) / n.sum()) ** 2).sum()
    return float((agreement - chance) / (1 - chance)) if chance < 1 else float("nan")


class PairRow(NamedTuple):
    """Two annotators.

    Parameters
    ----------
    first, second
        Their names.
    items
        How many both labelled.
    agreement
        Share of those with the same label.
    kappa
        Cohen's.
    """

    first: str
    second: str
    items: int
    agreement: float
    kappa: float


class AnnotatorRow(NamedTuple):
    """One annotator.

    Parameters
    ----------
    annotator
        The name.
    items
        How many were labelled.
    with_others
        Share of labels that are those of the majority of all others, ties left out.
    reliability
        How often right by `dawid_skene`; NaN if that was not asked.
    worst
        The confusion that happens most: ``true > label``, by the majority of all others; "" if
        none.
    """

    annotator: str
    items: int
    with_others: float
    reliability: float
    worst: str


class ItemRow(NamedTuple):
    """One item on which not all agree.

    Parameters
    ----------
    item
        Its name.
    majority
        The class that most chose, "" if it is a tie.
    share
        Of the votes that went there.
    consensus
        The class by `dawid_skene`, "" if that was not asked.
    labels
        Of each annotator, "" if none.
    """

    item: str
    majority: str
    share: float
    consensus: str
    labels: tuple[str, ...]


def compare_pairs(votes: Votes, *, weights: KappaWeights = "none") -> list[PairRow]:
    """Compare all pairs of annotators, in the order of their names in the table."""
    labels = votes.single
    rows = []
    for i, first in enumerate(votes.annotators):
        for j in range(i + 1, len(votes.annotators)):
            both = (labels[:, i] >= 0) & (labels[:, j] >= 0)
            same = float((labels[both, i] == labels[both, j]).mean()) if both.any() else np.nan
            kappa = cohen_kappa(
                labels[:, i], labels[:, j], classes=len(votes.classes), weights=weights
            )
            rows.append(PairRow(first, votes.annotators[j], int(both.sum()), same, kappa))
    return rows


def compare_annotators(votes: Votes, consensus: Consensus | None = None) -> list[AnnotatorRow]:
    """Compare each annotator with the majority of all others, from worst to best."""
    labels = votes.single
    reliability = np.full(len(votes.annotators), np.nan)
    reliability = reliability if consensus is None else consensus.reliability
    rows = []
    for j, name in enumerate(votes.annotators):
        others = np.delete(votes.counts, j, axis=1).sum(1)
        top = others.max(1)
        alone = (top > 0) & ((others == top[:, None]).sum(1) == 1)
        known = alone & (labels[:, j] >= 0)
        true, said = others.argmax(1)[known], labels[known, j]
        share = float((true == said).mean()) if known.any() else np.nan
        items = int((votes.counts[:, j].sum(1) > 0).sum())
        rows.append(
            AnnotatorRow(name, items, share, float(reliability[j]), _worst(true, said, votes))
        )
    return sorted(rows, key=lambda row: (np.nan_to_num(row.with_others), row.annotator))


def disagreements(votes: Votes, consensus: Consensus | None = None) -> list[ItemRow]:
    """List the items on which not all agree, those with the smallest majority first."""
    vote, labels = majority_vote(votes), votes.single
    names = (*votes.classes, "")
    rows = [
        ItemRow(
            item,
            names[vote.labels[i]] if vote.labels[i] != UNKNOWN else "",
            float(vote.shares[i]),
            "" if consensus is None else names[consensus.labels[i]],
            tuple(names[label] for label in labels[i]),
        )
        for i, item in enumerate(votes.items)
        if vote.shares[i] < 1
    ]
    return sorted(rows, key=lambda row: row.share)


def _worst(true: np.ndarray, said: np.ndarray, votes: Votes) -> str:
    wrong = true != said
    if not wrong.any():
        return ""
    k = len(votes.classes)
    counts = np.bincount(true[wrong] * k + said[wrong], minlength=k * k)
    a, b = divmod(int(counts.argmax()), k)
    return f"{votes.classes[a]} > {votes.classes[b]}"
