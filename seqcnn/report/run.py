"""The output folder of a run: every file, and in which order it is written."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqcnn import __version__
from seqcnn.discovery.result import Discovery
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.logo import logo_svg
from seqcnn.motifs.match_files import write_comparisons
from seqcnn.motifs.pairs import spaced_pairs
from seqcnn.networks.weights import save_model
from seqcnn.report import tables
from seqcnn.report.checksums import SCHEMA, checksums_of
from seqcnn.report.content import content_of
from seqcnn.report.folder import output_folder
from seqcnn.report.html import CONTENT, plain, render_content, write_content
from seqcnn.report.record import RunRecord, package_versions
from seqcnn.seq.intervals import intervals_of
from seqcnn.seq.io.files import atomic_write
from seqcnn.stats.logspace import format_log10


def write(found: Discovery, out: str | Path, *, force: bool = False) -> Path:
    """Write the tables, the models and the report of a run that was made in Python.

    Parameters
    ----------
    found
        What `seqcnn.discover` gave.
    out
        The output folder to be.
    force
        Whether to replace that of an earlier run.

    Returns
    -------
    pathlib.Path
        The report.

    Raises
    ------
    SeqcnnError
        `out` is not empty and not to be replaced, or cannot be written.
    """
    record = RunRecord("discover (Python)", {}, [], datetime.now(UTC))
    with output_folder(Path(out), force=force) as folder:
        write_run(found, folder, record)
    return Path(out) / "report.html"


def write_run(found: Discovery, folder: Path, record: RunRecord) -> None:
    """Write all files of a run of `discover`; the report comes last but for `run.json`."""
    strand = found.facts["strand"]
    table = tables.write_table
    table(
        folder / "motifs.tsv",
        tables.MOTIF_COLUMNS,
        tables.motif_rows(found.motifs, strand, found.sites),
    )
    table(
        folder / "candidates.tsv",
        tables.MOTIF_COLUMNS,
        tables.motif_rows(found.candidates, strand, None),
    )
    table(folder / "significance.tsv", tables.SIGNIFICANCE_COLUMNS, tables.significance_rows(found))
    table(folder / "sites.tsv", tables.SITE_COLUMNS, tables.site_rows(found.sites))
    if any(intervals_of(found.sequences)):
        table(folder / "sites.bed", (), tables.bed_rows(found.sites))
    pairs = spaced_pairs(found.distinct_sites())
    table(folder / "positions.tsv", tables.POSITION_COLUMNS, tables.position_rows(found))
    table(folder / "pairs.tsv", tables.PAIR_COLUMNS, tables.pair_rows(found, pairs))
    table(folder / "known.tsv", tables.MOTIF_COLUMNS, tables.motif_rows(found.known, strand, None))
    write_comparisons(folder / "matches.tsv", found.matches or ())
    table(folder / "folds.tsv", tables.FOLD_COLUMNS, tables.fold_rows(found))
    alphabet = found.sequences.alphabet
    write_motifs(folder / "motifs.meme", [m.motif for m in found.motifs], alphabet=alphabet)
    _write_logos(found, folder / "logos")
    if found.model is not None:
        save_model(found.model, folder / "model")
    _write_json(folder / "metrics.json", metrics(found))
    content = plain(content_of(found, record, pairs))
    write_content(folder / CONTENT, content)
    with atomic_write(folder / "report.html") as handle:
        handle.write(render_content(content))
    _write_json(folder / "run.json", run_facts(found, record) | {"files": checksums_of(folder)})


def metrics(found: Discovery) -> dict[str, Any]:
    """Numbers on the networks, from sequences that they never saw; None if there are none."""
    held = found.holdout
    if held is None:
        return {"holdout": None}
    return {
        "holdout": {
            "auroc": held.auroc.to_dict(),
            "auprc": held.auprc.to_dict(),
            "ece": held.ece,
            "composition_auroc": held.composition_auroc,
            "n_pos": len(held.positives),
            "n_neg": len(held.negatives),
        }
    }


def run_facts(found: Discovery, record: RunRecord) -> dict[str, Any]:
    """Collect what made a run what it is; all that changes from run to run is under `time`."""
    import jax

    finished = datetime.now(UTC)
    return {
        "schema": SCHEMA,
        "command": record.command,
        "seqcnn": __version__,
        "python": platform.python_version(),
        "packages": package_versions(),
        "device": jax.devices()[0].device_kind,
        "threads": thread_count(),
        "arguments": record.arguments,
        "inputs": record.inputs,
        "facts": found.facts,
        "notes": list(found.notes),
        "motifs": len(found.motifs),
        "tests": len(found.tests),
        "known_tests": sum(len(m.family.tests) for m in found.known),
        "site_p_values": {m.motif.name: format_log10(m.threshold_log10_p) for m in found.motifs},
        "status": "complete",
        "time": {
            "started": record.started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "seconds": round((finished - record.started).total_seconds(), 1),
        },
    }


def thread_count() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write_logos(found: Discovery, folder: Path) -> None:
    folder.mkdir()
    for m in found.motifs:
        with atomic_write(folder / f"{m.motif.name}.svg") as handle:
            handle.write(logo_svg(m.motif))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with atomic_write(path) as handle:
        handle.write(json.dumps(content, indent=2) + "\n")
