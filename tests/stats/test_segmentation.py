"""Counts of pixels and what follows from them, against sets of pixels."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.stats import segmentation
from seqcnn.stats.segmentation import PixelCounts, count_pixels, dice, segmentation_table


def _masks(classes=3, n=4):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, (n, 5, 6)).astype(np.uint8)
    other = rng.integers(0, classes, truth.shape)
    predicted = np.where(rng.random(truth.shape) < 0.6, truth, other)
    truth[rng.random(truth.shape) < 0.1] = 255
    return predicted.astype(np.uint8), truth


def test_counts_are_those_of_sets():
    predicted, truth = _masks()
    counts = count_pixels(predicted, truth, 3)
    for i, c in np.ndindex(4, 3):
        known = truth[i] != 255
        told, true = (predicted[i] == c) & known, (truth[i] == c) & known
        expected = (told & true, told & ~true, ~told & true, ~told & ~true & known)
        assert [int(part[i, c]) for part in counts] == [int(e.sum()) for e in expected]


SETS = {
    "dice": lambda told, true: 2 * len(told & true) / (len(told) + len(true)),
    "iou": lambda told, true: len(told & true) / len(told | true),
    "precision": lambda told, true: len(told & true) / len(told),
    "recall": lambda told, true: len(told & true) / len(true),
}


@pytest.mark.parametrize("name", SETS)
def test_metrics_are_those_of_sets_of_pixels(name):
    predicted, truth = _masks()
    table = segmentation_table(count_pixels(predicted, truth, 3))

    def witness(c, pictures):
        pixels = [at for at in np.ndindex(truth.shape) if truth[at] != 255 and at[0] in pictures]
        sets = ({at for at in pixels if mask[at] == c} for mask in (predicted, truth))
        return SETS[name](*sets)

    for c in range(3):
        assert table[name][c] == pytest.approx(witness(c, range(4)))
        each = [witness(c, [i]) for i in range(4)]
        assert table[f"{name}_per_image"][c] == pytest.approx(np.mean(each))


def test_pooled_and_mean_per_image_differ_and_what_is_nowhere_is_left_out():
    predicted, truth = np.zeros((2, 1, 8), int), np.zeros((2, 1, 8), int)
    predicted[0, 0, :4], truth[0, 0, :2] = 1, 1
    table = segmentation_table(count_pixels(predicted, truth, 3))
    assert table["dice"][1] == table["dice_per_image"][1] == pytest.approx(2 / 3)
    assert table["accuracy"][1] == 14 / 16 and table["accuracy_per_image"][1] == (6 / 8 + 1) / 2
    assert np.isnan(table["dice"][2]) and np.isnan(dice(count_pixels(predicted, truth, 3))[1, 1])


def test_nothing_known_counts_nothing():
    counts = count_pixels(np.zeros((1, 3), int), np.full((1, 3), 255), 2)
    assert isinstance(counts, PixelCounts) and not any(part.any() for part in counts)
    assert np.isnan(segmentation.pixel_accuracy(counts)).all()


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(SeqcnnError, match="differ in shape"):
        count_pixels(np.zeros((1, 3), int), np.zeros((1, 4), int), 2)
    with pytest.raises(SeqcnnError, match="a true class is not from 0 to 1"):
        count_pixels(np.zeros((1, 2), int), np.array([[0, 2]]), 2)
    with pytest.raises(SeqcnnError, match="a predicted class"):
        count_pixels(np.array([[0, 2]]), np.zeros((1, 2), int), 2)
