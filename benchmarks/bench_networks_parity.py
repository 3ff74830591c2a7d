"""Parity of the zoo with its references: same random weights, logits and every layer compared.

Needs PyTorch, torchvision and timm (see `peers/requirements.txt`)::

    python benchmarks/bench_networks_parity.py            # all networks, a minute each on 2 cores
    python benchmarks/bench_networks_parity.py resnet50 --size 64
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
    "mobilenet": Peer("timm", "mobilenetv1_100", {"eps": 1e-5}),
    "mobilenetv2": Peer("torchvision", "mobilenet_v2"),
    **{f"resnet{d}": Peer("torchvision", f"resnet{d}") for d in (18, 34, 50, 101, 152)},
    "resnext50": Peer("torchvision", "resnext50_32x4d"),
    "resnext101": Peer("timm", "resnext101_32x4d"),
    **{f"seresnet{d}": Peer("timm", f"legacy_seresnet{d}") for d in (18, 34, 50, 101, 152)},
    **{f"seresnext{d}": Peer("timm", f"legacy_seresnext{d}_32x4d") for d in (50, 101)},
    "senet154": Peer("timm", "legacy_senet154"),
    **{f"densenet{d}": Peer("torchvision", f"densenet{d}") for d in (121, 169, 201)},
    "inceptionv3": Peer("torchvision", "inception_v3"),
    "inceptionresnetv2": Peer("timm", "inception_resnet_v2", {"scale": True}),
    "xception": Peer("timm", "legacy_xception", {"same": False, "eps": 1e-5}, order=xception_order),
    **{f"efficientnetb{i}": Peer("torchvision", f"efficientnet_b{i}") for i in range(8)},
}


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


def compare(name: str, peer: Peer, size: int | None, batch: int) -> tuple[Any, ...]:
    """Compare one network; a row of the table."""
    import torch
    from flax import nnx
    from parity import transfer

    import seqcnn

    torch.manual_seed(0)
    theirs = transfer.randomise(build(peer))
    ours = seqcnn.create(name, **peer.options)
    space = ours.space if size is None else (size, size)
    order, flattened = peer.order or transfer.torch_leaves, name.startswith(("alexnet", "vgg"))
    pairs = transfer.copy(ours, theirs, order, flattened=flattened)
    x = np.random.default_rng(0).normal(size=(batch, *space, 3)).astype(np.float32)
    mine = transfer.run_ours(ours, x)
    other = transfer.run_torch(theirs, [part for _, part in pairs], x)
    differences = {n: transfer.largest_difference(mine[n], other[n]) for n in other}
    worst = max((d, n) for n, d in differences.items() if n >= 0)[0]
    count = sum(p.size for p in jax_leaves(nnx.state(ours, nnx.Param)))
    same = count == sum(p.numel() for p in theirs.parameters())
    return (
        name,
        f"{peer.source} {peer.name}",
        count,
        same,
        space[0],
        len(pairs),
        differences[-1],
        worst,
    )


def jax_leaves(tree: Any) -> list[Any]:
    """Leaves of a tree of arrays."""
    import jax

    return jax.tree.leaves(tree)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="networks; all by default")
    parser.add_argument("--size", type=int, help="extent of the input; the network's by default")
    parser.add_argument("--batch", type=int, default=2)
    options = parser.parse_args()
    print("| network | reference | parameters | the same | size | layers | logits | worst layer |")
    print("|---|---|--:|---|--:|--:|--:|--:|")
    for name in options.names or PEERS:
        try:
            row = compare(name, PEERS[name], options.size, options.batch)
        except Exception as error:
            print(f"| {name} | failed: {type(error).__name__}: {error} |", flush=True)
            continue
        name, peer, count, same, size, layers, logits, worst = row
        print(
            f"| {name} | {peer} | {count:,} | {'yes' if same else 'NO'} | {size} | {layers} | "
            f"{logits:.1e} | {worst:.1e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
