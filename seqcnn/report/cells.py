"""A matrix of counts as SVG: which class was taken for which."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from seqcnn.report.visible import visible

SIDE, LABELS, LETTER = 46, 22, 7.0
"""Side of a cell, room for words on the axes, and width of a letter, in units of the drawing."""

LONGEST = 18
"""Letters of the name of a class that are shown."""

MOST_CLASSES = 30
"""With more classes cells could not be read."""


def confusion_figure(classes: Sequence[str], counts: np.ndarray, *, label: str) -> Markup:
    """Draw a confusion matrix: a row for each true class, shaded by the share of that row.

    Parameters
    ----------
    classes
        Their names, `MOST_CLASSES` at most.
    counts
        (n, n): true class by predicted class.
    label
        What it shows, for those who do not see it.
    """
    n, counts = len(classes), np.asarray(counts, float)
    names = [visible(name, LONGEST) for name in classes]
    left = LETTER * max(map(len, names)) + LABELS + 8
    top = LETTER * max(map(len, names)) + LABELS + 8
    width, height = left + SIDE * n + 4, top + SIDE * n + 4
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    parts = [
        f'<svg class="cells" width="{width:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title>'
        f'<text x="{left:.0f}" y="14">predicted</text>'
        f'<text x="2" y="{top - 6:.0f}">true</text>'
    ]
    for i, name in enumerate(names):
        middle = top + SIDE * (i + 0.5) + 4
        parts.append(f'<text class="end" x="{left - 6:.0f}" y="{middle:.0f}">{escape(name)}</text>')
        x, y = left + SIDE * (i + 0.5) + 4, top - 6
        parts.append(
            f'<text transform="translate({x:.0f} {y:.0f}) rotate(-90)">{escape(name)}</text>'
        )
    for i, row in enumerate(counts):
        for j, count in enumerate(row.tolist()):
            x, y, share = left + SIDE * j, top + SIDE * i, float(shares[i, j])
            said = f"{names[i]} taken for {names[j]}: {count:,.6g} ({100 * share:.1f} %)"
            light = "middle light" if share > 0.55 else "middle"
            parts.append(
                f'<g><title>{escape(said)}</title><rect class="cell" x="{x:.0f}" y="{y:.0f}" '
                f'width="{SIDE - 2}" height="{SIDE - 2}" fill-opacity="{0.06 + 0.94 * share:.2f}"/>'
                f'<text class="{light}" x="{x + SIDE / 2 - 1:.0f}" y="{y + SIDE / 2 + 3:.0f}">'
                f"{count:,.4g}</text></g>"
            )
    return Markup("".join(parts) + "</svg>")
