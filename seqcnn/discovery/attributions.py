"""Attributions of a network as seeds: what it goes by in each sequence, gathered into patterns.

A kernel is a part of what a network has learnt. What the parts come to in a sequence shows in the
contributions of its letters: their gradient, less that of the mean letter (Majdandzic et al. 2023,
doi:10.1186/s13059-023-02956-3). Stretches that contribute more than any does in most sequences of
the control are seqlets; those that share the letters of one that is like many others are a pattern
with it, and so on with the rest (the idea of TF-MoDISco, Shrikumar et al. 2018, arXiv:1811.00416).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from numpy.lib.stride_tricks import sliding_window_view

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import BATCH, WIDTH, count_letters
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Member
from seqcnn.seq.alphabet import PAD

READ = 2000
"""Sequences whose letters are looked at."""

LETTERS = 1 << 16
"""Positions of a call: they bound the memory."""

CORE, SHIFT = 8, 4
"""Letters of a seqlet, and how far seqlets of a pattern may be apart from each other."""

EACH = 3
"""Seqlets of a sequence at most."""

BY_CHANCE = 0.25
"""Share of the control sequences that have a window as strong as the weakest seqlet."""

STRONG = 0.3
"""The edge of a seqlet is none: it has this share of what the strongest one of a sequence
contributes on average, at least."""

SHARED = 0.7
"""A seqlet belongs to a pattern if the letters that it shares with the leading one make up so
much of what that one contributes."""

LEADS = 8
"""Seqlets that may lead a pattern; the one that is most like the others does."""

ONE_LETTER = 0.6
"""Share of a seqlet that one letter may make up."""

FEWEST = 5
"""Seqlets of a pattern."""

ROOM = (WIDTH - CORE) // 2 + SHIFT
"""Letters that are read on either side of a seqlet."""


def attribution_frames(
    member: Member, contrast: Contrast, search: Search, number: int = BATCH
) -> np.ndarray:
    """Gather what the network goes by into patterns.

    Parameters
    ----------
    member
        A trained network.
    contrast
        Training sequences.
    search
        Alphabet, strands and background.
    number
        At most so many patterns are made.

    Returns
    -------
    numpy.ndarray
        float64 (patterns, WIDTH, letters).
    """
    network, some = member.network, contrast.head(READ).thinned(1)
    if not isinstance(network, SequenceNetwork) or not number or some.foreground.shape[1] < CORE:
        return np.zeros((0, WIDTH, search.alphabet.size))
    given, by_chance = (contributions(network, codes) for codes in (some.foreground, some.control))
    least = max(
        float(np.quantile(_windows(by_chance).max(1), 1 - BY_CHANCE)),
        STRONG * float(_windows(given).max(1).mean()),
    )
    row, start, strength = _seqlets(given, least)
    letters = _letters_around(some.foreground, row, start)
    own = given[row[:, None], start[:, None] + np.arange(CORE)]
    return _patterns(letters, own, strength, search, number)


def contributions(network: SequenceNetwork, codes: np.ndarray) -> np.ndarray:
    """Say what each letter contributes to the logit, beyond what the mean letter would.

    Parameters
    ----------
    network
        With one output.
    codes
        uint8 (n, length).

    Returns
    -------
    numpy.ndarray
        float32 (n, length); 0 where there is no letter.
    """
    graph, weights = nnx.split(network)
    rows = max(1, LETTERS // codes.shape[1])
    parts = []
    for first in range(0, len(codes), rows):
        some = codes[first : first + rows]
        filled = np.pad(some, ((0, min(rows, len(codes)) - len(some)), (0, 0)), mode="edge")
        found = _contributions(weights, jnp.asarray(filled), graph=graph)
        parts.append(np.asarray(found)[: len(some)])
    return np.concatenate(parts)


@partial(jax.jit, static_argnames="graph")
def _contributions(weights: nnx.State, codes: jax.Array, *, graph: nnx.GraphDef) -> jax.Array:
    network = nnx.merge(graph, weights)
    image, inside = network.image(codes)
    gradient = jax.grad(lambda image: network.logits(image, inside)[:, 0].sum())(image)
    return (image * (gradient - gradient.mean(2, keepdims=True))).sum(2)


def _windows(given: np.ndarray) -> np.ndarray:
    """Add up contributions over windows of `CORE` letters, float64 (n, length - CORE + 1).

    Windows that live from one letter, which stands beside a seqlet for instance, have 0.
    """
    total = np.cumsum(np.pad(given.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    sums = total[:, CORE:] - total[:, :-CORE]
    most = sliding_window_view(given, CORE, axis=1).max(2)
    return np.where(most > ONE_LETTER * sums, np.minimum(sums, 0.0), sums)


def _seqlets(given: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find windows above a limit that do not overlap: row, start and sum, the strongest first."""
    windows = _windows(given)
    places = np.arange(windows.shape[1])
    found = []
    for _ in range(EACH):
        best = windows.argmax(1)
        strength = windows[np.arange(len(windows)), best]
        rows = np.flatnonzero(strength > max(least, 0.0))
        found.append((rows, best[rows], strength[rows]))
        windows[np.abs(places[None] - best[:, None]) < CORE] = -np.inf
    row, start, strength = (np.concatenate([f[i] for f in found]) for i in range(3))
    order = np.argsort(-strength, kind="stable")
    return row[order], start[order], strength[order]


