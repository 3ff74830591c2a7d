"""Where in the sequences the sites of motifs lie: counts, and what an even spread would give."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from seqcnn.discovery.result import Discovery
from seqcnn.motifs.overlaps import best_of_sequence
from seqcnn.report.figures import bar_figure
from seqcnn.stats.logspace import format_log10
from seqcnn.stats.tests import binomial_log10_p

BINS = 20
"""Parts of a sequence, from its start to its end."""


@dataclass(frozen=True, eq=False)
class Positions:
    """The best sites of a motif, by their relative position in their sequences.

    Parameters
    ----------
    motif
        Its name.
    counts
        int64 (bins,): sites in each bin, one a sequence.
    shares
        float64 (bins,): share of all places that each bin has.
    log10_p
        float64 (bins,): of a one-sided binomial test of each bin, not corrected for their number.
    """

    motif: str
    counts: np.ndarray
    shares: np.ndarray
    log10_p: np.ndarray

    @property
    def fullest(self) -> int:
        """The bin that departs most from an even spread."""
        return int(np.argmin(self.log10_p))

    @property
    def least_log10_p(self) -> float:
        """log10 of the least p-value times the number of bins, 0 at most."""
        return min(0.0, float(self.log10_p.min() + np.log10(len(self.log10_p))))


def positions_of(found: Discovery, bins: int = BINS) -> Iterator[Positions]:
    """Count the best site of each sequence by its position, one motif after the other."""
    best, lengths = best_of_sequence(found.distinct_sites()), found.sequences.lengths
    for i, m in enumerate(found.motifs):
        rows = np.flatnonzero(best.motif == i)
        room = np.maximum(lengths[best.sequence[rows]] - m.motif.width + 1, 1)
        counts = np.bincount(best.start[rows] * bins // room, minlength=bins)
        shares = _bin_shares(room, bins)
        log10_p = [
            binomial_log10_p(int(count), len(rows), float(share))
            for count, share in zip(counts, shares, strict=True)
        ]
        yield Positions(m.motif.name, counts, shares, np.array(log10_p))


def histogram(positions: Positions) -> Markup:
    """Draw the counts as bars, and what an even spread would give as a line."""
    total, bin_ = int(positions.counts.sum()), positions.fullest
    expected = positions.shares * total
    return bar_figure(
        positions.counts,
        expected,
        label=f"Best sites of {positions.motif} from the start of the sequences to their end: most "
        f"beyond an even spread in part {bin_ + 1} of {len(expected)}, "
        f"{positions.counts[bin_]} of {total} where {expected[bin_]:.1f} are expected, "
        f"p = {format_log10(positions.least_log10_p)}",
    )


def _bin_shares(room: np.ndarray, bins: int) -> np.ndarray:
    """Share of the places that fall into each bin, float64 (bins,), over all sequences."""
    shares = np.zeros(bins)
    for places, number in zip(*np.unique(room, return_counts=True), strict=True):
        counts = np.bincount(np.arange(places) * bins // places, minlength=bins)
        shares += number * counts / places
    return shares / max(len(room), 1)
