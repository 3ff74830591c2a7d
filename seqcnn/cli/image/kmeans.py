"""``seqcnn image kmeans``: segments of pictures by their colours."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, prepare_jax
from seqcnn.cli.pictures import ending_for, find_pictures, read_to_show
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.image.kmeans import KMeansSegmentation, Segmentation

logger = logging.getLogger(__name__)


def _range(ctx: click.Context, parameter: click.Parameter, value: str | None) -> range | None:
    """Read ``2-8``."""
    if value is None:
        return None
    low, dash, high = value.partition("-")
    if not (dash and low.isdecimal() and high.isdecimal() and 2 <= int(low) < int(high) <= 255):
        raise click.BadParameter("give two numbers of clusters like 2-8, from 2 to 255")
    return range(int(low), int(high) + 1)


@click.command(name="kmeans", no_args_is_help=True)
@click.argument("pictures", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write.")
@click.option(
    "-k", type=click.IntRange(1, 255), default=6, show_default=True, help="Number of clusters."
)
@click.option(
    "--choose-k", metavar="LOW-HIGH", callback=_range,
    help="Try these numbers of clusters, and take the one with the best silhouette.",
)  # fmt: skip
@click.option(
    "--space",
    type=click.Choice(["rgb", "hsv", "lab", "grey"]),
    default="rgb",
    show_default=True,
    help="Colour space in which pixels are near or far.",
)
@click.option("--together", is_flag=True, help="Give all pictures the same clusters.")
@click.option(
    "--place", type=click.FloatRange(0), default=0.0, show_default=True,
    help="How much the place of a pixel counts beside its colour.",
)  # fmt: skip
@click.option(
    "--starts", type=click.IntRange(1), default=4, show_default=True,
    help="Starts of which the best is kept.",
)  # fmt: skip
@click.option(
    "--random-starts", is_flag=True, help="Start at pixels drawn by chance, not by k-means++."
)
@click.option(
    "--batch", type=click.IntRange(1), metavar="N",
    help="Use mini-batches of N pixels, for very large pictures.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    pictures: tuple[str, ...],
    out: str,
    *,
    choose_k: range | None,
    together: bool,
    starts: int,
    force: bool,
    seed: int,
    **options: Any,
) -> None:
    """Group the pixels of PICTURES by their colours.

    PICTURES are files (PNG, JPEG, TIFF, NPY) or folders of them. DIR receives of each the map of
    labels (NAME_labels.png, whose pixels are the numbers of the clusters) and the picture in the
    mean colours of its clusters (NAME_recoloured.png), and of all colours.tsv; with --choose-k also
    k.tsv.
    """
    check_folder(out, force=force)
    found = find_pictures(pictures)
    prepare_jax()
    from seqcnn.image.kmeans import KMeansSegmentation

    names = ("k", "space", "place", "random_starts", "batch")
    settings = KMeansSegmentation(
        restarts=starts, seed=seed, **{name: options[name] for name in names}
    )
    images = {name: read_to_show(path) for name, path in found.items()}
    groups = [list(images)] if together else [[name] for name in images]
    segmented: dict[str, Segmentation] = {}
    choices: list[list[str]] = []
    for group in groups:
        some = [images[name] for name in group]
        where = found[group[0]] if len(group) == 1 else None
        chosen, rows = _chosen(settings, some, choose_k, where)
        choices += [["all" if together else group[0], *row] for row in rows]
        segmented |= zip(group, _segment(chosen, some, where), strict=True)
    with filled_folder(out, force=force) as folder:
        _write(folder, segmented, choices)
    logger.info("segmented %d pictures into %s", len(segmented), out)


def _chosen(
    settings: "KMeansSegmentation",
    images: "list[np.ndarray]",
    ks: range | None,
    path: Path | None,
) -> "tuple[KMeansSegmentation, list[list[str]]]":
    """Choose the number of clusters, and say what speaks for each."""
    if ks is None:
        return settings, []
    from dataclasses import replace

    from seqcnn.image.choose_k import choose_k

    try:
        choice = choose_k(images, ks, settings=settings)
    except SeqcnnError as error:
        raise _at(error, path) from None
    k = choice.by_silhouette
    logger.info("k = %d by the silhouette, %d by the elbow of the inertia", k, choice.by_elbow)
    columns = zip(choice.ks, choice.inertia, choice.silhouette, strict=True)
    rows = [[str(k), f"{inertia:.6g}", f"{score:.4f}"] for k, inertia, score in columns]
    return replace(settings, k=k), rows


def _segment(
    settings: "KMeansSegmentation", images: "list[np.ndarray]", path: Path | None
) -> "list[Segmentation]":
    try:
        return settings.segment_together(images)
    except SeqcnnError as error:
        raise _at(error, path) from None


def _at(error: SeqcnnError, path: Path | None) -> SeqcnnError:
    return error if path is None else SeqcnnError(str(error), path=path)


def _write(folder: Path, segmented: "dict[str, Segmentation]", choices: list[list[str]]) -> None:
    from seqcnn.image.counts import unit_values
    from seqcnn.image.files import write_image
    from seqcnn.image.filters import displayed
    from seqcnn.image.masks import write_mask
    from seqcnn.report.tables import write_table

    rows = []
    for name, found in segmented.items():
        write_mask(folder / f"{name}_labels.png", found.labels)
        recoloured = displayed(unit_values(found.recoloured))
        write_image(folder / f"{name}_recoloured{ending_for(recoloured)}", recoloured)
        colours = displayed(unit_values(found.colours))
        for label, colour in enumerate(colours.tolist()):
            share = (found.labels == label).mean()
            code = "#" + "".join(f"{value:02x}" for value in (colour * 3)[:3])
            rows.append([name, str(label), f"{share:.6g}", code, f"{found.inertia:.6g}"])
    columns = ["picture", "label", "share", "colour", "inertia"]
    write_table(str(folder / "colours.tsv"), columns, rows)
    if choices:
        columns = ["picture", "k", "inertia", "silhouette"]
        write_table(str(folder / "k.tsv"), columns, choices)
