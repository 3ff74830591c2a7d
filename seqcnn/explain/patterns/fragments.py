"""Groups that are no patterns: fragments of others, and letters that tell too little.

Many sites of a dimer have one half with changed letters, and a network that reads the other half
weighs that one alone. Such sites are alike in what they contribute and gather beside the whole
ones. They are no pattern of their own if three things hold: the letters that they have in common
are those of a part of a wider pattern; they are far fewer than its sites; and what lies beside
them, where the rest of the wider pattern would be, is liker to that rest than chance makes it,
which sites of a half that stands alone are not.

And a network weighs two or three letters that its motifs have in common wherever they stand. They
are no pattern if they tell less of a site, in bits, than it takes to say where in a seqlet and on
which strand it lies (minimum description length, Rissanen 1978,
doi:10.1016/0005-1098(78)90005-5).
"""

from collections.abc import Sequence

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
    for group in sorted(groups, key=len):
        others = [g for g in groups if g is not group]
        if _tells_too_little(islands, group, rules) or _is_fragment(islands, group, others, rules):
            return [g.template for g in others]
    return None


def _tells_too_little(islands: Islands, group: Group, rules: Rules) -> bool:
    shares = _letter_shares(islands, group, rules.shares)
    information = _information(shares, rules.shares)
    # so much do few letters seem to tell (Miller 1955)
    bias = (len(rules.shares) - 1) / (2 * np.log(2) * len(group))
    bits = float(np.maximum(information - bias, 0).sum())
    core = np.flatnonzero(_core(shares, rules.shares))
    known = (islands.codes[group.places.island] < islands.alphabet.size).sum(1)
    places = np.maximum(known - 2 * FLANK - (core[-1] - core[0]), 1) * (1 + rules.both_strands)
    return bits < float(np.log2(places).mean()) + SPARE


def _is_fragment(islands: Islands, group: Group, others: Sequence[Group], rules: Rules) -> bool:
    members, residue = 0, 0.0
    for other in others:
        share = _residue(islands, group, other, rules)
        if share is not None:
            members, residue = members + len(other), residue + share
    # a site whose one half is broken still has about half of what that half has
    alone = len(group) * (1 - 2 * residue)
    return residue >= RESIDUE and alone < FEWER * members


def _residue(islands: Islands, group: Group, whole: Group, rules: Rules) -> float | None:
    """Find how much of the rest of a wider pattern lies beside; None if it is not wider."""
    part, wide = (_letter_shares(islands, g, rules.shares) for g in (group, whole))
    core = _core(part, rules.shares)
    best = LIKE
    found = None
    for reverse in (False, True) if rules.both_strands else (False,):
        laid = flipped(part, islands.alphabet) if reverse else part
        here = core[::-1] if reverse else core
        columns = np.flatnonzero(here)
        for offset in range(-int(columns[0]), len(wide) - int(columns[-1])):
            like = np.corrcoef(laid[columns].ravel(), wide[columns + offset].ravel())[0, 1]
            if like > best:
                best, found = like, (offset, reverse, columns + offset)
    if found is None:
        return None
    offset, reverse, taken = found
    rest = _core(wide, rules.shares)
    rest[taken] = False
    information = _information(wide, rules.shares)
    if information[rest].sum() < CORE * information.sum():
        return None
    places = group.places.turned() if reverse else group.places
    beside = islands.letters_at(places.shifted(-offset, len(part), len(wide)), len(wide))
    there = _smoothed(count_codes(beside, islands.alphabet.size), rules.shares)
    odds = np.log(wide[rest] / rules.shares)
    chance = float((rules.shares * odds).sum())
    here, most = (float((s[rest] * odds).sum()) for s in (there, wide))
    return (here - chance) / (most - chance)


def _letter_shares(islands: Islands, group: Group, prior: np.ndarray) -> np.ndarray:
    letters = islands.letters_at(group.places, len(group.template))
    return _smoothed(count_codes(letters, len(prior)), prior)


def _smoothed(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    counts = counts + prior
    return counts / counts.sum(1, keepdims=True)


def _information(shares: np.ndarray, prior: np.ndarray) -> np.ndarray:
    return (shares * np.log2(shares / prior)).sum(1)


def _core(shares: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Columns that hold information, bool (width,)."""
    information = _information(shares, prior)
    return information >= CORE * information.max()
