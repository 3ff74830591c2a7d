"""``seqcnn image train``: fit a network to pictures, and report what it is worth."""

import logging
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli import stop
from seqcnn.cli.image.train_options import learning, parsed_size, pictures
from seqcnn.cli.image.train_plan import Wanted, choose_network, plan_of, reads_letters
from seqcnn.cli.options import common, default_out, prepare_jax, warn_of_idle_gpu
from seqcnn.cli.page import record_of, started
from seqcnn.cli.progress import progress_bar
from seqcnn.cli.train_folder import CURVES, begun, check_same_network, is_done
from seqcnn.cli.train_inputs import listed
from seqcnn.cli.train_outputs import (
    say_networks,
    summary_of,
    teller,
    write_model,
    write_predictions,
)
from seqcnn.cli.train_plan import parsed_settings
from seqcnn.cli.train_report import FILES, write_report

if TYPE_CHECKING:
    from seqcnn.training.ensemble import EnsembleFit, Plan
    from seqcnn.training.pictures import PictureSample
    from seqcnn.training.targets import Target

EXAMPLES = (
    "Examples:",
    "seqcnn image train cells/ --size 64x64 --augment flip,turn:180,brightness -o cells_model",
    "seqcnn image train train-images-idx3-ubyte.gz --network cnn --set channels=[24,48,96]",
    "seqcnn image train micrographs/ --labels ice.tsv --group-by grid --folds 5",
)

OF_PICTURES = (
    ("curves.png", "the losses of both parts"),
    ("confusion.tsv", "which class was taken for which"),
)
"""Files of a model of pictures beside those of every model."""

logger = logging.getLogger(__name__)


@click.command(name="train", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("source", metavar="PICTURES")
@pictures
@click.option("--labels", metavar="TSV", help="Labels of PICTURES: a header, a column of files, "
              "and one of classes or columns of numbers; or NPY or IDX.")  # fmt: skip
@click.option("--columns", metavar="A,B,...", help="Columns that are labels; by default all.")
@click.option(
    "--task",
    type=click.Choice(["auto", "binary", "multiclass", "multilabel", "regression", "counts"]),
    default="auto", show_default=True, help="What the labels are; by default names are classes, "
    "0 and 1 in a table yes or no, other numbers of a table numbers.",
)  # fmt: skip
@click.option(
    "--transform", type=click.Choice(["none", "log1p", "sqrt", "asinh"]), default="none",
    show_default=True, help="Of the labels of a regression; predictions are turned back.",
)  # fmt: skip
@click.option("--group-by", metavar="COLUMN|folder|REGEX", help="Keep pictures that share this on "
              "one side of every split. Equal pictures always are.")  # fmt: skip
@learning
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the model; by "
              "default <name of PICTURES>_model.")  # fmt: skip
@click.option("--force", is_flag=True, help="Start anew, and replace a model that is there in "
              "the end.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on where an earlier run was broken off.")
@click.option("--tensorboard", is_flag=True, help="Write event files too.")
@common
def command(source: str, out: Path | None, **options: Any) -> None:
    """Fit a network to PICTURES: a folder with a folder for each class, NPZ, NPY or IDX.

    With --labels numbers are learnt, or classes that no folders tell. Parts that train, stop,
    calibrate and report are disjoint, and each has its share of every class. Writes config.json,
    weights.safetensors, history.tsv, curves.png (the losses of both parts), and of what is held out
    metrics.json, confusion.tsv (of classes), predictions.tsv and report.html to the folder of the
    model.
    """
    run_train(source, out or default_out(source.rstrip("/"), "_model"), **options)


