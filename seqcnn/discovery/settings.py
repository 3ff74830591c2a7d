"""`Settings`: how `discover` searches, all in one place."""

from dataclasses import dataclass, field

import numpy as np

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.frames import WIDTH
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.training.loop import Schedule

LEAST = {"seed": 0, "copies": 1, "searched": 20, "control_copies": 1, "motifs": 1}
"""What these settings must be at least."""


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
    searched
        At most so many sequences of a fold are searched for motifs; all others are still tested.
    control_copies
        Shuffles of each of these that refine motifs; words are counted in all, and tests use all.
    min_width, max_width
        Letters of a motif, 24 at most.
    motifs
        At most so many candidates a fold.
    schedule
        How networks are trained.
    sites
        Which sites are listed: ``"anr"``, any number of a sequence, or ``"zoops"``, zero or one,
        the best. Motifs are found and tested by the best site of each sequence in either case.
    known_only
        Test known motifs only: no network is trained, and no motif is sought.

    Raises
    ------
    SeqcnnError
        A value is out of range, or two contradict each other.
    """

    seed: int = 0
    strand: str | None = None
    kmer: int | None = None
    e_value: float = 0.05
    copies: int = 9
    dims: int = 1
    searched: int = 5000
    control_copies: int = 3
    min_width: int = 4
    max_width: int = 24
    motifs: int = 25
    schedule: Schedule = field(default_factory=Schedule)
    sites: str = "anr"
    known_only: bool = False

    def __post_init__(self) -> None:
        """Check all values at once, so that a contradiction is not taken for "no motif"."""
        if not 3 <= self.min_width <= self.max_width <= WIDTH:
            raise SeqcnnError(
                f"widths of motifs go from 3 to {WIDTH}, the shortest no longer than the longest, "
                f"not from {self.min_width} to {self.max_width}: change --min-width or --max-width"
            )
        if self.strand not in (None, "both", "one"):
            raise SeqcnnError(f"`strand` is {self.strand!r}, it must be 'both' or 'one'")
        if self.sites not in ("anr", "zoops"):
            raise SeqcnnError(f"`sites` is {self.sites!r}, it must be 'anr' or 'zoops'")
        if self.kmer not in (None, 1, 2, 3):
            raise SeqcnnError(f"`kmer` is {self.kmer!r}, it must be 1, 2 or 3")
        if not self.e_value > 0:
            raise SeqcnnError(f"`e_value` is {self.e_value}, it must be above 0")
        if self.dims not in (1, 2):
            raise SeqcnnError(f"`dims` is {self.dims!r}, it must be 1 or 2")
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise SeqcnnError(f"`{name}` is {getattr(self, name)}, it must be {least} or more")

    def reads_both_strands(self, alphabet: Alphabet) -> bool:
        """Say whether both strands are searched: by default of double-stranded molecules only.

        Raises
        ------
        SeqcnnError
            Both are asked for, but the alphabet has no complements.
        """
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
            copies=self.control_copies,
            min_width=self.min_width,
            max_width=self.max_width,
        )
