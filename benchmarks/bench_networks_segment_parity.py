"""Parity of segmentation networks with PyTorch's: same weights, same scores.

Segmenters over backbones are compared with segmentation_models.pytorch, U-Net and SegNet of the
papers with `parity.torch_segmenters`. Needs what `peers/requirements.txt` lists::

    python benchmarks/bench_networks_segment_parity.py             # all, ten minutes on one core
    python benchmarks/bench_networks_segment_parity.py unet:resnet18 segnet --size 96 128

Segmenters are filled by `seqcnn.networks.imports.import_weights` from a file of theirs, so that the
import is checked too. Weights are those of `parity.transfer.settle`: values keep a size of about 1
from layer to layer. Differences are relative to the largest score of the reference. The last two
columns say how far each is from PyTorch in float64 with the same weights. Where extents are no
multiples of 32, ours surrounds the input by zeros (U-Net mirrors it), and the reference is given
such an input.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
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
    "efficientnetb0": "efficientnet-b0",
}
ENCODERS: dict[str, dict[str, Any]] = {"efficientnetb0": {"same": True, "eps": 1e-3, "early": True}}
"""Options of ours where theirs has other ones."""
POOLED = ("vgg16", "densenet121")
"""Backbones that are made smaller by pooling: DeepLab cannot take them, there either."""
PLAIN = {"unet_original": 1, "segnet": 3}
"""Networks of the papers, and the channels of their input."""

HEAD = (
    "| decoder | backbone | parameters | theirs | extents | ours to theirs | ours to float64 "
    "| theirs to float64 |\n|---|---|--:|--:|---|--:|--:|--:|"
)


def fill(ours: Any, theirs: Any) -> None:
    """Bring their weights over, by a file where a user would."""
    from parity import transfer

    from seqcnn.networks.imports import import_weights

    if type(ours).__name__ != "BackboneSegmenter":
        transfer.copy(ours, theirs, own=made_layers)
        return
    import safetensors.torch

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        safetensors.torch.save_file(theirs.state_dict(), path)
        import_weights(ours, path)


def made_layers(module: Any) -> Iterator[Any]:
    """Walk our layers with weights in the order in which they were made."""
    from flax import nnx

    from seqcnn.networks.imports import WEIGHTED

    if isinstance(module, WEIGHTED):
        yield module
    elif isinstance(module, nnx.Module | list | tuple):
        parts: Any = (
            module if isinstance(module, nnx.List | list | tuple) else vars(module).values()
        )
        for part in parts:
            yield from made_layers(part)


def build(arch: str, backbone: str) -> tuple[Any, Any]:
    """Build ours and theirs, with weights that have nothing in common yet."""
    from parity import torch_segmenters

    from seqcnn.networks.segment.backbones import create_segmenter
    from seqcnn.networks.zoo import create

    if arch in PLAIN:
        names = {"unet_original": "UNet", "segnet": "SegNet"}
        return create(arch), getattr(torch_segmenters, names[arch])()
    import segmentation_models_pytorch as smp

    make: Callable[..., Any] = getattr(smp, ARCHS[arch])
    theirs = make(BACKBONES[backbone], encoder_weights=None, classes=2)
    return create_segmenter(arch, backbone, classes=2, encoder=ENCODERS.get(backbone)), theirs


def surrounded(x: np.ndarray, arch: str) -> tuple[np.ndarray, list[int]]:
    """Surround an input by hand as ours does; also where what it held begins in the result."""
    valid = arch == "unet_original"
    wanted = [-(-extent // 32) * 32 for extent in x.shape[1:-1]]
    if valid:  # 184 positions are lost, and extents are 12 more than a multiple of 16
        wanted = [-(-(extent + 184 - 12) // 16) * 16 + 12 for extent in x.shape[1:-1]]
    totals = [new - old for new, old in zip(wanted, x.shape[1:-1], strict=True)]
    around = [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)]
    larger = np.pad(x, around, mode="reflect") if valid else np.pad(x, around)
    return larger, [(total - 184) // 2 if valid else total // 2 for total in totals]


def scores_of(network: Any, x: np.ndarray, arch: str) -> np.ndarray:
    """Run a network of theirs, in the precision of `x`; channels last, extents of `x`."""
    import torch

    given, (top, left) = surrounded(x, arch)
    with torch.no_grad():
        result = network(torch.from_numpy(given.transpose(0, 3, 1, 2).copy()))
    result = result.numpy().transpose(0, 2, 3, 1)
    return result[:, top : top + x.shape[1], left : left + x.shape[2]]


def compare(arch: str, backbone: str, sizes: list[tuple[int, int]], seed: int) -> Iterator[str]:
    """Compare one pair at several extents; rows of the table."""
    import jax
    import torch
    from flax import nnx
    from parity import transfer

    torch.manual_seed(0)
    ours, theirs = build(arch, backbone)
    rng = np.random.default_rng(seed)
    channels = PLAIN.get(arch, 3)
    inputs = [rng.normal(size=(1, *size, channels)).astype(np.float32) for size in sizes]
    transfer.settle(theirs, surrounded(inputs[0], arch)[0])
    fill(ours, theirs)
    count = sum(p.size for p in jax.tree.leaves(nnx.state(ours, nnx.Param)))
    other = sum(p.numel() for p in theirs.parameters())
    graph, state = nnx.split(ours)
    run = jax.jit(lambda state, x: nnx.merge(graph, state)(x))
    singles = [scores_of(theirs, x, arch) for x in inputs]
    theirs.double()
    differ = transfer.largest_difference
    for x, single in zip(inputs, singles, strict=True):
        mine, double = np.asarray(run(state, x)), scores_of(theirs, x.astype(np.float64), arch)
        yield (
            f"| {arch} | {backbone or '-'} | {count:,} | {other:,} | {x.shape[1]} x {x.shape[2]} | "
            f"{differ(mine, single):.1e} | {differ(mine, double):.1e} | "
            f"{differ(single, double):.1e} |"
        )


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="*", help="decoder:backbone, or a network; all by default")
    parser.add_argument("--seed", type=int, default=0, help="of the input; 0 by default")
    parser.add_argument(
        "--size", type=int, nargs=2, action="append", help="96 128 and 91 117 by default"
    )
    options = parser.parse_args()
    pairs = options.pairs or [
        *PLAIN,
        *(
            f"{arch}:{backbone}"
            for backbone in BACKBONES
            for arch in ARCHS
            if not (arch == "deeplabv3plus" and backbone in POOLED)
        ),
    ]
    sizes = options.size or [(96, 128), (91, 117)]
    print(HEAD)
    for pair in pairs:
        arch, _, backbone = pair.partition(":")
        try:
            for row in compare(arch, backbone, sizes, options.seed):
                print(row, flush=True)
        except Exception as error:
            print(f"| {arch} | {backbone} | failed: {type(error).__name__}: {error} |", flush=True)


if __name__ == "__main__":
    main()
