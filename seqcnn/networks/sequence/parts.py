"""What networks for sequences are built of: convolutions that read letters, pooling, heads."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.errors import SeqcnnError
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
