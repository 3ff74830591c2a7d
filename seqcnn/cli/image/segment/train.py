"""``seqcnn image segment train``: fit a network that gives a class to each pixel."""

import hashlib
import json
import logging
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli import stop
from seqcnn.cli.options import common, default_out, prepare_jax, warn_of_idle_gpu
from seqcnn.cli.page import record_of, started
from seqcnn.cli.progress import progress_bar
from seqcnn.cli.train_folder import CHECKPOINTS, begun, is_done
from seqcnn.cli.train_plan import parsed_settings
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from seqcnn.image.pairs import Pairs
    from seqcnn.networks.weights import Member
    from seqcnn.stats.segmentation import PixelCounts
    from seqcnn.training.examples import Examples
    from seqcnn.training.fitting import Fitted, Progress
    from seqcnn.training.mask_examples import Parts
    from seqcnn.training.step import Recipe
    from seqcnn.training.targets import Target

TILE = 128
"""Extent of tiles, if the pictures are not smaller."""

EXAMPLES = (
    "Examples:",
    "seqcnn image segment train pictures/ masks/ -o cells_model",
    "seqcnn image segment train pictures/ masks/ --loss focal+dice --balance weights",
    "seqcnn image segment train cells.npz --classes ground,cell --network segformer_small",
)

FILES = (
    ("config.json", "the network and its options"),
    ("weights.safetensors", "its weights"),
    ("history.tsv", "losses of each round"),
    ("metrics.json", "metrics of each class"),
    ("roles.tsv", "what each picture was for"),
)
"""Files of a model."""

logger = logging.getLogger(__name__)


@click.command(name="train", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("pictures", metavar="PICTURES")
@click.argument("masks", metavar="[MASKS]", required=False)
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="MODEL", help="Folder of "
              "the model; by default <name of PICTURES>_model.")  # fmt: skip
@click.option("--force", is_flag=True, help="Start anew, and replace a model that is there.")
@click.option("--resume", is_flag=True, help="Go on where an earlier run was broken off.")
@click.option("--classes", metavar="A,B,...", help="Names of the classes 0, 1, ...; by default "
              "ground, class_1, ...")  # fmt: skip
@click.option("--binary", is_flag=True, help="All numbers above 0 are one class: the masks count "
              "single objects.")  # fmt: skip
@click.option("--channels", type=click.Choice(["1", "3"]), help="1 turns colour to grey, 3 grey to "
              "three channels; by default what is there.")  # fmt: skip
@click.option("--stretch", is_flag=True, help="Spread the brightness of each picture over the "
              "whole range first, here and in `segment predict`.")  # fmt: skip
@click.option("--tile", type=click.IntRange(8), metavar="N", help=f"Learn from squares of N by N "
              f"pixels; by default {TILE}, or the shortest side of all pictures.")  # fmt: skip
@click.option("--hold-out", type=click.FloatRange(0, 0.6, min_open=True, max_open=True),
              default=0.2, show_default=True, help="Share of the pictures that the report is on; "
              "half as many say when to stop.")  # fmt: skip
@click.option("--group-by", metavar="folder|REGEX", help="Keep pictures that share their folder, "
              "or what the pattern finds in their names, on one side of the split. Equal pictures "
              "always are.")  # fmt: skip
@click.option("--network", default="unet", show_default=True, help="unet, segnet, segformer_small, "
              "or segmenter (--set decoder=transposed|skip|attention).")  # fmt: skip
@click.option("--set", "settings", metavar="OPTION=VALUE", multiple=True, help="An option of the "
              "network, such as channels=[8,16,32]; may be given several times.")  # fmt: skip
@click.option("--augment", metavar="STEP,...", default="flip,flip_vertical,turn90",
              show_default=True, help="Change pictures and masks at random in training, see "
              "`seqcnn image augment`; none for nothing.")  # fmt: skip
