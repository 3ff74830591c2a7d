"""Keras networks as references: random weights through a file and our importer, layer by layer."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")


def build(name: str, space: tuple[int, ...]) -> Any:
    """Make a network of keras.applications, or of classification_models for ``cm `` and a name."""
    import keras

    shape = (*space, 3)
    if name.startswith("cm "):
        network = _classification_models(name.removeprefix("cm "), shape)
    else:
        network = getattr(keras.applications, name)(weights=None, input_shape=shape)
    network.layers[-1].activation = keras.activations.linear
    return network


def _classification_models(name: str, shape: tuple[int, ...]) -> Any:
    import keras

    # the package was written for Keras 2
    keras.backend.int_shape = lambda tensor: tuple(tensor.shape)
    from classification_models.models_factory import ModelsFactory

    network = ModelsFactory().models[name][0]
    parts = {part: getattr(keras, part) for part in ("backend", "layers", "models", "utils")}
    return network(input_shape=shape, weights=None, classes=1000, **parts)


def randomise(network: Any, x: np.ndarray, seed: int = 0) -> Any:
    """Draw weights and running moments as `transfer.randomise` does; predict `x`."""
    rng = np.random.default_rng(seed)
    measured = []
    for layer in network.layers:
        kind = type(layer).__name__
        if kind == "BatchNormalization":
            layer.call = _measured(layer, rng)
            measured.append(layer)
        elif kind == "Normalization":
            layer.mean, layer.variance = layer.mean * 0, layer.variance * 0 + 1
        else:
            layer.set_weights([_drawn(rng, weight) for weight in layer.weights])
    network(x, training=False)
    for layer in measured:
        del layer.call
    return network


def _drawn(rng: np.random.Generator, weight: Any) -> np.ndarray:
    """Draw a kernel by He's rule, or a bias."""
    shape = tuple(weight.shape)
    if len(shape) == 1:
        return rng.normal(0, 0.1, shape)
    # the kernel of a depthwise convolution is (y, x, channels, 1)
    inputs = np.prod(shape[:2] if "depthwise" in weight.path else shape[:-1])
    return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / inputs))


def _measured(layer: Any, rng: np.random.Generator) -> Any:
    """Make a call of a normalisation that first sets its running moments from its data."""
    original = layer.call

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        square = float((x**2).mean())
        count = x.shape[-1]
        values = [rng.normal(0, 0.1, count), rng.normal(0, 0.1 * square**0.5, count)]
        values.append(rng.uniform(0.75, 1.25, count) * square)
        if layer.scale:
            values.insert(0, rng.uniform(0.4, 0.6, count))
        layer.set_weights(values)
        return original(x, *args, **kwargs)

    return call


def bring(ours: Any, theirs: Any, ending: str) -> list[str]:
    """Bring the weights over through a file; name the layers of theirs in the order of ours."""
    from seqcnn.networks.imports import import_weights
    from seqcnn.networks.keras_files import keras_layers

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"network{ending}"
        (theirs.save_weights if ending == ".weights.h5" else theirs.save)(path)
        import_weights(ours, path)
        return [name for name, _ in keras_layers(path, type(ours).__name__)[0]]


def names_in_order(theirs: Any, kind: str) -> list[str]:
    """Name the layers of a Keras network in the order of our network of a class."""
    from seqcnn.networks.keras_files import keras_layers

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        theirs.save_weights(path)
        return [name for name, _ in keras_layers(path, kind)[0]]


def run(theirs: Any, names: list[str], x: np.ndarray) -> dict[int, np.ndarray]:
    """Run a Keras network; the result of each layer by its number in ours, of all as number -1."""
    import keras

    linear = keras.activations.linear
    # of a separable convolution, which is two layers in ours, only the last can be seen; layers
    # that have the activation within give no result that ours has too
    alone = {
        name: getattr(theirs.get_layer(name), "activation", None) in (None, linear)
        for name in names
    }
    numbers = {name: number for number, name in enumerate(names) if alone[name]}
    outputs = [theirs.get_layer(name).output for name in numbers]
    watched = keras.Model(theirs.inputs, [*outputs, theirs.output])
    results = [np.asarray(result) for result in watched([x], training=False)]
    return dict(zip([*numbers.values(), -1], results, strict=True))
