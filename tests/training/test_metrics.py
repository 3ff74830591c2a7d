"""Metrics against definitions written out, SciPy, and numbers worked out by hand."""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from seqcnn.errors import SeqcnnError
from seqcnn.stats.bootstrap import bootstrap
from seqcnn.stats.classification import (
    brier,
    calibration_error_limit,
    calibration_line,
    matthews,
)
from seqcnn.stats.regression import pearson, r_squared, spearman
from seqcnn.training.metrics import intervals, score
from seqcnn.training.targets import Target

RNG = np.random.default_rng(0)


def test_matthews_of_two_classes_is_its_formula():
    a, b = RNG.integers(0, 2, 60), RNG.integers(0, 2, 60)
    tp, tn = ((a == 1) & (b == 1)).sum(), ((a == 0) & (b == 0)).sum()
    fp, fn = ((a == 1) & (b == 0)).sum(), ((a == 0) & (b == 1)).sum()
    root = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert matthews(a, b) == pytest.approx((tp * tn - fp * fn) / root, abs=1e-12)


def test_matthews_of_several_classes_is_the_correlation_of_indicators():
    a, b = RNG.integers(0, 4, 80), RNG.integers(0, 4, 80)
    x, y = np.eye(4)[a], np.eye(4)[b]

    def covariance(p, q):
        return sum(np.cov(p[:, k], q[:, k])[0, 1] for k in range(4))

    expected = covariance(x, y) / math.sqrt(covariance(x, x) * covariance(y, y))
    assert matthews(a, b) == pytest.approx(expected, abs=1e-12)


def test_calibration_line_is_the_maximum_likelihood_fit():
    z = RNG.normal(size=400)
    labels = (RNG.random(400) < 1 / (1 + np.exp(-(0.5 * z + 0.3)))).astype(float)
    slope, intercept = calibration_line(1 / (1 + np.exp(-z)), labels)

    def loss(w):
        eta = w[0] * z + w[1]
        return (np.logaddexp(0, eta) - labels * eta).sum()

    assert slope == pytest.approx(scipy.optimize.minimize(loss, [1, 0]).x[0], abs=1e-4)
    alone = scipy.optimize.minimize_scalar(lambda b: loss([1, b]), bounds=(-5, 5)).x
    assert intercept == pytest.approx(alone, abs=1e-4)


def test_calibration_of_separated_classes_is_finite():
    assert np.isfinite(calibration_line([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])).all()
    assert np.isfinite(calibration_line([0.0, 1.0, 0.0, 1.0], [0, 1, 0, 1])).all()
    with pytest.raises(SeqcnnError, match="one class only"):
        calibration_line([0.2, 0.3], [1, 1])


def test_perfect_probabilities_stay_below_their_limit_and_wrong_ones_do_not():
    p = RNG.beta(2, 2, 2000)
    from seqcnn.stats.auroc import expected_calibration_error as error

    limit = calibration_error_limit(p)
    perfect = [error(p, RNG.random(2000) < p) <= limit for _ in range(200)]
    assert 0.90 < np.mean(perfect) < 0.99
    assert error(p, RNG.random(2000) < p**2) > limit


def test_brier_by_hand():
    assert brier([0.2, 0.9], [0, 1]) == pytest.approx((0.04 + 0.01) / 2)
    assert brier([[0.5, 0.5], [0.1, 0.9]], [[1, 0], [0, 1]]) == pytest.approx((0.5 + 0.02) / 2)


def test_correlations_are_those_of_scipy():
    x, y = RNG.normal(size=50).round(1), RNG.normal(size=50).round(1)
    assert pearson(x, y) == pytest.approx(scipy.stats.pearsonr(x, y)[0], abs=1e-12)
    assert spearman(x, y) == pytest.approx(scipy.stats.spearmanr(x, y)[0], abs=1e-12)
    line = scipy.stats.linregress(x, y)
    fitted = line.slope * x + line.intercept
    assert r_squared(fitted, y) == pytest.approx(line.rvalue**2, abs=1e-12)
    assert math.isnan(pearson([1, 1], [1, 2])) and math.isnan(r_squared([1, 2], [3, 3]))


def test_areas_by_counting_pairs():
    labels = np.r_[np.ones(12), np.zeros(20)][:, None]
    p = RNG.random((32, 1)).round(1)
    pairs = list(itertools.product(p[:12, 0], p[12:, 0]))
    expected = np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs])
    assert score(Target("binary", ("x",)), p, labels)["x/auroc"] == pytest.approx(expected)


def test_missing_labels_count_nowhere_and_undefined_tasks_leave_the_mean():
    target = Target("multilabel", ("a", "b", "c"))
    labels = RNG.integers(0, 2, (60, 3)).astype(float)
    labels[:, 2] = 1
    p = RNG.random((60, 3))
    hidden = labels.copy()
    hidden[:20, 0] = np.nan
    found = score(target, p, hidden)
    alone = score(Target("binary", ("a",)), p[20:, :1], labels[20:, :1])
    assert {k: v for k, v in found.items() if k[0] == "a"} == pytest.approx(alone)
    assert math.isnan(found["c/auroc"])
    assert found["mean/auroc"] == pytest.approx((found["a/auroc"] + found["b/auroc"]) / 2)


