from functools import partial

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from seqcnn.nn import depthwise, lowering, shifted
from seqcnn.nn.conv import conv
from seqcnn.nn.geometry import Geometry
from seqcnn.reference import conv as by_hand


@st.composite
def problems(draw):
    """A convolution of rank 1 to 3 with everything that it can have."""
    rank = draw(st.integers(1, 3))

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    window, stride, dilation = each(1, 3), each(1, 3), each(1, 2)
    pads = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(rank))
    space = tuple(
        max(1, (k - 1) * d + 1 - sum(p)) + draw(st.integers(0, 3))
        for k, d, p in zip(window, dilation, pads, strict=True)
    )
    groups, n = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    take = 1 if (depthwise := draw(st.booleans())) else draw(st.integers(1, 2))
    give = draw(st.integers(1, 2))
    options = {"stride": stride, "padding": pads, "dilation": dilation, "groups": groups}
    return (n, *space, take * groups), (*window, take, give * groups), options, depthwise


@settings(max_examples=12, derandomize=True)
@given(problems(), st.integers(0, 2**31))
def test_every_program_and_its_gradients_equal_the_loops(problem, seed):
    shape, kernel_shape, options, depthwise = problem
    rng = np.random.default_rng(seed)
    x, kernel = rng.normal(size=shape), rng.normal(size=kernel_shape)
    result = by_hand.conv(x, kernel, **options)
    upstream = rng.normal(size=result.shape)
    expected = result, *by_hand.conv_gradients(x, kernel, upstream, **options)
    groups = options.pop("groups")
    geometry = Geometry.of(shape[1:-1], kernel_shape[:-2], **options)
    programs = [lowering.by_lax, lowering.columns]
    programs += [lowering.image_by_image, lowering.columns_behind] * (groups == 1)
    programs += [lowering.blocks] * (groups > 1)
    programs += [lowering.planes, lowering.planes_added] * (groups == 1 and geometry.rank > 1)
    programs += [lowering.banded] * (groups == 1 and geometry.rank > 1)
    programs += [lowering.position_by_position] * (groups == 1 and geometry.rank == 1)
    programs += [lowering.shift_and_add] * depthwise

    @jax.jit
    def everything(x, kernel, upstream):
        results = []
        for program in programs:
            compute = partial(program, geometry=geometry, groups=groups, precision="highest")
            result, back = jax.vjp(compute, x, kernel)
            results.append((result, *back(upstream)))
        return results

    with jax.enable_x64(True):
        for found in everything(x, kernel, upstream):
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(1, np.abs(b).max()))


@pytest.mark.parametrize(
    "limits",
    [
        {shifted: {"_MOST_TERMS": 0, "_MOST_INSIDE": 0.0}, depthwise: {"_MANY_POSITIONS": 1}},
        {shifted: {"_MOST_TERMS": 0, "_MOST_INSIDE": 2.0}, depthwise: {"MOST_JOINED": 2}},
        {
            shifted: {"_MOST_TERMS": 0, "_MOST_INSIDE": 2.0, "_FIRST_CACHE": 0, "_BLOCK": 8},
            depthwise: {"_SECOND_CACHES": 1},
        },
    ],
    ids=["strips", "portions", "blocks"],
)
def test_ways_for_large_maps_and_large_kernels(monkeypatch, limits):
    """What only sizes choose that would be slow to test, for every kind of padding and stride."""
    for module, values in limits.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    rng = np.random.default_rng(0)
    for space, window, options in (
        ((9,), (3,), {"padding": 1}),
        ((9,), (2,), {"padding": [(4, 3)], "stride": 2}),
        ((8, 7), (3, 2), {"padding": [(2, 1), (0, 1)], "stride": (2, 1)}),
        ((5, 9), (4, 3), {"padding": "same", "dilation": (1, 2)}),
        ((6, 6), (2, 2), {"padding": [(1, 0), (3, 3)], "stride": 3}),
        ((5, 4, 4), (3, 3, 3), {"padding": 1}),
    ):
        x, kernel = rng.normal(size=(2, *space, 2)), rng.normal(size=(*window, 1, 2))
        result = by_hand.conv(x, kernel, groups=2, **options)
        upstream = rng.normal(size=result.shape)
        expected = result, *by_hand.conv_gradients(x, kernel, upstream, groups=2, **options)
        geometry = Geometry.of(space, window, **options)
        with jax.enable_x64(True):
            # jitted anew, so that the program is not one that was compiled for other limits
            compute = jax.jit(partial(depthwise.shift_and_add, geometry=geometry, groups=2))
            arrays = jnp.asarray(x), jnp.asarray(kernel)
            _, back = jax.vjp(compute, *arrays)
            found = compute(*arrays), *back(jnp.asarray(upstream))
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * np.abs(b).max())


