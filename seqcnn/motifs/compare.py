"""Which of many motifs a motif is like, and whether that could be chance.

Gupta et al. (2007), Quantifying similarity between motifs, doi:10.1186/gb-2007-8-2-r24 (Tomtom):
the columns of all targets say what columns of random targets are, and the p-value is exact for a
target of such columns, over all offsets and both strands (`offsets`). Real motifs share words, so
that their columns are not independent: what that does to small p-values is measured by motifs
whose columns are shuffled, and taken back (`calibrate`).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.columns import SIMILARITIES, Columns
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.motifs.offsets import BestOffset, GridScores
from seqcnn.motifs.placements import TargetRow
from seqcnn.motifs.scan import cores_to_use

# the coefficient of `similarity` and the p-value here are two answers to one question
from seqcnn.motifs.similarity import Match, best_match, similarities, similarity
from seqcnn.stats.fdr import benjamini_hochberg

__all__ = [
    "Comparison",
    "Comparisons",
    "Match",
    "TargetDatabase",
    "best_match",
    "compare",
    "similarities",
    "similarity",
]

LARGEST_E = 10.0
"""E-value up to which a comparison is returned, as Tomtom does with -evalue."""

SHUFFLES = 128
"""Targets whose columns are shuffled to calibrate p-values."""

SHUFFLED_WIDTH = 20
"""Columns of a shuffled target at most: the time grows with the cube of the width."""

TAIL = -2.0
"""log10 of the p-value below which p-values are calibrated; above it they are right."""

FAR_TAIL = -3.5
"""log10 of the p-value at which the calibration is measured: enough shuffled motifs reach it."""

PRIOR = 10.0
"""Comparisons of shuffled motifs that are taken to reach `FAR_TAIL` before any is made."""


ROUNDED = 0.3
"""How far log10 p can be from that of the score before it was rounded, all but always."""


class Comparison(NamedTuple):
    """One query laid upon one target.

    Parameters
    ----------
    query, target
        The motifs.
    log10_p
        log10 of the p-value, over all offsets and strands.
    log10_e
        The same times the number of targets: how many targets are as alike by chance.
    log10_q
        The same as a false discovery rate among the targets of this query.
    offset
        Position of the target, from 0, on which the first position of the query lies; may be
        negative. For strand ``-`` the query is reversed and complemented first.
    overlap
        Number of positions in both.
    strand
        ``+`` or ``-``.
    """

    query: Motif
    target: Motif
    log10_p: float
    log10_e: float
    log10_q: float
    offset: int
    overlap: int
    strand: str


@dataclass(frozen=True, eq=False)
class Comparisons:
    """What `compare` finds: arrays (n,), by query, the best target first.

    Parameters
    ----------
    queries, targets
        What was compared.
    query, target
        int64: positions in `queries` and `targets`.
    log10_p, log10_e, log10_q, offset, overlap
        See `Comparison`.
    reverse
        bool: strand ``-``.
    """

    queries: Sequence[Motif]
    targets: Sequence[Motif]
    query: np.ndarray
    target: np.ndarray
    log10_p: np.ndarray
    log10_e: np.ndarray
    log10_q: np.ndarray
    offset: np.ndarray
    overlap: np.ndarray
    reverse: np.ndarray

    def __len__(self) -> int:
        return len(self.query)

    def __getitem__(self, index: int) -> Comparison:
        return Comparison(
            self.queries[self.query[index]],
            self.targets[self.target[index]],
            float(self.log10_p[index]),
            float(self.log10_e[index]),
            float(self.log10_q[index]),
            int(self.offset[index]),
            int(self.overlap[index]),
            "-" if self.reverse[index] else "+",
        )

    def __iter__(self) -> Iterator[Comparison]:
        return (self[i] for i in range(len(self)))

    def of(self, query: int) -> list[Comparison]:
        """Take the comparisons of one query, the best first."""
        first, stop = np.searchsorted(self.query, [query, query + 1])
        return [self[i] for i in range(first, stop)]


def compare(
    queries: Motif | Iterable[Motif],
    targets: Motif | Iterable[Motif],
    *,
    distance: str = "llr",
    e_value: float = LARGEST_E,
    q_value: float = 1.0,
    top: int | None = None,
    both_strands: bool | None = None,
    calibrate: bool = True,
    threads: int | None = None,
) -> Comparisons:
    """Find the targets that each query is like, with p-, E- and q-values.

    Parameters
    ----------
    queries
        One or more motifs.
    targets
        One or more over the same alphabet. They say what chance is: with fewer than some 50,
        p-values say little.
    distance
        A key of `columns.SIMILARITIES`: how columns are compared.
    e_value, q_value
        Largest of a comparison to return.
    top
        Return so many targets of each query at most.
    both_strands
        Whether to turn the queries over too; by default for DNA only.
    calibrate
        Whether to correct for words that targets share; `TargetDatabase.exponent`.
    threads
        Threads to use; by default as many as there are cores for this process.

    Returns
    -------
    Comparisons

    Raises
    ------
    SeqcnnError
        There is no query or target, alphabets differ, or an argument is out of range.

    Examples
    --------
    >>> from seqcnn.motifs.data import load_database
    >>> database = load_database(group="insects")
    >>> [(c.target.alternative_name, c.strand) for c in compare(database[3:5], database, top=1)]
    [('br', '+'), ('Cf2', '+')]
    """
    queries, targets = as_motifs(queries, "queries"), as_motifs(targets, "targets")
    if not queries:
        raise SeqcnnError("`queries` is empty, there is nothing to compare")
    if not e_value > 0 or not q_value > 0:
        raise SeqcnnError(f"`e_value` and `q_value` must be above 0, not {e_value} and {q_value}")
    if top is not None and top < 1:
        raise SeqcnnError(f"`top` is {top}, it must be at least 1")
    database = _database(tuple(targets), distance, both_strands)
    with ThreadPoolExecutor(cores_to_use(threads)) as pool:
        exponent = database.exponent if calibrate else 1.0
        limits = _Limits(math.log10(e_value), math.log10(q_value), top, exponent)
        found = list(pool.map(lambda query: database._select(query, limits), queries))
    columns = {
        f.name: np.concatenate([getattr(one, f.name) for one in found])
        for f in fields(Comparisons)
        if f.name not in ("queries", "targets", "query")
    }
    query = np.repeat(np.arange(len(queries)), [len(one) for one in found])
    return Comparisons(queries, targets, query, **columns)


class _Limits(NamedTuple):
    """What `compare` returns of a query."""

    log10_e: float
    log10_q: float
    top: int | None
    exponent: float


@dataclass(frozen=True, eq=False)
class TargetDatabase:
    """Targets, ready to be compared with.

    Parameters
    ----------
    targets
        One or more over one alphabet.
    distance
        A key of `columns.SIMILARITIES`.
    both_strands
        Whether to turn queries over too; by default for DNA only.
    """

    targets: Sequence[Motif]
    distance: str = "llr"
    both_strands: bool | None = None

    def __post_init__(self) -> None:
        if not self.targets:
            raise SeqcnnError("`targets` is empty, there is nothing to compare with")
        if self.distance not in SIMILARITIES:
            raise SeqcnnError(
                f"`distance` is {self.distance!r}, it must be one of {', '.join(SIMILARITIES)}"
            )
        for target in self.targets:
            self._check(target)

    def _check(self, motif: Motif) -> None:
        if motif.alphabet != self.targets[0].alphabet:
            raise SeqcnnError(
                f"motif {motif.name!r} is over {motif.alphabet.letters}, but "
                f"{self.targets[0].name!r} is over {self.targets[0].alphabet.letters}"
            )

    def log10_p(self, query: Motif) -> np.ndarray:
        """Compute the p-value of the best placement on each target, not calibrated.

        Parameters
        ----------
        query
            Over the alphabet of the targets.

        Returns
        -------
        numpy.ndarray
            float64 (targets,): log10.
        """
        return self._lay(query).log10_p

    @cached_property
    def exponent(self) -> float:
        """By how much words that targets share make small p-values smaller.

        Columns of `SHUFFLES` targets are shuffled and compared with all targets. If p-values were
        true, P(p <= x) would be x. In databases it is x down to 10^`TAIL`, and below falls as a
        power of x smaller than 1: this number, at which p-values are raised from there on.
        """
        rng = np.random.default_rng(0)
        reached, pairs = PRIOR, PRIOR / 10**FAR_TAIL
        for i in np.linspace(0, len(self.targets) - 1, SHUFFLES).astype(int):
            matrix = self.targets[i].matrix
            rows = matrix.values[rng.permutation(len(matrix))[:SHUFFLED_WIDTH]]
            log10_p = self.log10_p(replace(self.targets[i], matrix=replace(matrix, values=rows)))
            reached += (log10_p <= FAR_TAIL).sum()
            pairs += len(log10_p)
        return min(1.0, (math.log10(reached / pairs) - TAIL) / (FAR_TAIL - TAIL))

    @cached_property
    def _row(self) -> TargetRow:
        both = self.both_strands
        if both is None:
            both = self.targets[0].alphabet.double_stranded
        return TargetRow.of(self.targets, both_strands=both)

    @cached_property
    def _prepared(self) -> np.ndarray:
        return SIMILARITIES[self.distance].prepare(self._row.columns)

    @cached_property
    def _widths(self) -> set[int]:
        return set(self._row.widths.tolist())

    def _lay(self, query: Motif) -> "_Laid":
        self._check(query)
        row = self._row
        grid = GridScores.of(SIMILARITIES[self.distance](Columns.of([query]), self._prepared))
        totals = row.scores(grid)
        best = row.best(totals, query.width)
        null = BestOffset.of(grid, self._widths, strands=row.strands, lowest=int(best.min()))
        return _Laid(grid, totals, null, null.log10_p(row.widths, best))

    def _select(self, query: Motif, limits: _Limits) -> Comparisons:
        """Compare one query with all targets; the comparisons that pass the limits."""
        laid = self._lay(query)
        log10_p = laid.log10_p
        targets = math.log10(len(log10_p))
        near = np.flatnonzero(
            _calibrated(log10_p, limits.exponent) <= limits.log10_e - targets + ROUNDED
        )
        placed = self._row.place(near, laid.totals, laid.grid)
        # what was rounded decides nothing between targets that are nearly equally alike
        log10_p[near] = laid.null.log10_p(self._row.widths[near], placed.score)
        log10_p = _calibrated(log10_p, limits.exponent)
        falling = np.argsort(log10_p)[::-1]  # what is sorted already takes half of the time
        log10_q = np.empty_like(log10_p)
        log10_q[falling] = benjamini_hochberg(log10_p[falling])
        passed = (log10_p[near] + targets <= limits.log10_e) & (log10_q[near] <= limits.log10_q)
        order = np.lexsort((-placed.score, log10_p[near]))
        order = order[passed[order]][: limits.top]
        kept = near[order]
        return Comparisons(
            [query],
            self.targets,
            np.zeros(len(kept), np.int64),
            kept,
            log10_p[kept],
            log10_p[kept] + targets,
            log10_q[kept],
            placed.offset[order],
            placed.overlap[order],
            placed.reverse[order],
        )


class _Laid(NamedTuple):
    """One query upon all targets; `log10_p` is that of the scores on the grid."""

    grid: GridScores
    totals: np.ndarray
    null: BestOffset
    log10_p: np.ndarray


def _calibrated(log10_p: np.ndarray, exponent: float) -> np.ndarray:
    return np.where(log10_p < TAIL, TAIL + (log10_p - TAIL) * exponent, log10_p)


@lru_cache(maxsize=4)
def _database(
    targets: tuple[Motif, ...], distance: str, both_strands: bool | None
) -> TargetDatabase:
    """Keep the last databases ready: their preparation takes as long as 100 queries."""
    return TargetDatabase(targets, distance, both_strands)
