"""Layers of whole segmentation networks of segmentation_models.pytorch, in the order of ours.

Their names begin with ``encoder.``, ``decoder.`` and ``segmentation_head.``; the encoder is sorted
as the network of the zoo is (`seqcnn.networks.torch_layers.ORDERS`), decoders by `DECODER_ORDERS`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.networks.segment.decoders import DECODERS
from seqcnn.networks.torch_layers import ORDERS, Tensors, layers_of, without_parallel

DECODER_ORDERS = {
    "unet": "center blocks conv",
    "unetplusplus": "blocks x_0_0 x_0_1 x_1_1 x_0_2 x_1_2 x_2_2 x_0_3 x_1_3 x_2_3 x_3_3 x_0_4 conv",
    "linknet": "blocks block",
    "fpn": "p5 p4 p3 p2 skip_conv seg_blocks block",
    "pspnet": "psp blocks pool conv",
    "deeplabv3plus": "aspp convs project block",
    "segformer": "mlp_stage linear fuse_stage",
}
"""Words of names in the order of layers, as in `ORDERS`."""

MADE = {
    part: number
    for number, part in enumerate(
        "centre steps convs layers parts entries ways near far mean project smooth entry conv norm "
        "joint last".split()
    )
}
"""Places of the parts of our decoders, by attribute."""

ENCODERS = ("ResNet", "SENet", "DenseNet", "VGG", "MobileNetV2", "EfficientNet")
"""Classes of backbones that are run there as here."""

BLOCKS_OF_B0 = 16
"""Of EfficientNet-B0, whose map of stride 16 is taken two blocks early there."""

PADDED = ("Xception", "InceptionResNetV2", "InceptionV3")
"""Classes whose first convolutions are padded there, and not here."""

Layers = list[tuple[str, Tensors]]
"""Names of layers, and what each holds."""


def segmenter_layers(
    tensors: Mapping[str, np.ndarray], segmenter: Any
) -> tuple[Layers, tuple[str, ...]]:
    """Sort what a file holds into the order of a `BackboneSegmenter`: encoder, decoder, head.

    Parameters
    ----------
    tensors
        By dotted name.
    segmenter
        Whose layers they shall be.

    Returns
    -------
    tuple
        The layers, and the names of those that ours has no need of.

    Raises
    ------
    SeqcnnError
        They are of another network, or of a variant that ours would run in another way.
    """
    kind = type(segmenter.encoder).__name__
    _check_kind(kind)
    arch = next(name for name, known in DECODERS.items() if type(segmenter.decoder) is known)
    if arch not in DECODER_ORDERS:
        raise SeqcnnError(
            f"no weights of others fit the decoder {arch!r}: they are known for "
            f"{', '.join(DECODER_ORDERS)}"
        )
    tensors = without_parallel(tensors)
    parts: dict[str, dict[str, np.ndarray]] = {
        "encoder": {},
        "decoder": {},
        "segmentation_head": {},
    }
    skipped = set()
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        if _is_idle(name, kind, arch):
            skipped.add(name.rpartition(".")[0])
        elif part not in parts:
            raise SeqcnnError(
                f"{name!r} begins with none of {', '.join(parts)}: it is no segmentation network "
                f"of segmentation_models.pytorch; weights of a classifier go into `encoder` alone"
            )
        else:
            parts[part][rest] = tensor
    _check_variant(parts["encoder"], segmenter.encoder)
    orders = {"encoder": ORDERS[kind], "decoder": DECODER_ORDERS[arch], "segmentation_head": ""}
    found = [
        (f"{part}.{name}", values)
        for part, order in orders.items()
        for name, values in layers_of(parts[part], order)
    ]
    return found, tuple(sorted(skipped))


def _is_idle(name: str, kind: str, arch: str) -> bool:
    """Tell whether no mask comes through a layer: a second output, or what follows the last map."""
    idle = ["classification_head."]
    if kind == "EfficientNet":
        idle += [f"encoder.{part}." for part in ("_conv_head", "_bn1", "conv_head", "bn2")]
    if arch == "unetplusplus":  # over VGG it is made there, and not called
        idle.append("decoder.center.")
    return name.startswith(tuple(idle))


def _check_kind(kind: str) -> None:
    if kind in PADDED:
        raise SeqcnnError(
            f"{kind} pads its first convolutions there and not here, so that maps would differ: "
            f"take another backbone"
        )
    if kind not in ENCODERS:
        raise SeqcnnError(
            f"no weights of segmenters fit {kind}: they are known for {', '.join(ENCODERS)}"
        )


def _check_variant(tensors: Mapping[str, np.ndarray], encoder: Any) -> None:
    """Refuse an EfficientNet whose layers would fit, and be run in another way."""
    blocks = {name.split(".")[1] for name in tensors if name.startswith("_blocks.")}
    if not blocks:
        if getattr(encoder, "early", False) and "conv_stem.weight" in tensors:
            raise SeqcnnError("it takes the maps behind all blocks: build without `early`")
        return
    if len(blocks) != BLOCKS_OF_B0:
        raise SeqcnnError(
            "EfficientNet-B1 to B7 pad there as for pictures of one size, whatever size they read, "
            "so that maps would differ: take efficientnet-b0 or timm-efficientnet-b1 to b7"
        )
    wanted = {"same": True, "eps": 1e-3, "early": True}
    if any(getattr(encoder, option) != value for option, value in wanted.items()):
        raise SeqcnnError(
            f"it is of a variant of EfficientNet that pads and takes its maps in its own way: "
            f"build the segmenter with `encoder={wanted}`"
        )
