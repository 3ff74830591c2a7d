"""Golden outputs of the decoders of segmentation_models.pytorch, for the test suite.

Weights and maps follow the rule of `parity.golden`, which the test repeats. Needs PyTorch and
segmentation_models.pytorch 0.6::

    python benchmarks/parity/decoder_goldens.py         # writes tests/networks/data/decoders.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_networks_segment_parity import made_layers
from flax import nnx
from segmentation_models_pytorch.decoders.deeplabv3.decoder import DeepLabV3PlusDecoder
from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder
from segmentation_models_pytorch.decoders.linknet.decoder import LinknetDecoder
from segmentation_models_pytorch.decoders.pspnet.decoder import PSPDecoder
from segmentation_models_pytorch.decoders.segformer.decoder import SegformerDecoder
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder
from segmentation_models_pytorch.decoders.unetplusplus.decoder import UnetPlusPlusDecoder

from parity.golden import drawn
from parity.transfer import torch_leaves
from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.segment.decoders import DECODERS
from seqcnn.nn.layers import Dense

TABLE = Path(__file__).parents[2] / "tests" / "networks" / "data" / "decoders.json"
CHANNELS = (8, 8, 8, 16, 16)
EXTENTS = (32, 16, 8, 4, 2)
KEPT = 40
"""Values of each result that are kept, at even distances among those that are not 0."""

SEEN = (3, *CHANNELS)
WIDTHS = (8, 8, 8, 4, 4)
THEIRS: dict[str, tuple[dict[str, Any], Any]] = {
    "unet": ({"widths": WIDTHS}, lambda: UnetDecoder(SEEN, WIDTHS)),
    "unetplusplus": ({"widths": WIDTHS}, lambda: UnetPlusPlusDecoder(SEEN, WIDTHS)),
    "linknet": ({"width": 4}, lambda: LinknetDecoder(list(SEEN), 4)),
    "fpn": (
        {"pyramid": 32, "width": 32},
        lambda: FPNDecoder(list(SEEN), pyramid_channels=32, segmentation_channels=32),
    ),
    "pspnet": ({"width": 8}, lambda: PSPDecoder(list(SEEN[:4]), out_channels=8)),
    "deeplabv3plus": (
        {"width": 8, "reaches": (1, 2, 3)},
        lambda: DeepLabV3PlusDecoder(SEEN, 5, 8, (1, 2, 3), 16, True, 0.5),
    ),
    "segformer": ({"width": 8}, lambda: SegformerDecoder(list(SEEN), segmentation_channels=8)),
}
"""Options of ours, and what makes the reference."""

NAMES = {
    "kernel": "weight", "bias": "bias", "scale": "weight", "mean": "running_mean",
    "variance": "running_var",
}  # fmt: skip


def maps_of(arch: str) -> list[np.ndarray]:
    """Draw the maps of an encoder, float32 (1, extent, extent, channels)."""
    rng = np.random.default_rng(1)
    extents = (*EXTENTS[:4], 4) if arch == "deeplabv3plus" else EXTENTS
    drawn = [rng.random((1, n, n, c)) for n, c in zip(extents, CHANNELS, strict=True)]
    return [(2 * each - 1).astype(np.float32) for each in drawn]


def result(arch: str) -> np.ndarray:
    """Compute in float64 what theirs gives for the maps, channels last."""
    options, build = THEIRS[arch]
    ours, theirs = DECODERS[arch](Layers(2, nnx.Rngs(0)), CHANNELS, **options), build()
    pairs = zip(drawn(made_layers(ours)), torch_leaves(theirs), strict=True)
    with torch.no_grad():
        for (mine, values), other in pairs:
            for name, value in values.items():
                if name == "kernel":
                    value = value.T if isinstance(mine, Dense) else value.transpose(3, 2, 0, 1)
                getattr(other, NAMES[name]).copy_(torch.from_numpy(np.ascontiguousarray(value)))
        given = [np.zeros((1, 64, 64, 3)), *maps_of(arch)]
        turned = [torch.from_numpy(x.transpose(0, 3, 1, 2).astype(np.float64)) for x in given]
        turned = turned[:4] if arch == "pspnet" else turned
        return theirs.double().eval()(turned).numpy().transpose(0, 2, 3, 1)


def main() -> None:
    table = {}
    for arch, (options, _) in THEIRS.items():
        found = result(arch)
        flat = found.ravel()
        there = np.flatnonzero(flat)
        places = there[:: len(there) // KEPT][:KEPT]
        table[arch] = {
            "options": options, "shape": found.shape, "largest": float(np.abs(flat).max()),
            "places": places.tolist(), "values": [float(f"{v:.8g}") for v in flat[places]],
        }  # fmt: skip
    TABLE.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
