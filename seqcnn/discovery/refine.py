"""Refinement: many seeds become motifs at once, in one compiled loop of fixed shape.

Each round finds the best site of every frame in every sequence, takes the threshold that separates
foreground from control best, counts the letters of the sites above it less those expected by
chance, and reads the next frame from the counts.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.discovery.frames import (
    BATCH,
    ROWS,
    WIDTH,
    flanked,
    padded_rows,
    scan_rows,
    score_tables,
    small_sample_bits,
)
from seqcnn.discovery.threshold import best_threshold_inside_jit
from seqcnn.seq.alphabet import PAD

LEAST_BITS = 0.12
"""A column with less information beyond chance is not used."""

CHANCE = 3.0
"""Times the mean information of a random column (Schneider 1986) that is put down to chance. More
would cost rare motifs their columns; what still fits by chance is found out by `trials.judge`."""


def refine(
    probabilities: np.ndarray,
    foreground: np.ndarray,
    control: np.ndarray,
    background: np.ndarray,
    *,
    complement: tuple[int, ...] | None,
    iterations: int = 8,
) -> np.ndarray:
    """Improve frames on foreground against control.

    Parameters
    ----------
    probabilities
        float (frames, WIDTH, letters): the seeds; columns like the background are not used.
    foreground, control
        uint8 (n, length) and (m, length): codes, not flanked.
    background
        float (letters,).
    complement
        The complement of each letter, to search both strands; None for one strand.
    iterations
        Rounds of refinement.

    Returns
    -------
    numpy.ndarray
        float32 (frames, WIDTH, letters).
    """
    rows = [flanked(padded_rows(c, -(-len(c) // ROWS) * ROWS, PAD)) for c in (foreground, control)]
    sizes = jnp.array([len(foreground), len(control)], jnp.float32)
    parts = []
    for first in range(0, len(probabilities), BATCH):
        batch = probabilities[first : first + BATCH].astype(np.float32)
        filled = np.tile(background.astype(np.float32), (BATCH, WIDTH, 1))
        filled[: len(batch)] = batch
        parts.append(
            np.asarray(
                _refine(
                    jnp.asarray(filled),
                    jnp.asarray(rows[0]),
                    jnp.asarray(rows[1]),
                    sizes,
                    jnp.asarray(background, jnp.float32),
                    complement=complement,
                    iterations=iterations,
                )
            )[: len(batch)]
        )
    return np.concatenate(parts)


@partial(jax.jit, static_argnames=("complement", "iterations"))
def _refine(
    probabilities: jax.Array,
    foreground: jax.Array,
    control: jax.Array,
    sizes: jax.Array,
    background: jax.Array,
    *,
    complement: tuple[int, ...] | None,
    iterations: int,
) -> jax.Array:
    letters = probabilities.shape[2]

    def improve(_: int, probabilities: jax.Array) -> jax.Array:
        used = _bits(probabilities, background) > 1e-3
        tables = score_tables(probabilities, used, background)
        found = [scan_rows(rows, tables, complement) for rows in (foreground, control)]
        threshold = best_threshold_inside_jit(found[0][0], found[1][0], sizes)
        counts = [
            _count(rows, *sites, threshold, letters, complement)
            for rows, sites in zip((foreground, control), found, strict=True)
        ]
        excess = jnp.maximum(counts[0] - counts[1] * (sizes[0] / sizes[1]), 0.0)
        return _next_frames(excess, background)

    return jax.lax.fori_loop(0, iterations, improve, probabilities)


def _count(
    rows: jax.Array,
    score: jax.Array,
    start: jax.Array,
    strand: jax.Array,
    threshold: jax.Array,
    letters: int,
    complement: tuple[int, ...] | None,
) -> jax.Array:
    """Letters under the sites above the threshold: float32 (frames, WIDTH, letters)."""

    def count_frame(score: jax.Array, start: jax.Array, strand: jax.Array, least: jax.Array):
        columns = start[:, None] + WIDTH // 2 + jnp.arange(WIDTH)[None]
        windows = jnp.take_along_axis(rows, columns, axis=1)
        hit = (score >= least).astype(jnp.float32)
        forward = hit if complement is None else hit * (strand == 0)
        counts = _letters_by_column(windows, forward, letters)
        if complement is not None:
            reverse = _letters_by_column(windows, hit * (strand == 1), letters)
            counts = counts + reverse[::-1, np.array(complement)]
        return counts

    return jax.lax.map(lambda args: count_frame(*args), (score.T, start.T, strand.T, threshold))


def _letters_by_column(windows: jax.Array, weights: jax.Array, letters: int) -> jax.Array:
    return jnp.stack([weights @ (windows == a).astype(jnp.float32) for a in range(letters)], 1)


def _next_frames(counts: jax.Array, background: jax.Array) -> jax.Array:
    """Turn counts into centred frames whose empty columns are the background."""
    by_column = counts.sum(2)
    sites = by_column.max(1)[:, None]
    smoothed = counts + (1.0 + 0.02 * sites[..., None]) * background[None, None]
    probabilities = smoothed / smoothed.sum(2, keepdims=True)
    # a column that lies outside of most sequences has few letters, and much information by chance
    chance = CHANCE * small_sample_bits(1.0, counts.shape[2]) / jnp.maximum(by_column, 1.0)
    bits = _bits(probabilities, background)
    kept = jnp.where(bits - chance >= LEAST_BITS, bits, 0.0)
    kept = jnp.where(kept.max(1, keepdims=True) > 0, kept, bits)
    probabilities = jnp.where(kept[..., None] > 0, probabilities, background[None, None])
    centre = (kept * jnp.arange(WIDTH)[None]).sum(1) / jnp.maximum(kept.sum(1), 1e-9)
    shift = jnp.round(centre - (WIDTH - 1) / 2).astype(jnp.int32)
    columns = jnp.arange(WIDTH)[None] + shift[:, None]
    inside = (columns >= 0) & (columns < WIDTH)
    moved = jnp.take_along_axis(probabilities, jnp.clip(columns, 0, WIDTH - 1)[..., None], axis=1)
    return jnp.where(inside[..., None], moved, background[None, None])


def _bits(probabilities: jax.Array, background: jax.Array) -> jax.Array:
    return (probabilities * jnp.log2(probabilities / background[None, None])).sum(2)
