"""``seqcnn train``: fit a network to sequences, and report what it is worth."""

import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli import stop
from seqcnn.cli.config import configurable
from seqcnn.cli.dry_run import say_train
from seqcnn.cli.options import common, default_out, prepare_jax, sequences, warn_of_idle_gpu
from seqcnn.cli.page import record_of, started
from seqcnn.cli.progress import progress_bar
from seqcnn.cli.train_folder import CURVES, begun, check_same_network, is_done
from seqcnn.cli.train_inputs import check_arguments, read_sample
from seqcnn.cli.train_outputs import (
    say_networks,
    summary_of,
    teller,
    write_model,
    write_predictions,
    write_trials,
)
from seqcnn.cli.train_plan import (
    choose_blueprint,
    parsed_settings,
    plan_of,
    search_options,
)
from seqcnn.cli.train_report import (
    FILES,
    SEARCH,
    facts_of_sequences,
    inputs_of,
    write_report,
)

if TYPE_CHECKING:
    from seqcnn.networks.choose import Blueprint
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.training.ensemble import EnsembleFit, Plan
    from seqcnn.training.roles import Sample
    from seqcnn.training.search import Trial
    from seqcnn.training.targets import Target

EXAMPLES = (
    "Examples:",
    "seqcnn train peaks.fa",
    "seqcnn train peaks.bed --genome hg38.2bit --window 200 --control genome --hold-out chr8,chr9",
    "seqcnn train table.tsv --folds 5",
    "seqcnn train --classes liver.fa heart.fa brain.fa -o tissues",
    "seqcnn train peaks.bed --genome hg38.2bit --window 1000 --profile reads.bw",
    "seqcnn train --config run.toml --dry-run",
    "seqcnn train windows.bed --genome sacCer3.fa --task per-base --labels sites.bed",
)

click.rich_click.OPTION_GROUPS["* train"] = [
    {
        "name": "What is learnt",
        "options": ["--control", "--classes", "--labels", "--columns", "--task", "--transform",
                    "--weights", "--profile", "--profile-width", "--kmer"],
    },
    {"name": "What is read", "options": ["--alphabet", "--mask", "--strand"]},
    {"name": "Intervals on a genome", "options": ["--genome", "--window", "--top-peaks"]},
    {
        "name": "What is held out",
        "options": ["--folds", "--hold-out", "--group-by"],
    },
    {"name": "Network", "options": ["--network", "--set", "--dims", "--ensemble", "--search"]},
    {
        "name": "Training",
        "options": ["--balance", "--augment", "--augment-strand", "--rounds", "--steps", "--batch",
                    "--patience", "--learning-rate", "--weight-decay", "--precision",
                    "--calibration"],
    },
    {
        "name": "Output",
        "options": ["--out", "--force", "--resume", "--tensorboard", "--dry-run", "--quiet",
                    "--json", "--debug"],
    },
    {"name": "How it is run", "options": ["--config", "--seed", "--threads", "--device"]},
]  # fmt: skip

logger = logging.getLogger(__name__)


@click.command(name="train", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
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
    "(empty where not known). Not needed if SEQUENCES is a table that holds them.",
)
@click.option("--columns", metavar="A,B,...", help="Columns that are labels; by default all.")
@click.option(
    "--task",
    type=click.Choice(["auto", "binary", "multiclass", "multilabel", "regression", "counts",
                       "per-base"]),
    default="auto", show_default=True, help="What the labels are. per-base: --labels is a BED "
    "file of sites, and each letter is told whether it lies in one.",
)  # fmt: skip
@click.option(
    "--transform", type=click.Choice(["none", "log1p", "sqrt", "asinh"]), default="none",
    show_default=True, help="Of the labels of a regression; predictions are turned back.",
)  # fmt: skip
@click.option("--weights", metavar="COLUMN", help="Column that says how much each row counts.")
@click.option(
    "--profile", metavar="FILE", multiple=True,
    help="bigWig or bedGraph: learn the counts along each interval. Several times for several "
    "tracks.",
)  # fmt: skip
@click.option("--profile-width", type=click.IntRange(1), metavar="N", help="Positions of a "
              "profile, the middle of each window; by default the whole window.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the model; by "
              "default <name of SEQUENCES>_model.")  # fmt: skip
@click.option("--force", is_flag=True, help="Start anew, and replace a model that is there in "
              "the end.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on where an earlier run was broken off.")
@click.option("--tensorboard", is_flag=True, help="Write event files too: tensorboard --logdir "
              "<folder of the model>/tensorboard shows the losses.")  # fmt: skip
@click.option("--network", default="auto", show_default=True, help="motifcnn, basset, "
              "deepsea, dilated, bpnet, hybrid, danq, explainn, or others of `seqcnn networks` "
              "like resnet18; auto chooses by number and length, and says why.")  # fmt: skip
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
@click.option("--hold-out", metavar="CHR,CHR,...", help="Hold these chromosomes out, instead of a "
              "part that is drawn.")  # fmt: skip
@click.option("--group-by", metavar="chromosome|COLUMN", help="Keep sequences of one chromosome, "
              "or of one value in a column of the labels, on one side of every split. "
              "Near-duplicates and overlapping intervals always are.")  # fmt: skip
@click.option("--ensemble", type=click.IntRange(1), default=3, show_default=True,
              help="Networks of each fold, whose predictions are averaged.")  # fmt: skip
