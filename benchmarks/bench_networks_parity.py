"""Parity of the zoo with its references: same random weights, logits and every layer compared.

Needs PyTorch, torchvision, timm and Keras (see `peers/requirements.txt`)::

    python benchmarks/bench_networks_parity.py            # all networks, a minute each on 2 cores
    python benchmarks/bench_networks_parity.py resnet50 --size 64
    python benchmarks/bench_networks_parity.py --batch 1 --table rows.md    # goes on where it ended

Weights of PyTorch come over layer by layer, those of Keras through a file and `import_weights`.

All weights are drawn anew (`parity/transfer.py`, `randomise`): kernels N(0, 2 / inputs), biases
N(0, 0.1), factors between 0.4 and 0.6. Running moments are set while the reference predicts the
input, one normalisation after the other, from the mean square s^2 of what comes to it: means
0.1 s N(0, 1), variances s^2 times 0.75 to 1.25. So values stay of moderate size at every depth
(the column "largest"), nothing enlarges rounding, and no weight is 0 or 1: a bias or a moment that
is left out, two that are swapped, or another `eps` shows.
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


SIZES = {"nasnetlarge": 165, **{f"efficientnetb{i}": s for i, s in ((5, 228), (6, 264), (7, 300))}}
"""Extents of inputs, where those of the network take too long: half of them."""


class Found(NamedTuple):
    """What a reference gives.

    Parameters
    ----------
    count, layers
        Parameters; layers with weights.
    file
        Whether its weights have come over through a file and `import_weights` as well.
    results
        Results of layers by number, of all as number -1.
    double
        What it gives in float64; None where that was not run.
    """

    count: int
    layers: int
    file: bool
    results: dict[int, np.ndarray]
    double: np.ndarray | None = None


class Row(NamedTuple):
    """What a comparison finds.

    Parameters
    ----------
    count, same
        Parameters of ours, and whether the reference has as many.
    file
        Whether weights have come over through a file.
    size, layers
        Extent of the input; layers with weights.
    largest
        Largest value of any layer.
    logits, worst
        Largest differences, relative to the largest value: of the output, and of any layer.
    ours64, theirs64
        Those of the output to the reference in float64; None if that was not run.
    """

    count: int
    same: bool
    file: bool
    size: int
    layers: int
    largest: float
    logits: float
    worst: float
    ours64: float | None
    theirs64: float | None


def compare(name: str, peer: Peer, size: int | None, batch: int) -> Row:
    """Compare one network."""
    from flax import nnx
    from parity import transfer

    import seqcnn

    ours = seqcnn.create(name.partition(" ")[0], **peer.options)
    size = size or SIZES.get(name)
    space = ours.space if size is None else (size, size)
    x = np.random.default_rng(0).normal(size=(batch, *space, 3)).astype(np.float32)
    other = (compare_keras if peer.source == "keras" else compare_torch)(name, peer, ours, x)
    mine, theirs = transfer.run_ours(ours, x), other.results
    differences = {n: transfer.largest_difference(mine[n], theirs[n]) for n in theirs}
    count = sum(p.size for p in jax_leaves(nnx.state(ours, nnx.Param)))
    truth = other.double
    return Row(
        count,
        count == other.count,
        other.file,
        space[0],
        other.layers,
        max(float(np.abs(y).max()) for y in theirs.values()),
        differences[-1],
        max(d for n, d in differences.items() if n >= 0),
        *(
            None if truth is None else transfer.largest_difference(y, truth)
            for y in (mine[-1], theirs[-1])
        ),
    )


def compare_torch(name: str, peer: Peer, ours: Any, x: np.ndarray) -> Found:
    """Bring weights over, and run the reference."""
    import torch
    from parity import transfer

    torch.manual_seed(0)
    theirs = transfer.randomise(build(peer), x)
    order, flattened = peer.order or transfer.torch_leaves, name.startswith(("alexnet", "vgg"))
    pairs = transfer.copy(ours, theirs, order, flattened=flattened)
    file = peer.source != "own" and transfer.check_import(ours, theirs)
    result = transfer.run_torch(theirs, [part for _, part in pairs], x)
    count = sum(p.numel() for p in theirs.parameters())
    return Found(count, len(pairs), file, result, transfer.torch_logits64(theirs, x))


def compare_keras(name: str, peer: Peer, ours: Any, x: np.ndarray) -> Found:
    """Do as `compare_torch` with a network of Keras."""
    from parity import keras_networks

    theirs = keras_networks.build(peer.name, x.shape[1:-1])
    # EfficientNet divides its pixels by 255 itself
    inside = any(type(layer).__name__ == "Rescaling" for layer in theirs.layers)
    pixels = x * 255 if inside else x
    keras_networks.randomise(theirs, pixels)
    names = keras_networks.bring(ours, theirs, KERAS_FILES.get(name, ".weights.h5"))
    result = keras_networks.run(theirs, names, pixels)
    count = sum(int(np.prod(weight.shape)) for weight in theirs.trainable_weights)
    return Found(count, len(names), True, result)


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
        write(line(name, peer, row), table)
        forget()


HEADER = """\
| network | reference | parameters | the same | file | size | layers | largest | logits \
| worst layer | ours to float64 | theirs to float64 |
|---|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|
"""


def line(name: str, peer: Peer, row: Row) -> str:
    """Write a row of the table."""
    double = (f"{d:.1e}" if d is not None else "" for d in (row.ours64, row.theirs64))
    cells = [
        name, f"{peer.source} {peer.name}", f"{row.count:,}", "yes" if row.same else "NO",
        "yes" if row.file else "", row.size, row.layers, f"{row.largest:.0f}", f"{row.logits:.1e}",
        f"{row.worst:.1e}", *double,
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |\n"


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
