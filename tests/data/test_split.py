import numpy as np
import pytest

from seqcnn.data.dataset import Dataset
from seqcnn.data.split import grouped_folds
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
