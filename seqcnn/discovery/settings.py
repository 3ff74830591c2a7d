"""`Settings`: how `discover` searches, all in one place."""

from dataclasses import dataclass, field

import numpy as np

from seqcnn.discovery.candidate import Search
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.training.loop import Schedule


@dataclass(frozen=True)
class Settings:
    """How to search.

    Parameters
    ----------
    seed
        Same input, seed, threads and device: same result.
    strand
        ``"both"``, ``"one"``, or None: both for DNA only.
    kmer
        Length of the words whose counts a shuffle keeps; None: 2 for DNA and RNA, else 1.
    e_value
        Motifs up to this E-value are reported as such.
    copies
        Shuffles of each sequence.
    dims
        1 to read sequences as such, 2 as images: the same motifs.
    fit, judge
        At most so many sequences refine seeds, and decide which to keep, in a fold.
    control_copies
        Shuffles of each of these that are used; tests use all.
    min_width, max_width
        Letters of a motif, 24 at most.
    motifs
        At most so many candidates a fold.
    schedule
        How networks are trained.
    """

    seed: int = 0
    strand: str | None = None
    kmer: int | None = None
    e_value: float = 0.05
    copies: int = 9
    dims: int = 1
    fit: int = 3000
    judge: int = 2000
    control_copies: int = 3
    min_width: int = 4
    max_width: int = 24
    motifs: int = 10
    schedule: Schedule = field(default_factory=Schedule)

    def reads_both_strands(self, alphabet: Alphabet) -> bool:
        """Say whether both strands are searched: by default of double-stranded molecules only."""
        if self.strand not in (None, "both", "one"):
            raise SeqcnnError(f"`strand` is {self.strand!r}, it must be 'both' or 'one'")
        if self.strand is None:
            return alphabet.double_stranded
        if self.strand == "both" and alphabet.complements is None:
            raise SeqcnnError(f"{alphabet.name} has one strand only: use --strand one")
        return self.strand == "both"

    def search(self, alphabet: Alphabet, background: np.ndarray) -> Search:
        """Say what the search for candidates may spend, and on which letters."""
        return Search(
            alphabet,
            self.reads_both_strands(alphabet),
            background,
            motifs=self.motifs,
            min_width=self.min_width,
            max_width=self.max_width,
        )
