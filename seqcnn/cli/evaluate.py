"""``seqcnn evaluate``: metrics and curves of a model on sequences that it has not seen."""

import json
import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.evaluate_inputs import read_known
from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.models import check_reads_sequences
from seqcnn.cli.options import common, default_out, prepare_jax, sequences
from seqcnn.cli.page import model_files, record_of, started
from seqcnn.cli.train_report import inputs_of

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.cli.evaluate_inputs import Known
    from seqcnn.report.record import RunRecord
    from seqcnn.training.targets import Target

EXAMPLES = (
    "Examples:",
    "seqcnn evaluate model test.fa --control other.fa -o judged",
    "seqcnn evaluate model test.tsv -o judged",
)

click.rich_click.OPTION_GROUPS["* evaluate"] = [
    {
        "name": "What SEQUENCES are",
        "options": ["--control", "--classes", "--labels", "--columns", "--profile", "--weights",
                    "--group-by", "--prevalence"],
    },
    {"name": "What is read", "options": ["--alphabet", "--mask"]},
    {"name": "Intervals on a genome", "options": ["--genome", "--window", "--top-peaks"]},
    {"name": "Output", "options": ["--out", "--force", "--quiet", "--json", "--debug"]},
    {"name": "How it is run", "options": ["--seed", "--threads", "--device"]},
]  # fmt: skip

FAR = math.log(2)
"""Log-odds of two shares of positives that differ so much are worth a warning."""

logger = logging.getLogger(__name__)


