import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.local_response import local_response_norm
from seqcnn.nn.moments import Moments, Reduction, normalise
from seqcnn.nn.norm import BatchNorm, GroupNorm, batch_norm, group_norm
from seqcnn.nn.norm_layer import LayerNorm, layer_norm
from seqcnn.reference import norm as by_hand

from .witness import assert_equals_the_loops

SPACES = [(), (7,), (4, 5), (2, 3, 4)]
START = Moments(np.zeros(6), np.ones(6))


def example(space, channels=6):
    rng = np.random.default_rng(0)
    x = 2 * rng.normal(size=(3, *space, channels)) + 5
    return x, *rng.normal(size=(2, channels)), rng.random(x.shape[:-1]) < 0.6


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_batch_norm_equals_the_loops(space, masked):
    x, scale, bias, mask = example(space)
    counts = mask if masked else np.ones_like(mask)

    def in_training(x, scale, bias):
        start = Moments(jnp.zeros(6, x.dtype), jnp.ones(6, x.dtype))
        return batch_norm(x, start, scale, bias, mask=mask if masked else None, training=True)[0]

    def twin(x, scale, bias):
        return by_hand.batch_norm(x, scale, bias, mask=counts)

    assert_equals_the_loops(in_training, twin, x, scale, bias)


@pytest.mark.parametrize("unbiased", [False, True])
def test_running_moments_equal_the_loops_and_serve_prediction(unbiased):
    batches = [example((4,))[0] + step for step in range(5)]
    masks = [example((4,))[3], np.zeros((3, 4), bool), np.ones((3, 4), bool), np.eye(3, 4) > 0]
    masks.append(np.eye(3, 4, 2) > 0)  # two values
    masks[3][1:] = False  # one value: its variance has no unbiased estimate
    options = {"momentum": 0.3, "unbiased": unbiased}
    means, variances = by_hand.running_moments(batches, masks, **options)
    with jax.enable_x64(True):
        running = Moments(*map(jnp.asarray, START))
        for x, mask in zip(batches, masks, strict=True):
            _, running = batch_norm(
                jnp.asarray(x), running, mask=jnp.asarray(mask), training=True, **options
            )
        np.testing.assert_allclose(running.mean, means, rtol=1e-12)
        np.testing.assert_allclose(running.variance, variances, rtol=1e-12)
        x = batches[0]
        found, after = batch_norm(jnp.asarray(x), running)
    assert after is running
    np.testing.assert_allclose(found, (x - means) / np.sqrt(variances + 1e-5), rtol=1e-12)


def test_a_batch_norm_module_learns_in_training_only():
    x = jnp.asarray(example((4,))[0], jnp.float32)
    layer = BatchNorm(6, momentum=1.0, unbiased=False)
    np.testing.assert_allclose(layer(x), x / np.sqrt(1 + 1e-5), rtol=1e-6)
    trained = layer(x, training=True)
    np.testing.assert_allclose(layer.mean[...], x.mean((0, 1)), rtol=1e-6)
    # with this momentum, the running moments are those of the batch
    np.testing.assert_allclose(layer(x), trained, rtol=1e-4, atol=1e-5)
    assert {type(v) for _, v in nnx.to_flat_state(nnx.state(layer))} == {nnx.Param, nnx.BatchStat}


def test_what_the_mask_hides_has_no_say():
    x, _, _, mask = example((8,))
    hidden = np.where(mask[..., None], x, 1e6)
    outcomes = [
        batch_norm(jnp.asarray(a), START, mask=jnp.asarray(mask), training=True)
        for a in (x.astype(np.float32), hidden.astype(np.float32))
    ]
    np.testing.assert_array_equal(outcomes[0][0][mask], outcomes[1][0][mask])
    np.testing.assert_array_equal(outcomes[0][1].variance, outcomes[1][1].variance)
    grouped = [group_norm(jnp.asarray(a), 2, mask=jnp.asarray(mask)) for a in (x, hidden)]
    np.testing.assert_allclose(grouped[0][mask], grouped[1][mask], rtol=1e-6)


def test_a_large_offset_costs_no_digits():
    x = np.random.default_rng(0).normal(size=(64, 50, 6)).astype(np.float32) + np.float32(4096)
    expected = by_hand.batch_norm(
        x.astype(float), np.ones(6), np.zeros(6), mask=np.ones((64, 50), bool)
    )
    found, _ = batch_norm(jnp.asarray(x), START, training=True)
    # one rounding of the mean is 4096 * 6e-8
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("groups", [1, 3, 6])
@pytest.mark.parametrize("space", SPACES[1:], ids=str)
def test_group_norm_equals_the_loops(space, groups):
    x, scale, bias, mask = example(space)

    def twin(x, scale, bias):
        return by_hand.group_norm(x, groups, scale, bias, mask=mask)

    def function(x, scale, bias):
        return group_norm(x, groups, scale, bias, mask=jnp.asarray(mask))

    assert_equals_the_loops(function, twin, x, scale, bias)


