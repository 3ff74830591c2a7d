"""Decoders that stand on the maps of any backbone, of strides 2, 4, 8, 16 and 32.

All but the last two are those of segmentation_models.pytorch, layer by layer: a checkpoint of a
whole network of its fits (`seqcnn.networks.imports.import_weights`), over ResNet, ResNeXt,
SE-ResNet, SENet, DenseNet, VGG, MobileNetV2 and EfficientNet-B0. Each decoder is made of the
channels of the maps and called with the maps, from the finest to the coarsest; it has `channels`,
those of its result, and `stride`, how many times smaller than the input that is. Maps of odd
extents are fitted to each other.
"""

from seqcnn.networks.segment.pyramid import DeepLabDecoder, FPNDecoder, PSPDecoder
from seqcnn.networks.segment.skip import (
    Joint,
    LinknetDecoder,
    UnetDecoder,
    UnetPlusPlusDecoder,
    fitted,
)
from seqcnn.networks.segment.transformer import AttentionRise, SegformerDecoder
from seqcnn.networks.segment.transposed import LearntRise

__all__ = [
    "DECODERS",
    "HEADS",
    "AttentionRise",
    "DeepLabDecoder",
    "FPNDecoder",
    "Joint",
    "LearntRise",
    "LinknetDecoder",
    "PSPDecoder",
    "SegformerDecoder",
    "UnetDecoder",
    "UnetPlusPlusDecoder",
    "fitted",
]

DECODERS: dict[str, type] = {
    "unet": UnetDecoder,
    "unetplusplus": UnetPlusPlusDecoder,
    "linknet": LinknetDecoder,
    "fpn": FPNDecoder,
    "pspnet": PSPDecoder,
    "deeplabv3plus": DeepLabDecoder,
    "segformer": SegformerDecoder,
    "transposed": LearntRise,
    "attention": AttentionRise,
}
"""Decoders by name."""

HEADS = {"unet": 3, "unetplusplus": 3, "pspnet": 3}
"""Window of the last convolution; 1 where it is not said."""
