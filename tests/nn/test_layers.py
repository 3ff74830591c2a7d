import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.init import from_matrices
from seqcnn.nn.layers import (
    Dense,
    Dropout,
    ShareTable,
    dropout,
    one_hot,
    stochastic_depth,
    valid_windows,
)
from seqcnn.reference import layers as by_hand
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN


def test_dense_equals_the_loops():
    layer = Dense(5, 3, rngs=nnx.Rngs(0))
    layer.bias[...] = jnp.array([1.0, 2.0, 3.0])
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    expected = by_hand.dense(x, np.asarray(layer.kernel[...]), np.asarray(layer.bias[...]))
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 9216), (9216,), (1, 1, 9216), (1, 9217)])
def test_one_example_is_as_exact_as_several(shape):
    rng = np.random.default_rng(0)
    layer = Dense(shape[-1], 64, rngs=nnx.Rngs(0))
    x = rng.normal(size=shape).astype(np.float32)
    kernel, bias = (np.asarray(v[...], np.float64) for v in (layer.kernel, layer.bias))
    wanted = x.astype(np.float64) @ kernel + bias
    found = np.asarray(nnx.jit(lambda layer, x: layer(x))(layer, x))
    assert found.shape == wanted.shape
    exact = 1e-6 if shape[-1] % 2 == 0 else 1e-5
    np.testing.assert_allclose(found, wanted, rtol=0, atol=exact * np.abs(wanted).max())


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_one_hot_equals_the_loops_and_shares_ambiguity(alphabet):
    codes = np.random.default_rng(0).integers(0, alphabet.size, (3, 7)).astype(np.uint8)
    codes[1, 4:] = PAD
    image = jax.jit(lambda c: one_hot(c, alphabet.shares))(codes)
    assert image.dtype == jnp.float32
    np.testing.assert_array_equal(image, by_hand.one_hot(codes, alphabet.size))
    unknown = alphabet.encode(alphabet.unknown)[None]
    np.testing.assert_allclose(one_hot(jnp.asarray(unknown), alphabet.shares), 1 / alphabet.size)


def test_one_hot_takes_bytes_only():
    with pytest.raises(SeqcnnError, match="uint8"):
        one_hot(jnp.zeros((1, 3), jnp.int32), DNA.shares)


@pytest.mark.parametrize("width", [1, 3, 9])
def test_valid_windows_equal_the_loops(width):
    lengths = [0, 1, 2, 3, 4, 8, 9]
    inside = np.arange(9) < np.array(lengths)[:, None]
    np.testing.assert_array_equal(
        valid_windows(jnp.asarray(inside), width), by_hand.valid_windows(lengths, width, 9)
    )


def test_dropout_without_randomness_changes_nothing():
    x = jnp.arange(6.0)
    assert dropout(x, 0.5) is x
    assert dropout(x, 0.0, nnx.Rngs(0)) is x
    with pytest.raises(SeqcnnError, match="`rate`"):
        dropout(x, 1.0)


def test_dropout_drops_its_share_and_keeps_the_mean():
    x = jnp.ones(40_000)
    rngs = nnx.Rngs(dropout=0)
    first, second = dropout(x, 0.25, rngs), dropout(x, 0.25, rngs)
    assert set(np.unique(first).tolist()) == {0.0, np.float32(1 / 0.75)}
    # five standard errors of a share of 0.25
    assert abs(float((first == 0).mean()) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 40_000)
    assert not np.array_equal(first, second)


def test_dropout_draws_for_each_value():
    dropped = np.asarray(dropout(jnp.ones((200, 5, 40)), 0.5, nnx.Rngs(0))) == 0
    for axis in range(3):
        # along no axis are all alike, and no share is beyond six standard errors
        shares = dropped.mean(axis)
        assert 0 < shares.std() and not (dropped == np.take(dropped, [0], axis)).all()
    per_channel = dropped.mean((0, 1))
    assert np.abs(per_channel - 0.5).max() < 6 * 0.5 / np.sqrt(1000)


@pytest.mark.parametrize("drop", [dropout, stochastic_depth])
def test_what_is_dropped_does_not_depend_on_64_bits(drop):
    x = np.ones((2000, 1), np.float32)
    kept = [np.asarray(drop(jnp.asarray(x), 0.25, nnx.Rngs(dropout=3))) > 0]
    with jax.enable_x64(True):
        kept.append(np.asarray(drop(jnp.asarray(x), 0.25, nnx.Rngs(dropout=3))) > 0)
    np.testing.assert_array_equal(*kept)