@pytest.mark.parametrize("most", [1, 4, 6, 100])
def test_blocks_of_any_number_of_groups(monkeypatch, most):
    monkeypatch.setattr(lowering, "_BLOCK", most)
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, 7, 12)), rng.normal(size=(3, 2, 18))
    geometry = Geometry.of((7,), (3,), padding=1)
    with jax.enable_x64(True):
        found = lowering.blocks(
            jnp.asarray(x), jnp.asarray(kernel), geometry, groups=6, precision="highest"
        )
    expected = by_hand.conv(x, kernel, padding=1, groups=6)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def chosen(x, kernel, dtype=jnp.float32, **options):
    groups = options.pop("groups", 1)
    geometry = Geometry.of(x[1:-1], kernel[:-2], **options)
    return lowering.choose(x[0], jnp.zeros(kernel, dtype), geometry, groups=groups)


def test_the_choice_depends_on_shapes():
    assert chosen((8, 100, 4), (15, 4, 16)) is lowering.by_lax
    assert chosen((8, 20, 4), (15, 4, 16)) is lowering.columns
    assert chosen((8, 2, 2, 16), (3, 3, 16, 16), padding=1) is lowering.columns
    assert chosen((8, 28, 2, 16), (3, 3, 16, 16), padding=1) is lowering.columns
    assert chosen((8, 3, 16), (7, 16, 16), padding=3) is lowering.position_by_position
    assert chosen((8, 4, 16), (7, 16, 16), padding=3) is lowering.columns
    assert chosen((8, 7, 7, 256), (3, 3, 256, 256), padding=1) is lowering.columns
    assert chosen((16, 7, 7, 256), (3, 3, 256, 256), padding=1) is lowering.by_lax
    assert chosen((2, 7, 7, 128), (3, 3, 128, 128), padding=1) is lowering.by_lax
    assert chosen((8, 28, 1, 16), (3, 1, 16, 16)) is lowering.by_lax
    assert chosen((8, 28, 28, 16), (1, 1, 16, 16)) is lowering.columns
    assert chosen((8, 28, 28, 16), (3, 3, 4, 16), groups=4) is lowering.blocks
    assert chosen((8, 28, 28, 128), (3, 3, 4, 128), groups=32) is lowering.blocks
    assert chosen((8, 28, 28, 512), (3, 3, 16, 512), groups=32) is lowering.columns
    assert chosen((8, 7, 7, 16), (3, 3, 4, 16), groups=4) is lowering.columns
    assert chosen((8, 28, 28, 16), (3, 3, 1, 32), groups=16) is lowering.shift_and_add
    assert chosen((8, 28, 28, 16), (3, 3, 1, 32), jnp.bfloat16, groups=16) is lowering.by_lax
    assert chosen((8, 9, 9, 9, 16), (3, 3, 3, 16, 8)) is lowering.planes
    assert chosen((8, 9, 9, 2, 16), (3, 3, 3, 16, 8), padding=1) is lowering.columns
    assert chosen((8, 4, 4, 4, 16), (3, 3, 3, 16, 8), padding=1) is lowering.planes_added
    assert (
        chosen((8, 9, 4, 4, 16), (3, 3, 3, 16, 8), padding=1, stride=(2, 1, 1)) is lowering.planes
    )
    assert chosen((128, 32, 32, 1), (5, 5, 1, 6)) is lowering.banded
    assert chosen((128, 14, 14, 6), (5, 5, 6, 16)) is lowering.banded
    assert chosen((8, 32, 32, 1), (5, 5, 1, 6)) is lowering.by_lax
    assert chosen((128, 28, 28, 1), (3, 3, 1, 8), padding=1) is lowering.banded
    assert chosen((128, 28, 28, 1), (3, 3, 1, 24), padding=1) is lowering.columns_behind
    assert chosen((128, 28, 28, 24), (3, 3, 24, 24), padding=1) is lowering.image_by_image
    assert chosen((16, 64, 64, 12), (3, 3, 12, 24), padding=1) is lowering.image_by_image
    assert chosen((4, 128, 128, 32), (3, 3, 32, 32), padding=1) is lowering.by_lax
    assert chosen((128, 28, 28, 24), (5, 5, 24, 24), padding=2) is lowering.by_lax
    assert chosen((128, 28, 28, 24), (3, 3, 24, 16), padding=1) is lowering.by_lax
    assert chosen((16, 7, 7, 24), (3, 3, 24, 24), padding=1) is lowering.by_lax
    assert chosen((128, 71, 71, 1), (5, 5, 1, 6)) is lowering.by_lax
    assert chosen((128, 14, 14, 6), (5, 5, 6, 32)) is lowering.by_lax
    assert chosen((2, 900, 4), (600, 1, 4), groups=4) is lowering.by_lax
    assert chosen((10**6, 20, 4), (15, 4, 16)) is lowering.by_lax
    assert chosen((10**6, 2000, 4), (1, 4, 16)) is lowering.columns


