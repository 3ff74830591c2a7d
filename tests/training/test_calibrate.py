"""Calibrators against plain maximum likelihood, and probabilities that come true."""

import numpy as np
import pytest
import scipy.optimize
from scipy.special import expit, log_softmax, softmax

from seqcnn.errors import SeqcnnError
from seqcnn.stats.auroc import expected_calibration_error
from seqcnn.stats.classification import calibration_error_limit, calibration_line
from seqcnn.training.calibrate import Calibrator, fit_target_calibrator, with_prevalence
from seqcnn.training.targets import Target

RNG = np.random.default_rng(0)


def drawn(n, slope, offset, seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1.5, 2, (n, 1))
    labels = (rng.random((n, 1)) < expit(truth)).astype(float)
    return (truth - offset) / slope, labels


def test_two_classes_come_true_on_other_data():
    target = Target("binary", ("t",))
    calibrator = fit_target_calibrator(target, *drawn(4000, 0.4, -1.0, 1))
    assert calibrator.scale[0] == pytest.approx(0.4, rel=0.1)
    assert calibrator.offset[0] == pytest.approx(-1.0, abs=0.15)
    logits, labels = drawn(2000, 0.4, -1.0, 2)
    p = target.decode(calibrator(logits))[:, 0]
    assert expected_calibration_error(p, labels[:, 0]) <= calibration_error_limit(p, level=0.99)
    raw = target.decode(logits)[:, 0]
    assert expected_calibration_error(raw, labels[:, 0]) > calibration_error_limit(raw, level=0.99)


def test_weights_are_repeated_examples_and_missing_labels_none():
    target = Target("multilabel", ("a", "b"))
    logits = RNG.normal(size=(50, 2))
    labels = (RNG.random((50, 2)) < expit(logits)).astype(float)
    weights = RNG.integers(1, 4, 50)
    weighted = fit_target_calibrator(target, logits, labels, weights)
    rows = np.repeat(np.arange(50), weights)
    repeated = fit_target_calibrator(target, logits[rows], labels[rows])
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-4)
    hidden = labels.copy()
    hidden[30:, 1] = np.nan
    found = fit_target_calibrator(target, logits, hidden)
    alone = fit_target_calibrator(Target("binary", ("b",)), logits[:30, 1:], labels[:30, 1:])
    assert found.scale[1] == pytest.approx(alone.scale[0])


def test_several_classes_are_fitted_by_temperature_and_offsets():
    truth = RNG.normal(size=(3000, 3)) * 2 + [0, 1, -1]
    labels = np.array([RNG.choice(3, p=p) for p in softmax(truth, axis=1)])
    logits = (truth - [0, 1, -1]) * 3
    target = Target("multiclass", ("a", "b", "c"))
    found = fit_target_calibrator(target, logits, labels[:, None].astype(float))

    def loss(w):
        scaled = w[0] * logits + np.r_[w[1:], 0]
        return -log_softmax(scaled, 1)[np.arange(3000), labels].mean()

    best = scipy.optimize.minimize(loss, [1.0, 0, 0]).x
    assert found.scale[0] == pytest.approx(best[0], rel=0.01)
    offsets = np.array(found.offset) - found.offset[2]
    np.testing.assert_allclose(offsets[:2], best[1:], atol=0.02)


def test_numbers_are_left_as_they_are():
    found = fit_target_calibrator(Target("counts", ("a",)), np.ones((3, 1)), np.ones((3, 1)))
    assert found == Calibrator((1.0,), (0.0,))
    assert Calibrator.from_dict(found.to_dict()) == found


def test_prevalence_is_bayes_rule():
    p, old, new = RNG.random(50), 0.2, 0.01
    odds = p / (1 - p) * (new / old) * ((1 - old) / (1 - new))
    np.testing.assert_allclose(with_prevalence(p, old, new), odds / (1 + odds))


def minimax(labels, weights):
    """Isotonic regression by its formula: the largest over starts of the least mean over ends."""
    n, means = len(labels), {}
    for i in range(n):
        for j in range(i, n):
            means[i, j] = np.average(labels[i : j + 1], weights=weights[i : j + 1])
    return [max(min(means[i, j] for j in range(k, n)) for i in range(k + 1)) for k in range(n)]


def test_isotonic_curves_run_through_the_blocks_of_the_formula():
    rng = np.random.default_rng(4)
    z = np.sort(rng.normal(size=40))
    labels, weights = (rng.random(40) < expit(3 * z)).astype(float), rng.integers(1, 4, 40)
    target = Target("binary", ("t",))
    found = fit_target_calibrator(
        target, z[::-1, None], labels[::-1, None], weights[::-1], method="isotonic"
    )
    expected = np.array(minimax(labels, weights))
    places, heights = np.unique(expected, return_index=False), []
    for p in places:
        block = expected == p
        heights.append(np.average(z[block], weights=weights[block]))
    curve = found.curves[0]
    np.testing.assert_allclose(curve[0], heights)
    np.testing.assert_allclose(expit(np.array(curve[1]))[1:-1], places[1:-1])
    # the ends are held back from certainty, and the curve never falls
    assert 0 < expit(curve[1][0]) < 0.5 < expit(curve[1][-1]) < 1
    assert (np.diff(found(np.linspace(-9, 9, 500)[:, None])[:, 0]) >= 0).all()
    assert Calibrator.from_dict(found.to_dict()) == found


def test_isotonic_follows_what_no_line_does():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 1))
    happened = 0.1 + 0.8 * (z > 0.5)
    labels = (rng.random(z.shape) < happened).astype(float)
    target = Target("binary", ("t",))
    away = np.abs(z[:, 0] - 0.5) > 0.2
    errors = {}
    for method in ("platt", "isotonic"):
        p = expit(fit_target_calibrator(target, z, labels, method=method)(z))
        errors[method] = np.abs(p - happened)[away].mean()
    assert errors["isotonic"] < 0.05 < errors["platt"]


def test_one_class_leaves_logits_and_several_classes_have_no_curve():
    target = Target("binary", ("t",))
    found = fit_target_calibrator(target, np.ones((5, 1)), np.ones((5, 1)), method="isotonic")
    assert np.isfinite(found(np.array([[-3.0], [3.0]]))).all()
    with pytest.raises(SeqcnnError, match=r"`calibration` isotonic .* multiclass"):
        several = Target("multiclass", ("a", "b", "c"))
        fit_target_calibrator(several, np.ones((3, 3)), np.ones((3, 1)), method="isotonic")


def test_few_well_separated_sequences_are_not_made_timid():
    """The mean slope on other data, over draws of 120 sequences that calibrate, is about 1."""
    target, slopes = Target("binary", ("t",)), []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.normal(0, 5, (4120, 1))
        labels = (rng.random((4120, 1)) < expit(truth)).astype(float)
        calibrator = fit_target_calibrator(target, truth[:120], labels[:120])
        p = target.decode(calibrator(truth[120:]))[:, 0]
        slopes.append(calibration_line(p, labels[120:, 0])[0])
    assert np.median(slopes) == pytest.approx(1, abs=0.1)


def test_separated_classes_leave_the_scale_finite():
    logits, labels = np.array([[-1.0], [-2], [1], [2]]), np.array([[0.0], [0], [1], [1]])
    scale = fit_target_calibrator(Target("binary", ("t",)), logits, labels).scale[0]
    assert 1 < scale < 4
