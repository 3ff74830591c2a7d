"""What the page says on each motif beyond its row: sites, scores, company, examples."""

import math
from typing import Any

import numpy as np
from markupsafe import Markup

from seqcnn.discovery.result import Discovery
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.overlaps import best_of_sequence
from seqcnn.report.figures import Line, Steps, axes_around, plot
from seqcnn.report.positions import Positions
from seqcnn.stats.fdr import benjamini_hochberg
from seqcnn.stats.logspace import format_log10
from seqcnn.stats.tests import fisher_log10_p

SHOWN_SITES = 20
"""Sites of a motif that are listed; `sites.tsv` has all."""

FLANK = 12
"""Letters that are shown on either side of a site."""

COMPANY = 8
"""Other motifs that are shown beside one: those whose company is least like chance."""

SCORE_BINS = 40
"""Parts of the histogram of scores."""


def site_rows_of(found: Discovery, number: int) -> list[dict[str, Any]]:
    """List the best sites of a motif with the letters around them, as the motif reads.

    Parameters
    ----------
    found
        A run.
    number
        Which motif.
    """
    sites = found.sites
    rows = np.flatnonzero(sites.motif == number)
    order = np.lexsort((sites.start[rows], sites.sequence[rows], -sites.score[rows]))
    return [_site_row(sites, int(row)) for row in rows[order[:SHOWN_SITES]]]


def _site_row(sites: Hits, row: int) -> dict[str, Any]:
    hit, sequence = sites[row], sites.sequences[int(sites.sequence[row])]
    alphabet = sites.sequences.alphabet
    before = sequence[max(0, hit.start - FLANK) : hit.start]
    after = sequence[hit.end : hit.end + FLANK]
    if hit.strand == "-":
        before, after = alphabet.reverse_complement(after), alphabet.reverse_complement(before)
    return {
        "sequence": hit.sequence,
        "start": hit.start,
        "end": hit.end,
        "strand": hit.strand,
        "score": f"{hit.score:.1f}",
        "p_value": format_log10(float(sites.log10_p_value[row])),
        "before": alphabet.decode(before),
        "matched": hit.matched,
        "after": alphabet.decode(after),
    }


def score_figure(found: Discovery, number: int) -> Markup | None:
    """Draw how the best sites of a motif score in foreground and control."""
    if found.scores is None:
        return None
    name = found.motifs[number].motif.name
    sides = [
        s[number][np.isfinite(s[number])] for s in (found.scores.foreground, found.scores.control)
    ]
    if not all(map(len, sides)):
        return None
    both = np.concatenate(sides)
    edges = np.linspace(both.min(), max(both.max(), both.min() + 1e-3), SCORE_BINS + 1)
    shares = [100 * np.histogram(side, edges)[0] / len(side) for side in sides]
    own = found.sites.score[found.sites.motif == number]
    axes = axes_around(
        "score of the best site, bits", "% of sequences", edges, np.concatenate(shares)
    )
    layers: list[Any] = [Steps("sequences", edges, shares[0]), Steps("control", edges, shares[1])]
    label = (
        f"Scores of the best site of {name}: median {np.median(sides[0]):.1f} bits in the "
        f"sequences, {np.median(sides[1]):.1f} in the control"
    )
    if len(own):
        limit = float(own.min())
        layers.append(Line("site from", [limit, limit], axes.y))
        label += f"; a site from {limit:.1f} on"
    return plot(layers, axes, label=label)


def position_figure(positions: Positions) -> Markup:
    """Draw where in the sequences the best sites of a motif lie, with what an even spread gives."""
    total, bins = int(positions.counts.sum()), len(positions.counts)
    edges = np.linspace(0, 100, bins + 1)
    expected = positions.shares * total
    axes = axes_around(
        "place in the sequence, % from its start",
        "best sites",
        edges,
        np.concatenate([positions.counts, expected]),
    )
    layers = [Steps("sites", edges, positions.counts), Steps("even spread", edges, expected)]
    at = positions.fullest
    label = (
        f"Best sites of {positions.motif} by place: {positions.counts[at]} of {total} lie between "
        f"{edges[at]:.0f} and {edges[at + 1]:.0f} % of the sequences, {expected[at]:.1f} expected"
    )
    return plot(layers, axes, label=label)


def company(found: Discovery) -> list[list[dict[str, Any]]]:
    """Say for each motif how often every other one has a site in the same sequence.

    Each sequence counts once, near-duplicates not at all. The p-value is Fisher's, one-sided for
    more company than chance where that is seen, else for less; q is over all pairs of the run.
    """
    tables = _tables(found)
    pairs = sorted(tables)
    more = {pair: t[0] * t[3] >= t[1] * t[2] for pair, t in tables.items()}
    log10_p = [_log10_p(tables[pair], more[pair]) for pair in pairs]
    log10_q = dict(zip(pairs, benjamini_hochberg(np.array(log10_p)), strict=True))
    names = [m.motif.name for m in found.motifs]

    def row(i: int, j: int) -> dict[str, Any]:
        pair = min(i, j), max(i, j)
        return _company_row(tables[pair], names[j], turned=i > j, log10_q=log10_q[pair])

    def nearest(i: int) -> list[int]:
        others = [j for j in range(len(names)) if j != i]
        return sorted(others, key=lambda j: log10_q[min(i, j), max(i, j)])[:COMPANY]

    return [[row(i, j) for j in nearest(i)] for i in range(len(names))]


def _tables(found: Discovery) -> dict[tuple[int, int], tuple[int, int, int, int]]:
    """Count sequences with both motifs, the first, the second, or neither, for each pair."""
    analysed = [row.sequence for row in found.folds if row.role == "analysed"]
    best = best_of_sequence(found.distinct_sites())
    has = np.zeros((len(found.motifs), len(found.sequences)), bool)
    has[best.motif, best.sequence] = True
    has = has[:, analysed]
    return {
        (i, j): (
            int((has[i] & has[j]).sum()),
            int((has[i] & ~has[j]).sum()),
            int((~has[i] & has[j]).sum()),
            int((~has[i] & ~has[j]).sum()),
        )
        for i in range(len(has))
        for j in range(i + 1, len(has))
    }


def _log10_p(table: tuple[int, int, int, int], more: bool) -> float:
    a, b, c, d = table
    # both ends are looked at, so the smaller one counts twice
    one_sided = fisher_log10_p(a, b, c, d) if more else fisher_log10_p(b, a, d, c)
    return min(0.0, one_sided + math.log10(2))


def _company_row(
    table: tuple[int, int, int, int], name: str, *, turned: bool, log10_q: float
) -> dict[str, Any]:
    both, first, second, _ = table
    own, other = (both + second, both + first) if turned else (both + first, both + second)
    total = sum(table)
    expected = own * other / max(total, 1)
    return {
        "motif": name,
        "both": both,
        "own": own,
        "expected": f"{expected:.1f}",
        "more": both >= expected,
        "q_value": format_log10(log10_q),
        "significant": bool(log10_q <= math.log10(0.05)),
    }
