"""``seqcnn train``: fit a network to sequences, and report what it is worth."""

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli import stop
from seqcnn.cli.options import common, default_out, prepare_jax, sequences
from seqcnn.cli.places import Places
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.seq.record import SequenceSet
    from seqcnn.training.ensemble import EnsembleFit, Plan, Sample
    from seqcnn.training.fitting import Progress
    from seqcnn.training.targets import Target

CHECKPOINTS = "checkpoint"
"""Folder, within that of the model, with the state of a run that goes on."""

WRITTEN = ("config.json", "weights.safetensors", "history.tsv", "metrics.json", CHECKPOINTS)
"""All that is written; --force replaces nothing else."""

logger = logging.getLogger(__name__)


@click.command(name="train", no_args_is_help=True)
@click.argument("files", metavar="SEQUENCES...", nargs=-1, required=True)
@click.option(
    "--control",
    metavar="FILE|genome",
    help="Sequences of the other class, or genome: windows of --genome of like length, GC, CpG and "
    "share of repeats. By default SEQUENCES are shuffled.",
)
@click.option("--classes", is_flag=True, help="Each of the files SEQUENCES is a class.")
@click.option(
    "--labels",
    metavar="TSV",
    help="Labels of SEQUENCES: a header, identifiers in the first column, a task in each other one "
    "(empty where not known).",
)
@click.option(
    "--task",
    type=click.Choice(["auto", "binary", "multiclass", "multilabel", "regression", "counts"]),
    default="auto", show_default=True, help="What the labels are.",
)  # fmt: skip
@click.option(
    "--transform", type=click.Choice(["none", "log1p", "sqrt", "asinh"]), default="none",
    show_default=True, help="Of the labels of a regression; predictions are turned back.",
)  # fmt: skip
@click.option("--weights", metavar="COLUMN", help="Column of --labels: how much each row counts.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the model; by "
              "default <name of SEQUENCES>_model.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a model that is there, and start anew.")
@click.option("--resume", is_flag=True, help="Go on where an earlier run was broken off.")
@click.option("--network", default="motifcnn", show_default=True, help="Name of the network.")
@click.option(
    "--set", "settings", metavar="OPTION=VALUE", multiple=True,
    help="An option of the network, such as kernels=128; may be given several times.",
)  # fmt: skip
@click.option(
    "--dims", type=click.IntRange(1, 2), default=1, show_default=True,
    help="Read sequences as rows of letters (1) or as images (2); the result is the same.",
)  # fmt: skip
@click.option("--strand", type=click.Choice(["both", "one"]), help="Strands that are read; by "
              "default both for DNA only.")  # fmt: skip
@click.option("--kmer", type=click.IntRange(1, 3), help="Shuffles keep the counts of all words of "
              "this length; by default 2, for protein 1.")  # fmt: skip
@click.option("--folds", type=click.IntRange(1), default=1, show_default=True,
              help="Cross-validate: so many times, another part is held out.")  # fmt: skip
@click.option("--ensemble", type=click.IntRange(1), default=3, show_default=True,
              help="Networks of each fold, whose predictions are averaged.")  # fmt: skip
