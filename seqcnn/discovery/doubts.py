"""Reasons to doubt a motif: flags that stand beside it, and put it behind the others."""

import numpy as np

from seqcnn.discovery.significance import Family
from seqcnn.motifs.motif import Motif

SIMPLE = 0.25
"""Bits of entropy of its letters below which a motif is low-complexity: poly-A, not a G-rich box of
a zinc finger."""

BY_COMPOSITION = 0.5
"""A motif is flagged if classes of like composition take so much of its log odds ratio away."""


def doubts_about(motif: Motif, family: Family) -> tuple[str, ...]:
    """Say why a motif may not be what it seems: the flags of `result.DiscoveredMotif`."""
    values = motif.matrix.values
    bits = motif.matrix.information()
    strong = values[bits >= 0.5 * bits.max()]
    shares = strong.mean(0)
    entropy = float(-(shares * np.log2(np.maximum(shares, 1e-12))).sum())
    flags = []
    if entropy < SIMPLE and len(strong) >= 5:
        flags.append("low_complexity")
    if _repeats(values, bits):
        flags.append("repeat")
    within, crude = (np.log(o.value) for o in (family.odds_ratio, family.crude_odds_ratio))
    if crude > 0 and within < (1 - BY_COMPOSITION) * crude:
        flags.append("composition")
    return tuple(flags)


def _repeats(values: np.ndarray, bits: np.ndarray) -> bool:
    """Whether a motif is the same few letters over and over: like itself shifted by 1 to 3."""
    width = len(values)
    x = values - 1 / values.shape[1]
    for shift in (1, 2, 3):
        if width < 3 * shift + 3:
            continue
        a, b = x[shift:], x[:-shift]
        r = (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
        if r > 0.8 and bits.mean() > 0.3:
            return True
    return False
