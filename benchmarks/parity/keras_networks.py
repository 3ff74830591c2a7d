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


def randomise(network: Any, seed: int = 0) -> Any:
    """Give the normalisations random factors and moments."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            count = layer.beta.shape[0]
            values = [rng.normal(0, 0.1, count), rng.normal(0, 0.1, count)]
            values.append(rng.uniform(0.75, 1.25, count))
            if layer.scale:
                values.insert(0, rng.uniform(0.8, 1.2, count))
            layer.set_weights(values)
        elif type(layer).__name__ == "Normalization":
            layer.mean, layer.variance = layer.mean * 0, layer.variance * 0 + 1
    return network


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
    results = [np.asarray(result) for result in watched.predict(x, verbose=0)]
    return dict(zip([*numbers.values(), -1], results, strict=True))