@click.option("--augment", is_flag=True, help="Mutate, shift, cut and invert sequences at random "
              "in training.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), help="Rounds of training at most.")
@click.option("--steps", type=click.IntRange(1), help="Steps of a round.")
@click.option("--batch", type=click.IntRange(2), help="Sequences of a step.")
@click.option("--patience", type=click.IntRange(1), help="Rounds without a better loss on the "
              "stopping part, after which training ends.")  # fmt: skip
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Largest rate.")
@click.option("--weight-decay", type=click.FloatRange(0), help="Of AdamW.")
@sequences
@common
def command(files: tuple[str, ...], out: Path | None, **options: Any) -> None:
    """Fit a network to SEQUENCES (FASTA or FASTQ; intervals with --genome).

    SEQUENCES are told from --control, or from their own shuffles; with --classes each file is a
    class; with --labels classes, numbers or counts are read from a table. Parts that train, stop,
    calibrate and report are disjoint. Writes config.json, weights.safetensors, history.tsv and
    metrics.json to the folder of the model, for `predict` and `evaluate`.
    """
    run_train(files, out or default_out(files[0], "_model"), **options)


def run_train(
    files: tuple[str, ...],
    out: Path,
    *,
    force: bool,
    resume: bool,
    quiet: bool,
    seed: int,
    network: str,
    settings: tuple[str, ...],
    dims: int,
    strand: str | None,
    **options: Any,
) -> None:
    """Read, train, write."""
    _check_arguments(files, options)
    if _is_done(out, force=force, resume=resume):
        return
    prepare_jax()
    sample, target, alphabet = _read(files, strand=strand, seed=seed, **options)
    given = {**_network_defaults(network, alphabet.name), **_parsed(settings)}
    given |= {"tasks": target.outputs, "dims": dims} | ({"strand": strand} if strand else {})
    plan = _plan(sample, target, alphabet, seed=seed, options=options)
    from seqcnn.networks.zoo import create
    from seqcnn.training.ensemble import train_ensemble
    from seqcnn.training.fitting import TrainingStopped

    def build(start: int) -> Any:
        return create(network, alphabet=alphabet, seed=start, **given)

    # the options of the network are part of what must not change before a run is resumed
    folder = out / CHECKPOINTS
    _check_same_network(folder, {"network": network, "options": given})
    with stop.deferred() as asked, progress_bar(quiet=quiet) as show:
        try:
            done = train_ensemble(
                build, sample, target, plan, folder=folder, stop=asked, report=_teller(show)
            )
        except TrainingStopped:
            logger.info("the state is saved: go on with --resume and the same options")
            raise
    _write(out, done, network, given, alphabet)
    shutil.rmtree(folder, ignore_errors=True)
    print(_summary(done, out))


def _check_arguments(files: tuple[str, ...], options: dict[str, Any]) -> None:
    if options["classes"]:
        if len(files) < 2:
            raise SeqcnnError("`--classes` takes a file for each class, two or more: here is one")
        if options["control"] or options["labels"]:
            raise SeqcnnError("`--classes` goes with neither --control nor --labels")
    elif len(files) > 1:
        raise SeqcnnError(f"{len(files)} files are given: say --classes if each is a class")
    if options["labels"] and options["control"]:
        raise SeqcnnError("`--labels` says what all sequences are: leave --control out")
    if not options["labels"]:
        for name, unset in (("task", "auto"), ("transform", "none"), ("weights", None)):
            if options[name] != unset:
                raise SeqcnnError(f"`--{name}` {options[name]} is for tables of --labels")


def _is_done(out: Path, *, force: bool, resume: bool) -> bool:
    """Look at the folder of the model, and say whether there is nothing left to do."""
    if out.exists() and not out.is_dir():
        raise SeqcnnError("is a file: name a folder for the model", path=out)
    if force and not resume:
        for name in WRITTEN:
            path = out / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not out.is_dir() or not any(out.iterdir()):
        return False
    going = (out / CHECKPOINTS).is_dir()
    if not resume and (going or any((out / name).exists() for name in WRITTEN) or not force):
        hint = "--resume goes on with the run that was broken off, " if going else ""
        raise SeqcnnError(
            f"the folder is not empty: {hint}--force replaces what is there, or name another",
            path=out,
        )
    if resume and not going and (out / "config.json").exists():
        logger.info("%s is complete: there is nothing to resume", out)
        return True
    return False


def _read(
    files: tuple[str, ...],
    *,
    control: str | None,
    classes: bool,
    labels: str | None,
    alphabet: str | None,
    mask: str,
    places: Places,
    strand: str | None,
    kmer: int | None,
    seed: int,
    task: str,
    transform: str,
    weights: str | None,
    **_: Any,
) -> "tuple[Sample, Target, Alphabet]":
    from seqcnn.training.samples import class_sample, labelled_sample, shuffled_sample

    first = places.read(files[0], alphabet=alphabet, mask=mask, strand=strand)
    both = first.alphabet.double_stranded if strand is None else strand == "both"
    if both and first.alphabet.complements is None:
        raise SeqcnnError(f"{first.alphabet.name} has one strand only: use --strand one")

    def read(path: str) -> "SequenceSet":
        return places.read(path, alphabet=first.alphabet, mask=mask, strand=strand)

    if labels is not None:
        from seqcnn.seq.io.labels import read_labels

        made = labelled_sample(
            first,
            read_labels(labels, first.ids),
            task=task, transform=transform, weights=weights, both_strands=both,
        )  # fmt: skip
    elif classes:
        names = [default_out(path, "").name for path in files]
        made = class_sample([first, *map(read, files[1:])], names, both_strands=both)
    else:
        other = places.read_control(control, files[0], first, mask=mask, strand=strand, seed=seed)
        if other is None:
            made = shuffled_sample(first, both_strands=both, kmer=kmer, seed=seed)
        else:
            made = class_sample([first, other], (), both_strands=both)
    return *made, first.alphabet


def _network_defaults(network: str, alphabet: str) -> dict[str, Any]:
    """Choose options for networks whose own defaults are for other uses."""
    if network != "motifcnn":
        return {}
    # found by holding out training sequences; benchmarks/bench_training_chip.py judges them
    return {"kernels": 64, "width": 11, "dropout": 0.3}


def _parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    """Read options of a network: JSON where it is JSON, text elsewhere."""
    result = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise SeqcnnError(f"`--set` is {text!r}, it must be like kernels=128")
        try:
            result[name] = json.loads(value)
        except ValueError:
            result[name] = value
    return result


def _plan(
    sample: "Sample",
    target: "Target",
    alphabet: "Alphabet",
    *,
    seed: int,
    options: dict[str, Any],
) -> "Plan":
    from seqcnn.seq.augment import evoaug
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.fitting import Recipe
    from seqcnn.training.recipe import default_schedule

    schedule = default_schedule(int(sample.counted.sum()))
    names = ("batch", "steps", "rounds", "patience", "learning_rate", "weight_decay")
    changed = {name: options[name] for name in names if options[name] is not None}
    augmentation = evoaug(alphabet, length=sample.x.shape[1]) if options["augment"] else None
    balanced = target.kind in ("binary", "multiclass")
    recipe = Recipe(replace(schedule, **changed), balanced=balanced, augmentation=augmentation)
    return Plan(recipe, folds=options["folds"], ensemble=options["ensemble"], seed=seed)


def _check_same_network(folder: Path, wanted: dict[str, Any]) -> None:
    """Refuse to resume another network; remember this one."""
    from seqcnn.seq.io.files import atomic_write

    path = folder / "network.json"
    text = json.dumps(wanted, indent=1, sort_keys=True) + "\n"
    if path.exists():
        if path.read_text() != text:
            raise SeqcnnError(
                "the run that was broken off has another network or other options of it: give the "
                "same, or start anew with --force",
                path=path,
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as handle:
        handle.write(text)


def _teller(show: Callable[[str, float], None]) -> "Callable[[int, int, Progress], None]":
    import jax

    device = jax.devices()[0].platform
    said = {"validation": float("nan"), "round": -1}

    def tell(number: int, total: int, now: "Progress") -> None:
        if now.epoch is not None:
            said["validation"] = now.epoch.validation_loss
        elif now.step % 10:
            return
        share = (number + (now.round + now.step / now.steps) / now.rounds) / total
        show(
            f"network {number + 1}/{total}, round {min(now.round + 1, now.rounds)}/{now.rounds}, "
            f"loss {now.loss:.3f}, stopping part {said['validation']:.3f}, "
            f"{now.sequences_per_second:,.0f} sequences/s on {device}",
            share,
        )

    return tell


def _write(
    out: Path, done: "EnsembleFit", network: str, options: dict[str, Any], alphabet: "Alphabet"
) -> None:
    from seqcnn.networks.weights import Member, Model, save_model
    from seqcnn.report.tables import write_table
    from seqcnn.seq.io.files import atomic_write

    rows = (
        [i + 1, member.extra["fold"] + 1, e.round + 1, f"{e.loss:.6g}", f"{e.validation_loss:.6g}"]
        for i, member in enumerate(done.members)
        for e in member.history
    )
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / "history.tsv", ["network", "fold", "round", "loss", "validation_loss"], rows)
    with atomic_write(out / "metrics.json") as handle:
        handle.write(json.dumps(done.metrics, indent=2) + "\n")
    members = tuple(Member(network, options, m.network, m.extra) for m in done.members)
    save_model(Model(members, alphabet, done.extra), out)


def _summary(done: "EnsembleFit", out: Path) -> str:
    metric, found = done.metrics["main"], done.metrics["held_out"]
    task = "mean" if "mean" in found else done.target.names[0]
    area = found[task][metric]
    alone = done.metrics["composition"][task]

    def shown(value: float | None) -> str:
        return "not defined" if value is None else f"{value:.3f}"

    return (
        f"{metric} on {sum(done.metrics['sequences']['report']):,} held-out sequences: "
        f"{shown(area['value'])} ({shown(area['low'])} to {shown(area['high'])}); composition "
        f"alone: {shown(alone)}.\nModel: {out}"
    )
