"""``seqcnn evaluate``: metrics and curves of a model on sequences that it has not seen."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.options import common, default_out, prepare_jax, sequences
from seqcnn.cli.places import Places
from seqcnn.cli.train_inputs import has_labels
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.seq.record import SequenceSet
    from seqcnn.training.targets import Target


@click.command(name="evaluate", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("files", metavar="SEQUENCES...", nargs=-1, required=True)
@click.option("--control", metavar="FILE|genome", help="Sequences of the other class.")
@click.option("--classes", is_flag=True, help="Each of the files SEQUENCES is a class, in the "
              "order of the classes of MODEL.")  # fmt: skip
@click.option("--labels", metavar="TSV", help="Labels of SEQUENCES, as for `seqcnn train`; not "
              "needed if SEQUENCES is a table that holds them.")  # fmt: skip
@click.option("--profile", metavar="FILE", multiple=True, help="bigWig or bedGraph of each track, "
              "in the order of those of MODEL.")  # fmt: skip
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
    seed: int,
    **options: Any,
) -> None:
    """Judge MODEL, a folder that `seqcnn train` wrote, on SEQUENCES whose labels are known.

    SEQUENCES are FASTA, FASTQ, a table with a column "sequence", or intervals with --genome; what
    they are is said by --control, --classes, --labels or --profile, or by the table. Writes
    metrics.json and metrics.tsv (with 95 % intervals, and composition alone beside), curves.tsv
    and a PNG file of each curve, and predictions.tsv.
    """
    out = out or default_out(files[0], "_evaluation")
    prepare_jax()
    import numpy as np

    from seqcnn.cli.folder import filled_folder
    from seqcnn.networks.weights import load_model
    from seqcnn.training.predict import predict, predict_profiles, target_of

    loaded = load_model(model)
    target = target_of(loaded)
    strand = loaded.members[0].options.get("strand")
    scored, labels = _read(target, files, loaded.alphabet, strand=strand, seed=seed, **options)
    if target.kind == "profile":
        totals, shares = predict_profiles(loaded, scored)
        predicted = np.concatenate([totals[:, None].astype(np.float32), shares], axis=1)
    else:
        predicted = predict(loaded, scored).reshape(len(scored), -1)
    facts = _facts(loaded, target, scored, predicted, labels, seed)
    with filled_folder(str(out), force=force) as folder:
        _write(folder, target, scored, predicted, labels, facts)
    print(_summary(target, facts, out))


def _read(
    target: "Target",
    files: tuple[str, ...],
    letters: Any,
    *,
    control: str | None,
    classes: bool,
    labels: str | None,
    profile: tuple[str, ...],
    alphabet: str | None,
    mask: str,
    places: Places,
    strand: str | None,
    seed: int,
    **_: Any,
) -> "tuple[SequenceSet, np.ndarray]":
    """Read sequences, and labels of the model's tasks: float64 (n, tasks)."""
    import numpy as np

    from seqcnn.seq.record import concatenate

    reading: dict[str, Any] = {"mask": mask, "strand": strand}
    sets = [places.read(path, alphabet=alphabet or letters, **reading) for path in files]
    if profile or target.kind == "profile":
        return _profiles(target, sets, profile, given=[control, classes, labels])
    if labels is None and not (control or classes) and len(sets) == 1 and has_labels(files[0]):
        labels = files[0]
    if labels is not None:
        if len(sets) > 1 or control or classes:
            raise SeqcnnError("`--labels` goes with one file, and neither --control nor --classes")
        return _labelled(target, sets[0], labels)
    if classes:
        if target.kind != "multiclass" or len(sets) != target.outputs:
            raise SeqcnnError(
                f"`--classes` with {len(sets)} files, but the model is of {target.kind} with "
                f"{target.outputs} outputs"
            )
        values = np.repeat(np.arange(len(sets), dtype=float), [len(s) for s in sets])
        return concatenate(sets), values[:, None]
    if target.kind != "binary" or len(sets) > 1:
        raise SeqcnnError(
            f"the model is of {target.kind} ({', '.join(target.names)}): say what SEQUENCES are "
            f"with --labels, or --classes and a file for each class"
        )
    other = places.read_control(control, files[0], sets[0], seed=seed, **reading)
    if other is None:
        raise SeqcnnError("one class alone cannot be told from another: give --control or --labels")
    values = np.repeat([1.0, 0.0], [len(sets[0]), len(other)])
    return concatenate([sets[0], other]), values[:, None]


