"""Convolutions find motifs, attention or a recurrent layer reads how they stand together.

Attention as in the encoder of Vaswani et al. 2017, arXiv:1706.03762, with the norm in front (Xiong
et al. 2020, arXiv:2002.04745). The recurrent variant is DanQ: Quang and Xie 2016,
doi:10.1093/nar/gkw226.
"""

from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.parts import Head, Pad, Pool, sizes_of
from seqcnn.networks.sequence.tower import Tower, TowerNetwork
from seqcnn.nn.attention import MultiHeadAttention, sinusoidal_positions
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense, check_rate, dropout
from seqcnn.nn.norm_layer import LayerNorm
from seqcnn.nn.recurrent import LSTM

VARIANTS: dict[str, dict[str, Any]] = {
    "danq": {
        "channels": (320,),
        "widths": (26,),
        "pools": (13,),
        "norm": False,
        "stage_dropout": 0.2,
        "mixer": "recurrent",
        "neurons": 320,
        "mixer_dropout": 0.5,
        "hidden": (925,),
        "dropout": 0.0,
    },
}
"""Options of networks that differ in nothing else, by name."""


class Hybrid(TowerNetwork):
    """Score sequences by a tower of convolutions, a layer that mixes positions, and a head.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    channels, widths, pools
        Of each stage of the tower: kernels, their positions, the window of its max-pooling.
    padding, norm, stage_dropout
        As in `seqcnn.networks.sequence.basset.Basset`.
    mixer
        ``"attention"``, or ``"recurrent"`` for an LSTM in either direction.
    blocks, heads
        Blocks of attention, and heads of each; the heads divide the channels of the last stage.
    neurons
        Of the LSTM in each direction; of the dense layer in each block of attention.
    mixer_dropout
        Share of the values dropped in blocks of attention, or behind the LSTM.
    length, pool, hidden, dropout
        The head, as in `seqcnn.networks.sequence.basset.Basset`.
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
        channels: Sequence[int] = (64, 64),
        widths: Sequence[int] = (15, 5),
        pools: Sequence[int] = (4, 2),
        padding: Pad = "same",
        norm: bool = True,
        stage_dropout: float = 0.1,
        mixer: Literal["attention", "recurrent"] = "attention",
        blocks: int = 2,
        heads: int = 4,
        neurons: int = 128,
        mixer_dropout: float = 0.1,
        length: int | None = None,
        pool: Pool = "max_mean",
        hidden: Sequence[int] = (64,),
        dropout: float = 0.2,
        tasks: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        super().__init__(shares, **options)
        stages = {"padding": padding, "norm": norm, "rate": stage_dropout, "dims": self.dims}
        tower = Tower(self.letters, channels, widths, pools, **stages, rngs=rngs)
        positions, last = self.begin_with_tower(tower, length), tower.channels[-1]
        sizes_of("blocks, heads, neurons", (blocks, heads, neurons))
        check_rate(mixer_dropout, "mixer_dropout")
        if mixer == "attention":
            self.mixer: Attention | Recurrent = Attention(
                last, blocks, heads, neurons=neurons, rate=mixer_dropout, rngs=rngs
            )
        elif mixer == "recurrent":
            self.mixer = Recurrent(last, neurons, rate=mixer_dropout, rngs=rngs)
        else:
            raise SeqcnnError(f"`mixer` must be 'attention' or 'recurrent', not {mixer!r}")
        self.head = Head(
            last if mixer == "attention" else 2 * neurons,
            positions=positions,
            pool=pool,
            hidden=hidden,
            rate=dropout,
            tasks=tasks,
            rngs=rngs,
        )

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images of one strand, as in `SequenceNetwork.logits`."""
        features, shown = self.tower(image, inside, rngs=rngs)
        return self.head(self.mixer(features, shown, rngs=rngs), shown, rngs=rngs)


class Attention(nnx.Module):
    """Codes of the positions, blocks of attention, a last norm; arguments as in `Hybrid`."""

    def __init__(
        self,
        channels: int,
        blocks: int,
        heads: int,
        *,
        neurons: int,
        rate: float,
        rngs: nnx.Rngs,
    ) -> None:
        if channels % 2:
            raise SeqcnnError(f"`channels` of the last stage must be even, not {channels}")
        self.blocks = nnx.List(
            [Block(channels, heads, neurons, rate, rngs=rngs) for _ in range(blocks)]
        )
        self.norm = LayerNorm(channels)

    def __call__(self, x: jax.Array, mask: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Let the positions of `x` float (n, positions, channels) look at each other."""
        x = x + sinusoidal_positions(x.shape[1], x.shape[2]).astype(x.dtype)[None]
        for block in self.blocks:
            x = block(x, mask, rngs=rngs)
        return self.norm(x)


class Block(nnx.Module):
    """Attention, then two dense layers, each added to what it reads the norm of."""

    def __init__(
        self, channels: int, heads: int, neurons: int, rate: float, *, rngs: nnx.Rngs
    ) -> None:
        self.rate = rate
        self.attention = MultiHeadAttention(channels, heads, drop=rate, rngs=rngs)
        self.wide = Dense(channels, neurons, kernel_init=KERNEL_INIT, rngs=rngs)
        self.narrow = Dense(neurons, channels, rngs=rngs)
        self.before, self.between = LayerNorm(channels), LayerNorm(channels)

    def __call__(self, x: jax.Array, mask: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, positions, channels) to the same shape."""
        seen = self.attention(self.before(x), mask=mask, rngs=rngs)
        x = x + dropout(seen, self.rate, rngs)
        added = self.narrow(nnx.relu(self.wide(self.between(x))))
        return x + dropout(added, self.rate, rngs)


class Recurrent(nnx.Module):
    """An LSTM from left to right beside one from right to left."""

    def __init__(self, channels: int, neurons: int, *, rate: float, rngs: nnx.Rngs) -> None:
        self.forward = LSTM(channels, neurons, rngs=rngs)
        self.backward = LSTM(channels, neurons, reverse=True, rngs=rngs)
        self.rate = rate

    def __call__(self, x: jax.Array, mask: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, positions, channels) to float (n, positions, 2 neurons)."""
        both = jnp.concatenate([self.forward(x, mask), self.backward(x, mask)], axis=-1)
        return dropout(both, self.rate, rngs)
