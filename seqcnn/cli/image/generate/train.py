"""``seqcnn image generate train``: fit a network that makes pictures."""

import logging
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli import stop
from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.image.train_options import parsed_size, pictures
from seqcnn.cli.options import common, prepare_jax, warn_of_idle_gpu
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.image.record import PictureSet
    from seqcnn.training.generate import Drill, Moment

logger = logging.getLogger(__name__)


@click.command(name="train", no_args_is_help=True)
@click.argument("source", metavar="PICTURES")
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder of the model to write.")
@click.option(
    "--network",
    type=click.Choice(["vae", "gan", "diffusion"]),
    default="diffusion",
    show_default=True,
    help="How pictures are made: a variational auto-encoder, two networks that play against each "
    "other, or noise that is taken off.",
)
@click.option("--labels", metavar="TSV", help="Table of the class of each picture; by default the "
              "folders say it, or the file beside IDX. Without, all are of one class.")  # fmt: skip
@pictures
@click.option(
    "--steps", type=click.IntRange(1), default=10_000, show_default=True, help="Batches, at most."
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Time, at most. Two runs "
              "with such a limit are not the same.")  # fmt: skip
@click.option(
    "--batch", type=click.IntRange(1), default=64, show_default=True, help="Pictures of a batch."
)
@click.option("--learning-rate", "rate", type=click.FloatRange(0, min_open=True), help="Learning "
              "rate at the start; what suits the network by default.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    source: str,
    out: str,
    *,
    network: str,
    labels: str | None,
    size: str | None,
    fit: Any,
    channels: int | None,
    steps: int,
    minutes: float | None,
    batch: int,
    rate: float | None,
    force: bool,
    seed: int,
    **_: Any,
) -> None:
    """Fit a network to PICTURES that makes more of their kind.

    PICTURES are a folder with a folder for each class, NPZ, NPY or IDX. DIR receives the model
    (config.json, weights.safetensors), history.tsv and samples.png, a row for each class. Rows and
    columns must be multiples of 4. A run that is broken off keeps what it has learnt so far; it
    cannot be resumed.
    """
    check_folder(out, force=force)
    prepare_jax(keep=True)
    warn_of_idle_gpu()
    from seqcnn.image.sources import read_pictures
    from seqcnn.networks.weights import Member, Model, create_member, save_model
    from seqcnn.training.generate import DRILLS, Drill, fit_generator

    read = read_pictures(source, labels=labels, size=parsed_size(size), fit=fit, channels=channels)
    classes, known = _classes(read)
    shape = tuple(read.x.shape[1:])
    member = create_member(network, seed=seed, input_shape=shape, classes=len(classes))
    own = DRILLS[network] | ({} if rate is None else {"rate": rate})
    seconds = None if minutes is None else 60 * minutes
    drill = Drill(**{**own, "steps": steps, "seconds": seconds, "batch": batch})
    with stop.deferred() as stopped:
        fitted, moments = fit_generator(
            member.network, read.x, known, drill=drill, seed=seed, report=_said, stop=stopped
        )
    extra = {"classes": list(classes), "dtype": str(read.x.dtype), "generates": True}
    model = Model((Member(network, member.options, fitted),), extra=extra)
    with filled_folder(out, force=force) as folder:
        save_model(model, folder)
        _write(folder, fitted, moments, len(classes), seed)
    logger.info("%d steps of %s; the model is in %s", moments[-1].step, _batch(drill), out)


def _classes(pictures: "PictureSet") -> tuple[tuple[str, ...], Any]:
    """Name the classes, and give the number of each picture's."""
    import numpy as np

    if pictures.labels is None:
        return ("all",), np.zeros(len(pictures), np.int64)
    values = pictures.labels
    if values.shape[1] != 1 or not np.isfinite(values).all() or (values % 1).any():
        raise SeqcnnError("pictures need one class each: numbers and several labels are no classes")
    numbers, known = np.unique(values[:, 0].astype(np.int64), return_inverse=True)
    names = pictures.classes
    return tuple(names[i] if names else str(i) for i in numbers.tolist()), known.reshape(-1)


def _batch(drill: "Drill") -> str:
    return f"{drill.batch} pictures"


def _said(moment: "Moment") -> None:
    losses = ", ".join(f"{name} {value:.4f}" for name, value in moment.losses.items())
    logger.info("step %d, %.0f s: %s", moment.step, moment.seconds, losses)


def _write(folder: Any, network: Any, moments: "list[Moment]", classes: int, seed: int) -> None:
    import numpy as np

    from seqcnn.image.files import write_image
    from seqcnn.image.gallery import sample_sheet
    from seqcnn.networks.generate.draw import draw
    from seqcnn.report.tables import write_table

    names = list(moments[0].losses)
    rows = [[m.step, *(f"{m.losses[n]:.6g}" for n in names)] for m in moments]
    write_table(folder / "history.tsv", ["step", *names], rows)
    pictures = draw(network, np.repeat(np.arange(classes), 8), seed)
    write_image(folder / "samples.png", sample_sheet(pictures, columns=8))
