"""Where the windows of a convolution lie: a table, and the figures of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcnn.nn.geometry import conv_output_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORANGE, BLUE, GREY = "#d55e00", "#0072b2", "#bbbbbb"
"""Colours that all people tell apart (Okabe and Ito)."""


class Window(NamedTuple):
    """One window on one axis.

    Parameters
    ----------
    position
        Of the result.
    start, end
        First place that it covers, and the one behind its last; below 0 and from the length of the
        axis on lies the padding.
    padded
        How many of its places lie in the padding.
    """

    position: int
    start: int
    end: int
    padded: int


def window_table(
    length: int, window: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[Window]:
    """List the windows on one axis.

    Parameters
    ----------
    length, window, stride, padding, dilation
        As in `seqcnn.nn.geometry.conv_output_size`.

    Raises
    ------
    SeqcnnError
        Not even one window fits.

    Examples
    --------
    >>> [w.start for w in window_table(9, 3, stride=3)]
    [0, 3, 6]
    >>> window_table(4, 3, padding=2)[0]
    Window(position=0, start=-2, end=1, padded=2)
    """
    positions = conv_output_size(length, window, stride=stride, padding=padding, dilation=dilation)
    rows = []
    for position in range(positions):
        start = position * stride - padding
        places = [start + i * dilation for i in range(window)]
        outside = sum(not 0 <= place < length for place in places)
        rows.append(Window(position, start, places[-1] + 1, outside))
    return rows


def stride_figure(length: int = 9, window: int = 3, strides: Sequence[int] = (1, 2, 3)) -> "Figure":
    """Draw the windows on one axis, a panel for each stride: a bar under the pixels it covers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(strides), 3.4), dpi=150, layout="constrained")
    axes = figure.subplots(1, len(strides), sharey=True, squeeze=False)[0]
    for ax, stride in zip(axes, strides, strict=True):
        rows = window_table(length, window, stride=stride)
        _cells(ax, [(i, 0, str(i)) for i in range(length)], GREY)
        for row in rows:
            colour = (BLUE, ORANGE)[row.position % 2]
            ax.barh(row.position + 1.2, window - 0.12, 0.7, left=row.start - 0.44, color=colour)
            ax.text(
                row.start + (window - 1) / 2, row.position + 1.2, f"starts at {row.start}",
                ha="center", va="center", color="white", fontsize=8,
            )  # fmt: skip
        starts = ", ".join(str(row.start) for row in rows)
        ax.set_title(f"stride {stride}: {starts}", fontsize=9)
        ax.set(xlim=(-0.6, length - 0.4), ylim=(length - window + 1.8, -0.6))
        ax.axis("off")
    return figure


def window_figure(
    size: int = 6, window: int = 3, cases: Sequence[tuple[int, int]] = ((2, 1), (0, 3))
) -> "Figure":
    """Draw pictures of `size` x `size` pixels with their windows, beside what comes out.

    Parameters
    ----------
    size, window
        Of the picture and of the kernel, in pixels.
    cases
        (padding, stride) of each row of panels. The first and the last window are shown, each with
        the pixel that it makes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.6 * len(cases)), dpi=150, layout="constrained")
    panels = figure.subplots(len(cases), 2, squeeze=False)
    for (left, right), (padding, stride) in zip(panels, cases, strict=True):
        rows = window_table(size, window, stride=stride, padding=padding)
        _picture(left, size, padding)
        _result(right, len(rows))
        for row, colour in ((rows[0], BLUE), (rows[-1], ORANGE)):
            _frame(left, row.start, window, colour)
            _frame(right, row.position, 1, colour)
        left.set_title(f"{size} x {size} pixels, padding {padding}, stride {stride}", fontsize=10)
        sum_ = f"({size} - {window} + 2 x {padding}) / {stride}"
        right.set_title(f"floor({sum_}) + 1 = {len(rows)}", fontsize=10)
    return figure


def _picture(ax: "Axes", size: int, padding: int) -> None:
    grid = np.indices((size + 2 * padding,) * 2).reshape(2, -1).T - padding
    inside = ((grid >= 0) & (grid < size)).all(axis=1)
    _cells(ax, [(x, y, "") for y, x in grid[inside]], GREY)
    _cells(ax, [(x, y, "0") for y, x in grid[~inside]], "white")
    _square(ax, -padding, size + padding)


def _result(ax: "Axes", size: int) -> None:
    _cells(ax, [(x, y, "") for y in range(size) for x in range(size)], "#e8e8e8")
    _square(ax, 0, size)


def _square(ax: "Axes", low: int, high: int) -> None:
    ax.set(xlim=(low - 0.7, high - 0.3), ylim=(high - 0.3, low - 0.7), aspect="equal")
    ax.axis("off")


def _cells(ax: "Axes", cells: Sequence[tuple[int, int, str]], colour: str) -> None:
    from matplotlib.patches import Rectangle

    for x, y, word in cells:
        ax.add_patch(
            Rectangle(
                (x - 0.5, y - 0.5),
                1,
                1,
                facecolor=colour,
                edgecolor="white" if colour == GREY else GREY,
                linewidth=0.8,
            )
        )
        if word:
            ax.text(x, y, word, ha="center", va="center", fontsize=8, color="#555555")


def _frame(ax: "Axes", start: int, size: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    corner = start - 0.5 + 0.06
    ax.add_patch(
        Rectangle((corner, corner), size - 0.12, size - 0.12, facecolor=colour, alpha=0.25)
    )
    ax.add_patch(
        Rectangle(
            (corner, corner), size - 0.12, size - 0.12, fill=False, edgecolor=colour, linewidth=2.5
        )
    )
