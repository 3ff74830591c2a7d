"""`IntervalSet`: many stretches of a genome as columns, with no Python object for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.intervals import Interval
from seqcnn.seq.names import take_names

SIGNS = {"+": 1, "-": -1, ".": 0}
"""Strands as numbers."""


@dataclass(frozen=True, eq=False)
class IntervalSet:
    """Stretches of chromosomes, from 0 and half open, as in BED.

    Parameters
    ----------
    chromosomes
        Names of chromosomes.
    chromosome
        int64 (n,): positions in `chromosomes`.
    start, end
        int64 (n,).
    strand
        int8 (n,): 1 forward, -1 reverse, 0 unknown.
    score
        float64 (n,): the more the better; NaN where there is none.
    summit
        int64 (n,): the place on the chromosome that matters most; -1 where none is known.
    names
        n texts, empty where there is none; or no text at all.
    """

    chromosomes: Sequence[str]
    chromosome: np.ndarray
    start: np.ndarray
    end: np.ndarray
    strand: np.ndarray
    score: np.ndarray
    summit: np.ndarray
    names: Sequence[str] = ()

    @classmethod
    def from_intervals(cls, intervals: Sequence[Interval]) -> "IntervalSet":
        """Gather single intervals.

        Examples
        --------
        >>> IntervalSet.from_intervals([Interval("chr1", 5, 9, "-")]).strand.tolist()
        [-1]
        """
        places: dict[str, int] = {}
        chromosome = [places.setdefault(x.chromosome, len(places)) for x in intervals]
        return cls.from_columns(
            tuple(places),
            np.array(chromosome, np.int64),
            np.array([x.start for x in intervals], np.int64),
            np.array([x.end for x in intervals], np.int64),
            strand=np.array([SIGNS[x.strand] for x in intervals], np.int8),
        )

    @classmethod
    def from_columns(
        cls,
        chromosomes: Sequence[str],
        chromosome: np.ndarray,
        start: np.ndarray,
        end: np.ndarray,
        *,
        strand: np.ndarray | None = None,
    ) -> "IntervalSet":
        """Make a set that has neither scores nor summits nor names."""
        n = len(start)
        return cls(
            chromosomes,
            np.asarray(chromosome, np.int64),
            np.asarray(start, np.int64),
            np.asarray(end, np.int64),
            np.zeros(n, np.int8) if strand is None else np.asarray(strand, np.int8),
            np.full(n, np.nan),
            np.full(n, -1, np.int64),
        )

    def __post_init__(self) -> None:
        columns = (self.start, self.end, self.strand, self.score, self.summit)
        fits = all(len(column) == len(self.chromosome) for column in columns)
        if not fits or len(self.names) not in (0, len(self.chromosome)):
            raise SeqcnnError("the columns of `IntervalSet` differ in length")

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, index: int) -> Interval:
        """Take one interval out."""
        name = self.chromosomes[int(self.chromosome[index])]
        sign = ".+-"[int(self.strand[index])]
        return Interval(name, int(self.start[index]), int(self.end[index]), sign)

    def __iter__(self) -> Iterator[Interval]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"IntervalSet({len(self)} intervals on {len(self.chromosomes)} chromosomes)"

    @property
    def lengths(self) -> np.ndarray:
        """int64 (n,): letters of each interval."""
        return self.end - self.start

    def select(self, index: np.ndarray) -> "IntervalSet":
        """Take intervals by position or by a boolean mask, in the order given."""
        rows = np.flatnonzero(index) if index.dtype == bool else index
        return IntervalSet(
            self.chromosomes,
            self.chromosome[rows],
            self.start[rows],
            self.end[rows],
            self.strand[rows],
            self.score[rows],
            self.summit[rows],
            take_names(self.names, rows) if self.names else (),
        )

    def ids(self, *, stranded: bool = False) -> tuple[str, ...]:
        """Name intervals by place, as `seq.intervals.parse_interval` reads it.

        Parameters
        ----------
        stranded
            Put the strand behind it; an unknown one counts as forward.

        Examples
        --------
        >>> IntervalSet.from_intervals([Interval("chr1", 5, 9)]).ids()
        ('chr1:5-9',)
        """
        columns = [self.chromosome.tolist(), self.start.tolist(), self.end.tolist()]
        names = self.chromosomes
        if not stranded:
            return tuple([f"{names[c]}:{s}-{e}" for c, s, e in zip(*columns, strict=True)])
        signs = ["-" if strand < 0 else "+" for strand in self.strand.tolist()]
        return tuple(
            [f"{names[c]}:{s}-{e}({x})" for c, s, e, x in zip(*columns, signs, strict=True)]
        )

    def overlaps(self, others: "IntervalSet") -> np.ndarray:
        """Tell which intervals share a letter with any of `others`.

        Returns
        -------
        numpy.ndarray
            bool (n,).

        Examples
        --------
        >>> own = IntervalSet.from_intervals([Interval("1", 0, 5), Interval("1", 5, 9)])
        >>> own.overlaps(IntervalSet.from_intervals([Interval("1", 4, 5)])).tolist()
        [True, False]
        """
        found = np.zeros(len(self), bool)
        for place, name in enumerate(others.chromosomes):
            if name not in self.chromosomes:
                continue
            here = self.chromosome == self.chromosomes.index(name)
            there = (others.chromosome == place) & (others.lengths > 0)
            starts, ends = np.sort(others.start[there]), np.sort(others.end[there])
            # those that begin before our end, less those that end before our start
            begun = np.searchsorted(starts, self.end[here], "left")
            over = np.searchsorted(ends, self.start[here], "right")
            found[here] = (begun > over) & (self.lengths[here] > 0)
        return found

    def on_strands(self) -> "IntervalSet":
        """Take the strands of a chromosome for chromosomes of their own; unknown is forward."""
        names = tuple(f"{name}{sign}" for sign in "+-" for name in self.chromosomes)
        chromosome = self.chromosome + len(self.chromosomes) * (self.strand < 0)
        return replace(self, chromosomes=names, chromosome=chromosome)

    def clusters(self) -> np.ndarray:
        """Count the stretches that overlapping intervals cover together.

        Returns
        -------
        numpy.ndarray
            int64 (n,): 0, 1, ... in the order of the chromosomes.

        Examples
        --------
        >>> rows = [Interval("1", 0, 5), Interval("1", 9, 12), Interval("1", 4, 9)]
        >>> IntervalSet.from_intervals(rows).clusters().tolist()
        [0, 1, 0]
        """
        order = np.lexsort((self.start, self.chromosome))
        # as if chromosomes lay one behind the other
        longest = int(self.end.max(initial=0)) + 1
        begin = (self.chromosome * longest + self.start)[order]
        reach = np.maximum.accumulate((self.chromosome * longest + self.end)[order])
        number = np.zeros(len(self), np.int64)
        number[order[1:]] = np.cumsum(begin[1:] >= reach[:-1])
        return number
