"""The best match of each kernel in a sequence: convolution and global maximum in one, over codes.

A convolution is made only to be thrown away but for its maxima. On CPU it is therefore computed a
few sequences at a time and reduced while it still lies in the cache; and since only the windows
that win carry gradient, the gradient of the kernels is the sum of these windows, each times the
gradient of its score.
"""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import conv
from seqcnn.nn.dtypes import accumulation_dtype
from seqcnn.nn.layers import ShareTable, one_hot, valid_windows
from seqcnn.nn.lowering import runs_on_cpu
from seqcnn.nn.pool import global_pool

_PAD = 255
"""The code of padding, `seqcnn.seq.alphabet.PAD`, which this room may not import."""

_SCORE_BYTES = 1 << 20
"""Scores that each core makes at a time: about what its second-level cache holds."""

_WINDOW_BYTES = 1 << 20
"""Winning windows that each core draws at a time for the gradient."""

_FEW_LETTERS = 8
"""Up to so many letters, adding windows drawn as images is the faster gradient (see benchmarks)."""


class BestMatch(NamedTuple):
    """The best window of each kernel in each sequence.

    Parameters
    ----------
    value
        float (n, kernels): its score.
    position
        int32 (n, kernels): its first letter.
    strand
        int8 (n, kernels): 0 for the strand as given, 1 for the reverse complement.
    """

    value: jax.Array
    position: jax.Array
    strand: jax.Array


def best_match(
    codes: jax.Array,
    kernel: jax.Array,
    shares: np.ndarray,
    *,
    complement: Sequence[int] | None = None,
    precision: lax.PrecisionLike = "highest",
) -> jax.Array:
    """Score the best window of each kernel in each sequence.

    What `conv` over the image of the sequences and `global_pool` over their windows give, in one:
    on CPU by a faster algorithm, on GPU and TPU by these two.

    Parameters
    ----------
    codes
        uint8 (n, length), filled up with 255 on the right. A window counts if it lies inside of its
        sequence; a sequence shorter than the kernels has one window, filled up with zeros.
    kernel
        float (width, letters, kernels), finite: an infinite weight makes NaN of every window that
        lacks its letter.
    shares
        float (256, letters): the share of each letter in each code, zeros for padding; a constant.
    complement
        The code of the complement of each letter, to take the better of the two strands; None to
        read one strand.
    precision
        As in `seqcnn.nn.conv.conv`.

    Returns
    -------
    jax.Array
        float (n, kernels), of the dtype of `kernel`; no bias, which is the same for all windows and
        can be added to the best. Differentiable in `kernel`, in reverse mode.

    Raises
    ------
    SeqcnnError
        The shapes do not fit, the codes are not uint8, or `complement` is no permutation of the
        letters.

    Notes
    -----
    On CPU the gradient goes to the one window that `find_best_match` finds. A maximum in JAX shares
    it among all that are equal. Equal windows, and a window that is its own reverse complement,
    get the same kernel gradient either way; only kernels that score different windows alike, such
    as kernels of zeros, do not.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> kernel = jnp.eye(4)[np.array([2, 0])][..., None]  # GA
    >>> best_match(jnp.array([[3, 2, 0, 0]], jnp.uint8), kernel, DNA.shares).tolist()
    [[2.0]]
    """
    if runs_on_cpu():
        return find_best_match(
            codes, kernel, shares, complement=complement, precision=precision
        ).value
    table = ShareTable(shares)
    _check_shapes(codes, kernel, table.array.shape[1])
    codes, kernels = _at_least(codes, kernel.shape[0]), _both_strands(kernel, complement)
    scores, valid = _scores(codes, kernels, table, precision)
    best = global_pool(scores, "max", mask=valid)
    strands = 1 if complement is None else 2
    return best.reshape(len(codes), strands, kernel.shape[-1]).max(axis=1)


