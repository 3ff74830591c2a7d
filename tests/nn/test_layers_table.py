import importlib
import pkgutil
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import seqcnn.nn

from . import table
from .rows import Row


def _modules(package: ModuleType) -> list[ModuleType]:
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


TABLE = [row for module in _modules(table) for row in module.ROWS]
NOT_LAYERS = {thing for module in _modules(table) for thing in getattr(module, "NOT_LAYERS", ())}

rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)


@pytest.fixture(autouse=True)
def _strict():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def test_every_public_layer_is_in_the_table():
    public = {
        thing
        for module in _modules(seqcnn.nn)
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and callable(thing)
        and getattr(thing, "__module__", None) == module.__name__
    }
    assert NOT_LAYERS <= public
    assert public - NOT_LAYERS == {row.covers for row in TABLE}


@rows
def test_shape_and_dtype(row: Row):
    result = row.build(nnx.Rngs(0))(row.input())
    assert (result.shape, result.dtype) == (row.shape_out, jnp.float32)


@rows
def test_jit_gives_what_eager_gives(row: Row):
    graph, state = nnx.split(row.build(nnx.Rngs(0)))
    x = jnp.asarray(row.input())
    compiled = jax.jit(lambda state, x: nnx.merge(graph, state)(x))(state, x)
    np.testing.assert_allclose(compiled, nnx.merge(graph, state)(x), rtol=1e-6, atol=1e-6)


@rows
def test_float64_goes_through_and_float32_is_near(row: Row):
    graph, state = nnx.split(row.build(nnx.Rngs(0)))
    single = nnx.merge(graph, state)(row.input())
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), state)
        double = nnx.merge(graph, wide)(jnp.asarray(row.input(), jnp.float64))
        assert double.dtype == jnp.float64
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-6)


@rows
def test_gradients_are_finite_differences(row: Row):
    graph, state = nnx.split(row.build(nnx.Rngs(0)))
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), state)
        x = jnp.asarray(row.input(), jnp.float64)

        def loss(state, x):
            return jnp.sin(nnx.merge(graph, state)(x)).sum()

        gradients = jax.grad(loss, argnums=(0, 1))(wide, x)
        rng = np.random.default_rng(1)
        along = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape)), (wide, x))
        step = 1e-6
        ahead, behind = (
            loss(*jax.tree.map(lambda a, d, s=s: a + s * step * d, (wide, x), along))
            for s in (1.0, -1.0)
        )
        slope = sum(
            jnp.sum(g * d)
            for g, d in zip(jax.tree.leaves(gradients), jax.tree.leaves(along), strict=True)
        )
        np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6)


@rows
def test_weights_survive_a_round_trip_as_plain_arrays(row: Row):
    graph, state = nnx.split(row.build(nnx.Rngs(0)))
    plain = {path: np.asarray(v[...]) for path, v in nnx.to_flat_state(state)}
    blank_graph, blank = nnx.split(nnx.eval_shape(lambda: row.build(nnx.Rngs(1))))
    filled = [(at, v.replace(jnp.asarray(plain.pop(at)))) for at, v in nnx.to_flat_state(blank)]
    again = nnx.merge(blank_graph, nnx.from_flat_state(filled))
    assert not plain
    np.testing.assert_array_equal(again(row.input()), nnx.merge(graph, state)(row.input()))
