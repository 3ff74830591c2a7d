"""`Places`: the options on genomes and intervals, and how commands read by them."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.seq.genome import Genome
    from seqcnn.seq.interval_set import IntervalSet
    from seqcnn.seq.record import SequenceSet

MATCHED = "genome"
"""The control that is no file: windows of the genome that are like the sequences."""


@dataclass(frozen=True)
class Places:
    """Where intervals lie, and what of them is read.

    Parameters
    ----------
    genome
        The file.
    window
        Letters around summits or middles; None for intervals as they are.
    top
        So many intervals with the best scores; None for all.

    Raises
    ------
    SeqcnnError
        There is no genome, but what needs one.
    """

    genome: str | None = None
    window: int | None = None
    top: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("--window", self.window), ("--top-peaks", self.top)):
            if value is not None and self.genome is None:
                raise SeqcnnError(
                    f"`{name}` {value} is for intervals on a genome: name it with --genome"
                )

    @cached_property
    def opened(self) -> "Genome | None":
        """The genome, opened once."""
        from seqcnn.seq.io.genome import open_genome

        return None if self.genome is None else open_genome(self.genome)

    def files(self, *paths: str | None) -> list[str]:
        """List what is read: files of sequences that are given, and the genome."""
        named = [path for path in paths if path not in (None, MATCHED)]
        return [path for path in (*named, self.genome) if path is not None]

    def read(
        self,
        path: str,
        *,
        alphabet: "Alphabet | str | None",
        mask: str,
        strand: str | None = None,
    ) -> "SequenceSet":
        """Read sequences, or those of intervals."""
        from seqcnn.seq.io.fasta import read_sequences

        return read_sequences(
            path,
            alphabet=alphabet,
            mask=mask,
            genome=self.opened,
            window=self.window,
            top=self.top,
            strand=strand,
        )

    def read_control(
        self,
        control: str | None,
        positives: str,
        foreground: "SequenceSet",
        *,
        mask: str,
        strand: str | None = None,
        seed: int = 0,
    ) -> "SequenceSet | None":
        """Read a control, or draw one from the genome; None where there is to be none.

        Parameters
        ----------
        control
            A file of sequences or intervals, or `MATCHED`.
        positives
            The file of the foreground.
        foreground
            What was read from it.
        mask, strand
            As for the foreground.
        seed
            Of the draw.
        """
        if control is None:
            return None
        if control != MATCHED:
            whole = Places(self.genome, self.window)
            return whole.read(control, alphabet=foreground.alphabet, mask=mask, strand=strand)
        if self.opened is None:
            raise SeqcnnError(
                "`--control genome` draws windows of a genome: name it with --genome "
                "(a file of that name is ./genome)"
            )
        from seqcnn.seq.matched_windows import gc_matched_windows

        letters = foreground.alphabet
        return gc_matched_windows(
            self.opened,
            foreground,
            avoid=_intervals_of_file(positives),
            stranded=strand == "one" or (strand is None and not letters.double_stranded),
            mask=mask,
            seed=seed,
        )

    @contextmanager
    def as_fasta(
        self, path: str, *, alphabet: "Alphabet | str | None", mask: str, strand: str | None
    ) -> Iterator[str]:
        """Give the path of a FASTA file: `path`, or a new one of the sequences of its intervals."""
        if self.genome is None or (path != "-" and not _is_bed(path)):
            yield path
            return
        from seqcnn.seq.io.fasta import write_fasta

        found = self.read(path, alphabet=alphabet, mask=mask, strand=strand)
        with tempfile.TemporaryDirectory(prefix="seqcnn-") as folder:
            copy = Path(folder) / "sequences.fa"
            write_fasta(copy, found)
            yield str(copy)


def _is_bed(path: str) -> bool:
    from seqcnn.seq.io.bed import looks_like_bed
    from seqcnn.seq.io.files import open_pieces

    return Path(path).is_file() and looks_like_bed(next(open_pieces(path), b""))


def _intervals_of_file(path: str) -> "IntervalSet | None":
    """Read all intervals of a file again, as they are; None if it cannot be read again or is FASTA.

    A control keeps away from whole peaks, and from those that are not among the best.
    """
    if path == "-" or not _is_bed(path):
        return None
    from seqcnn.seq.io.bed import read_bed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_bed(path)
