"""The small layers: dense, dropout, letters to images, which windows lie inside a sequence."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax
from jax.core import Tracer
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import add_bias
from seqcnn.nn.dtypes import accumulation_dtype, computed_in, float_array, float_dtype
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.init import DENSE_INIT, Initializer
from seqcnn.nn.lowering import runs_on_cpu

# features from which the sums of a single example are made in parts, and how many
_LONG_SUM, _PARTS = 1024, 16


class Dense(nnx.Module):
    """A matrix product over the last axis, and a bias.

    Parameters
    ----------
    features_in, features_out
        Extent of the last axis before and after.
    bias
        Whether a bias is added.
    precision
        As in `seqcnn.nn.conv.conv`.
    kernel_init
        How the matrix starts.
    dtype
        Of the computation and the result; None for that of the input.
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (features_in, features_out).
    bias : nnx.Param | None
        float32 (features_out,).

    Raises
    ------
    SeqcnnError
        An extent is less than 1.
    """

    def __init__(
        self,
        features_in: int,
        features_out: int,
        *,
        bias: bool = True,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = DENSE_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(features_in=features_in, features_out=features_out)
        shape = (features_in, features_out)
        self.precision, self.dtype = precision, float_dtype(dtype)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(features_out, jnp.float32)) if bias else None

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map `x` float (..., features_in) to float (..., features_out)."""
        x, kernel = computed_in(x, self.dtype), self.kernel[...]
        if x.ndim < 1 or x.shape[-1] != kernel.shape[0]:
            raise SeqcnnError(f"`x` must have {kernel.shape[0]} features last, not {x.shape}")
        kernel = kernel.astype(x.dtype)
        parts = math.gcd(len(kernel), _PARTS)
        if x.size == len(kernel) >= _LONG_SUM and parts > 1 and runs_on_cpu():
            result = _summed_by_parts(x, kernel, parts, precision=self.precision)
        else:
            result = jnp.matmul(x, kernel, precision=self.precision)
        return result if self.bias is None else add_bias(result, self.bias[...])


def _summed_by_parts(
    x: jax.Array, kernel: jax.Array, parts: int, *, precision: lax.PrecisionLike
) -> jax.Array:
    """Multiply one example by a matrix, the sums over features in parts.

    XLA on CPU adds up the products of a single row one by one, which loses ten times as much to
    rounding as it does with several rows; in parts it takes no longer.
    """
    rows = x.reshape(parts, -1)
    matrices = kernel.reshape(*rows.shape, kernel.shape[-1])
    sums = lax.dot_general(rows, matrices, (((1,), (1,)), ((0,), (0,))), precision=precision)
    return sums.sum(0).reshape(*x.shape[:-1], kernel.shape[-1])


class Dropout(nnx.Module):
    """Dropout as a layer, for `seqcnn.nn.blocks.Sequential`: `dropout`.

    Parameters
    ----------
    rate
        Share of the values that are dropped, 0 <= rate < 1.

    Raises
    ------
    SeqcnnError
        `rate` is out of range.

    Examples
    --------
    >>> Dropout(0.5)(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, rate: float) -> None:
        check_rate(rate, "rate")
        self.rate = rate

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Drop values of `x` float (...) if there is a source of randomness."""
        return dropout(x, self.rate, rngs)


def dropout(x: jax.Array, rate: float | jax.Array, rngs: nnx.Rngs | None = None) -> jax.Array:
    """Set a random share of the values to 0 and scale up the others, in training only.

    There is no mode to forget: a call that is given a source of randomness is training, a call that
    is not predicts. So a network has no random state.

    Parameters
    ----------
    x
        float (...).
    rate
        Share of the values that are dropped, 0 <= rate < 1. It may be traced, for a rate that
        changes while a network is trained; a traced one is not checked.
    rngs
        Source of randomness (stream ``dropout``); None to return `x` as it is.

    Raises
    ------
    SeqcnnError
        `rate` is out of range.
    """
    return _drop(x, rate, rngs, x.shape)


def stochastic_depth(
    x: jax.Array, rate: float | jax.Array, rngs: nnx.Rngs | None = None
) -> jax.Array:
    """Drop the branch of a residual block for a random share of the examples, in training only.

    Parameters
    ----------
    x
        float (n, ...): the result of the branch, before it is added to its input.
    rate, rngs
        As in `dropout`; each example is dropped as a whole.

    Returns
    -------
    jax.Array
        float, of the shape of `x`: zeros for the dropped examples, ``x / (1 - rate)`` for the
        others. So the mean is kept, and nothing is scaled in prediction as it is in the paper.

    Raises
    ------
    SeqcnnError
        `rate` is out of range.

    Notes
    -----
    Huang et al. 2016, arXiv:1603.09382.
    """
    return _drop(x, rate, rngs, (x.shape[0], *(1,) * (x.ndim - 1)))


