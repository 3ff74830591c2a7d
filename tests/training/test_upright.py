"""Angles of pictures: found, averaged over quarter turns, and undone."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy import ndimage

import seqcnn
from seqcnn.errors import SeqcnnError
from seqcnn.training.loop import Schedule
from seqcnn.training.upright import (
    angle_errors,
    errors_of_turned,
    find_angles,
    fit_upright,
    turned_back,
    upright,
)


class Weigher(nnx.Module):
    """Knows that the middle of the brightness lies above that of the picture, if it is upright."""

    def __init__(self, lean=0.0):
        self.lean = lean

    def __call__(self, x, *, rngs=None):
        values = x.astype(jnp.float32)
        place = jnp.arange(x.shape[1]) - (x.shape[1] - 1) / 2
        row = (values[..., 0] * place[None, :, None]).sum(axis=(1, 2))
        column = (values[..., 0] * place[None, None]).sum(axis=(1, 2))
        length = jnp.hypot(row, column)
        return jnp.stack([-column / length + self.lean, -row / length], axis=1)


class Blind(nnx.Module):
    """Always says that a picture is 30 degrees off, however it stands."""

    def __call__(self, x, *, rngs=None):
        return jnp.broadcast_to(jnp.array([0.5, 0.75**0.5]), (len(x), 2))


def drops(n=6, size=21):
    """Spots above the middle, turned by angles of their own with SciPy."""
    x = np.zeros((n, size, size, 1), np.uint8)
    x[:, 3:7, 9:12] = 200
    true = np.linspace(-170, 160, n)
    turned = [ndimage.rotate(p, a, reshape=False, order=1) for p, a in zip(x, true, strict=True)]
    return x, np.stack(turned), true


def test_angles_are_found_and_undone():
    x, turned, true = drops()
    angles = find_angles(Weigher(), turned)
    assert angle_errors(angles.degrees, true).max() < 2
    np.testing.assert_allclose(angles.confidence, 1, atol=1e-3)
    back = upright(Weigher(), turned)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, turned_back(turned, angles))
    assert np.abs(back.astype(int) - x).mean() < 3 < np.abs(turned.astype(int) - x).mean()


def test_quarter_turns_average_a_constant_error_away():
    _, turned, true = drops()
    once = find_angles(Weigher(lean=0.3), turned, quarters=1)
    often = find_angles(Weigher(lean=0.3), turned)
    assert angle_errors(once.degrees, true).max() > 8
    assert angle_errors(often.degrees, true).max() < 2


def test_errors_are_those_of_angles_that_the_pictures_were_turned_by():
    x = drops(n=1)[0].repeat(200, axis=0)
    assert errors_of_turned(Weigher(), x).max() < 2

    errors = errors_of_turned(Blind(), x)
    assert 75 < np.median(errors) < 105 and errors.min() >= 0 and errors.max() <= 180


def test_what_lies_in_the_corners_is_not_seen():
    _, turned, _ = drops()
    marked = turned.copy()
    marked[:, :2, :2] = 255
    np.testing.assert_array_equal(
        find_angles(Weigher(), marked, quarters=1), find_angles(Weigher(), turned, quarters=1)
    )


def test_a_network_learns_from_pictures_that_are_upright():
    """Bars with a thick end: far from chance (90 degrees) after a few steps."""
    rng = np.random.default_rng(0)
    x = np.zeros((64, 12, 12, 1), np.uint8)
    x[:, 1:6, 4:8] = rng.integers(120, 250, (64, 1, 1, 1))
    network = seqcnn.create(
        "cnn", input_shape=(12, 12, 1), classes=2, pixels={}, channels=[8], hidden=[32], seed=1
    )
    schedule = Schedule(batch=32, steps=40, rounds=4, learning_rate=3e-3)
    fitted = fit_upright(network, x, schedule=schedule, seed=1)
    true = rng.uniform(-180, 180, 40)
    turned = [ndimage.rotate(x[0], angle, reshape=False, order=3) for angle in true]
    errors = angle_errors(find_angles(fitted.network, np.array(turned)).degrees, true)
    assert np.median(errors) < 15


def test_what_cannot_be_turned_is_said():
    x, _, _ = drops()
    with pytest.raises(SeqcnnError, match="takes 10 or more pictures"):
        fit_upright(Weigher(), x)
    with pytest.raises(SeqcnnError, match="must be square"):
        find_angles(Weigher(), x[:, :9])
    network = seqcnn.create("lenet", input_shape=(21, 21, 1), classes=3, pixels={})
    with pytest.raises(SeqcnnError, match=r"gives \(3,\) numbers, sine and cosine are 2"):
        find_angles(network, x)
