"""How alike two motifs are, over all ways to lay one upon the other.

For an overlap of query p and target q, `r` is the correlation of p - 1/A and q - 1/A (A letters),
and coverage is the share of the target's information that lies inside of the overlap. The best
offset and strand have the largest r * sqrt(coverage), so that a perfect match of three positions
does not beat a good match of twelve.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.motif import Motif

MIN_OVERLAP = 4
"""Positions that must overlap, unless one of the motifs is narrower."""


@dataclass(frozen=True)
class Match:
    """The best way to lay a query upon a target.

    Parameters
    ----------
    target
        The motif that was matched.
    r
        Correlation over the overlap, at most 1; 0 if no offset has a positive one.
    coverage
        Share of the target's information inside of the overlap, 0 to 1.
    offset
        Position of the target, from 0, on which the first position of the query lies; may be
        negative. For strand ``-`` the query is reversed and complemented first.
    strand
        ``+`` or ``-``.
    overlap
        Number of positions in both.
    """

    target: Motif
    r: float
    coverage: float
    offset: int
    strand: str
    overlap: int

    @property
    def similarity(self) -> float:
        """What is maximised: r * sqrt(coverage)."""
        return self.r * self.coverage**0.5


@dataclass(frozen=True, eq=False)
class Similarities:
    """Best ways to lay one query upon each of n targets; fields as in `Match`, arrays (n,)."""

    targets: Sequence[Motif]
    r: np.ndarray
    coverage: np.ndarray
    offset: np.ndarray
    reverse: np.ndarray
    overlap: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> Match:
        return Match(
            self.targets[index],
            float(self.r[index]),
            float(self.coverage[index]),
            int(self.offset[index]),
            "-" if self.reverse[index] else "+",
            int(self.overlap[index]),
        )

    @property
    def similarity(self) -> np.ndarray:
        """What is maximised, float64 (n,): r * sqrt(coverage)."""
        return self.r * np.sqrt(self.coverage)

    def ranked(self) -> list[Match]:
        """All matches, best first."""
        return [self[int(i)] for i in np.argsort(-self.similarity, kind="stable")]


def similarity(query: Motif, target: Motif, *, both_strands: bool | None = None) -> Match:
    """Lay one motif upon another.

    Parameters
    ----------
    query, target
        Over one alphabet.
    both_strands
        Whether to turn the query over too; by default for DNA only.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import CountMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> gata = Motif("gata", CountMatrix(np.eye(4)[[2, 0, 3, 0]], DNA).to_probabilities())
    >>> match = similarity(gata.reverse_complement(), gata)
    >>> match.r, match.offset, match.strand
    (1.0, 0, '-')
    """
    return similarities(query, [target], both_strands=both_strands)[0]


def best_match(
    motif: Motif, database: Sequence[Motif], *, both_strands: bool | None = None
) -> Match:
    """Find the target that is most like a motif; the first of equals."""
    found = similarities(motif, database, both_strands=both_strands)
    return found[int(found.similarity.argmax())]


def similarities(
    query: Motif, targets: Sequence[Motif], *, both_strands: bool | None = None
) -> Similarities:
    """Lay a motif upon each of many.

    Parameters
    ----------
    query
        The motif to place a name on.
    targets
        At least one, over the same alphabet.
    both_strands
        Whether to turn the query over too; by default for DNA only.

    Returns
    -------
    Similarities

    Raises
    ------
    SeqcnnError
        There is no target, or an alphabet differs.
    """
    if not targets:
        raise SeqcnnError("`targets` is empty, there is nothing to compare with")
    stranger = next((t for t in targets if t.alphabet != query.alphabet), None)
    if stranger is not None:
        raise SeqcnnError(
            f"motif {query.name!r} is over {query.alphabet.letters}, "
            f"but {stranger.name!r} is over {stranger.alphabet.letters}"
        )
    if both_strands is None:
        both_strands = query.alphabet.double_stranded
    row = _Row.of(targets, query.width - 1)
    found = _place(query, row, targets, reverse=False)
    if not both_strands:
        return found
    other = _place(query.reverse_complement(), row, targets, reverse=True)
    better = other.similarity > found.similarity
    chosen = {
        f.name: np.where(better, getattr(other, f.name), getattr(found, f.name))
        for f in fields(Similarities)
        if f.name != "targets"
    }
    return Similarities(targets, **chosen)


@dataclass(frozen=True, eq=False)
class _Row:
    """All targets one behind the other, with gaps in which a query can hang over the edge."""

    columns: np.ndarray  # (positions, letters): probability less 1 / letters, 0 in gaps
    inside: np.ndarray  # (positions,): 1 inside of a target, 0 in gaps
    information: np.ndarray  # (positions,): bits, 0 in gaps
    starts: np.ndarray  # (targets,): where each begins
    widths: np.ndarray  # (targets,)

    @classmethod
    def of(cls, targets: Sequence[Motif], gap: int) -> "_Row":
        widths = np.array([t.width for t in targets])
        starts = gap + np.concatenate([[0], np.cumsum(widths + gap)[:-1]])
        values = np.concatenate([t.matrix.values for t in targets])
        # positions of the values in the row: each target is shifted by the gaps before it
        place = np.arange(len(values)) + np.repeat(starts - (np.cumsum(widths) - widths), widths)
        length, letters = int(starts[-1] + widths[-1]) + gap, values.shape[1]
        columns, inside, information = (
            np.zeros((length, letters)),
            np.zeros(length),
            np.zeros(length),
        )
        columns[place] = values - 1 / letters
        inside[place] = 1
        clipped = np.clip(values, 1e-3, 1)
        information[place] = np.maximum((clipped * np.log2(clipped * letters)).sum(1), 0)
        return cls(columns, inside, information, starts, widths)


def _place(query: Motif, row: _Row, targets: Sequence[Motif], *, reverse: bool) -> Similarities:
    width = query.width
    x = query.matrix.values - 1 / query.alphabet.size
    n = len(row.columns) - width + 1
    products, squares = row.columns @ x.T, (row.columns**2).sum(1)
    xy, yy, xx, bits, overlap = np.zeros((5, n))
    for i in range(width):
        here = slice(i, i + n)
        xy += products[here, i]
        yy += squares[here]
        xx += row.inside[here] * (x[i] @ x[i])
        bits += row.information[here]
        overlap += row.inside[here]
    r = np.maximum(xy, 0) / np.sqrt(np.maximum(xx * yy, 1e-24))
    # segment of target t: the placements that touch it, from -(width - 1) to its own width - 1
    first = row.starts - (width - 1)
    lengths = row.widths + width - 1
    # a segment runs on through the gap behind its target, where the information is 0
    total = np.add.reduceat(row.information, row.starts)
    target = np.repeat(np.arange(len(targets)), lengths)
    at = np.arange(lengths.sum()) + np.repeat(first - (np.cumsum(lengths) - lengths), lengths)
    coverage = np.minimum(bits[at] / np.maximum(total[target], 1e-12), 1)
    enough = overlap[at] >= np.minimum(MIN_OVERLAP, np.minimum(width, row.widths))[target]
    score = np.where(enough, r[at] * np.sqrt(coverage), -1)
    segments = np.cumsum(lengths) - lengths
    best = np.maximum.reduceat(score, segments)
    # the first placement of each target that reaches its best
    hit = np.flatnonzero(score == best[target])
    chosen = hit[np.unique(target[hit], return_index=True)[1]]
    return Similarities(
        targets,
        np.minimum(r[at[chosen]], 1.0),
        coverage[chosen],
        at[chosen] - row.starts,
        np.full(len(targets), reverse),
        overlap[at[chosen]].astype(np.int64),
    )