@click.option("--loss", metavar="NAME+...", help="What training makes small: ce (cross-entropy: "
              "each pixel counts), dice or jaccard (overlap, for small objects), tversky(alpha=0.3,"
              "beta=0.7) (missed pixels count more than false ones), focal (hard pixels), lovasz; "
              "sums with factors, such as ce+0.5*dice. By default ce and dice of the classes "
              "that occur.")  # fmt: skip
@click.option("--balance", type=click.Choice(["none", "weights"]), default="none",
              show_default=True, help="Let all classes count alike, however many pixels they "
              "have.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), help="Rounds of training at most.")
@click.option("--steps", type=click.IntRange(1), help="Steps of a round.")
@click.option("--batch", type=click.IntRange(1), help="Tiles of a step.")
@click.option("--patience", type=click.IntRange(1), help="Rounds without a better loss on the "
              "stopping part, after which training ends.")  # fmt: skip
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="Largest rate.")
@common
def command(pictures: str, masks: str | None, out: Path | None, **options: Any) -> None:
    """Fit a network to PICTURES and MASKS: two folders, or one NPZ file with x and masks.

    A mask is called as its picture and as large, PNG or TIFF; its pixels are numbers of classes (of
    a palette, its indices), 255 where nothing is known. Pictures may differ in size. Writes
    config.json, weights.safetensors, history.tsv, metrics.json, roles.tsv and report.html to MODEL.
    """
    run_train(pictures, masks, out or default_out(pictures.rstrip("/"), "_model"), options)


