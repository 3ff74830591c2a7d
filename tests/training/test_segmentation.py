"""Masks as targets: the loss against NumPy, and a small U-Net that learns and is resumed."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.special import log_softmax, softmax

from seqcnn.errors import SeqcnnError
from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.zoo import create
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.evaluation import score_of_outputs
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import TrainingStopped, fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.losses import balanced_class_weights, mean_loss
from seqcnn.training.metrics import main_metric, score
from seqcnn.training.segmentation import segmentation_loss
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target, check_labels

TARGET = Target("segmentation", ("ground", "shape"))


def _case(classes=3):
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(2, 4, 5, classes)).astype(np.float32)
    targets = rng.integers(0, classes, (2, 4, 5)).astype(np.uint8)
    targets[rng.random(targets.shape) < 0.2] = 255
    return outputs, targets


def _by_hand(outputs, targets, weights, row):
    """Loop over pixels for the cross-entropy, over classes for Dice."""
    total = below = 0.0
    for at in np.ndindex(targets.shape):
        if targets[at] != 255:
            weight = weights[at[0]] * row[targets[at]]
            total -= weight * log_softmax(outputs[at].astype(float))[targets[at]]
            below += weight
    shares, known = softmax(outputs.astype(float), axis=-1), targets != 255
    each = known * weights[:, None, None]
    lost, counted = 0.0, 0.0
    for c, part in enumerate(row):
        true = targets == c
        if (true * each).sum() > 0:
            overlap = 2 * (shares[..., c] * true * each).sum()
            lost += part * (1 - overlap / ((shares[..., c] + true) * each).sum())
            counted += part
    return total / below, lost / counted


@pytest.mark.parametrize("row", [(1.0, 1.0, 1.0), (0.2, 3.0, 0.0)])
def test_the_loss_is_cross_entropy_and_dice(row):
    outputs, targets = _case()
    weights = np.array([1.0, 0.5], np.float32)
    entropy, lost = _by_hand(outputs, targets, weights, row)
    found = mean_loss("segmentation", *map(jnp.asarray, (outputs, targets, weights)), [row])
    assert float(found) == pytest.approx(entropy + lost, rel=1e-5)
    arguments = [jnp.asarray(a) for a in (outputs, targets, weights)]
    assert float(segmentation_loss(*arguments, [row], dice=0.0)) == pytest.approx(entropy, rel=1e-5)


def test_what_is_not_known_has_no_slope_and_no_weight():
    outputs, targets = _case(2)
    weights = jnp.ones(2)
    missing = np.where(targets == 255, np.nan, targets).astype(np.float32)
    slope = jax.jit(jax.grad(segmentation_loss))
    found = slope(jnp.asarray(outputs), jnp.asarray(targets), weights)
    np.testing.assert_array_equal(found, slope(jnp.asarray(outputs), jnp.asarray(missing), weights))
    assert not np.asarray(found)[targets == 255].any()
    assert np.asarray(found)[targets != 255].all()
    nothing = segmentation_loss(jnp.asarray(outputs), jnp.full((2, 4, 5), 255, jnp.uint8), weights)
    assert float(nothing) == 0


def test_a_class_that_is_nowhere_in_a_batch_costs_nothing():
    outputs = jnp.asarray([[[9.0, -9.0, -9.0]] * 4])
    loss = segmentation_loss(outputs, jnp.zeros((1, 4), jnp.uint8), jnp.ones(1))
    assert float(loss) < 1e-6


def test_masks_stay_small_on_the_host_and_are_checked():
    masks = np.array([[[0, 1], [255, 1]]], np.uint8)
    assert TARGET.encode(masks) is masks and TARGET.fitted(masks) == TARGET
    floating = np.array([[[0, 1], [np.nan, 1]]])
    assert TARGET.encode(floating).dtype == np.uint8
    np.testing.assert_array_equal(TARGET.encode(floating), masks)
    with pytest.raises(SeqcnnError, match=r"a mask holds 2: classes are numbers from 0 to 1"):
        check_labels(TARGET, (masks & 1) * 2, ["a"])
    with pytest.raises(SeqcnnError, match="cannot have 1 names"):
        Target("segmentation", ("cell",))
    weights = balanced_class_weights(TARGET, masks)
    assert weights == ((3 / 2, 3 / 4),)


def test_scores_are_of_the_most_probable_class():
    outputs = np.array([[[2.0, 1.0], [0.0, 1.0]], [[0.0, 3.0], [0.0, 1.0]]], np.float32)
    masks = np.array([[0, 1], [0, 255]], np.uint8)
    found = score(TARGET, TARGET.decode(outputs), masks)
    assert found["shape/dice"] == pytest.approx(2 / 3) and found["ground/iou"] == 0.5
    assert found["mean/dice_per_image"] == found["ground/dice_per_image"] == (1 + 0) / 2
    assert main_metric(TARGET) == "dice"
    np.testing.assert_allclose(TARGET.decode(outputs).sum(axis=-1), 1, rtol=1e-6)
    main = score_of_outputs(TARGET, outputs, masks, np.ones(2))
    assert main == pytest.approx(found["mean/dice"])


@dataclass(frozen=True)
class Mirror:
    """Mirror half of the pictures with their masks; the shape of a mask is seen to fit."""

    def with_targets(self, x, targets, key):
        chosen = jax.random.bernoulli(key, 0.5, (len(x), 1, 1))
        assert targets.dtype == jnp.uint8 and targets.shape == x.shape[:-1]
        return (
            jnp.where(chosen[..., None], x[:, :, ::-1], x),
            jnp.where(chosen, targets[:, :, ::-1], targets),
        )


def _fitted(folder=None, stop=lambda: False):
    shapes = draw_shapes(40, size=16)
    network = create("unet", input_shape=(16, 16, 1), channels=(4, 8), depth=1, pixels={})
    parts = [Examples(shapes.x[p], shapes.masks[p]) for p in (slice(0, 32), slice(32, 40))]
    schedule = Schedule(batch=8, steps=15, rounds=4, learning_rate=1e-2)
    recipe = Recipe(schedule, augmentation=Mirror())
    return fit_target(network, *parts, target=TARGET, recipe=recipe, folder=folder, stop=stop)


def test_a_small_network_learns_masks_and_goes_on_where_it_was(tmp_path):
    whole = _fitted()
    assert whole.history[whole.best].metric > 0.9
    folder, steps = CheckpointFolder(tmp_path, {"run": 1}), []

    def stop():
        steps.append(1)
        return len(steps) == 20

    with pytest.raises(TrainingStopped):
        _fitted(folder, stop)
    resumed = _fitted(folder)
    for a, b in zip(
        *(jax.tree.leaves(nnx.state(f.network)) for f in (whole, resumed)), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_a_network_that_gives_no_masks_is_told():
    with pytest.raises(SeqcnnError, match="has to give a class to each position"):
        segmentation_loss(jnp.zeros((2, 3)), jnp.zeros((2, 4, 4), jnp.uint8), jnp.ones(2))
