"""Half precision, whose sums are taken wide, and what is no array of floats."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.attention import MultiHeadAttention, attention
from seqcnn.nn.best_match import best_match
from seqcnn.nn.blocks import ConvNormActivation, Residual, SeparableConv, Sequential, SqueezeExcite
from seqcnn.nn.conv import Conv, conv
from seqcnn.nn.conv_transpose import ConvTranspose, conv_transpose
from seqcnn.nn.dtypes import accumulation_dtype, float_dtype, wider_dtype
from seqcnn.nn.layers import Dense, dropout
from seqcnn.nn.local_response import local_response_norm
from seqcnn.nn.moments import Moments
from seqcnn.nn.norm import BatchNorm, GroupNorm, batch_norm, group_norm
from seqcnn.nn.norm_layer import LayerNorm, layer_norm
from seqcnn.nn.pool import adaptive_mean_pool, global_pool, max_pool, mean_pool, min_pool
from seqcnn.nn.resample import resize
from seqcnn.nn.unpool import max_pool_with_indices

HALVES = [jnp.bfloat16, jnp.float16]
halves = pytest.mark.parametrize("dtype", HALVES)
START = Moments(jnp.zeros(2), jnp.ones(2))


@halves
def test_means_of_many_ones_are_one(dtype):
    """The sums would stop at 256 in bfloat16 and overflow in float16."""
    image = jnp.ones((1, 256, 257, 1), dtype)
    for found in (
        mean_pool(jnp.ones((1, 1000, 1), dtype), 1000, stride=7),
        mean_pool(image, (256, 257)),
        global_pool(image, "mean"),
        adaptive_mean_pool(image, 1),
        resize(jnp.ones((1, 1000, 1), dtype), 1, "area"),
    ):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.ravel(), 1)


@halves
def test_normalisation_takes_its_moments_wide(dtype):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(256, 400, 2)) + 30, dtype)
    exact = np.asarray(x, np.float64)
    found, after = batch_norm(x, START, training=True, momentum=1.0)
    assert found.dtype == dtype and after.mean.dtype == jnp.float32
    np.testing.assert_allclose(after.mean, exact.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(after.variance, exact.var((0, 1)), rtol=1e-4)
    expected = (exact - exact.mean((0, 1))) / exact.std((0, 1))
    assert np.abs(np.asarray(found, float) - expected).max() < 4 * 5 * jnp.finfo(dtype).eps
    predicted, _ = batch_norm(x, after)
    assert predicted.dtype == dtype
    np.testing.assert_allclose(np.asarray(predicted, float), expected, atol=0.02)
    for result, axes in (
        (layer_norm(x[:8], axes=(1, 2)), (1, 2)),
        (group_norm(x[:8], 1), (1, 2)),
        (group_norm(x[:8], 2), 1),
    ):
        part = exact[:8]
        wanted = (part - part.mean(axes, keepdims=True)) / part.std(axes, keepdims=True)
        assert result.dtype == dtype
        np.testing.assert_allclose(np.asarray(result, float), wanted, atol=0.02)


def test_squares_of_halves_do_not_overflow():
    x = jnp.full((1, 4), 1000, jnp.float16)
    found = local_response_norm(x, 1, alpha=1.0, beta=0.5, offset=0.0)
    np.testing.assert_allclose(found, 1, rtol=1e-3)


@halves
def test_gradients_that_add_up_many_positions_are_wide(dtype):
    layer, x = Conv(1, 1, 1, rngs=nnx.Rngs(0)), jnp.ones((10, 1000, 1), dtype)
    gradient = nnx.grad(lambda layer: layer(x).astype(jnp.float32).sum())(layer)
    assert gradient["bias"][...].item() == 10_000
    # all windows of a pool are won by one value
    x, tenth = jnp.zeros((1, 100, 1), dtype).at[0, 50].set(1), jnp.asarray(0.1, dtype)
    values, back = jax.vjp(jax.jit(lambda x: max_pool(x, 40, stride=1)), x)
    (of_x,) = jax.jit(back)(jnp.full(values.shape, tenth))
    assert of_x[0, 50, 0] == (40 * tenth.astype(jnp.float32)).astype(dtype)
    # as many sequences, for few letters and for many
    for letters in (4, 20):
        shares = np.eye(256, letters, dtype=np.float32)
        codes = jnp.zeros((1000, 1), jnp.uint8)
        kernel = jnp.ones((1, letters, 1), dtype)
        total = jax.grad(lambda k, s=shares, c=codes: best_match(c, k, s).astype(jnp.float32).sum())
        assert total(kernel)[0, 0, 0] == 1000


@halves
def test_attention_sums_wide(dtype):
    query, key = jnp.ones((1, 1, 4), dtype), jnp.ones((1, 3000, 4), dtype)
    np.testing.assert_array_equal(attention(query, key, key), 1)
    gradient = jax.grad(lambda q: attention(q, key, key).astype(jnp.float32).sum())(query)
    assert gradient.dtype == dtype and np.isfinite(np.asarray(gradient, float)).all()


def test_the_scale_of_dropout_is_not_rounded_twice():
    x = jnp.full(100, 3.0, jnp.bfloat16)
    found = dropout(x, 0.1, nnx.Rngs(0))
    assert found.dtype == jnp.bfloat16
    assert set(np.asarray(found, float)) == {0.0, float(jnp.asarray(3 / 0.9, jnp.bfloat16))}


def _layers(**options):
    rngs = nnx.Rngs(0)
    return [
        (Conv(4, 4, 3, padding=1, rngs=rngs, **options), (2, 8, 4)),
        (ConvTranspose(4, 4, 3, rngs=rngs, **options), (2, 8, 4)),
        (Dense(4, 2, rngs=rngs, **options), (2, 4)),
        (BatchNorm(4, **options), (2, 8, 4)),
        (LayerNorm(4, **options), (2, 8, 4)),
        (GroupNorm(4, 2, **options), (2, 8, 4)),
        (MultiHeadAttention(4, 2, rngs=rngs, **options), (2, 8, 4)),
        (ConvNormActivation(4, 4, 3, rngs=rngs, **options), (2, 8, 4)),
        (SeparableConv(4, 4, 3, rngs=rngs, **options), (2, 8, 4)),
        (SqueezeExcite(4, 2, rngs=rngs, **options), (2, 8, 4)),
        (Residual(ConvNormActivation(4, 4, 3, rngs=rngs, **options)), (2, 8, 4)),
        (Sequential(Dense(4, 4, rngs=rngs, **options), nnx.relu), (2, 8, 4)),
    ]


KINDS = [type(layer).__name__ for layer, _ in _layers()]


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_a_layer_computes_in_its_own_dtype_or_that_of_its_input(number):
    """Weights stay float32, and so do their gradients and the running moments."""
    rng = np.random.default_rng(0)
    for option, given, result in (
        (None, jnp.bfloat16, jnp.bfloat16),
        (jnp.bfloat16, jnp.float32, jnp.bfloat16),
        (jnp.float32, jnp.bfloat16, jnp.float32),
        (None, jnp.float32, jnp.float32),
    ):
        layer, shape = _layers(dtype=option)[number]
        x = jnp.asarray(rng.normal(size=shape), given)
        train = {"training": True} if isinstance(layer, BatchNorm) else {}

        def loss(layer, x=x, train=train):
            y = layer(x, **train)
            return (y.astype(jnp.float32) ** 2).mean(), y

        with jax.numpy_dtype_promotion("strict"):
            gradient, y = nnx.grad(loss, has_aux=True)(layer)
        # a residual sum keeps the wider of branch and input
        wide = isinstance(layer, Residual) and given == jnp.float32
        assert y.dtype == (jnp.float32 if wide else result)
        leaves = [*jax.tree.leaves(gradient), *jax.tree.leaves(nnx.state(layer))]
        assert {leaf.dtype for leaf in leaves} == {np.dtype(np.float32)}
        assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_two_dtypes_do_not_convolve():
    x, kernel = jnp.ones((1, 8, 4), jnp.bfloat16), jnp.ones((3, 1, 4))
    for call in (
        lambda: conv(x, kernel, groups=4),
        lambda: conv(x, jnp.ones((3, 4, 2))),
        lambda: conv_transpose(x, jnp.ones((3, 2, 4))),
        lambda: attention(x, x.astype(jnp.float32), x),
    ):
        with pytest.raises(SeqcnnError, match="must have one dtype, not bfloat16 and float32"):
            call()


@pytest.mark.parametrize("wrong", [jnp.full((1, 5, 1), 200, jnp.uint8), [[[1.0], [2.0]]]])
def test_what_is_no_array_of_floats_is_refused(wrong):
    rngs = nnx.Rngs(0)
    for call in (
        lambda x: max_pool(x, 2),
        lambda x: min_pool(x, 2),
        lambda x: mean_pool(x, 3, stride=2),
        lambda x: max_pool_with_indices(x, 2),
        global_pool,
        lambda x: adaptive_mean_pool(x, 2),
        lambda x: conv(x, jnp.ones((2, 1, 1))),
        lambda x: conv_transpose(x, jnp.ones((2, 1, 1))),
        lambda x: batch_norm(x, START),
        layer_norm,
        lambda x: group_norm(x, 1),
        local_response_norm,
        Dense(1, 2, rngs=rngs),
        Conv(1, 2, 2, rngs=rngs),
        BatchNorm(1),
    ):
        with pytest.raises(SeqcnnError, match="`x` must be an array of floats, not") as e:
            call(wrong)
        assert "\n" not in str(e.value)


def test_the_wider_dtype():
    assert wider_dtype(jnp.bfloat16, jnp.float16) == jnp.float32
    assert wider_dtype(jnp.float16, jnp.float16) == jnp.float16
    assert wider_dtype(jnp.float32, jnp.float16) == wider_dtype(jnp.float16, jnp.float32)
    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
        assert accumulation_dtype(jnp.float64) == jnp.float64
    assert accumulation_dtype(np.float64) == jnp.float32
    with pytest.raises(SeqcnnError, match="`dtype`"):
        float_dtype(jnp.int32)
