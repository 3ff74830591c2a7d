"""Each network for one sequence, written out once more in NumPy from the papers."""

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.reference.recurrent import lstm
from seqcnn.seq.alphabet import DNA, PAD

from . import table
from .table import DANQ, EXPLAINN, LENGTHS, call, drawn, predict, sequences

ONE = {"strand": "one", "tasks": 2}
# one layer more of each kind than in the table
THREE = {"channels": (6, 5, 4), "widths": (7, 4, 3)}
BASSET = {**table.BASSET, **THREE, "pools": (3, 2, 2), "hidden": (8, 6)}
DEEPSEA = {**table.DEEPSEA, **THREE, "pools": (2, 2, 1)}
DILATED = {**table.DILATED, "layers": 3}
HYBRID = {**table.HYBRID, "blocks": 2}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def small(name: str, options: dict, **more):
    return drawn(name, **{**options, **ONE, **more})


def image_of(codes: np.ndarray) -> np.ndarray:
    return np.eye(4)[codes]


def both_logits(network, codes):
    return network.profile_logits(codes)


def contributions(network, codes):
    return network.contributions(codes)


def conv(x: np.ndarray, layer, padding: str = "same", dilation: int = 1) -> np.ndarray:
    """Sum the products of a kernel with what lies under it, place by place."""
    kernel = np.asarray(layer.kernel[...], float)
    width = len(kernel)
    before = (width - 1) * dilation // 2 if padding == "same" else 0
    after = (width - 1) * dilation - before if padding == "same" else 0
    # what is shorter than a window has one, filled up with zeros
    after = max(after, width - len(x) if padding == "valid" else 0)
    x = np.pad(x, ((before, after), (0, 0)))
    places = len(x) - (width - 1) * dilation
    result = np.array(
        [sum(x[p + k * dilation] @ kernel[k] for k in range(width)) for p in range(places)]
    )
    return result if layer.bias is None else result + np.asarray(layer.bias[...], float)


def norm(x: np.ndarray, layer) -> np.ndarray:
    mean, variance, scale, bias = (
        np.asarray(w[...], float) for w in (layer.mean, layer.variance, layer.scale, layer.bias)
    )
    return (x - mean) / np.sqrt(variance + 1e-5) * scale + bias


def layer_norm(x: np.ndarray, layer) -> np.ndarray:
    centred = x - x.mean(axis=1, keepdims=True)
    centred = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return centred * np.asarray(layer.scale[...], float) + np.asarray(layer.bias[...], float)


