"""Write values along places: as bedGraph, or as BED of the stretches that are called."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcnn.seq.intervals import Interval
from seqcnn.seq.io.files import atomic_write

DIGITS = 4
"""Of the values: what differs by less is written as one stretch."""


def write_bedgraph(
    path: str | Path, places: Sequence[Interval], values: Sequence[np.ndarray]
) -> None:
    """Write values, a line for each stretch of equal ones.

    Parameters
    ----------
    path
        To write; ``-`` is standard output.
    places
        Where the values lie; where places overlap, their mean is written.
    values
        For each place float (length,), in the order in which its letters are read.
    """
    with atomic_write(path) as handle:
        for name, start, track in joined(places, values):
            rounded = np.round(track, DIGITS)
            for low, high in _stretches(rounded):
                if np.isfinite(rounded[low]):
                    handle.write(f"{name}\t{start + low}\t{start + high}\t{rounded[low]:g}\n")


def write_called(
    path: str | Path,
    places: Sequence[Interval],
    values: Sequence[np.ndarray],
    *,
    threshold: float = 0.5,
) -> None:
    """Write the stretches whose values reach a threshold, as BED with a score out of 1,000.

    Parameters
    ----------
    path, places, values
        As for `write_bedgraph`.
    threshold
        Least value; the score is 1,000 times the largest value of a stretch.
    """
    with atomic_write(path) as handle:
        number = 0
        for name, start, track in joined(places, values):
            called = np.nan_to_num(track) >= threshold
            for low, high in _stretches(called):
                if called[low]:
                    number += 1
                    score = min(1000, round(1000 * float(track[low:high].max())))
                    place = f"{name}\t{start + low}\t{start + high}"
                    handle.write(f"{place}\tsite_{number}\t{score}\t.\n")


def joined(
    places: Sequence[Interval], values: Sequence[np.ndarray]
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Lay values along chromosomes, the mean where several fall on one letter.

    Yields
    ------
    name : str
        Of the chromosome, in the order in which they come first.
    start : int
        Of what is covered.
    values : numpy.ndarray
        float64, NaN in gaps.
    """
    rows: dict[str, list[int]] = {}
    for number, place in enumerate(places):
        rows.setdefault(place.chromosome, []).append(number)
    for name, numbers in rows.items():
        start = min(places[i].start for i in numbers)
        length = max(places[i].end for i in numbers) - start
        total, times = np.zeros(length), np.zeros(length, np.int32)
        for i in numbers:
            place, track = places[i], values[i]
            at = slice(place.start - start, place.end - start)
            total[at] += track[::-1] if place.strand == "-" else track
            times[at] += 1
        yield name, start, np.where(times > 0, total / np.maximum(times, 1), np.nan)


def _stretches(track: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of equal values; NaN equals NaN."""
    if not len(track):
        return
    known = np.nan_to_num(track.astype(np.float64), nan=-1.0)
    borders = np.flatnonzero(np.diff(known)) + 1
    yield from zip([0, *borders.tolist()], [*borders.tolist(), len(track)], strict=True)