def _letters_around(codes: np.ndarray, row: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Read seqlets with `ROOM` on either side, uint8 (m, CORE + 2 ROOM)."""
    wide = np.pad(codes, ((0, 0), (ROOM, ROOM)), constant_values=PAD)
    return wide[row[:, None], start[:, None] + np.arange(CORE + 2 * ROOM)]


def _patterns(
    letters: np.ndarray, own: np.ndarray, strength: np.ndarray, search: Search, number: int
) -> np.ndarray:
    """Gather seqlets around those that are like many others.

    Parameters
    ----------
    letters
        uint8 (m, CORE + 2 ROOM): seqlets with what stands beside them.
    own
        float32 (m, CORE): what their letters contribute.
    strength
        float64 (m,): the sum, falling.
    search
        Alphabet, strands and background.
    number
        At most so many patterns are made.
    """
    strands = [letters]
    if search.both_strands:
        strands.append(search.alphabet.reverse_complement(letters))
    laid_out = np.stack(strands)
    left = np.ones(len(letters), bool)
    frames = []
    while left.any() and len(frames) < number:
        rest = np.flatnonzero(left)
        leads = rest[np.arange(min(LEADS, len(rest))) * len(rest) // min(LEADS, len(rest))]
        alignments = [_best_alignment(strands, letters[i], own[i]) for i in leads]
        weights = [float(strength[left & (a[0] >= SHARED)].sum()) for a in alignments]
        likeness, strand, shift = alignments[int(np.argmax(weights))]
        members = np.flatnonzero(left & (likeness >= SHARED))
        left[members] = False
        left[leads[weights.index(max(weights))]] = False
        if len(members) < FEWEST:
            continue
        columns = ROOM - (WIDTH - CORE) // 2 + shift[members, None] + np.arange(WIDTH)
        aligned = laid_out[strand[members, None], members[:, None], columns]
        counts = count_letters(aligned, strength[members], search.alphabet.size)
        # as many counts as there are seqlets, however large contributions are
        scaled = CountMatrix(counts * len(members) / strength[members].sum(), search.alphabet)
        frames.append(scaled.to_probabilities(1.0, search.background).values)
    return np.array(frames) if frames else np.zeros((0, WIDTH, search.alphabet.size))


def _best_alignment(
    strands: list[np.ndarray], lead: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay seqlets on the leading one: share of its contributions, strand, shift; each (m,)."""
    weights = np.maximum(own, 0.0)
    core = lead[ROOM : ROOM + CORE]
    weights /= max(float(weights.sum()), 1e-9)
    shifts = np.arange(-SHIFT, SHIFT + 1)
    shares = np.stack(
        [
            (rows[:, ROOM + shift : ROOM + shift + CORE] == core) @ weights
            for rows in strands
            for shift in shifts
        ],
        axis=1,
    )
    best = shares.argmax(1)
    return shares[np.arange(len(shares)), best], best // len(shifts), shifts[best % len(shifts)]
