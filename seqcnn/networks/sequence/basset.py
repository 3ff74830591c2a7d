"""Basset: three stages of convolution and max-pooling, then dense layers; DeepSEA is a variant.

Kelley, Snoek and Rinn 2016, doi:10.1101/gr.200535.115; Zhou and Troyanskaya 2015,
doi:10.1038/nmeth.3547. The papers give each position weights of its own (`length`, and ``"valid"``
convolutions); without a `length` the last stage is pooled, for sequences of any length.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from flax import nnx

from seqcnn.networks.sequence.parts import Head, Pad, Pool
from seqcnn.networks.sequence.tower import Tower, TowerNetwork

VARIANTS: dict[str, dict[str, Any]] = {
    "deepsea": {
        "channels": (320, 480, 960),
        "widths": (8, 8, 8),
        "pools": (4, 4, 1),
        "hidden": (925,),
        "norm": False,
        "stage_dropout": 0.2,
        "dropout": 0.0,
    },
}
"""Options of networks that differ in nothing else, by name."""


class Basset(TowerNetwork):
    """Score sequences by stages of convolution, batch norm, ReLU and max-pooling.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    channels, widths, pools
        Of each stage: kernels, their positions, and the window of its max-pooling, 1 for none.
    padding
        ``"same"`` for convolutions that keep the length, ``"valid"`` as in the papers.
    length
        Columns of the codes, to give each position weights of its own; None to pool.
    pool
        What is pooled: ``"max"``, ``"mean"`` or ``"max_mean"``.
    hidden
        Neurons of each dense layer.
    norm
        Whether stages and dense layers have batch norm.
    stage_dropout, dropout
        Share of values dropped behind each stage, and behind each dense layer.
    tasks
        Outputs.
    rngs
        Source of the random start.
    **options
        `strand`, `complement`, `dims` and `dtype`, as in `SequenceNetwork`.

    Raises
    ------
    SeqcnnError
        An option is out of range.
    """

    def __init__(
        self,
        shares: np.ndarray,
        *,
        channels: Sequence[int] = (300, 200, 200),
        widths: Sequence[int] = (19, 11, 7),
        pools: Sequence[int] = (3, 4, 4),
        padding: Pad = "same",
        length: int | None = None,
        pool: Pool = "max_mean",
        hidden: Sequence[int] = (1000, 1000),
        norm: bool = True,
        stage_dropout: float = 0.0,
        dropout: float = 0.3,
        tasks: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        super().__init__(shares, **options)
        stages = {"padding": padding, "norm": norm, "rate": stage_dropout, "dims": self.dims}
        tower = Tower(self.letters, channels, widths, pools, **stages, rngs=rngs)
        self.head = Head(
            tower.channels[-1],
            positions=self.begin_with_tower(tower, length),
            pool=pool,
            hidden=hidden,
            norm=norm,
            rate=dropout,
            tasks=tasks,
            rngs=rngs,
        )

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images of one strand, as in `SequenceNetwork.logits`."""
        return self.head(*self.tower(image, inside, rngs=rngs), rngs=rngs)
