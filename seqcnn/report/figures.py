"""Small figures as SVG text, sharp at any size and readable in the dark."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 340, 250, 46, 40, 24
STYLES = ("stroke:#0072b2", "stroke:#d55e00;stroke-dasharray:5 3")

BAR, BAR_HEIGHT = 6, 40
"""Width of a bar with the gap beside it, and height of the largest one, in units of the drawing."""


def bar_figure(
    heights: Sequence[float] | np.ndarray, expected: Sequence[float] | np.ndarray, *, label: str
) -> Markup:
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


def line_figure(
    lines: Sequence[tuple[str, Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]],
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float],
) -> Markup:
    """Draw lines with axes and a legend.

    Parameters
    ----------
    lines
        Up to two of (name, x, y).
    x_label, y_label
        What the axes show.
    y_limits
        Ends of the y axis; the x axis goes from the least to the largest x.
    """
    xs = np.concatenate([np.asarray(x, float) for _, x, _ in lines])
    x_low, x_high = float(xs.min()), float(max(xs.max(), xs.min() + 1e-9))
    y_low, y_high = y_limits

    def place(x: float, y: float) -> str:
        across = LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - 12)
        up = HEIGHT - BOTTOM - (y - y_low) / (y_high - y_low) * (HEIGHT - BOTTOM - TOP)
        return f"{across:.1f},{up:.1f}"

    parts = [
        f'<svg class="figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(y_label)} by {escape(x_label)}">'
    ]
    corner = [place(x_low, y_high), place(x_low, y_low), place(x_high, y_low)]
    parts.append(f'<polyline class="axis" points="{" ".join(corner)}"/>')
    for value in (y_low, (y_low + y_high) / 2, y_high):
        x, y = place(x_low, value).split(",")
        parts.append(f'<text x="{float(x) - 5}" y="{float(y) + 4}" class="end">{value:g}</text>')
    for value in (x_low, x_high):
        x, _ = place(value, y_low).split(",")
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 15}" class="middle">{value:g}</text>')
    middle = (LEFT + WIDTH) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" class="middle">{escape(x_label)}</text>')
    parts.append(f'<text x="{LEFT}" y="14">{escape(y_label)}</text>')
    for i, (name, x, y) in enumerate(lines):
        points = " ".join(place(float(a), float(b)) for a, b in zip(x, y, strict=True))
        parts.append(f'<polyline style="{STYLES[i]}" class="line" points="{points}"/>')
        at = WIDTH - 170 + 85 * i
        parts.append(f'<path class="line" style="{STYLES[i]}" d="M{at} 10h18"/>')
        parts.append(f'<text x="{at + 22}" y="14">{escape(name)}</text>')
    return Markup("".join(parts) + "</svg>")
