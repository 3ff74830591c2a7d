import numpy as np
import pytest

from seqcnn.data.batches import draw_rows
from seqcnn.data.dataset import Dataset
from seqcnn.data.split import grouped_folds, strata_of_labels, stratified_folds
from seqcnn.errors import SeqcnnError


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_groups_stay_together_and_folds_are_even(folds):
    rng = np.random.default_rng(folds)
    groups = rng.integers(0, 60, 200)
    dealt = grouped_folds(groups, folds, seed=1)
    assert all(len(set(dealt[groups == g])) == 1 for g in groups)
    sizes = np.bincount(dealt, minlength=folds)
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


def test_singletons_are_dealt_out_evenly_and_by_seed():
    first = grouped_folds(np.arange(101), 2, seed=0)
    assert abs(np.bincount(first)[0] - 50.5) == 0.5
    np.testing.assert_array_equal(first, grouped_folds(np.arange(101), 2, seed=0))
    assert (first != grouped_folds(np.arange(101), 2, seed=1)).any()


def test_too_few_groups_are_refused():
    with pytest.raises(SeqcnnError, match="2 folds"):
        grouped_folds(np.zeros(5, int), 2, seed=0)


def test_a_dataset_has_as_many_targets_as_examples():
    with pytest.raises(SeqcnnError):
        Dataset(np.zeros((3, 4)), np.zeros(2))


@pytest.mark.parametrize("folds", [2, 5])
def test_strata_are_dealt_out_evenly_and_groups_stay_together(folds):
    rng = np.random.default_rng(folds)
    strata = rng.choice(3, 600, p=[0.8, 0.15, 0.05])
    groups = np.where(rng.random(600) < 0.2, rng.integers(0, 40, 600), np.arange(600) + 100)
    dealt = stratified_folds(groups, strata, folds, seed=1)
    assert all(len(set(dealt[groups == g])) == 1 for g in groups)
    for stratum in range(3):
        sizes = np.bincount(dealt[strata == stratum], minlength=folds)
        assert sizes.max() - sizes.min() <= max(3, 0.1 * sizes.mean())
    again = stratified_folds(groups, strata, folds, seed=1)
    np.testing.assert_array_equal(dealt, again)
    assert (dealt != stratified_folds(groups, strata, folds, seed=2)).any()


def test_single_examples_are_dealt_out_exactly():
    strata = np.repeat([0, 1], [90, 10])
    dealt = stratified_folds(np.arange(100), strata, 5, seed=0)
    np.testing.assert_array_equal(np.bincount(dealt[strata == 1]), [2] * 5)
    np.testing.assert_array_equal(np.bincount(dealt[strata == 0]), [18] * 5)


def test_strata_of_classes_and_of_numbers():
    labels = np.array([[0, 1], [0, np.nan], [0, 1], [1, 1.0]])
    found = strata_of_labels(labels, classes=True)
    assert found[0] == found[2] and len(set(found.tolist())) == 3
    values = np.random.default_rng(0).normal(size=(100, 1))
    found = strata_of_labels(values, classes=False, quantiles=4)
    np.testing.assert_array_equal(np.bincount(found), [25] * 4)
    assert values[found == 3].min() > values[found == 2].max()


@pytest.mark.parametrize("balanced", [True, False])
def test_batches_visit_all_before_any_twice(balanced):
    classes = np.repeat([0.0, 1.0, 2.0], [30, 6, 12])
    rows = draw_rows(np.random.default_rng(0), 48, classes if balanced else None, steps=16, batch=9)
    assert rows.shape == (16, 9)
    counts = np.bincount(rows.ravel(), minlength=48)
    if balanced:
        assert all((np.bincount(classes[r].astype(int)) == 3).all() for r in rows)
        for label in range(3):
            assert np.ptp(counts[classes == label]) <= 1
    else:
        assert np.ptp(counts) == 0
