"""What went in: numbers and figures on the sequences."""

from typing import Any

import numpy as np

from seqcnn.discovery.result import Discovery
from seqcnn.report.figures import Steps, axes_around, plot
from seqcnn.seq.record import SequenceSet

BINS = 25
"""Parts of a histogram."""

FEW = 100
"""Distinct sequences below which a reader is warned."""

MANY_COPIES, MANY_AMBIGUOUS = 0.1, 0.05
"""Shares of near-duplicates, and of ambiguous letters, above which a reader is warned."""

UNEVEN = 4
"""The longest sequence has so many times the median before a reader is warned."""


def input_facts(found: Discovery) -> dict[str, Any]:
    """Count sequences, letters and duplicates, and draw lengths and GC.

    Parameters
    ----------
    found
        A run.

    Returns
    -------
    dict
        ``rows``, pairs of what and how much; ``figures``, SVG texts; ``warnings``, sentences.
    """
    sequences = found.sequences
    lengths, size = sequences.lengths, sequences.alphabet.size
    plain = int((sequences.codes < size).sum())
    folds = np.bincount([r.fold for r in found.folds if r.role == "analysed"])
    duplicates = len(sequences) - found.facts["groups"]
    rows = [
        ("sequences", f"{len(sequences):,}"),
        ("near-duplicates of others, which count once", f"{duplicates:,}"),
        ("in each half", " and ".join(f"{n:,}" for n in folds.tolist())),
        ("letters", f"{len(sequences.codes):,} ({sequences.alphabet.name})"),
        ("ambiguous letters", f"{len(sequences.codes) - plain:,}"),
        (
            "length",
            f"median {np.median(lengths):,.0f}, from {lengths.min():,} to {lengths.max():,}",
        ),
    ]
    figures = []
    if lengths.min() < lengths.max():
        figures.append(_histogram(lengths.astype(float), "letters", "Lengths of the sequences"))
    if sequences.alphabet.letters in ("ACGT", "ACGU"):
        shares = 100 * gc_shares(sequences)
        rows.append(("GC", f"mean {shares.mean():.1f} %, standard deviation {shares.std():.1f} %"))
        figures.append(_histogram(shares, "% G or C", "GC of the sequences"))
    return {"rows": rows, "figures": figures, "warnings": input_warnings(found)}


def input_warnings(found: Discovery) -> list[str]:
    """Say what of the sequences themselves a reader should know before trusting a motif."""
    sequences, groups = found.sequences, found.facts["groups"]
    lengths = sequences.lengths
    ambiguous = float((sequences.codes >= sequences.alphabet.size).mean())
    copies, median = 1 - groups / len(sequences), float(np.median(lengths))
    told = []
    if groups < FEW:
        told.append(
            f"{groups:,} distinct sequences are few: motifs that are not in most of them may be "
            f"missed, and intervals are wide."
        )
    if copies > MANY_COPIES:
        told.append(
            f"{copies:.0%} of the sequences are near-duplicates of others. They count once, but "
            f"ask where they come from: repeats, overlapping peaks, PCR."
        )
    if ambiguous > MANY_AMBIGUOUS:
        told.append(f"{ambiguous:.0%} of the letters are ambiguous; no site can lie there.")
    if lengths.max() > UNEVEN * median:
        told.append(
            f"Lengths differ widely (median {median:,.0f}, largest {lengths.max():,}): long "
            f"sequences have more sites by chance."
        )
    return told


def gc_shares(sequences: SequenceSet) -> np.ndarray:
    """Compute the share of G and C among the plain letters of each sequence, float64 (n,)."""
    alphabet = sequences.alphabet
    counted = np.isin(sequences.codes, alphabet.encode("GC")).astype(float)
    plain = (sequences.codes < alphabet.size).astype(float)
    sums = [
        np.diff(np.concatenate([[0.0], np.cumsum(values)])[sequences.offsets])
        for values in (counted, plain)
    ]
    return sums[0] / np.maximum(sums[1], 1)


def _histogram(values: np.ndarray, x_label: str, label: str) -> str:
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, BINS, (low, high))
    axes = axes_around(x_label, "sequences", edges, counts)
    label = (
        f"{label}: median {np.median(values):.4g}, from {values.min():.4g} to {values.max():.4g}"
    )
    return plot([Steps("", edges, counts)], axes, label=label)
