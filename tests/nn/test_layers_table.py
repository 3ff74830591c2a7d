import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache, partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import seqcnn.nn
from seqcnn.nn import attention, best_match, blocks, conv, conv_transpose, layers, recurrent

from . import composed, table
from .rows import Composed, Row


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


PUBLIC = {
    thing
    for module in _modules(seqcnn.nn)
    for name, thing in vars(module).items()
    if not name.startswith("_")
    and callable(thing)
    and getattr(thing, "__module__", None) == module.__name__
}


def test_every_public_layer_is_in_the_table():
    assert NOT_LAYERS <= PUBLIC
    assert PUBLIC - NOT_LAYERS == {row.covers for row in TABLE}


@cache
def built(row: Row) -> tuple[nnx.GraphDef, nnx.State]:
    """Build a layer once, so that what is compiled for one test is there for the others."""
    return nnx.split(row.build(nnx.Rngs(0)))


@partial(jax.jit, static_argnums=0)
def compiled(graph: nnx.GraphDef, state: nnx.State, x: jax.Array) -> jax.Array:
    return nnx.merge(graph, state, copy=True)(x)


@partial(jax.jit, static_argnums=0)
def slopes(graph: nnx.GraphDef, state: nnx.State, x: jax.Array) -> tuple[nnx.State, jax.Array]:
    """Differentiate the sum of the sines of what a layer gives."""

    def loss(state, x):
        return jnp.sin(nnx.merge(graph, state, copy=True)(x)).sum()

    return jax.grad(loss, argnums=(0, 1))(state, x)


def widened(tree: Any) -> Any:
    return jax.tree.map(lambda a: np.asarray(a, np.float64), tree)


@rows
def test_shape_and_dtype(row: Row):
    result = compiled(*built(row), row.input())
    assert (result.shape, result.dtype) == (row.shape_out, jnp.float32)


@rows
def test_jit_gives_what_eager_gives(row: Row):
    eager = nnx.merge(*built(row), copy=True)(row.input())
    assert (eager.shape, eager.dtype) == (row.shape_out, jnp.float32)
    np.testing.assert_allclose(compiled(*built(row), row.input()), eager, rtol=1e-6, atol=1e-6)


@rows
def test_float64_goes_through_and_float32_is_near(row: Row):
    graph, state = built(row)
    single = compiled(graph, state, row.input())
    with jax.enable_x64(True):
        double = compiled(graph, widened(state), widened(row.input()))
        assert double.dtype == jnp.float64
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-6)


@rows
def test_gradients_are_finite_differences(row: Row):
    graph, state = built(row)
    at = widened((state, row.input()))
    rng = np.random.default_rng(1)
    along = jax.tree.map(lambda a: rng.normal(size=a.shape), at)
    step = 1e-6
    with jax.enable_x64(True):
        gradients = jax.tree.leaves(slopes(graph, *at))
        ahead, behind = (
            np.sin(compiled(graph, *jax.tree.map(lambda a, d, s=s: a + s * d, at, along))).sum()
            for s in (step, -step)
        )
    slope = sum(
        np.sum(np.asarray(g) * d) for g, d in zip(gradients, jax.tree.leaves(along), strict=True)
    )
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6)


@rows
def test_weights_survive_a_round_trip_as_plain_arrays(row: Row):
    graph, state = built(row)
    plain = {path: np.asarray(v[...]) for path, v in nnx.to_flat_state(state)}
    blank_graph, blank = nnx.split(nnx.eval_shape(lambda: row.build(nnx.Rngs(1))))
    filled = [(at, v.replace(jnp.asarray(plain.pop(at)))) for at, v in nnx.to_flat_state(blank)]
    again = compiled(blank_graph, nnx.from_flat_state(filled), row.input())
    assert not plain
    np.testing.assert_array_equal(again, compiled(graph, state, row.input()))


@rows
def test_an_empty_batch_goes_through(row: Row):
    graph, state = built(row)

    def loss(state, x):
        result = nnx.merge(graph, state, copy=True)(x)
        return jnp.sum(result), result

    if row.batched:
        x = jnp.asarray(row.input()[:0])
        _, result = jax.eval_shape(jax.grad(loss, has_aux=True), state, x)
        assert result.shape == (0, *row.shape_out[1:])


