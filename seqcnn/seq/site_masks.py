"""Sites along sequences: which letters of windows of a genome, or of others, lie in one."""

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import find_chromosomes

OUTSIDE = 255
"""Of positions behind the end of a sequence, and of letters that are N: nothing is known there."""


def homes_of(sequences: SequenceSet) -> list[Interval]:
    """Find out where each sequence lies.

    Returns
    -------
    list of Interval
        By the coordinates in its name; one without is a place of its own, from 0 to its length.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> homes_of(SequenceSet.from_strings(["ACGT"], alphabet=DNA, ids=["plasmid"]))
    [Interval(chromosome='plasmid', start=0, end=4, strand='.')]
    """
    rows = zip(sequences.ids, intervals_of(sequences), sequences.lengths.tolist(), strict=True)
    return [home or Interval(name, 0, length) for name, home, length in rows]


def mask_sites(sequences: SequenceSet, sites: IntervalSet) -> np.ndarray:
    """Mark the letters that lie in a site.

    Parameters
    ----------
    sequences
        With coordinates in their names; those of others count from the first letter of each. Of
        one on the reverse strand the first letter is that with the last coordinate.
    sites
        Of both strands alike.

    Returns
    -------
    numpy.ndarray
        uint8 (n, longest): 1 in a site, 0 elsewhere, `OUTSIDE` behind the end of a sequence and
        where the letter may be any (N, or masked): gaps of an assembly teach nothing, and would
        make any score look good.

    Raises
    ------
    SeqcnnError
        No site lies on any of the sequences.
    """
    homes = homes_of(sequences)
    names = list(dict.fromkeys(home.chromosome for home in homes))
    place_of = dict(zip(names, find_chromosomes(names, sites.chromosomes), strict=True))
    sorted_sites = {name: _merged(sites, place) for name, place in place_of.items()}
    masks = np.full((len(homes), int(sequences.lengths.max(initial=0))), OUTSIDE, np.uint8)
    for row, home in enumerate(homes):
        length = home.end - home.start
        masks[row, :length] = _marked(home, *sorted_sites[home.chromosome])
    alphabet = sequences.alphabet
    meant = enumerate(alphabet.ambiguity.values(), alphabet.size)
    masks[np.isin(sequences.padded(), [n for n, any_ in meant if len(any_) == alphabet.size])] = (
        OUTSIDE
    )
    if not (masks == 1).any():
        raise SeqcnnError(
            f"no site lies on any of the {len(sequences):,} sequences: sites are on "
            f"{_some(sites.chromosomes)}, sequences on {_some(names)}"
        )
    return masks


def _merged(sites: IntervalSet, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Join what overlaps on a chromosome: starts and ends, in order."""
    here = np.flatnonzero(sites.chromosome == place) if place >= 0 else np.zeros(0, np.int64)
    here = here[np.argsort(sites.start[here], kind="stable")]
    starts, reach = sites.start[here], np.maximum.accumulate(sites.end[here])
    first = np.ones(len(here), bool)
    first[1:] = starts[1:] > reach[:-1]
    last = np.append(np.flatnonzero(first)[1:] - 1, len(here) - 1) if len(here) else here
    return starts[first], reach[last]


def _marked(home: Interval, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    low = int(np.searchsorted(ends, home.start, "right"))
    high = int(np.searchsorted(starts, home.end, "left"))
    row = np.zeros(home.end - home.start, np.uint8)
    for start, end in zip(starts[low:high].tolist(), ends[low:high].tolist(), strict=True):
        row[max(start - home.start, 0) : end - home.start] = 1
    return row[::-1] if home.strand == "-" else row


def _some(names: object) -> str:
    listed = list(names)  # type: ignore[call-overload]
    return ", ".join(listed[:3]) + (", ..." if len(listed) > 3 else "")