def test_several_classes():
    target = Target("multiclass", ("a", "b", "c"))
    labels = RNG.integers(0, 3, 90)
    p = RNG.dirichlet([1, 1, 1], 90)
    found = score(target, p, labels[:, None].astype(float))
    assert found["mean/accuracy"] == np.mean(p.argmax(1) == labels)
    rest = score(Target("binary", ("b",)), p[:, 1:2], (labels == 1)[:, None].astype(float))
    assert found["b/auprc"] == rest["b/auprc"]


def test_numbers():
    target = Target("regression", ("t",))
    x, y = RNG.normal(size=(40, 1)), RNG.normal(size=(40, 1))
    found = score(target, x, y)
    assert found["t/rmse"] == pytest.approx(math.sqrt(np.mean((x - y) ** 2)))
    assert set(found) == {"t/pearson", "t/spearman", "t/r2", "t/rmse"}


def test_bootstrap_intervals_hold_what_they_promise():
    """About 95 of 100 intervals of a mean hold the true one, also where pairs hang together."""
    for together in (1, 2):
        held = 0
        for seed in range(150):
            rng = np.random.default_rng(seed)
            values = np.repeat(rng.normal(size=60), together)
            groups = np.repeat(np.arange(60), together)
            found = bootstrap(
                lambda rows, v=values: {"mean": float(v[rows].mean())}, groups, repeats=200
            )["mean"]
            held += found.low <= 0 <= found.high
        assert 130 <= held <= 149


def test_intervals_by_task_and_metric():
    labels = np.repeat([[1.0], [0.0], [np.nan]], 30, axis=0)
    p = np.clip(RNG.normal(0.5 + 0.2 * np.nan_to_num(labels), 0.2), 0.01, 0.99)
    found = intervals(Target("binary", ("x/y",)), p, labels, repeats=50)
    assert set(found) == {"x/y"}
    area = found["x/y"]["auroc"]
    assert area.low < area.value < area.high


@pytest.mark.parametrize("kind", ["binary", "multilabel", "multiclass", "regression", "counts"])
def test_weights_are_repeated_examples(kind):
    names = ("a",) if kind == "binary" else ("a", "b", "c")
    labels = RNG.integers(0, 3 if kind == "multiclass" else 2, (80, len(names))).astype(float)
    labels = labels[:, :1] if kind == "multiclass" else labels
    predictions = RNG.random((80, len(names)))
    if kind == "multiclass":
        predictions /= predictions.sum(axis=1, keepdims=True)
    elif kind != "binary":
        labels[::5, 1] = np.nan
    weights = RNG.integers(0, 4, 80)
    weighted = score(Target(kind, names), predictions, labels, weights.astype(float))
    rows = np.repeat(np.arange(80), weights)
    repeated = score(Target(kind, names), predictions[rows], labels[rows])
    errors = {name for name in weighted if name.endswith("/ece")}  # bins of equal numbers of rows
    for name in weighted.keys() - errors:
        assert weighted[name] == pytest.approx(repeated[name], rel=1e-6, nan_ok=True), name


def test_deviance_by_hand():
    rates, counts = np.array([1.0, 2.0, 5.0]), np.array([0.0, 3.0, 4.0])

    def deviance(mu):
        likelihood = scipy.stats.poisson.logpmf
        return 2 * (likelihood(counts, counts) - likelihood(counts, mu)).sum()

    expected = 1 - deviance(rates) / deviance(counts.mean())
    found = score(Target("counts", ("t",)), rates[:, None], counts[:, None])
    assert found["t/deviance_explained"] == pytest.approx(expected, abs=1e-9)


def test_intervals_of_perfect_areas_leave_doubt_and_those_of_errors_hold_them():
    labels = np.repeat([[1.0], [0.0]], 30, axis=0)
    found = intervals(Target("binary", ("t",)), 0.9 * labels + 0.05, labels)["t"]
    for name in ("auroc", "auprc"):
        assert found[name].value == found[name].high == 1 and 0.8 < found[name].low < 0.97
    probabilities = RNG.random((400, 1))
    happened = (RNG.random((400, 1)) < probabilities).astype(float)
    error = intervals(Target("binary", ("t",)), probabilities, happened)["t"]["ece"]
    assert 0 <= error.low < error.value < error.high < 0.1


def test_intervals_count_weights():
    labels = RNG.integers(0, 2, (200, 1)).astype(float)
    predictions = RNG.random((200, 1))
    weights = (np.arange(200) < 100).astype(float)
    half = intervals(Target("binary", ("t",)), predictions[:100], labels[:100])["t"]["auroc"]
    whole = intervals(Target("binary", ("t",)), predictions, labels, weights=weights)["t"]["auroc"]
    assert whole.value == half.value
    assert whole.high - whole.low == pytest.approx(half.high - half.low, rel=0.2)


def test_perfect_areas_count_weights_too():
    labels = np.repeat([[1.0], [0.0]], 40, axis=0)
    predictions = 0.9 * labels + 0.05
    predictions[:20] = 0.01  # wrong, but they count nothing
    rng = np.random.default_rng(0)
    for weights in (np.ones(80), rng.random(80) + 0.1):
        weights[:20] = 0
        found = intervals(Target("binary", ("t",)), predictions, labels, weights=weights)["t"]
        for name in ("auroc", "auprc"):
            assert found[name].value == found[name].high == 1 and 0.7 < found[name].low < 0.98


def test_constant_numbers_have_no_share_of_variance():
    constant = np.full((10, 1), 0.1)
    assert math.isnan(score(Target("regression", ("t",)), constant + 1, constant)["t/r2"])
    assert Target("regression", ("t",)).fitted(np.full((3, 1), 0.1)).spread == (1.0,)