def test_other_devices_are_left_to_xla(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert chosen((8, 2, 2, 16), (3, 3, 16, 16), padding=1) is lowering.by_lax
    with jax.default_device(jax.devices("cpu")[0]):
        assert chosen((8, 2, 2, 16), (3, 3, 16, 16), padding=1) is lowering.columns


CASES = [
    ((4, 6, 3), (3, 1, 6), {"groups": 3, "padding": 1}),
    ((4, 5, 4, 2), (3, 2, 1, 2), {"groups": 2, "stride": 2}),
    ((4, 2, 3), (3, 3, 2), {"padding": 1}),
    ((4, 3, 3), (4, 3, 2), {"padding": 1}),
    ((4, 6, 4), (3, 2, 4), {"groups": 2}),
    ((4, 9, 3), (3, 3, 2), {}),
    ((2, 5, 6, 5, 2), (2, 3, 2, 2, 2), {"stride": (1, 2, 1)}),
    ((2, 4, 3, 1), (3, 2, 1, 16), {"padding": 1}),
    ((8, 3, 4, 24), (2, 2, 24, 24), {"stride": (1, 2)}),
]


@pytest.fixture
def every_way(monkeypatch):
    """Have few values take the ways of many."""
    monkeypatch.setattr(lowering, "_MANY_VALUES", 1)


cases = pytest.mark.parametrize(("shape", "kernel_shape", "options"), CASES, ids=str)


@cases
@pytest.mark.usefixtures("every_way")
def test_gradients_of_gradients(shape, kernel_shape, options):
    """By reverse mode twice, and by forward mode over reverse, against finite differences."""
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        point = jnp.asarray(rng.normal(size=shape)), jnp.asarray(rng.normal(size=kernel_shape))
        along = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape)), point)

        @jax.jit
        def gradient(x, kernel):
            return jax.grad(lambda x, k: jnp.sin(conv(x, k, **options)).sum(), (0, 1))(x, kernel)

        def slope(x, kernel):
            parts = jax.tree.map(lambda g, d: (g * d).sum(), gradient(x, kernel), along)
            return sum(parts)

        ahead, behind = (
            gradient(*jax.tree.map(lambda a, d, s=s: a + s * d, point, along))
            for s in (1e-6, -1e-6)
        )
        expected = jax.tree.map(lambda a, b: (a - b) / 2e-6, ahead, behind)
        twice = jax.jit(jax.grad(slope, (0, 1)))(*point)
        for found in (twice, jax.jvp(gradient, point, along)[1]):
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-6 * np.abs(b).max())


@cases
@pytest.mark.usefixtures("every_way")
def test_vmap_is_a_loop(shape, kernel_shape, options):
    rng = np.random.default_rng(0)
    x, kernels = rng.normal(size=shape), rng.normal(size=(2, *kernel_shape))
    with jax.enable_x64(True):

        @jax.jit
        def gradient(x, kernel):
            return jax.grad(lambda x, k: jnp.sin(conv(x, k, **options)).sum(), (0, 1))(x, kernel)

        found = jax.jit(jax.vmap(gradient, (None, 0)))(jnp.asarray(x), jnp.asarray(kernels))
        for i in range(2):
            for a, b in zip(found, gradient(jnp.asarray(x), jnp.asarray(kernels[i])), strict=True):
                np.testing.assert_allclose(a[i], b, rtol=1e-12, atol=1e-12)


