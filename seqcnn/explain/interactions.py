"""Experiments in silico with two stretches: what they do together more than each alone.

`spacing` plants two motifs at every distance; `epistasis` changes every pair of letters. Scores and
intervals are those of `seqcnn.explain.experiments`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.edit import substitute
from seqcnn.explain.experiments import TOGETHER, name_of, shown, turned
from seqcnn.explain.scoring import Scorer, mean_and_interval
from seqcnn.explain.sites import Choice, Word, sites_of
from seqcnn.explain.spans import spans_of
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Model
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.record import SequenceSet

ORIENTATIONS = ("++", "+-", "-+", "--")
"""Strand of the left motif, then of the right one."""

MOST_MUTANTS = 5_000_000
"""Double mutants that are scored at most."""

How = Literal["max", "norm"]


@dataclass(frozen=True, eq=False)
class Spacing:
    """What two motifs do at each distance.

    Parameters
    ----------
    task, first, second
        Names of the output, of the left motif and of the right one.
    backgrounds
        Number of these.
    distances
        int64 (d,): letters between the two.
    orientations
        o of `ORIENTATIONS`.
    pair, pair_low, pair_high
        float64 (o, d): score with both less that without, the mean over backgrounds, and its 95 %
        interval.
    first_alone, second_alone
        float64 (o, d): of one of them, in the same place.
    excess, low, high
        float64 (o, d): `pair` less both alone (cooperativity), with its interval; 0 where motifs
        add up.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "first", "second", "orientation", "distance", "pair", "pair_low", "pair_high",
        "first_alone", "second_alone", "excess", "low", "high",
    )  # fmt: skip

    task: str
    first: str
    second: str
    backgrounds: int
    distances: np.ndarray
    orientations: tuple[str, ...]
    pair: np.ndarray
    pair_low: np.ndarray
    pair_high: np.ndarray
    first_alone: np.ndarray
    second_alone: np.ndarray
    excess: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __repr__(self) -> str:
        o, d = np.unravel_index(np.abs(self.excess).argmax(), self.excess.shape)
        return (
            f"Spacing of {self.first} and {self.second} for {self.task!r}: "
            f"{len(self.distances)} distances, {self.backgrounds} backgrounds; largest excess "
            f"{self.excess[o, d]:.3g} at {self.distances[d]} ({self.orientations[o]})"
        )

    def rows(self) -> Iterator[list[Any]]:
        """One row an orientation and distance; columns are `columns`."""
        numbers = np.stack([
            self.pair, self.pair_low, self.pair_high, self.first_alone, self.second_alone,
            self.excess, self.low, self.high,
        ], axis=-1)  # fmt: skip
        for o, orientation in enumerate(self.orientations):
            for d, distance in enumerate(self.distances.tolist()):
                yield [self.first, self.second, orientation, distance, *shown(*numbers[o, d])]


