import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.stats.auroc import (
    auprc,
    auprc_interval,
    auroc,
    auroc_interval,
    expected_calibration_error,
    precision_recall_curve,
    roc_curve,
)
from seqcnn.stats.intervals import Estimate

few_values = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=15)
INTERVALS = [auroc_interval, auprc_interval]


def kernel(positive, negative):
    return 1.0 if positive > negative else 0.5 if positive == negative else 0.0


def pair_table(positives, negatives):
    return np.array([[kernel(p, n) for n in negatives] for p in positives])


def average_precision(positives, negatives):
    """At every threshold: precision times the share of positives that are new there."""
    area = 0.0
    for threshold in sorted(set(positives) | set(negatives)):
        new = sum(p == threshold for p in positives)
        above = sum(p >= threshold for p in positives)
        area += new / len(positives) * above / (above + sum(n >= threshold for n in negatives))
    return area


@given(few_values, few_values)
def test_auroc_is_the_share_of_ordered_pairs(positives, negatives):
    expected = pair_table(positives, negatives).mean()
    assert auroc(positives, negatives) == pytest.approx(expected, abs=1e-15)


@given(few_values, few_values)
def test_turning_the_scores_around_turns_the_area_around(positives, negatives):
    area = auroc(positives, negatives)
    assert auroc(negatives, positives) == pytest.approx(1 - area)
    assert auroc(np.exp(positives), np.exp(negatives)) == area


def test_interval_is_that_of_delong():
    """The variance by the pairs themselves, as in the paper's equations 3 to 5."""
    rng = np.random.default_rng(0)
    positives, negatives = rng.normal(1, 1, 30).round(1), rng.normal(0, 1, 50).round(1)
    table = pair_table(positives, negatives)
    area = table.mean()
    s10 = ((table.mean(1) - area) ** 2).sum() / 29
    s01 = ((table.mean(0) - area) ** 2).sum() / 49
    error = math.sqrt(s10 / 30 + s01 / 50)
    half = 1.959963984540054 * error / (area * (1 - area))
    odds = area / (1 - area) * np.exp([-half, half])
    found = auroc_interval(positives, negatives)
    assert (found.value, found.low, found.high) == pytest.approx((area, *(odds / (1 + odds))))


def coverage(interval, true_value, sample, runs):
    found = [interval(*sample()) for _ in range(runs)]
    return np.mean([e.low <= true_value <= e.high for e in found])


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_intervals_of_auroc_cover_the_truth(shift):
    rng = np.random.default_rng(7)
    true_value = 0.5 * (1 + math.erf(shift / 2))  # of two unit normals that far apart
    covered = coverage(
        auroc_interval,
        true_value,
        lambda: (rng.normal(shift, 1, 40), rng.normal(0, 1, 60)),
        1000,
    )
    assert 0.93 < covered < 0.98


def test_intervals_of_auprc_cover_the_truth():
    rng = np.random.default_rng(8)

    def sample(n=50):
        return rng.normal(1.5, 1, n), rng.normal(0, 1, 2 * n)

    true_value = auprc(*sample(300_000))
    assert coverage(auprc_interval, true_value, sample, 1000) > 0.92


@pytest.mark.parametrize("interval", INTERVALS)
@given(positives=few_values, negatives=few_values)
def test_intervals_hold_the_value_and_stay_in_range(interval, positives, negatives):
    found = interval(positives, negatives)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high, "no sample is so small or so clear that nothing is open"
    wider = interval(positives, negatives, level=0.99)
    assert wider.low <= found.low and wider.high >= found.high


@pytest.mark.parametrize("interval", INTERVALS)
def test_perfect_separation_leaves_doubt(interval):
    found = interval([2.0, 3.0, 4.0], [0.0, 1.0, 1.5, 1.7])
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.4385, abs=1e-4)  # Wilson for 3 of 3


@given(few_values, few_values)
def test_auprc_is_average_precision(positives, negatives):
    expected = average_precision(positives, negatives)
    assert auprc(positives, negatives) == pytest.approx(expected, rel=1e-12)


