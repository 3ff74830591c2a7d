"""Known motifs beside those that were found: one row for each group of like ones."""

import math
from typing import Any

import numpy as np

from seqcnn.discovery.known import KnownGroup, known_groups
from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.motifs.compare import Match
from seqcnn.motifs.data import load_database
from seqcnn.report.logos import row_logo
from seqcnn.report.tables import full_name
from seqcnn.stats.logspace import format_log10

SHOWN = 20
"""Groups in the table; those that motifs are named after stand there too."""

NAMED = 6
"""Other members of a group that are named; all stand beside the number of them."""

ELSEWHERE = 1000
"""Significant known motifs that are grouped, at most."""


LARGEST_Q = 0.05
"""A motif is called like a known one up to this false discovery rate."""

TAXA = ("vertebrates", "plants", "fungi", "insects", "nematodes", "diatoms", "urochordates")
"""Groups of `seqcnn.motifs.data.load_database`."""


def like(motif: DiscoveredMotif) -> Match | None:
    """Give the known motif that a motif is like; None if the likeness may be chance."""
    log10_q = motif.match_log10_q
    return motif.best_match if log10_q is not None and 10.0**log10_q <= LARGEST_Q else None


def taxa_of(database: str) -> dict[str, str]:
    """Say of which taxon each motif of a database is, by its name; nothing of a motif file."""
    name, _, taxon = database.partition(":")
    if name != "jaspar":
        return {}
    taxa = (taxon,) if taxon else TAXA
    return {motif.name: taxon for taxon in taxa for motif in load_database(name, taxon)}


def ratio_of(motif: DiscoveredMotif) -> dict[str, float | None]:
    """Give an odds ratio with its interval; None for what is no finite number."""
    ratio = motif.family.odds_ratio.to_dict()
    return {name: x if math.isfinite(x) else None for name, x in ratio.items()}


def groups_of(found: Discovery, e_value: float) -> list[KnownGroup]:
    """Group the significant known motifs that are alike."""
    significant = [m for m in found.known if m.log10_e <= np.log10(e_value)]
    return known_groups(significant[:ELSEWHERE], both_strands=found.facts["strand"] == "both")


def shown_groups(
    groups: list[KnownGroup], motifs: tuple[DiscoveredMotif, ...], taxa: dict[str, str]
) -> list[dict[str, Any]]:
    """Say what stands in each row of the table.

    Parameters
    ----------
    groups
        In rank order.
    motifs
        Those that were found.
    taxa
        The taxon of each known motif, where it is known.
    """
    rows = []
    for rank, group in enumerate(groups, 1):
        alike = [m for m in motifs if _explains(group, m)]
        if rank <= SHOWN or alike:
            rows.append(_row(rank, group, alike) | {"taxon": taxa.get(group.lead.motif.name)})
    return rows


def anchor_of(groups: list[KnownGroup], motif: DiscoveredMotif) -> str | None:
    """Name the row of the known motif that a motif is most like; None if it is not significant."""
    return next((_anchor(rank) for rank, g in enumerate(groups, 1) if _explains(g, motif)), None)


def _explains(group: KnownGroup, motif: DiscoveredMotif) -> bool:
    match = like(motif)
    return match is not None and any(m.motif.name == match.target.name for m in group.members)


def _anchor(rank: int) -> str:
    return f"known-{rank}"


def _row(rank: int, group: KnownGroup, alike: list[DiscoveredMotif]) -> dict[str, Any]:
    lead = group.lead
    hits, total, control_hits, control_total = lead.family.table
    others = [m.motif.alternative_name or m.motif.name for m in group.members[1:]]
    others = list(dict.fromkeys(others))
    return {
        "anchor": _anchor(rank),
        "rank": rank,
        "name": full_name(lead.motif),
        "logo": row_logo(lead.motif),
        "others": ", ".join(others[:NAMED]),
        "more": max(len(others) - NAMED, 0),
        "all": ", ".join(others),
        "alike": [m.motif.name for m in alike],
        "share": hits / total,
        "control_share": control_hits / max(control_total, 1),
        "ratio": ratio_of(lead),
        "e_value": format_log10(lead.log10_e),
        "log10_e": lead.log10_e,
        "p_value": format_log10(lead.family.best.result.log10_p),
        "auroc": lead.family.auroc,
        "flags": list(lead.flags),
    }
