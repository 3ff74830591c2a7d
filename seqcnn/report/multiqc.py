"""Files that MultiQC shows without any configuration: statistics, the motifs, versions."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqcnn import __version__
from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.report.known import like
from seqcnn.report.record import package_versions
from seqcnn.report.tables import full_name
from seqcnn.seq.io.files import atomic_write
from seqcnn.stats.logspace import format_log10

MOTIFS = "seqcnn_mqc.json"
STATISTICS = "seqcnn_statistics_mqc.json"
VERSIONS = "seqcnn_mqc_versions.yml"
FILES = (MOTIFS, STATISTICS, VERSIONS)
"""What is written; the names are those that MultiQC looks for."""

ABOUT = (
    "Motifs that tell the sequences from their control, each tested on sequences that it was not "
    "found on. The E-value is the number of motifs as good as this one to expect in sequences "
    "without any."
)

MOTIF_HEADERS = {
    "consensus": {"title": "Consensus", "description": "In IUPAC letters", "scale": False},
    "minus_log10_e": {
        "title": "-log10 E",
        "description": "Minus log10 of the E-value",
        "min": 0,
        "format": "{:,.1f}",
        "scale": "Blues",
    },
    "e_value": {"title": "E-value", "description": "As in motifs.tsv", "scale": False},
    "sites": {
        "title": "With a site",
        "description": "Share of the sequences with a site",
        "suffix": "%",
        "min": 0,
        "max": 100,
        "format": "{:,.1f}",
        "scale": "Greens",
    },
    "control": {
        "title": "Control",
        "description": "Share of the control with a site",
        "suffix": "%",
        "min": 0,
        "max": 100,
        "format": "{:,.1f}",
        "scale": "Oranges",
    },
    "auroc": {
        "title": "AUROC",
        "description": "How well the best site alone tells sequences from control",
        "min": 0.5,
        "max": 1,
        "format": "{:,.3f}",
        "scale": "Purples",
    },
    "match": {
        "title": "Like",
        "description": "The known motif that it is most like, if at q <= 0.05",
        "scale": False,
    },
    "flags": {"title": "Flags", "description": "Reasons for doubt", "scale": False},
}
"""Columns of the table of motifs, as MultiQC has them."""

STATISTIC_HEADERS = {
    "sequences": {
        "title": "Sequences",
        "description": "Sequences that were read",
        "format": "{:,.0f}",
        "scale": "Greys",
    },
    "motifs": {
        "title": "Motifs",
        "description": "Significant motifs",
        "format": "{:,.0f}",
        "scale": "Blues",
    },
    "motif": {
        "title": "Leading motif",
        "description": "The most significant motif without a flag: consensus, or the known motif "
        "that it is like",
        "scale": False,
    },
    "auroc": {
        "title": "AUROC",
        "description": "How well networks tell sequences that they never saw from the control",
        "min": 0.5,
        "max": 1,
        "format": "{:,.3f}",
        "scale": "Purples",
    },
}
"""Columns among the general statistics."""


def write_multiqc(found: Discovery, folder: Path, sample: str) -> None:
    """Write the files of one run.

    Parameters
    ----------
    found
        What `seqcnn.discover` gave.
    folder
        Where the files go; there must not be those of another run.
    sample
        What the run is called in a report of many.
    """
    _write_json(folder / MOTIFS, motif_section(found, sample))
    _write_json(folder / STATISTICS, statistics(found, sample))
    with atomic_write(folder / VERSIONS) as handle:
        handle.write(versions_yaml({"seqcnn": __version__, **package_versions()}))


def motif_section(found: Discovery, sample: str) -> dict[str, Any]:
    """Make the section with one row a motif; without motifs it says so."""
    sample = _text(sample)
    rows = {f"{sample} {m.motif.name}": _motif_row(m) for m in found.motifs}
    section = {
        "id": "seqcnn_motifs",
        "section_name": "seqcnn: motifs",
        "description": ABOUT,
        "plot_type": "table",
        "pconfig": {
            "id": "seqcnn_motifs_table",
            "title": "seqcnn: motifs",
            "col1_header": "Sample and motif",
            "namespace": "seqcnn",
            "no_violin": True,
            "sort_rows": False,
        },
        "headers": MOTIF_HEADERS,
        "data": rows,
    }
    if not rows:  # a table without rows would be left out, as if seqcnn had never run
        section["headers"] = {"consensus": MOTIF_HEADERS["consensus"]}
        section["data"] = {sample: {"consensus": "no significant motif"}}
    return section


def statistics(found: Discovery, sample: str) -> dict[str, Any]:
    """Make the columns among the general statistics: one row for this run."""
    lead = next((m for m in found.motifs if not m.flags), None)
    row: dict[str, Any] = {"sequences": len(found.sequences), "motifs": len(found.motifs)}
    if lead is not None:
        row["motif"] = _text(_called(lead))
    if found.holdout is not None:
        row["auroc"] = round(found.holdout.auroc.value, 4)
    return {
        "id": "seqcnn_statistics",
        "plot_type": "generalstats",
        "headers": STATISTIC_HEADERS,
        "data": {_text(sample): row},
    }


def versions_yaml(versions: Mapping[str, str]) -> str:
    """Write versions as nf-core does; quoted, as 1.10 would be read as the number 1.1.

    Examples
    --------
    >>> print(versions_yaml({"seqcnn": "1.10"}), end="")
    seqcnn:
      seqcnn: "1.10"
    """
    lines = [f"  {name}: {json.dumps(version)}" for name, version in versions.items()]
    return "\n".join(["seqcnn:", *lines, ""])


def _motif_row(m: DiscoveredMotif) -> dict[str, Any]:
    hits, total, control_hits, control_total = m.family.table
    match = like(m)
    return {
        "consensus": m.motif.consensus,
        "minus_log10_e": round(-m.log10_e, 2),
        "e_value": format_log10(m.log10_e),
        "sites": round(100 * hits / max(total, 1), 2),
        "control": round(100 * control_hits / max(control_total, 1), 2),
        "auroc": round(m.family.auroc, 4),
        "match": "" if match is None else _text(full_name(match.target)),
        "flags": ", ".join(flag.replace("_", " ") for flag in m.flags),
    }


def _called(m: DiscoveredMotif) -> str:
    match = like(m)
    if match is None:
        return m.motif.consensus
    return match.target.alternative_name or match.target.name


def _text(text: str) -> str:
    """Make a name harmless: MultiQC writes cells into its page as they are."""
    return html.escape("".join(c for c in text if c.isprintable())[:200]) or "seqcnn"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with atomic_write(path) as handle:
        handle.write(json.dumps(content, indent=2) + "\n")
