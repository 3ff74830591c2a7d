"""Blocks against their parts by hand, in training and in prediction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.blocks import (
    ConvNormActivation,
    Residual,
    SeparableConv,
    Sequential,
    SqueezeExcite,
    half_padding,
)
from seqcnn.nn.layers import Dense
from seqcnn.nn.norm import BatchNorm
from seqcnn.reference.conv import conv


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def normed(x, norm=None):
    """Batch norm by hand: of the batch, or by the running moments of a layer."""
    axes = tuple(range(x.ndim - 1))
    mean, variance = (x.mean(axes), x.var(axes)) if norm is None else (norm.mean, norm.variance)
    return (x - np.asarray(mean)) / np.sqrt(np.asarray(variance) + 1e-5)


@pytest.mark.parametrize(("window", "stride", "dilation"), [(3, 1, 1), (5, 2, 1), (3, 1, 2)])
def test_conv_norm_activation_is_its_three_parts(window, stride, dilation):
    x = numbers(2, 12, 3)
    block = ConvNormActivation(3, 4, window, stride=stride, dilation=dilation, rngs=nnx.Rngs(0))
    plain = conv(
        x,
        np.asarray(block.conv.kernel),
        stride=stride,
        padding=(window - 1) * dilation // 2,
        dilation=dilation,
    )
    trained = block(x, rngs=nnx.Rngs(1))
    np.testing.assert_allclose(trained, np.maximum(normed(plain), 0), rtol=1e-4, atol=1e-5)
    # the first call has moved the running moments, which the second one uses
    np.testing.assert_allclose(
        block(x), np.maximum(normed(plain, block.norm), 0), rtol=1e-4, atol=1e-5
    )
    assert np.abs(np.asarray(block.norm.mean)).max() > 0


@pytest.mark.parametrize("between", [True, False])
def test_separable_is_depthwise_then_pointwise(between):
    x = numbers(2, 7, 6, 3)
    block = SeparableConv(3, 5, (3, 3), between=between, rngs=nnx.Rngs(0))
    first = block.depthwise.conv if between else block.depthwise
    y = conv(x, np.asarray(first.kernel), padding=1, groups=3)
    y = np.maximum(normed(y), 0) if between else y
    y = conv(y.astype(np.float32), np.asarray(block.pointwise.conv.kernel))
    expected = np.maximum(normed(y), 0)
    np.testing.assert_allclose(block(x, rngs=nnx.Rngs(1)), expected, rtol=1e-3, atol=1e-4)


def test_squeeze_excite_weighs_channels_by_their_means():
    x = numbers(2, 5, 4, 6)
    block = SqueezeExcite(6, 2, rngs=nnx.Rngs(0))
    means = x.mean((1, 2))
    hidden = np.maximum(means @ np.asarray(block.squeeze.kernel), 0)
    weights = 1 / (1 + np.exp(-(hidden @ np.asarray(block.excite.kernel))))
    np.testing.assert_allclose(block(x), x * weights[:, None, None], rtol=1e-5, atol=1e-6)


def test_squeeze_excite_leaves_padding_out_of_the_means():
    x = numbers(1, 5, 6)
    block = SqueezeExcite(6, 2, rngs=nnx.Rngs(0))
    padded = np.concatenate([x, np.full((1, 3, 6), 9.0, np.float32)], axis=1)
    mask = np.arange(8)[None] < 5
    np.testing.assert_allclose(block(padded, jnp.asarray(mask))[:, :5], block(x), rtol=1e-6)


def test_residual_adds():
    x = numbers(2, 5, 3)
    double = Residual(lambda x: 2 * x, activation=None)
    np.testing.assert_allclose(double(x), 3 * x, rtol=1e-6)
    np.testing.assert_allclose(Residual(lambda x: -2 * x)(x), np.maximum(-x, 0), rtol=1e-6)


def test_residual_drops_whole_examples_in_training_only():
    x = np.ones((1000, 2, 3), np.float32)
    block = Residual(lambda x: x, activation=None, drop=0.25)
    np.testing.assert_array_equal(block(x), 2 * x)
    trained = np.asarray(block(x, rngs=nnx.Rngs(dropout=0)))
    per_example = trained.reshape(1000, -1)
    assert (per_example.min(1) == per_example.max(1)).all()
    assert set(np.unique(per_example).round(4)) == {1.0, np.float32(1 + 1 / 0.75).round(4)}
    assert 0.2 < (per_example[:, 0] == 1).mean() < 0.3


def test_a_branch_of_another_shape_needs_a_shortcut():
    with pytest.raises(SeqcnnError, match="shortcut"):
        Residual(lambda x: x[:, ::2])(numbers(1, 4, 2))


def test_sequential_hands_randomness_to_those_that_take_it():
    seen = []

    def layer(x, rngs=None):
        seen.append(rngs)
        return x + 1

    rngs = nnx.Rngs(0)
    network = Sequential(layer, nnx.relu, Dense(3, 2, rngs=rngs))
    x = numbers(2, 3)
    network(x)
    network(x, rngs=rngs)
    assert seen == [None, rngs]


def test_blocks_nest_and_train_inside_of_jit():
    rngs = nnx.Rngs(0)
    branch = Sequential(
        ConvNormActivation(4, 4, 3, rngs=rngs),
        ConvNormActivation(4, 4, 3, activation=None, rngs=rngs),
    )
    graph, weights, rest = nnx.split(Residual(branch), nnx.Param, ...)

    @jax.jit
    def step(weights, rest, x):
        def loss(weights):
            network = nnx.merge(graph, weights, rest, copy=True)
            value = (network(x, rngs=nnx.Rngs(0)) ** 2).mean()
            return value, nnx.state(network, nnx.BatchStat)

        (value, rest), gradient = jax.value_and_grad(loss, has_aux=True)(weights)
        return value, jax.tree.map(lambda w, g: w - 0.1 * g, weights, gradient), rest

    x = numbers(4, 8, 4)
    values = []
    for _ in range(5):
        value, weights, rest = step(weights, rest, x)
        values.append(float(value))
    assert values[-1] < values[0]


def test_half_padding_keeps_the_length_of_odd_windows():
    assert half_padding(7) == 3
    assert half_padding((3, 5), (2, 1)) == (2, 2)


def test_batch_norm_trains_inside_of_blocks():
    x = 3 * jnp.ones((2, 8, 4)) + jnp.arange(8.0)[None, :, None]
    for block in (Sequential, lambda norm: Residual(Sequential(norm))):
        norm = BatchNorm(4)
        chain = block(norm)
        chain(x)
        assert float(jnp.abs(norm.mean[...]).max()) == 0.0  # a prediction changes nothing
        trained = chain(x, rngs=nnx.Rngs(0))
        np.testing.assert_allclose(norm.mean[...], 0.1 * 6.5, rtol=1e-6)
        if isinstance(chain, Sequential):
            np.testing.assert_allclose(trained.mean(), 0.0, atol=1e-6)


def test_a_shortcut_trains_too():
    norm = BatchNorm(4)
    block = Residual(lambda x: x, norm)
    block(1 + jnp.zeros((2, 8, 4)), rngs=nnx.Rngs(0))
    np.testing.assert_allclose(norm.mean[...], 0.1, rtol=1e-6)


def test_blocks_have_sizes():
    for build, name in (
        (lambda rngs: SqueezeExcite(4, 0, rngs=rngs), "squeezed"),
        (lambda rngs: ConvNormActivation(4, 0, 3, rngs=rngs), "channels_out"),
        (lambda rngs: SeparableConv(4, 2, 0, rngs=rngs), "window"),
        (lambda rngs: Residual(nnx.relu, drop=1.0), "drop"),
        (lambda rngs: half_padding(3, dilation=0), "dilation"),
    ):
        with pytest.raises(SeqcnnError, match=f"`{name}`"):
            build(nnx.Rngs(0))


def test_even_windows_shorten_by_one():
    """Half of the window on both sides keeps the length of odd ones only, as documented."""
    block = ConvNormActivation(4, 2, 4, rngs=nnx.Rngs(0))
    assert block(numbers(1, 8, 4)).shape == (1, 7, 2)