def spacing(
    model: Model | SequenceNetwork,
    first: Word,
    second: Word,
    backgrounds: SequenceSet,
    distances: Sequence[int] | np.ndarray = range(31),
    orientations: Sequence[str] = ("++",),
    *,
    start: int | None = None,
    letters: Choice = "best",
    task: int | str | None = None,
    seed: int = 0,
) -> Spacing:
    """Plant two motifs at several distances, and each alone.

    The left one stays where it is, the right one moves (as Avsec et al. 2021,
    doi:10.1038/s41588-021-00782-6, do).

    Parameters
    ----------
    model
        As `load_model` gives, or a network.
    first, second
        The left motif and the right one: text, codes or motifs.
    backgrounds
        Where they are planted.
    distances
        Letters between the two, 0 or more.
    orientations
        Some of `ORIENTATIONS`.
    start
        Of the left motif; None for where the widest pair lies in the middle of the shortest
        background.
    letters
        Of a motif, see `sites_of`.
    task
        Name or number of the output; None where there is one.
    seed
        Of drawn sites.

    Raises
    ------
    SeqcnnError
        The pair does not lie in a background, a distance or an orientation is none, or there are no
        two strands.
    """
    gaps = np.asarray(distances, np.int64)
    _check(gaps, orientations, backgrounds)
    scorer = Scorer.of(model, backgrounds.alphabet, task)
    left, right = (
        {s: turned(word, backgrounds) if s == "-" else word for s in {o[i] for o in orientations}}
        for i, word in enumerate((first, second))
    )
    alphabet = backgrounds.alphabet
    widths = [sites_of(word, alphabet, 1).shape[1] for word in (first, second)]
    if start is None:
        start = (int(backgrounds.lengths.min()) - sum(widths) - int(gaps.max())) // 2
    place = start + widths[0] + gaps
    how: dict[str, Any] = {"letters": letters}
    ones = {s: substitute(backgrounds, w, start, **how, seed=seed) for s, w in left.items()}
    sets = [backgrounds, *ones.values()]
    keys: list[tuple[Any, ...]] = [(), *((s,) for s in ones)]
    for d, at in enumerate(place.tolist()):
        for s, word in right.items():
            # drawn sites of the right motif do not follow those of the left one
            onto = {"": backgrounds} | {o[0]: ones[o[0]] for o in orientations if o[1] == s}
            sets += [substitute(given, word, at, **how, seed=seed + 1) for given in onto.values()]
            keys += [(d, before, s) for before in onto]
    found = dict(zip(keys, scorer.each(sets), strict=True))
    return _spacing(scorer.task, (first, second), backgrounds, gaps, tuple(orientations), found)


def _check(gaps: np.ndarray, orientations: Sequence[str], backgrounds: SequenceSet) -> None:
    if gaps.ndim != 1 or not len(gaps) or gaps.min() < 0:
        raise SeqcnnError("`distances` must be one or more numbers of letters, 0 or more each")
    strange = [o for o in orientations if o not in ORIENTATIONS]
    if strange or not orientations:
        what = repr(strange[0]) if strange else "empty"
        raise SeqcnnError(f"`orientations` is {what}: they are {', '.join(ORIENTATIONS)}")
    if not len(backgrounds):
        raise SeqcnnError("`backgrounds` has no sequence")


def _spacing(
    task: str,
    words: tuple[Word, Word],
    backgrounds: SequenceSet,
    gaps: np.ndarray,
    orientations: tuple[str, ...],
    found: dict[tuple[Any, ...], np.ndarray],
) -> Spacing:
    """Put scores of n backgrounds together: () without, (s,) left, (d, s, t) pair or right one."""
    without = found[()]
    shape = len(orientations), len(gaps), len(without)
    pair, one, other = (np.empty(shape) for _ in range(3))
    for o, (s, t) in enumerate(orientations):
        for d in range(len(gaps)):
            pair[o, d] = found[d, s, t] - without
            one[o, d] = found[s,] - without
            other[o, d] = found[d, "", t] - without
    first, second = (name_of(word, backgrounds) for word in words)
    together, beyond = mean_and_interval(pair), mean_and_interval(pair - one - other)
    facts = task, first, second, len(without), gaps, orientations
    return Spacing(*facts, *together, one.mean(-1), other.mean(-1), *beyond)


