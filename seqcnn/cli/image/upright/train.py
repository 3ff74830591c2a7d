"""``seqcnn image upright train``: learn from pictures that are upright."""

import logging
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder
from seqcnn.cli.options import common, prepare_jax, warn_of_idle_gpu
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.image.moves import Move
    from seqcnn.image.pixel_steps import Step
    from seqcnn.image.warp import Edges
    from seqcnn.training.fitting import Progress

logger = logging.getLogger(__name__)

SMALL = {"channels": [16, 32, 64], "hidden": [128]}
"""Options of the network that is taken unless another one is named."""


@click.command(name="train", no_args_is_help=True)
@click.argument("source", metavar="PICTURES")
@click.option("-o", "--out", required=True, metavar="MODEL", help="Folder of the model to write.")
@click.option("--size", type=click.IntRange(8), default=32, show_default=True,
              help="Pixels of a side, of the squares that are cut from the middles of pictures and "
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
              "names.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a model that is there.")
@common
def command(
    source: str,
    out: str,
    *,
    size: int,
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
    cannot tell it. A tenth of the pictures is not learnt from; the error of the angle on these is
    printed.
    """
    check_folder(out, force=force)
    prepare_jax()
    from dataclasses import replace

    from seqcnn.image.sources import read_pictures
    from seqcnn.networks.weights import Model, create_member, save_model
    from seqcnn.training.upright import UPRIGHT, default_upright_schedule, fit_upright

    steps, edges = _further(text)
    x = read_pictures(source, size=size, fit="crop", group_by=group_by)
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
            member.network, x.x, schedule=schedule, groups=x.groups, seed=seed, report=tell,
            steps=steps, edges=edges,
        )  # fmt: skip
    facts = {"target": UPRIGHT.to_dict(), "shape": list(x.x.shape[1:])}
    model = Model((replace(member, network=fitted.network),), extra=facts)
    save_model(model, out)
    best = fitted.history[fitted.best]
    logger.info(
        "best in round %d of %d: typical error %.1f degrees on pictures that were not learnt from",
        best.round + 1, len(fitted.history), degrees_of(best.validation_loss),
    )  # fmt: skip
    print(f"{out}: tells how pictures are turned, {len(x):,} pictures")


def degrees_of(loss: float) -> float:
    """Turn the loss into the angle whose sine and cosine are so far off.

    Examples
    --------
    >>> round(degrees_of(0.0025), 1)
    5.7
    """
    import math

    # half the squared error, the mean of sine and cosine: (2 - 2 cos(angle)) / 4
    return math.degrees(math.acos(max(-1.0, 1 - 2 * loss)))


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
