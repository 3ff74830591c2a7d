"""``seqcnn image segment predict``: give each pixel of pictures its class."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.models import SEGMENT, check_command
from seqcnn.cli.options import common, prepare_jax
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.image.pairs import Pairs
    from seqcnn.networks.weights import Model


@click.command(name="predict", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("sources", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write to.")
@click.option("--masks", metavar="FOLDER", help="True masks of PICTURES, called as they are: adds "
              "tables of how well they are met, and a sheet of the best and worst.")  # fmt: skip
@click.option("--overlap", type=click.FloatRange(0, 1, max_open=True), default=0.25,
              show_default=True, help="Share of a tile that the next one covers too.")  # fmt: skip
@click.option("--margin", type=click.IntRange(0), default=0, show_default=True, metavar="N",
              help="Pixels along the edges of tiles that do not count: as far as the network looks "
              "for the masks of whole pictures, but for less than half of a tile.")  # fmt: skip
@click.option("--whole", is_flag=True, help="Predict each picture at once, not in tiles of the "
              "size that MODEL was trained on.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that holds files already.")
@common
def command(
    model: str,
    sources: tuple[str, ...],
    out: str,
    *,
    masks: str | None,
    overlap: float,
    margin: int,
    whole: bool,
    force: bool,
    quiet: bool,
    **_: Any,
) -> None:
    """Write a mask for each of PICTURES: files, a folder, or an NPZ file.

    MODEL is a folder that `seqcnn image segment train` wrote. DIR gets NAME.png (a palette, so that
    pixels are numbers of classes and are shown in colours), NAME_overlay.png and areas.tsv. With
    --masks, or masks in the NPZ file, it also gets metrics.tsv (of all pixels together, and the
    mean over pictures), pictures.tsv and cases.png.
    """
    check_folder(out, force=force)
    _check_apart(out, (*sources, *([masks] if masks else [])))
    from seqcnn.image.pairs import read_pairs
    from seqcnn.report.masks import AREA_COLUMNS, area_rows, names_of_masks, write_masks
    from seqcnn.report.tables import write_table

    prepare_jax()
    loaded, names = _model(model)
    facts = loaded.extra
    pairs = read_pairs(sources, masks, channels=facts["channels"], binary=facts["binary"])
    stems = names_of_masks(pairs.ids)
    with progress_bar(quiet=quiet) as show:
        found = _masks(loaded, pairs, (overlap, margin), whole=whole, show=show)
    with filled_folder(out, force=force) as folder:
        write_masks(folder, stems, pairs.pictures, found)
        write_table(folder / "areas.tsv", AREA_COLUMNS, area_rows(pairs.ids, found, names))
        told = ""
        if pairs.masks is not None:
            told = _write_metrics(folder, stems, pairs, found, names)
    print(f"{len(pairs):,} masks in {out}{told}")


def _check_apart(out: str, inputs: tuple[str, ...]) -> None:
    """Refuse a folder with pictures that masks would be written over."""
    for name in inputs:
        path = Path(name)
        folder = path if path.is_dir() else path.parent
        within = folder.is_dir() and Path(out).is_dir() and folder.samefile(out)
        if within and path.suffix.lower() != ".npz":
            raise SeqcnnError(
                f"{name} lies in the output folder, and might be written over: name another folder",
                path=out,
            )


def _model(path: str) -> "tuple[Model, tuple[str, ...]]":
    """Load a model of segmentation, and the names of its classes."""
    from seqcnn.networks.weights import load_model
    from seqcnn.training.predict import target_of

    loaded = load_model(path)
    check_command(loaded, path, SEGMENT)
    return loaded, target_of(loaded).names


def _masks(
    loaded: "Model", pairs: "Pairs", edges: tuple[float, int], *, whole: bool, show: Any
) -> "list[np.ndarray]":
    """Predict the mask of each picture, uint8 (h, w); `edges` are overlap and margin of tiles."""
    import numpy as np

    from seqcnn.image.brightness import stretch_brightness
    from seqcnn.training.tiles import predict_probabilities

    networks = [member.network for member in loaded.members]
    tile, (overlap, margin) = None if whole else loaded.extra["tile"], edges
    found = []
    for number, picture in enumerate(pairs.pictures):
        show("pictures", number / len(pairs))
        seen = stretch_brightness(picture) if loaded.extra["stretch"] else picture
        shares = predict_probabilities(networks, seen, tile=tile, overlap=overlap, margin=margin)
        found.append(shares.argmax(axis=-1).astype(np.uint8))
    return found


def _write_metrics(
    folder: Path,
    stems: list[str],
    pairs: "Pairs",
    found: "list[np.ndarray]",
    names: tuple[str, ...],
) -> str:
    """Write how well masks are met, and sum it up in a few words."""
    import numpy as np

    from seqcnn.report.masks import METRIC_COLUMNS, draw_cases, metric_rows
    from seqcnn.report.tables import write_table
    from seqcnn.stats.segmentation import PixelCounts, count_pixels, dice

    truth = pairs.truth
    each = [count_pixels(p[None], t[None], len(names)) for p, t in zip(found, truth, strict=True)]
    counts = PixelCounts(*(np.concatenate(part) for part in zip(*each, strict=True)))
    write_table(folder / "metrics.tsv", METRIC_COLUMNS, metric_rows(counts, names))
    scores = dice(counts)
    rows = (
        [name, *(None if np.isnan(value) else f"{value:.6g}" for value in values)]
        for name, values in zip(pairs.ids, scores, strict=True)
    )
    write_table(folder / "pictures.tsv", ["picture", *(f"dice {n}" for n in names)], rows)
    # the ground is large and easy: cases are told apart by what lies on it
    shown = np.where(np.isfinite(scores[:, 1:]), scores[:, 1:], 0).sum(axis=1)
    defined = np.isfinite(scores[:, 1:]).sum(axis=1)
    mean = np.where(defined > 0, shown / np.maximum(defined, 1), np.nan)
    sheet = folder / "cases.png"
    draw_cases(sheet, stems, pairs.pictures, found, truth, mean, classes=names)
    pooled = dice(counts.pooled())[0]
    return ": Dice of all pixels " + ", ".join(
        f"{name} {value:.3f}" for name, value in zip(names, pooled, strict=True)
    )
