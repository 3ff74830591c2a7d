"""Parity of segmenters over backbones with segmentation_models.pytorch: same weights, same scores.

Needs PyTorch and segmentation_models.pytorch 0.6 (see `peers/requirements.txt`)::

    python benchmarks/bench_networks_segment_parity.py               # all, on 2 cores half an hour
    python benchmarks/bench_networks_segment_parity.py unet:resnet18 --size 96 128

Weights and moments are random. Differences are relative to the largest score of the reference. The
last two columns say how far each is from PyTorch in float64.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

ARCHS = {
    "unet": "Unet",
    "unetplusplus": "UnetPlusPlus",
    "linknet": "Linknet",
    "fpn": "FPN",
    "pspnet": "PSPNet",
    "deeplabv3plus": "DeepLabV3Plus",
    "segformer": "Segformer",
}
BACKBONES = {
    "resnet18": "resnet18",
    "mobilenetv2": "mobilenet_v2",
    "vgg16": "vgg16",
    "densenet121": "densenet121",
}
POOLED = ("vgg16", "densenet121")
"""Backbones that are made smaller by pooling: DeepLab cannot take them, there either."""


def used_leaves(network: Any) -> list[Any]:
    """List the layers that a call of theirs reads.

    U-Net++ over VGG is built with two convolutions in the centre that it does not call.
    """
    from parity.transfer import torch_leaves

    centre = getattr(network.decoder, "center", None)
    unused = torch_leaves(centre) if type(network).__name__ == "UnetPlusPlus" and centre else []
    return [leaf for leaf in torch_leaves(network) if not any(leaf is other for other in unused)]


def scores_of(network: Any, x: np.ndarray) -> np.ndarray:
    """Run a network of theirs, in the precision of `x`; channels last."""
    import torch

    with torch.no_grad():
        given = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
        return network(given).numpy().transpose(0, 2, 3, 1)


def compare(arch: str, backbone: str, size: tuple[int, int]) -> str:
    """Compare one pair; a row of the table."""
    import jax
    import segmentation_models_pytorch as smp
    import torch
    from flax import nnx
    from parity import transfer

    from seqcnn.networks.segment.backbones import create_segmenter

    torch.manual_seed(0)
    build: Callable[..., Any] = getattr(smp, ARCHS[arch])
    x = np.random.default_rng(0).normal(size=(1, *size, 3)).astype(np.float32)
    theirs = transfer.randomise(build(BACKBONES[backbone], encoder_weights=None, classes=2), x)
    ours = create_segmenter(arch, backbone, classes=2)
    transfer.copy(ours, theirs, used_leaves)
    count = sum(p.size for p in jax.tree.leaves(nnx.state(ours, nnx.Param)))
    other = sum(p.numel() for leaf in used_leaves(theirs) for p in leaf.parameters())
    graph, state = nnx.split(ours)
    mine = np.asarray(jax.jit(lambda state, x: nnx.merge(graph, state)(x))(state, x))
    single = scores_of(theirs, x)
    double = scores_of(theirs.double(), x.astype(np.float64))
    differ = transfer.largest_difference
    return (
        f"| {arch} | {backbone} | {count:,} | {'yes' if count == other else 'NO'} | "
        f"{differ(mine, single):.1e} | {differ(mine, double):.1e} | {differ(single, double):.1e} |"
    )


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="*", help="decoder:backbone; all by default")
    parser.add_argument("--size", type=int, nargs=2, default=(96, 128))
    options = parser.parse_args()
    pairs = [tuple(pair.split(":")) for pair in options.pairs] or [
        (arch, backbone)
        for backbone in BACKBONES
        for arch in ARCHS
        if not (arch == "deeplabv3plus" and backbone in POOLED)
    ]
    print("| decoder | backbone | parameters | the same | ours to theirs | ours to float64 "
          "| theirs to float64 |")  # fmt: skip
    print("|---|---|--:|---|--:|--:|--:|")
    for arch, backbone in pairs:
        try:
            print(compare(arch, backbone, tuple(options.size)), flush=True)
        except Exception as error:
            print(f"| {arch} | {backbone} | failed: {type(error).__name__}: {error} |", flush=True)


if __name__ == "__main__":
    main()