@click.option("--calibration", type=click.Choice(["platt", "isotonic"]), default="platt",
              show_default=True, help="How outputs become probabilities: by a line through their "
              "log-odds, or any rising curve (for much data).")  # fmt: skip
@click.option("--search", type=click.IntRange(2), metavar="N", help="Try N sets of options first, "
              "the defaults and random ones, and take what is best on the stopping "
              "part.")  # fmt: skip
@click.option("--augment", is_flag=True, help="Mutate, shift, cut and invert sequences at random "
              "in training.")  # fmt: skip
@click.option("--augment-strand", is_flag=True, help="With --strand one: turn sequences at random "
              "to their reverse complement in training.")  # fmt: skip
@click.option(
    "--balance", type=click.Choice(["auto", "batches", "weights", "none"]), default="auto",
    show_default=True, help="How classes of unequal size come to count alike: by batches with as "
    "many of each, or by weights in the loss. auto takes batches for one label a sequence.",
)  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), help="Rounds of training at most.")
@click.option("--steps", type=click.IntRange(1), help="Steps of a round; by default by the "
              "number of sequences.")  # fmt: skip
@click.option("--batch", type=click.IntRange(2), help="Sequences of a step.")
@click.option("--patience", type=click.IntRange(1), help="Rounds without a better loss on the "
              "stopping part, after which training ends.")  # fmt: skip
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Largest rate.")
@click.option("--weight-decay", type=click.FloatRange(0), help="Of AdamW.")
@click.option(
    "--precision", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto",
    show_default=True, help="What training computes in; weights are float32. auto takes bfloat16 "
    "on a GPU, and float32 elsewhere.",
)  # fmt: skip
@sequences
@configurable
@common
def command(files: tuple[str, ...], out: Path | None, **options: Any) -> None:
    """Fit a network to SEQUENCES: FASTA, FASTQ, a table, or intervals with --genome.

    SEQUENCES are told from --control, or from their own shuffles; with --classes each file is a
    class; with --labels, or a table with a column "sequence", classes, numbers or counts are
    learnt; with --profile the counts along each interval; with --task per-base where sites lie.
    Parts that train, stop, calibrate and
    report are disjoint. Writes config.json, weights.safetensors, history.tsv, metrics.json and
    predictions.tsv (of what is held out), and report.html to the folder of the model, which
    `predict` and `evaluate` take.
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
    strand: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Read, train, write."""
    check_arguments(files, options)
    settings, start = parsed_settings(options["settings"]), started()
    if is_done(out, force=force, resume=resume):
        return
    prepare_jax()
    from seqcnn.report.finish import remove_page

    sample, target, alphabet = read_sample(files, strand=strand, seed=seed, options=options)
    wanted = choose_blueprint(sample, target, alphabet, settings, options, strand)
    plan = plan_of(sample, target, alphabet, seed=seed, strand=strand, options=options)
    warn_of_idle_gpu()
    if dry_run:
        say_train(sample, target, wanted, plan, out)
        return
    with begun(out, anew=force and not resume) as folder, progress_bar(quiet=quiet) as show:
        told = {**settings, **{k: v for k, v in options.items() if v is not None}}
        trials, done, each = _train(
            wanted, (sample, target, plan), alphabet, tuple(told), folder,
            show=show, search=options["search"], curves=options["tensorboard"],
        )  # fmt: skip
    remove_page(out)
    write_model(out, done, wanted.name, each, alphabet)
    write_predictions(out, done, sample)
    write_trials(out, trials)
    shutil.rmtree(folder, ignore_errors=True)
    say_networks(done)
    record = record_of(inputs_of(files, options), start)
    data, lengths = facts_of_sequences(sample)
    write_report(
        out, done, sample, record, network=wanted.name, data=data, lengths=lengths,
        files=(*FILES, *([SEARCH] if trials else [])),
    )  # fmt: skip
    print(summary_of(done, out))


def _train(
    wanted: "Blueprint",
    made: "tuple[Sample, Target, Plan]",
    alphabet: "Alphabet",
    fixed: tuple[str, ...],
    folder: Path,
    *,
    show: Callable[[str, float], None],
    search: int | None,
    curves: bool,
) -> "tuple[list[Trial], EnsembleFit, list[dict[str, Any]]]":
    """Search if that is asked for, and train; give the trials and the options of each network."""
    from seqcnn.training.ensemble import train_ensemble
    from seqcnn.training.fitting import TrainingStopped
    from seqcnn.training.metrics import main_metric

    sample, target, plan = made
    # the options of the network are part of what must not change before a run is resumed
    facts = {"network": wanted.name, "options": {**wanted.options, **wanted.computed}}
    check_same_network(folder, {**facts, "search": search, "variants": list(wanted.variants)})
    events = folder.parent / CURVES if curves else None
    trials: list[Trial] = []
    with stop.deferred() as asked:
        tell = partial(teller, show, events, metric=main_metric(target))
        try:
            if search:
                trials, plan, wanted = search_options(
                    wanted, made, alphabet, fixed=fixed, number=search, folder=folder / "search",
                    stop=asked, report=tell("trial"),
                )  # fmt: skip
            each = wanted.of_each(plan.ensemble)
            done = train_ensemble(
                lambda number, start: wanted.build(alphabet, each[number], start),
                sample, target, plan, folder=folder, stop=asked, report=tell("network"),
            )  # fmt: skip
        except TrainingStopped:
            logger.info("the state is saved: go on with --resume and the same options")
            raise
    return trials, done, each