def test_an_example_without_a_position_that_counts_holds_no_nan():
    x, nothing = jnp.ones((2, 3, 6)), jnp.zeros((2, 3), bool)

    def in_groups(x):
        return group_norm(x, 2, mask=nothing)

    def in_batches(x):
        return batch_norm(x, Moments(*map(jnp.asarray, START)), mask=nothing, training=True)[0]

    for function in (in_groups, in_batches):
        np.testing.assert_allclose(function(x), x / np.sqrt(1e-5), rtol=1e-6)
        gradient = jax.grad(lambda x, f=function: f(x).sum())(x)
        np.testing.assert_allclose(gradient, np.full(x.shape, 1 / np.sqrt(1e-5)), rtol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_layer_norm_equals_the_loops(count):
    x, rng = example((2, 3))[0], np.random.default_rng(2)
    scale, bias = rng.normal(size=(2, *x.shape[-count:]))

    def function(x, scale, bias):
        return layer_norm(x, scale, bias, axes=range(-count, 0))

    assert_equals_the_loops(function, by_hand.layer_norm, x, scale, bias)


def test_layer_norm_over_axes_that_are_not_the_last():
    x, scale = example((2, 5))[0], np.random.default_rng(0).normal(size=(2, 6))
    expected = by_hand.layer_norm(np.moveaxis(x, 2, 1), scale, np.zeros((2, 6)))
    found = layer_norm(jnp.asarray(x, jnp.float32), jnp.asarray(scale, jnp.float32), axes=(-1, 1))
    np.testing.assert_allclose(found, np.moveaxis(expected, 1, 2), rtol=1e-5, atol=1e-5)


def _forms(masked):
    """Each normalisation as a function of x, scale and bias, with an eps that is seen."""
    mask = jnp.asarray(example((5,))[3]) if masked else None
    start = Moments(*map(jnp.asarray, START))
    forms = {
        "batch": lambda x, s, b: batch_norm(x, start, s, b, mask=mask, training=True, eps=0.3)[0],
        "group": lambda x, s, b: group_norm(x, 2, s, b, mask=mask, eps=0.3),
        "one example": lambda x, s, b: group_norm(
            x[:1], 3, s, b, mask=None if mask is None else mask[:1], eps=0.3
        ),
        "layer": lambda x, s, b: layer_norm(x, s, b, eps=0.3),
    }
    return forms


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", ["batch", "group", "one example", "layer"])
def test_derivatives_of_every_kind_are_finite_differences(name, masked):
    rng = np.random.default_rng(1)
    x, scale, bias, _ = example((5,))
    with jax.enable_x64(True):
        function = _forms(masked)[name]
        point = tuple(map(jnp.asarray, (x, scale, bias)))
        along = tuple(jnp.asarray(rng.normal(size=a.shape)) for a in point)

        def loss(*point):
            return jnp.sin(function(*point)).sum()

        def moved(step, function):
            return jax.jit(function)(*(a + step * d for a, d in zip(point, along, strict=True)))

        def slope_of(function):
            ahead, behind = (moved(step, function) for step in (1e-5, -1e-5))
            return jax.tree.map(lambda a, b: (a - b) / 2e-5, ahead, behind)

        gradient = jax.grad(loss, (0, 1, 2))
        for found, expected in [
            (jax.jvp(function, point, along)[1], slope_of(function)),
            (
                sum((g * d).sum() for g, d in zip(gradient(*point), along, strict=True)),
                slope_of(loss),
            ),
            (jax.jvp(gradient, point, along)[1], slope_of(gradient)),
            (
                jax.grad(lambda *p: jax.jvp(loss, p, along)[1], (0, 1, 2))(*point),
                slope_of(gradient),
            ),
        ]:
            for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-6 * max(1, np.abs(b).max()))


