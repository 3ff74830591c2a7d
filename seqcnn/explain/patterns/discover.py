"""`find_patterns`: seqlets in, patterns out; the whole road on one page.

The question is that of TF-MoDISco (Shrikumar et al. 2018, arXiv:1811.00416), the way another: no
seqlet is compared with each other one, so that time and memory grow with their number only.
"""

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.patterns.divide import count_codes, divided, joined
from seqcnn.explain.patterns.fragments import without_one
from seqcnn.explain.patterns.grouping import (
    Group,
    Rules,
    assign,
    centred_template,
    framed,
    peel,
)
from seqcnn.explain.patterns.islands import FRAME, Islands
from seqcnn.explain.patterns.pattern import Members, Pattern
from seqcnn.explain.seqlets import Seqlets, find_seqlets
from seqcnn.explain.tracks import checked, composition
from seqcnn.seq.alphabet import Alphabet

FEWEST = 20
"""Seqlets of a pattern."""

ROUNDS = 3
"""Times that all templates compete before and after they are divided and joined."""


def find_patterns(
    contributions: np.ndarray,
    codes: np.ndarray,
    alphabet: Alphabet,
    *,
    seqlets: Seqlets | None = None,
    both_strands: bool | None = None,
    fewest: int = FEWEST,
    seed: int = 0,
) -> list[Pattern]:
    """Gather seqlets into patterns.

    Parameters
    ----------
    contributions
        float32 (n, length, letters): hypothetical or projected.
    codes
        uint8 (n, length), padded.
    alphabet
        What the codes mean.
    seqlets
        By default those of `find_seqlets`.
    both_strands
        Whether seqlets may be turned over; by default for DNA only.
    fewest
        Seqlets of a pattern, at least 3.
    seed
        Of letters that are drawn to say what chance is.

    Returns
    -------
    list of Pattern
        Positive ones first, of each sign the one with most seqlets first.

    Raises
    ------
    SeqcnnError
        Shapes do not fit, a number is not finite, or an argument is out of range.
    """
    contributions, codes = checked(contributions, codes, alphabet)
    if fewest < 3:
        raise SeqcnnError(f"`fewest` is {fewest}, it must be at least 3")
    both = alphabet.double_stranded if both_strands is None else both_strands
    if both and alphabet.complements is None:
        raise SeqcnnError(
            f"`both_strands` is True, but alphabet {alphabet.name!r} has no complement: use False"
        )
    if seqlets is None:
        seqlets = find_seqlets(contributions, codes, alphabet, seed=seed)
    rules = Rules(composition(codes, alphabet), both, fewest, seed)
    patterns = []
    for sign in (1, -1):
        mine = seqlets.select(seqlets.sign == sign)
        if len(mine) < fewest:
            continue
        islands = Islands.of(contributions, codes, mine, sign, alphabet)
        groups = _groups(islands, rules)
        patterns += [
            _pattern(group, islands, contributions, rules, sign, rank)
            for rank, group in enumerate(groups, 1)
        ]
    return patterns


def _groups(islands: Islands, rules: Rules) -> list[Group]:
    """Find the groups of one sign, the largest first."""
    templates, groups = [], []
    left = islands
    for _ in range(ROUNDS):
        # a template that grew alone may have taken seqlets of another that is like it
        more = peel(left, rules)
        if not more:
            break
        groups, left = _compete(islands, [*templates, *more], rules)
        templates = [group.template for group in groups]
    if not groups:
        return []
    parts = [part for group in groups for part in _parts(islands, group, rules)]
    groups, _ = _compete(islands, parts, rules)
    # before fragments of several patterns join one of them
    groups = _whole(islands, groups, rules)
    for _ in range(ROUNDS):
        templates = joined(islands, groups, both_strands=rules.both_strands)
        fewer = len(templates) < len(groups)
        groups, _ = _compete(islands, templates, rules)
        if not fewer:
            break
    return sorted(_whole(islands, groups, rules), key=lambda g: (-len(g), g.template.tobytes()))


def _whole(islands: Islands, groups: list[Group], rules: Rules) -> list[Group]:
    """Leave out what is no pattern, one after the other."""
    while (templates := without_one(islands, groups, rules)) is not None:
        groups, _ = _compete(islands, templates, rules)
    return groups


def _compete(
    islands: Islands, templates: list[np.ndarray], rules: Rules
) -> tuple[list[Group], Islands]:
    """Deal islands out, average, and so on; groups that are left with too few go."""
    for _ in range(ROUNDS):
        if templates:
            dealt, _ = assign(islands, templates, rules)
            templates = [
                centred_template(islands, framed(g.places, len(g.template)))[0]
                for g in dealt
                if len(g) >= rules.fewest
            ]
    while templates:
        groups, left = assign(islands, templates, rules)
        templates = [g.template for g in groups if len(g) >= rules.fewest]
        if len(templates) == len(groups):
            return groups, left
    return [], islands


def _parts(islands: Islands, group: Group, rules: Rules, depth: int = 3) -> list[np.ndarray]:
    """Divide a group for as long as it falls into parts; their templates."""
    parts = divided(islands, group, rules.fewest) if depth else None
    if parts is None:
        return [group.template]
    templates = []
    for places in parts:
        frames = framed(places, len(group.template))
        template, start = centred_template(islands, frames)
        width = len(template)
        here = frames.shifted(start, FRAME, width)
        none = np.zeros(len(here))
        templates += _parts(islands, Group(template, here, none, none), rules, depth - 1)
    return templates


def _pattern(
    group: Group,
    islands: Islands,
    contributions: np.ndarray,
    rules: Rules,
    sign: int,
    rank: int,
) -> Pattern:
    width = len(group.template)
    places = group.places
    if rules.both_strands and 2 * int(places.reverse.sum()) > len(places):
        places = places.turned()
    row = islands.row[places.island]
    start = islands.origin[places.island] + places.first
    order = np.lexsort((start, row))
    places, row, start = places.select(order), row[order], start[order]
    letters = islands.letters_at(places, width)
    column = start[:, None] + np.arange(width)
    known = (column >= 0) & (column < contributions.shape[1])
    given = contributions[row[:, None], np.where(known, column, 0)] * known[..., None]
    if places.reverse.any():
        paired = islands.alphabet.complement_of_code[: islands.alphabet.size]
        given[places.reverse] = given[places.reverse][:, ::-1, paired]
    there = islands.alphabet.shares[letters] * (letters < islands.alphabet.size)[..., None]
    members = Members(
        row, start, start + width, places.reverse, group.likeness[order].astype(np.float64)
    )
    return Pattern(
        f"{'positive' if sign > 0 else 'negative'}{rank}",
        sign,
        islands.alphabet,
        count_codes(letters, islands.alphabet.size),
        (given * there).mean(0, dtype=np.float64).astype(np.float32),
        given.mean(0, dtype=np.float64).astype(np.float32),
        members,
        rules.shares,
    )