def find_best_match(
    codes: jax.Array,
    kernel: jax.Array,
    shares: np.ndarray,
    *,
    complement: Sequence[int] | None = None,
    precision: lax.PrecisionLike = "highest",
) -> BestMatch:
    """Find the best window of each kernel in each sequence; arguments as in `best_match`.

    Returns
    -------
    BestMatch
        Of windows that score alike the first, of its two strands the one as given. The value is
        differentiable in `kernel` (the window that was found has all of the gradient).

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> kernel = jnp.eye(4)[np.array([2, 0])][..., None]  # GA, and TC on the other strand
    >>> codes = jnp.array([DNA.encode("AAGATTC"), DNA.encode("AAATTCA")])
    >>> found = find_best_match(codes, kernel, DNA.shares, complement=(3, 2, 1, 0))
    >>> found.position.ravel().tolist(), found.strand.ravel().tolist()
    ([2, 4], [0, 1])
    """
    table, kernels = ShareTable(shares), kernel.shape[-1]
    _check_shapes(codes, kernel, table.array.shape[1])
    codes, kernel = _at_least(codes, kernel.shape[0]), _both_strands(kernel, complement)
    values, positions = _best_windows(codes, kernel, table, precision)
    value, position = values[:, :kernels], positions[:, :kernels]
    if complement is None:
        return BestMatch(value, position, jnp.zeros(value.shape, jnp.int8))
    other, place = values[:, kernels:], positions[:, kernels:]
    reverse = (other > value) | ((other == value) & (place < position))
    return BestMatch(
        jnp.where(reverse, other, value),
        jnp.where(reverse, place, position),
        reverse.astype(jnp.int8),
    )


def _search(
    codes: jax.Array, kernel: jax.Array, shares: ShareTable, precision: lax.PrecisionLike
) -> tuple[jax.Array, jax.Array]:
    """Value and first position of the best window, (n, kernels) each."""

    def best(codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        scores, valid = _scores(codes, kernel, shares, precision)
        value = global_pool(scores, "max", mask=valid)
        # a maximum, and the first position that holds it: an argmax is far slower on CPU
        last = scores.shape[1] - 1
        place = jnp.where(valid, jnp.arange(last + 1, dtype=jnp.int32)[None, :], last)
        won = scores == value[:, None]
        return value, jnp.min(jnp.where(won, place[..., None], last), axis=1)

    positions = codes.shape[1] - kernel.shape[0] + 1
    row = positions * kernel.shape[-1] * kernel.dtype.itemsize
    parts = lax.map(best, _chunks(codes, row, _SCORE_BYTES))
    shape = (parts[0].shape[0] * parts[0].shape[1], kernel.shape[-1])
    value, position = (part.reshape(shape)[: len(codes)] for part in parts)
    return value, position


def _remember(
    codes: jax.Array, kernel: jax.Array, shares: ShareTable, precision: lax.PrecisionLike
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array, jax.Array]]:
    values, positions = _search(codes, kernel, shares, precision)
    return (values, positions), (codes, positions, kernel)


def _kernel_gradient(
    shares: ShareTable,
    precision: lax.PrecisionLike,
    remembered: tuple[jax.Array, jax.Array, jax.Array],
    upstream: tuple[jax.Array, Any],
) -> tuple[None, jax.Array]:
    """Add up the winning windows, each times the gradient of its score."""
    codes, positions, kernel = remembered
    few = kernel.shape[1] <= _FEW_LETTERS
    gradient = _add_images if few else _count_codes
    wide = upstream[0].astype(accumulation_dtype(kernel.dtype))
    total = gradient(codes, positions, wide, shares, kernel.shape[0])
    return None, total.astype(kernel.dtype)


_best_windows = jax.custom_vjp(_search, nondiff_argnums=(2, 3))
_best_windows.defvjp(_remember, _kernel_gradient)


def _add_images(
    codes: jax.Array, positions: jax.Array, upstream: jax.Array, shares: ShareTable, width: int
) -> jax.Array:
    """Draw each window as an image and add these up: the way for few letters."""
    letters, kernels = shares.array.shape[1], positions.shape[1]

    def add(codes: jax.Array, positions: jax.Array, upstream: jax.Array) -> jax.Array:
        image = one_hot(codes, shares.array.astype(upstream.dtype))
        flat = image.reshape(len(codes), codes.shape[1] * letters)
        windows = _cut(flat, positions * letters, width * letters)
        return jnp.sum(windows * upstream[..., None], axis=0)

    row = kernels * width * letters * upstream.dtype.itemsize
    parts = (_chunks(a, row, _WINDOW_BYTES) for a in (codes, positions, upstream))
    total = lax.map(lambda part: add(*part), tuple(parts)).sum(axis=0)
    return total.reshape(kernels, width, letters).transpose(1, 2, 0)


