"""Parity of the zoo with its references: same random weights, logits and every layer compared.

Needs PyTorch, torchvision, timm and Keras (see `peers/requirements.txt`)::

    python benchmarks/bench_networks_parity.py            # all networks, a minute each on 2 cores
    python benchmarks/bench_networks_parity.py resnet50 --size 64
    python benchmarks/bench_networks_parity.py --batch 1 --table rows.md    # goes on where it ended

Weights of PyTorch come over layer by layer, those of Keras through a file and `import_weights`.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))


class Peer(NamedTuple):
    """A reference of one network.

    Parameters
    ----------
    source, name
        Package, and what it calls the network.
    options
        Of ours, where the default is another variant.
    order
        How its layers come in the order of ours; None for that of their definition.
    change
        What is changed in it after it is built.
    """

    source: str
    name: str
    options: Mapping[str, Any] = MappingProxyType({})
    order: Callable[[Any], list[Any]] | None = None
    change: Callable[[Any], None] | None = None


def xception_order(network: Any) -> list[Any]:
    """Put the way around each block behind the block, as in ours."""
    from parity.transfer import torch_leaves

    result = []
    for part in network.children():
        own = torch_leaves(part)
        if getattr(part, "skip", None) is not None:
            own = own[2:] + own[:2]
        result += own
    return result


def steeper(network: Any) -> None:
    """Give leaky units the slope of the paper."""
    from torch import nn

    for part in network.modules():
        if isinstance(part, nn.LeakyReLU):
            part.negative_slope = 0.1


PEERS: dict[str, Peer] = {
    "alexnet": Peer("own", "alexnet"),
    "googlenet": Peer("own", "googlenet"),
    "darknet19": Peer("own", "darknet19"),
    "shufflenet": Peer("own", "shufflenet"),
    "darknet53": Peer("timm", "darknet53", change=steeper),
    "vgg16": Peer("torchvision", "vgg16"),
    "vgg19": Peer("torchvision", "vgg19"),
    "squeezenet": Peer("torchvision", "squeezenet1_1"),
    "squeezenet1_0": Peer("torchvision", "squeezenet1_0"),
    "mobilenet timm": Peer("timm", "mobilenetv1_100", {"eps": 1e-5, "same": False}),
    "mobilenetv2": Peer("torchvision", "mobilenet_v2"),
    **{f"resnet{d}": Peer("torchvision", f"resnet{d}") for d in (18, 34, 50, 101, 152)},
    "resnext50": Peer("torchvision", "resnext50_32x4d"),
    "resnext101": Peer("timm", "resnext101_32x4d"),
    **{f"seresnet{d}": Peer("timm", f"legacy_seresnet{d}") for d in (18, 34, 50, 101, 152)},
    **{f"seresnext{d}": Peer("timm", f"legacy_seresnext{d}_32x4d") for d in (50, 101)},
    "senet154": Peer("timm", "legacy_senet154"),
    **{f"densenet{d}": Peer("torchvision", f"densenet{d}") for d in (121, 169, 201)},
    "inceptionv3": Peer("torchvision", "inception_v3"),
    "inceptionresnetv2 timm": Peer("timm", "inception_resnet_v2", {"scale": True}),
    "xception timm": Peer(
        "timm", "legacy_xception", {"same": False, "eps": 1e-5}, order=xception_order
    ),
    **{f"efficientnetb{i}": Peer("torchvision", f"efficientnet_b{i}") for i in range(8)},
    "efficientnetb0 timm": Peer("timm", "tf_efficientnet_b0", {"same": True, "eps": 1e-3}),
    "mobilenet": Peer("keras", "MobileNet"),
    "mobilenetv2 keras": Peer("keras", "MobileNetV2", {"same": True, "eps": 1e-3}),
    "xception": Peer("keras", "Xception"),
    "inceptionv3 keras": Peer("keras", "InceptionV3", {"variant": "keras"}),
    "inceptionresnetv2": Peer("keras", "InceptionResNetV2"),
    "vgg16 keras": Peer("keras", "VGG16"),
    "densenet121 keras": Peer("keras", "DenseNet121", {"eps": 1.001e-5}),
    "resnet50 keras": Peer("keras", "ResNet50", {"variant": "keras"}),
    "efficientnetb0 keras": Peer("keras", "EfficientNetB0", {"same": True, "eps": 1e-3}),
    "resnet18 preactivation": Peer("keras", "cm resnet18", {"variant": "preactivation"}),
    "resnet50 preactivation": Peer("keras", "cm resnet50", {"variant": "preactivation"}),
    "nasnetmobile": Peer("keras", "NASNetMobile"),
    "nasnetlarge": Peer("keras", "NASNetLarge"),
}
"""References by the name of the network, and of the reference where there are several."""

KERAS_FILES = {"mobilenet": ".h5", "xception": ".h5", "resnet50 keras": ".keras"}
"""By what file weights come from Keras, if not by ``.weights.h5``."""


def build(peer: Peer) -> Any:
    """Make a reference with random weights."""
    if peer.source == "own":
        from parity import torch_networks

        network = getattr(torch_networks, peer.name)()
    elif peer.source == "torchvision":
        import torchvision

        options = {}
        if peer.name == "inception_v3":
            options = {"aux_logits": False, "init_weights": True, "transform_input": False}
        network = getattr(torchvision.models, peer.name)(weights=None, **options)
    else:
        import timm

        network = timm.create_model(peer.name, pretrained=False)
    if peer.change is not None:
        peer.change(network)
    return network


class Row(NamedTuple):
    """What a comparison finds.

    Parameters
    ----------
    count, same
        Parameters of ours, and whether the reference has as many.
    size, layers
        Extent of the input; layers with weights.
    logits, worst
        Largest differences, relative to the largest value: of the output, and of any layer.
    """

    count: int
    same: bool
    size: int
    layers: int
    logits: float
    worst: float


def compare(name: str, peer: Peer, size: int | None, batch: int) -> Row:
    """Compare one network."""
    from flax import nnx
    from parity import transfer

    import seqcnn

    ours = seqcnn.create(name.partition(" ")[0], **peer.options)
    space = ours.space if size is None else (size, size)
    x = np.random.default_rng(0).normal(size=(batch, *space, 3)).astype(np.float32)
    run = compare_keras if peer.source == "keras" else compare_torch
    numbers, other = run(name, peer, ours, x)
    mine = transfer.run_ours(ours, x)
    differences = {n: transfer.largest_difference(mine[n], other[n]) for n in other}
    worst = max(d for n, d in differences.items() if n >= 0)
    count = sum(p.size for p in jax_leaves(nnx.state(ours, nnx.Param)))
    return Row(count, count == numbers[0], space[0], numbers[1], differences[-1], worst)


def compare_torch(
    name: str, peer: Peer, ours: Any, x: np.ndarray
) -> tuple[tuple[int, int], dict[int, np.ndarray]]:
    """Bring weights over; give parameters and layers of the reference, and its results."""
    import torch
    from parity import transfer

    torch.manual_seed(0)
    theirs = transfer.randomise(build(peer), x)
    order, flattened = peer.order or transfer.torch_leaves, name.startswith(("alexnet", "vgg"))
    pairs = transfer.copy(ours, theirs, order, flattened=flattened)
    result = transfer.run_torch(theirs, [part for _, part in pairs], x)
    return (sum(p.numel() for p in theirs.parameters()), len(pairs)), result


def compare_keras(
    name: str, peer: Peer, ours: Any, x: np.ndarray
) -> tuple[tuple[int, int], dict[int, np.ndarray]]:
    """Do as `compare_torch` with a network of Keras."""
    from parity import keras_networks

    theirs = keras_networks.randomise(keras_networks.build(peer.name, x.shape[1:-1]))
    names = keras_networks.bring(ours, theirs, KERAS_FILES.get(name, ".weights.h5"))
    # EfficientNet divides its pixels by 255 itself
    inside = any(type(layer).__name__ == "Rescaling" for layer in theirs.layers)
    result = keras_networks.run(theirs, names, x * 255 if inside else x)
    count = sum(int(np.prod(weight.shape)) for weight in theirs.trainable_weights)
    return (count, len(names)), result


def jax_leaves(tree: Any) -> list[Any]:
    """Leaves of a tree of arrays."""
    import jax

    return jax.tree.leaves(tree)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="networks; all by default")
    parser.add_argument("--size", type=int, help="extent of the input; the network's by default")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--table", type=Path, help="file of rows; those that it has are left out")
    options = parser.parse_args()
    table = options.table
    done = table.read_text() if table and table.exists() else ""
    if not done:
        write(HEADER, table)
    for name in options.names or PEERS:
        if f"\n| {name} |" in done:
            continue
        peer = PEERS[name]
        try:
            row = compare(name, peer, options.size, options.batch)
        except Exception as error:
            print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            continue
        write(
            f"| {name} | {peer.source} {peer.name} | {row.count:,} | "
            f"{'yes' if row.same else 'NO'} | {row.size} | {row.layers} | {row.logits:.1e} | "
            f"{row.worst:.1e} |\n",
            table,
        )
        forget()


HEADER = """\
| network | reference | parameters | the same | size | layers | logits | worst layer |
|---|---|--:|---|--:|--:|--:|--:|
"""


def write(text: str, table: Path | None) -> None:
    """Print a row, and add it to the table."""
    print(text, end="", flush=True)
    if table is not None:
        with table.open("a") as handle:
            handle.write(text)


def forget() -> None:
    """Free what compiled networks hold."""
    import gc

    import jax

    jax.clear_caches()
    gc.collect()


if __name__ == "__main__":
    main()
