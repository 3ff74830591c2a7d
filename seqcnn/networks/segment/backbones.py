"""Segmentation over any backbone of the zoo: `create_segmenter`.

A network of the zoo without its head gives maps of strides 2 to 32, a decoder reads them, and a
convolution gives each position its classes. Any extents will do: what is read is surrounded by
zeros up to a multiple of 32, and the result is cut back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.networks.classify.parts import Layers, Pool, StagedNetwork
from seqcnn.networks.segment.decoders import DECODERS, HEADS
from seqcnn.networks.zoo import create
from seqcnn.nn.conv import Conv
from seqcnn.nn.init import DENSE_INIT
from seqcnn.nn.resample import crop, resize

COARSEST = 32
"""Stride of the last map of a backbone."""

ENDS = ("head", "dense", "last", "extra")
"""Parts of a classification network behind its last map."""


class BackboneSegmenter(ImageNetwork):
    """Give each position its classes: a backbone, a decoder, a convolution.

    Parameters
    ----------
    input_shape
        (*space, channels). The extents are those it is made for: it reads any others too.
    classes
        Numbers for each position.
    arch
        One of `seqcnn.networks.segment.decoders.DECODERS`.
    backbone
        A network of the zoo whose maps are of strides 2, 4, 8, 16 and 32.
    decoder
        Options of the decoder, such as ``{"widths": [64, 32, 16, 8, 4]}``.
    encoder
        Options of the backbone.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        There is no such decoder, or the backbone has no such maps.
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (256, 256, 3),
        classes: int = 1,
        *,
        arch: str = "unet",
        backbone: str = "resnet18",
        decoder: Mapping[str, Any] | None = None,
        encoder: Mapping[str, Any] | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if arch not in DECODERS:
            raise SeqcnnError(f"`arch` must be one of {', '.join(DECODERS)}, not {arch!r}")
        self.encoder = headless(backbone, self.channels, self.rank, encoder or {}, rngs)
        if arch == "deeplabv3plus":
            dilate(self.encoder.stages[-1], 2)
        options = {"centre": True} if arch == "unet" and backbone.startswith("vgg") else {}
        layers = Layers(self.rank, rngs)
        maps = self.encoder.feature_channels
        self.decoder = DECODERS[arch](layers, maps, **options | dict(decoder or {}))
        self.head = layers.conv(
            self.decoder.channels, classes, HEADS.get(arch, 1), kernel_init=DENSE_INIT
        )

    def features(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> tuple[jax.Array, ...]:
        """Give the maps of the backbone, from the finest to the coarsest."""
        return self.encoder.features(x, rngs=rngs)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels): float (n, *space, classes)."""
        x, margins = surrounded(self.check(x, any_space=True), self.encoder.smallest)
        scores = self.head(self.decoder(self.features(x, rngs=rngs), rngs=rngs))
        return crop(resize(scores, x.shape[1:-1], align_corners=True), margins)


def create_segmenter(
    arch: str = "unet",
    backbone: str = "resnet18",
    *,
    in_channels: int = 3,
    classes: int = 1,
    rank: int = 2,
    seed: int = 0,
    **options: Any,
) -> BackboneSegmenter:
    """Build a segmentation network over a backbone of the zoo, with random weights.

    Parameters
    ----------
    arch, backbone
        As in `BackboneSegmenter`.
    in_channels, classes
        Channels of what is read, and numbers for each position.
    rank
        1 for sequences and signals, 2 for pictures, 3 for volumes.
    seed
        Same seed, same weights.
    options
        `decoder` and `encoder`, as in `BackboneSegmenter`.

    Examples
    --------
    >>> blank = nnx.eval_shape(lambda: create_segmenter("unet", "resnet18", classes=3))
    >>> nnx.eval_shape(lambda net, x: net(x), blank, jnp.zeros((2, 65, 97, 3))).shape
    (2, 65, 97, 3)
    """
    return BackboneSegmenter(
        (256,) * rank + (in_channels,),
        classes,
        arch=arch,
        backbone=backbone,
        rngs=nnx.Rngs(seed),
        **options,
    )


def headless(
    name: str, channels: int, rank: int, options: Mapping[str, Any], rngs: nnx.Rngs
) -> StagedNetwork:
    """Build a network of the zoo without what lies behind its last map.

    Raises
    ------
    SeqcnnError
        Its maps are not of strides 2, 4, 8, 16 and 32.
    """
    shape = (256,) * rank + (channels,)
    network: Any = create(name, input_shape=shape, rngs=rngs, **options)
    if getattr(network, "strides", None) != StagedNetwork.strides:
        raise SeqcnnError(
            f"{name!r} has no maps of strides 2, 4, 8, 16 and 32: take another backbone"
        )
    for end in ENDS:
        if end in vars(network):
            delattr(network, end)
    return network


def dilate(stage: nnx.Module, rate: int) -> None:
    """Take the strides out of a stage, and let its convolutions reach further instead.

    Parameters
    ----------
    stage
        Of a backbone.
    rate
        Positions between those that a convolution reads.

    Raises
    ------
    SeqcnnError
        The stage is made smaller by a pooling, which cannot reach further.
    """
    for _, part in nnx.iter_graph(stage):
        if isinstance(part, Pool) and part.stride != 1:
            raise SeqcnnError(
                "the backbone is made smaller by pooling, which deeplab cannot undo: take resnet, "
                "mobilenet or efficientnet, or another decoder"
            )
        if isinstance(part, Conv):
            rank = len(part.window)
            part.stride, part.dilation = (1,) * rank, (rate,) * rank
            part.padding = tuple((k // 2 * rate, k // 2 * rate) for k in part.window)


def surrounded(x: jax.Array, smallest: int) -> tuple[jax.Array, tuple[tuple[int, int], ...]]:
    """Surround an array by zeros, up to multiples of 32 that a backbone can read.

    Parameters
    ----------
    x
        float (n, *space, channels).
    smallest
        Extent that the backbone needs.

    Returns
    -------
    tuple
        The larger array, and what `crop` takes off.
    """
    least = -(-smallest // COARSEST) * COARSEST
    wanted = [max(least, -(-extent // COARSEST) * COARSEST) for extent in x.shape[1:-1]]
    totals = [new - old for new, old in zip(wanted, x.shape[1:-1], strict=True)]
    margins = tuple((total // 2, total - total // 2) for total in totals)
    return jnp.pad(x, ((0, 0), *margins, (0, 0))), margins
