"""Explanations of networks for pictures, against finite differences and the definition of CAM."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import seqcnn
from seqcnn.errors import SeqcnnError
from seqcnn.explain.pictures import attribute_pictures, class_activation_maps, heat_map
from seqcnn.networks.doors import Pixels
from seqcnn.nn.resample import resize

X = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def network():
    made = seqcnn.create(
        "resnet_small", input_shape=(8, 8, 1), classes=3, widths=[4, 6], depths=[1, 1], pixels={
            "mean": [0.4], "std": [0.3]
        }, seed=1,
    )  # fmt: skip
    assert isinstance(made, Pixels)
    return made


def test_saliency_is_the_slope_of_the_score(network):
    slopes, scores = attribute_pictures(network, X, 2)
    unit = X.astype(np.float32) / 255
    np.testing.assert_allclose(scores, network(X)[:, 2], rtol=1e-5)
    rng = np.random.default_rng(1)
    for row, column in rng.integers(0, 8, (6, 2)):
        step = np.zeros_like(unit)
        step[:, row, column] = 1e-3
        pairs = (np.asarray(network(unit + sign * step), float)[:, 2] for sign in (1, -1))
        rise = np.subtract(*pairs) / 2e-3
        np.testing.assert_allclose(slopes[:, row, column, 0], rise, rtol=0.05, atol=2e-3)


def test_values_times_slopes_and_paths(network):
    slopes, _ = attribute_pictures(network, X, np.array([0, 1, 2]))
    shares, _ = attribute_pictures(
        network, X, np.array([0, 1, 2]), method="input_x_gradient", reference=0.5
    )
    np.testing.assert_allclose(shares, slopes * (X / 255 - 0.5), atol=1e-5)
    added, scores = attribute_pictures(network, X, method="integrated_gradients", steps=64)
    best = np.asarray(network(X)).argmax(axis=1)
    np.testing.assert_allclose(scores, np.asarray(network(X)).max(axis=1), rtol=1e-5)
    black = np.asarray(network(np.zeros_like(X)))[np.arange(3), best]
    np.testing.assert_allclose(added.sum(axis=(1, 2, 3)), scores - black, atol=0.02)


def test_grad_cam_is_cam_where_a_mean_and_a_dense_layer_follow(network):
    maps, scores = class_activation_maps(network, X, 1, signed=True)
    features = network.network.features(network.image(jnp.asarray(X)))[-1]
    weights = network.network.head.dense.kernel[...][:, 1]
    cam = jnp.einsum("nhwc,c->nhw", features, weights) / (features.shape[1] * features.shape[2])
    np.testing.assert_allclose(maps, resize(cam[..., None], (8, 8))[..., 0], atol=1e-5)
    np.testing.assert_allclose(scores, network(X)[:, 1], rtol=1e-5)
    above, _ = class_activation_maps(network, X, 1)
    np.testing.assert_allclose(
        above, resize(jnp.maximum(cam, 0)[..., None], (8, 8))[..., 0], atol=1e-5
    )
    # the network is left as it was
    assert nnx.to_flat_state(nnx.state(network))
    assert "features" not in vars(network.network)


def test_any_layer_that_gives_a_map_will_do():
    made = seqcnn.create(
        "cnn", input_shape=(8, 8, 1), classes=2, channels=[3], norm=False, pixels={}, seed=0
    )
    assert isinstance(made, Pixels)
    maps, _ = class_activation_maps(made, X, 0)
    # by hand: the gradient of a dense layer behind a map is its weights
    features = made.network.stages(made.image(jnp.asarray(X)))  # pyright: ignore
    kernel = nnx.to_flat_state(nnx.state(made.network.dense, nnx.Param))  # pyright: ignore
    weights = next(w for _, w in kernel if w.ndim == 2)[...][:, 0].reshape(features.shape[1:])
    seen = jnp.einsum("nhwc,c->nhw", features, weights.mean(axis=(0, 1)))
    by_hand = jnp.maximum(seen, 0)[..., None]
    np.testing.assert_allclose(maps, resize(by_hand, (8, 8))[..., 0], atol=1e-5)


def test_a_heat_map_is_red_where_the_map_is_largest():
    maps = np.zeros((1, 4, 4))
    maps[0, 1, 2] = 3
    mixed = heat_map(maps, np.full((1, 4, 4, 1), 100, np.uint8), share=1.0)
    assert mixed.shape == (1, 4, 4, 3)
    assert mixed[0, 1, 2].tolist() == [230, 0, 0]
    assert mixed[0, 0, 0].tolist() == [100, 100, 100]
    assert (heat_map(-maps, np.full((1, 4, 4, 1), 100, np.uint8)) == 100).all()


def test_what_cannot_be_explained_is_said(network):
    with pytest.raises(SeqcnnError, match="classes must lie between 0 and 2"):
        attribute_pictures(network, X, 3)
    with pytest.raises(SeqcnnError, match="`method` is 'lime', it must be one of saliency"):
        attribute_pictures(network, X, method="lime")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SeqcnnError, match="ResNet does not read pixels"):
        attribute_pictures(network.network, X)
    with pytest.raises(SeqcnnError, match="`level` is 3, the network gives 3 maps"):
        class_activation_maps(network, X, level=3)
    with pytest.raises(SeqcnnError, match="ResNet has no 'last' that gives a map"):
        class_activation_maps(network, X, layer="last")
    with pytest.raises(SeqcnnError, match=r"maps \(3, 4, 4\) cannot be laid over pictures"):
        heat_map(np.zeros((3, 4, 4)), X)
