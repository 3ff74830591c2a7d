"""Gradients against finite differences, and integrals of them that add up."""

import jax
import numpy as np
import pytest

from seqcnn.explain.gradients import (
    corrected,
    integrated_gradients,
    saliency,
    smooth_gradients,
)
from seqcnn.explain.outputs import Output
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PROTEIN
from tests.discovery.planted import random_rows

from .rows import Row, a_set, call, rows, shuffled_codes

STEP = 0.01


def scores_along(network, codes: jax.Array, direction: jax.Array) -> jax.Array:
    """Logits of images a step to either side of sequences."""
    image, inside = network.image(codes)
    ahead, back = (network.logits(image + s * direction, inside)[:, 1] for s in (STEP, -STEP))
    return (ahead - back) / (2 * STEP)


@rows
def test_the_gradient_is_that_of_finite_differences(row: Row):
    network, codes = row.build(), a_set().padded()
    gradient, _ = saliency(network, codes, Output(1))
    assert not gradient[codes == 255].any()
    # a direction in which no maximum changes hands: a little of each letter, mostly of one
    rng = np.random.default_rng(2)
    direction = rng.normal(size=gradient.shape).astype(np.float32) / 40
    direction[codes == 255] = 0
    slopes = call(scores_along, network, codes, direction)
    expected = (gradient * direction).sum(axis=(1, 2))
    wrong = np.abs(slopes - expected) > 1e-3 * np.abs(expected).max() + 2e-5
    # a kink may lie between the two points of one sequence
    assert wrong.sum() <= 1, (slopes, expected)


def error_of_integral(row: Row, steps: int) -> float:
    """Largest error of the sums, relative to the largest difference of outputs."""
    network, codes = row.build(), a_set(lengths=(40, 23)).padded()
    references = shuffled_codes(codes, 1)
    found, outputs, there = integrated_gradients(network, codes, references, Output(1), steps=steps)
    total, difference = (found * DNA.shares[codes]).sum(axis=(1, 2)), outputs - there
    return np.abs(total - difference).max() / np.abs(difference).max()


@rows
def test_integrated_gradients_add_up(row: Row):
    # gradients jump where a maximum changes hands or a ReLU opens: one jump between two points is
    # integrated exactly
    assert error_of_integral(row, 512) < 1e-3


def test_one_bend_is_integrated_exactly_with_few_steps():
    """A ReLU of what one kernel sees in the only window, straight on either side of its bend."""
    options = {"kernels": 1, "width": 20, "hidden": 1, "strand": "one"}
    network = create("motifcnn", alphabet="dna", seed=3, **options)
    network.bias[...] = np.float32([0.05])
    for layer in (network.hidden, network.output):
        layer.kernel[...] = np.ones((1, 1), np.float32)
    codes, references = (random_rows(30, 20, seed) for seed in (0, 1))
    found, outputs, there = integrated_gradients(
        network, codes, references[:, None], Output(0), steps=4
    )
    total = (found * DNA.shares[codes]).sum(axis=(1, 2))
    assert np.ptp(outputs) > 0 and np.unique(np.sign(outputs - there)).size > 1
    np.testing.assert_allclose(total, outputs - there, atol=1e-5)


def test_integrated_gradients_of_several_references_are_their_mean():
    (row,) = [r for r in rows.args[1] if r.name == "basset"]
    network, codes = row.build(PROTEIN), a_set(PROTEIN).padded()
    references = shuffled_codes(codes, 2, 20)
    both = integrated_gradients(network, codes, references, Output(), steps=8)
    each = [
        integrated_gradients(network, codes, references[:, i : i + 1], Output(), steps=8)
        for i in range(2)
    ]
    for mean, *parts in zip(both, *each, strict=True):
        np.testing.assert_allclose(mean, np.mean(parts, axis=0), rtol=1e-5, atol=1e-6)


def test_noise_smooths_and_none_leaves_the_gradient():
    (row,) = [r for r in rows.args[1] if r.name == "explainn"]
    network, codes = row.build(), a_set().padded()
    plain, _ = saliency(network, codes, Output())
    same, _ = smooth_gradients(network, codes, Output(), samples=3, noise=0.0)
    np.testing.assert_allclose(same, plain, rtol=1e-5, atol=1e-7)
    noisy, _ = smooth_gradients(network, codes, Output(), samples=3, noise=0.2, seed=1)
    again, _ = smooth_gradients(network, codes[:2], Output(), samples=3, noise=0.2, seed=1)
    assert np.abs(noisy - plain).max() > 1e-4
    np.testing.assert_allclose(again, noisy[:2], rtol=1e-4, atol=1e-6)


def test_corrected_gradients_lie_on_the_simplex():
    gradient = np.random.default_rng(0).normal(size=(2, 3, 4))
    after = corrected(gradient)
    np.testing.assert_allclose(after.sum(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(after), np.diff(gradient), rtol=1e-10)


@pytest.mark.slow
@rows
def test_the_profile_has_a_gradient(row: Row):
    if row.name == "bpnet":
        gradient, _ = saliency(row.build(), a_set().padded(), Output(1, "profile"))
        assert gradient.any() and np.isfinite(gradient).all()
