"""Sites of motifs in sequences: one, and all of a scan as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

import numpy as np

from seqcnn.motifs.motif import Motif
from seqcnn.seq.record import SequenceSet

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Hit:
    """One site of one motif.

    Parameters
    ----------
    sequence
        Name of the sequence.
    start, end
        From 0, half open, on the strand that was given, whichever strand the site is on.
    strand
        ``+`` or ``-``.
    motif
        Name of the motif.
    score
        In bits.
    p_value
        Probability that a random word scores as much or more.
    q_value
        Benjamini-Hochberg over all windows and strands that were scored with this motif.
    matched
        The letters of the site, read along the motif.
    """

    sequence: str
    start: int
    end: int
    strand: str
    motif: str
    score: float
    p_value: float
    q_value: float
    matched: str


@dataclass(frozen=True, eq=False)
class Hits:
    """All sites of a scan as columns; item i is a `Hit`, a slice is `Hits`.

    Sorted by motif, sequence and start.

    Parameters
    ----------
    motifs, sequences
        What was scanned with, and what was scanned.
    motif, sequence
        int64 (n,): their positions in `motifs` and `sequences`.
    start
        int64 (n,), from 0.
    reverse
        bool (n,): whether the site is on the other strand.
    score
        float64 (n,), in bits.
    log10_p_value, log10_q_value
        float64 (n,).
    """

    motifs: Sequence[Motif]
    sequences: SequenceSet
    motif: np.ndarray
    sequence: np.ndarray
    start: np.ndarray
    reverse: np.ndarray
    score: np.ndarray
    log10_p_value: np.ndarray
    log10_q_value: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        return (
            f"<Hits: {len(self):,} sites of {len(self.motifs):,} motifs in "
            f"{len(self.sequences):,} sequences>"
        )

    def to_frame(self) -> "pd.DataFrame":
        """Put the sites into a data frame, one row each; starts count from 0, ends are exclusive.

        Returns
        -------
        pandas.DataFrame
            `motif`, `sequence` (names), `start`, `end`, `strand`, `score` in bits, `log10_p_value`,
            `log10_q_value`, and `matched`, the letters along the motif.
        """
        import pandas as pd

        sites = list(self)
        return pd.DataFrame(
            {
                "motif": [site.motif for site in sites],
                "sequence": [site.sequence for site in sites],
                "start": self.start,
                "end": [site.end for site in sites],
                "strand": [site.strand for site in sites],
                "score": self.score,
                "log10_p_value": self.log10_p_value,
                "log10_q_value": self.log10_q_value,
                "matched": [site.matched for site in sites],
            }
        )

    def __iter__(self) -> Iterator[Hit]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> "Hits": ...

    def __getitem__(self, index: int | slice) -> "Hit | Hits":
        if isinstance(index, slice):
            return self.select(np.arange(len(self))[index])
        motif = self.motifs[self.motif[index]]
        start = int(self.start[index])
        sequence = int(self.sequence[index])
        return Hit(
            self.sequences.ids[sequence],
            start,
            start + motif.width,
            "-" if self.reverse[index] else "+",
            motif.name,
            float(self.score[index]),
            float(10.0 ** self.log10_p_value[index]),
            float(10.0 ** self.log10_q_value[index]),
            self.matched(index),
        )

    def select(self, rows: np.ndarray) -> "Hits":
        """Take sites by position or by a boolean mask."""
        columns = (
            "motif", "sequence", "start", "reverse", "score", "log10_p_value", "log10_q_value"
        )  # fmt: skip
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def best_per_sequence(self) -> "Hits":
        """Keep the best site of each motif in each sequence, the first of equals."""
        order = np.lexsort((-self.score, self.sequence, self.motif))
        motif, sequence = self.motif[order], self.sequence[order]
        first = np.ones(len(order), bool)
        first[1:] = (motif[1:] != motif[:-1]) | (sequence[1:] != sequence[:-1])
        return self.select(order[first])

    def matched(self, index: int) -> str:
        """Read the letters of one site along the motif."""
        start, width = self.start[index], self.motifs[self.motif[index]].width
        codes = self.sequences[int(self.sequence[index])][start : start + width]
        alphabet = self.sequences.alphabet
        return alphabet.decode(alphabet.reverse_complement(codes) if self.reverse[index] else codes)
