import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.attention import MultiHeadAttention, attention, sinusoidal_positions
from seqcnn.reference import attention as by_hand

from .witness import assert_equals_the_loops


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize("extras", [(), ("mask",), ("bias",), ("mask", "bias")], ids=str)
def test_attention_equals_the_loops(leading, extras):
    rng = np.random.default_rng(0)
    query, key = rng.normal(size=(*leading, 4, 3)), rng.normal(size=(*leading, 5, 3))
    value = rng.normal(size=(*leading, 5, 2))
    mask, bias = rng.random((*leading, 4, 5)) < 0.5, rng.normal(size=(*leading, 4, 5))
    mask[..., 1, :] = False
    mask = mask if "mask" in extras else np.ones_like(mask)
    bias = bias if "bias" in extras else np.zeros_like(bias)

    def twin(query, key, value):
        result = np.zeros((*leading, 4, 2))
        for at in np.ndindex(leading):
            result[at] = by_hand.attention(
                query[at], key[at], value[at], mask=mask[at], bias=bias[at]
            )
        return result

    def function(query, key, value):
        given = {"mask": jnp.asarray(mask), "bias": jnp.asarray(bias, query.dtype)}
        return attention(query, key, value, **{name: given[name] for name in extras})

    assert_equals_the_loops(function, twin, query, key, value)


def test_a_key_mask_serves_every_head_and_query():
    rng = np.random.default_rng(0)
    query, key = (jnp.asarray(rng.normal(size=(2, 3, 4, 5)), jnp.float32) for _ in range(2))
    keys = jnp.asarray([[True, False, True, True], [True, True, False, False]])
    whole = jnp.broadcast_to(keys[:, None, None], (2, 3, 4, 4))
    np.testing.assert_array_equal(
        attention(query, key, key, mask=keys[:, None, None]),
        attention(query, key, key, mask=whole),
    )


def test_a_query_that_sees_nothing_gets_zeros_and_sends_no_gradient():
    x, nothing = jnp.ones((2, 3)), jnp.zeros((2, 2), bool)

    def total(query, key, value):
        return attention(query, key, value, mask=nothing).sum()

    found, gradients = jax.value_and_grad(total, argnums=(0, 1, 2))(x, x, x)
    assert found == 0 and not np.any(gradients)


def test_scores_that_overflow_an_exponential_do_not_matter():
    x = jnp.eye(3) * 1e3
    np.testing.assert_allclose(attention(x, x, jnp.eye(3)), np.eye(3), atol=1e-6)


@pytest.mark.parametrize("memory_channels", [None, 5])
@pytest.mark.parametrize("space", [(6,), (2, 3)], ids=str)
def test_heads_equal_the_loops(space, memory_channels):
    layer = MultiHeadAttention(8, 2, memory_channels=memory_channels, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(0)
    names = ("query", "key", "value", "out")
    for name in names:
        getattr(layer, name).bias[...] = jnp.asarray(rng.normal(size=8), jnp.float32)
    kernels = {name: np.asarray(getattr(layer, name).kernel[...], float) for name in names}
    biases = {name: np.asarray(getattr(layer, name).bias[...], float) for name in names}
    x = rng.normal(size=(3, *space, 8)).astype(np.float32)
    memory = x if memory_channels is None else rng.normal(size=(3, 4, 1, 5)).astype(np.float32)
    mask = rng.random(memory.shape[:-1]) < 0.6
    mask[2] = False
    given = None if memory_channels is None else jnp.asarray(memory)
    found = layer(jnp.asarray(x), given, jnp.asarray(mask))
    for n in range(3):
        expected = by_hand.multi_head_attention(
            x[n].reshape(-1, 8),
            memory[n].reshape(-1, memory.shape[-1]),
            kernels,
            biases,
            heads=2,
            mask=mask[n].ravel(),
        )
        np.testing.assert_allclose(found[n].reshape(-1, 8), expected, rtol=1e-5, atol=1e-5)


def test_a_bias_of_the_heads_is_added_to_the_scores():
    layer = MultiHeadAttention(4, 2, rngs=nnx.Rngs(0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(1, 3, 4)), jnp.float32)
    # so strong a preference for the second position is as good as a mask
    bias = jnp.zeros((1, 1, 1, 3)).at[..., 1].set(1e4)
    only = layer(x, mask=jnp.array([[False, True, False]]))
    np.testing.assert_allclose(layer(x, bias=bias), only, rtol=1e-6)


def test_heads_may_be_kept_from_looking_ahead():
    layer = MultiHeadAttention(4, 2, rngs=nnx.Rngs(0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 4)), jnp.float32)
    behind = jnp.tri(5, dtype=bool)[None, None]
    whole = layer(x, attention_mask=behind)
    for length in range(1, 6):
        before = layer(x[:, :length])[:, -1]
        np.testing.assert_allclose(whole[:, length - 1], before, rtol=1e-5, atol=1e-6)
    # both masks forbid
    keys = jnp.arange(5)[None] != jnp.array([[1], [3]])
    both = layer(x, mask=keys, attention_mask=behind)
    for n, hidden in enumerate((1, 3)):
        shown = np.delete(np.arange(5), hidden)
        alone = layer(x[n : n + 1, shown], attention_mask=behind[:, :, :4, :4])
        np.testing.assert_allclose(both[n, shown], alone[0], rtol=1e-5, atol=1e-6)
    with pytest.raises(SeqcnnError, match="`attention_mask`"):
        layer(x, mask=keys, attention_mask=behind[:, :, :4])


