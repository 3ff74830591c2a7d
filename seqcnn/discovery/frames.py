"""Frames: many motifs of one fixed width, scored and counted together on the device.

A frame has `WIDTH` columns, of which a motif uses some; the others score nothing. One fixed width
and few numbers of frames mean few shapes, and every new shape costs a compilation.
"""

from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.nn.conv import conv
from seqcnn.seq.alphabet import PAD, Alphabet

Array = TypeVar("Array", np.ndarray, jax.Array)

WIDTH, WIDEST = 24, 48
"""Columns of a frame, which are those that a motif is sought by, and of the widest motif: half a
frame more on either side, see `wide`."""

BATCH = 16
"""Frames of one call: fewer are filled up."""

ROWS = 128
"""Sequences of one convolution, so that its output stays in the cache."""

BLOCK = 4096
"""Sequences of one call: more are cut, fewer are filled up."""

LOWEST = -8.0
"""The least score of a letter, in bits."""


@dataclass(frozen=True, eq=False)
class BestSites:
    """The best site of each frame in each sequence.

    Parameters
    ----------
    score
        float32 (n, frames), bits; about -inf where a sequence has no room for the motif.
    start
        int32 (n, frames): where the first column of the frame lies; negative where unused columns
        of the frame stick out of the sequence.
    strand
        int8 (n, frames): 0 as given, 1 reverse complement.
    """

    score: np.ndarray
    start: np.ndarray
    strand: np.ndarray


def least_probabilities(background: Array) -> Array:
    """Give the least probability of each letter in a score, (letters,).

    It is in proportion to the background. With one limit for all letters, one that is rarer than
    the limit would score like evidence wherever a motif lacks it.

    Examples
    --------
    >>> least_probabilities(np.array([0.25, 0.25, 0.5])).tolist()
    [0.0009765625, 0.0009765625, 0.001953125]
    """
    return background * 2.0**LOWEST


def score_tables(probabilities: jax.Array, used: jax.Array, background: jax.Array) -> jax.Array:
    """Compute log-odds scores with one more letter for what is unknown.

    The unknown letter (an ambiguity code, a masked position, padding) scores like the worst letter
    of its column. Would it score 0, a stretch of them beat ordinary sequence.

    Parameters
    ----------
    probabilities
        float (frames, WIDTH, letters).
    used
        bool (frames, WIDTH).
    background
        float (letters,).

    Returns
    -------
    jax.Array
        float32 (frames, WIDTH, letters + 1), bits.
    """
    least = least_probabilities(background)[None, None]
    scores = jnp.log2(jnp.maximum(probabilities, least) / background[None, None])
    scores = jnp.concatenate([scores, scores.min(2, keepdims=True)], axis=2)
    return jnp.where(used[..., None], scores, 0.0).astype(jnp.float32)


def flanked(codes: np.ndarray) -> np.ndarray:
    """Put half a frame of padding on both sides of rows of codes."""
    half = WIDTH // 2
    return np.pad(codes, ((0, 0), (half, half)), constant_values=PAD)