def test_the_same_numbers_in_a_loop_of_xla():
    x, kernel = (jnp.asarray(np.random.default_rng(0).normal(size=s), jnp.float32)
                 for s in ((3, 4, 6, 2), (3, 1, 2)))  # fmt: skip
    looped = jax.lax.map(lambda x: conv(x, kernel, groups=2, padding=1), x)
    for a, b in zip(looped, x, strict=True):
        np.testing.assert_allclose(a, conv(b, kernel, groups=2, padding=1), rtol=1e-6, atol=1e-6)


def test_image_by_image_goes_forward():
    """A tangent is the convolution of the tangents, where either stands still too."""
    rng = np.random.default_rng(0)
    x, along_x = (jnp.asarray(rng.normal(size=(6, 5, 4, 3))) for _ in range(2))
    kernel, along_kernel = (jnp.asarray(rng.normal(size=(3, 2, 3, 2))) for _ in range(2))
    geometry = Geometry.of((5, 4), (3, 2), padding=1)
    plain, other = (
        partial(way, geometry=geometry, groups=1, precision="highest")
        for way in (lowering.by_lax, lowering.image_by_image)
    )
    for moving in ((along_x, along_kernel), (along_x, 0 * kernel), (0 * x, along_kernel)):
        expected = jax.jvp(plain, (x, kernel), moving)
        for a, b in zip(jax.jvp(other, (x, kernel), moving), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    one = jax.jvp(lambda k: other(x, k), (kernel,), (along_kernel,))[1]
    np.testing.assert_allclose(one, plain(x, along_kernel), rtol=0, atol=1e-5)
    with_x = jax.jvp(lambda x: other(x, kernel), (x,), (along_x,))[1]
    np.testing.assert_allclose(with_x, plain(along_x, kernel), rtol=0, atol=1e-5)


def test_each_channel_on_its_own_for_batches_of_any_size():
    """The gradient of the kernel splits the batch in parts: none may be lost."""
    for n in (1, 3, 8, 12):
        x = jnp.ones((n, 5, 2))
        total = jax.jit(lambda k, x=x: conv(x, k, groups=2).sum())
        found = jax.grad(total)(jnp.ones((3, 1, 2)))
        np.testing.assert_array_equal(found, np.full((3, 1, 2), 3 * n))


@pytest.mark.parametrize(("space", "window"), [((30,), (21,)), ((7, 6), (5, 5))])
def test_each_channel_on_its_own_under_large_windows(space, window):
    """Many terms are summed in portions: none may be lost."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(2, *space, 3)), rng.normal(size=(*window, 1, 3))
    options = {"stride": 2, "padding": "same", "groups": 3}
    result = by_hand.conv(x, kernel, **options)
    upstream = rng.normal(size=result.shape)
    expected = result, *by_hand.conv_gradients(x, kernel, upstream, **options)
    with jax.enable_x64(True):
        found, back = jax.vjp(lambda x, k: conv(x, k, **options), x, kernel)
        for a, b in zip((found, *back(jnp.asarray(upstream))), expected, strict=True):
            np.testing.assert_allclose(np.asarray(a), b, rtol=0, atol=1e-12 * np.abs(b).max())


def test_eager_calls_compile_once():
    x, kernel = jnp.ones((2, 30, 8)), jnp.ones((9, 1, 8))
    conv(x, kernel, groups=8)
    with jax.log_compiles(), pytest.MonkeyPatch.context() as patch:
        compiled = []
        patch.setattr("logging.Logger.warning", lambda *a: compiled.append(a))
        conv(x, kernel, groups=8)
    assert not compiled


@pytest.mark.parametrize(
    ("shape", "kernel", "groups"),
    [
        ((0, 5, 4), (3, 1, 4), 4),
        ((0, 2, 4), (3, 4, 2), 1),
        ((0, 5, 4), (3, 2, 4), 2),
        ((0, 5, 6, 4), (3, 3, 2, 4), 2),
        ((0, 300, 4), (3, 2, 4), 2),
        ((0, 7, 6, 5, 2), (3, 3, 3, 2, 4), 1),
        ((0, 5, 4), (1, 4, 2), 1),
        ((0, 300, 4), (3, 4, 2), 1),
    ],
)
def test_batches_of_nothing(shape, kernel, groups):
    x, kernel = jnp.ones(shape), jnp.ones(kernel)
    found, back = jax.vjp(lambda x, k: conv(x, k, padding="same", groups=groups), x, kernel)
    assert found.shape == (0, *shape[1:-1], kernel.shape[-1])
    of_x, of_kernel = back(found)
    assert of_x.shape == shape and not of_kernel.any()
