"""Networks for arrays that classify: at any rank, by hand, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.networks.classify.inception import Inception
from seqcnn.networks.classify.resnet import ResNet
from seqcnn.reference import conv as by_loops

SMALL = {
    "mlp": {"hidden": (5,), "dropout": 0.2},
    "cnn": {"channels": (4, 6), "hidden": (5,), "dropout": 0.2},
    "resnet_small": {"widths": (4, 6), "depths": (1, 2), "drop": 0.2},
    "inception_small": {"widths": (8, 16)},
}


@pytest.mark.parametrize("space", [(12,), (12, 10), (6, 8, 10)])
@pytest.mark.parametrize("name", SMALL)
def test_networks_read_signals_pictures_and_volumes(name, space):
    def score(training: bool) -> jax.Array:
        network = zoo.create(name, input_shape=(*space, 2), classes=3, **SMALL[name])
        rngs = nnx.Rngs(dropout=0) if training else None
        return network(jnp.zeros((2, *space, 2)), rngs=rngs)  # pyright: ignore[reportCallIssue]

    for training in (False, True):
        found = nnx.eval_shape(lambda training=training: score(training))
        assert found.shape == (2, 3) and found.dtype == jnp.float32


def conv(places: int, seen: int, count: int, extra: int = 2) -> int:
    """Count a convolution, by default with batch norm: a scale and a shift of each kernel."""
    return (places * seen + extra) * count


BY_HAND = {
    "mlp": 1024 * 128 + 128 + 128 * 64 + 64 + 650,
    "cnn": conv(9, 1, 16) + conv(9, 16, 32) + conv(9, 32, 64) + 4 * 4 * 64 * 10 + 10,
    "resnet_small": conv(9, 1, 32)
    + 2 * conv(9, 32, 32)
    + conv(9, 32, 64) + conv(9, 64, 64) + conv(1, 32, 64)
    + conv(9, 64, 128) + conv(9, 128, 128) + conv(1, 64, 128)
    + 1290,
    "inception_small": conv(9, 1, 32)
    + conv(1, 32, 16) + conv(1, 32, 24) + conv(9, 24, 32) + conv(1, 32, 4) + conv(25, 4, 8)
    + conv(1, 32, 8)
    + conv(1, 64, 32) + conv(1, 64, 48) + conv(9, 48, 64) + conv(1, 64, 8) + conv(25, 8, 16)
    + conv(1, 64, 16)
    + 1290,
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_parameters_are_as_many_as_by_hand(name):
    assert zoo.count_parameters(name, input_shape=(32, 32, 1)) == BY_HAND[name]


@pytest.mark.parametrize(
    ("stem", "strides"), [("small", (1, 1, 2)), ("pooled", (1, 2, 4)), ("large", (2, 4, 8))]
)
def test_features_are_as_fine_as_strides_say(stem, strides):
    made = []

    def features() -> list[jax.Array]:
        options = {"stem": stem, "depths": (1, 1), "widths": (4, 6), "block": "basic"}
        network = ResNet((32, 24, 1), **options, rngs=nnx.Rngs(0))
        made.append(network.strides)
        return list(network.features(jnp.zeros((1, 32, 24, 1))))

    shapes = [found.shape for found in nnx.eval_shape(features)]
    assert made[0] == strides
    assert shapes == [(1, 32 // s, 24 // s, c) for s, c in zip(strides, (4, 4, 6), strict=True)]


def normed(x: np.ndarray, conv: nnx.Module, stride: int = 1) -> np.ndarray:
    """Convolve by loops, with batch norm whose moments are still 0 and 1."""
    kernel = np.asarray(conv.conv.kernel[...])  # pyright: ignore[reportAttributeAccessIssue]
    sides = [len(kernel) // 2]
    return by_loops.conv(x, kernel, stride=(stride,), padding=sides) / np.sqrt(1 + 1e-5)


def test_a_residual_network_is_what_the_paper_says():
    options = {"depths": (1, 1), "widths": (2, 3), "block": "basic", "stem": "small"}
    network = ResNet((8, 1), 2, **options, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(2, 8, 1)).astype(np.float32)
    found = jax.jit(lambda x: network(x))(x)
    stem, *stages = network.stages
    y = np.maximum(normed(x, stem.layers[0]), 0)
    for stage, stride in zip(stages, (1, 2), strict=True):
        block = stage.layers[0].layers[0]
        first, second = block.branch.layers
        added = normed(np.maximum(normed(y, first, stride), 0), second)
        kept = y if block.shortcut is None else normed(y, block.shortcut, stride)
        y = np.maximum(added + kept, 0)
    scores = y.mean(axis=1) @ np.asarray(network.head.dense.kernel[...])
    np.testing.assert_allclose(found, scores, rtol=1e-4, atol=1e-5)


def test_an_inception_block_joins_its_branches():
    block = Inception(3, 2, 2, 4, 1, 2, 1, rank=1, rngs=nnx.Rngs(0))
    x = np.random.default_rng(0).normal(size=(2, 9, 3)).astype(np.float32)
    found = jax.jit(lambda x: block(x))(x)
    relu = lambda y: np.maximum(y, 0)  # noqa: E731
    three, five = (
        relu(normed(relu(normed(x, branch.layers[0])), branch.layers[1]))
        for branch in (block.three, block.five)
    )
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)), constant_values=-np.inf)
    largest = np.stack([padded[:, i : i + 9] for i in range(3)]).max(axis=0)
    parts = [relu(normed(x, block.near)), three, five, relu(normed(largest, block.pooled))]
    assert found.shape[-1] == block.channels_out == 9
    np.testing.assert_allclose(found, np.concatenate(parts, axis=-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cnn", {"channels": [2] * 6}, "6 stages halve so often"),
        ("cnn", {"window": 4}, "`window` odd"),
        ("resnet_small", {"depths": [1, 2]}, "must be equally many"),
        ("resnet_small", {"stem": "none"}, "`stem` must be one of large, small, pooled"),
        ("inception_small", {"widths": [12]}, "multiples of 8"),
    ],
)
def test_what_cannot_be_is_refused(name, options, message):
    with pytest.raises(SeqcnnError, match=message):
        zoo.create(name, **options)
