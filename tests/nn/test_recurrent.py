"""The LSTM against loops over sequences, positions and neurons."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.recurrent import LSTM
from seqcnn.reference.recurrent import lstm

LENGTHS = (6, 4, 1, 0)


def of_random_bias(**options) -> LSTM:
    layer = LSTM(3, 2, rngs=nnx.Rngs(0), **options)
    layer.bias[...] = jnp.asarray(np.random.default_rng(1).normal(size=8), jnp.float32)
    return layer


@pytest.mark.parametrize("reverse", [False, True])
def test_it_equals_the_loops_whatever_is_padded(reverse):
    layer = of_random_bias(reverse=reverse)
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype(np.float32)
    mask = np.arange(6) < np.array(LENGTHS)[:, None]
    found = layer(jnp.asarray(x), jnp.asarray(mask))
    weights = [np.asarray(w[...], float) for w in (layer.kernel, layer.recurrent, layer.bias)]
    step = -1 if reverse else 1
    for i, n in enumerate(LENGTHS[:3]):
        expected = lstm(x[i, :n][::step], *weights)[::step]
        np.testing.assert_allclose(found[i, :n], expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(layer(x)[0], found[0], rtol=1e-6)


def test_it_remembers_at_first():
    bias = LSTM(3, 2, rngs=nnx.Rngs(0)).bias[...]
    assert bias.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_the_state_starts_orthogonal():
    recurrent = np.asarray(LSTM(3, 4, rngs=nnx.Rngs(0)).recurrent[...], float)
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(4), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LSTM(0, 2, rngs=nnx.Rngs(0)), "`channels`"),
        (lambda: LSTM(2, 0, rngs=nnx.Rngs(0)), "`neurons`"),
        (lambda: of_random_bias()(jnp.ones((2, 5, 4))), r"`x` must be \(n, positions, 3\)"),
        (lambda: of_random_bias()(jnp.ones((2, 3))), r"`x` must be \(n, positions, 3\)"),
        (lambda: of_random_bias()(jnp.ones((2, 5, 3)), jnp.ones((2, 5))), "must be bool"),
    ],
)
def test_what_does_not_fit_is_a_line(call, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
