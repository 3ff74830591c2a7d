"""`Interval`: a stretch of a genome, and how a FASTA header names one."""

import re
from dataclasses import dataclass

from seqcnn.seq.record import SequenceSet

_NAMED = re.compile(
    r"(?:.*::)?(?P<chromosome>[^:\s]+):(?P<start>\d+)-(?P<end>\d+)(?:\((?P<strand>[-+.])\))?"
)
"""What bedtools and UCSC write: ``chr1:100-200``, ``chr1:100-200(-)``, ``peak::chr1:100-200``."""


@dataclass(frozen=True)
class Interval:
    """A stretch of a chromosome.

    Parameters
    ----------
    chromosome
        Name of the chromosome or contig.
    start, end
        From 0, half open, as in BED.
    strand
        ``+``, ``-``, or ``.`` where none is known.
    """

    chromosome: str
    start: int
    end: int
    strand: str = "."

    def __len__(self) -> int:
        return self.end - self.start

    def part(self, start: int, end: int, strand: str = "+") -> "Interval":
        """Place a stretch of this interval's sequence on its chromosome.

        Parameters
        ----------
        start, end
            From 0, half open, in the sequence; that of an interval on ``-`` is its reverse
            complement.
        strand
            Of the stretch, relative to the sequence.

        Examples
        --------
        >>> Interval("chr1", 100, 200, "-").part(0, 10, "+")
        Interval(chromosome='chr1', start=190, end=200, strand='-')
        """
        if self.strand != "-":
            return Interval(self.chromosome, self.start + start, self.start + end, strand)
        turned = {"+": "-", "-": "+"}.get(strand, strand)
        return Interval(self.chromosome, self.end - end, self.end - start, turned)


def parse_interval(name: str, length: int) -> Interval | None:
    """Read coordinates in the name of a sequence.

    Tools differ in how they count: the length of the sequence tells BED's ``100-200`` (100 letters,
    from 0) from the ``101-200`` of region strings (from 1, both ends counted).

    Parameters
    ----------
    name
        ``chromosome:start-end``, with ``(strand)`` behind it or ``name::`` before it, or not.
    length
        Letters of the sequence.

    Returns
    -------
    Interval or None
        None if `name` holds no coordinates, or those of a stretch of another length.

    Examples
    --------
    >>> parse_interval("chr1:100-200(-)", 100)
    Interval(chromosome='chr1', start=100, end=200, strand='-')
    >>> parse_interval("chr1:101-200", 100)
    Interval(chromosome='chr1', start=100, end=200, strand='.')
    >>> parse_interval("peak_1", 100) is None
    True
    """
    found = _NAMED.fullmatch(name)
    if found is None:
        return None
    start, end = int(found["start"]), int(found["end"])
    if end - start + 1 == length and start > 0:
        start -= 1
    if end - start != length:
        return None
    return Interval(found["chromosome"], start, end, found["strand"] or ".")


def intervals_of(sequences: SequenceSet) -> list[Interval | None]:
    """Read the coordinates in the names of all sequences; None where there are none."""
    lengths = sequences.lengths.tolist()
    return [parse_interval(name, n) for name, n in zip(sequences.ids, lengths, strict=True)]