def test_attention_drops_weights_in_training_only():
    ones, eye = jnp.ones((500, 4)), jnp.eye(4)
    value = jnp.ones((4, 4))
    assert (attention(ones, eye, value, drop=0.5) == 1).all()
    found = np.asarray(attention(ones, eye, value, drop=0.5, rngs=nnx.Rngs(dropout=0)))
    # of four equal weights, each is dropped or doubled
    assert set(np.unique(found)) == {0, 0.5, 1, 1.5, 2}
    assert abs(found[:, 0].mean() - 1) < 5 * 0.5 / np.sqrt(500)
    layer = MultiHeadAttention(4, 2, drop=0.5, rngs=nnx.Rngs(0))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 4)), jnp.float32)
    trained = layer(x, rngs=nnx.Rngs(dropout=0))
    assert not np.allclose(trained, layer(x))
    with pytest.raises(SeqcnnError, match="`drop`"):
        MultiHeadAttention(4, 2, drop=1.0, rngs=nnx.Rngs(0))


def test_sines_and_cosines_are_added_to_channels():
    x = jnp.ones((2, 8, 4))
    assert (x + sinusoidal_positions(x.shape[1:-1], x.shape[-1])[None]).shape == x.shape
    with pytest.raises(SeqcnnError, match="`space`"):
        sinusoidal_positions((0, 2), 4)


def test_sines_and_cosines_equal_the_loops():
    expected = by_hand.sinusoidal_positions(9, 6)
    np.testing.assert_allclose(sinusoidal_positions(9, 6), expected, rtol=1e-6, atol=1e-7)
    plane = sinusoidal_positions((4, 3), 8)
    assert plane.shape == (4, 3, 8)
    for row, column in np.ndindex(4, 3):
        np.testing.assert_array_equal(plane[row, column, :4], sinusoidal_positions(4, 4)[row])
        np.testing.assert_array_equal(plane[row, column, 4:], sinusoidal_positions(3, 4)[column])


def test_misfits_are_errors():
    x = jnp.ones((2, 3, 4))
    with pytest.raises(SeqcnnError, match="do not fit"):
        attention(x, x[..., :2], x)
    with pytest.raises(SeqcnnError, match="do not fit"):
        attention(x, x, x[:, :2])
    with pytest.raises(SeqcnnError, match="`mask` must have the shape"):
        attention(x, x, x, mask=jnp.ones((2, 3), bool))
    with pytest.raises(SeqcnnError, match="`bias` must have the shape"):
        attention(x, x, x, bias=jnp.ones((2, 3, 4)))
    with pytest.raises(SeqcnnError, match="`heads`"):
        MultiHeadAttention(4, 0, rngs=nnx.Rngs(0))
    with pytest.raises(SeqcnnError, match="`heads` must divide the 4"):
        MultiHeadAttention(4, 3, rngs=nnx.Rngs(0))
    with pytest.raises(SeqcnnError, match="`mask`"):
        MultiHeadAttention(4, 2, rngs=nnx.Rngs(0))(x, mask=jnp.ones((2, 4), bool))
    with pytest.raises(SeqcnnError, match="multiple of 4"):
        sinusoidal_positions((2, 3), 6)