@click.command(name="evaluate", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("files", metavar="SEQUENCES...", nargs=-1, required=True)
@click.option("--control", metavar="FILE|genome", help="Sequences of the other class.")
@click.option("--classes", is_flag=True, help="Each of the files SEQUENCES is a class, in the "
              "order of the classes of MODEL.")  # fmt: skip
@click.option("--labels", metavar="TSV", help="Labels of SEQUENCES, as for `seqcnn train`; not "
              "needed if SEQUENCES is a table that holds them.")  # fmt: skip
@click.option("--profile", metavar="FILE", multiple=True, help="bigWig or bedGraph of each track, "
              "in the order of those of MODEL.")  # fmt: skip
@click.option("--columns", metavar="A,B,...", help="Columns that are labels; by default those that "
              "MODEL has learnt.")  # fmt: skip
@click.option("--weights", metavar="COLUMN", help="Column that says how much each row counts.")
@click.option("--group-by", metavar="COLUMN", help="Rows of one value in this column hang "
              "together, which makes intervals wider. Near-duplicates and overlapping intervals "
              "always do.")  # fmt: skip
@click.option("--prevalence", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Share of positives that probabilities are to be for; by default that of the "
              "data that MODEL was trained on.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Output folder; by default "
              "<name of SEQUENCES>_evaluation.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files of an earlier evaluation.")
@sequences
@common
def command(
    model: str,
    files: tuple[str, ...],
    out: Path | None,
    *,
    force: bool,
    prevalence: float | None,
    seed: int,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Judge MODEL, a folder that `seqcnn train` wrote, on SEQUENCES whose labels are known.

    SEQUENCES are FASTA, FASTQ, a table with a column "sequence", or intervals with --genome; what
    they are is said by --control, --classes, --labels or --profile, or by the table. Writes
    metrics.json and metrics.tsv (with 95 % intervals, and composition alone beside), curves.tsv
    a PNG file of each curve, predictions.tsv, and report.html.
    """
    out, start = out or default_out(files[0], "_evaluation"), started()
    check_folder(out, force=force)
    prepare_jax()
    from seqcnn.networks.weights import load_model
    from seqcnn.report.finish import write_record
    from seqcnn.training.predict import refuse_positions, target_of

    loaded = load_model(model)
    check_reads_sequences(loaded, model)
    target = target_of(loaded)
    refuse_positions(target)
    strand = loaded.members[0].options.get("strand")
    known = read_known(
        target, files, loaded.alphabet, loaded.extra, strand=strand, seed=seed, **options
    )
    predicted = _predicted(loaded, target, known, prevalence)
    _warn(target, known, predicted, loaded.extra.get("prevalence", 0.5), prevalence)
    facts = _facts(loaded, target, known, predicted, seed=seed)
    with filled_folder(str(out), force=force) as folder:
        _write(folder, target, known, predicted, facts)
        record = record_of([*inputs_of(files, options), *model_files(model)], start)
        write_record(folder, record, metrics=facts["metrics"])
    _write_page(out, (target, known, predicted), facts, record)
    print(_summary(target, facts, out))


def _predicted(
    loaded: Any, target: "Target", known: "Known", prevalence: float | None
) -> "np.ndarray":
    import numpy as np

    from seqcnn.training.predict import predict, predict_profiles

    if target.kind == "profile":
        totals, shares = predict_profiles(loaded, known.sequences)
        return np.concatenate([totals[:, None].astype(np.float32), shares], axis=1)
    found = predict(loaded, known.sequences, prevalence=prevalence)
    return found.reshape(len(known.sequences), -1)


def _warn(
    target: "Target",
    known: "Known",
    predicted: "np.ndarray",
    trained: float,
    prevalence: float | None,
) -> None:
    """Say why metrics are not defined, or why probabilities cannot fit."""
    import numpy as np

    if target.kind in ("binary", "multilabel"):
        for name, column in zip(target.names, known.labels.T, strict=True):
            found = np.unique(column[np.isfinite(column)])
            if len(found) == 1:
                logger.warning(
                    "all labels of %r are %g: areas and calibration are not defined", name, found[0]
                )
    if target.kind != "binary":
        return
    share = prevalence or trained
    here = float(np.average(known.labels[:, 0], weights=known.weights))
    if 0 < here < 1 and abs(np.log(here / (1 - here)) - np.log(share / (1 - share))) > FAR:
        logger.warning(
            "%.3g of the sequences are positive, probabilities are for a share of %.3g: "
            "--prevalence %.3g makes them fit; their order is the same", here, share, here,
        )  # fmt: skip


def _facts(
    loaded: Any, target: "Target", known: "Known", predicted: "np.ndarray", *, seed: int
) -> dict[str, Any]:
    import numpy as np

    from seqcnn.stats.classification import calibration_error_limit
    from seqcnn.training.evaluation import (
        baseline_predictions,
        composition_of,
        confusion_of,
        report_of,
    )
    from seqcnn.training.metrics import main_metric
    from seqcnn.training.predict import composition_of_set

    scored, labels, weights = known.sequences, known.labels, known.weights
    strand = loaded.members[0].options.get("strand")
    both = scored.alphabet.double_stranded if strand is None else strand == "both"
    groups = known.groups(both_strands=both)
    facts: dict[str, Any] = {
        "target": target.kind,
        "main": main_metric(target),
        "sequences": len(scored),
        "groups": len(np.unique(groups)),
        "metrics": report_of(target, predicted, labels, groups, weights=weights, seed=seed),
    }
    if target.kind == "binary":
        facts["positives"] = int((labels == 1).sum())
        facts["ece_limit"] = calibration_error_limit(predicted[:, 0], weights=weights, seed=seed)
    if target.kind == "multiclass":
        facts["confusion"] = confusion_of(target, predicted, labels, weights)
    if "composition" in loaded.extra:
        features = composition_of_set(scored)
        simple = baseline_predictions(loaded.extra, target, features)
        facts["composition"] = composition_of(target, simple, labels, weights)
    return facts


def _write(
    folder: Path,
    target: "Target",
    known: "Known",
    predicted: "np.ndarray",
    facts: dict[str, Any],
) -> None:
    from seqcnn.report import evaluation
    from seqcnn.report.tables import write_table
    from seqcnn.seq.io.files import atomic_write

    labels = known.labels
    if target.kind == "profile":  # the totals of what is judged in metrics.json
        predicted, labels = predicted[:, 0], labels.sum(axis=1)
    curves: list[evaluation.Curve] = []
    for i, name in enumerate(target.names):
        if target.kind == "multiclass":
            curves += evaluation.classifier_curves(
                name, predicted[:, i], (labels[:, 0] == i).astype(float), known.weights
            )
        elif target.classifies:
            curves += evaluation.classifier_curves(
                name, predicted[:, i], labels[:, i], known.weights
            )
        else:
            curves += evaluation.regression_curves(name, predicted[:, i], labels[:, i])
    with atomic_write(folder / "metrics.json") as handle:
        handle.write(json.dumps(facts, indent=2) + "\n")
    rows = evaluation.metric_rows(facts["metrics"])
    write_table(folder / "metrics.tsv", evaluation.METRIC_COLUMNS, rows)
    write_table(folder / "curves.tsv", evaluation.CURVE_COLUMNS, evaluation.curve_rows(curves))
    values = (
        [name, *(f"{value:.6g}" for value in row)]
        for name, row in zip(known.sequences.ids, predicted.tolist(), strict=True)
    )
    write_table(folder / "predictions.tsv", ["id", *target.names], values)
    evaluation.draw_curves(folder, curves)


FILES = (
    ("metrics.json, metrics.tsv", "all metrics with intervals"),
    ("curves.tsv", "the points of the curves, each curve also as a PNG file"),
    ("predictions.tsv", "what the model says of each sequence"),
)
"""Files of an evaluation."""


def _write_page(
    out: Path,
    judged: "tuple[Target, Known, np.ndarray]",
    facts: dict[str, Any],
    record: "RunRecord",
) -> None:
    from seqcnn.report.finish import add_page
    from seqcnn.report.judged import Judged
    from seqcnn.report.model_page import evaluation_page

    target, known, predicted = judged

    def make() -> dict[str, Any]:
        found = Judged(
            target, facts["metrics"], facts["main"], facts.get("composition", {}), predicted,
            known.labels, known.weights, known.sequences.ids, unseen=False,
        )  # fmt: skip
        lengths = known.sequences.lengths
        data = [
            ("sequences", f"{len(lengths):,}"),
            ("groups that stay together in the bootstrap", f"{facts['groups']:,}"),
            ("letters", f"{known.sequences.alphabet.name}, from {lengths.min():,} to "
                        f"{lengths.max():,} in a sequence"),
        ]  # fmt: skip
        return evaluation_page(
            found, record, metrics=facts, data=data, lengths=lengths, files=FILES
        )

    add_page(out, make)


def _summary(target: "Target", facts: dict[str, Any], out: Path) -> str:
    metric, found = facts["main"], facts["metrics"]
    task = "mean" if "mean" in found else target.names[0]
    cells = [found[task][metric][name] for name in ("value", "low", "high")]
    shown = ["not defined" if c is None else f"{c:.3f}" for c in cells]
    text = f"{metric} on {facts['sequences']:,} sequences: {shown[0]} ({shown[1]} to {shown[2]})"
    alone = facts.get("composition", {}).get(task)
    simple = "the mean profile" if target.kind == "profile" else "composition"
    text += "" if alone is None else f"; {simple} alone: {alone:.3f}"
    return f"{text}.\nFiles: {out}"