def _count_codes(
    codes: jax.Array, positions: jax.Array, upstream: jax.Array, shares: ShareTable, width: int
) -> jax.Array:
    """Add up the gradients of each code at each place, then share them out: for many letters."""
    symbols = 1 + int(np.flatnonzero(shares.array.any(axis=1))[-1])
    kernels = positions.shape[1]
    windows = _cut(codes, positions, width).astype(jnp.int32)
    table = jnp.zeros((width, symbols, kernels), upstream.dtype)
    places, columns = np.arange(width)[None, None, :], np.arange(kernels)[None, :, None]
    # padding lies outside of the table and is dropped
    table = table.at[places, windows, columns].add(
        jnp.broadcast_to(upstream[..., None], windows.shape), mode="drop"
    )
    rows = jnp.asarray(shares.array[:symbols], upstream.dtype)
    return jnp.einsum("ksc,sa->kac", table, rows, precision="highest")


def _scores(
    codes: jax.Array, kernel: jax.Array, shares: ShareTable, precision: lax.PrecisionLike
) -> tuple[jax.Array, jax.Array]:
    """Score all windows, (n, positions, kernels), and say which count, (n, positions)."""
    width, _, kernels = kernel.shape
    image = one_hot(codes, shares.array.astype(kernel.dtype))
    valid = valid_windows(codes != _PAD, width)
    if not runs_on_cpu():
        return conv(image, kernel, precision=precision), valid
    # for the few sequences of a chunk, one product is faster than a convolution
    positions = valid.shape[1]
    windows = jnp.concatenate([image[:, i : i + positions] for i in range(width)], axis=2)
    matrix = kernel.reshape(windows.shape[-1], kernels)
    scores = jnp.matmul(windows, matrix, precision=precision)
    return scores, valid


def _cut(rows: jax.Array, starts: jax.Array, width: int) -> jax.Array:
    """Cut `width` columns out of the rows (n, columns) at each start (n, many)."""
    numbers = lax.GatherDimensionNumbers(
        offset_dims=(2,),
        collapsed_slice_dims=(),
        start_index_map=(1,),
        operand_batching_dims=(0,),
        start_indices_batching_dims=(0,),
    )
    return lax.gather(rows, starts[..., None], numbers, (1, width), mode="promise_in_bounds")


def _chunks(array: jax.Array, bytes_of_row: int, bytes_of_core: int) -> jax.Array:
    """Split the rows into even chunks, (chunks, rows, ...), filled up with zeros.

    On GPU and TPU there is one chunk.
    """
    whole = max(1, len(array))
    rows = bytes_of_core * _cores() // max(1, bytes_of_row) if runs_on_cpu() else whole
    chunks = -(-whole // max(1, rows))
    rows = -(-len(array) // chunks)
    missing = chunks * rows - len(array)
    array = jnp.pad(array, ((0, missing), *((0, 0),) * (array.ndim - 1)))
    return array.reshape(chunks, rows, *array.shape[1:])


def _both_strands(kernel: jax.Array, complement: Sequence[int] | None) -> jax.Array:
    """Put the kernels of the other strand behind the given ones."""
    if complement is None:
        return kernel
    if sorted(complement) != list(range(kernel.shape[1])):
        raise SeqcnnError(
            f"`complement` must be each of the codes 0 .. {kernel.shape[1] - 1} once, "
            f"not {tuple(complement)}"
        )
    return jnp.concatenate([kernel, kernel[::-1, np.array(complement)]], axis=-1)


def _at_least(codes: jax.Array, width: int) -> jax.Array:
    missing = max(0, width - codes.shape[1])
    return jnp.pad(codes, ((0, 0), (0, missing)), constant_values=_PAD)


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_shapes(codes: jax.Array, kernel: jax.Array, letters: int) -> None:
    if codes.ndim != 2 or kernel.ndim != 3 or kernel.shape[1] != letters:
        raise SeqcnnError(
            f"`codes` must be (n, length) and `kernel` (width, {letters}, kernels) for {letters} "
            f"letters, not the shapes {codes.shape} and {kernel.shape}"
        )
