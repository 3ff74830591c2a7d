"""All ways to lay a query upon many targets, scored at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from seqcnn.motifs.columns import Columns
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.offsets import GridScores


class Row(NamedTuple):
    """All targets one behind the other, with gaps in which a query can hang over the edge.

    Parameters
    ----------
    columns
        intp (strands, positions): column of `TargetRow.columns`, in gaps the one behind the last.
    first
        intp (targets,): the first placement that touches each target; a placement is the position
        on which the first column of the query lies.
    """

    columns: np.ndarray
    first: np.ndarray


class Placed(NamedTuple):
    """The best placement on each of some targets, arrays (targets,).

    Parameters
    ----------
    offset
        int64: position of the target on which the first column of the query lies.
    reverse
        bool: whether the query is reversed and complemented first.
    overlap
        int64: number of positions in both.
    score
        float64: unrounded, to tell apart what is equal on the grid.
    """

    offset: np.ndarray
    reverse: np.ndarray
    overlap: np.ndarray
    score: np.ndarray


@dataclass(frozen=True, eq=False)
class TargetRow:
    """Targets, made ready to lay queries upon them.

    Parameters
    ----------
    columns
        The columns of all targets, then with two strands their complements in the same order.
    widths
        int64 (targets,).
    strands
        1 or 2.
    """

    columns: Columns
    widths: np.ndarray
    strands: int

    @classmethod
    def of(cls, targets: Sequence[Motif], *, both_strands: bool) -> "TargetRow":
        """Collect the columns of targets over one alphabet."""
        columns = Columns.of(targets)
        if both_strands:
            alphabet = targets[0].alphabet
            paired = alphabet.complement_of_code[: alphabet.size]
            columns = Columns(
                np.concatenate([columns.values, columns.values[:, paired]]),
                np.concatenate([columns.sites, columns.sites]),
            )
        widths = np.array([target.width for target in targets])
        return cls(columns, widths, 2 if both_strands else 1)

    def scores(self, grid: GridScores) -> np.ndarray:
        """Add up the scores of all placements, int (strands, placements)."""
        width = len(grid.values)
        columns = self._row(width).columns
        placements = columns.shape[1] - width + 1
        totals = np.zeros((self.strands, placements), grid.values.dtype)
        for total, rows, places in zip(
            totals, (grid.values, grid.values[::-1]), columns, strict=False
        ):
            for i, row in enumerate(rows):
                total += row.take(places[i : i + placements])
        return totals

    def best(self, totals: np.ndarray, width: int) -> np.ndarray:
        """Take the best score on each target, int (targets,), for a query of some width."""
        return np.maximum.reduceat(totals.max(0), self._row(width).first)

    def place(self, chosen: np.ndarray, totals: np.ndarray, grid: GridScores) -> Placed:
        """Find the best placement on some targets; of equals the one that overlaps most.

        Parameters
        ----------
        chosen
            int (n,): which targets.
        totals
            What `scores` returned for `grid`.
        grid
            Of the query.
        """
        width = len(grid.values)
        row = self._row(width)
        lengths = self.widths[chosen] + width - 1
        segment = np.repeat(np.arange(len(chosen)), lengths)
        begins = np.cumsum(lengths) - lengths
        step = np.arange(lengths.sum()) - np.repeat(begins, lengths)
        at = row.first[chosen][segment] + step
        offset = step - (width - 1)
        overlap = np.minimum(offset + width, self.widths[chosen][segment]) - np.maximum(offset, 0)
        rank = totals[:, at].astype(np.int64) * (width + 1) + overlap
        either = rank.max(0)
        best = np.flatnonzero(either == np.repeat(np.maximum.reduceat(either, begins), lengths))
        kept = best[np.searchsorted(best, begins)]  # the first in each segment
        reverse = rank[:, kept].argmax(0)
        places = row.columns[reverse[:, None], at[kept][:, None] + np.arange(width)]
        turned = np.where(reverse[:, None] == 1, np.arange(width)[::-1], np.arange(width))
        gap = places == grid.exact.shape[1]
        score = grid.exact[turned, np.where(gap, 0, places)].astype(float) - grid.medians[turned]
        score = np.where(gap, 0, score).sum(1)
        return Placed(offset[kept], reverse.astype(bool), overlap[kept], score)

    @lru_cache(maxsize=64)  # noqa: B019 - rows live as long as their targets are compared with
    def _row(self, width: int) -> Row:
        gap = width - 1
        lengths = self.widths + gap
        first = np.cumsum(lengths) - lengths
        columns = int(self.widths.sum())
        starts = first + gap
        place = np.arange(columns) + np.repeat(
            starts - (np.cumsum(self.widths) - self.widths), self.widths
        )
        row = np.full((self.strands, int(lengths.sum()) + gap), self.strands * columns)
        for strand in range(self.strands):
            row[strand, place] = np.arange(columns) + strand * columns
        return Row(row, first)
