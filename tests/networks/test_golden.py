"""Logits that reference networks gave for weights drawn by a rule, against ours.

`benchmarks/parity/golden.py` made the numbers with PyTorch and Keras.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import seqcnn
from seqcnn.networks.imports import weighted_layers

GOLDEN = json.loads((Path(__file__).parent / "data" / "golden.json").read_text())
QUICK = {"densenet", "mobilenet", "mobilenetv2", "resnet", "resnext", "seresnet", "squeezenet"}


def draw(rng, name, shape):
    number = rng.random(shape)
    if name == "kernel":
        return (2 * number - 1) * np.sqrt(6 / np.prod(shape[:-1]))
    return (number - 0.5) / 5 if name in ("bias", "mean") else 0.75 + number / 2


def filled(case):
    """Make the network of a case, with weights by the rule."""
    shape = (case["extent"], case["extent"], 3)
    graph, state = nnx.split(
        nnx.eval_shape(
            lambda: seqcnn.create(case["network"], input_shape=shape, classes=5, **case["options"])
        )
    )
    network = nnx.merge(graph, jax.tree.map(lambda a: jnp.asarray(np.zeros(a.shape)), state))
    rng = np.random.default_rng(0)
    for layer in weighted_layers(network):
        for name in ("kernel", "bias", "scale", "mean", "variance"):
            if (variable := getattr(layer, name, None)) is not None:
                variable[...] = draw(rng, name, variable.shape).astype(np.float32)
    return network


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in GOLDEN]
)
def test_logits_are_those_of_the_reference(name):
    case = GOLDEN[name]
    graph, state = nnx.split(filled(case))
    x = 4 * np.random.default_rng(1).random((1, case["extent"], case["extent"], 3)) - 2
    run = jax.jit(lambda state, x: nnx.merge(graph, state)(x))
    found = np.asarray(run(state, x.astype(np.float32)))[0]
    expected = np.array(case["logits"])
    # rounding makes 1e-5 of it in the deep ones; another `eps` would already make 5e-3
    assert np.abs(found - expected).max() <= 5e-5 * np.abs(expected).max()
