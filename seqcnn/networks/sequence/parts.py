"""What networks for sequences are built of: towers of convolutions that begin at letters, heads."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.nn.blocks import Sequential
from seqcnn.nn.conv import Conv
from seqcnn.nn.init import KERNEL_INIT
from seqcnn.nn.layers import Dense, Dropout, check_rate
from seqcnn.nn.masks import hide
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import global_pool, max_pool
from seqcnn.nn.pool_windows import pool_mask

Pad = Literal["same", "valid"]
Pool = Literal["max", "mean", "max_mean"]


class LetterConv(nnx.Module):
    """The convolution that reads letters, from a sequence or from its image.

    Parameters
    ----------
    letters, channels, width
        Letters of the alphabet, kernels and their letters.
    dims
        1 for kernels (width, letters, channels), 2 for (width, letters, 1, channels).
    padding
        ``"same"`` keeps the length, ``"valid"`` takes whole windows only.
    bias, rngs
        Whether a bias is added; source of the random start.
    """

    def __init__(
        self,
        letters: int,
        channels: int,
        width: int,
        *,
        dims: int = 1,
        padding: Pad = "same",
        bias: bool = True,
        rngs: nnx.Rngs,
    ) -> None:
        sizes_of("width", [width])
        self.width, self.sides, self.dims = width, sides_of(width, padding), dims
        # behind the kernel, which spans it, the letter axis is 1 long
        read, window, sides = (letters, (width,), [self.sides])
        if dims == 2:
            read, window, sides = (1, (width, letters), [self.sides, (0, 0)])
        self.conv = Conv(read, channels, window, padding=sides, bias=bias, rngs=rngs)

    def __call__(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        """Map `x` float (n, length, letters) to float (n, positions, channels)."""
        x = hide(x, mask)
        result = self.conv(x if self.dims == 1 else x[..., None])
        return result.reshape(*result.shape[:2], -1)

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions of the result that count."""
        return pool_mask(mask, self.width, stride=1, padding=[self.sides])

    @property
    def kernel(self) -> jax.Array:
        """The kernels as float32 (width, letters, channels)."""
        kernel = self.conv.kernel[...]
        return kernel.reshape(kernel.shape[0], -1, kernel.shape[-1])


class MaxPool(nnx.Module):
    """Max-pooling by windows that touch, as a layer that can be compared and saved."""

    def __init__(self, window: int) -> None:
        self.window = window

    def __call__(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        """Map `x` float (n, length, channels) to float (n, length // window, channels)."""
        return max_pool(x, self.window, mask=mask)

    def output_mask(self, mask: jax.Array) -> jax.Array:
        """Find the positions of the result that count."""
        return pool_mask(mask, self.window)


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


class Head(nnx.Module):
    """Pool all positions, or take each with weights of its own, then dense layers, then outputs.

    Parameters
    ----------
    channels
        Of what comes in.
    positions
        How many come in, if each has its own weights; None to pool.
    pool
        What of each channel is looked at if it is pooled: maximum, mean, or both.
    hidden
        Neurons of each dense layer with a ReLU.
    norm, rate
        Whether batch norm follows each, and the share of the values dropped behind it in training.
    tasks, rngs
        Outputs, and source of the random start.
    """

    def __init__(
        self,
        channels: int,
        *,
        positions: int | None = None,
        pool: Pool = "max_mean",
        hidden: Sequence[int] = (),
        norm: bool = False,
        rate: float = 0.0,
        tasks: int = 1,
        rngs: nnx.Rngs,
    ) -> None:
        if pool not in ("max", "mean", "max_mean"):
            raise SeqcnnError(f"`pool` must be 'max', 'mean' or 'max_mean', not {pool!r}")
        check_rate(rate, "dropout")
        (outputs,) = sizes_of("tasks", [tasks])
        self.positions, self.pool = positions, pool
        seen = channels * (positions or len(pool.split("_")))
        layers: list[Callable[..., jax.Array]] = []
        for neurons in sizes_of("hidden", hidden, empty=True):
            layers.append(Dense(seen, neurons, bias=not norm, kernel_init=KERNEL_INIT, rngs=rngs))
            layers += [BatchNorm(neurons)] * norm + [nnx.relu] + [Dropout(rate)] * (rate > 0)
            seen = neurons
        self.hidden, self.output = Sequential(*layers), Dense(seen, outputs, rngs=rngs)

    def __call__(self, x: jax.Array, mask: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Map `x` float (n, positions, channels) to float (n, tasks)."""
        if self.positions is None:
            kinds: list[Any] = self.pool.split("_")
            features = jnp.concatenate([global_pool(x, kind, mask=mask) for kind in kinds], axis=1)
        else:
            features = hide(x, mask).reshape(len(x), -1)
        return self.output(self.hidden(features, rngs=rngs))


def sizes_of(name: str, sizes: Iterable[int], *, empty: bool = False) -> tuple[int, ...]:
    """Bring a list of sizes into one form, whether it comes from Python or from JSON.

    Raises
    ------
    SeqcnnError
        A number is less than 1, or there is none.
    """
    given = tuple(sizes)
    if any(not isinstance(n, int) or n < 1 for n in given) or not (given or empty):
        raise SeqcnnError(f"`{name}` must be 1 or more, not {list(given)}")
    return given


def checked_length(length: int | None) -> int | None:
    """Return a length, or None for any; raise if it is less than 1."""
    return None if length is None else sizes_of("length", [length])[0]


def sides_of(width: int, padding: Pad) -> tuple[int, int]:
    """Say how many zeros lie on either side."""
    return ((width - 1) // 2, width // 2) if padding == "same" else (0, 0)