def _profiles(
    target: "Target", sets: "list[SequenceSet]", paths: tuple[str, ...], *, given: list[Any]
) -> "tuple[SequenceSet, np.ndarray]":
    from seqcnn.seq.io.signal import read_profiles

    if target.kind != "profile":
        raise SeqcnnError(f"`--profile` is for models of profiles, this one is of {target.kind}")
    if len(sets) > 1 or any(given) or len(paths) != target.outputs:
        raise SeqcnnError(
            f"the model is of profiles ({', '.join(target.names)}): give intervals, and --profile "
            f"with a file for each of its tracks, in this order"
        )
    return sets[0], read_profiles(paths, sets[0], width=target.width)


def _labelled(target: "Target", read: "SequenceSet", path: str) -> "tuple[SequenceSet, np.ndarray]":
    import numpy as np

    from seqcnn.seq.io.labels import read_labels
    from seqcnn.training.samples import names_in_table
    from seqcnn.training.targets import check_labels

    table = read_labels(path, read.ids)
    if target.kind == "multiclass":
        numbers, names = table.classes()
        unknown = sorted(set(names) - set(target.names))
        if unknown:
            raise SeqcnnError(
                f"the class {unknown[0]!r} is none of the model's: {', '.join(target.names)}",
                path=path,
            )
        where = np.array([target.names.index(name) for name in names], float)
        values = where[numbers.astype(int)]
    elif len(table.names) == 1 and target.outputs == 1:
        values = table.numbers()
    else:
        for name in table.names:
            if name not in target.names:
                table = table.without(name)
        known = [target.names.index(name) for name in table.names]
        if not known:
            raise SeqcnnError(
                f"no column is a task of the model: those are {', '.join(target.names)}", path=path
            )
        values = np.full((len(table.ids), target.outputs), np.nan)
        values[:, known] = table.numbers()
    chosen, rows = table.match(names_in_table(read, table))
    kept = read.select(chosen)
    check_labels(target, values[rows], kept.ids, learnt=False)
    return kept, values[rows]


def _facts(
    loaded: Any,
    target: "Target",
    scored: "SequenceSet",
    predicted: "np.ndarray",
    labels: "np.ndarray",
    seed: int,
) -> dict[str, Any]:
    from seqcnn.stats.classification import calibration_error_limit
    from seqcnn.training.baseline import composition
    from seqcnn.training.evaluation import baseline_predictions, composition_of, report_of
    from seqcnn.training.metrics import main_metric

    facts: dict[str, Any] = {
        "target": target.kind,
        "main": main_metric(target),
        "sequences": len(scored),
        "metrics": report_of(target, predicted, labels, seed=seed),
    }
    if target.kind == "binary":
        facts["positives"] = int((labels == 1).sum())
        facts["ece_limit"] = calibration_error_limit(predicted[:, 0], seed=seed)
    if "composition" in loaded.extra:
        features = composition(scored.padded(), scored.alphabet.size)
        simple = baseline_predictions(loaded.extra, target, features)
        facts["composition"] = composition_of(target, simple, labels)
    return facts


def _write(
    folder: Path,
    target: "Target",
    scored: "SequenceSet",
    predicted: "np.ndarray",
    labels: "np.ndarray",
    facts: dict[str, Any],
) -> None:
    from seqcnn.report import evaluation
    from seqcnn.report.tables import write_table
    from seqcnn.seq.io.files import atomic_write

    if target.kind == "profile":  # the totals of what is judged in metrics.json
        predicted, labels = predicted[:, 0], labels.sum(axis=1)
    curves: list[evaluation.Curve] = []
    for i, name in enumerate(target.names):
        if target.kind == "multiclass":
            curves += evaluation.classifier_curves(
                name, predicted[:, i], (labels[:, 0] == i).astype(float)
            )
        elif target.classifies:
            curves += evaluation.classifier_curves(name, predicted[:, i], labels[:, i])
        else:
            curves += evaluation.regression_curves(name, predicted[:, i], labels[:, i])
    with atomic_write(folder / "metrics.json") as handle:
        handle.write(json.dumps(facts, indent=2) + "\n")
    rows = evaluation.metric_rows(facts["metrics"])
    write_table(folder / "metrics.tsv", evaluation.METRIC_COLUMNS, rows)
    write_table(folder / "curves.tsv", evaluation.CURVE_COLUMNS, evaluation.curve_rows(curves))
    values = (
        [name, *(f"{value:.6g}" for value in row)]
        for name, row in zip(scored.ids, predicted.tolist(), strict=True)
    )
    write_table(folder / "predictions.tsv", ["id", *target.names], values)
    evaluation.draw_curves(folder, curves)


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
