"""Figures as files."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure(path: str | Path, figure: "Figure") -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of its name."""
    # without the version of matplotlib, so that equal pictures are equal bytes
    png = Path(path).suffix.lower() == ".png"
    figure.savefig(path, metadata={"Software": None} if png else None)
