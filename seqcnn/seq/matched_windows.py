"""Control windows of a genome that are like given sequences in length and composition."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA, RNA, Alphabet
from seqcnn.seq.genome import Genome, turned
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import intervals_of
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import find_chromosomes

_log = logging.getLogger(__name__)

COPIES = 3
"""Control windows for each sequence: with as many more the tests gain little."""

DRAWN, LEAST, ROUNDS, LETTERS = 20, 5000, 3, 1 << 26
"""Windows drawn for each that is missing, and at least; how often; letters at once at most."""

UNKNOWN = 0.1
"""A window with a larger share of N is no control."""

TOLERATED = 0.02
"""Share of windows that may be missing without a warning."""

GC_STEPS = 50
"""Bins of the share of G and C."""

CPG_EDGES = (1e-9, 0.01, 0.02, 0.04, 0.08)
"""Of bins of the share of places where a C comes before a G."""

MASKED_EDGES = (1e-9, 0.25, 0.5, 0.75)
"""Of bins of the share of lower-case letters: repeats."""

LENGTH_BINS = 10

LEVELS = 5
"""Kinds of bins: by all four, without repeats, without CpG, without lengths, by GC in 8 % steps."""

_CASED = Alphabet("DNA with repeats", "ACGTacgt", DNA.ambiguity, aliases=DNA.aliases)
"""DNA whose lower-case letters have codes of their own: 4 above those of upper case."""


def gc_matched_windows(
    genome: Genome,
    positives: SequenceSet,
    *,
    avoid: IntervalSet | None = None,
    copies: int = COPIES,
    stranded: bool = False,
    mask: str = "none",
    seed: int = 0,
) -> SequenceSet:
    """Draw windows of a genome that are like sequences in length, GC, CpG and share of repeats.

    Windows are drawn at random and dealt out to bins of these four; each bin gets `copies` times as
    many as it has positives. What no window is found for in its own bin is taken from wider ones:
    first without repeats, then without CpG, then without length.

    Parameters
    ----------
    genome
        Where to draw from: the chromosomes that the positives lie on, all if that is not known.
    positives
        DNA or RNA. Ids that are places (``chr1:100-200``) are avoided, and tell shares of repeats.
    avoid
        Further places to keep away from.
    copies
        Windows for each sequence.
    stranded
        Read each window on a strand of chance, instead of all forward.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` as N.
    seed
        Of the draw.

    Returns
    -------
    SequenceSet
        By place; no window overlaps another one or what is avoided. There may be fewer than asked
        for.

    Raises
    ------
    SeqcnnError
        The sequences are neither DNA nor RNA, or not one window is found.

    Warns
    -----
    SeqcnnWarning
        There are many fewer windows than asked for.
    """
    if positives.alphabet not in (DNA, RNA):
        raise SeqcnnError(f"windows of a genome are dna or rna, not {positives.alphabet.name}")
    if copies < 1:
        raise SeqcnnError(f"`copies` is {copies}, it must be 1 or more")
    homes = _homes(genome, positives)
    wanted = _wanted(genome, positives, homes)
    rng = np.random.default_rng([seed, 5])
    draw = _Draw(genome, _chromosomes(genome, homes, positives), wanted.lengths, mask, rng)
    taboo = [homes] if avoid is None else [homes, _spelled(avoid, genome)]
    missing = np.repeat(np.arange(len(positives)), copies)
    taken: list[_Pool] = []
    for turn in range(ROUNDS):
        pool = draw.pool(max(DRAWN * len(missing), LEAST), taboo)
        for level in range(LEVELS if turn == ROUNDS - 1 else 1):
            keys = wanted.keys(level, wanted.lengths)[missing], pool.keys(level, wanted.lengths)
            found, rows = _paired(*keys)
            taken.append(pool.select(rows))
            pool = pool.select(np.setdiff1d(np.arange(len(pool)), rows))
            missing = np.delete(missing, found)
        taboo += [part.intervals for part in taken]
        if not len(missing):
            break
    _report(len(positives) * copies, len(missing), taken)
    return _joined(taken, positives.alphabet, rng if stranded else None)


@dataclass(frozen=True, eq=False)
class _Pool:
    """Sequences with what they are matched by.

    Parameters
    ----------
    intervals
        Where they lie; of no use for the positives.
    codes, offsets
        As in `SequenceSet`.
    masked
        float64 (n,): shares of lower case.
    """

    intervals: IntervalSet
    codes: np.ndarray
    offsets: np.ndarray
    masked: np.ndarray

    def __len__(self) -> int:
        return len(self.masked)

    @property
    def lengths(self) -> np.ndarray:
        """int64 (n,)."""
        return np.diff(self.offsets)

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares of G and C, and of C before G, both float64 (n,)."""
        codes, starts = self.codes, self.offsets[:-1]
        strong = np.add.reduceat((codes == 1) | (codes == 2), starts, dtype=np.int64)
        known = np.add.reduceat(codes < DNA.size, starts, dtype=np.int64)
        steps = np.zeros(len(codes), bool)
        steps[:-1] = (codes[:-1] == 1) & (codes[1:] == 2)
        # the last letter of a sequence is no neighbour of the next one's first
        steps[self.offsets[1:] - 1] = False
        pairs = np.add.reduceat(steps, starts, dtype=np.int64)
        return strong / np.maximum(known, 1), pairs / np.maximum(known - 1, 1)

    def keys(self, level: int, lengths: np.ndarray) -> np.ndarray:
        """Find the bins that sequences fall into, int64 (n,).

        Parameters
        ----------
        level
            0 for the narrowest bins, up to `LEVELS` - 1.
        lengths
            int64 (m,): lengths whose quantiles part the bins.
        """
        if not len(self):
            return np.zeros(0, np.int64)
        gc, cpg = self.shares
        edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:-1]))
        columns = [
            (gc * (GC_STEPS if level < LEVELS - 1 else GC_STEPS / 4)).astype(np.int64),
            np.searchsorted(edges, self.lengths) if level < 3 else 0,
            np.searchsorted(CPG_EDGES, cpg) if level < 2 else 0,
            np.searchsorted(MASKED_EDGES, self.masked) if level < 1 else 0,
        ]
        key = np.zeros(len(self), np.int64)
        for column in columns:
            key = key * (GC_STEPS + 1) + column
        return key

    def select(self, rows: np.ndarray) -> "_Pool":
        """Take sequences by position."""
        plain = SequenceSet(DNA, self.codes, self.offsets, ("",) * len(self)).select(rows)
        return _Pool(self.intervals.select(rows), plain.codes, plain.offsets, self.masked[rows])


def _wanted(genome: Genome, positives: SequenceSet, homes: IntervalSet) -> _Pool:
    """Describe the positives; their repeats are known if all have a place in the genome."""
    masked = np.zeros(len(positives))
    if len(homes) == len(positives):
        cased = genome.fetch(homes, alphabet=_CASED)
        masked = _masked_shares(cased)
    return _Pool(homes, positives.codes, positives.offsets, masked)


def _masked_shares(cased: SequenceSet) -> np.ndarray:
    lower = (cased.codes >= DNA.size) & (cased.codes < _CASED.size)
    counts = np.add.reduceat(lower, cased.offsets[:-1], dtype=np.int64)
    return counts / np.maximum(cased.lengths, 1)


@dataclass(frozen=True, eq=False)
class _Draw:
    """Draws windows of a genome.

    Parameters
    ----------
    genome, chromosomes
        Where: int64, positions in the names of the genome.
    lengths
        int64 (n,): of windows, to choose from.
    mask
        As for `Genome.fetch`.
    rng
        Chance.
    """

    genome: Genome
    chromosomes: np.ndarray
    lengths: np.ndarray
    mask: str
    rng: np.random.Generator

    def pool(self, number: int, taboo: Sequence[IntervalSet]) -> _Pool:
        """Draw about `number` windows that overlap neither each other nor places that are taboo."""
        most = max(int(LETTERS / self.lengths.mean()), 1)
        room = self.genome.lengths[self.chromosomes]
        number = min(number, most)
        chromosome = self.rng.choice(self.chromosomes, number, p=room / room.sum())
        lengths = self.rng.choice(self.lengths, number)
        space = self.genome.lengths[chromosome] - lengths
        start = (self.rng.random(number) * (space + 1)).astype(np.int64)
        found = IntervalSet.from_columns(self.genome.names, chromosome, start, start + lengths)
        found = found.select((space >= 0) & (lengths > 0))
        for places in taboo:
            found = found.select(~found.overlaps(places))
        return self._described(found.select(_apart(found)))

    def _described(self, intervals: IntervalSet) -> _Pool:
        """Read windows, and leave out those with many N."""
        cased = self.genome.fetch(intervals, alphabet=_CASED)
        if not len(cased):
            return _Pool(intervals, cased.codes, cased.offsets, np.zeros(0))
        unknown = np.add.reduceat(cased.codes >= _CASED.size, cased.offsets[:-1], dtype=np.int64)
        cased = cased.select(kept := unknown <= UNKNOWN * cased.lengths)
        if not len(cased):
            return _Pool(intervals.select(kept), cased.codes, cased.offsets, np.zeros(0))
        lower = cased.codes >= DNA.size
        codes = cased.codes - DNA.size * lower.astype(np.uint8)
        if self.mask == "lower":
            hidden = lower & (cased.codes < _CASED.size)
            codes[hidden] = DNA.symbols.index(DNA.unknown)
        return _Pool(intervals.select(kept), codes, cased.offsets, _masked_shares(cased))


def _apart(intervals: IntervalSet) -> np.ndarray:
    """Leave out what overlaps an interval before it, bool (n,)."""
    order = np.lexsort((intervals.start, intervals.chromosome))
    # as if chromosomes lay one behind the other
    longest = int(intervals.end.max(initial=0)) + 1
    begin = (intervals.chromosome * longest + intervals.start)[order]
    reach = np.maximum.accumulate((intervals.chromosome * longest + intervals.end)[order])
    apart = np.ones(len(order), bool)
    apart[order[1:]] = begin[1:] >= reach[:-1]
    return apart


def _paired(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair equal keys, each used once: positions in `one` and in `other`."""
    numbered = []
    for keys in (one, other):
        order = np.argsort(keys, kind="stable")
        ranked = keys[order]
        rank = np.empty(len(keys), np.int64)
        rank[order] = np.arange(len(keys)) - np.searchsorted(ranked, ranked, "left")
        numbered.append(keys * (len(one) + len(other)) + rank)
    _, first, second = np.intersect1d(*numbered, assume_unique=True, return_indices=True)
    return first, second


def _homes(genome: Genome, positives: SequenceSet) -> IntervalSet:
    """Places of the positives that lie in the genome, as their ids tell them."""
    homes = IntervalSet.from_intervals([home for home in intervals_of(positives) if home])
    homes = _spelled(homes, genome)
    place = np.array([genome.place_of.get(name, -1) for name in homes.chromosomes], np.int64)
    place = place[homes.chromosome]
    return homes.select((place >= 0) & (homes.end <= genome.lengths[place]))


def _spelled(intervals: IntervalSet, genome: Genome) -> IntervalSet:
    """Call chromosomes as the genome does, where it has them."""
    places = find_chromosomes(intervals.chromosomes, genome.names)
    names = [
        genome.names[place] if place >= 0 else name
        for name, place in zip(intervals.chromosomes, places, strict=True)
    ]
    return replace(intervals, chromosomes=tuple(names))


def _chromosomes(genome: Genome, homes: IntervalSet, positives: SequenceSet) -> np.ndarray:
    """Choose the chromosomes to draw from: unplaced contigs, say, where positives lie on some."""
    if len(homes) < len(positives):
        _log.info(
            "positives without a place in the genome: %s of %s; controls may overlap them",
            f"{len(positives) - len(homes):,}", f"{len(positives):,}",
        )  # fmt: skip
        return np.arange(len(genome.names))
    places = [genome.place_of[homes.chromosomes[int(i)]] for i in np.unique(homes.chromosome)]
    return np.unique(np.array(places, np.int64))


def _report(wanted: int, missing: int, taken: Sequence[_Pool]) -> None:
    if missing == wanted:
        raise SeqcnnError(
            "no window of the genome is like the sequences and lies apart from them: give a "
            "control of your own, or none to shuffle the sequences"
        )
    wide = sum(len(part) for part in taken[ROUNDS:])
    _log.info(
        "control: %s windows of the genome, like the sequences in length, GC, CpG and repeats; "
        "%s of them matched less closely",
        f"{wanted - missing:,}", f"{wide:,}",
    )  # fmt: skip
    if missing > TOLERATED * wanted:
        warnings.warn(
            f"windows of the genome that are like the sequences: {wanted - missing:,} where "
            f"{wanted:,} were wanted",
            SeqcnnWarning,
            stacklevel=3,
        )


def _joined(
    taken: Sequence[_Pool], alphabet: Alphabet, strands: np.random.Generator | None
) -> SequenceSet:
    """Put windows in the order of the genome, on strands of chance if that is asked for."""
    parts = [part.intervals for part in taken]
    chromosome, start, end = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("chromosome", "start", "end")
    )
    offsets = np.concatenate([[0], np.cumsum(end - start)])
    codes = np.concatenate([part.codes for part in taken])
    order = np.lexsort((start, chromosome))
    found = SequenceSet(alphabet, codes, offsets, ("",) * len(order)).select(order)
    intervals = IntervalSet.from_columns(
        parts[0].chromosomes, chromosome[order], start[order], end[order]
    )
    codes = found.codes
    if strands is not None:
        sign = strands.choice(np.array([1, -1], np.int8), len(order))
        intervals = replace(intervals, strand=sign)
        codes = turned(codes, found.offsets, sign < 0, alphabet)
    return replace(found, codes=codes, ids=intervals.ids(stranded=strands is not None))
