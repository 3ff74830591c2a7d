"""The table of networks: where each name is built, what it is for, and what it is in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from flax import nnx


ARRAYS = ("classify", "segment", "generate")
"""Families of networks that read arrays, whatever their values mean."""


class Entry(NamedTuple):
    """A row of the table of networks.

    Parameters
    ----------
    network
        A class or function; or ``"module:name"``, so that listing the networks imports none.
    family
        What it is for: ``"sequence"``; ``"positions"`` of sequences; ``"classify"``,
        ``"segment"`` and ``"generate"`` for arrays; ``"own"`` for what users register.
    summary
        What it is, in a line.
    """

    network: str | Callable[..., nnx.Module]
    family: str
    summary: str


def _sequence(network: str, summary: str) -> Entry:
    return Entry(f"seqcnn.networks.sequence.{network}", "sequence", summary)


def _array(network: str, summary: str) -> Entry:
    family = network.partition(".")[0]
    return Entry(f"seqcnn.networks.{network}", family, summary)


NETWORKS: dict[str, Entry] = {
    "motifcnn": _sequence(
        "motifcnn:MotifCNN",
        "motif kernels that both strands share, their best match, a dense layer (DeepBind)",
    ),
    "basset": _sequence(
        "basset:Basset", "three stages of convolution and max-pooling, dense layers (Basset)"
    ),
    "deepsea": _sequence(
        "basset:Basset", "three wide stages without batch norm, a dense layer (DeepSEA)"
    ),
    "dilated": _sequence(
        "dilated:Dilated", "a residual tower of dilated convolutions with batch norm"
    ),
    "bpnet": _sequence(
        "dilated:Dilated", "a residual tower of dilated convolutions, with a profile (BPNet)"
    ),
    "dilated_positions": Entry(
        "seqcnn.networks.sequence.dilated:DilatedPositions",
        "positions",
        "the same tower, which scores each position of a sequence",
    ),
    "hybrid": _sequence("hybrid:Hybrid", "convolutions, then two blocks of attention"),
    "danq": _sequence("hybrid:Hybrid", "one convolution, then an LSTM in either direction (DanQ)"),
    "explainn": _sequence(
        "explainn:ExplaiNN", "a sum of small networks of one motif kernel each (ExplaiNN)"
    ),
    "lenet": _array("classify.lenet:LeNet", "two convolutions, three dense layers (LeNet-5)"),
    "unet": _array("segment.unet:UNet", "down and up again, with skip connections (U-Net)"),
    "unet_original": _array("segment.unet:UNet", "U-Net as it was published, 31 M parameters"),
    "segnet": _array("segment.segnet:SegNet", "VGG-16 and back, max-unpooling (SegNet)"),
    "segmenter": _array(
        "segment.segmenter:Segmenter", "a small encoder, and one of three decoders above it"
    ),
    "segformer_small": _array(
        "segment.segmenter:Segmenter", "a small encoder, and attention over its maps (SegFormer)"
    ),
    "mlp": _array("classify.mlp:MLP", "dense layers alone (multi-layer perceptron)"),
    "cnn": _array("classify.cnn:CNN", "stages of convolutions and pooling, dense layers"),
    "inception_small": _array(
        "classify.inception:InceptionNet", "two inception blocks for small pictures"
    ),
    "alexnet": _array("classify.alexnet:AlexNet", "grouped convolutions, dense layers (AlexNet)"),
    "googlenet": _array("classify.googlenet:GoogLeNet", "Inception blocks (GoogLeNet)"),
    "inceptionv3": _array("classify.inception_v3:InceptionV3", "long windows in two steps"),
    "inceptionresnetv2": _array(
        "classify.inception_resnet:InceptionResNetV2", "Inception blocks as residual branches"
    ),
    "xception": _array("classify.xception:Xception", "residual blocks of separable convolutions"),
    "darknet19": _array("classify.darknet:DarkNet19", "3x3 and 1x1 convolutions (YOLO 9000)"),
    "darknet53": _array("classify.darknet:DarkNet53", "residual blocks (YOLO version 3)"),
    "shufflenet": _array("classify.shufflenet:ShuffleNet", "shuffled groups of channels"),
    "mobilenet": _array("classify.mobilenet:MobileNet", "depthwise and pointwise convolutions"),
    "mobilenetv2": _array("classify.mobilenet:MobileNetV2", "inverted residual blocks"),
    **{
        name: _array("classify.squeezenet:SqueezeNet", f"fire modules, version {version}")
        for name, version in (("squeezenet", "1.1"), ("squeezenet1_0", "1.0"))
    },
    **{
        f"vgg{depth}": _array("classify.vgg:VGG", f"3x3 convolutions, {depth} layers with weights")
        for depth in (16, 19)
    },
    **{
        f"resnet{depth}": _array("classify.resnet:ResNet", f"residual blocks, {depth} layers")
        for depth in (18, 34, 50, 101, 152)
    },
    "resnet_small": _array(
        "classify.resnet:ResNet", "three stages of residual blocks, for small pictures"
    ),
    **{
        f"resnext{depth}": _array(
            "classify.resnet:ResNet", f"residual blocks in 32 groups, {depth}"
        )
        for depth in (50, 101)
    },
    **{
        f"se{base}": _array("classify.senet:SENet", f"{base} with weighted channels")
        for base in (
            "resnet18",
            "resnet34",
            "resnet50",
            "resnet101",
            "resnet152",
            "resnext50",
            "resnext101",
        )
    },
    "senet154": _array("classify.senet:SENet", "64 groups, weighted channels, 154 layers"),
    **{
        f"densenet{depth}": _array("classify.densenet:DenseNet", f"dense blocks, {depth} layers")
        for depth in (121, 169, 201)
    },
    "backbone_segmenter": _array(
        "segment.backbones:BackboneSegmenter", "any of 9 decoders over any backbone (U-Net, ...)"
    ),
    **{
        f"nasnet{size}": _array("classify.nasnet:NASNet", "cells that a search has found")
        for size in ("mobile", "large")
    },
    **{
        f"efficientnetb{i}": _array(
            "classify.efficientnet:EfficientNet", f"inverted residual blocks, grown to size B{i}"
        )
        for i in range(8)
    },
    "vae": _array("generate.vae:VAE", "a variational auto-encoder that makes pictures of classes"),
    "gan": _array("generate.gan:GAN", "a maker and a critic that play against each other"),
    "diffusion": _array(
        "generate.diffusion:Diffusion", "a U-Net that makes pictures by taking noise off"
    ),
}
