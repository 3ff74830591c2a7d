"""Small figures as SVG text, sharp at any size and readable in the dark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup, escape

Numbers = Sequence[float] | np.ndarray

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 340, 250, 50, 12, 40, 40
"""Size of a drawing and of what lies around its axes. Colours are those of the page's classes."""

BAR, BAR_HEIGHT = 6, 40
"""Width of a bar with the gap beside it, and height of the largest one, in units of the drawing."""


def bar_figure(heights: Numbers, expected: Numbers, *, label: str) -> Markup:
    """Draw small bars, and a line of what was expected of them.

    Parameters
    ----------
    heights, expected
        (n,) each, none below 0.
    label
        What the bars show, for those who do not see them.
    """
    wanted = np.asarray(expected, float)
    scale = BAR_HEIGHT / max(float(np.max(heights)), float(wanted.max()), 1e-9)
    bars = "".join(
        f"M{BAR * i} {BAR_HEIGHT}v{-scale * float(height):.1f}h{BAR - 1}V{BAR_HEIGHT}z"
        for i, height in enumerate(heights)
        if height > 0
    )
    line = " ".join(
        f"{BAR * i + (BAR - 1) / 2:g},{BAR_HEIGHT - scale * y:.1f}"
        for i, y in enumerate(wanted.tolist())
    )
    width = BAR * len(wanted) - 1
    return Markup(
        f'<svg class="bars" viewBox="0 0 {width} {BAR_HEIGHT + 1}" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title><path d="{bars}"/>'
        f'<path class="axis" d="M0 {BAR_HEIGHT + 0.5}H{width}"/><polyline points="{line}"/></svg>'
    )


@dataclass(frozen=True, eq=False)
class Line:
    """A line, with the band of its interval if `low` and `high` are given; all (n,)."""

    name: str
    x: Numbers
    y: Numbers
    low: Numbers | None = None
    high: Numbers | None = None


@dataclass(frozen=True, eq=False)
class Steps:
    """The outline of a histogram: `heights` (n,) between `edges` (n + 1,)."""

    name: str
    edges: Numbers
    heights: Numbers


@dataclass(frozen=True, eq=False)
class Points:
    """Points with the intervals of their heights; all (n,)."""

    name: str
    x: Numbers
    y: Numbers
    low: Numbers
    high: Numbers
    radius: float = 3


Layer = Line | Steps | Points


@dataclass(frozen=True)
class Axes:
    """What the axes show, and their ends: (least, largest); words may stand in place of numbers."""

    x_label: str
    y_label: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_words: tuple[tuple[float, str], ...] = ()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Find the place of a point in the drawing; what lies outside is put on the edge."""
        across = (min(max(x, self.x[0]), self.x[1]) - self.x[0]) / (self.x[1] - self.x[0])
        up = (min(max(y, self.y[0]), self.y[1]) - self.y[0]) / (self.y[1] - self.y[0])
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP),
        )

    def points(self, x: Numbers, y: Numbers) -> str:
        """Write points as SVG does."""
        places = (self.place(float(a), float(b)) for a, b in zip(x, y, strict=True))
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in places)


def axes_around(x_label: str, y_label: str, x: Numbers, y: Numbers, *, y_low: float = 0.0) -> Axes:
    """Choose the ends of axes: the values of x, and a round number above those of y."""
    x_low, x_high = (float(np.min(x)), float(np.max(x))) if len(x) else (0.0, 1.0)
    top = float(np.max(y)) if len(y) else 1.0
    top = top if top > y_low else y_low + 1.0
    unit = 10.0 ** np.floor(np.log10(top - y_low))
    high = y_low + unit * np.ceil((top - y_low) / unit * 2) / 2
    return Axes(x_label, y_label, (x_low, max(x_high, x_low + 1e-9)), (y_low, float(high)))


def plot(layers: Sequence[Layer], axes: Axes, *, label: str) -> Markup:
    """Draw layers with axes and a legend.

    Parameters
    ----------
    layers
        Up to three; the colour and the dashes of each are its own.
    axes
        What they show.
    label
        What the figure says, for those who do not see it.
    """
    parts = [
        f'<svg class="figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title>',
        *_axes(axes),
    ]
    for number, layer in enumerate(layers):
        parts += _layer(layer, axes, f"series-{number}")
    parts += _legend(layers)
    return Markup("".join(parts) + "</svg>")


def _axes(axes: Axes) -> Iterator[str]:
    (x_low, x_high), (y_low, y_high) = axes.x, axes.y
    corners = axes.points([x_low, x_low, x_high], [y_high, y_low, y_low])
    yield f'<polyline class="axis" points="{corners}"/>'
    for value in (y_low, (y_low + y_high) / 2, y_high):
        x, y = axes.place(x_low, value)
        yield f'<text x="{x - 5:.1f}" y="{y + 4:.1f}" class="end">{_number(value)}</text>'
    numbers = [(value, _number(value)) for value in (x_low, (x_low + x_high) / 2, x_high)]
    for value, words in axes.x_words or numbers:
        x, _ = axes.place(value, y_low)
        anchor = "end" if value == x_high else "middle"
        below = HEIGHT - BOTTOM + 15
        yield f'<text x="{x:.1f}" y="{below}" class="{anchor}">{escape(words)}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:g}" y="{HEIGHT - 6}" class="middle">{escape(axes.x_label)}</text>'
    yield f'<text x="4" y="13">{escape(axes.y_label)}</text>'


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _layer(layer: Layer, axes: Axes, style: str) -> Iterator[str]:
    if isinstance(layer, Steps):
        x = [edge for low, high in pairwise(layer.edges) for edge in (low, high)]
        y = np.repeat(np.asarray(layer.heights, float), 2)
        yield f'<polyline class="line {style}" points="{axes.points(x, y)}"/>'
        return
    if isinstance(layer, Points):
        for x, y, low, high in zip(layer.x, layer.y, layer.low, layer.high, strict=True):
            (a, b), (_, top), (_, foot) = (axes.place(float(x), float(v)) for v in (y, high, low))
            if high > low:
                yield f'<path class="line {style}" d="M{a:.1f} {foot:.1f}V{top:.1f}"/>'
            yield f'<circle class="{style} dot" cx="{a:.1f}" cy="{b:.1f}" r="{layer.radius:g}"/>'
        return
    if layer.low is not None and layer.high is not None:
        there, back = axes.points(layer.x, layer.high), axes.points(layer.x[::-1], layer.low[::-1])
        yield f'<polygon class="band {style}" points="{there} {back}"/>'
    yield f'<polyline class="line {style}" points="{axes.points(layer.x, layer.y)}"/>'


def _legend(layers: Sequence[Layer]) -> Iterator[str]:
    at = float(LEFT)
    for number, layer in enumerate(layers):
        if not layer.name:
            continue
        yield f'<path class="line series-{number}" d="M{at:.0f} 25h18"/>'
        yield f'<text x="{at + 22:.0f}" y="29">{escape(layer.name)}</text>'
        at += 34 + 6.6 * len(layer.name)
