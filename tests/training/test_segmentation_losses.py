"""Losses for segmentation: those of segmentation_models.pytorch, and loops in NumPy."""

import json
import math
import re
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.training import segmentation_losses as ours
from seqcnn.training.losses import mean_loss
from seqcnn.training.segmentation_losses import combined_loss
from seqcnn.training.step import Recipe

GOLDENS = json.loads((Path(__file__).parent / "segmentation_goldens.json").read_text())
"""Written by benchmarks/parity/segmentation_goldens.py."""

PLAIN = ("soft_cross_entropy", "weighted_cross_entropy", "mcc_loss")
"""Losses of one mode only."""


def title(case):
    options = ",".join(f"{k}={v}" for k, v in case["options"].items())
    return f"{case['loss']}-{case['mode']}-{options}{'-hidden' if case['hidden'] else ''}"


@pytest.mark.parametrize("name", sorted({case["loss"] for case in GOLDENS["losses"]}))
def test_values_and_gradients_are_those_of_segmentation_models(name):
    cases = [case for case in GOLDENS["losses"] if case["loss"] == name]

    def all_of(logits, truths):
        def loss(logits, case, truth):
            how = {} if name in PLAIN else {"mode": case["mode"]}
            return getattr(ours, name)(logits, truth, **how, **case["options"])

        return [
            jax.value_and_grad(loss)(*given[:1], case, given[1])
            for case, given in zip(cases, zip(logits, truths, strict=True), strict=True)
        ]

    inputs = [GOLDENS["inputs"][case["mode"]] for case in cases]
    logits = [jnp.array(given["logits"], jnp.float32) for given in inputs]
    which = ["hidden" if case["hidden"] else "truth" for case in cases]
    truths = [jnp.array(g[w], jnp.uint8) for g, w in zip(inputs, which, strict=True)]
    for case, (value, gradient) in zip(cases, jax.jit(all_of)(logits, truths), strict=True):
        assert float(value) == pytest.approx(case["value"], abs=1e-6, rel=1e-6), title(case)
        np.testing.assert_allclose(gradient, case["gradient"], atol=1e-6, err_msg=title(case))


def run(loss, logits, truth):
    """Compute a loss and its gradient, compiled whole."""
    value, slope = jax.jit(jax.value_and_grad(loss))(
        jnp.array(logits, jnp.float32), jnp.array(truth, jnp.uint8)
    )
    return float(value), np.asarray(slope)


def drawn(classes=3, seed=3):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2, 3, 5, classes))
    truth = rng.integers(0, classes, size=(2, 3, 5))
    return logits, np.where(rng.random(truth.shape) < 0.2, 255, truth)


def softmax(row):
    each = [math.exp(value) for value in row]
    return [value / sum(each) for value in each]


def test_tversky_by_loops():
    logits, truth = drawn()
    right, told, true = [0.0] * 3, [0.0] * 3, [0.0] * 3
    for place in np.ndindex(truth.shape):
        if truth[place] == 255:
            continue
        share = softmax(logits[place])
        for c in range(3):
            told[c] += share[c]
            true[c] += truth[place] == c
            right[c] += share[c] * (truth[place] == c)
    each = zip(right, told, true, strict=True)
    lost = [1 - r / (r + 0.2 * (p - r) + 0.6 * (t - r)) for r, p, t in each]
    found, _ = run(partial(ours.tversky_loss, alpha=0.2, beta=0.6), logits, truth)
    assert found == pytest.approx(sum(lost) / 3, abs=1e-6)


def test_lovasz_is_the_loss_itself_where_all_is_certain():
    # at the corners of the cube, the extension is one minus the intersection over union
    rng = np.random.default_rng(0)
    told, true = rng.integers(0, 2, size=(2, 40))
    yes = np.where(told == 1, 30.0, -30.0)
    values = []
    for c in (0, 1):
        both, either = ((told == c) & (true == c)).sum(), ((told == c) | (true == c)).sum()
        values.append(1 - both / either)
    found, _ = run(ours.lovasz_loss, np.stack([-yes, yes], axis=-1)[None], true[None])
    assert found == pytest.approx(np.mean(values), abs=1e-6)


def test_focal_by_loops():
    logits, truth = drawn(1)
    total, n = 0.0, 0
    for place in np.ndindex(truth.shape):
        if truth[place] == 255:
            continue
        p = 1 / (1 + math.exp(-logits[place][0]))
        p = p if truth[place] else 1 - p
        total += -((1 - p) ** 2.5) * math.log(p)
        n += 1
    found, _ = run(partial(ours.focal_loss, mode="binary", gamma=2.5), logits, truth)
    assert found == pytest.approx(total / n, abs=1e-6)