def test_moments_have_gradients():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 3)), jnp.float32)
    weights = jnp.ones(3), jnp.zeros(3)

    def variance(x):
        return normalise(x, *weights, None, Reduction((0, 1), 3), 1e-5)[1].variance.sum()

    np.testing.assert_allclose(variance(x), x.var((0, 1)).sum(), rtol=1e-5)
    expected = jax.grad(lambda x: x.var((0, 1)).sum())(x)
    np.testing.assert_allclose(jax.grad(variance)(x), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("platform", ["gpu", "cpu"])
def test_layer_norm_is_the_same_by_sums_and_by_products(monkeypatch, platform):
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    x, scale, bias, _ = example((4,))
    assert_equals_the_loops(lambda *a: layer_norm(*a), by_hand.layer_norm, x[..., :], scale, bias)


@pytest.mark.parametrize(
    ("window", "beta"), [(1, 0.75), (4, 0.5), (5, 0.75), (9, 2.0), (3, 1.25), (2, 0.6), (3, 1.0)]
)
def test_local_response_equals_the_loops(window, beta):
    options = {"alpha": 0.3, "beta": beta, "offset": 1.5}

    def function(x):
        return local_response_norm(x, window, **options)

    def twin(x):
        return by_hand.local_response_norm(x, window, **options)

    assert_equals_the_loops(function, twin, example((2,))[0])


def test_modules_apply_their_weights():
    x = jnp.asarray(example((4,))[0], jnp.float32)
    layers = [
        (BatchNorm(6), lambda s, b: batch_norm(x, Moments(*map(jnp.asarray, START)), s, b)[0]),
        (LayerNorm(6, eps=0.1), lambda s, b: layer_norm(x, s, b, eps=0.1)),
        (GroupNorm(6, 3, eps=0.1), lambda s, b: group_norm(x, 3, s, b, eps=0.1)),
    ]
    for layer, function in layers:
        layer.scale[...], layer.bias[...] = jnp.arange(6.0), jnp.ones(6)
        np.testing.assert_array_equal(layer(x), function(jnp.arange(6.0), jnp.ones(6)))


def test_running_moments_have_no_gradient():
    x, start = jnp.asarray(example((4,))[0], jnp.float32), Moments(*map(jnp.asarray, START))

    def total(x):
        _, after = batch_norm(x, start, training=True)
        return after.mean.sum() + after.variance.sum()

    assert not np.any(jax.grad(total)(x))


def test_weights_belong_to_the_channels():
    """A weight of extent 1 would serve any number of channels without a word."""
    x = jnp.ones((2, 3, 6))
    for layer in (BatchNorm(1), BatchNorm(3), LayerNorm(1), LayerNorm(12), GroupNorm(1, 1)):
        with pytest.raises(SeqcnnError, match=r"must have the shape \(6,\)") as caught:
            layer(x)
        assert "\n" not in str(caught.value)
    with pytest.raises(SeqcnnError, match="`mean`"):
        batch_norm(x, Moments(jnp.zeros(1), jnp.ones(6)))
    for axes in (7, -4, (), (-1, 2), (1, 1), 1.0, "12"):
        with pytest.raises(SeqcnnError, match="`axes`"):
            layer_norm(x, axes=axes)
    np.testing.assert_array_equal(
        layer_norm(x + jnp.arange(6.0)[None, None], axes=np.int64(2)),
        layer_norm(x + jnp.arange(6.0)[None, None]),
    )


def test_options_out_of_range_are_refused_when_a_layer_is_built():
    for build, name in (
        (lambda: BatchNorm(4, momentum=5), "momentum"),
        (lambda: BatchNorm(4, eps=-1), "eps"),
        (lambda: BatchNorm(0), "channels"),
        (lambda: LayerNorm(4, eps=-1), "eps"),
        (lambda: LayerNorm((4, 0)), "features"),
        (lambda: GroupNorm(4, 2, eps=float("nan")), "eps"),
        (lambda: GroupNorm(4, 2.0), "groups"),
        (lambda: BatchNorm(4, dtype=jnp.int32), "dtype"),
    ):
        with pytest.raises(SeqcnnError, match=f"`{name}`"):
            build()


def test_a_batch_of_nothing_moves_no_moments():
    layer = BatchNorm(6)
    assert layer(jnp.ones((0, 4, 6)), training=True).shape == (0, 4, 6)
    assert not layer.mean[...].any() and (layer.variance[...] == 1).all()


def test_misfits_are_errors():
    x = jnp.ones((2, 3, 6))
    with pytest.raises(SeqcnnError, match="`mask`"):
        batch_norm(x, START, mask=jnp.ones((2, 4), bool), training=True)
    with pytest.raises(SeqcnnError, match="`groups` must divide the 6"):
        group_norm(x, 4)
    with pytest.raises(SeqcnnError, match="`groups`"):
        GroupNorm(6, 0)
    with pytest.raises(SeqcnnError, match="`window`"):
        local_response_norm(x, 0)
