"""Golden outputs of reference networks, for the test suite, which has none of the references.

Weights follow a rule that the test repeats; they are set in the reference, whose logits are kept.
Needs PyTorch, torchvision, timm and Keras::

    python benchmarks/parity/golden.py                   # writes tests/networks/data/golden.json
    python benchmarks/parity/golden.py squeezenet shufflenet        # only these anew
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("KERAS_BACKEND", "jax")

TABLE = Path(__file__).parents[2] / "tests" / "networks" / "data" / "golden.json"
CLASSES = 5


class Case(NamedTuple):
    """A network, and what makes its reference.

    Parameters
    ----------
    network, options
        Of ours.
    extent
        Of the input, in both axes.
    source
        What made the reference, in words.
    build
        Makes the reference, given `extent`.
    """

    network: str
    options: dict[str, Any]
    extent: int
    source: str
    build: Callable[[int], Any]


def _resnet(_: int) -> Any:
    from torchvision.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=CLASSES)


def _resnext(_: int) -> Any:
    from torchvision.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, [1, 1, 1, 1], CLASSES, groups=32, width_per_group=4)


def _seresnet(_: int) -> Any:
    from timm.models.senet import SENet, SEResNetBottleneck

    return SENet(
        SEResNetBottleneck, [1, 1, 1, 1], groups=1, reduction=16, inplanes=64, input_3x3=False,
        downsample_kernel_size=1, downsample_padding=0, num_classes=CLASSES,
    )  # fmt: skip


def _densenet(_: int) -> Any:
    from torchvision.models.densenet import DenseNet

    return DenseNet(8, (2, 2, 2, 2), 16, num_classes=CLASSES)


def _torchvision(name: str, **options: Any) -> Callable[[int], Any]:
    def build(_: int) -> Any:
        import torchvision

        return getattr(torchvision.models, name)(weights=None, num_classes=CLASSES, **options)

    return build


def _own(name: str) -> Callable[[int], Any]:
    def build(_: int) -> Any:
        from torch import nn

        from parity import torch_networks

        network = getattr(torch_networks, name)()
        last = network[-1]
        assert isinstance(last, nn.Linear)
        network[-1] = nn.Linear(last.in_features, CLASSES)
        return network

    return build


def _keras(name: str) -> Callable[[int], Any]:
    def build(extent: int) -> Any:
        import keras

        return getattr(keras.applications, name)(
            weights=None, input_shape=(extent, extent, 3), classes=CLASSES,
            classifier_activation=None,
        )  # fmt: skip

    return build


ONE = {"depths": [1, 1, 1, 1]}

CASES: dict[str, Case] = {
    "resnet": Case("resnet50", ONE, 64, "torchvision ResNet, a bottleneck a stage", _resnet),
    "resnext": Case("resnext50", ONE, 64, "torchvision ResNet, 32 groups of 4", _resnext),
    "seresnet": Case("seresnet50", ONE, 64, "timm SENet, a bottleneck a stage", _seresnet),
    "densenet": Case(
        "densenet121", {"depths": [2, 2, 2, 2], "growth": 8, "width": 16}, 64,
        "torchvision DenseNet, growth 8", _densenet,
    ),
    "squeezenet": Case(
        "squeezenet", {}, 67, "torchvision squeezenet1_1", _torchvision("squeezenet1_1")
    ),
    "mobilenetv2": Case(
        "mobilenetv2", {"width": 0.25}, 64, "torchvision mobilenet_v2, width 0.25",
        _torchvision("mobilenet_v2", width_mult=0.25),
    ),
    "shufflenet": Case(
        "shufflenet", {}, 64, "written after the paper in PyTorch", _own("shufflenet")
    ),
    "googlenet": Case(
        "googlenet", {}, 75, "written after the paper in PyTorch", _own("googlenet")
    ),
    "efficientnet": Case(
        "efficientnetb0", {}, 64, "torchvision efficientnet_b0", _torchvision("efficientnet_b0")
    ),
    "inceptionv3": Case(
        "inceptionv3", {}, 75, "torchvision inception_v3",
        _torchvision("inception_v3", aux_logits=False, init_weights=False),
    ),
    "inceptionresnetv2": Case(
        "inceptionresnetv2", {}, 75, "Keras InceptionResNetV2", _keras("InceptionResNetV2")
    ),
    "mobilenet": Case("mobilenet", {}, 64, "Keras MobileNet", _keras("MobileNet")),
    "nasnet": Case("nasnetmobile", {}, 64, "Keras NASNetMobile", _keras("NASNetMobile")),
    "xception": Case("xception", {}, 71, "Keras Xception", _keras("Xception")),
}  # fmt: skip
"""By name in the table."""


def drawn(layers: Iterator[Any]) -> Iterator[tuple[Any, dict[str, np.ndarray]]]:
    """Draw the weights of each layer: kernels by He's rule, all else near its usual start."""
    rng = np.random.default_rng(0)
    for layer in layers:
        values = {}
        for name in ("kernel", "bias", "scale", "mean", "variance"):
            variable = getattr(layer, name, None)
            if variable is None:
                continue
            number = rng.random(variable.shape)
            if name == "kernel":
                number = (2 * number - 1) * np.sqrt(6 / np.prod(variable.shape[:-1]))
            elif name in ("bias", "mean"):
                number = (number - 0.5) / 5
            else:
                number = 0.75 + number / 2
            values[name] = number.astype(np.float32)
        yield layer, values


