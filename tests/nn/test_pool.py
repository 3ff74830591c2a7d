from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.nn.pool import adaptive_mean_pool, global_pool, max_pool, mean_pool, min_pool
from seqcnn.nn.pool_windows import pool_axes, pool_mask
from seqcnn.nn.unpool import max_pool_with_indices, max_unpool
from seqcnn.reference import pool as by_hand

POOLS = {"max": max_pool, "mean": mean_pool, "min": min_pool}

# space, window, options
CASES = [
    ((8,), 2, {}),
    ((9,), 4, {"ceil_mode": True}),
    ((9,), 3, {"stride": 1, "padding": "same"}),
    ((9,), 4, {"stride": 3, "padding": [(0, 2)]}),
    ((9,), 5, {"stride": 2, "padding": 2, "ceil_mode": True}),
    ((7,), 2, {"stride": 3, "ceil_mode": True}),
    ((8,), 6, {"stride": 3, "padding": "valid"}),
    ((1,), 3, {"stride": 3, "ceil_mode": True}),
    ((6, 5), 2, {"padding": 1}),
    ((6, 5), (3, 2), {"stride": (1, 2), "padding": (1, 0)}),
    ((5, 6), 3, {"stride": 2, "padding": 1, "ceil_mode": True}),
    ((4, 5, 3), 2, {"stride": 1}),
    ((3, 4, 5), (1, 2, 3), {"padding": [(0, 0), (1, 0), (0, 2)], "ceil_mode": True}),
]
DILATED = [
    ((9,), 3, {"stride": 2, "dilation": 3, "padding": 2}),
    ((9,), 2, {"dilation": 2, "ceil_mode": True}),
    ((6, 7), 2, {"stride": 1, "dilation": (2, 3)}),
    ((300,), 2, {"dilation": 280, "stride": 3}),
    # the last offset that fits a byte, and the first that does not
    ((300,), 2, {"dilation": 255, "stride": 7}),
    ((300,), 2, {"dilation": 256, "stride": 7}),
]
MASKED = [
    (2, {}),
    (3, {"stride": 2}),
    (3, {"stride": 2, "padding": 1}),
    (4, {"stride": 3, "padding": 1, "ceil_mode": True}),
    (2, {"stride": 3, "ceil_mode": True}),
    (3, {"stride": 1, "padding": "same"}),
    (2, {"ceil_mode": True}),
    (2, {"dilation": 2, "padding": 1}),
    (2, {"dilation": 2, "stride": 1, "ceil_mode": True}),
]
cases = pytest.mark.parametrize(("space", "window", "options"), CASES, ids=str)
all_cases = pytest.mark.parametrize(("space", "window", "options"), CASES + DILATED, ids=str)


