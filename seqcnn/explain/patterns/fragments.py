"""Groups that are no patterns: fragments of others, and letters that tell too little.

Many sites of a dimer have one half with changed letters, and a network that reads the other half
weighs that one alone. Such sites are alike in what they contribute and gather beside the whole
ones. They are no pattern of their own if three things hold: the letters that they have in common
are those of a part of a wider pattern; they are far fewer than its sites; and what lies beside
them, where the rest of the wider pattern would be, is liker to that rest than chance makes it,
which sites of a half that stands alone are not. Nor are weaker sites a pattern, whose columns all
lie between chance and those of another pattern.

And a network weighs two or three letters that its motifs have in common wherever they stand. They
are no pattern if they tell less of a site, in bits, than it takes to say where in a seqlet and on
which strand it lies (minimum description length, Rissanen 1978,
doi:10.1016/0005-1098(78)90005-5).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.explain.patterns.divide import count_codes
from seqcnn.explain.patterns.grouping import Group, Rules
from seqcnn.explain.patterns.islands import FLANK, Islands, flipped

FEWER = 0.5
"""Sites of one part alone, as a share of those of the patterns it is a part of, at most."""

LIKE = 0.8
"""Correlation of letters that a fragment and a part of a pattern have at least."""

RESIDUE = 0.1
"""How much of the rest of the pattern, from 0 for chance to 1 for its sites, lies beside."""

SPARE = 1.0
"""Bits that letters tell more than it takes to say where they are."""

CORE = 0.25
"""A column counts if it has this share of the information of the best one."""


def without_one(islands: Islands, groups: Sequence[Group], rules: Rules) -> list[np.ndarray] | None:
    """Take out the smallest group that is no pattern.

    Parameters
    ----------
    islands
        Where members are.
    groups
        None of them empty.
    rules
        What is asked for.

    Returns
    -------
    list of numpy.ndarray or None
        Templates of the others; None if all are patterns.
    """
    read = [_Letters.of(islands, group, rules.shares) for group in sorted(groups, key=len)]
    for one in read:
        others = [other for other in read if other is not one]
        if _tells_too_little(islands, one, rules) or _is_fragment(islands, one, others, rules):
            return [other.group.template for other in others]
    return None


@dataclass(frozen=True, eq=False)
class _Letters:
    """A group, and which letters it has.

    Parameters
    ----------
    group
        Whose they are.
    shares
        float64 (width, letters).
    bits
        float64 (width,): information of the columns, less what few letters seem to tell (Miller
        1955).
    core
        bool (width,): the columns that hold it.
    """

    group: Group
    shares: np.ndarray
    bits: np.ndarray
    core: np.ndarray

    @classmethod
    def of(cls, islands: Islands, group: Group, prior: np.ndarray) -> "_Letters":
        counts = count_codes(islands.letters_at(group.places, len(group.template)), len(prior))
        shares = _smoothed(counts, prior)
        bias = (len(prior) - 1) / (2 * np.log(2) * len(group))
        bits = np.maximum((shares * np.log2(shares / prior)).sum(1) - bias, 0)
        return cls(group, shares, bits, bits >= CORE * bits.max())

    def flipped(self, islands: Islands) -> "_Letters":
        """Read on the other strand."""
        turned = flipped(self.shares, islands.alphabet)
        return _Letters(self.group, turned, self.bits[::-1], self.core[::-1])


def _smoothed(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    counts = counts + prior
    return counts / counts.sum(1, keepdims=True)


def _tells_too_little(islands: Islands, letters: _Letters, rules: Rules) -> bool:
    core = np.flatnonzero(letters.core)
    known = (islands.codes[letters.group.places.island] < islands.alphabet.size).sum(1)
    places = np.maximum(known - 2 * FLANK - (core[-1] - core[0]), 1) * (1 + rules.both_strands)
    return letters.bits.sum() < np.log2(places).mean() + SPARE


def _is_fragment(
    islands: Islands, part: _Letters, others: Sequence[_Letters], rules: Rules
) -> bool:
    members, residue = 0, 0.0
    for other in others:
        share = _residue(islands, part, other, rules)
        if share is not None:
            members, residue = members + len(other.group), residue + share
    # a site whose one half is broken still has about half of what that half has
    alone = len(part.group) * (1 - 2 * residue)
    return residue >= RESIDUE and alone < FEWER * members


def _residue(islands: Islands, part: _Letters, wide: _Letters, rules: Rules) -> float | None:
    """Find how much of the rest of a wider pattern lies beside; None if it is another pattern."""
    sides = [part, part.flipped(islands)] if rules.both_strands else [part]
    laid = _laid_upon(sides, wide, rules.shares)
    if laid is None:
        return None
    offset, reverse, taken = laid
    places = part.group.places.turned() if reverse else part.group.places
    width = len(wide.shares)
    letters = islands.letters_at(places.shifted(-offset, len(part.shares), width), width)
    counts = count_codes(letters, islands.alphabet.size)
    rest = wide.core & ~np.isin(np.arange(width), taken)
    if wide.bits[rest].sum() < CORE * wide.bits.sum():
        return 1.0 if _is_weaker(counts, wide.shares, rules.shares) else None
    odds = np.log(wide.shares[rest] / rules.shares)
    chance = (rules.shares * odds).sum()
    here, most = ((s[rest] * odds).sum() for s in (_smoothed(counts, rules.shares), wide.shares))
    return float((here - chance) / (most - chance))


def _laid_upon(
    sides: Sequence[_Letters], wide: _Letters, prior: np.ndarray
) -> tuple[int, bool, np.ndarray] | None:
    """Find where the core of a group is like a part of another: offset, strand, and its columns.

    A column beside the other counts as if any letter were there.
    """
    room = len(sides[0].shares)
    beside = np.tile(prior, (room, 1))
    padded = np.concatenate([beside, wide.shares, beside])
    best, found = LIKE, None
    for reverse, side in enumerate(sides):
        columns = np.flatnonzero(side.core)
        for offset in range(-room, len(wide.shares) + 1):
            pair = side.shares[columns].ravel(), padded[columns + offset + room].ravel()
            like = np.corrcoef(*pair)[0, 1] if np.ptp(pair[1]) else 0.0
            if like > best:
                best, found = like, (offset, bool(reverse), columns + offset)
    return found


def _is_weaker(counts: np.ndarray, wide: np.ndarray, prior: np.ndarray) -> bool:
    """Tell whether each column of a group is that of a pattern, or between it and chance.

    It is if to say how far takes fewer nats than to say the share of each letter.
    """
    between = prior + np.linspace(0, 1, 21)[:, None, None] * (wide - prior)
    fitted = (counts * np.log(between)).sum(2).max(0).sum()
    free = (counts * np.log(_smoothed(counts, prior))).sum()
    numbers = (len(prior) - 2) * len(counts)
    return bool(free - fitted < numbers / 2 * np.log(counts.sum(1).max()))
