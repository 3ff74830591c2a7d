import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.classify import lenet as flax_lenet
from seqcnn.reference import lenet as numpy_lenet

SMALL = {"channels": (2, 3), "hidden": (5, 4)}
WAYS = [("mean", "tanh"), ("max", "relu")]


def small(pool: str, activation: str) -> numpy_lenet.LeNet:
    options = {"pool": pool, "activation": activation, **SMALL}
    network = numpy_lenet.LeNet((17, 18, 2), 3, dtype=np.float64, **options)
    rng = np.random.default_rng(2)
    for name in network.layers:  # away from 0, where the slope of ReLU jumps
        network.weights[f"{name}.bias"] += rng.normal(0, 0.5, network.weights[f"{name}.bias"].shape)
    return network


def examples(n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 17, 18, 2)), np.arange(n) % 3


@pytest.mark.parametrize(("pool", "activation"), WAYS)
def test_gradients_are_those_of_finite_differences(pool, activation):
    network, (x, labels) = small(pool, activation), examples()
    logits, kept = network.forward(x)
    found = network.backward(kept, numpy_lenet.cross_entropy(logits, labels)[1])
    assert found.keys() == network.weights.keys()
    rng, step = np.random.default_rng(1), 1e-5
    for name, weight in network.weights.items():
        assert found[name].shape == weight.shape
        for place in rng.integers(0, weight.size, min(8, weight.size)):
            at, before = np.unravel_index(place, weight.shape), weight.flat[place]
            both = []
            for change in (step, -step):
                weight[at] = before + change
                both.append(numpy_lenet.cross_entropy(network(x), labels)[0])
            weight[at] = before
            assert abs((both[0] - both[1]) / (2 * step) - found[name][at]) < 1e-6, name


@pytest.mark.parametrize(("pool", "activation"), WAYS)
def test_outputs_and_gradients_are_those_of_flax(pool, activation):
    first, (x, labels) = small(pool, activation), examples()
    with jax.enable_x64(True):
        options = {"pool": pool, "activation": activation, **SMALL}
        twin = flax_lenet.LeNet((17, 18, 2), 3, **options, rngs=nnx.Rngs(0))
        twin_state = jax.tree.map(lambda w: w.astype(jnp.float64), nnx.state(twin))
        nnx.update(twin, twin_state)
        flax_lenet.from_numpy(first, twin)
        graph, weights = nnx.split(twin, nnx.Param)

        @jax.jit
        def loss_of(weights, x):
            logits = nnx.merge(graph, weights)(x)
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.asarray(labels))
            return losses.mean(), logits

        gradients, expected = jax.grad(loss_of, has_aux=True)(weights, jnp.asarray(x))
        expected = np.asarray(expected)
        flat = nnx.to_flat_state(gradients)
        slopes = {".".join(map(str, at)): np.asarray(g[...]) for at, g in flat}
        back = flax_lenet.to_numpy(twin)
    logits, kept = first.forward(x)
    np.testing.assert_allclose(logits, expected, atol=1e-6)
    np.testing.assert_allclose(back(x), expected, atol=1e-6)
    found = first.backward(kept, numpy_lenet.cross_entropy(logits, labels)[1])
    assert found.keys() == slopes.keys()
    for name, slope in slopes.items():
        np.testing.assert_allclose(found[name], slope, atol=1e-6, err_msg=name)


def test_it_has_the_published_number_of_weights():
    assert sum(w.size for w in numpy_lenet.LeNet().weights.values()) == 61_706


def test_it_learns_to_tell_shapes_apart():
    drawn, held = draw_shapes(240, size=16, seed=0), draw_shapes(80, size=16, seed=1)
    network = numpy_lenet.LeNet((16, 16, 1), 4, pool="max", activation="relu", hidden=(32,))
    losses = numpy_lenet.train(network, drawn.x / np.float32(255), drawn.labels, epochs=25)
    assert losses[-1] < losses[0] / 3
    right = network(held.x / np.float32(255)).argmax(axis=1) == held.labels
    assert right.mean() > 0.7


def test_what_cannot_be_is_refused():
    with pytest.raises(SeqcnnError, match="16 x 16 pixels or more, not \\(15, 20\\)"):
        numpy_lenet.LeNet((15, 20, 1))
    with pytest.raises(SeqcnnError, match="`pool` must be 'mean' or 'max'"):
        numpy_lenet.LeNet(pool="median")
    other = flax_lenet.LeNet((16, 16, 1), 3, rngs=nnx.Rngs(0))
    with pytest.raises(SeqcnnError, match="the network takes \\(16, 120\\)"):
        flax_lenet.from_numpy(numpy_lenet.LeNet(), other)
