"""Networks that make pictures: losses by hand, drawing against what is known exactly."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.generate.diffusion import Diffusion, packed, shares, unpacked
from seqcnn.networks.generate.vae import divergence
from seqcnn.networks.zoo import create

SMALL = {"input_shape": (8, 8, 1), "classes": 3, "channels": (4, 8)}
X = np.random.default_rng(0).random((6, 8, 8, 1)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.int32)


@cache
def built(name):
    """Build each network once, in one compiled program."""
    options = {"steps": 2} if name == "diffusion" else {"latent": 2}
    graph, _ = nnx.split(nnx.eval_shape(lambda: create(name, **SMALL, **options)))
    make = jax.jit(lambda: nnx.split(create(name, **SMALL, **options))[1])
    return nnx.merge(graph, make())


def compiled(network, function):
    """Compile a function of a network and arrays."""
    graph, state = nnx.split(network)
    program = jax.jit(lambda state, *a: function(nnx.merge(graph, state), *a))
    return partial(program, state)


def called(network, function, *arguments):
    return compiled(network, function)(*arguments)


@pytest.mark.parametrize("name", ["vae", "gan", "diffusion"])
def test_samples_are_pictures_that_depend_on_key_and_class(name):
    network = built(name)

    draw = compiled(network, lambda network, labels, key: network.sample(labels, key))
    keys = jax.random.key(0), jax.random.key(0), jax.random.key(1)
    first, same, other = (np.asarray(draw(LABELS, key)) for key in keys)
    assert first.shape == X.shape and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1
    assert (first == same).all() and (first != other).any()
    moved = np.asarray(draw((LABELS + 1) % 3, keys[0]))
    assert (moved != first).any()


def test_the_divergence_of_clouds_is_that_by_integration():
    middle, log_variance = np.array([[0.5, -1.0]]), np.array([[0.3, -0.8]])
    z = np.linspace(-12, 12, 20_001)
    total = 0.0
    for m, v in zip(middle[0], np.exp(log_variance[0]), strict=True):
        log_p = -0.5 * (z - m) ** 2 / v - 0.5 * np.log(2 * np.pi * v)
        log_q = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        total += np.trapezoid(np.exp(log_p) * (log_p - log_q), z)
    found = divergence(jnp.asarray(middle), jnp.asarray(log_variance))
    np.testing.assert_allclose(found, [total], rtol=1e-4)


def test_the_loss_of_a_vae_is_its_bound_by_hand():
    network = built("vae")
    key = jax.random.key(3)

    def parts(network, x, labels):
        middle, log_variance = network.encode(x, labels)
        z = middle + jnp.exp(log_variance / 2) * jax.random.normal(key, middle.shape)
        made = network.decode(z, labels)
        return network.loss("", x, labels, key), middle, log_variance, made

    loss, middle, log_variance, made = map(np.asarray, called(network, parts, X, LABELS))
    spread = 0.2 + float(np.exp(network.log_excess[...]))
    likelihood = np.log(spread * np.sqrt(2 * np.pi)) + (X - made) ** 2 / (2 * spread**2)
    cloud = 0.5 * (np.exp(log_variance) + middle**2 - 1 - log_variance)
    assert loss == pytest.approx((likelihood.sum() + cloud.sum()) / X.size, rel=1e-4)


def test_the_critic_pays_for_its_slope_at_real_pictures():
    """The cost is that of the gradient by finite differences."""
    key = jax.random.key(0)
    flat, steep = nnx.clone(built("gan")), nnx.clone(built("gan"))
    flat.slope, steep.slope = 0.0, 2.0

    def critics(network, x, labels):
        return network.loss("critic", x, labels, key)

    cost = float(called(steep, critics, X, LABELS) - called(flat, critics, X, LABELS))
    rng, real = np.random.default_rng(1), 2 * X - 1

    graph, state = nnx.split(flat)
    scores = jax.jit(lambda x: nnx.merge(graph, state).critic(x, LABELS))
    squares = []
    for _ in range(400):
        along = rng.normal(size=X.shape).astype(np.float32)
        up, down = (np.asarray(scores(real + side * 1e-2 * along)) for side in (1, -1))
        squares.append(((up - down) / 2e-2) ** 2)
    # the mean square of a slope along random directions is the squared length of the gradient
    assert cost == pytest.approx(np.mean(squares), rel=0.1)


def test_maker_and_critic_want_opposite_things():
    """By a critic that takes all for real, the maker has won and the critic is half wrong."""
    network, key = nnx.clone(built("gan")), jax.random.key(0)
    network.slope = 0.0

    def losses(network, x, labels):
        return network.loss("maker", x, labels, key), network.loss("critic", x, labels, key)

    for sure in (50.0, -50.0):
        network.critic.real.bias[...] = jnp.full(1, sure)
        maker, critic = map(float, called(network, losses, X, LABELS))
        assert maker == pytest.approx(0 if sure > 0 else 50, abs=3)
        assert critic == pytest.approx(50, abs=3)


def test_blocks_of_pixels_become_channels_and_back():
    x = np.arange(2 * 4 * 6 * 3.0).reshape(2, 4, 6, 3).astype(np.float32)
    block = np.asarray(packed(jnp.asarray(x)))
    assert block.shape == (2, 2, 3, 12)
    assert (block[1, 1, 2].reshape(2, 2, 3) == x[1, 2:4, 4:6]).all()
    np.testing.assert_array_equal(unpacked(jnp.asarray(block), 3), x)
    volume = jnp.arange(2.0 * 4 * 2 * 6).reshape(2, 4, 2, 6, 1)
    np.testing.assert_array_equal(unpacked(packed(volume), 1), volume)


class KnowsAll(Diffusion):
    """Of pictures that are all of one brightness a class, v is known exactly."""

    def velocity(self, x, time, classes):
        a, s = (jnp.expand_dims(part, range(1, x.ndim)) for part in shares(time))
        levels = jnp.array([-0.5, 0.0, 0.75])
        picture = (classes @ levels)[:, None, None, None]
        return a * (x - a * picture) / jnp.maximum(s, 1e-6) - s * picture


def all_known(**options):
    """Make one without weights, which it does not need."""
    return nnx.eval_shape(lambda: KnowsAll(**SMALL, **options, rngs=nnx.Rngs(0)))


@pytest.mark.parametrize("guidance", [0.0, 1.0])
def test_a_network_that_knows_v_draws_what_it_knows(guidance):
    network = all_known(steps=7, guidance=guidance)
    drawn = network.sample(jnp.asarray(LABELS), jax.random.key(0))
    # guidance drives them twice as far from the middle, and what is out of range is cut
    wanted = (1 + np.clip(np.array([-0.5, 0.0, 0.75]) * (1 + guidance), -1, 1)) / 2
    np.testing.assert_allclose(
        drawn, np.broadcast_to(wanted[LABELS][:, None, None, None], X.shape), atol=1e-4
    )


def test_the_loss_of_diffusion_is_nothing_if_v_is_known():
    network = all_known(forget=0.0)
    levels = (np.array([-0.5, 0.0, 0.75])[LABELS] + 1) / 2
    x = jnp.asarray(np.broadcast_to(levels[:, None, None, None], X.shape), jnp.float32)
    assert network.loss("", x, jnp.asarray(LABELS), jax.random.key(0)) < 1e-5
    assert network.loss("", x[::-1], jnp.asarray(LABELS), jax.random.key(0)) > 1e-2


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="multiples of 4"):
        create("vae", input_shape=(10, 8, 1))
    with pytest.raises(SeqcnnError, match="`least_spread`"):
        create("vae", least_spread=0.0)
    with pytest.raises(SeqcnnError, match="`forget`"):
        create("diffusion", forget=1.0)
