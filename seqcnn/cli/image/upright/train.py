"""``seqcnn image upright train``: learn from pictures that are upright."""

import logging
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.image.train_options import parsed_size
from seqcnn.cli.options import common, prepare_jax, warn_of_idle_gpu
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from seqcnn.image.moves import Move
    from seqcnn.image.pixel_steps import Step
    from seqcnn.image.record import PictureSet
    from seqcnn.image.warp import Edges
    from seqcnn.training.fitting import Fitted, Progress

logger = logging.getLogger(__name__)

SMALL = {"channels": [16, 32, 64], "hidden": [128]}
"""Options of the network that is taken unless another one is named."""

LEAST = 8
"""Rows and columns of a picture, at least."""


@click.command(name="train", no_args_is_help=True)
@click.argument("source", metavar="PICTURES")
@click.option("-o", "--out", required=True, metavar="MODEL", help="Folder of the model to write.")
@click.option("--size", metavar="HxW", default="32x32", show_default=True, help="Rows and columns, "
              "equally many, of the squares that are cut from the middles of pictures and "
              "resized.")  # fmt: skip
@click.option("--network", default="cnn", show_default=True, metavar="NAME",
              help="One of `seqcnn networks` for pictures.")  # fmt: skip
@click.option("--augment", "text", metavar="STEP,...", help="Further changes in training, before "
              "corners are hidden: see `seqcnn image augment`.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), help="Rounds of training at most.")
@click.option("--steps", type=click.IntRange(1), help="Steps of a round.")
@click.option("--batch", type=click.IntRange(2), help="Pictures of a step.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Largest rate.")
@click.option("--group-by", metavar="HOW", help="Pictures that must not be split up between what "
              "is learnt and what is judged: \"folder\", or a regular expression on their "
              "names. Equal pictures never are.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a model that is there.")
@common
def command(
    source: str,
    out: str,
    *,
    size: str,
    network: str,
    text: str | None,
    group_by: str | None,
    force: bool,
    quiet: bool,
    seed: int,
    **given: Any,
) -> None:
    """Learn from PICTURES, all upright, how pictures like these look when they are turned.

    PICTURES are a folder, NPZ, NPY or IDX; no labels are needed. Each picture is turned by random
    angles, and the network learns sine and cosine of the angle. Corners are hidden, so that they
    cannot tell it. A tenth of the pictures says when to stop, and another tenth what the network is
    worth: these are turned by angles of their own, and the median error is printed. MODEL receives
    config.json, weights.safetensors, history.tsv (the losses of each round) and metrics.json.
    """
    check_folder(out, force=force)
    side = _side(size)
    prepare_jax(keep=True)
    from dataclasses import replace

    from seqcnn.image.sources import read_pictures
    from seqcnn.networks.weights import Model, create_member, save_model
    from seqcnn.training.upright import (
        UPRIGHT,
        default_upright_schedule,
        errors_of_turned,
        fit_upright,
    )

    steps, edges = _further(text)
    x = read_pictures(source, size=side, fit="crop", group_by=group_by)
    groups, judged = _apart(x, seed)
    options = {
        **(SMALL if network == "cnn" else {}),
        "input_shape": list(x.x.shape[1:]), "classes": 2, "pixels": {},
    }  # fmt: skip
    member = create_member(network, seed=seed, **options)
    names = ("rounds", "steps", "batch", "learning_rate")
    told = {name: given[name] for name in names if given[name] is not None}
    schedule = replace(default_upright_schedule(len(x)), **told)
    warn_of_idle_gpu()
    with progress_bar(quiet=quiet) as show:

        def tell(now: "Progress") -> None:
            share = (now.round + now.step / now.steps) / now.rounds
            show(f"round {min(now.round + 1, now.rounds)}/{now.rounds}, loss {now.loss:.4f}", share)

        fitted = fit_upright(
            member.network, x.x[~judged], schedule=schedule, groups=groups[~judged], seed=seed,
            report=tell, steps=steps, edges=edges,
        )  # fmt: skip
    facts = {"target": UPRIGHT.to_dict(), "shape": list(x.x.shape[1:])}
    model = Model((replace(member, network=fitted.network),), extra=facts)
    errors = errors_of_turned(fitted.network, x.x[judged], edges=edges, seed=seed)
    with filled_folder(out, force=force) as folder:
        save_model(model, folder)
        median = _write_worth(folder, fitted, errors)
    logger.info("best in round %d of %d", fitted.best + 1, len(fitted.history))
    print(
        f"{out}: median error {median:.1f} degrees on {len(errors):,} pictures that were held out; "
        f"guessing: 90"
    )


def _side(text: str) -> int:
    """Read ``--size``, which must be that of a square."""
    height, width = parsed_size(text) or (0, 0)
    if height != width or height < LEAST:
        raise SeqcnnError(
            f"`--size` is {text}: pictures to turn are squares of {LEAST}x{LEAST} or more"
        )
    return height


def _apart(x: "PictureSet", seed: int) -> "tuple[np.ndarray, np.ndarray]":
    """Give numbers to groups of pictures, and choose those that are held out, bool (n,)."""
    import numpy as np

    from seqcnn.data.split import grouped_folds
    from seqcnn.seq.groups import joined_groups
    from seqcnn.training.pictures import same_pictures

    groups = same_pictures(x.x)
    if x.groups is not None:
        groups = joined_groups(groups, x.groups)
    number = len(np.unique(groups))
    # ten groups to learn from, or three if the user has made them
    least = 12 if x.groups is None else 3
    if len(x) < 12 or number < least:
        raise SeqcnnError(
            f"to learn what is upright takes 12 or more different pictures, in 3 or more groups: "
            f"here are {len(x)}, in {number} groups"
        )
    return groups, grouped_folds(groups, min(10, number), seed=seed + 1) == 0


def _write_worth(folder: "Path", fitted: "Fitted", errors: "np.ndarray") -> float:
    """Write losses and errors, and give the median error in degrees."""
    import json

    import numpy as np

    from seqcnn.data.files import atomic_write
    from seqcnn.report.tables import write_table

    rows = (
        [e.round + 1, f"{e.loss:.6g}", f"{e.validation_loss:.6g}", int(e.round == fitted.best)]
        for e in fitted.history
    )
    write_table(folder / "history.tsv", ["round", "loss", "validation_loss", "best"], rows)
    facts = {
        "pictures": len(errors),
        "median_degrees": float(np.median(errors)),
        "mean_degrees": float(errors.mean()),
        "within_10_degrees": float((errors <= 10).mean()),
    }
    with atomic_write(folder / "metrics.json") as handle:
        handle.write(json.dumps(facts, indent=1) + "\n")
    return facts["median_degrees"]


def _further(text: str | None) -> "tuple[tuple[Move | Step, ...], Edges]":
    """Read ``--augment``: its steps, and what comes in from outside."""
    from seqcnn.image.augment import Mixup, parse_augment

    if text is None:
        return (), "zero"
    made = parse_augment(text)
    steps = tuple(step for step in made.steps if not isinstance(step, Mixup))
    if len(steps) < len(made.steps):
        raise SeqcnnError("`--augment` mixup mixes angles that cannot be mixed: leave it out")
    return steps, made.edges
