"""Kappa against published examples and definitions written out; tables of who disagrees."""

import itertools
import math

import numpy as np
import pytest

from seqcnn.data.agreement import (
    cohen_kappa,
    compare_annotators,
    compare_pairs,
    disagreements,
    fleiss_kappa,
)
from seqcnn.data.annotators import Votes, dawid_skene, make_votes
from seqcnn.errors import SeqcnnError

PSYCHIATRISTS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip
"""Fourteen diagnoses of ten patients, the common worked example of Fleiss' kappa: 0.210."""


def of_totals(totals: list[list[int]]) -> Votes:
    """Votes of people who each labelled every item once, in any order."""
    labels = np.array([np.repeat(np.arange(len(row)), row) for row in totals])
    return make_votes(labels)


def of_table(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return np.array(pairs)[:, 0], np.array(pairs)[:, 1]


def kappa_by_definition(first, second, k: int, power: int | None) -> float:
    """One minus observed over expected disagreement, every pair of items in turn."""

    def cost(a: int, b: int) -> float:
        return float(a != b) if power is None else abs(a - b) ** power

    n = len(first)
    observed = sum(cost(a, b) for a, b in zip(first, second, strict=True)) / n
    expected = sum(cost(a, b) for a, b in itertools.product(first, second)) / n**2
    return 1 - observed / expected


def test_the_published_examples():
    assert cohen_kappa(*of_table([[20, 5], [10, 15]])) == pytest.approx(0.4)
    assert cohen_kappa(*of_table([[45, 15], [25, 15]])) == pytest.approx(0.1304, abs=5e-5)
    assert cohen_kappa(*of_table([[25, 35], [5, 35]])) == pytest.approx(0.2593, abs=5e-5)
    assert fleiss_kappa(of_totals(PSYCHIATRISTS)) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize(("weights", "power"), [("none", None), ("linear", 1), ("quadratic", 2)])
def test_cohen_by_its_definition(weights, power):
    rng = np.random.default_rng(1)
    first = rng.integers(0, 4, 60)
    second = np.where(rng.random(60) < 0.6, first, rng.integers(0, 4, 60))
    found = cohen_kappa(first, second, weights=weights)
    assert found == pytest.approx(kappa_by_definition(first.tolist(), second.tolist(), 4, power))
    missing = np.concatenate([first, [-1, 2]]), np.concatenate([second, [3, -1]])
    assert cohen_kappa(*missing, weights=weights) == pytest.approx(found)
    assert cohen_kappa(first, first, weights=weights) == 1


def test_fleiss_by_its_definition_with_missing_labels():
    rng = np.random.default_rng(2)
    true = rng.integers(0, 3, 30)
    labels = np.where(rng.random((30, 5)) < 0.7, true[:, None], rng.integers(0, 3, (30, 5)))
    labels[rng.random((30, 5)) < 0.2] = -1
    labels[:, 0] = np.where(labels[:, 0] < 0, 1, labels[:, 0])
    shares, counts = [], np.zeros(3)
    for row in labels:
        said = [v for v in row.tolist() if v >= 0]
        if len(said) > 1:
            pairs = list(itertools.permutations(said, 2))
            shares.append(sum(a == b for a, b in pairs) / len(pairs))
            counts += np.bincount(said, minlength=3)
    chance = ((counts / counts.sum()) ** 2).sum()
    wanted = (np.mean(shares) - chance) / (1 - chance)
    assert fleiss_kappa(make_votes(labels)) == pytest.approx(wanted)


def test_what_has_no_kappa():
    same = np.zeros(5, int)
    assert math.isnan(cohen_kappa(same, same))
    assert math.isnan(cohen_kappa(np.array([-1]), np.array([0])))
    assert math.isnan(fleiss_kappa(make_votes(np.zeros((4, 3), int))))
    assert math.isnan(fleiss_kappa(make_votes(np.array([[0, -1], [1, -1]]))))
    with pytest.raises(SeqcnnError, match="cannot be compared"):
        cohen_kappa(same, same[1:])
    with pytest.raises(SeqcnnError, match="`weights` must be one of none, linear"):
        cohen_kappa(same, same, weights="cubic")  # type: ignore[arg-type]


def test_tables_say_who_disagrees_where():
    labels = np.array([[0, 0, 1], [1, 1, 1], [2, 2, 1], [0, 1, 2], [2, 2, -1]])
    votes = make_votes(
        labels, items=["a", "b", "c", "d", "e"], annotators=["ann", "bob", "cid"],
        classes=["bad", "medium", "good"],
    )  # fmt: skip
    pairs = {(row.first, row.second): row for row in compare_pairs(votes, weights="linear")}
    assert pairs["ann", "bob"].items == 5 and pairs["ann", "bob"].agreement == 0.8
    assert pairs["bob", "cid"].items == 4 and pairs["bob", "cid"].agreement == 0.25
    assert pairs["ann", "cid"].kappa == pytest.approx(
        kappa_by_definition([0, 1, 2, 0], [1, 1, 1, 2], 3, 1)
    )
    people = compare_annotators(votes, dawid_skene(votes))
    assert people[0].annotator == "cid" and people[0].items == 4
    # of a, b, c the two others agree; cid is with them on b alone
    assert people[0].with_others == pytest.approx(1 / 3)
    assert people[0].worst in ("bad > medium", "good > medium")
    assert people[0].reliability < people[-1].reliability
    assert math.isnan(compare_annotators(votes)[0].reliability)
    # nobody is compared with a majority of which he is part
    apart = compare_annotators(make_votes(np.array([[0, 1], [1, 0], [1, 1]])))
    assert [row.with_others for row in apart] == [pytest.approx(1 / 3)] * 2
    where = disagreements(votes)
    assert [row.item for row in where] == ["d", "a", "c"]
    assert where[0].majority == "" and where[0].labels == ("bad", "medium", "good")
    assert where[1].majority == "bad" and where[1].share == pytest.approx(2 / 3)
    assert disagreements(votes, dawid_skene(votes))[1].consensus == "bad"