@dataclass(frozen=True, eq=False)
class Epistasis:
    """How far two changes of letters do not add up.

    Parameters
    ----------
    task, name
        Of the output, and of the sequence.
    alphabet
        Of the sequence.
    positions, codes
        int64 and uint8 (p,): where letters are changed, and what they are.
    score
        Of the sequence.
    single
        float64 (p, letters): score of each single mutant less `score`; 0 for the present letter.
    excess
        float32 (p, p, letters, letters): of both changes less the sum of those of each, symmetric;
        0 for present letters and two changes of one position.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "sequence", "position_1", "position_2", "norm", "largest", "from_1", "to_1", "from_2",
        "to_2",
    )  # fmt: skip

    task: str
    name: str
    alphabet: Alphabet
    positions: np.ndarray
    codes: np.ndarray
    score: float
    single: np.ndarray
    excess: np.ndarray

    def __repr__(self) -> str:
        strengths = self.map()
        i, j = np.unravel_index(strengths.argmax(), strengths.shape)
        return (
            f"Epistasis in {self.name!r} for {self.task!r}: {len(self.positions)} positions, "
            f"strongest {strengths[i, j]:.3g} between {self.positions[i]} and {self.positions[j]}"
        )

    def map(self, how: How = "max") -> np.ndarray:
        """Sum up over letters: float64 (p, p), the largest absolute excess, or the norm of all."""
        if how not in ("max", "norm"):
            raise SeqcnnError(f"`how` is {how!r}, it must be 'max' or 'norm'")
        values = self.excess.astype(np.float64)
        if how == "max":
            return np.abs(values).max(axis=(2, 3))
        return np.sqrt((values**2).sum(axis=(2, 3)))

    def rows(self) -> Iterator[list[Any]]:
        """One row a pair of positions, with the letters of its largest excess."""
        norm, size = self.map("norm"), self.alphabet.size
        places, letters = self.positions.tolist(), self.alphabet.letters
        here = self.alphabet.decode(self.codes)
        for i in range(len(places)):
            for j in range(i + 1, len(places)):
                a, b = divmod(int(np.abs(self.excess[i, j]).argmax()), size)
                numbers = shown(norm[i, j], float(self.excess[i, j, a, b]))
                yield [self.name, places[i], places[j], *numbers, here[i], letters[a], here[j],
                       letters[b]]  # fmt: skip


def epistasis(
    model: Model | SequenceNetwork,
    sequence: SequenceSet,
    positions: Sequence[int] | np.ndarray | None = None,
    *,
    task: int | str | None = None,
) -> Epistasis:
    """Change all pairs of letters of a sequence and compare with the sums of single changes.

    Such maps of what depends on what are those of Greenside et al. (2018,
    doi:10.1093/bioinformatics/bty575), here from double mutants themselves.

    Parameters
    ----------
    model
        As `load_model` gives, or a network.
    sequence
        One.
    positions
        Which letters, such as ``range(40, 60)``; None for all.
    task
        Name or number of the output; None where there is one.

    Raises
    ------
    SeqcnnError
        There is not one sequence, a position is not in it, or there are too many pairs.
    """
    if len(sequence) != 1:
        raise SeqcnnError(f"`sequence` has {len(sequence)} sequences, epistasis is that of one")
    alphabet, own = sequence.alphabet, sequence[0]
    scorer = Scorer.of(model, alphabet, task)
    where = np.unique(np.arange(len(own)) if positions is None else positions).astype(np.int64)
    if not len(where):
        raise SeqcnnError("`positions` is empty: there is nothing to change")
    spans_of([(p, p + 1) for p in where.tolist()], sequence)
    place, letter = np.nonzero(own[where, None] != np.arange(alphabet.size))
    one, other = np.triu_indices(len(place), 1)
    apart = place[one] != place[other]
    one, other = one[apart], other[apart]
    if len(one) > MOST_MUTANTS:
        raise SeqcnnError(
            f"{len(where):,} positions have {len(one):,} double mutants, {MOST_MUTANTS:,} are "
            f"scored at most: give fewer `positions`"
        )
    alone = np.concatenate([own[None], np.tile(own, (len(place), 1))])
    alone[1 + np.arange(len(place)), where[place]] = letter
    scores = scorer.rows(alone, alphabet)
    score, single = float(scores[0]), scores[1:] - scores[0]
    shape = len(where), alphabet.size
    singles, excess = np.zeros(shape), np.zeros((*shape, *shape), np.float32)
    singles[place, letter] = single
    number = max(1, TOGETHER // len(own))
    for low in range(0, len(one), number):
        a, b = one[low : low + number], other[low : low + number]
        rows = np.tile(own, (len(a), 1))
        for change in (a, b):
            rows[np.arange(len(a)), where[place[change]]] = letter[change]
        beyond = scorer.rows(rows, alphabet) - score - single[a] - single[b]
        excess[place[a], letter[a], place[b], letter[b]] = beyond
        excess[place[b], letter[b], place[a], letter[a]] = beyond
    facts = scorer.task, str(sequence.ids[0]), alphabet, where, own[where]
    return Epistasis(*facts, score, singles, excess.transpose(0, 2, 1, 3))
