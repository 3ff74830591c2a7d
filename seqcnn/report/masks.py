"""What is written of predicted masks: masks, overlays, tables, and a sheet of cases."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.files import write_image
from seqcnn.image.masks import IGNORE, class_colours, overlay, write_mask
from seqcnn.image.regions import describe_mask
from seqcnn.stats.segmentation import METRICS, PixelCounts, mean_defined, segmentation_table

AREA_COLUMNS = "picture class pixels share pieces largest_piece".split()
METRIC_COLUMNS = ["class", *METRICS, *(f"{name}_per_image" for name in METRICS)]

SHOWN = 4
"""Best and worst cases on the sheet, of each so many at most."""


SHEET = "cases"
"""What the sheet is called, and so no mask."""


def names_of_masks(ids: Sequence[str]) -> list[str]:
    """Name the mask of each picture after it, without folders and ending.

    Raises
    ------
    SeqcnnError
        Two files that are written would have the same name.
    """
    stems = [PurePosixPath(name).stem for name in ids]
    taken = {SHEET: "the sheet of cases"}
    for name, stem in zip(ids, stems, strict=True):
        for file in (stem, f"{stem}_overlay"):
            key = file.casefold()  # some disks do not tell cases apart
            if key in taken:
                raise SeqcnnError(
                    f"{name} and {taken[key]} would both be written to {file}.png: rename one"
                )
            taken[key] = name
    return stems


def write_masks(
    folder: Path, names: Sequence[str], pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray]
) -> None:
    """Write each mask as ``NAME.png``, and as ``NAME_overlay.png`` laid over its picture."""
    for name, picture, mask in zip(names, pictures, masks, strict=True):
        write_mask(folder / f"{name}.png", mask)
        write_image(folder / f"{name}_overlay.png", overlay(picture, mask))


def area_rows(
    ids: Sequence[str], masks: Sequence[np.ndarray], classes: Sequence[str]
) -> Iterator[list[Any]]:
    """Give a row for each picture and class; columns are `AREA_COLUMNS`."""
    for name, mask in zip(ids, masks, strict=True):
        facts = describe_mask(mask, len(classes))
        for number, title in enumerate(classes):
            share = f"{facts.share[number]:.6g}"
            numbers = (facts.pixels, facts.pieces, facts.largest)
            pixels, pieces, largest = (int(part[number]) for part in numbers)
            yield [name, title, pixels, share, pieces, largest]


def metric_rows(counts: PixelCounts, classes: Sequence[str]) -> Iterator[list[Any]]:
    """Give a row for each class, and their mean; columns are `METRIC_COLUMNS`."""
    table = segmentation_table(counts)
    columns = np.stack([table[name] for name in METRIC_COLUMNS[1:]], axis=1)
    rows = [*zip(classes, columns, strict=True), ("mean", mean_defined(columns))]
    for name, values in rows:
        yield [name, *(None if np.isnan(value) else f"{value:.6g}" for value in values)]


def draw_cases(
    path: Path,
    names: Sequence[str],
    pictures: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    scores: np.ndarray,
    *,
    classes: Sequence[str],
) -> None:
    """Draw the worst and the best cases: picture, true mask and predicted mask side by side.

    Parameters
    ----------
    path
        PNG file to write.
    names, pictures, masks, truth
        Of all cases.
    scores
        float (n,): Dice of each; NaN where it is not defined, which is not drawn.
    classes
        Names of the classes, for the legend.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    order = np.argsort(scores)[: int(np.isfinite(scores).sum())]
    half = min(SHOWN, (len(order) + 1) // 2)
    worst, best = order[:half], order[half:][::-1][:SHOWN]
    chosen = [*(("worst", i) for i in worst), *(("best", i) for i in best)]
    if not chosen:
        return
    colours = class_colours(len(classes))
    figure = Figure(figsize=(7.5, 2.6 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), 3, squeeze=False)
    for row, (kind, i) in zip(axes, chosen, strict=True):
        picture = pictures[i]
        nothing = np.zeros(picture.shape[:2], np.uint8)
        titles = (f"{kind}: {names[i]}", "true", f"predicted, Dice {scores[i]:.3f}")
        for panel, mask, title in zip(row, (nothing, truth[i], masks[i]), titles, strict=True):
            panel.imshow(overlay(picture, mask, colours), interpolation="nearest")
            panel.set_title(title, fontsize=8, parse_math=False)
            panel.set_axis_off()
    shown = zip(colours[1:] / 255, classes[1:], strict=True)  # the ground stays clear
    patches = [Patch(color=tuple(colour), label=name) for colour, name in shown]
    if any((truth[i] == IGNORE).any() for _, i in chosen):
        patches.append(Patch(facecolor="white", edgecolor="grey", label="not known"))
    figure.legend(handles=patches, loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})
