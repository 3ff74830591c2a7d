"""Towers: stages of convolution and pooling that begin at letters, and networks that begin so."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.sequence.parts import (
    LetterConv,
    MaxPool,
    Pad,
    checked_length,
    sides_of,
    sizes_of,
)
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.layers import Dropout, check_rate
from seqcnn.nn.norm import BatchNorm


class Tower(nnx.Module):
    """Stages of convolution, batch norm, ReLU, max-pooling and dropout; the first reads letters.

    Parameters
    ----------
    letters, dims, padding
        As in `LetterConv`.
    channels, widths, pools
        Of each stage: kernels, their positions, and the window of its max-pooling, 1 for none.
    norm
        Whether there is batch norm; if not, convolutions have a bias.
    rate
        Share of the values that are dropped behind each stage, in training.
    rngs
        Source of the random start.

    """

    def __init__(
        self,
        letters: int,
        channels: Sequence[int],
        widths: Sequence[int],
        pools: Sequence[int],
        *,
        dims: int,
        padding: Pad = "same",
        norm: bool = True,
        rate: float = 0.0,
        rngs: nnx.Rngs,
    ) -> None:
        sizes = {"channels": channels, "widths": widths, "pools": pools}
        self.channels, self.widths, self.pools = (sizes_of(k, v) for k, v in sizes.items())
        if not len(self.channels) == len(self.widths) == len(self.pools):
            raise SeqcnnError(
                f"`channels`, `widths` and `pools` must have one number for each stage, "
                f"not {list(channels)}, {list(widths)} and {list(pools)}"
            )
        if padding not in ("same", "valid"):
            raise SeqcnnError(f"`padding` must be 'same' or 'valid', not {padding!r}")
        check_rate(rate, "dropout")
        self.padding, seen = padding, letters
        layers: list[Callable[..., jax.Array]] = []
        for count, width, window in zip(self.channels, self.widths, self.pools, strict=True):
            options: dict[str, Any] = {"bias": not norm, "rngs": rngs}
            if not layers:
                layers = [LetterConv(seen, count, width, dims=dims, padding=padding, **options)]
            else:
                sides = [sides_of(width, padding)]
                layers.append(Conv(seen, count, (width,), padding=sides, **options))
            layers += [BatchNorm(count)] * norm + [nnx.relu]
            layers += [MaxPool(window)] * (window > 1) + [Dropout(rate)] * (rate > 0)
            seen = count
        self.stages = Sequential(*layers)

    def __call__(
        self, x: jax.Array, mask: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> tuple[jax.Array, jax.Array]:
        """Give features, float (n, positions, channels), and which count, bool (n, positions)."""
        shown = self.stages.output_mask(mask)
        assert shown is not None
        return self.stages(x, mask, rngs=rngs), shown

    @property
    def kernel(self) -> jax.Array:
        """The kernels that read letters, float32 (width, letters, channels)."""
        return self.stages.layers[0].kernel

    @property
    def shortest(self) -> int:
        """Positions that the stages need to give one."""
        length = 1
        for width, window in zip(self.widths[::-1], self.pools[::-1], strict=True):
            length = length * window + (width - 1) * (self.padding == "valid")
        return length

    def positions(self, length: int) -> int:
        """Count the positions that the stages make of a length."""
        length = max(length, self.shortest)
        for width, window in zip(self.widths, self.pools, strict=True):
            length = (length - (width - 1) * (self.padding == "valid")) // window
        return length


class TowerNetwork(SequenceNetwork):
    """A network that begins with a tower, and that may have a weight for each position behind it.

    Attributes
    ----------
    tower : Tower
        Made by `begin_with_tower`.
    """

    tower: Tower

    def begin_with_tower(self, tower: Tower, length: int | None) -> int | None:
        """Make a tower the first part, for sequences of a length or of any.

        Returns
        -------
        int | None
            How many positions of the tower's result have weights of their own.
        """
        self.tower, self.length, self.shortest = tower, checked_length(length), tower.shortest
        return None if length is None else tower.positions(length)

    @property
    def first_kernel(self) -> jax.Array:
        """Kernels of the first stage, float32 (width, letters, kernels)."""
        return self.tower.kernel
