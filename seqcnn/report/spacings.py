"""Motifs that keep a distance from each other, in words."""

from collections.abc import Sequence
from typing import Any

from seqcnn.discovery.result import Discovery
from seqcnn.motifs.pairs import Pair
from seqcnn.stats.logspace import format_log10

LARGEST_Q = 0.05
"""False discovery rate up to which a pair is shown."""

SHOWN = 30
"""Rows of the table at most; `pairs.tsv` has all."""


def significant_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Take the pairs up to `LARGEST_Q`."""
    return [pair for pair in pairs if 10.0**pair.log10_q <= LARGEST_Q]


def shown_pairs(found: Discovery, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Say what stands in each row of the table.

    Parameters
    ----------
    found
        Whose motifs they are.
    pairs
        The significant ones, in rank order.
    """
    names = [m.motif.name for m in found.motifs]
    return [
        {
            "motifs": (names[pair.first], names[pair.second]),
            "orientation": _in_words(pair, names, both_strands=found.facts["strand"] == "both"),
            "spacing": pair.spacing,
            "observed": pair.observed,
            "expected": f"{pair.expected:.3g}",
            "p_value": format_log10(pair.log10_p),
            "q_value": format_log10(pair.log10_q),
        }
        for pair in pairs[:SHOWN]
    ]


def _in_words(pair: Pair, names: Sequence[str], *, both_strands: bool) -> str:
    """Read an orientation such as ``"+-:ba"`` from left to right."""
    signs, _, side = pair.orientation.partition(":")
    order = (pair.first, pair.second) if side == "ab" else (pair.second, pair.first)
    if not both_strands:
        return f"{names[order[0]]}, then {names[order[1]]}"
    ways = ("forward" if sign == "+" else "reversed" for sign in signs)
    left, right = (f"{names[i]} {way}" for i, way in zip(order, ways, strict=True))
    return f"{left}, then {right}"
