"""Touching cells are told apart, and matched to the true ones by brute force."""

from itertools import permutations

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.instances import count_instances, label_instances
from seqcnn.stats.instances import overlap_table, score_instances


def discs(size, *rows):
    """Draw discs (y, x, radius): a number for each, the later ones on top."""
    grid = np.indices((size,) * (len(rows[0]) - 1))
    truth = np.zeros(grid.shape[1:], np.int32)
    for number, (*middle, radius) in enumerate(rows, 1):
        away = sum((axis - at) ** 2 for axis, at in zip(grid, middle, strict=True))
        truth[away <= radius**2] = number
    return truth


TOUCHING = discs(64, (20, 18, 10), (22, 36, 10), (46, 24, 12), (48, 50, 8), (40, 44, 6))


def test_touching_cells_are_told_apart():
    assert count_instances(TOUCHING, separation=0) < 4
    found = label_instances(TOUCHING > 0)
    score = score_instances(found, TOUCHING)
    assert score.tp == 5 and score.fp == score.fn == 0 and score.mean_iou > 0.85
    assert np.array_equal(found > 0, TOUCHING > 0)


def test_balls_of_a_volume_are_told_apart():
    truth = discs(24, (8, 8, 6, 5), (8, 9, 15, 5))
    assert count_instances(truth, separation=0) == 1
    assert score_instances(label_instances(truth), truth).tp == 2


def test_separate_pieces_are_never_lost():
    rng = np.random.default_rng(0)
    mask = rng.random((40, 40)) < 0.3
    whole = label_instances(mask, separation=0)
    parted = label_instances(mask, separation=6)
    assert np.array_equal(parted > 0, mask)
    # each part lies in one piece, and numbers have no gap
    for number in range(1, parted.max() + 1):
        assert len(np.unique(whole[parted == number])) == 1
    assert set(np.unique(whole)) == set(range(whole.max() + 1))


def test_small_ones_are_left_out():
    mask = np.zeros((9, 9), bool)
    mask[0, 0], mask[4:7, 4:7] = True, True
    assert count_instances(mask) == 2 and count_instances(mask, least=2) == 1
    assert label_instances(mask, least=2)[5, 5] == 1
    assert count_instances(np.zeros((4, 4))) == 0
    with pytest.raises(SeqcnnError, match="must be 0 or more"):
        label_instances(mask, separation=-1)


def test_overlaps_by_sets():
    rng = np.random.default_rng(1)
    told, true = rng.integers(0, 4, (2, 8, 8))
    table = overlap_table(told, true)
    for i in range(1, 4):
        for j in range(1, 4):
            a, b = set(np.flatnonzero(told == i)), set(np.flatnonzero(true == j))
            assert table[i - 1, j - 1] == pytest.approx(len(a & b) / len(a | b))


@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.5])
def test_the_matching_is_the_best_of_all(threshold):
    rng = np.random.default_rng(2)
    for _ in range(10):
        told, true = rng.integers(0, 5, (2, 30))
        table = overlap_table(told, true)
        best = max(
            sum(table[i, j] >= threshold for i, j in enumerate(order) if i < len(table))
            for order in permutations(range(table.shape[1]))
        )
        assert score_instances(told, true, threshold=threshold).tp == best


def test_nothing_at_all():
    blank = np.zeros((3, 3), int)
    assert np.isnan(score_instances(blank, blank).f1)
    assert score_instances(blank, TOUCHING[:3, :3] * 0 + 1).fn == 1
    with pytest.raises(SeqcnnError, match="differ in shape"):
        score_instances(blank, blank[:2])
