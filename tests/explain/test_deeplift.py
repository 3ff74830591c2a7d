"""DeepSHAP: contributions add up on every network, and are what DeepLIFT is by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.explain.deeplift import deepshap
from seqcnn.explain.outputs import Output
from seqcnn.explain.secant import secant, trace
from seqcnn.networks.zoo import names
from seqcnn.seq.alphabet import DNA, PROTEIN, Alphabet

from .rows import CHOSEN, Row, a_set, others, rows, shuffled_codes


def test_every_network_is_explained():
    assert set(CHOSEN) == set(names("sequence"))


def check_completeness(row: Row, alphabet: Alphabet, **options) -> None:
    network, codes = row.build(alphabet, **options), a_set(alphabet).padded()
    references = shuffled_codes(codes, 3, alphabet.size)
    said, outputs, of_references = deepshap(network, codes, references, Output(1))
    total = (said * alphabet.shares[codes]).sum(axis=(1, 2))
    difference = outputs - of_references
    assert np.isfinite(said).all() and not said[codes == 255].any()
    assert np.abs(difference[:3]).min() > 1e-4
    np.testing.assert_allclose(total, difference, rtol=1e-4, atol=1e-4 * np.ptp(outputs) + 1e-7)


@rows
def test_contributions_add_up(row: Row):
    check_completeness(row, DNA)


@pytest.mark.slow
@others
def test_contributions_of_others_add_up(row: Row):
    check_completeness(row, DNA)


@pytest.mark.slow
@rows
def test_contributions_of_one_strand_and_of_proteins_add_up(row: Row):
    check_completeness(row, DNA, strand="one")
    check_completeness(row, PROTEIN)


def multipliers(function, value: jax.Array, reference: jax.Array) -> np.ndarray:
    program = trace(function, value)
    back = jax.linear_transpose(lambda t: secant(program, value, reference, t).change, value)
    return np.asarray(back(jnp.ones(()))[0])


def test_two_layers_by_hand():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(5, 7)), rng.normal(size=(7,))
    bias, value, reference = rng.normal(size=7), rng.normal(size=5), rng.normal(size=5)
    # DeepLIFT's chain rule, written out: (change of a ReLU) / (change of what goes in)
    before, there = value @ first + bias, reference @ first + bias
    slopes = (np.maximum(before, 0) - np.maximum(there, 0)) / (before - there)
    expected = first @ (slopes * second)

    def network(x: jax.Array) -> jax.Array:
        weights = [jnp.asarray(w, jnp.float32) for w in (first, bias, second)]
        return nnx.relu(x @ weights[0] + weights[1]) @ weights[2]

    points = (jnp.asarray(p, jnp.float32) for p in (value, reference))
    np.testing.assert_allclose(multipliers(network, *points), expected, rtol=1e-5)


def test_a_maximum_goes_to_the_winner_of_the_larger_one():
    value, reference = jnp.array([3.0, 1.0, 0.0]), jnp.array([0.0, 2.0, 0.0])
    # 3 against 2: the first number made it, a third of its change was needed
    np.testing.assert_allclose(multipliers(jnp.max, value, reference), [1 / 3, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(multipliers(jnp.max, reference, value), [1 / 3, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(multipliers(lambda x: x[0] * x[1], value, reference), [1.5, 1.5, 0])


FUNCTIONS = {
    "softmax": jax.nn.softmax,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "softplus": jax.nn.softplus,
    "leaky": jax.nn.leaky_relu,
    "norm": lambda x: (x - x.mean()) / jnp.sqrt(x.var() + 1e-3),
    "ratio": lambda x: x[::-1] / (1 + x**2),
    "minimum": lambda x: jnp.minimum(x, x[::-1]) + jnp.clip(x, -0.5, 0.5) + x.min(),
    "power": lambda x: jnp.exp(x) ** 1.5 + jnp.log1p(x**2) + jnp.abs(x) + jnp.cumsum(x),
    "branch": lambda x: jax.lax.cond(jnp.pi > 3, jnp.tanh, jnp.sin, x),
    "loop": lambda x: jax.lax.scan(lambda c, y: (jnp.tanh(c + y), c * y), x[0], x)[1],
    "recomputed": jax.checkpoint(lambda x: jnp.sin(x) * x),
    "nothing": lambda x: jnp.ones(3) + 0 * jax.lax.stop_gradient(x[:3]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_whatever_a_network_is_made_of_adds_up(name: str):
    rng = np.random.default_rng(1)
    value, reference = jnp.asarray(rng.normal(size=(2, 6)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=6), jnp.float32)

    def network(x: jax.Array) -> jax.Array:
        result = FUNCTIONS[name](x)
        return (result * weights[: len(result)]).sum()

    found = multipliers(network, value, reference)
    expected = network(value) - network(reference)
    np.testing.assert_allclose((found * (value - reference)).sum(), expected, rtol=2e-5, atol=2e-6)


def test_small_changes_have_the_derivative():
    value = jnp.array([0.3, -0.2])
    found = multipliers(lambda x: jnp.tanh(x).sum(), value, value + 1e-8)
    np.testing.assert_allclose(found, 1 - np.tanh(value) ** 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: jnp.sort(x).sum(), "'sort'"),
        (lambda x: jnp.prod(x), "'reduce_prod'"),
        (lambda x: x[jnp.argmax(x)], "where a sequence decides"),
        (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x).sum(), "'cond'"),
        (lambda x: jax.lax.while_loop(lambda c: c.sum() < 9, lambda c: c + 1, x).sum(), "'while'"),
    ],
)
def test_an_operation_without_a_rule_is_named(function, name: str):
    value, reference = jnp.array([0.5, 2.0, 1.0]), jnp.array([1.0, 0.0, 3.0])
    with pytest.raises(SeqcnnError, match=name):
        multipliers(function, value, reference)
