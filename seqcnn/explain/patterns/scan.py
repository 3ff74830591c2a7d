"""Where templates of contributions fit best in islands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.explain.patterns.islands import FRAME, Islands, Places, flipped

BLOCK = 1 << 18
"""Multiplications of a call: up to here OpenBLAS keeps to one thread, and more would wait."""


@dataclass(frozen=True, eq=False)
class Fits:
    """The best fit in each of m islands.

    Parameters
    ----------
    score
        float32 (m,): projection of the contributions upon the template, in their units: how much of
        them it explains.
    likeness
        float32 (m,): the same as a share of the length of the contributions there, a cosine.
    template
        int64 (m,): which fits.
    first
        int64 (m,): column at which the template begins.
    reverse
        bool (m,): whether the template is read on the other strand.
    """

    score: np.ndarray
    likeness: np.ndarray
    template: np.ndarray
    first: np.ndarray
    reverse: np.ndarray

    def places(self, which: np.ndarray) -> Places:
        """Take the places of some islands, int64 positions."""
        return Places(which, self.first[which], self.reverse[which])


def best_fits(islands: Islands, templates: Sequence[np.ndarray], *, both_strands: bool) -> Fits:
    """Find the template, place and strand that explain most of each island.

    Parameters
    ----------
    islands
        To look in.
    templates
        One or more, float32 (width, letters) of length 1 (`unit`).
    both_strands
        Whether to look on the other strand too.
    """
    letters, wide = islands.alphabet.size, islands.codes.shape[1]
    width = max(len(t) for t in templates)
    bank = np.zeros((len(templates) * (1 + both_strands), width, letters), np.float32)
    for i, template in enumerate(templates):
        bank[i, : len(template)] = template
        if both_strands:
            bank[i + len(templates), : len(template)] = flipped(template, islands.alphabet)
    matrix = bank.reshape(len(bank), -1).T
    starts = np.arange(FRAME - width // 2, wide - FRAME - (width - width // 2) + 1)
    starts = starts if len(starts) else np.array([FRAME - width // 2])
    rows = max(16, BLOCK // matrix.size)
    best, score = np.zeros(len(islands), np.int64), np.zeros(len(islands), np.float32)
    for low in range(0, len(islands), rows):
        block = islands.features[low : low + rows].reshape(-1, wide * letters)
        found = np.empty((len(block), len(starts), len(bank)), np.float32)
        for j, start in enumerate(starts):
            found[:, j] = block[:, start * letters : (start + width) * letters] @ matrix
        flat = found.reshape(len(block), -1)
        best[low : low + rows] = flat.argmax(1)
        score[low : low + rows] = flat.max(1)
    column, which = np.divmod(best, len(bank))
    template, first = which % len(templates), starts[column]
    energy = np.cumsum(np.pad((islands.features**2).sum(2), ((0, 0), (1, 0))), axis=1)
    end = first + np.array([len(t) for t in templates])[template]
    each = np.arange(len(islands))
    length = np.sqrt(np.maximum(energy[each, end] - energy[each, first], 1e-20))
    return Fits(score, score / length, template, first, which >= len(templates))


def unit(values: np.ndarray) -> np.ndarray:
    """Scale to length 1, float32."""
    return (values / max(float(np.sqrt((values**2).sum())), 1e-20)).astype(np.float32)


def likeness_by_chance(
    drawn: Islands, templates: Sequence[np.ndarray], *, both_strands: bool, share: float
) -> np.ndarray:
    """Find the likeness that so small a share of islands with drawn letters reaches.

    Each template has its own: one of few columns is like much by chance, which must not count
    against those of many.

    Parameters
    ----------
    drawn
        Islands whose letters were drawn. Those in which a template explains less than `LOUD`
        standard deviations of noise have no site anyway.
    templates
        One or more.
    both_strands
        Whether to look on the other strand too.
    share
        Of all islands, that are like any of the templates.

    Returns
    -------
    numpy.ndarray
        float64 (templates,).
    """
    if not len(drawn):
        return np.ones(len(templates))
    limits = []
    for template in templates:
        fits = best_fits(drawn, [template], both_strands=both_strands)
        loud = np.where(fits.score >= LOUD * drawn.noise, fits.likeness, 0.0)
        limits.append(np.quantile(loud, 1 - share / len(templates)))
    return np.array(limits)


LOUD = 5.0
"""Standard deviations of noise that a site explains at least; noise does at 1 place of 30,000."""