def dense(x: np.ndarray, layer) -> np.ndarray:
    result = x @ np.asarray(layer.kernel[...], float)
    return result if layer.bias is None else result + np.asarray(layer.bias[...], float)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def max_pool(x: np.ndarray, window: int) -> np.ndarray:
    whole = max(1, len(x) // window)
    return np.array([x[p * window : (p + 1) * window].max(axis=0) for p in range(whole)])


def tower(x: np.ndarray, network, options: dict, padding: str) -> np.ndarray:
    layers = network.tower.stages.layers
    convs = [getattr(layer, "conv", layer) for layer in layers if hasattr(layer, "kernel")]
    norms = [layer for layer in layers if hasattr(layer, "variance")] or [None] * len(convs)
    for layer, own, window in zip(convs, norms, options["pools"], strict=True):
        x = conv(x, layer, padding)
        x = relu(x if own is None else norm(x, own))
        x = max_pool(x, window)
    return x


@pytest.mark.parametrize("letters", [40, 23, 4])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("length", [None, 40])
@pytest.mark.parametrize(("name", "options"), [("basset", BASSET), ("deepsea", DEEPSEA)])
def test_stages_and_dense_layers(name, options, length, padding, letters):
    network = small(name, options, length=length, padding=padding)
    codes = sequences(lengths=(letters,))
    x = tower(image_of(codes[0, :letters]), network, options, padding)
    flat = np.concatenate([x.max(axis=0), x.mean(axis=0)])
    if length:
        flat = np.zeros((network.tower.positions(length), x.shape[1]))
        flat[: len(x)] = x
        flat = flat.ravel()
    layers = list(network.head.hidden.layers)
    while layers:
        flat = dense(flat, layers.pop(0))
        if name == "basset":
            flat = norm(flat, layers.pop(0))
        flat = relu(flat)
        assert layers.pop(0) is nnx.relu
    assert np.abs(flat).max() > 0.01
    np.testing.assert_allclose(
        predict(network, codes)[0], dense(flat, network.head.output), **CLOSE
    )


@pytest.mark.parametrize("name", ["dilated", "bpnet"])
def test_residual_tower(name):
    network = small(name, DILATED, profile=True, profile_width=7)
    codes = sequences()[:1]
    first, *layers = network.tower.layers
    x = conv(image_of(codes[0]), first.conv)
    if name == "dilated":
        x = norm(x, layers.pop(0))
    x = relu(x)
    assert len(layers) == 1 + 3
    for i, block in enumerate(layers[1:], start=1):
        branch = conv(x, block.branch.layers[0], dilation=2**i)
        x = x + relu(norm(branch, block.branch.layers[1]) if name == "dilated" else branch)
    pooled = (
        np.concatenate([x.max(axis=0), x.mean(axis=0)]) if name == "dilated" else x.mean(axis=0)
    )
    logits, profile = call(both_logits, network, codes)
    np.testing.assert_allclose(logits[0], dense(pooled, network.head.output), **CLOSE)
    np.testing.assert_allclose(profile[0], conv(x, network.places), **CLOSE)
    np.testing.assert_array_equal(logits, predict(network, codes))


def test_a_profile_reads_both_strands_and_no_padding():
    both = small("bpnet", DILATED, strand="both")
    one = small("bpnet", DILATED)
    codes, wider = sequences(), np.pad(sequences(), ((0, 0), (0, 9)), constant_values=PAD)
    other = np.full_like(codes, PAD)
    for i, length in enumerate(LENGTHS):
        other[i, :length] = DNA.reverse_complement(codes[i, :length])
    logits, profile = call(both_logits, both, codes)
    forward, backward = (call(both_logits, one, c)[1] for c in (codes, other))
    turned, wide = call(both_logits, both, other)[1], call(both_logits, both, wider)[1]
    assert profile.shape == (6, 40, 2) and profile.dtype == jnp.float32
    np.testing.assert_allclose(logits, predict(both, codes), **CLOSE)
    for i, length in enumerate(LENGTHS):
        mean = (forward[i, :length] + backward[i, :length][::-1]) / 2
        np.testing.assert_allclose(profile[i, :length], mean, **CLOSE)
        np.testing.assert_allclose(turned[i, :length], profile[i, :length][::-1], **CLOSE)
        assert not profile[i, max(length, 1) :].any() and not wide[i, max(length, 1) :].any()
    np.testing.assert_allclose(wide[:, :40], profile, **CLOSE)
    # shorter than what the layers need, and the profile is as long as the codes
    assert call(both_logits, both, codes[3:4, :4])[1].shape == (1, 4, 2)
    with pytest.raises(SeqcnnError, match="no head for positions"):
        small("dilated", DILATED).profile_logits(jnp.asarray(codes))


def test_attention():
    network = small("hybrid", HYBRID)
    codes = sequences()[:1]
    x = tower(image_of(codes[0]), network, HYBRID, "same")
    places, channels = x.shape
    for p in range(places):
        for i in range(channels):
            wave = p / 10_000 ** (2 * (i // 2) / channels)
            x[p, i] += np.sin(wave) if i % 2 == 0 else np.cos(wave)
    for block in network.mixer.blocks:
        seen, heads = layer_norm(x, block.before), []
        parts = (block.attention.query, block.attention.key, block.attention.value)
        query, key, value = (dense(seen, part) for part in parts)
        for own in np.split(np.arange(channels), 2):
            scores = query[:, own] @ key[:, own].T / np.sqrt(len(own))
            weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
            heads.append(weights @ value[:, own])
        x = x + dense(np.concatenate(heads, axis=1), block.attention.out)
        x = x + dense(relu(dense(layer_norm(x, block.between), block.wide)), block.narrow)
    x = layer_norm(x, network.mixer.norm)
    pooled = np.concatenate([x.max(axis=0), x.mean(axis=0)])
    flat = relu(dense(pooled, network.head.hidden.layers[0]))
    np.testing.assert_allclose(
        predict(network, codes)[0], dense(flat, network.head.output), **CLOSE
    )


@pytest.mark.parametrize("length", [None, 40])
def test_recurrent(length):
    network = small("danq", DANQ, length=length, padding="valid")
    codes = sequences()[:1]
    x = tower(image_of(codes[0]), network, DANQ, "valid")
    along, against = (
        [np.asarray(w[...], float) for w in (half.kernel, half.recurrent, half.bias)]
        for half in (network.mixer.forward, network.mixer.backward)
    )
    x = np.concatenate([lstm(x, *along), lstm(x[::-1], *against)[::-1]], axis=1)
    flat = x.ravel() if length else np.concatenate([x.max(axis=0), x.mean(axis=0)])
    flat = relu(dense(flat, network.head.hidden.layers[0]))
    np.testing.assert_allclose(
        predict(network, codes)[0], dense(flat, network.head.output), **CLOSE
    )


def unit_by_hand(network, codes: np.ndarray, unit: int) -> float:
    """Compute the output of one unit from its own weights alone."""
    kernel = np.asarray(network.first_kernel[..., unit], float)

    def normed(value, layer, at):
        parts = (layer.mean, layer.variance, layer.scale, layer.bias)
        mean, variance, scale, bias = (float(w[...][at]) for w in parts)
        return (value - mean) / np.sqrt(variance + 1e-5) * scale + bias

    x, width = image_of(codes), len(kernel)
    matches = np.array([(x[p : p + width] * kernel).sum() for p in range(len(x) - width + 1)])
    matches = np.exp(normed(matches, network.conv_norm, unit))
    places = [matches.max(), matches.mean()]
    if network.length:
        window = EXPLAINN["pool"]
        whole = len(matches) // window * window
        places = matches[:whole].reshape(-1, window).max(axis=1)
    neurons = np.asarray(places) @ np.asarray(network.hidden.kernel[...][unit], float)
    count = len(neurons)
    neurons = [
        max(0, normed(value, network.hidden_norm, unit * count + i))
        for i, value in enumerate(neurons)
    ]
    total = np.asarray(neurons) @ np.asarray(network.sum.kernel[...][unit, :, 0], float)
    return max(0, normed(total, network.sum_norm, unit))


@pytest.mark.parametrize("length", [None, 40])
def test_a_sum_of_units(length):
    network = small("explainn", EXPLAINN, length=length)
    codes = sequences()[:1]
    units = np.array([unit_by_hand(network, codes[0], unit) for unit in range(6)])
    assert np.count_nonzero(units) > 2
    parts = units[:, None] * np.asarray(network.output.kernel[...], float)
    np.testing.assert_allclose(call(contributions, network, codes)[0], parts, **CLOSE)
    expected = parts.sum(axis=0) + np.asarray(network.output.bias[...])
    np.testing.assert_allclose(predict(network, codes)[0], expected, **CLOSE)