def test_auprc_does_not_depend_on_the_order_of_ties():
    """If ties were broken by order, one of the orders would give 1."""
    assert auprc([1.0, 1.0], [1.0, 1.0]) == 0.5


@pytest.mark.parametrize("n", [3, 7, 49, 1000])
def test_perfect_separation_is_exactly_one(n):
    assert auprc(np.arange(n) + 2.0, [0.0, 1.0]) == 1
    assert auroc(np.arange(n) + 2.0, [0.0, 1.0]) == 1


@given(few_values, few_values)
def test_area_under_the_whole_curve_is_the_auroc(positives, negatives):
    x, y = roc_curve(positives, negatives, points=None)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == pytest.approx(auroc(positives, negatives))


def test_thinned_curves_keep_their_shape():
    rng = np.random.default_rng(3)
    positives, negatives = rng.normal(1, 1, 20_000), rng.normal(0, 1, 500)
    whole_x, whole_y = roc_curve(positives, negatives, points=None)
    x, y = roc_curve(positives, negatives, points=100)
    assert len(whole_x) > 20_000 and 80 <= len(x) <= 100
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()
    assert set(zip(x, y, strict=True)) <= set(zip(whole_x, whole_y, strict=True))
    assert np.trapezoid(y, x) == pytest.approx(auroc(positives, negatives), abs=0.002)
    recall, precision = precision_recall_curve(positives, negatives, points=100)
    assert 80 <= len(recall) <= 100 and recall[-1] == 1
    whole = precision_recall_curve(positives, negatives, points=None)
    np.testing.assert_allclose(precision, np.interp(recall, *whole), atol=0.01)


def test_precision_and_recall_by_hand():
    recall, precision = precision_recall_curve([4.0, 2.0], [3.0, 2.0, 1.0])
    assert recall.tolist() == [0.5, 0.5, 1.0, 1.0]
    assert precision.tolist() == [1.0, 0.5, 0.5, 0.4]


def test_calibration_error_by_hand():
    probabilities = [0.1, 0.2, 0.8, 0.9]
    # bins (.1, .2) and (.8, .9): means .15 and .85, positives 1/2 and 1
    found = expected_calibration_error(probabilities, [0, 1, 1, 1], bins=2)
    assert found == pytest.approx((0.35 + 0.15) / 2)
    assert expected_calibration_error(probabilities, [1, 1, 0, 0], bins=100) == pytest.approx(0.85)


def test_calibration_error_does_not_depend_on_the_order_of_ties():
    probabilities = np.array([0.5] * 6 + [0.9] * 4)
    labels = np.array([1, 0, 0, 1, 0, 1, 1, 1, 0, 1])
    found = {
        round(expected_calibration_error(probabilities[list(o)], labels[list(o)], bins=3), 12)
        for o in itertools.islice(itertools.permutations(range(10)), 0, 3_628_800, 90_001)
    }
    assert len(found) == 1


def test_calibrated_probabilities_have_a_small_error():
    rng = np.random.default_rng(4)
    probabilities = rng.random(50_000)
    labels = rng.random(50_000) < probabilities
    assert expected_calibration_error(probabilities, labels) < 0.01
    # p squared is p - p**2 too low, on average 1/2 - 1/3
    assert expected_calibration_error(probabilities**2, labels) == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize(
    "scores", [([], [1.0]), ([1.0], []), ([math.nan], [1.0]), ([1.0], [[1.0, 2.0]])]
)
@pytest.mark.parametrize("function", [auroc, auprc, *INTERVALS, roc_curve])
def test_scores_must_be_numbers(function, scores):
    with pytest.raises(SeqcnnError, match="scores_"):
        function(*scores)


def test_labels_must_fit():
    with pytest.raises(SeqcnnError, match="one length"):
        expected_calibration_error([0.1, 0.2], [1])
    with pytest.raises(SeqcnnError, match="one length"):
        expected_calibration_error([], [])


def test_estimates_are_plain_numbers():
    found = auroc_interval([1.0, 2.0, 3.0], [0.0, 2.0, 1.0])
    assert isinstance(found, Estimate)
    assert {name: type(x) for name, x in found.to_dict().items()} == {
        "value": float,
        "low": float,
        "high": float,
    }
