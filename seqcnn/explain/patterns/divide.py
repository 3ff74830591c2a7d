"""Whether seqlets are one pattern or two: what describes their letters in fewer bits.

Two groups are two patterns if their letters, told apart, take fewer bits, although it must be said
of each seqlet to which it belongs, and of each pattern what its columns are (minimum description
length, Rissanen 1978, doi:10.1016/0005-1098(78)90005-5). Letters that are drawn column by column
never pass, whichever way they are divided: what a column gains, the labels cost. What passes is
that columns go together, as in two spacings of one dimer.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse.linalg import eigsh

from seqcnn.explain.patterns.grouping import Group
from seqcnn.explain.patterns.islands import Islands, Places, flipped, thinned
from seqcnn.explain.patterns.scan import unit

MARGIN = 4
"""Columns on either side of a template that are compared too."""

MOST = 4000
"""Members that tell whether a group is divided."""

ROUNDS = 20
"""Times that members are dealt out anew at most."""

ALIKE = 0.6
"""Cosine of two templates, over all ways to lay them, from which on they may be one."""

TOLD_APART = 0.5
"""Of the labels of two groups, what contributions, which told them apart, leave to be described."""

STRONG, SAME, WEAKENED = 0.5, 0.8, 0.3
"""Columns are compared that prefer letters half as much as the one that does most: by the cosine of
what they prefer, and by how much weaker the one may be."""

OVERLAP = 4
"""Columns that two templates share where they are compared."""


def gain_of_two(
    letters: np.ndarray, label: np.ndarray, size: int, *, of_labels: float = 1.0
) -> float:
    """Count the nats that are saved by telling two kinds of seqlets apart.

    Parameters
    ----------
    letters
        uint8 (n, width): aligned codes; those from `size` on are not counted.
    label
        bool (n,): which kind each is.
    size
        Letters of the alphabet.
    of_labels
        Share of the labels that has to be described; less than all where they are known from
        elsewhere.

    Returns
    -------
    float
        Negative where one pattern is the shorter description.
    """
    parts = letters[label], letters[~label]
    if not len(parts[0]) or not len(parts[1]):
        return -np.inf
    saved = sum(_log_likelihood(count_codes(p, size)) for p in parts)
    saved -= _log_likelihood(count_codes(letters, size))
    numbers = np.array([len(p) for p in parts])
    labels = -(numbers * np.log(numbers / numbers.sum())).sum()
    free = letters.shape[1] * (size - 1) / 2
    columns = free * (np.log(numbers).sum() - np.log(numbers.sum()))
    return float(saved - of_labels * labels - columns)


def _prefer_the_same(letters: np.ndarray, label: np.ndarray, size: int) -> bool:
    """Tell whether two kinds of seqlets prefer the same letters everywhere, more or less so.

    Arguments are those of `gain_of_two`. Long sites that are strong at one end or at the other are
    one pattern, although their columns go together.
    """
    counts = [count_codes(letters[side], size) + 1 for side in (label, ~label)]
    from_chance = [c / c.sum(1, keepdims=True) - 1 / size for c in counts]
    strength = np.array([np.sqrt((x**2).sum(1)) for x in from_chance])
    strong = strength.max(0) >= STRONG * strength.max()
    cosine = (from_chance[0] * from_chance[1]).sum(1) / np.maximum(strength.prod(0), 1e-12)
    ratio = strength.min(0) / np.maximum(strength.max(0), 1e-12)
    return bool((cosine[strong] >= SAME).all() and (ratio[strong] >= WEAKENED).all())


def count_codes(letters: np.ndarray, size: int) -> np.ndarray:
    """Count letters by column, float64 (width, size)."""
    width = letters.shape[1]
    seen = np.bincount((letters + np.arange(width) * 256).ravel(), minlength=256 * width)
    return seen.reshape(width, 256)[:, :size].astype(np.float64)


def _log_likelihood(counts: np.ndarray) -> float:
    totals = counts.sum(1, keepdims=True)
    ratio = np.where(counts > 0, counts / np.maximum(totals, 1), 1.0)
    return float((counts * np.log(ratio)).sum())


def divided(islands: Islands, group: Group, fewest: int) -> tuple[Places, Places] | None:
    """Divide a group where its columns go together.

    Parameters
    ----------
    islands
        Where members are.
    group
        To be divided.
    fewest
        Members of either part.

    Returns
    -------
    tuple of Places or None
        Members of the parts, as wide as the template; None if one pattern is enough.
    """
    if len(group) < 2 * fewest:
        return None
    some = group.places.select(thinned(len(group), MOST))
    width = len(group.template)
    wide = some.shifted(-MARGIN, width, width + 2 * MARGIN)
    letters = islands.letters_at(wide, width + 2 * MARGIN)
    size = islands.alphabet.size
    label = _two_kinds(letters, size)
    if min(label.sum(), (~label).sum()) < fewest * len(some) / len(group):
        return None
    if gain_of_two(letters, label, size) <= 0 or _prefer_the_same(letters, label, size):
        return None
    return some.select(label), some.select(~label)


def _two_kinds(letters: np.ndarray, size: int) -> np.ndarray:
    """Deal members out to two kinds, bool (n,), from the strongest covariance of columns on."""
    n, width = letters.shape
    one_hot = np.zeros((n, width, size), np.float32)
    known = letters < size
    rows, columns = np.nonzero(known)
    one_hot[rows, columns, letters[known]] = 1
    centred = (one_hot - one_hot.mean(0)) * known[..., None]
    flat = centred.reshape(n, -1)
    covariance = (flat.T @ flat).reshape(width, size, width, size) / n
    covariance[np.arange(width), :, np.arange(width), :] = 0
    square = covariance.reshape(width * size, -1).astype(np.float64)
    # the start is always the same, so that the result is
    first = np.random.default_rng(0).normal(size=len(square))
    vector = eigsh(square, k=1, which="LA", v0=first)[1][:, 0]
    projection = flat @ vector.astype(np.float32)
    label = projection > 0
    flat = one_hot.reshape(n, -1)
    for _ in range(ROUNDS):
        odds = _log_odds(letters, label, size)
        prior = np.log((label.sum() + 1) / ((~label).sum() + 1))
        dealt = flat @ odds.ravel().astype(np.float32) + prior > 0
        if (dealt == label).all() or dealt.all() or not dealt.any():
            break
        label = dealt
    return label


def _log_odds(letters: np.ndarray, label: np.ndarray, size: int) -> np.ndarray:
    parts = [count_codes(letters[side], size) + 0.5 for side in (label, ~label)]
    shares = [part / part.sum(1, keepdims=True) for part in parts]
    return np.log(shares[0] / shares[1])


def best_overlay(
    template: np.ndarray, other: np.ndarray, islands: Islands, *, both_strands: bool
) -> tuple[float, int, bool]:
    """Lay one template upon another.

    Parameters
    ----------
    template, other
        float32 (width, letters), of length 1.
    islands
        Whose alphabet it is.
    both_strands
        Whether to turn the other over too.

    Returns
    -------
    cosine : float
        Over all columns of both.
    offset : int
        Column of `template` on which `other` begins.
    reverse : bool
        Whether it is turned over.
    """
    best = (-1.0, 0, False)
    least = min(OVERLAP, len(template), len(other))
    for reverse in (False, True) if both_strands else (False,):
        laid = flipped(other, islands.alphabet) if reverse else other
        products = template @ laid.T
        for offset in range(least - len(laid), len(template) - least + 1):
            cosine = float(np.trace(products, offset=-offset))
            if cosine > best[0] + 1e-6:
                best = cosine, offset, reverse
    return best


def joined(islands: Islands, groups: list[Group], *, both_strands: bool) -> list[np.ndarray]:
    """Join groups that are one pattern.

    Parameters
    ----------
    islands
        Where members are.
    groups
        To be joined, none of them empty.
    both_strands
        Whether one may have to be turned over.

    Returns
    -------
    list of numpy.ndarray
        The templates that are left, the largest group first.
    """
    groups = sorted(groups, key=lambda g: -len(g))
    kept: list[Group] = []
    for group in groups:
        for i, leader in enumerate(kept):
            laid = best_overlay(leader.template, group.template, islands, both_strands=both_strands)
            if laid[0] >= ALIKE and not _differ(islands, leader, group, laid):
                kept[i] = _united(leader, group, laid)
                break
        else:
            kept.append(group)
    return [group.template for group in kept]


def _laid_upon(leader: Group, group: Group, laid: tuple[float, int, bool]) -> Places:
    """Places of a group's members in columns of the leader's template."""
    _, offset, reverse = laid
    places = group.places.turned() if reverse else group.places
    return places.shifted(-offset, len(group.template), len(leader.template))


def _differ(islands: Islands, leader: Group, group: Group, laid: tuple[float, int, bool]) -> bool:
    width = len(leader.template)
    before = max(0, -laid[1])
    behind = max(0, laid[1] + len(group.template) - width)
    wide = width + before + behind
    parts = [
        islands.letters_at(p.select(thinned(len(p), MOST)).shifted(-before, width, wide), wide)
        for p in (leader.places, _laid_upon(leader, group, laid))
    ]
    label = np.repeat([True, False], [len(p) for p in parts])
    letters, size = np.concatenate(parts), islands.alphabet.size
    if _prefer_the_same(letters, label, size):
        return False
    return gain_of_two(letters, label, size, of_labels=TOLD_APART) > 0


def _united(leader: Group, group: Group, laid: tuple[float, int, bool]) -> Group:
    """Take members in; the template stays that of the leader."""
    other = _laid_upon(leader, group, laid)
    pairs = zip(
        (leader.places.island, leader.places.first, leader.places.reverse),
        (other.island, other.first, other.reverse),
        strict=True,
    )
    places = Places(*(np.concatenate(pair) for pair in pairs))
    return replace(
        leader,
        template=unit(leader.template),
        places=places,
        score=np.concatenate([leader.score, group.score]),
        likeness=np.concatenate([leader.likeness, group.likeness]),
    )
