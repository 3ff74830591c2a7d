"""Windows on a genome: intervals of a file become places that the genome has."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.genome import Genome
from seqcnn.seq.interval_set import IntervalSet

_log = logging.getLogger(__name__)

MITOCHONDRION = {"m", "mt", "mito", "mitochondrion"}
"""What files call the chromosome of mitochondria, ``chr`` apart."""

_SHOWN = 3


def centred(intervals: IntervalSet, window: int) -> IntervalSet:
    """Cut windows of one length around summits, or around middles where no summit is known.

    The letter at the summit is letter ``window // 2`` of its window, from 0.

    Parameters
    ----------
    window
        Letters, 1 or more.

    Raises
    ------
    SeqcnnError
        `window` is below 1.

    Examples
    --------
    >>> from seqcnn.seq.intervals import Interval
    >>> list(centred(IntervalSet.from_intervals([Interval("1", 100, 200)]), 20))
    [Interval(chromosome='1', start=140, end=160, strand='.')]
    """
    if window < 1:
        raise SeqcnnError(f"`window` is {window}, it must be 1 or more letters")
    middle = (intervals.start + intervals.end) // 2
    start = np.where(intervals.summit >= 0, intervals.summit, middle) - window // 2
    return replace(intervals, start=start, end=start + window)


def place_intervals(
    intervals: IntervalSet,
    genome: Genome,
    *,
    window: int | None = None,
    path: str | Path,
    remarks: list[str],
) -> IntervalSet:
    """Find the intervals that a genome has; say of the others why they are left out.

    Parameters
    ----------
    intervals
        As read; ``chr1`` is ``1`` and ``chrM`` is ``MT`` if the genome calls it so.
    genome
        Where they belong.
    window
        Letters of the windows to cut around summits or middles; None for the intervals as they are.
    path
        The file of the intervals, for messages.
    remarks
        Gets one sentence for each reason to leave some out.

    Returns
    -------
    IntervalSet
        Within the genome, with its names of chromosomes, in their order.

    Raises
    ------
    SeqcnnError
        None is left.
    """
    total, dropped = len(intervals), []

    def keep(wanted: np.ndarray, why: str) -> None:
        nonlocal intervals
        if not wanted.all():
            first = intervals.ids()[int(np.argmin(wanted))]
            count = np.count_nonzero(~wanted)
            dropped.append(f"{why}: {count:,} of {total:,}, first {first}")
            intervals = intervals.select(wanted)

    places = np.array(find_chromosomes(intervals.chromosomes, genome.names), np.int64)
    keep(places[intervals.chromosome] >= 0, "intervals on chromosomes that the genome lacks")
    _note_spellings(intervals, places, genome)
    intervals = replace(
        intervals, chromosomes=genome.names, chromosome=places[intervals.chromosome]
    )
    keep(
        intervals.end <= genome.lengths[intervals.chromosome],
        "intervals past the end of their chromosome (is it the right genome?)",
    )
    if window is not None:
        intervals = centred(intervals, window)
        inside = (intervals.start >= 0) & (intervals.end <= genome.lengths[intervals.chromosome])
        keep(inside, f"windows of {window:,} letters that reach past an end of their chromosome")
    keep(intervals.lengths > 0, "intervals without letters (a window gives them some)")
    if not len(intervals):
        raise SeqcnnError(
            f"no interval lies in the genome {genome.path}, which has {_some(genome.names)}; "
            + "; ".join(dropped),
            path=path,
        )
    remarks += [f"left out: {why}" for why in dropped]
    return intervals


def find_chromosomes(names: Sequence[str], known: Sequence[str]) -> list[int]:
    """Find each name among those of a genome: as it is, or else by what it means.

    Returns
    -------
    list of int
        Positions in `known`, -1 for what it lacks or has several of.

    Examples
    --------
    >>> find_chromosomes(["chr1", "MT", "chr7"], ["1", "chrM"])
    [0, 1, -1]
    """
    exact: dict[str, int] = {}
    meant: dict[str, list[int]] = {}
    for place, name in enumerate(known):
        exact.setdefault(name, place)
        meant.setdefault(_meaning(name), []).append(place)
    found = []
    for name in names:
        alike = meant.get(_meaning(name), [])
        found.append(exact.get(name, alike[0] if len(alike) == 1 else -1))
    return found


def _meaning(name: str) -> str:
    bare = name.casefold().removeprefix("chr")
    return "m" if bare in MITOCHONDRION else bare


def _note_spellings(intervals: IntervalSet, places: np.ndarray, genome: Genome) -> None:
    """Tell which chromosomes bear other names in the genome."""
    pairs = [
        (name, genome.names[place])
        for name, place in zip(intervals.chromosomes, places.tolist(), strict=True)
        if place >= 0 and genome.names[place] != name
    ]
    if pairs:
        _log.info(
            "names of chromosomes that the genome spells differently: %s of %s, first %s for %s",
            len(pairs), len(intervals.chromosomes), pairs[0][1], pairs[0][0],
        )  # fmt: skip


def best_intervals(
    intervals: IntervalSet, number: int, *, path: str | Path, remarks: list[str]
) -> IntervalSet:
    """Take the intervals with the best scores, in the order that they are in.

    Parameters
    ----------
    number
        How many; all if there are fewer. Of equal ones the first are taken.

    Raises
    ------
    SeqcnnError
        No interval has a score, or `number` is below 1.
    """
    if number < 1:
        raise SeqcnnError(f"`top` is {number}, it must be 1 or more intervals")
    if np.isnan(intervals.score).all():
        raise SeqcnnError(
            "no interval has a score (column 5, or 7 of peaks) to choose the best by: "
            "leave --top-peaks out",
            path=path,
        )
    score = np.where(np.isnan(intervals.score), -np.inf, intervals.score)
    order = np.argsort(-score, kind="stable")
    if len(order) > number and score[order[number - 1]] == score[order[number]]:
        same = np.count_nonzero(score == score[order[number]])
        remarks.append(
            f"{same:,} intervals share the score at which the best {number:,} end: "
            f"the first in the file are taken"
        )
    return intervals.select(np.sort(order[:number]))


def _some(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