def grid_of(space: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Draw few different numbers, so that most windows have several winners."""
    return np.random.default_rng(seed).integers(-3, 4, (2, *space, 3)).astype(float)


def with_gradient(function, x: np.ndarray, upstream: np.ndarray):
    def both(x, upstream):
        result, back = jax.vjp(function, x)
        return result, back(upstream)[0]

    return jax.jit(both)(jnp.asarray(x), jnp.asarray(upstream))


def check(function, twin, twin_gradient, x: np.ndarray) -> None:
    expected = twin(x)
    upstream = np.random.default_rng(1).normal(size=expected.shape)
    gradient = twin_gradient(x, upstream)
    for wide, tolerance in ((True, 1e-12), (False, 1e-5)):
        with jax.enable_x64(wide):
            result, back = with_gradient(function, x, upstream)
            np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)
            np.testing.assert_allclose(back, gradient, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["max", "min"])
@all_cases
def test_largest_and_smallest_equal_the_loops_with_gradients(space, window, options, kind):
    check(
        partial(POOLS[kind], window=window, **options),
        partial(by_hand.pool, kind=kind, window=window, **options),
        lambda x, upstream: by_hand.pool_gradient(x, kind, window, upstream, **options),
        # far from 0 on one side, so that a padded 0 would win
        grid_of(space) + (-9 if kind == "max" else 9),
    )


@pytest.mark.parametrize("padded", [False, True])
@cases
def test_means_equal_the_loops_with_gradients(space, window, options, padded):
    options = {**options, "count_include_pad": padded}
    check(
        partial(mean_pool, window=window, **options),
        partial(by_hand.pool, kind="mean", window=window, **options),
        lambda x, upstream: by_hand.pool_gradient(x, "mean", window, upstream, **options),
        grid_of(space),
    )


@all_cases
def test_indices_are_the_first_winners_even_where_all_is_minus_infinity(space, window, options):
    x = grid_of(space)
    x[1, ..., 0] = -np.inf
    values, indices = jax.jit(partial(max_pool_with_indices, window=window, **options))(x)
    assert indices.dtype == jnp.int32
    np.testing.assert_array_equal(values, by_hand.pool(x, "max", window, **options))
    np.testing.assert_array_equal(indices, by_hand.max_indices(x, window, **options))


@pytest.mark.parametrize(
    ("length", "window", "stride", "padding", "dilation", "positions"),
    # what PyTorch 2.13 gives with ceil_mode=True
    [
        (112, 3, 2, 0, 1, 56),
        (5, 2, 2, 0, 1, 3),
        (4, 2, 2, 0, 1, 2),
        (4, 2, 2, 1, 1, 3),
        (5, 2, 2, 1, 1, 3),
        (1, 2, 2, 0, 1, 1),
        (7, 2, 3, 0, 1, 3),
        (6, 2, 3, 0, 1, 2),
        (6, 2, 4, 0, 1, 2),
        (9, 3, 2, 1, 2, 4),
        (8, 3, 3, 1, 1, 3),
        (7, 1, 3, 0, 1, 3),
        (3, 4, 2, 1, 1, 2),
        (3, 4, 2, 2, 1, 3),
    ],
)
def test_ceil_mode_has_as_many_windows_as_pytorch(
    length, window, stride, padding, dilation, positions
):
    options = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": True}
    assert pool_axes((length,), window, **options)[0].positions == positions


def test_nan_wins_and_has_the_gradient():
    x = jnp.array([1.0, 9.0, np.nan, 3.0, 2.0, 4.0]).reshape(1, 6, 1)
    for pool in (max_pool, min_pool):
        result, back = with_gradient(partial(pool, window=3), x, np.ones((1, 2, 1), np.float32))
        np.testing.assert_array_equal(np.isnan(result).ravel(), [True, False])
        assert np.asarray(back)[0, 2, 0] == 1
    assert max_pool_with_indices(x, 3)[1].ravel().tolist() == [2, 5]


def test_every_transformation_of_jax_goes_through():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 1, 5, 4, 1)), jnp.float32)

    def loss(x):
        return (max_pool(x, 3, stride=2, padding=1) ** 2).sum()

    gradients = jax.jit(jax.vmap(jax.grad(loss)))(x)
    _, slopes = jax.jit(jax.vmap(lambda x: jax.jvp(loss, (x,), (x,))))(x)
    np.testing.assert_allclose(slopes, (gradients * x).sum((1, 2, 3, 4)), rtol=1e-5)
    # twice the square of what a window takes: a Hessian counts the windows of each winner
    hessian = np.asarray(jax.jit(jax.hessian(loss))(x[0])).reshape(20, 20)
    winners = by_hand.max_indices(np.asarray(x[0]), 3, stride=2, padding=1)
    np.testing.assert_allclose(hessian, 2 * np.diag(np.bincount(winners.ravel(), minlength=20)))


@pytest.mark.parametrize(
    ("space", "window", "options"),
    [
        ((8,), 2, {}),
        ((9,), 2, {}),
        ((9,), 3, {"stride": 2, "padding": 1}),
        ((7, 6), 2, {}),
        ((7, 6), (3, 2), {"stride": (2, 1), "padding": (1, 0)}),
        ((5, 4, 3), 2, {}),
        ((9,), 2, {"ceil_mode": True}),
        ((5, 5), 2, {"ceil_mode": True}),
        ((5, 5), 2, {"stride": 3, "padding": "same"}),
        ((9, 5), 2, {"dilation": (3, 2), "stride": 2, "padding": (1, 0)}),
    ],
)
def test_unpooling_puts_values_where_they_stood(space, window, options):
    x = grid_of(space)
    values, indices = jax.jit(partial(max_pool_with_indices, window=window, **options))(x)
    unpooling = {name: value for name, value in options.items() if name != "ceil_mode"}
    fresh = np.random.default_rng(2).normal(size=values.shape)
    upstream = np.random.default_rng(3).normal(size=x.shape)
    found, back = with_gradient(
        lambda v: max_unpool(v, indices, window, space=space, **unpooling), fresh, upstream
    )
    expected = by_hand.max_unpool(fresh, np.asarray(indices), space)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    # unpooling picks; where the value of a window was overwritten by a later one, none is left
    flat, picked = upstream.reshape(2, -1, 3), np.asarray(indices).reshape(2, -1, 3)
    kept = np.take_along_axis(expected.reshape(2, -1, 3), picked, 1).reshape(fresh.shape) == fresh
    taken = np.take_along_axis(flat, picked, 1).reshape(fresh.shape)
    np.testing.assert_allclose(back, taken * kept, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "window", "options"),
    [(k, *case) for k in POOLS for case in MASKED if k != "mean" or "dilation" not in case[1]],
    ids=str,
)
def test_a_masked_sequence_pools_as_it_does_alone(kind, window, options):
    """The prediction of a sequence is the same alone and in any batch."""
    rng = np.random.default_rng(0)
    for rank in (1, 2):
        shapes = [tuple(rng.integers(1, 10, rank)) for _ in range(12)] + [(9,) * rank]
        mask = np.zeros((len(shapes), *(9,) * rank), bool)
        for hidden, shape in zip(mask, shapes, strict=True):
            hidden[tuple(map(slice, shape))] = True
        x = rng.normal(size=(*mask.shape, 2))
        filled = np.where(mask[..., None], x, np.nan if kind == "mean" else 1e9)
        pooled, shown = map(
            np.asarray,
            jax.jit(
                lambda x, mask: (
                    POOLS[kind](x, window, mask=mask, **options),
                    pool_mask(mask, window, **options),
                )
            )(filled, mask),
        )
        assert not pooled[~shown].any()
        for n, shape in enumerate(shapes):
            try:
                inside = x[n : n + 1, *map(slice, shape)]
                alone = by_hand.pool(inside, kind, window, **options)[0]
            except SeqcnnError:  # shorter than a window: the first one is kept
                assert shown[n].sum() == shown[n][(0,) * rank] == 1
                continue
            box = tuple(map(slice, alone.shape[:-1]))
            assert shown[n][box].all() and shown[n].sum() == np.prod(alone.shape[:-1])
            np.testing.assert_allclose(pooled[n][box], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", POOLS)
def test_what_a_mask_hides_has_no_gradient(kind):
    x, mask = grid_of((6, 5)), np.random.default_rng(1).random((2, 6, 5)) < 0.4
    hidden = np.where(mask[..., None], x, np.nan)
    gradient = jax.jit(jax.grad(lambda x: POOLS[kind](x, 2, mask=jnp.asarray(mask)).sum()))(hidden)
    assert np.all(np.asarray(gradient)[~mask] == 0)
    assert np.isfinite(gradient).all() and np.any(gradient)


@pytest.mark.parametrize(
    ("space", "size"), [((9,), (4,)), ((8,), (4,)), ((3,), (7,)), ((5, 6), (2, 6)), ((4, 3, 5), 2)]
)
def test_adaptive_means_equal_the_loops_with_gradients(space, size):
    sizes = (size,) * len(space) if isinstance(size, int) else size
    x = grid_of(space)
    expected = by_hand.adaptive_mean_pool(x, sizes)
    with jax.enable_x64(True):
        found, back = with_gradient(lambda x: adaptive_mean_pool(x, size), x, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # a mean is linear: the gradient along a direction is the result for it
    along = np.random.default_rng(1).normal(size=x.shape)
    slope = (by_hand.adaptive_mean_pool(along, sizes) * expected).sum()
    np.testing.assert_allclose((np.asarray(back) * along).sum(), slope, rtol=1e-10)


@pytest.mark.parametrize("kind", [*POOLS, "sum"])
def test_global_pool_sees_what_the_mask_shows(kind):
    rng = np.random.default_rng(0)
    x, mask = rng.normal(size=(3, 5, 4, 2)) - 9, rng.random((3, 5, 4)) < 0.5
    hidden = np.where(mask[..., None], x, -1e9 if kind == "min" else 1e9)
    with jax.enable_x64(True):
        found = global_pool(jnp.asarray(hidden), kind, mask=jnp.asarray(mask))
        gradient = jax.grad(lambda x: global_pool(x, kind, mask=jnp.asarray(mask)).sum())(
            jnp.asarray(hidden)
        )
    np.testing.assert_allclose(found, by_hand.global_pool(x, mask, kind), rtol=1e-12)
    assert np.all(np.asarray(gradient)[~mask] == 0)
    total = mask.sum(axis=(1, 2))[:, None] if kind == "sum" else 1
    np.testing.assert_allclose(
        np.asarray(gradient).sum(axis=(1, 2)), np.broadcast_to(total, (3, 2))
    )


def test_global_pool_of_nothing_and_its_gradient_hold_no_nan():
    x, mask = jnp.ones((1, 3, 2)), jnp.zeros((1, 3), bool)
    found = [global_pool(x, kind, mask=mask)[0, 0].item() for kind in ("max", "mean", "min", "sum")]
    assert found == [-np.inf, 0, np.inf, 0]
    for kind in POOLS:
        gradient = jax.grad(lambda x, kind=kind: global_pool(x, kind, mask=mask).sum())(x)
        np.testing.assert_array_equal(gradient, np.zeros_like(x))


def test_equal_winners_of_a_global_pool_share_one_gradient():
    assert jax.grad(lambda x: global_pool(x).sum())(jnp.ones((1, 4, 1))).sum() == 1


def test_numbers_may_be_numpys():
    x = jnp.arange(8.0).reshape(1, 8, 1)
    np.testing.assert_array_equal(
        max_pool(x, np.int64(2), stride=np.array([2]), padding=np.int32(1)),
        max_pool(x, 2, stride=2, padding=1),
    )


def test_an_empty_batch_goes_through():
    assert max_pool(jnp.zeros((0, 6, 4, 3)), 2).shape == (0, 3, 2, 3)
    assert mean_pool(jnp.zeros((0, 6, 4, 3)), 2).shape == (0, 3, 2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: max_pool(x, 2, padding=2), "in it alone"),
        # with gaps, even padding that is shorter than the window can be all that it sees
        (lambda x: max_pool(x[:, :1], 2, padding=1, dilation=2), "in it alone"),
        (lambda x: max_pool(x, 5), "does not fit"),
        (lambda x: max_pool(x, 9, stride=2, ceil_mode=True), "does not fit"),
        (lambda x: max_pool(x, (2, 2)), "`window`"),
        (lambda x: max_pool(x, 2, mask=jnp.ones((1, 3), bool)), "`mask`"),
        (
            lambda x: mean_pool(x, 2, count_include_pad=True, mask=jnp.ones((1, 4), bool)),
            "`count_include_pad`",
        ),
        (lambda x: adaptive_mean_pool(x, 0), "`size`"),
        (lambda x: global_pool(x, kind="median"), "'median'"),
        (lambda x: global_pool(x, jnp.ones((1, 4), bool)), "give a mask by name"),
        (lambda x: adaptive_mean_pool(x[:, :0], 2), "no positions"),
        (lambda x: max_pool(x, 2.0), "`window`"),
        (lambda x: max_unpool(x, jnp.zeros((1, 4, 1), int), 2, space=(4, 4)), "`space`"),
        (lambda x: global_pool(x, mask=jnp.ones((1, 3), bool)), "`mask`"),
        (lambda x: max_unpool(x, jnp.zeros((1, 3, 1), int), 2, space=(4,)), "`indices`"),
        (lambda x: max_unpool(x, jnp.zeros((1, 4, 1), int), 2, space=(4,)), "`space`"),
    ],
)
def test_misfits_are_one_line_errors(call, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        call(jnp.ones((1, 4, 1)))
    assert "\n" not in str(caught.value)
