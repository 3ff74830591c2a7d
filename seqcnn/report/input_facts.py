"""What went in: numbers and figures on the sequences."""

from typing import Any

import numpy as np

from seqcnn.discovery.result import Discovery
from seqcnn.report.figures import Steps, axes_around, plot
from seqcnn.seq.record import SequenceSet

BINS = 25
"""Parts of a histogram."""


def input_facts(found: Discovery) -> dict[str, Any]:
    """Count sequences, letters and duplicates, and draw lengths and GC.

    Parameters
    ----------
    found
        A run.

    Returns
    -------
    dict
        ``rows``, pairs of what and how much; ``figures``, SVG texts.
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
    figures = [_histogram(lengths.astype(float), "letters", "Lengths of the sequences")]
    if sequences.alphabet.letters in ("ACGT", "ACGU"):
        shares = 100 * gc_shares(sequences)
        rows.append(("GC", f"mean {shares.mean():.1f} %, standard deviation {shares.std():.1f} %"))
        figures.append(_histogram(shares, "% G or C", "GC of the sequences"))
    return {"rows": rows, "figures": figures}


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
    return plot([Steps("sequences", edges, counts)], axes, label=label)
