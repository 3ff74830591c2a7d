"""Sections on pictures: sheets of the worst cases, drawn from pixels."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqcnn.report import sections as page
from seqcnn.report.judged import Judged, cases

SHOWN = 24
"""Pictures of a sheet."""

SIDE = 128
"""Pixels of the longer side of a picture on the page, at most."""


def thumbnail(pixels: np.ndarray) -> bytes:
    """Make a small PNG file of a picture of any depth, (h, w, channels); others give nothing."""
    from PIL import Image

    values = np.asarray(pixels)[..., :3] if pixels.shape[-1] >= 3 else np.asarray(pixels)[..., 0]
    step = max(1, -(-max(values.shape[:2]) // SIDE))
    values = values[::step, ::step].astype(np.float64)
    top = float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0
    shown = np.clip(np.round(255 * values / top), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def worst_pictures(judged: Judged, x: np.ndarray, rows: np.ndarray) -> list[dict[str, Any]]:
    """Give a section with the pictures that were predicted worst; none of volumes.

    Parameters
    ----------
    judged
        The model on what was held out.
    x
        All pictures, (n, h, w, channels).
    rows
        Where in `x` those are that were judged.
    """
    if x.ndim != 4:
        return []
    error, said, true = cases(judged)
    order = [i for i in np.argsort(-error, kind="stable").tolist() if np.isfinite(error[i])]
    shown = [
        (
            thumbnail(np.asarray(x[rows[i]])),
            f"{judged.ids[i]}: {true[i]} taken for {said[i]}",
            f"Picture {judged.ids[i]}, error {error[i]:.3f}",
        )
        for i in order[:SHOWN]
    ]
    return [page.section(
        "sheet", "The worst pictures",
        page.text("The farthest from the truth come first. Look at these: a label may be wrong, or "
                  "there is a kind of picture that the model does not know."),
        page.pictures(shown),
    )]  # fmt: skip


def segmentation_sections(
    held_out: Mapping[str, Mapping[str, float | None]],
    scores: Sequence[tuple[str, float]],
    sheet: bytes | None,
) -> list[dict[str, Any]]:
    """Give the sections on masks: metrics of each class, pictures by score, and the sheet of cases.

    Parameters
    ----------
    held_out
        Metrics by class.
    scores
        Names of pictures, and mean Dice of all but the ground of each; NaN where there is nothing.
    sheet
        PNG file of the best and worst cases.
    """
    names = list(next(iter(held_out.values())))
    heads = [page.column("class", words=True), *(page.column(n.replace("_", " ")) for n in names)]
    rows = [[page.cell(c), *(page.number(found[n]) for n in names)]
            for c, found in held_out.items()]  # fmt: skip
    known = sorted((s, n) for n, s in scores if np.isfinite(s))
    worst = [[page.cell(name), page.number(score)] for score, name in known[: 2 * SHOWN]]
    drawn = None
    if sheet is not None:
        caption = "The worst and the best: picture, true mask, predicted mask."
        drawn = page.pictures([(sheet, caption, caption)], wide=True)
    return [
        page.section("metrics", "What it is worth",
                     page.table("Metrics of each class on pictures that were held out", heads,
                                rows)),
        page.section("worst", "Worst and best cases", drawn,
                     page.table("Pictures by their mean Dice, the worst first",
                                [page.column("picture", words=True), page.column("Dice")], worst)),
    ]  # fmt: skip
