"""One encoder, and the three ways up from its maps: weights, skip connections, or attention."""

from collections.abc import Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.networks.segment.transformer import AttentionDecoder
from seqcnn.networks.segment.transposed import TransposedDecoder
from seqcnn.networks.segment.unet import PlainEncoder, SkipDecoder
from seqcnn.nn.conv import Conv
from seqcnn.nn.init import DENSE_INIT
from seqcnn.nn.resample import crop, pad_to_multiple, resize

DECODERS = ("transposed", "skip", "attention")
"""Transposed convolutions alone; those beside the maps of the encoder; attention over all maps."""

VARIANTS: dict[str, dict[str, Any]] = {
    "segmenter": {},
    "segformer_small": {"decoder": "attention", "skipped": 1},
}


class Segmenter(ImageNetwork):
    """Give each position its classes, by the decoder that is asked for.

    Parameters
    ----------
    input_shape
        (*space, channels). The extents are those it is made for: it reads any others too.
    classes
        Numbers for each position.
    decoder
        One of `DECODERS`.
    channels
        Of each level of the encoder, each with half the extents of the one before.
    depth, norm
        As in `seqcnn.networks.segment.unet.Stage`.
    skipped
        The decoder does not read so many of the finest maps; what it gives is enlarged.
    options
        Further ones of the decoder, such as ``{"heads": 8}``.
    rngs
        Source of the random start.

    Attributes
    ----------
    encoder, decoder, head
        The way down, the way up, and the convolution over single positions that ends it. A decoder
        is made of the channels of some maps, and called with these maps.

    Raises
    ------
    SeqcnnError
        An option is unknown or out of range.

    Examples
    --------
    >>> from seqcnn.networks.zoo import count_parameters
    >>> count_parameters("segmenter", decoder="transposed", channels=[4, 8], depth=1)
    878
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (64, 64, 1),
        classes: int = 2,
        *,
        decoder: str = "skip",
        channels: Sequence[int] = (16, 32, 64, 128),
        depth: int = 2,
        norm: str = "batch",
        skipped: int = 0,
        options: dict[str, Any] | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if not 0 <= skipped < len(channels):
            raise SeqcnnError(
                f"`skipped` must be from 0 to below the {len(channels)} maps, not {skipped}"
            )
        stage: dict[str, Any] = {"rank": self.rank, "depth": depth, "norm": norm, "rngs": rngs}
        self.encoder = PlainEncoder(self.channels, channels, **stage)
        self.skipped, read = skipped, self.encoder.feature_channels[skipped:]
        self.decoder = _decoder(decoder, read, stage, options or {})
        self.head = Conv(
            self.decoder.channels, classes, (1,) * self.rank, kernel_init=DENSE_INIT, rngs=rngs
        )

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels): float (n, *space, classes)."""
        x, margins = pad_to_multiple(self.check(x, any_space=True), self.encoder.strides[-1])
        maps = self.encoder(x, rngs=rngs)[self.skipped :]
        scores = self.head(self.decoder(maps, rngs=rngs))
        return crop(resize(scores, x.shape[1:-1]), margins)


def _decoder(
    kind: str, channels: Sequence[int], stage: dict[str, Any], options: dict[str, Any]
) -> TransposedDecoder | SkipDecoder | AttentionDecoder:
    if kind == "transposed":
        return TransposedDecoder(channels, rank=stage["rank"], rngs=stage["rngs"], **options)
    if kind == "skip":
        return SkipDecoder(channels, **stage, **options)
    if kind == "attention":
        return AttentionDecoder(channels, rngs=stage["rngs"], **options)
    raise SeqcnnError(f"`decoder` must be one of {', '.join(DECODERS)}, not {kind!r}")
