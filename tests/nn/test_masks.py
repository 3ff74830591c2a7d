"""Masks: what they hide has no say, so that a sequence is the same alone and in any batch."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.attention import MultiHeadAttention, attention
from seqcnn.nn.blocks import ConvNormActivation, Residual, SeparableConv, Sequential, SqueezeExcite
from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.layers import Dense
from seqcnn.nn.masks import hide
from seqcnn.nn.moments import Moments
from seqcnn.nn.norm import BatchNorm, GroupNorm, batch_norm, group_norm
from seqcnn.nn.norm_layer import LayerNorm, layer_norm
from seqcnn.nn.pool import global_pool, max_pool, mean_pool, min_pool
from seqcnn.nn.pool_windows import pool_mask


def _norm_of_positions(x, mask):
    return layer_norm(x, axes=(1, 2), mask=mask)


TAKE_MASKS = {
    "hide": hide,
    "max_pool": lambda x, mask: max_pool(x, 2, mask=mask),
    "min_pool": lambda x, mask: min_pool(x, 2, mask=mask),
    "mean_pool": lambda x, mask: mean_pool(x, 2, mask=mask),
    "pool_mask": lambda x, mask: pool_mask(mask, 2),
    "global_pool": lambda x, mask: global_pool(x, mask=mask),
    "batch_norm": lambda x, mask: batch_norm(x, Moments(jnp.zeros(4), jnp.ones(4)), mask=mask),
    "group_norm": lambda x, mask: group_norm(x, 2, mask=mask),
    "layer_norm": _norm_of_positions,
    "attention": lambda x, mask: attention(x, x, x, mask=mask[:, None]),
    "heads": lambda x, mask: MultiHeadAttention(4, 2, rngs=nnx.Rngs(0))(x, mask=mask),
    "squeeze": lambda x, mask: SqueezeExcite(4, 2, rngs=nnx.Rngs(0))(x, mask),
    "conv": lambda x, mask: Conv(4, 2, 3, rngs=nnx.Rngs(0))(x, mask),
}


@pytest.mark.parametrize("name", TAKE_MASKS)
def test_a_mask_is_bool_wherever_it_is_taken(name):
    """The masks of other libraries, which are added to scores, would be read the wrong way."""
    x, mask = jnp.ones((1, 6, 4)), jnp.array([[True] * 4 + [False] * 2])
    TAKE_MASKS[name](x, mask)
    for wrong in (jnp.where(mask, 0.0, -1e9), mask.astype(jnp.int32)):
        with pytest.raises(SeqcnnError, match="must be bool") as caught:
            TAKE_MASKS[name](x, wrong)
        assert "\n" not in str(caught.value)


def test_hidden_positions_are_zeros():
    x = jnp.array([[[1.0, 2.0], [np.nan, 3.0]]])
    np.testing.assert_array_equal(hide(x, jnp.array([[True, False]])), [[[1, 2], [0, 0]]])
    assert hide(x, None) is x
    with pytest.raises(SeqcnnError, match="shape"):
        hide(x, jnp.ones((1, 3), bool))


def test_attention_does_not_mind_what_no_query_may_look_at():
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(1, 5, 4)), jnp.float32)
    mask = jnp.array([True, True, False, True, False])[None, None]
    holes = jnp.where(mask[0, 0, :, None], x, jnp.nan)

    def loss(query, memory):
        return jnp.sin(attention(query, memory, memory, mask=mask)).sum()

    clean, clean_gradients = jax.value_and_grad(loss, (0, 1))(x, x)
    found, gradients = jax.value_and_grad(loss, (0, 1))(x, holes)
    np.testing.assert_allclose(found, clean, rtol=1e-6)
    for a, b in zip(gradients, clean_gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"padding": 1},
        {"padding": "same"},
        {"stride": 2, "padding": 1},
        {"stride": 3},
        {"stride": 2, "padding": (2,), "dilation": 2},
    ],
    ids=str,
)
def test_a_convolution_says_which_positions_count(options):
    layer = Conv(2, 3, 3, rngs=nnx.Rngs(0), **options)
    assert_alone_as_in_a_batch(layer, 2, range(5, 12))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": 2, "padding": 1},
        {"stride": 3, "padding": [(0, 2)], "output_padding": 2},
        {"stride": 4, "padding": "same"},
        {"stride": 2, "padding": "same", "dilation": 2},
    ],
    ids=str,
)
def test_a_transposed_convolution_says_which_positions_count(options):
    layer = ConvTranspose(2, 3, 3, rngs=nnx.Rngs(0), **options)
    assert_alone_as_in_a_batch(layer, 2, range(2, 8))


def test_masks_of_images_count_in_both_directions():
    x, mask = jnp.ones((1, 7, 6, 2)), np.zeros((1, 7, 6), bool)
    mask[:, :5, :3] = True
    for layer in (
        Conv(2, 3, (3, 3), stride=2, padding=1, rngs=nnx.Rngs(0)),
        ConvTranspose(2, 3, (3, 2), stride=2, padding=(1, 0), rngs=nnx.Rngs(0)),
    ):
        shown = np.asarray(layer.output_mask(jnp.asarray(mask)))
        alone = layer(x[:, :5, :3])
        assert shown[0][tuple(map(slice, alone.shape[1:-1]))].all()
        assert shown.sum() == np.prod(alone.shape[1:-1])
        found = layer(x + 9.0 * ~mask[..., None], jnp.asarray(mask))
        np.testing.assert_allclose(found[shown], alone.reshape(-1, 3), rtol=1e-5, atol=1e-5)


def _two_blocks(rngs):
    return Sequential(
        ConvNormActivation(4, 6, 5, rngs=rngs),
        ConvNormActivation(6, 6, 3, stride=2, rngs=rngs),
        Conv(6, 6, 3, padding=1, rngs=rngs),
    )


def _pooled(rngs):
    return Sequential(
        ConvNormActivation(4, 6, 3, rngs=rngs),
        partial(max_pool, window=3, stride=2, padding=1),
        SeparableConv(6, 6, 3, stride=2, rngs=rngs),
        partial(mean_pool, window=2, ceil_mode=True, count_include_pad=False),
        GroupNorm(6, 2),
        SqueezeExcite(6, 2, rngs=rngs),
        SeparableConv(6, 6, 3, between=False, rngs=rngs),
    )


def _residual(rngs):
    branch = Sequential(
        ConvNormActivation(4, 6, 3, stride=2, rngs=rngs),
        ConvNormActivation(6, 6, 3, activation=None, rngs=rngs),
    )
    shortcut = ConvNormActivation(4, 6, 1, stride=2, activation=None, rngs=rngs)
    return Sequential(
        Residual(branch, shortcut),
        Residual(Sequential(BatchNorm(6), nnx.relu, Conv(6, 6, 3, padding=1, rngs=rngs))),
        MultiHeadAttention(6, 2, rngs=rngs),
    )


def _there_and_back(rngs):
    return Sequential(
        ConvNormActivation(4, 6, 3, stride=2, rngs=rngs),
        ConvTranspose(6, 6, 4, stride=2, padding=1, rngs=rngs),
        ConvNormActivation(6, 6, 3, rngs=rngs),
        LayerNorm(6),
        Dense(6, 6, rngs=rngs),
    )


NETWORKS = [_two_blocks, _pooled, _residual, _there_and_back]


def assert_alone_as_in_a_batch(layer, channels, lengths):
    """Pad each length to the longest, with numbers that would be seen."""
    rng = np.random.default_rng(0)
    longest = max(lengths)
    x = rng.normal(size=(len(lengths), longest, channels)).astype(np.float32)
    mask = np.arange(longest) < np.array(lengths)[:, None]
    filled = jnp.asarray(np.where(mask[..., None], x, 1e3), jnp.float32)
    found = np.asarray(layer(filled, jnp.asarray(mask)))
    shown = np.asarray(layer.output_mask(jnp.asarray(mask)))
    assert shown.shape == found.shape[:-1]
    for n, length in enumerate(lengths):
        alone = np.asarray(layer(jnp.asarray(x[n : n + 1, :length])))[0]
        assert shown[n].sum() == len(alone) and shown[n, : len(alone)].all()
        np.testing.assert_allclose(found[n, : len(alone)], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__.strip("_"))
def test_a_network_predicts_the_same_alone_and_in_a_batch(build):
    network = build(nnx.Rngs(0))
    # running moments and weights that are not those of the start
    rng = np.random.default_rng(1)
    network(jnp.asarray(rng.normal(size=(8, 40, 4)) + 1, jnp.float32), rngs=nnx.Rngs(0))
    for _, module in nnx.iter_modules(network):
        if getattr(module, "bias", None) is not None and isinstance(module.bias, nnx.Param):
            module.bias[...] = module.bias[...] + 1
    assert_alone_as_in_a_batch(network, 4, (16, 17, 23, 30))


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__.strip("_"))
def test_a_network_trains_the_same_however_much_is_padded(build):
    rng = np.random.default_rng(0)
    lengths = (16, 17, 23)
    x = rng.normal(size=(3, 40, 4)).astype(np.float32) + 1
    outcomes = []
    for longest in (23, 40):
        network = build(nnx.Rngs(0))
        mask = jnp.asarray(np.arange(longest) < np.array(lengths)[:, None])
        filled = jnp.where(mask[..., None], x[:, :longest], 1e3)
        y = network(filled, mask, rngs=nnx.Rngs(0))
        shown = np.asarray(network.output_mask(mask))
        outcomes.append((np.asarray(y)[shown], *jax.tree.leaves(nnx.state(network, nnx.BatchStat))))
    for a, b in zip(*outcomes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_a_mask_ends_where_space_ends():
    rngs = nnx.Rngs(0)
    network = Sequential(
        ConvNormActivation(4, 6, 3, rngs=rngs), global_pool, Dense(6, 2, rngs=rngs)
    )
    x = np.random.default_rng(0).normal(size=(1, 9, 4)).astype(np.float32)
    mask = jnp.arange(9)[None] < 5
    np.testing.assert_allclose(network(jnp.asarray(x), mask), network(x[:, :5]), rtol=1e-5)


def test_a_layer_that_changes_extents_says_what_counts():
    with pytest.raises(SeqcnnError, match="`output_mask`") as caught:
        Sequential(lambda x: x[:, ::2])(jnp.ones((1, 6, 4)), jnp.ones((1, 6), bool))
    assert "\n" not in str(caught.value)


def test_windows_that_depend_on_the_length_take_no_mask():
    x, mask = jnp.ones((1, 6, 4)), jnp.ones((1, 6), bool)
    options = {"stride": 2, "padding": "same"}
    for call in (
        lambda: max_pool(x, 3, mask=mask, **options),
        lambda: mean_pool(x, 3, mask=mask, **options),
        lambda: pool_mask(mask, 3, **options),
        lambda: ConvNormActivation(4, 2, 3, rngs=nnx.Rngs(0), **options)(x, mask),
    ):
        with pytest.raises(SeqcnnError, match="'same' and a stride"):
            call()


@pytest.mark.parametrize("axes", [(1, 2), (1,), (0, 1)])
def test_layer_norm_over_positions_leaves_hidden_ones_out(axes):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 7, 3)).astype(np.float32)
    mask = np.broadcast_to(np.arange(7) < 4, (2, 7))
    shape = tuple(x.shape[axis] for axis in axes)
    scale, bias = rng.normal(size=(2, *shape)).astype(np.float32)
    hidden = np.where(mask[..., None], x, 1e3).astype(np.float32)
    found = layer_norm(hidden, scale, bias, axes=axes, mask=jnp.asarray(mask), eps=0.1)
    cut = tuple(slice(4) if axis == 1 else slice(None) for axis in axes)
    alone = layer_norm(x[:, :4], scale[cut], bias[cut], axes=axes, eps=0.1)
    np.testing.assert_allclose(found[:, :4], alone, rtol=1e-5, atol=1e-5)


def test_layer_norm_of_each_position_needs_no_mask():
    x, mask = jnp.arange(12.0).reshape(1, 3, 4), jnp.array([[True, False, True]])
    np.testing.assert_array_equal(LayerNorm(4)(x, mask), LayerNorm(4)(x))