def scan_rows(
    codes: jax.Array, tables: jax.Array, complement: tuple[int, ...] | None
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Find the best site of each frame in each sequence; to be called inside `jax.jit`.

    Parameters
    ----------
    codes
        uint8 (n, length), flanked; n a multiple of `ROWS`.
    tables
        float32 (frames, WIDTH, letters + 1).
    complement
        The complement of each letter, to search both strands; None for one strand.

    Returns
    -------
    tuple of jax.Array
        score, start and strand as in `BestSites`.
    """
    frames, width, symbols = tables.shape
    # an unknown letter is dark; what it scores is the same for all windows, and added in the end
    unknown = tables[..., -1:]
    kernel = (tables[..., :-1] - unknown).transpose(1, 2, 0)
    if complement is not None:
        kernel = jnp.concatenate([kernel, kernel[::-1, np.array(complement)]], axis=2)

    def scan_some(rows: jax.Array) -> tuple[jax.Array, jax.Array]:
        image = jax.nn.one_hot(rows, symbols - 1, dtype=jnp.float32)
        scores = conv(image, kernel).reshape(
            len(rows), -1, frames
        )  # (n, position x strand, frames)
        best = scores.max(1)
        # on CPU, the first place of the maximum costs half as much in this way as by argmax
        places = jnp.arange(scores.shape[1], dtype=jnp.int32)[None, :, None]
        place = jnp.where(scores == best[:, None], places, scores.shape[1]).min(1)
        return best + unknown.sum(1).T, place

    score, place = jax.lax.map(scan_some, codes.reshape(-1, ROWS, codes.shape[1]))
    strands = 1 if complement is None else 2
    place = place.reshape(len(codes), frames)
    start = place // strands - width // 2
    return score.reshape(len(codes), frames), start, (place % strands).astype(jnp.int8)


@partial(jax.jit, static_argnames="complement")
def _scan_block(
    codes: jax.Array, tables: jax.Array, complement: tuple[int, ...] | None
) -> tuple[jax.Array, jax.Array, jax.Array]:
    return scan_rows(codes, tables, complement)


def best_sites(
    codes: np.ndarray, tables: np.ndarray, complement: tuple[int, ...] | None
) -> BestSites:
    """Find the best site of each frame in each sequence, any number of either.

    Parameters
    ----------
    codes
        uint8 (n, length), not flanked.
    tables
        float32 (frames, WIDTH, letters + 1).
    complement
        As in `scan_rows`.
    """
    n, frames = len(codes), len(tables)
    parts = []
    for first in range(0, max(frames, 1), BATCH):
        batch = padded_rows(np.asarray(tables[first : first + BATCH]), BATCH, 0.0)
        blocks = []
        for begin in range(0, max(n, 1), BLOCK):
            rows = codes[begin : begin + BLOCK]
            size = BLOCK if n > BLOCK else -(-max(n, 1) // ROWS) * ROWS
            rows = flanked(padded_rows(rows, size, PAD))
            blocks.append(_scan_block(jnp.asarray(rows), jnp.asarray(batch), complement))
        parts.append([np.concatenate([np.asarray(b[i]) for b in blocks])[:n] for i in range(3)])
    return BestSites(*(np.concatenate([p[i] for p in parts], 1)[:, :frames] for i in range(3)))


def padded_rows(array: np.ndarray, rows: int, value: float) -> np.ndarray:
    """Fill an array up to a number of rows."""
    missing = rows - len(array)
    if missing <= 0:
        return array
    fill = np.full((missing, *array.shape[1:]), value, array.dtype)
    return np.concatenate([array, fill])


def read_windows(codes: np.ndarray, sites: BestSites, frame: int, alphabet: Alphabet) -> np.ndarray:
    """Read the letters under the sites of one frame.

    Returns
    -------
    numpy.ndarray
        uint8 (n, WIDTH), along the motif; `PAD` outside of the sequence.
    """
    columns = sites.start[:, frame, None] + np.arange(WIDTH) + WIDTH // 2
    windows = np.take_along_axis(flanked(codes), columns, axis=1)
    reverse = sites.strand[:, frame] == 1
    if reverse.any():
        windows[reverse] = alphabet.reverse_complement(windows[reverse])
    return windows


def count_letters(windows: np.ndarray, weights: np.ndarray, letters: int) -> np.ndarray:
    """Count letters by column, float64 (width, letters), each window with its weight."""
    return np.stack([weights @ (windows == letter) for letter in range(letters)], axis=1)


def small_sample_bits(sites: float, letters: int) -> float:
    """Information that a column of so few sites shows by chance (Schneider 1986)."""
    return (letters - 1) / (2 * np.log(2) * max(sites, 1.0))


def frame_of(matrix: ProbabilityMatrix) -> tuple[np.ndarray, np.ndarray]:
    """Lay a matrix in the middle of a frame: probabilities (WIDTH, letters) and used columns.

    One that is wider than the frame loses as many columns on either side.
    """
    over = max(0, len(matrix) - WIDTH)
    values = matrix.values[over // 2 : len(matrix) - (over - over // 2)]
    width = len(values)
    first = (WIDTH - width) // 2
    probabilities = np.tile(matrix.background, (WIDTH, 1))
    probabilities[first : first + width] = values
    used = np.zeros(WIDTH, bool)
    used[first : first + width] = True
    return probabilities, used
