"""Groups of seqlets that are alike: aligned and averaged until nothing changes.

A group is a template, the mean of what its members contribute, each scaled to length 1. Members are
those islands of which it explains more than it does of islands with letters drawn at random. The
first group grows from a word; what it explains is taken out, and the rest leads to the next. In the
end all templates compete for all islands (matching pursuit, Mallat & Zhang 1993,
doi:10.1109/78.258082).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.explain.patterns.islands import FRAME, Islands, Places, thinned
from seqcnn.explain.patterns.scan import LOUD, best_fits, likeness_by_chance, unit
from seqcnn.explain.patterns.words import Seed, best_seed, find_words

BY_CHANCE = 0.01
"""Share of islands with drawn letters that would be members."""

ROUNDS = 10
"""Times that a growing group is aligned and averaged at most."""

SAMPLE = 2000
"""Islands that a group grows in."""

DRAWN = 500
"""Islands whose letters are drawn to say what chance is."""

FAINT = 0.2
"""A column at the end of a pattern contributes this share of the strongest at least."""

SURE = 3.0
"""Standard errors by which a column differs from none."""

SITES = 4
"""Sites of an island at most."""

FAILURES = 10
"""Words in a row that lead nowhere before the search ends."""

MOST = 100
"""Groups at most."""


@dataclass(frozen=True, eq=False)
class Group:
    """Seqlets that are alike.

    Parameters
    ----------
    template
        float32 (width, letters), of length 1: what members contribute.
    places
        Members, each as wide as the template.
    score
        float32 (n,): how much the template explains of each.
    likeness
        float32 (n,): the same as a cosine.
    """

    template: np.ndarray
    places: Places
    score: np.ndarray
    likeness: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, eq=False)
class Rules:
    """What groups are asked for.

    Parameters
    ----------
    shares
        float64 (letters,): how frequent letters are.
    both_strands
        Whether seqlets may be turned over.
    fewest
        Members of a group.
    seed
        Of letters that are drawn.
    """

    shares: np.ndarray
    both_strands: bool
    fewest: int
    seed: int


def centred_template(islands: Islands, places: Places) -> tuple[np.ndarray, int]:
    """Average members in a frame and find the columns that contribute.

    Parameters
    ----------
    islands
        Where they are.
    places
        Frames of `FRAME` columns.

    Returns
    -------
    template : numpy.ndarray
        float32 (width, letters), of length 1.
    start : int
        Column of the frame on which it begins.
    """
    values = islands.features_at(places, FRAME)
    values /= np.maximum(np.sqrt((values**2).sum((1, 2), keepdims=True)), 1e-20)
    mean = values.mean(0)
    size = np.sqrt((mean**2).sum(1))
    error = np.sqrt((values**2).sum(2).mean(0) / len(values))
    strong = np.flatnonzero((size >= FAINT * size.max()) & (size >= SURE * error))
    low, high = (int(strong[0]), int(strong[-1]) + 1) if len(strong) else (0, FRAME)
    return unit(mean[low:high]), low


def framed(places: Places, width: int) -> Places:
    """Put stretches of a width into the middle of frames."""
    return places.shifted(-((FRAME - width) // 2), width, FRAME)


def grow(islands: Islands, places: Places, rules: Rules) -> np.ndarray | None:
    """Align and average until the members stay the same.

    Parameters
    ----------
    islands
        Where members may be; `SAMPLE` of them are looked at, those of `places` first.
    places
        Frames of the first members.
    rules
        What is asked for.

    Returns
    -------
    numpy.ndarray or None
        The template; None if too few are alike.
    """
    first = np.unique(places.island)
    first = first[thinned(len(first), SAMPLE // 2)]
    rest = np.setdiff1d(np.arange(len(islands)), first, assume_unique=True)
    rows = np.sort(np.concatenate([first, rest[thinned(len(rest), SAMPLE - len(first))]]))
    some = islands.take(rows)
    drawn = some.drawn(DRAWN, rules.seed)
    kept = np.flatnonzero(np.isin(places.island, first))
    here = places.select(kept)
    here = replace(here, island=np.searchsorted(rows, here.island))
    fewest = min(rules.fewest, max(3, rules.fewest * len(rows) // len(islands)))
    before: set[bytes] = set()
    template = None
    for _ in range(ROUNDS):
        if len(here) < fewest:
            return None
        template, _ = centred_template(some, here)
        limits = likeness_by_chance(
            drawn, [template], both_strands=rules.both_strands, share=BY_CHANCE
        )
        fits = best_fits(some, [template], both_strands=rules.both_strands)
        alike = (fits.likeness >= limits[0]) & (fits.score >= LOUD * islands.noise)
        here = framed(fits.places(np.flatnonzero(alike)), len(template))
        state = here.island.tobytes() + here.first.tobytes()
        if state in before:
            break
        before.add(state)
    return template


def assign(
    islands: Islands, templates: Sequence[np.ndarray], rules: Rules
) -> tuple[list[Group], Islands]:
    """Give each island to the templates that explain most of it, one after the other.

    Parameters
    ----------
    islands
        All.
    templates
        One or more.
    rules
        What is asked for.

    Returns
    -------
    groups : list of Group
        One for each template, members by island; may be empty.
    islands : Islands
        With what is not explained.
    """
    drawn = islands.drawn(2 * DRAWN, rules.seed)
    limits = likeness_by_chance(drawn, templates, both_strands=rules.both_strands, share=BY_CHANCE)
    left = islands
    rows = np.arange(len(islands))
    widths = np.array([len(t) for t in templates])
    found = []
    for _ in range(SITES):
        fits = best_fits(left.take(rows), templates, both_strands=rules.both_strands)
        alike = (fits.likeness >= limits[fits.template]) & (fits.score >= LOUD * islands.noise)
        which = np.flatnonzero(alike)
        if not len(which):
            break
        rows = rows[which]
        template, first, reverse = fits.template[which], fits.first[which], fits.reverse[which]
        found.append((template, rows, first, reverse, fits.score[which], fits.likeness[which]))
        left = left.without(Places(rows, first, reverse), widths[template])
    if not found:
        return [Group(t, Places(*_nothing()), *np.zeros((2, 0))) for t in templates], left
    columns = [np.concatenate([f[i] for f in found]) for i in range(6)]
    order = np.lexsort((columns[2], columns[1]))
    owner, row, first, reverse, score, likeness = (c[order] for c in columns)
    groups = []
    for k, template in enumerate(templates):
        mine = owner == k
        places = Places(row[mine], first[mine], reverse[mine])
        groups.append(Group(template, places, score[mine], likeness[mine]))
    return groups, left


def _nothing() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool)


def peel(islands: Islands, rules: Rules) -> list[np.ndarray]:
    """Find templates one after the other, each in what the others leave.

    Parameters
    ----------
    islands
        All of one sign.
    rules
        What is asked for.

    Returns
    -------
    list of numpy.ndarray
        Templates, float32 (width, letters).
    """
    templates: list[np.ndarray] = []
    barred: set[tuple[int, int]] = set()
    left, failures = islands, 0
    words = find_words(left, both_strands=rules.both_strands)
    while failures < FAILURES and len(templates) < MOST:
        paired = (
            islands.alphabet.complement_of_code[: islands.alphabet.size]
            if (rules.both_strands)
            else None
        )
        seed = best_seed(
            words, rules.shares, barred, both_strands=rules.both_strands, complement=paired
        )
        if seed is None:
            break
        template = _from_seed(left, seed, rules)
        if template is None:
            barred.add((seed.shape, seed.code))
            failures += 1
            continue
        groups, left = assign(left, [template], rules)
        if len(groups[0]) < rules.fewest:
            barred.add((seed.shape, seed.code))
            failures += 1
        else:
            templates.append(template)
            failures = 0
        loud = left.track.max(1) > 0
        left = left.take(np.flatnonzero(loud))
        words = find_words(left, both_strands=rules.both_strands)
    return templates


def _from_seed(islands: Islands, seed: Seed, rules: Rules) -> np.ndarray | None:
    if len(seed.places) < max(3, rules.fewest // 4):
        return None
    return grow(islands, framed(seed.places, seed.span), rules)
