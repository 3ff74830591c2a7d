"""The output folder of a run: every file, and in which order it is written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqcnn.discovery.result import Discovery
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.logo import logo_svg
from seqcnn.motifs.match_files import write_comparisons
from seqcnn.motifs.pairs import spaced_pairs
from seqcnn.networks.weights import save_model
from seqcnn.report import tables
from seqcnn.report.content import content_of
from seqcnn.report.finish import add_page, write_json, write_record
from seqcnn.report.folder import output_folder
from seqcnn.report.record import RunRecord
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
        The report; where it could not be made, a `SeqcnnWarning` says why.

    Raises
    ------
    SeqcnnError
        `out` is not empty and not to be replaced, or cannot be written.
    """
    record = RunRecord("discover (Python)", {}, [], datetime.now(UTC))
    with output_folder(Path(out), force=force) as folder:
        write_run(found, folder, record)
    write_page(found, Path(out), record)
    return Path(out) / "report.html"


def write_run(found: Discovery, folder: Path, record: RunRecord) -> None:
    """Write all results of a run of `discover`, and `run.json`; the page comes after that."""
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
    write_json(folder / "metrics.json", metrics(found))
    write_record(folder, record, **run_facts(found))


def write_page(found: Discovery, folder: Path, record: RunRecord) -> bool:
    """Write the page of a run whose results are in place, and tell whether that went well."""
    return add_page(folder, lambda: content_of(found, record, spaced_pairs(found.distinct_sites())))


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


def run_facts(found: Discovery) -> dict[str, Any]:
    """Collect what is remembered of a run of `discover` beside what is of every run."""
    return {
        "facts": found.facts,
        "notes": list(found.notes),
        "motifs": len(found.motifs),
        "tests": len(found.tests),
        "known_tests": sum(len(m.family.tests) for m in found.known),
        "site_p_values": {m.motif.name: format_log10(m.threshold_log10_p) for m in found.motifs},
    }


def _write_logos(found: Discovery, folder: Path) -> None:
    folder.mkdir()
    for m in found.motifs:
        with atomic_write(folder / f"{m.motif.name}.svg") as handle:
            handle.write(logo_svg(m.motif))
