"""`Settings`: how `discover` searches, all in one place."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.frames import BATCH, WIDEST, WIDTH
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.training.loop import Schedule

LEAST = {
    "seed": 0,
    "copies": 1,
    "searched": 20,
    "control_copies": 1,
    "motifs": 1,
    "words": 1,
    "kernels": 0,
}
"""What these settings must be at least."""

EFFORTS: dict[str, dict[str, Any]] = {
    "quick": {
        "copies": 3,
        "searched": 2000,
        "control_copies": 2,
        "schedule": Schedule(steps=50, rounds=3),
    },
    "usual": {},
    "thorough": {
        "searched": 40_000,
        "words": 2 * BATCH,
        "kernels": 2 * BATCH,
        "schedule": Schedule(steps=100, rounds=20, patience=5, learning_rate=3e-3),
    },
}
"""What to spend, from a first look to the last word; see `Settings.of_effort`."""


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
        Letters of a motif, 48 at most; beyond 24 it is found by the 24 that tell most.
    motifs
        At most so many candidates a fold.
    words, kernels
        Seeds of motifs: enriched words that are refined in each turn, and so many kernels of a
        fold's network and patterns of its attributions; with 0 motifs come from words alone.
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
    searched: int = 10_000
    control_copies: int = 3
    min_width: int = 4
    max_width: int = 40
    motifs: int = 25
    words: int = BATCH
    kernels: int = BATCH
    schedule: Schedule = field(default_factory=Schedule)
    sites: str = "anr"
    known_only: bool = False

    @classmethod
    def of_effort(cls, effort: str, **others: Any) -> "Settings":
        """Spend much or little.

        Parameters
        ----------
        effort
            ``"quick"``: three shuffles of each sequence, fewer sequences searched, short training;
            ``"usual"``; ``"thorough"``: up to 40,000 sequences of a fold searched, twice as many
            seeds, longer training.
        **others
            Other settings; they win over those of the effort.

        Raises
        ------
        SeqcnnError
            There is no such effort, or a setting is out of range.

        Examples
        --------
        >>> Settings.of_effort("quick").copies, Settings.of_effort("quick", copies=5).copies
        (3, 5)
        """
        if effort not in EFFORTS:
            raise SeqcnnError(f"`effort` is {effort!r}, it must be one of {', '.join(EFFORTS)}")
        return cls(**(EFFORTS[effort] | others))

    def __post_init__(self) -> None:
        """Check all values at once, so that a contradiction is not taken for "no motif"."""
        if not 3 <= self.min_width <= min(self.max_width, WIDTH) or self.max_width > WIDEST:
            raise SeqcnnError(
                f"motifs have from 3 to {WIDEST} letters, the shortest at most {WIDTH} and no more "
                f"than the longest, not from {self.min_width} to {self.max_width}: change "
                f"--min-width or --max-width"
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
            words=self.words,
            copies=self.control_copies,
            min_width=self.min_width,
            max_width=self.max_width,
        )
