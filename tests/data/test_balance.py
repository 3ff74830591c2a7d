"""Balance, weights and splits against scipy and counting by hand."""

import math

import numpy as np
import pytest
from scipy.stats import entropy
from scipy.stats.contingency import association

from seqcnn.data.balance import (
    balance_report,
    class_balance,
    class_weights,
    cramers_v,
    cross_table,
    effective_number,
    split_parts,
)
from seqcnn.errors import SeqcnnError


def test_classes_are_counted():
    balance = class_balance(np.array([0, 2, 2, np.nan, -1, 2.0]), ["a", "b", "c"])
    assert balance.counts.tolist() == [1, 0, 3] and balance.imbalance == math.inf
    assert balance.shares.tolist() == [0.25, 0, 0.75]
    assert balance.effective_classes == pytest.approx(math.exp(entropy([1, 3])))
    assert class_balance(np.array([[1.0], [0.0], [1.0]])).classes == ("0", "1")
    named = class_balance(["x", "", "y", "x"])
    assert named.classes == ("x", "y") and named.counts.tolist() == [2, 1]
    assert named.imbalance == 2
    for wrong, classes in ((["z"], ["x"]), ([""], None), ([2], ["x"]), ([np.nan], None)):
        with pytest.raises(SeqcnnError, match=r"is no class|there is no label"):
            class_balance(np.array(wrong), classes)


def test_the_effective_number_is_between_one_and_all():
    assert effective_number(np.full(7, 3)) == pytest.approx(7)
    assert 1 < effective_number(np.array([1_000, 1, 1])) < 1.03


def test_balanced_weights_make_classes_count_the_same():
    counts = np.array([10, 40, 200])
    weights = class_weights(counts)
    # the usual n / (k * count)
    np.testing.assert_allclose(weights, 250 / (3 * counts))
    assert (weights * counts).sum() == pytest.approx(250)


def test_effective_weights_follow_the_paper():
    counts, beta = np.array([10, 40, 200]), 0.99
    wanted = np.array([1 / sum(beta**i for i in range(n)) for n in counts])
    found = class_weights(counts, "effective", beta=beta)
    np.testing.assert_allclose(found / found[0], wanted / wanted[0])
    assert (found * counts).sum() == pytest.approx(250)
    np.testing.assert_allclose(class_weights(counts, "effective", beta=0), 1)
    near_one = class_weights(counts, "effective", beta=1 - 1e-9)
    np.testing.assert_allclose(near_one, class_weights(counts), rtol=1e-5)
    for wrong in ({"how": "effective", "beta": 1.0}, {"how": "rare"}):
        with pytest.raises(SeqcnnError, match="must be"):
            class_weights(counts, **wrong)
    with pytest.raises(SeqcnnError, match="class 1 has no example"):
        class_weights(np.array([3, 0]))


def test_origins_are_reported():
    cameras = ["k2", "k2", "k3", "k2", "", "f4"]
    labels = ["good", "good", "bad", "good", "bad", "bad"]
    camera, grid = balance_report({"camera": cameras, "grid": ["g1"] * 6}, labels)
    assert camera[:3] == ("camera", 3, 1)
    assert (camera.most, camera.most_share) == ("k2", 0.6)
    assert (camera.least, camera.least_share) == ("k3", 0.2)
    assert camera.effective == pytest.approx(math.exp(entropy([3, 1, 1])))
    assert camera.association == pytest.approx(1)
    assert grid.kinds == 1 and grid.effective == 1 and math.isnan(grid.association)
    assert math.isnan(balance_report({"camera": cameras})[0].association)
    with pytest.raises(SeqcnnError, match="'camera' has 1 values, there are 6 labels"):
        balance_report({"camera": ["k2"]}, labels)
    with pytest.raises(SeqcnnError, match="the column 'camera' is empty"):
        balance_report({"camera": [""]})


def test_association_is_that_of_scipy():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 300)
    second = np.where(rng.random(300) < 0.4, first % 3, rng.integers(0, 3, 300))
    a, b = [f"a{i}" for i in first], [f"b{i}" for i in second]
    rows, columns, counts = cross_table(a, b)
    assert (rows, columns) == (("a0", "a1", "a2", "a3"), ("b0", "b1", "b2"))
    assert counts[2, 1] == ((first == 2) & (second == 1)).sum()
    assert cramers_v(a, b) == pytest.approx(association(counts, method="cramer"))


def test_parts_keep_classes_and_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(150), 4)
    strata = np.repeat((np.arange(150) % 5 == 0).astype(int), 4)
    order = rng.permutation(600)
    groups, strata = groups[order], strata[order]
    shares = {"train": 0.8, "stop": 0.1, "test": 0.1}
    parts = split_parts(strata, shares, groups=groups, seed=1)
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(600))
    for name, rows in parts.items():
        assert len(rows) == pytest.approx(600 * shares[name], abs=8)
        assert strata[rows].mean() == pytest.approx(0.2, abs=0.03)
        others = np.delete(np.arange(600), rows)
        assert not set(groups[rows]) & set(groups[others])
    again = split_parts(strata, shares, groups=groups, seed=1)
    assert all((again[name] == parts[name]).all() for name in parts)
    assert (split_parts(strata, shares, seed=2)["test"] != parts["test"]).any()
    for wrong in ({"a": 0.5, "b": 0.4}, {"a": 1.0}, {"a": 1.2, "b": -0.2}):
        with pytest.raises(SeqcnnError, match="add up to 1"):
            split_parts(strata, wrong, seed=0)
    with pytest.raises(SeqcnnError, match="2 groups cannot be dealt out to 10 folds"):
        split_parts(np.zeros(2, int), shares, seed=0)
