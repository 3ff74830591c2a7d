"""From a file of intervals to the sequences of its windows on a genome."""

from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, RNA, Alphabet, get_alphabet
from seqcnn.seq.genome import Genome
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.io.bed import parse_bed
from seqcnn.seq.io.checks import check_sequences
from seqcnn.seq.io.genome import open_genome
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import best_intervals, place_intervals


def fetch_windows(
    content: bytes | bytearray,
    path: str | Path,
    genome: Genome | str | Path,
    *,
    window: int | None = None,
    top: int | None = None,
    strand: str | None = None,
    alphabet: Alphabet | str | None = None,
    mask: str = "none",
    remarks: list[str],
) -> SequenceSet:
    """Read the sequences of intervals.

    Parameters
    ----------
    content, path
        Of the file of intervals.
    genome
        Where they lie.
    window
        Letters around summits or middles; None for the intervals as they are.
    top
        Take so many with the best scores; None for all.
    strand
        ``"one"`` reads intervals on the reverse strand as their reverse complement, ``"both"`` all
        forward; None is ``"both"`` for DNA and ``"one"`` for RNA.
    alphabet
        DNA or RNA; None is DNA.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` as N.
    remarks
        Gets one sentence for each kind of oddity found.

    Raises
    ------
    SeqcnnError
        A file cannot be read, no interval lies in the genome, or an argument is out of range.
    """
    letters = DNA if alphabet is None else get_alphabet(alphabet)
    if letters not in (DNA, RNA):
        raise SeqcnnError(f"`alphabet` is {letters.name!r}, but a genome holds dna, or rna")
    if strand not in (None, "both", "one"):
        raise SeqcnnError(f"`strand` is {strand!r}, it must be 'both' or 'one'")
    genome = genome if isinstance(genome, Genome) else open_genome(genome)
    placed = place_intervals(
        parse_bed(content, path, remarks), genome, window=window, path=path, remarks=remarks
    )
    if top is not None:
        placed = best_intervals(placed, top, path=path, remarks=remarks)
    stranded = strand == "one" or (strand is None and not letters.double_stranded)
    if stranded:
        _remark_on_strands(placed, remarks)
    found = genome.fetch(placed, stranded=stranded, alphabet=letters, mask=mask)
    check_sequences(found, path, remarks)
    return found


def _remark_on_strands(intervals: IntervalSet, remarks: list[str]) -> None:
    unknown = np.count_nonzero(intervals.strand == 0)
    if unknown:
        remarks.append(
            f"intervals without a strand, read forward: {unknown:,} of {len(intervals):,}"
        )
