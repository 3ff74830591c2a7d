"""Tables of enriched motifs, and of where their sites lie."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from seqcnn.motifs.enrich import Enrichment
from seqcnn.seq.io.files import atomic_write
from seqcnn.stats.logspace import format_log10

ENRICHMENT_COLUMNS = (
    "motif pos_hits pos_total neg_hits neg_total odds_ratio or_low or_high p_value e_value q_value "
    "auroc name consensus centre_width centre_hits centre_expected centre_p_value centre_q_value "
    "test detail"
).split()
POSITION_COLUMNS = "motif bin hits expected p_value".split()


def write_enrichments(path: str | Path, found: Iterable[Enrichment]) -> None:
    """Write one row a motif; columns are `ENRICHMENT_COLUMNS`."""
    _write(path, ENRICHMENT_COLUMNS, (_enrichment_row(one) for one in found))


def write_positions(path: str | Path, found: Iterable[Enrichment]) -> None:
    """Write one row a motif and part of the sequences; columns are `POSITION_COLUMNS`."""
    _write(path, POSITION_COLUMNS, (row for one in found for row in _position_rows(one)))


def _enrichment_row(one: Enrichment) -> list[str]:
    ratio, centre = one.odds_ratio, one.centre
    tested = not math.isnan(centre.log10_p)
    return [
        one.motif.name,
        *map(str, one.table),
        *(f"{x:.4g}" for x in (ratio.value, ratio.low, ratio.high)),
        *map(format_log10, (one.log10_p, one.log10_e, one.log10_q)),
        f"{one.auroc:.4f}",
        one.motif.alternative_name,
        one.motif.consensus,
        *([str(centre.width), str(centre.hits), f"{centre.expected:.1f}"] if tested else [""] * 3),
        *map(format_log10, (centre.log10_p, one.log10_centre_q)),
        one.test,
        one.detail,
    ]


def _position_rows(one: Enrichment) -> Iterator[list[str]]:
    bins = one.bins()
    columns = bins.hits.tolist(), bins.expected.tolist(), bins.log10_p.tolist()
    for number, (hits, expected, log10_p) in enumerate(zip(*columns, strict=True)):
        yield [one.motif.name, str(number), str(hits), f"{expected:.1f}", format_log10(log10_p)]


def _write(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with atomic_write(path) as handle:
        handle.write("\t".join(columns) + "\n")
        for row in rows:
            # a name from a file may hold anything
            handle.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
