"""SegNet: the decoder puts values back where the encoder's max-pooling had found them.

Badrinarayanan, Kendall and Cipolla 2017, doi:10.1109/TPAMI.2016.2644615. The encoder has the 13
convolutions of VGG-16, the decoder as many in the reverse order; each has a bias and batch
normalisation, but for the last one, which gives the classes.
"""

import itertools
from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.init import DENSE_INIT
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.resample import crop, pad_to_multiple
from seqcnn.nn.unpool import max_pool_with_indices, max_unpool


class SegNet(ImageNetwork):
    """Give each position its classes.

    Parameters
    ----------
    input_shape
        (*space, channels). The extents are those it is made for: it reads any others too.
    classes
        Numbers for each position.
    channels
        Of each level of the encoder; a max-pool over two positions ends it.
    depths
        Convolutions of each level.
    rngs
        Source of the random start.

    Raises
    ------
    SeqcnnError
        `channels` and `depths` are not equally many numbers of 1 or more.

    Examples
    --------
    >>> from seqcnn.networks.zoo import count_parameters
    >>> count_parameters("segnet", channels=[8, 16], depths=[1, 1])
    3492
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (360, 480, 3),
        classes: int = 12,
        *,
        channels: Sequence[int] = (64, 128, 256, 512, 512),
        depths: Sequence[int] = (2, 2, 3, 3, 3),
        rngs: nnx.Rngs,
    ) -> None:
        super().__init__(input_shape, classes)
        if len(channels) != len(depths) or min(*channels, *depths) < 1:
            raise SeqcnnError(
                f"`channels` and `depths` must be equally many numbers of 1 or more, not "
                f"{list(channels)} and {list(depths)}"
            )
        levels = list(zip((self.channels, *channels[:-1]), channels, depths, strict=True))
        down = [(finer, *(width,) * depth) for finer, width, depth in levels]
        # the finest level of the decoder ends in the head
        up = [
            (*(width,) * depth, *((finer,) if level else ()))
            for level, (finer, width, depth) in enumerate(levels)
        ]
        self.encoder, self.decoder = (
            nnx.List([_convolutions(widths, self.rank, rngs) for widths in stages])
            for stages in (down, reversed(up))
        )
        self.head = Conv(
            channels[0], classes, (3,) * self.rank, padding=1, kernel_init=DENSE_INIT, rngs=rngs
        )

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels): float (n, *space, classes)."""
        x, margins = pad_to_multiple(self.check(x, any_space=True), 2 ** len(self.encoder))
        kept = []
        for stage in self.encoder:
            x = stage(x, rngs=rngs)
            space = x.shape[1:-1]
            x, indices = max_pool_with_indices(x, 2)
            kept.append((indices, space))
        for stage in self.decoder:
            indices, space = kept.pop()
            x = stage(max_unpool(x, indices, 2, space=space), rngs=rngs)
        return crop(self.head(x), margins)


def _convolutions(widths: Sequence[int], rank: int, rngs: nnx.Rngs) -> Sequential:
    """Make convolutions over three positions with bias, normalisation and ReLU."""
    layers: list[Layer] = []
    for before, after in itertools.pairwise(widths):
        layers += [
            Conv(before, after, (3,) * rank, padding=1, rngs=rngs),
            BatchNorm(after),
            nnx.relu,
        ]
    return Sequential(*layers)
