"""`Pattern`: what many seqlets have in common, with its members."""

from dataclasses import dataclass, field

import numpy as np

from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import Alphabet


@dataclass(frozen=True, eq=False)
class Members:
    """Seqlets of a pattern, each as wide as the pattern, by sequence and start.

    Parameters
    ----------
    row
        int64 (n,): position of the sequence.
    start, end
        int64 (n,): from 0, half open, on the strand that was given. A pattern may hang over the
        edge of a sequence: then `start` is negative, or `end` beyond its length.
    reverse
        bool (n,): whether it is read on the other strand.
    likeness
        float64 (n,): cosine of its contributions with those of the pattern.
    """

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reverse: np.ndarray
    likeness: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Pattern:
    """What many seqlets have in common.

    Parameters
    ----------
    name
        ``positive1``, ``negative1``, ...: by sign and rank.
    sign
        +1 or -1.
    alphabet
        What the columns stand for.
    counts
        float64 (width, letters): letters of the members.
    projected
        float32 (width, letters): mean contribution of the letters that are there.
    contributions
        float32 (width, letters): mean of the contributions as they were given, hypothetical ones if
        those of all letters were.
    members
        Where it is.
    background
        float64 (letters,): how frequent letters are in the sequences.
    subpatterns
        Kinds of members whose columns go together; empty if there are none.
    """

    name: str
    sign: int
    alphabet: Alphabet
    counts: np.ndarray
    projected: np.ndarray
    contributions: np.ndarray
    members: Members
    background: np.ndarray
    subpatterns: tuple["Pattern", ...] = field(default=())

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"Pattern({self.name!r}, {self.motif().consensus}, {len(self)} seqlets)"

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.counts)

    def motif(self) -> Motif:
        """Take the letters of the members as a motif; one site of the background is added."""
        matrix = CountMatrix(self.counts, self.alphabet).to_probabilities(1.0, self.background)
        return Motif(self.name, matrix, sites=len(self), source="attribution")