@pytest.mark.parametrize("drop", [dropout, stochastic_depth])
def test_a_rate_may_change_while_a_program_does_not(drop):
    x = jnp.ones((2000, 1))
    traced = jax.jit(lambda rate: drop(x, rate, nnx.Rngs(dropout=3)))
    for rate in (0.25, 0.5):
        np.testing.assert_allclose(traced(rate), drop(x, rate, nnx.Rngs(dropout=3)), rtol=1e-6)
    np.testing.assert_array_equal(traced(0.0), x)


def test_dropout_is_a_layer_too():
    x, layer = jnp.ones((50, 4)), Dropout(0.5)
    assert layer(x) is x
    expected = dropout(x, 0.5, nnx.Rngs(dropout=1))
    np.testing.assert_array_equal(layer(x, rngs=nnx.Rngs(dropout=1)), expected)
    with pytest.raises(SeqcnnError, match="`rate`"):
        Dropout(1.0)


def test_a_dense_layer_has_sizes_and_says_what_it_takes():
    for sizes in ((4, 0), (0, 4), (4.0, 2), (True, 2)):
        with pytest.raises(SeqcnnError, match="`features_"):
            Dense(*sizes, rngs=nnx.Rngs(0))
    with pytest.raises(SeqcnnError, match="must have 5 features"):
        Dense(5, 2, rngs=nnx.Rngs(0))(jnp.ones((2, 4)))


def test_stochastic_depth_drops_whole_examples_and_keeps_the_mean():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(4_000, 3, 2)))
    assert stochastic_depth(x, 0.25) is x
    assert stochastic_depth(x, 0.0, nnx.Rngs(0)) is x
    found = np.asarray(stochastic_depth(x, 0.25, nnx.Rngs(dropout=0)))
    dropped = (found == 0).all(axis=(1, 2))
    np.testing.assert_allclose(found[~dropped], x[~dropped] / 0.75, rtol=1e-6)
    # five standard errors of a share of 0.25
    assert abs(dropped.mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 4_000)
    with pytest.raises(SeqcnnError, match="`rate`"):
        stochastic_depth(x, -0.1)


def test_share_tables_are_equal_by_their_numbers():
    same, other = ShareTable(DNA.shares.copy()), ShareTable(DNA.shares[:, ::-1])
    assert ShareTable(DNA.shares) == same and hash(ShareTable(DNA.shares)) == hash(same)
    assert same != other
    with pytest.raises(SeqcnnError, match="256"):
        ShareTable(DNA.shares[:4])


@pytest.mark.parametrize("extra", [(), (1,)])
def test_kernels_start_from_matrices(extra):
    rng = np.random.default_rng(0)
    short, long = rng.normal(size=(3, 4)), 0.1 * rng.normal(size=(9, 4))
    long[2:8] += 5
    kernel = from_matrices([short, long], scale=2)(
        jax.random.key(0), (6, 4, *extra, 3), jnp.float32
    )
    kernel = np.asarray(kernel).reshape(6, 4, 3)
    np.testing.assert_allclose(kernel[1:4, :, 0], 2 * short / np.linalg.norm(short), rtol=1e-6)
    assert not kernel[[0, 4, 5], :, 0].any()
    np.testing.assert_allclose(kernel[..., 1], 2 * long[2:8] / np.linalg.norm(long[2:8]), rtol=1e-6)
    assert kernel[..., 2].std() > 0


def test_matrices_are_finite():
    with np.errstate(divide="ignore"):
        matrix = np.log(np.eye(4))
    with pytest.raises(SeqcnnError, match="pseudocount"):
        from_matrices([matrix])


def test_misfit_matrices_are_refused():
    with pytest.raises(SeqcnnError, match="at most 1"):
        from_matrices([np.eye(4)] * 2)(jax.random.key(0), (6, 4, 1), jnp.float32)
    with pytest.raises(SeqcnnError, match="20"):
        from_matrices([np.eye(4)])(jax.random.key(0), (6, 20, 1), jnp.float32)
