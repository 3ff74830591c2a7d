"""Decoders that enlarge step by step beside the maps of the encoder: U-Net, U-Net++, LinkNet."""

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import Layers
from seqcnn.nn.blocks import Layer, Sequential
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.resample import resize, upsample


def fitted(x: jax.Array, beside: jax.Array) -> jax.Array:
    """Bring a map to the extents of another, by the nearest position."""
    return resize(x, beside.shape[1:-1], "nearest")


class Joint(nnx.Module):
    """Two convolutions over a map that is enlarged, with the map of the encoder behind it.

    Parameters
    ----------
    layers
        Of the network.
    seen, beside, channels
        Channels of the map, of that of the encoder (0 for none), and of the result.
    """

    def __init__(self, layers: Layers, seen: int, beside: int, channels: int) -> None:
        self.convs = Sequential(
            layers.unit(seen + beside, channels, 3), layers.unit(channels, channels, 3)
        )

    def __call__(
        self, x: jax.Array, beside: jax.Array | None, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Join `x` float (n, *space, seen) and `beside` float (n, *larger, beside)."""
        if beside is None:
            return self.convs(upsample(x, 2), rngs=rngs)
        return self.convs(jnp.concatenate([fitted(x, beside), beside], axis=-1), rngs=rngs)


def _check_widths(widths: Sequence[int], maps: Sequence[int]) -> None:
    if len(widths) != len(maps):
        raise SeqcnnError(
            f"`widths` must be {len(maps)} numbers, one for each map of the backbone, not "
            f"{list(widths)}"
        )


class UnetDecoder(nnx.Module):
    """U-Net's way up: each map is enlarged and joined with that of the encoder.

    Parameters
    ----------
    layers
        Of the network.
    maps
        Channels of the five maps of the encoder.
    widths
        Channels of each step, the last at the extents of the input.
    centre
        Whether two convolutions come before the first step, as for VGG, whose last map is only a
        pooling away from the one before it.
    """

    stride = 1

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        widths: Sequence[int] = (256, 128, 64, 32, 16),
        centre: bool = False,
    ) -> None:
        coarsest = maps[-1]
        _check_widths(widths, maps)
        middle = [layers.unit(coarsest, coarsest, 3), layers.unit(coarsest, coarsest, 3)]
        self.centre = Sequential(*middle) if centre else None
        seen, beside = (coarsest, *widths[:-1]), (*reversed(maps[:-1]), 0)
        self.steps = nnx.List(Joint(layers, *row) for row in zip(seen, beside, widths, strict=True))
        self.channels = widths[-1]

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        x = maps[-1] if self.centre is None else self.centre(maps[-1], rngs=rngs)
        for step, beside in zip(self.steps, (*reversed(maps[:-1]), None), strict=True):
            x = step(x, beside, rngs=rngs)
        return x


class UnetPlusPlusDecoder(nnx.Module):
    """U-Net++: between encoder and decoder, steps in between at every extent.

    Zhou et al. 2018, arXiv:1807.10165. Parameters as in `UnetDecoder`.
    """

    stride = 1

    def __init__(
        self,
        layers: Layers,
        maps: Sequence[int],
        *,
        widths: Sequence[int] = (256, 128, 64, 32, 16),
    ) -> None:
        _check_widths(widths, maps)
        seen, beside = (maps[-1], *widths[:-1]), tuple(reversed(maps[:-1]))
        self.depth = len(beside)
        # the step in column i begins at the map i + 1 from the coarsest; row 0 is the decoder
        steps = []
        for column in range(self.depth):
            for row in range(column + 1):
                skip, dense = beside[column], column + 1 - row
                before, after = (seen[column], widths[column])
                if row:
                    before, after = beside[column - 1], skip
                steps.append(Joint(layers, before, skip * dense, after))
        self.steps = nnx.List(steps)
        self.last = Joint(layers, seen[-1], 0, widths[-1])
        self.channels = widths[-1]

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        coarse = list(reversed(maps))
        made: dict[tuple[int, int], jax.Array] = {}
        for shift in range(self.depth):
            for row in range(self.depth - shift):
                column = row + shift
                before = made[row, column - 1] if shift else coarse[row]
                inner = [made[other, column] for other in range(row + 1, column + 1)]
                beside = jnp.concatenate([*inner, coarse[column + 1]], axis=-1)
                step = self.steps[column * (column + 1) // 2 + row]
                made[row, column] = step(before, beside, rngs=rngs)
        return self.last(made[0, self.depth - 1], None, rngs=rngs)


class LinknetDecoder(nnx.Module):
    """LinkNet: narrow steps by transposed convolutions, to which maps of the encoder are added.

    Chaurasia and Culurciello 2017, arXiv:1707.03718.

    Parameters
    ----------
    layers, maps
        As in `UnetDecoder`.
    width
        Channels of the result.
    """

    stride = 1

    def __init__(self, layers: Layers, maps: Sequence[int], *, width: int = 32) -> None:
        steps: list[Layer] = []
        for seen, after in pairwise((*reversed(maps), width)):
            narrow = seen // 4
            rise = ConvTranspose(
                narrow, narrow, layers.window(4), stride=2, padding=1, rngs=layers.rngs
            )
            steps.append(
                Sequential(
                    layers.unit(seen, narrow, 1), rise, layers.batch_norm(narrow), nnx.relu,
                    layers.unit(narrow, after, 1),
                )
            )  # fmt: skip
        self.steps, self.channels = nnx.List(steps), width

    def __call__(self, maps: Sequence[jax.Array], *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Give a map (n, *space, channels) of twice the extents of the finest of `maps`."""
        x = maps[-1]
        for step, beside in zip(self.steps, (*reversed(maps[:-1]), None), strict=True):
            x = step(x, rngs=rngs)
            x = x if beside is None else fitted(x, beside) + beside
        return x