@rows
def test_half_precision_is_the_rounded_result(row: Row):
    """Inputs far from 0, whose sums half precision cannot hold."""
    graph, state = built(row)
    x = (row.input() + 20).astype(jnp.bfloat16)
    found = compiled(graph, state, x)
    assert found.dtype == jnp.bfloat16
    expected = np.asarray(compiled(graph, state, x.astype(np.float32)))
    # weights and what lies between layers are rounded too
    bound = 2 * float(jnp.finfo(jnp.bfloat16).eps)
    np.testing.assert_allclose(
        np.asarray(found, float), expected, rtol=0, atol=bound * np.abs(expected).max()
    )


def products(jaxpr: Any) -> Iterator[Any]:
    """Walk over all matrix products and convolutions of a program."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            yield equation
        for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=_is_program):
            if _is_program(inner):
                yield from products(getattr(inner, "jaxpr", inner))


def _is_program(thing: Any) -> bool:
    return hasattr(thing, "eqns") or hasattr(thing, "jaxpr")


def precisions(graph: nnx.GraphDef, state: nnx.State, x: Any) -> set[str]:
    """Find the precisions of all products in a layer and in its gradient."""

    def loss(state, x):
        return jnp.sum(nnx.merge(graph, state, copy=True)(x))

    program = jax.make_jaxpr(jax.value_and_grad(loss, argnums=(0, 1)))(state, x)
    found = [equation.params["precision"] for equation in products(program.jaxpr)]
    return {str(one) for pair in found for one in (pair if isinstance(pair, tuple) else [pair])}


MULTIPLY = {
    attention.MultiHeadAttention,
    attention.attention,
    best_match.best_match,
    blocks.ConvNormActivation,
    blocks.SeparableConv,
    blocks.SqueezeExcite,
    conv.Conv,
    conv.conv,
    conv_transpose.ConvTranspose,
    conv_transpose.conv_transpose,
    layers.Dense,
    recurrent.LSTM,
}


@pytest.mark.parametrize("platform", ["cpu", "gpu"])
@rows
def test_products_are_as_precise_as_can_be(row: Row, platform: str, monkeypatch):
    """Without effect on a CPU, where tests run: therefore seen in the program."""
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    found = precisions(*nnx.split(row.build(nnx.Rngs(0))), row.input())
    if row.covers in MULTIPLY:
        assert found or platform == "cpu"
    assert found <= {"HIGHEST"}


class Observed(nnx.Module):
    """The first of what a layer is observed to give, dressed as a layer."""

    def __init__(self, layer: nnx.Module, observed: Any) -> None:
        self.layer, self.observed = layer, observed

    def __call__(self, x: jax.Array) -> jax.Array:
        return jax.tree.leaves(self.observed(self.layer, x))[0]


@pytest.mark.parametrize("case", composed.CASES, ids=lambda case: case.layer.__name__)
def test_a_module_is_its_functions_whatever_the_options(case: Composed, monkeypatch):
    takes_rngs = "rngs" in inspect.signature(case.layer.__init__).parameters
    with jax.enable_x64(True):
        rngs = {"rngs": nnx.Rngs(0)} if takes_rngs else {}
        layer = case.layer(*case.sizes, **case.options, **rngs)
        rng = np.random.default_rng(0)
        for path, weight in nnx.to_flat_state(nnx.state(layer)):
            if "kernel_init" in case.options and path[-1] == "kernel":
                np.testing.assert_array_equal(weight[...], 0.25)
            values = rng.normal(size=weight.shape)
            values = np.abs(values) + 0.5 if path[-1] == "variance" else values
            target = layer
            for step in path[:-1]:
                target = target[step] if isinstance(step, int) else getattr(target, step)
            getattr(target, path[-1])[...] = jnp.asarray(values, jnp.float32)
        x = jnp.asarray(rng.normal(size=case.shape_in), jnp.float32)
        expected = case.by_functions(layer, x.astype(jnp.float64), **case.options)
        found = case.observed(layer, x)
        if "dtype" in case.options:
            assert jax.tree.leaves(found)[0].dtype == jnp.float64
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
        if "precision" in case.options:
            monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
            assert precisions(*nnx.split(Observed(layer, case.observed)), x) == {"HIGH"}


def test_every_option_of_every_module_is_held_against_functions():
    modules = {
        thing for thing in PUBLIC if isinstance(thing, type) and issubclass(thing, nnx.Module)
    }
    assert modules == {case.layer for case in composed.CASES}
    for module in modules:
        parameters = inspect.signature(module.__init__).parameters.values()
        options = {p.name: p.default for p in parameters if p.default is not p.empty}
        options.pop("rngs", None)
        for name, default in options.items():
            given = [c.options.get(name, default) for c in composed.CASES if c.layer is module]
            assert any(value != default for value in given), f"{module.__name__}, {name}"