def picture(extent: int) -> np.ndarray:
    """Make the input, float32 (1, extent, extent, 3)."""
    return (4 * np.random.default_rng(1).random((1, extent, extent, 3)) - 2).astype(np.float32)


def logits_of_torch(theirs: Any, ours: Any, x: np.ndarray) -> np.ndarray:
    import torch

    from parity.transfer import torch_leaves
    from seqcnn.networks.imports import weighted_layers
    from seqcnn.nn.layers import Dense

    names = {"kernel": "weight", "bias": "bias", "scale": "weight", "mean": "running_mean",
             "variance": "running_var"}  # fmt: skip
    pairs = zip(drawn(weighted_layers(ours)), torch_leaves(theirs), strict=True)
    with torch.no_grad():
        for (mine, values), other in pairs:
            for name, value in values.items():
                own = getattr(other, names[name])
                if name == "kernel":
                    value = value.T if isinstance(mine, Dense) else value.transpose(3, 2, 0, 1)
                own.copy_(torch.from_numpy(np.ascontiguousarray(value)).reshape(own.shape))
        # in float64, so that differences are ours alone
        turned = torch.from_numpy(x.transpose(0, 3, 1, 2).astype(np.float64))
        return theirs.double().eval()(turned).numpy()[0]


def logits_of_keras(theirs: Any, ours: Any, x: np.ndarray) -> np.ndarray:
    from parity import keras_networks
    from seqcnn.networks.imports import weighted_layers

    layers = keras_networks.names_in_order(theirs, type(ours).__name__)
    gathered: dict[str, list[np.ndarray]] = {}
    for (_, values), name in zip(drawn(weighted_layers(ours)), layers, strict=True):
        order = ("kernel", "scale", "bias", "mean", "variance")
        gathered.setdefault(name, []).extend(values[part] for part in order if part in values)
    for name, values in gathered.items():
        layer = theirs.get_layer(name)
        own = layer.get_weights()
        layer.set_weights([v.reshape(w.shape) for v, w in zip(values, own, strict=True)])
    return np.asarray(theirs.predict(x, verbose=0))[0]


def logits(case: Case) -> np.ndarray:
    """Compute what the reference gives; ours is asked for the shapes of its layers only."""
    from flax import nnx

    import seqcnn

    space = (case.extent, case.extent, 3)
    ours = nnx.eval_shape(
        lambda: seqcnn.create(case.network, input_shape=space, classes=CLASSES, **case.options)
    )
    theirs = case.build(case.extent)
    run = logits_of_keras if case.source.startswith("Keras") else logits_of_torch
    return run(theirs, ours, picture(case.extent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="cases; all by default")
    names = parser.parse_args().names or list(CASES)
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    for name in names:
        case = CASES[name]
        found = logits(case)
        table[name] = {
            "network": case.network, "options": case.options, "extent": case.extent,
            "source": case.source, "logits": [float(f"{value:.8g}") for value in found],
        }  # fmt: skip
        TABLE.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n")
        print(name, *table[name]["logits"], flush=True)


if __name__ == "__main__":
    main()
