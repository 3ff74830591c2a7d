"""Galleries: what every named filter, and every pooling, does to one picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqcnn.image.counts import unit_values
from seqcnn.image.filters import KERNELS, apply_filter, displayed, gradient_magnitude, kernel_of
from seqcnn.image.pooling import downsample, pool_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 6
"""Panels beside each other."""

_TITLES = {
    "identity": "identity", "box": "box 5 x 5", "gaussian": "Gaussian, sd 1.5",
    "motion": "motion blur", "sharpen": "sharpen", "unsharp": "unsharp mask",
    "laplace": "Laplace, 4 neighbours", "laplace8": "Laplace, 8 neighbours",
    "sobel_x": "Sobel, x", "sobel_y": "Sobel, y", "prewitt_x": "Prewitt, x",
    "prewitt_y": "Prewitt, y", "scharr_x": "Scharr, x", "scharr_y": "Scharr, y",
    "emboss": "emboss", "outline": "outline", "ridge": "ridge",
}  # fmt: skip


def filter_gallery(image: np.ndarray, *, names: Sequence[str] = tuple(KERNELS)) -> "Figure":
    """Draw what filters do to a picture, each with its kernel in the corner.

    Parameters
    ----------
    image
        (height, width, channels), as `seqcnn.image.filters.apply_filter` takes it.
    names
        Of kernels, in the order of the panels. After all of them comes the length of Sobel's
        gradient.

    Returns
    -------
    matplotlib.figure.Figure
        Of filters with values below 0, 0 is middle grey. In kernels, violet is below 0 and
        orange above.
    """
    shown = image if image.shape[-1] == 3 else image[..., :1]
    panels: list[tuple[str, np.ndarray, np.ndarray | None]] = [
        (_TITLES.get(name, name), _seen(shown, name, apply_filter(shown, name)), kernel_of(name))
        for name in names
    ]
    steep = gradient_magnitude(_grey(shown))
    top = max(float(np.quantile(steep, 0.995)), 1e-9)
    panels.append(("gradient magnitude", displayed(np.minimum(steep / top, 1)), None))
    figure, axes = _sheet(len(panels), COLUMNS, image.shape)
    for ax, (title, pixels, kernel) in zip(axes, panels, strict=False):
        _show(ax, pixels, title)
        if kernel is not None:
            _draw_kernel(ax, kernel)
    return figure


def pooling_gallery(image: np.ndarray, windows: Sequence[int] = (2, 4, 8)) -> "Figure":
    """Draw a picture pooled by mean, maximum and minimum, and by taking every n-th pixel.

    Parameters
    ----------
    image
        (height, width, channels).
    windows
        Extents of the windows, in pixels: a column each; the windows touch.

    Returns
    -------
    matplotlib.figure.Figure
        The mean blurs, the maximum keeps what is bright, the minimum what is dark; every n-th
        pixel alone makes stripes where the picture has finer ones.
    """
    rows = [
        ("mean: blurs", "mean"),
        ("maximum: keeps what is bright", "max"),
        ("minimum: keeps what is dark", "min"),
        ("every n-th pixel: aliasing", "stride"),
    ]
    shown = image if image.shape[-1] == 3 else image[..., :1]
    columns = len(windows) + 1
    figure, axes = _sheet(len(rows) * columns, columns, image.shape, wide=2.6)
    panels = iter(axes)
    for label, kind in rows:
        ax = next(panels)
        _show(ax, displayed(unit_values(shown)), "the picture" if kind == "mean" else "")
        ax.set_ylabel(label, fontsize=8)
        for window in windows:
            made = (
                downsample(shown, window) if kind == "stride" else pool_image(shown, kind, window)
            )
            _show(
                next(panels),
                displayed(unit_values(made)),
                f"{window} x {window}" if kind == "mean" else "",
            )
    return figure


def sample_sheet(images: np.ndarray, *, columns: int, gap: int = 2) -> np.ndarray:
    """Lay pictures of one size side by side on white paper.

    Parameters
    ----------
    images
        uint8 (n, height, width, channels).
    columns
        Pictures of a row.
    gap
        White pixels between them.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, channels).
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    shape = rows * (height + gap) + gap, columns * (width + gap) + gap, channels
    sheet = np.full(shape, 255, np.uint8)
    for i, image in enumerate(images):
        top, left = (
            gap + place * (extent + gap)
            for place, extent in zip(divmod(i, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = image
    return sheet


def _grey(image: np.ndarray) -> np.ndarray:
    return unit_values(image).mean(axis=-1, keepdims=True)


def _seen(image: np.ndarray, name: str, filtered: np.ndarray) -> np.ndarray:
    """Clip what blurs and sharpens; show what finds edges in grey, whose 0 is in the middle."""
    if abs(kernel_of(name).sum()) > 1e-6:
        return displayed(np.clip(filtered, 0, 1))
    return displayed(apply_filter(_grey(image), name))


def _sheet(
    panels: int, columns: int, shape: tuple[int, ...], *, wide: float = 2.1
) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    rows = -(-panels // columns)
    high = wide * shape[0] / shape[1] + 0.28
    figure = Figure(figsize=(wide * columns, high * rows), dpi=150, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for ax in axes[panels:]:
        ax.axis("off")
    return figure, list(axes)


def _show(ax: "Axes", pixels: np.ndarray, title: str) -> None:
    values = pixels if pixels.shape[-1] == 3 else pixels[..., 0]
    ax.imshow(values, cmap="gray", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    ax.set_title(title, fontsize=9)
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)


def _draw_kernel(ax: "Axes", kernel: np.ndarray) -> None:
    top = float(abs(kernel).max())
    corner = ax.inset_axes((0.74, 0.02, 0.24, 0.32))
    corner.imshow(kernel, cmap="PuOr_r", vmin=-top, vmax=top, interpolation="nearest")
    corner.set(xticks=[], yticks=[])
    for side in corner.spines.values():
        side.set(edgecolor="black", linewidth=0.8)
