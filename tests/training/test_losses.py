"""Losses against their definitions, and targets there and back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from scipy.special import expit, log_softmax

from seqcnn.errors import SeqcnnError
from seqcnn.training.losses import balanced_class_weights, losses, mean_loss
from seqcnn.training.targets import KINDS, Target, check_labels, guess_kind

RNG = np.random.default_rng(0)
NAMES = ("a", "b", "c")


def likelihood(kind, outputs, targets):
    """Minus the logarithm of the likelihood, up to what does not depend on the outputs."""
    if kind == "multiclass":
        return -np.take_along_axis(log_softmax(outputs, 1), targets.astype(int), 1)
    if kind in ("binary", "multilabel"):
        return -scipy.stats.bernoulli.logpmf(targets, expit(outputs))
    if kind == "counts":
        free = -scipy.stats.poisson.logpmf(targets, 1.0) - 1.0
        return -scipy.stats.poisson.logpmf(targets, np.exp(outputs)) - free
    return -scipy.stats.norm.logpdf(targets, outputs) + scipy.stats.norm.logpdf(0)


def case(kind):
    tasks = {"binary": 1, "multiclass": 1}.get(kind, 3)
    outputs = RNG.normal(size=(20, 1 if kind == "binary" else 3))
    if kind in ("regression",):
        targets = RNG.normal(size=(20, tasks))
    else:
        most = {"multiclass": 3, "counts": 9}.get(kind, 2)
        targets = RNG.integers(0, most, (20, tasks)).astype(float)
    return outputs, targets


@pytest.mark.parametrize("kind", KINDS)
def test_a_loss_is_minus_the_log_likelihood(kind):
    outputs, targets = case(kind)
    found = losses(kind, jnp.float32(outputs), jnp.float32(targets))
    np.testing.assert_allclose(found, likelihood(kind, outputs, targets), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_labels_have_neither_loss_nor_gradient(kind):
    outputs, targets = case(kind)
    targets[::3, 0] = np.nan
    weights = RNG.random(20)

    def loss(outputs):
        return mean_loss(kind, outputs, jnp.float32(targets), jnp.float32(weights))

    value, gradient = jax.value_and_grad(loss)(jnp.float32(outputs))
    given = np.isfinite(targets)
    each = likelihood(kind, outputs, np.nan_to_num(targets))
    share = given * weights[:, None]
    assert value == pytest.approx((each * share).sum() / share.sum(), rel=1e-5)
    assert np.isfinite(gradient).all()
    if kind == "multiclass":
        assert not np.asarray(gradient)[::3].any()
    else:
        assert not np.asarray(gradient)[::3, 0].any()


def test_class_weights_are_repeated_examples():
    targets = np.array([[1.0], [0.0], [0.0]])
    outputs = np.array([[0.3], [-0.2], [1.0]])
    weighted = mean_loss(
        "binary", jnp.float32(outputs), jnp.float32(targets), jnp.ones(3), ((1.0, 2.0),)
    )
    repeated = likelihood("binary", outputs, targets)[[0, 0, 1, 2]].mean()
    assert weighted == pytest.approx(repeated, rel=1e-5)


def test_balanced_weights_make_classes_count_alike():
    labels = np.array([[1, 0, 0, 0, np.nan], [0, 0, 1, 1, 1.0]]).T
    table = balanced_class_weights(Target("multilabel", ("a", "b")), labels)
    for task, (low, high) in zip(labels.T, table, strict=True):
        known = task[np.isfinite(task)]
        assert (known == 0).sum() * low == pytest.approx((known == 1).sum() * high)
        assert (known == 0).sum() * low + (known == 1).sum() * high == pytest.approx(len(known))
    table = balanced_class_weights(Target("multiclass", NAMES), np.array([[0.0], [0], [2]]))
    assert table == ((0.75, 0.0, 1.5),)


@pytest.mark.parametrize("transform", ["none", "log1p", "sqrt", "asinh"])
def test_labels_come_back(transform):
    labels = RNG.gamma(2, 5, (30, 2))
    target = Target("regression", ("a", "b"), transform).fitted(labels)
    encoded = target.encode(labels)
    np.testing.assert_allclose(encoded.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(encoded.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(target.decode(encoded), labels, rtol=1e-4)
    assert Target.from_dict(target.to_dict()) == target


def test_predictions_are_on_the_scale_of_labels():
    z = np.array([[0.0, np.log(3)]])
    np.testing.assert_allclose(Target("multiclass", ("a", "b")).decode(z), [[0.25, 0.75]])
    np.testing.assert_allclose(Target("counts", ("a", "b")).decode(z), [[1, 3]])
    np.testing.assert_allclose(Target("multilabel", ("a", "b")).decode(z), [[0.5, 0.75]])
    assert Target("regression", ("a",), "sqrt").decode(np.array([[-1.0]])) == 0


@pytest.mark.parametrize(
    ("target", "labels", "message"),
    [
        (Target("binary", ("t",)), [[1.0], [2.0]], "label of 's2' is 2: labels must be 0 or 1"),
        (Target("counts", ("t",)), [[1.0], [0.5]], "label of 's2' is 0.5: counts must be"),
        (Target("regression", ("t",), "sqrt"), [[-1.0], [1]], "'s1' is -1: `transform` sqrt"),
        (Target("binary", ("t",)), [[1.0], [1.0]], "only one class: the labels of 't' are 1 only"),
        (Target("regression", ("t",)), [[3.0], [3.0]], "labels of 't' are 3 only"),
        (Target("multiclass", ("x", "y")), [[0.0], [0.0]], "class 'y' has no sequence"),
    ],
)
def test_labels_that_cannot_be(target, labels, message):
    with pytest.raises(SeqcnnError, match=message):
        check_labels(target, np.array(labels), ["s1", "s2"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fuzzy", ("t",)), "`task` is 'fuzzy', it must be one of binary"),
        (("counts", ("t",), "log1p"), "`transform` 'log1p' is for regression"),
        (("regression", ("t",), "exp"), "`transform` is 'exp'"),
        (("binary", ("a", "b")), "cannot have 2 names"),
        (("multiclass", ("a",)), "cannot have 1 names"),
    ],
)
def test_targets_that_cannot_be(arguments, message):
    with pytest.raises(SeqcnnError, match=message):
        Target(*arguments)


def test_kinds_are_guessed_from_labels():
    assert guess_kind(np.array([[0.0, 1], [np.nan, 0]])) == "multilabel"
    assert guess_kind(np.array([[0.0], [5.0]])) == "regression"


def test_counts_start_at_their_mean_and_are_learnt_in_units_of_it():
    counts = np.array([[100.0, 0], [300, 1], [np.nan, 5]])
    target = Target("counts", ("a", "b")).fitted(counts)
    np.testing.assert_allclose(target.decode(np.zeros((1, 2))), [[200, 2]])
    assert Target.from_dict(target.to_dict()) == target
    # whatever the unit, the loss is that of Poisson counts but for what does not vary
    outputs = np.array([[0.3, -0.2], [-0.4, 0.1]])
    rates = target.decode(outputs)
    likelihood = rates - counts[:2] * np.log(rates)
    found = losses("counts", jnp.float32(outputs), jnp.array(target.encode(counts[:2])))
    shift = likelihood / [200, 2] - np.asarray(found)
    np.testing.assert_allclose(
        shift, -counts[:2] * np.log([200, 2]) / [200, 2], rtol=1e-5, atol=1e-6
    )


def test_a_task_without_labels_keeps_its_scale():
    empty = np.full((3, 1), np.nan)
    for kind in ("counts", "regression"):
        target = Target(kind, ("t",)).fitted(empty)
        assert target.centre == (0.0,) and target.spread == (1.0,)


def test_smoothed_labels_are_mixed_with_all_classes():
    rng = np.random.default_rng(0)
    outputs, smoothing = rng.normal(size=(4, 3)).astype(np.float32), 0.3
    labels = np.array([[0.0], [2.0], [1.0], [2.0]])
    shares = (labels == np.arange(3)) * (1 - smoothing) + smoothing / 3
    logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    found = losses("multiclass", jnp.asarray(outputs), jnp.asarray(labels), smoothing=smoothing)
    np.testing.assert_allclose(found[:, 0], -(shares * logs).sum(axis=1), rtol=1e-5)
    one = 1 / (1 + np.exp(-outputs[:, :1].astype(float)))
    soft = (labels > 0) * (1 - smoothing) + smoothing / 2
    expected = -(soft * np.log(one) + (1 - soft) * np.log1p(-one))
    two = jnp.asarray((labels > 0) * 1.0)
    found = losses("binary", jnp.asarray(outputs[:, :1]), two, smoothing=smoothing)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_shares_of_classes_are_learnt_as_mixtures_of_labels():
    """What mixup makes: the loss of a mixture is the mixture of the losses."""
    outputs, labels = case("multiclass")
    others = (labels + 1) % 3
    hard = [losses("multiclass", jnp.array(outputs), jnp.array(y)) for y in (labels, others)]
    shares = np.eye(3)[labels[:, 0].astype(int)] * 0.7 + np.eye(3)[others[:, 0].astype(int)] * 0.3
    found = losses("multiclass", jnp.array(outputs), jnp.array(shares))
    np.testing.assert_allclose(found, 0.7 * hard[0] + 0.3 * hard[1], rtol=1e-5)
    # weights of classes count by their shares, and what is missing not at all
    shares[3] = np.nan
    weights = np.arange(1.0, 21.0)
    table = np.array([2.0, 1.0, 0.5])
    counted = np.where(np.arange(20) == 3, 0, weights * (np.nan_to_num(shares) @ table))
    known = np.where(np.arange(20) == 3, 0, np.asarray(found)[:, 0])
    mean = mean_loss(
        "multiclass", jnp.array(outputs), jnp.array(shares), jnp.array(weights), (tuple(table),)
    )
    assert float(mean) == pytest.approx((known * counted).sum() / counted.sum(), rel=1e-5)