def run_train(pictures: str, masks: str | None, out: Path, options: dict[str, Any]) -> None:
    """Read, train, write."""
    from seqcnn.image.pairs import read_pairs
    from seqcnn.report.finish import add_page, remove_page, write_record
    from seqcnn.report.model_page import segmentation_page
    from seqcnn.training.mask_examples import deal_pictures
    from seqcnn.training.segmentation_losses import combined_loss

    start = started()
    if is_done(out, force=options["force"], resume=options["resume"]):
        return
    if options["loss"] is not None:
        combined_loss(options["loss"])  # a wrong name is told before anything is read
    channels = int(options["channels"]) if options["channels"] else None
    pairs = read_pairs([pictures], masks, channels=channels, binary=options["binary"])
    target = _target(pairs, options["classes"])
    groups = _groups(pairs, options["group_by"])
    parts = deal_pictures(
        len(pairs), hold_out=options["hold_out"], groups=groups, seed=options["seed"]
    )
    prepare_jax(keep=True)
    pairs = _stretched(pairs) if options["stretch"] else pairs
    tile = options["tile"] or min(TILE, *(min(p.shape[:2]) for p in pairs.pictures))
    training, stopping = (
        _tiles(pairs, rows, tile, step)
        for rows, step in ((parts.train, max(1, tile // 2)), (parts.stop, tile))
    )
    recipe = _recipe(training, target, options)
    member = _member(training, target, options)
    warn_of_idle_gpu()
    fitted = _fit(member, training, stopping, target, recipe, out, options)
    facts = {
        "target": target.to_dict(),
        "tile": tile,
        "stretch": options["stretch"],
        "channels": training.x.shape[-1],
        "binary": options["binary"],
    }
    remove_page(out)
    _write(out, replace(member, network=fitted.network), facts, fitted)
    told, shown = _report(out, fitted, pairs, parts, target, tile)
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    inputs = [path for path in (pictures, masks) if path is not None and Path(path).is_file()]
    record = record_of(inputs, start)
    write_record(out, record, [name for name, _ in FILES])
    add_page(out, lambda: segmentation_page(
        target, fitted.history, record, network=member.name, sizes=parts._asdict(), tile=tile,
        sections=shown(), files=FILES, metrics=json.loads((out / "metrics.json").read_text()),
    ))  # fmt: skip
    print(f"{out}: {told}")


def _target(pairs: "Pairs", classes: str | None) -> "Target":
    from seqcnn.image.pairs import count_classes
    from seqcnn.training.targets import SEGMENTATION, Target

    number = count_classes(pairs.truth)
    names = ["ground", *(f"class_{i}" for i in range(1, number))]
    if classes is not None:
        names = [name.strip() for name in classes.split(",")]
        if len(names) < number or len(set(names)) < len(names) or not all(names):
            raise SeqcnnError(
                f"`--classes` {classes!r} must be {number} or more different names: masks hold "
                f"numbers up to {number - 1}"
            )
    return Target(SEGMENTATION, tuple(names))


def _groups(pairs: "Pairs", group_by: str | None) -> Any:
    """Give numbers to groups of pictures, which must not be split up; equal ones are one group."""
    from seqcnn.image.labels import group_numbers
    from seqcnn.seq.groups import joined_groups
    from seqcnn.training.pictures import same_pictures

    groups = same_pictures(pairs.pictures)
    if pairs.groups is not None:
        groups = joined_groups(groups, pairs.groups)
    if group_by is not None:
        groups = joined_groups(groups, group_numbers(pairs.ids, group_by, None))
    return groups


def _stretched(pairs: "Pairs") -> "Pairs":
    from seqcnn.image.brightness import stretch_brightness

    return replace(pairs, pictures=tuple(map(stretch_brightness, pairs.pictures)))


def _tiles(pairs: "Pairs", rows: Any, tile: int, step: int) -> "Examples":
    from seqcnn.training.mask_examples import tile_examples

    pictures, masks = ([part[i] for i in rows] for part in (pairs.pictures, pairs.truth))
    return tile_examples(pictures, masks, tile, step)


def _recipe(training: "Examples", target: "Target", options: dict[str, Any]) -> "Recipe":
    from seqcnn.image.augment import parse_augment
    from seqcnn.training.losses import balanced_class_weights
    from seqcnn.training.mask_examples import mask_schedule
    from seqcnn.training.step import Recipe

    names = ("rounds", "steps", "batch", "patience", "learning_rate")
    told = {name: options[name] for name in names if options[name] is not None}
    augmentation = None
    if options["augment"] != "none":
        augmentation = parse_augment(options["augment"], target="mask")
    weights = None
    if options["balance"] == "weights":
        weights = balanced_class_weights(target, training.y)
    return Recipe(
        replace(mask_schedule(len(training)), **told),
        augmentation=augmentation,
        class_weights=weights,
        masks=options["loss"] or "",
    )


def _member(training: "Examples", target: "Target", options: dict[str, Any]) -> "Member":
    from seqcnn.networks.weights import create_member
    from seqcnn.networks.zoo import names
    from seqcnn.training.mask_examples import pixel_statistics

    if options["network"] not in names("segment"):
        raise SeqcnnError(
            f"`--network` {options['network']} gives no masks: choose one of "
            f"{', '.join(names('segment'))}"
        )
    given = {
        "input_shape": list(training.x.shape[1:]),
        "classes": target.outputs,
        "pixels": pixel_statistics(training.x),
    }
    settings = parsed_settings(options["settings"])
    return create_member(options["network"], seed=options["seed"], **{**settings, **given})


def _fit(
    member: "Member",
    training: "Examples",
    stopping: "Examples",
    target: "Target",
    recipe: "Recipe",
    out: Path,
    options: dict[str, Any],
) -> "Fitted":
    """Train, from the start or from a checkpoint."""
    from seqcnn.training.checkpoint import CheckpointFolder
    from seqcnn.training.fitting import TrainingStopped, fit_target

    identity = {
        "network": member.name,
        "options": member.options,
        "recipe": repr(recipe),
        "seed": options["seed"],
        "data": hashlib.sha256(training.x.tobytes() + training.y.tobytes()).hexdigest(),
    }
    with (
        begun(out, anew=not options["resume"]) as folder,
        progress_bar(quiet=options["quiet"]) as show,
        stop.deferred() as asked,
    ):

        def tell(progress: "Progress") -> None:
            done = progress.round + progress.step / progress.steps
            show(f"round {progress.round + 1}, loss {progress.loss:.3f}", done / progress.rounds)

        try:
            return fit_target(
                member.network, training, stopping, target=target, recipe=recipe,
                seed=options["seed"], folder=CheckpointFolder(folder, identity), stop=asked,
                report=tell,
            )  # fmt: skip
        except TrainingStopped:
            logger.info("the state is saved: go on with --resume and the same options")
            raise


def _write(out: Path, member: "Member", facts: dict[str, Any], fitted: "Fitted") -> None:
    from seqcnn.networks.weights import Model, save_model
    from seqcnn.report.tables import write_table

    save_model(Model((member,), extra=facts), out)
    rows = (
        [e.round + 1, f"{e.loss:.6g}", f"{e.validation_loss:.6g}", f"{e.metric or 0:.6g}",
         int(e.round == fitted.best)]
        for e in fitted.history
    )  # fmt: skip
    write_table(out / "history.tsv", "round loss validation_loss dice best".split(), rows)


def _report(
    out: Path, fitted: "Fitted", pairs: "Pairs", parts: "Parts", target: "Target", tile: int
) -> "tuple[str, Callable[[], list[dict[str, Any]]]]":
    """Write what the network is worth on the pictures that were held out.

    Returns
    -------
    said : str
        The same in a line.
    sections : callable
        Makes the sections of the page on it.
    """
    import numpy as np

    from seqcnn.data.files import atomic_write
    from seqcnn.report.tables import write_table
    from seqcnn.stats.segmentation import PixelCounts, count_pixels, segmentation_table
    from seqcnn.training.tiles import predict_probabilities

    each, masks = [], []
    for row in parts.report.tolist():
        found = predict_probabilities([fitted.network], pairs.pictures[row], tile=tile)
        masks.append(found.argmax(axis=-1).astype(np.uint8))
        each.append(count_pixels(masks[-1][None], pairs.truth[row][None], target.outputs))
    counts = PixelCounts(*map(np.concatenate, zip(*each, strict=True)))
    table = segmentation_table(counts)
    held_out = {
        name: {metric: _plain(values[i]) for metric, values in table.items()}
        for i, name in enumerate(target.names)
    }
    facts = {"target": target.kind, "main": "dice", "pictures": len(each), "held_out": held_out}
    with atomic_write(out / "metrics.json") as handle:
        handle.write(json.dumps(facts, indent=1) + "\n")
    roles = ((pairs.ids[i], role) for role, rows in parts._asdict().items() for i in rows.tolist())
    write_table(out / "roles.tsv", ["picture", "role"], sorted(roles))
    shown = (f"{name} {found['dice'] or 0:.3f}" for name, found in held_out.items())
    said = f"Dice on {len(each):,} pictures that were held out: {', '.join(shown)}"
    return said, lambda: _sections(pairs, parts.report.tolist(), masks, counts, held_out)


def _sections(
    pairs: "Pairs",
    rows: list[int],
    masks: "list[np.ndarray]",
    counts: "PixelCounts",
    held_out: dict[str, Any],
) -> list[dict[str, Any]]:
    """Make the sections on masks: the sheet of cases, and tables."""
    import tempfile

    import numpy as np

    from seqcnn.report.masks import draw_cases
    from seqcnn.report.pictures_page import segmentation_sections
    from seqcnn.stats.segmentation import dice

    each = dice(counts)[:, 1:]  # the ground is large and easy
    known = np.isfinite(each)
    sums = np.where(known, each, 0).sum(axis=1)
    scores = np.where(known.any(axis=1), sums / np.maximum(known.sum(axis=1), 1), np.nan)
    names = [pairs.ids[i] for i in rows]
    with tempfile.TemporaryDirectory(prefix="seqcnn-") as folder:
        sheet = Path(folder) / "cases.png"
        draw_cases(
            sheet, names, [pairs.pictures[i] for i in rows], masks, [pairs.truth[i] for i in rows],
            scores, classes=tuple(held_out),
        )  # fmt: skip
        drawn = sheet.read_bytes() if sheet.exists() else None
    return segmentation_sections(held_out, list(zip(names, scores.tolist(), strict=True)), drawn)


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
