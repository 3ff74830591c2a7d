import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.nn.pool import global_pool, max_pool, mean_pool, min_pool
from seqcnn.reference import pool as by_hand

POOLS = {"max": max_pool, "mean": mean_pool, "min": min_pool}
CASES = [
    ((8,), 2, {}),
    ((9,), 3, {"stride": 1, "padding": "same"}),
    ((9,), 4, {"stride": 3, "padding": [(0, 2)]}),
    ((6, 5), 2, {"padding": 1}),
    ((6, 5), (3, 2), {"stride": (1, 2), "padding": (1, 0)}),
    ((4, 5, 3), 2, {"stride": 1}),
]


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(("space", "window", "options"), CASES, ids=str)
def test_equals_the_loops_with_gradients(space, window, options, kind):
    # far from 0 on one side, so that a padded 0 would win a maximum or minimum
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *space, 3)) - {"max": 9, "mean": 9, "min": -9}[kind]
    expected = by_hand.pool(x, kind, window, **options)
    upstream = rng.normal(size=expected.shape)
    gradient = by_hand.pool_gradient(x, kind, window, upstream, **options)
    for wide, tolerance in ((True, 1e-12), (False, 1e-5)):
        with jax.enable_x64(wide):
            result, back = jax.vjp(lambda x: POOLS[kind](x, window, **options), jnp.asarray(x))
            np.testing.assert_allclose(result, expected, rtol=tolerance)
            np.testing.assert_allclose(
                back(jnp.asarray(upstream))[0], gradient, rtol=tolerance, atol=tolerance
            )


def test_equal_winners_share_one_gradient():
    ones = jnp.ones((1, 4, 1))
    assert jax.grad(lambda x: max_pool(x, 4).sum())(ones).sum() == 1
    assert jax.grad(lambda x: global_pool(x).sum())(ones).sum() == 1


@pytest.mark.parametrize("kind", POOLS)
def test_global_pool_sees_what_the_mask_shows(kind):
    rng = np.random.default_rng(0)
    x, mask = rng.normal(size=(3, 5, 4, 2)) - 9, rng.random((3, 5, 4)) < 0.5
    hidden = np.where(mask[..., None], x, {"max": 1e9, "mean": 1e9, "min": -1e9}[kind])
    with jax.enable_x64(True):
        found = global_pool(jnp.asarray(hidden), jnp.asarray(mask), kind)
        gradient = jax.grad(lambda x: global_pool(x, jnp.asarray(mask), kind).sum())(
            jnp.asarray(hidden)
        )
    np.testing.assert_allclose(found, by_hand.global_pool(x, mask, kind), rtol=1e-12)
    assert np.all(np.asarray(gradient)[~mask] == 0)
    np.testing.assert_allclose(np.asarray(gradient).sum(axis=(1, 2)), 1)


def test_global_pool_of_nothing_and_its_gradient_hold_no_nan():
    x, mask = jnp.ones((1, 3, 2)), jnp.zeros((1, 3), bool)
    assert [global_pool(x, mask, kind)[0, 0].item() for kind in ("max", "mean", "min")] == [
        -np.inf,
        0,
        np.inf,
    ]
    for kind in POOLS:
        gradient = jax.grad(lambda x, kind=kind: global_pool(x, mask, kind).sum())(x)
        np.testing.assert_array_equal(gradient, np.zeros_like(x))


def test_misfits_are_errors():
    x = jnp.ones((1, 4, 1))
    with pytest.raises(SeqcnnError, match="less than the window"):
        max_pool(x, 2, padding=2)
    with pytest.raises(SeqcnnError, match="does not fit"):
        max_pool(x, 5)
    with pytest.raises(SeqcnnError, match="'median'"):
        global_pool(x, kind="median")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SeqcnnError, match="`mask`"):
        global_pool(x, jnp.ones((1, 3), bool))
