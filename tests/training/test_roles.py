"""Roles are disjoint, groups stay in one piece, and what is held out is reported on."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.training.roles import Sample, deal, with_copies
from seqcnn.training.targets import Target

TARGET = Target("binary", ("t",))


def sample(n=600, groups=None, held=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, (n, 1)).astype(float)
    groups = np.arange(n) if groups is None else groups
    counted = rng.random(n) < 0.7
    return Sample(np.zeros((n, 5), np.uint8), labels, groups, counted, None, 4, ["x"] * n, held)


def check(made, roles):
    for fold in roles:
        for train, stop in zip(fold.train, fold.stop, strict=True):
            parts = [train, stop, fold.calibrate, fold.report]
            assert all(len(part) for part in parts)
            groups = [set(made.groups[part]) for part in parts]
            for i in range(4):
                for j in range(i):
                    assert not groups[i] & groups[j]
        others = [*fold.stop, fold.calibrate, fold.report]
        assert made.counted[np.concatenate(others)].all()
        assert len(np.unique(np.concatenate(others))) == sum(map(len, others))


@pytest.mark.parametrize("folds", [1, 4])
@pytest.mark.parametrize("ensemble", [1, 3])
def test_no_group_has_two_roles(folds, ensemble):
    groups = np.random.default_rng(1).integers(0, 150, 600)
    made = sample(groups=groups)
    roles = deal(made, TARGET, folds=folds, ensemble=ensemble, seed=3)
    check(made, roles)
    reported = np.concatenate([fold.report for fold in roles])
    assert len(np.unique(reported)) == len(reported)
    if folds > 1:
        assert sorted(reported) == np.flatnonzero(made.counted).tolist()


def test_what_is_held_out_is_reported_on_and_its_relatives_do_nothing():
    groups = np.random.default_rng(1).integers(0, 300, 600)
    held = np.arange(600) < 100
    made = sample(groups=groups, held=held)
    (roles,) = deal(made, TARGET, ensemble=2, seed=0)
    check(made, [roles])
    assert roles.report.tolist() == np.flatnonzero(held & made.counted).tolist()
    with pytest.raises(SeqcnnError, match="`folds` is 2, but what is held out is given"):
        deal(made, TARGET, folds=2)


def test_few_large_groups_are_dealt_out_in_fewer_parts():
    """Of 23 chromosomes there are no 20 parts to stop by, but enough to learn from."""
    made = sample(n=6000, groups=np.random.default_rng(1).integers(0, 23, 6000))
    roles = deal(made, TARGET, folds=5, ensemble=3)
    check(made, roles)
    with pytest.raises(SeqcnnError, match="too few sequences"):
        deal(sample(groups=np.arange(600) % 4), TARGET, ensemble=3)


def test_calibration_has_sequences_enough_where_there_are_many():
    sizes = [len(deal(sample(n=n), TARGET, ensemble=3)[0].calibrate) for n in (500, 9000, 60000)]
    counted = [int(sample(n=n).counted.sum()) for n in (500, 9000, 60000)]
    assert sizes[0] <= counted[0] / 4 and 800 <= sizes[1] <= counted[1] / 6
    assert sizes[2] == pytest.approx(counted[2] / 20, rel=0.1)


def test_copies_add_sequences_and_no_weight():
    """Three shuffles of each of 40 sequences, of which one is counted."""
    labels = np.repeat([[1.0], [0.0]], [40, 120], axis=0)
    groups = np.concatenate([np.arange(40), np.repeat(np.arange(40), 3)])
    counted = np.concatenate([np.ones(40, bool), np.arange(120) % 3 == 0])
    x = np.zeros((160, 5), np.uint8)
    made = Sample(x, labels, groups, counted, None, 4, ["x"] * 160)
    rows = np.flatnonzero(counted & (groups < 10))
    whole, weights = with_copies(made, TARGET, rows)
    assert sorted(whole) == np.flatnonzero(groups < 10).tolist()
    assert weights is not None
    for label, weight in ((1, 1.0), (0, 1 / 3)):
        np.testing.assert_allclose(weights[labels[whole, 0] == label], weight)
    assert with_copies(made, Target("counts", ("t",)), rows)[0] is rows
