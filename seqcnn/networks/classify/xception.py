"""Xception: residual blocks of separable convolutions (Chollet 2017, arXiv:1610.02357)."""

import itertools
from collections.abc import Sequence

from flax import nnx

from seqcnn.networks.classify.parts import Head, Layers, Pool, StagedNetwork
from seqcnn.nn.blocks import Layer, Residual, Sequential


class Xception(StagedNetwork):
    """Classify arrays.

    Parameters
    ----------
    input_shape
        (*space, channels).
    classes
        Outputs.
    same
        Whether strides pad as in Keras (``"same"``: more at the end where it is uneven), or by half
        of the window on both sides, as in timm.
    eps
        Of the normalisations: 1e-3 in Keras, 1e-5 in timm.
    rate
        Share of the means that are dropped before the output in training.
    rngs
        Source of the random start.
    """

    smallest = 71

    def __init__(
        self,
        input_shape: Sequence[int] = (299, 299, 3),
        classes: int = 1000,
        *,
        same: bool = True,
        eps: float = 1e-3,
        rate: float = 0.5,
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        layers = Layers(self.rank, rngs, {"eps": eps, "momentum": 0.01})
        unit = layers.unit
        self.begin(
            Sequential(unit(self.channels, 32, 3, stride=2, padding=0), unit(32, 64, 3, padding=0)),
            _smaller(layers, 64, 128, same=same, first=True),
            _smaller(layers, 128, 256, same=same),
            Sequential(
                _smaller(layers, 256, 728, same=same),
                *(
                    Residual(Sequential(*_separable(layers, [728] * 4)), activation=None)
                    for _ in range(8)
                ),
            ),
            Sequential(
                _smaller(layers, 728, 1024, same=same, inside=728),
                *_separable(layers, [1024, 1536, 2048], ahead=False),
            ),
        )
        self.head = Head(layers, 2048, classes, rate)


def _separable(layers: Layers, channels: Sequence[int], *, ahead: bool = True) -> list[Layer]:
    """Make separable convolutions with normalisation; ReLU comes ahead of each, or behind it."""
    parts: list[Layer] = []
    for before, after in itertools.pairwise(channels):
        parts += [nnx.relu] * ahead
        parts += [
            layers.conv(before, before, 3, groups=before, bias=False),
            layers.unit(before, after, 1, activation=None),
        ]
        parts += [nnx.relu] * (not ahead)
    return parts


def _smaller(
    layers: Layers,
    seen: int,
    after: int,
    *,
    same: bool,
    first: bool = False,
    inside: int | None = None,
) -> Layer:
    """Make a block that halves the extents; the first begins without a ReLU."""
    pool = Pool("max", 3, 2, "same" if same else 1)
    parts = _separable(layers, [seen, inside or after, after])
    around = layers.unit(seen, after, 1, stride=2, padding="same" if same else 0, activation=None)
    return Residual(Sequential(*parts[first:], pool), around, activation=None)