def channel_dropout(
    x: jax.Array, rate: float | jax.Array, rngs: nnx.Rngs | None = None
) -> jax.Array:
    """Drop whole channels of each example, in training only.

    Parameters
    ----------
    x
        float (n, *space, channels).
    rate, rngs
        As in `dropout`.

    Raises
    ------
    SeqcnnError
        `rate` is out of range.

    Notes
    -----
    Tompson et al. 2015, arXiv:1411.4280: neighbouring positions say nearly the same, so that
    dropping single ones would change little.
    """
    return _drop(x, rate, rngs, (x.shape[0], *(1,) * (x.ndim - 2), x.shape[-1]))


def _drop(
    x: jax.Array, rate: float | jax.Array, rngs: nnx.Rngs | None, shape: tuple[int, ...]
) -> jax.Array:
    """Draw once for each element of `shape`."""
    check_rate(rate, "rate")
    x = float_array(x) if isinstance(x, np.ndarray) else x
    if rngs is None or (not isinstance(rate, Tracer) and rate == 0):
        return x
    # the dtype of the share decides what is drawn: one for every setting of 64-bit numbers
    share = 1 - jnp.asarray(rate, jnp.float32)
    if not isinstance(rate, Tracer):
        share = np.float32(1 - float(rate))
    kept = jax.random.bernoulli(rngs.dropout(), share, shape)
    wide = accumulation_dtype(x.dtype)
    scaled = x.astype(wide) / jnp.asarray(1 - rate, wide)
    return jnp.where(kept, scaled, 0).astype(x.dtype)


class ShareTable:
    """The share of each letter in each code: a constant in the structure of a network.

    It compares and hashes by its numbers; therefore it stays in the graph definition of a module
    (no weight: nothing trains or saves it) and networks over one alphabet share a compilation.

    Parameters
    ----------
    shares
        float (256, letters): the row of each code, zeros for padding (`Alphabet.shares`).

    Raises
    ------
    SeqcnnError
        The table has not 256 rows.
    """

    def __init__(self, shares: np.ndarray) -> None:
        if np.ndim(shares) != 2 or np.shape(shares)[0] != 256:
            raise SeqcnnError(f"`shares` must be (256, letters), not {np.shape(shares)}")
        self.array = np.array(shares, np.float32)
        self.array.setflags(write=False)
        self._hash = hash(self.array.tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShareTable) and np.array_equal(self.array, other.array)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"ShareTable(letters={self.array.shape[1]})"


def one_hot(codes: jax.Array, shares: np.ndarray | jax.Array) -> jax.Array:
    """Draw sequences as images, by looking each code up; to be called inside `jax.jit`.

    Parameters
    ----------
    codes
        uint8 (n, length).
    shares
        float32 (256, letters): a 1 for a letter, equal shares for an ambiguity code, zeros for
        padding.

    Returns
    -------
    jax.Array
        float32 (n, length, letters).

    Raises
    ------
    SeqcnnError
        `codes` are not uint8, so that one might lie outside of the table.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> one_hot(jnp.array([[2, 255]], jnp.uint8), DNA.shares).tolist()
    [[[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]
    """
    if codes.dtype != jnp.uint8:
        raise SeqcnnError(f"`codes` must be uint8, not {codes.dtype}")
    return jnp.asarray(shares).at[codes].get(mode="promise_in_bounds")


def valid_windows(inside: jax.Array, width: int) -> jax.Array:
    """Find the windows that lie inside of their sequence.

    Parameters
    ----------
    inside
        bool (n, length): False where there is padding, which is to the right of the sequence.
    width
        Letters of a window, at most `length`.

    Returns
    -------
    jax.Array
        bool (n, length - width + 1). A sequence that is shorter than a window keeps the one at the
        left end, so that it still has a score.

    Examples
    --------
    >>> inside = jnp.array([[True, True, True, False], [True, False, False, False]])
    >>> valid_windows(inside, 2).tolist()
    [[True, True, False], [True, False, False]]
    """
    whole = lax.reduce_window(inside, np.True_, lax.bitwise_and, (1, width), (1, 1), "VALID")
    first = jnp.arange(whole.shape[1]) == 0
    return whole | (first[None, :] & ~whole.any(axis=1, keepdims=True))


def check_rate(rate: float | jax.Array, name: str) -> None:
    """Raise unless a share that is dropped is from 0 to below 1; a traced one is not looked at."""
    if not isinstance(rate, Tracer) and not 0 <= rate < 1:
        raise SeqcnnError(f"`{name}` must be from 0 to below 1, not {rate}")
