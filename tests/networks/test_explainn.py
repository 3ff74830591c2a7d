"""That units of ExplaiNN add up, and know nothing of each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.networks.sequence.explainn import ExplaiNN

from .table import EXPLAINN, call, drawn, predict, sequences

both_kinds = pytest.mark.parametrize("length", [None, 40])


def small(**options) -> ExplaiNN:
    network = drawn("explainn", **EXPLAINN, tasks=3, **options)
    assert isinstance(network, ExplaiNN)
    network.sum_norm.bias[...] = jnp.full(6, 2.0)  # no unit is dead
    return network


def contributions(network: ExplaiNN, codes: jax.Array) -> jax.Array:
    return network.contributions(codes)


@both_kinds
def test_contributions_add_up_to_the_logits(length):
    network, codes = small(length=length), sequences()
    parts = call(contributions, network, codes)
    assert parts.shape == (len(codes), 6, 3)
    assert np.ptp(parts, axis=0).max(axis=1).min() > 0.01  # no unit is dead
    total = parts.sum(axis=1) + network.output.bias[...][None]
    np.testing.assert_allclose(total, predict(network, codes), rtol=1e-6, atol=1e-6)


@both_kinds
def test_a_logit_without_a_unit_lacks_its_contribution(length):
    network, codes = small(length=length), sequences()
    before, parts = predict(network, codes), call(contributions, network, codes)
    network.output.kernel[...] = network.output.kernel[...].at[2].set(0)
    after = predict(network, codes)
    np.testing.assert_allclose(after, before - parts[:, 2], rtol=1e-6, atol=1e-6)


@both_kinds
def test_no_unit_sees_weights_of_another(length):
    network, codes = small(length=length), jnp.asarray(sequences())
    graph, state = nnx.split(network)
    slopes = jax.jit(jax.jacrev(lambda s: nnx.merge(graph, s).contributions(codes).sum((0, 2))))(
        state
    )
    flat = {path: np.asarray(slope[...]) for path, slope in nnx.to_flat_state(slopes)}
    axis_of_units = {"conv": -1, "conv_norm": 1, "hidden": 1, "sum": 1, "sum_norm": 1}
    axis_of_units |= {"hidden_norm": 1, "output": 1}
    for path, slope in flat.items():
        if path == ("output", "bias"):
            assert not slope.any()
            continue
        # (of unit, by unit, the rest)
        by_unit = np.moveaxis(slope, axis_of_units[str(path[0])], 1).reshape(6, 6, -1)
        assert not by_unit[~np.eye(6, dtype=bool)].any(), path
        assert path[-1] == "mean" or by_unit[np.eye(6, dtype=bool)].any(), path
