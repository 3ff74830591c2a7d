"""Tables: one function for each TSV file of a run."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.discovery.known import KNOWN
from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pairs import Pair
from seqcnn.report.positions import positions_of
from seqcnn.seq.intervals import intervals_of
from seqcnn.seq.io.files import atomic_write
from seqcnn.stats.logspace import format_log10

MOTIF_COLUMNS = (
    "rank id consensus width strand nsites pos_hits pos_total neg_hits neg_total odds_ratio or_low "
    "or_high p_value e_value auroc bits best_match match_q_value source flags"
).split()
SIGNIFICANCE_COLUMNS = (
    "motif fold threshold test detail pos_hits pos_total neg_hits neg_total p_value n_tests "
    "e_value given"
).split()
SITE_COLUMNS = "motif sequence start end strand score p_value matched".split()
FOLD_COLUMNS = "id fold group role".split()
PAIR_COLUMNS = "motif_a motif_b orientation spacing observed expected p_value q_value".split()
POSITION_COLUMNS = "motif bin hits p_value".split()


def write_table(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a TSV file, with a header if there are `columns`; None becomes an empty cell."""
    with atomic_write(path) as handle:
        if columns:
            handle.write("\t".join(columns) + "\n")
        for row in rows:
            handle.write("\t".join("" if cell is None else str(cell) for cell in row) + "\n")


def motif_rows(
    motifs: Sequence[DiscoveredMotif], strand: str, sites: Hits | None
) -> Iterator[list[Any]]:
    """One row a motif, in rank order; columns are `MOTIF_COLUMNS`."""
    counts = np.bincount(sites.motif, minlength=len(motifs)) if sites is not None else None
    for i, m in enumerate(motifs):
        hits, total, control_hits, control_total = m.family.table
        ratio = m.family.odds_ratio
        yield [
            i + 1,
            m.motif.name,
            m.motif.consensus,
            m.motif.width,
            strand,
            None if counts is None else counts[i],
            hits,
            total,
            control_hits,
            control_total,
            f"{ratio.value:.4g}",
            f"{ratio.low:.4g}",
            f"{ratio.high:.4g}",
            format_log10(m.family.best.result.log10_p),
            format_log10(m.log10_e),
            f"{m.family.auroc:.4f}",
            f"{m.motif.matrix.information().sum():.2f}",
            match_name(m),
            None if m.match_log10_q is None else format_log10(m.match_log10_q),
            m.family.best.candidate.source,
            ",".join(m.flags),
        ]


def match_name(motif: DiscoveredMotif) -> str | None:
    """Name the best match of the database by identifier and name; a known motif is its own."""
    if motif.family.best.candidate.source == KNOWN:
        return full_name(motif.motif)
    return None if motif.best_match is None else full_name(motif.best_match.target)


def full_name(motif: Motif) -> str:
    """Put the identifier and the name of a motif together."""
    return f"{motif.name} {motif.alternative_name}".strip()


def significance_rows(found: Discovery) -> Iterator[list[Any]]:
    """One row a test; motifs first, each with its tests, then candidates."""
    for m in (*found.motifs, *found.candidates):
        for test in m.family.tests:
            r = test.result
            yield [
                m.motif.name,
                test.fold + 1,
                f"{test.candidate.threshold:.6g}",
                r.test,
                r.detail,
                r.hits,
                r.total,
                r.control_hits,
                r.control_total,
                format_log10(r.log10_p, 6),
                test.tests,
                format_log10(test.log10_e, 6),
                test.given,
            ]


def site_rows(hits: Hits) -> Iterator[list[Any]]:
    """One row a site; starts count from 0, ends are exclusive."""
    for i, hit in enumerate(hits):
        p_value = format_log10(float(hits.log10_p_value[i]))
        yield [
            hit.motif, hit.sequence, hit.start, hit.end, hit.strand, f"{hit.score:.2f}", p_value,
            hit.matched,
        ]  # fmt: skip


def bed_rows(hits: Hits) -> list[tuple[Any, ...]]:
    """One BED line a site, by place in the genome; sequences without coordinates are left out.

    A site that several overlapping sequences have is one line. The score is -100 log10 of the
    p-value, 1000 at most.
    """
    homes = intervals_of(hits.sequences)
    lines = set()
    for i, hit in enumerate(hits):
        home = homes[hits.sequence[i]]
        if home is not None:
            site = home.part(hit.start, hit.end, hit.strand)
            score = min(1000, round(-100 * float(hits.log10_p_value[i])))
            lines.add((site.chromosome, site.start, site.end, hit.motif, score, site.strand))
    return sorted(lines)


def fold_rows(found: Discovery) -> Iterator[list[Any]]:
    """One row a sequence: where it was used."""
    for row in found.folds:
        yield [found.sequences.ids[row.sequence], row.fold + 1, row.group, row.role]


def pair_rows(found: Discovery, pairs: Sequence[Pair]) -> Iterator[list[Any]]:
    """One row a pair of motifs and distance between their sites; columns are `PAIR_COLUMNS`.

    Parameters
    ----------
    found
        Whose motifs they are.
    pairs
        In rank order.
    """
    names = [m.motif.name for m in found.motifs]
    for pair in pairs:
        yield [
            names[pair.first],
            names[pair.second],
            pair.orientation,
            pair.spacing,
            pair.observed,
            f"{pair.expected:.3g}",
            format_log10(pair.log10_p),
            format_log10(pair.log10_q),
        ]


def position_rows(found: Discovery) -> Iterator[list[Any]]:
    """One row a motif and bin of the relative position of its best site in each sequence.

    The p-value asks whether more sites lie in the bin than its share of all places.
    """
    for positions in positions_of(found):
        for number, (count, p) in enumerate(
            zip(positions.counts, positions.log10_p.tolist(), strict=True)
        ):
            yield [positions.motif, number, count, format_log10(p)]