def run_train(
    source: str,
    out: Path,
    *,
    force: bool,
    resume: bool,
    quiet: bool,
    seed: int,
    **options: Any,
) -> None:
    """Read, train, write."""
    settings, start = parsed_settings(options["settings"]), started()
    if is_done(out, force=force, resume=resume):
        return
    reads_letters(options["network"])  # whether there is such a network, before much is read
    sample, target = read_sample(source, options)
    prepare_jax(keep=True)
    from seqcnn.report.finish import remove_page
    from seqcnn.report.pictures_page import worst_pictures

    plan = plan_of(sample, target, options, seed=seed)
    wanted = choose_network(sample, target, plan, settings, options)
    warn_of_idle_gpu()
    with begun(out, anew=force and not resume) as folder, progress_bar(quiet=quiet) as show:
        show_step = partial(show_of, show, out / CURVES if options["tensorboard"] else None)
        done = _train(wanted, (sample, target, plan), folder, show_step)
    remove_page(out)
    write_model(out, done, wanted.blueprint.name, wanted.of_each(plan), wanted.alphabet)
    write_predictions(out, done, sample)
    _draw(out, done)
    shutil.rmtree(folder, ignore_errors=True)
    say_networks(done)
    held = done.held_out.rows
    write_report(
        out, done, sample, record_of([_file(source), options["labels"]], start),
        network=wanted.blueprint.name, data=_facts(sample), files=(*FILES, *OF_PICTURES),
        baseline="brightness", more=lambda judged: worst_pictures(judged, sample.x, held),
    )  # fmt: skip
    print(summary_of(done, out, read="pictures", baseline="brightness"))


def read_sample(source: str, options: dict[str, Any]) -> "tuple[PictureSample, Target]":
    """Read pictures with their labels."""
    from seqcnn.image.sources import read_pictures
    from seqcnn.training.pictures import picture_sample

    found = read_pictures(
        source,
        labels=options["labels"],
        columns=listed("--columns", options["columns"]),
        size=parsed_size(options["size"]),
        fit=options["fit"],
        channels=options["channels"],
        group_by=options["group_by"],
        need_labels=True,
    )
    sample, target = picture_sample(found, task=options["task"], transform=options["transform"])
    if target.kind == "multiclass":
        logger.info("classes: %s", ", ".join(
            f"{name} ({int((sample.labels[:, 0] == i).sum()):,})"
            for i, name in enumerate(target.names)
        ))  # fmt: skip
    return sample, target


def _file(source: str) -> str | None:
    """Name the file of the pictures; a folder has no checksum."""
    return source if Path(source).is_file() else None


def _facts(sample: "PictureSample") -> list[tuple[str, Any]]:
    """Say what the pictures are."""
    size = " x ".join(map(str, sample.x.shape[1:-1]))
    return [
        ("pictures", f"{len(sample.x):,}"),
        ("groups that stay together", f"{len(set(sample.groups.tolist())):,}"),
        ("size in pixels", size),
        ("channels", f"{sample.x.shape[-1]} ({sample.x.dtype})"),
    ]


def show_of(show: Any, curves: Path | None, metric: str) -> Any:
    """Give what is told of each step."""
    return teller(show, curves, "network", metric=metric, read="pictures")


def _train(
    wanted: "Wanted",
    made: "tuple[PictureSample, Target, Plan]",
    folder: Path,
    show_step: Any,
) -> "EnsembleFit":
    from seqcnn.training.ensemble import train_ensemble
    from seqcnn.training.fitting import TrainingStopped
    from seqcnn.training.metrics import main_metric

    sample, target, plan = made
    each = wanted.of_each(plan)
    check_same_network(folder, {"network": wanted.blueprint.name, "options": each})
    with stop.deferred() as asked:
        try:
            return train_ensemble(
                lambda number, start: wanted.blueprint.build(wanted.alphabet, each[number], start),
                sample, target, plan, folder=folder, stop=asked,
                report=show_step(main_metric(target)),
            )  # fmt: skip
        except TrainingStopped:
            logger.info("the state is saved: go on with --resume and the same options")
            raise


def _draw(out: Path, done: "EnsembleFit") -> None:
    """Draw the losses of all networks, and write the confusion matrix as a table."""
    from seqcnn.report.tables import write_table
    from seqcnn.report.training import draw_history

    histories = [member.history for member in done.members]
    draw_history(out / "curves.png", histories, metric=done.metrics["main"])
    found = done.metrics.get("confusion")
    if found is None:
        (out / "confusion.tsv").unlink(missing_ok=True)
        return
    rows = (
        [name, *(f"{count:g}" for count in counts)]
        for name, counts in zip(found["classes"], found["counts"], strict=True)
    )
    write_table(out / "confusion.tsv", ["label", *found["classes"]], rows)