def test_correlation_by_loops():
    logits, truth = drawn(1, seed=4)
    truth = np.where(np.random.default_rng(1).random(truth.shape) < 0.5, truth, 1)
    tp = tn = fp = fn = 1e-5
    for place in np.ndindex(truth.shape):
        if truth[place] == 255:
            continue
        p = 1 / (1 + math.exp(-logits[place][0]))
        if truth[place]:
            tp, fn = tp + p, fn + 1 - p
        else:
            fp, tn = fp + p, tn + 1 - p
    expected = 1 - (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    found, _ = run(ours.mcc_loss, logits, truth)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", ours.NAMED)
def test_what_is_not_known_has_no_effect(name):
    logits, truth = drawn()
    loss, hidden = combined_loss(name), truth == 255
    moved = logits + np.where(hidden, 5.0, 0.0)[..., None] * np.arange(3.0)
    value, slope = run(loss, logits, truth)
    assert run(loss, moved, truth)[0] == pytest.approx(value)
    assert np.any(slope[~hidden] != 0) and np.all(slope[hidden] == 0)
    value, slope = run(loss, logits, np.full_like(truth, 255))
    assert value == 0 and np.all(slope == 0)


def test_a_sum_of_losses():
    logits, truth = drawn()
    parts = [run(loss, logits, truth)[0] for loss in (combined_loss("ce"), ours.dice_loss)]
    found, _ = run(combined_loss("ce + 0.5*dice"), logits, truth)
    assert found == pytest.approx(parts[0] + 0.5 * parts[1])


@pytest.mark.parametrize("text", ["cee", "ce+", "x*ce", "-1*dice", "", "0*ce"])
def test_a_wrong_sum_is_told(text):
    with pytest.raises(SeqcnnError, match="it must be made of ce, dice"):
        combined_loss(text)


def test_wrong_shapes_are_told():
    logits = jnp.zeros((1, 4, 2))
    with pytest.raises(SeqcnnError, match="do not go together in mode 'binary'"):
        ours.dice_loss(logits, jnp.zeros((1, 4, 2)), "binary")
    with pytest.raises(SeqcnnError, match="do not go together in mode 'multiclass'"):
        ours.dice_loss(logits, jnp.zeros((1, 4, 2)))
    with pytest.raises(SeqcnnError, match="`mode` must be one of"):
        ours.dice_loss(logits, jnp.zeros((1, 4)), "several")


def test_a_recipe_names_the_loss_of_masks():
    logits, truth = drawn()
    given = jnp.array(logits, jnp.float32), jnp.array(truth, jnp.uint8), jnp.array([1.0, 0.0])
    found = jax.jit(partial(mean_loss, "segmentation", masks="dice"))(*given)
    assert float(found) == pytest.approx(run(ours.dice_loss, logits[:1], truth[:1])[0])
    with pytest.raises(SeqcnnError, match="`loss` holds 'bce'"):
        Recipe(masks="ce+bce")


@pytest.mark.parametrize(
    ("text", "loss", "options"),
    [
        ("tversky(alpha=0.1, beta=1.4)", ours.tversky_loss, {"alpha": 0.1, "beta": 1.4}),
        ("2*focal(gamma=0.5)", lambda *a, **o: 2 * ours.focal_loss(*a, **o), {"gamma": 0.5}),
    ],
)
def test_a_description_gives_options(text, loss, options):
    logits, truth = drawn()
    expected, _ = run(partial(loss, **options), logits, truth)
    found, _ = run(combined_loss(text), logits, truth)
    assert found == pytest.approx(expected)
    assert found != pytest.approx(run(loss, logits, truth)[0], rel=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("focal(beta=1)", "`loss` focal cannot read 'beta=1': options are alpha, gamma"),
        ("tversky(alpha=much)", "cannot read 'alpha=much'"),
        ("tversky()", "cannot read ''"),
        ("dice(gamma=2)", "cannot read 'gamma=2': it has none"),
        ("ce+focal(gamma=nan)", "cannot read 'gamma=nan'"),
    ],
)
def test_wrong_options_of_a_loss_are_told(text, said):
    with pytest.raises(SeqcnnError, match=re.escape(said)):
        combined_loss(text)


def test_a_sum_weighs_classes():
    logits, truth = drawn()
    row = (0.2, 3.0, 1.0)
    parts = [
        run(partial(loss, class_weights=row), logits, truth)[0]
        for loss in (ours.weighted_cross_entropy, ours.jaccard_loss)
    ]
    found, _ = run(combined_loss("ce+jaccard", row), logits, truth)
    assert found == pytest.approx(sum(parts))
    given = jnp.array(logits, jnp.float32), jnp.array(truth, jnp.uint8), jnp.ones(len(truth))
    assert float(mean_loss("segmentation", *given, (row,), masks="ce+jaccard")) == pytest.approx(
        found, rel=1e-5
    )
    with pytest.raises(SeqcnnError, match="lovasz cannot weigh classes"):
        Recipe(masks="ce+lovasz", class_weights=(row,))
