"""Pages of logos as PNG and PDF: matplotlib fills our own outlines, without logomaker's seconds."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import numpy as np

from seqcnn.motifs.logo.drawing import LETTER, UNITS_PER_INCH, Drawing, Glyph, Page, Placed
from seqcnn.motifs.logo.glyphs import vertices
from seqcnn.motifs.logo.svg import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from matplotlib.transforms import Transform

POINTS_PER_INCH = 72

ANCHORS = {"start": "left", "middle": "center", "end": "right"}
"""Where words hang, as SVG and as matplotlib say it."""


def write_png(handle: IO[bytes], page: Page, *, dpi: float, ink: str, paper: str) -> None:
    """Write a page as PNG.

    Parameters
    ----------
    handle
        Where to.
    page
        What to draw.
    dpi
        Pixels per inch.
    ink, paper
        Colours of words and lines and of what lies behind, which may be ``none``.
    """
    with _quiet():
        figure = _paint(page, ink=ink, paper=paper)
        figure.savefig(handle, format="png", dpi=dpi, metadata={"Software": None})


def write_pdf(handle: IO[bytes], pages: Sequence[Page], *, ink: str, paper: str) -> None:
    """Write pages as one PDF; parameters as in `write_png`."""
    from matplotlib.backends.backend_pdf import PdfPages

    # no date, so that equal content gives equal bytes
    with _quiet(), PdfPages(handle, metadata={"CreationDate": None}) as book:  # type: ignore[arg-type]
        for page in pages:
            book.savefig(_paint(page, ink=ink, paper=paper))


@contextmanager
def _quiet() -> Iterator[None]:
    """Let signs that matplotlib's font lacks be drawn as frames, without a word on each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _paint(page: Page, *, ink: str, paper: str) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    inches = np.array([page.width, page.height]) * page.scale / UNITS_PER_INCH
    figure = Figure(figsize=tuple(inches), facecolor=paper)
    unit = page.scale / UNITS_PER_INCH
    to_inches = Affine2D().scale(unit, -unit).translate(0, inches[1])
    for place in page.placed:
        _add(figure, place, page.scale, to_inches + figure.dpi_scale_trans, ink)
    return figure


def _add(figure: "Figure", place: Placed, scale: float, to_page: "Transform", ink: str) -> None:
    """Put a drawing on a figure."""
    from matplotlib.patches import PathPatch
    from matplotlib.text import Text
    from matplotlib.transforms import Affine2D

    drawing = place.drawing
    here = Affine2D().translate(place.x, place.y) + to_page
    point = scale * POINTS_PER_INCH / UNITS_PER_INCH
    patches = [
        PathPatch(_path_of_boxes(drawing), facecolor=ink, alpha=0.08, linewidth=0),
        PathPatch(_path_of_lines(drawing), fill=False, edgecolor=ink, linewidth=point),
    ]
    for colour in dict.fromkeys(drawing.colours.values()):
        glyphs = [g for g in drawing.glyphs if drawing.colours[g.letter] == colour]
        patches.append(PathPatch(_path_of_glyphs(glyphs), facecolor=colour, linewidth=0))
    for patch in patches:
        if patch.get_path().codes is not None:
            patch.set_transform(here)
            patch.set_snap(False)
            figure.add_artist(patch)
    for words in drawing.texts:
        text = Text(words.x, words.y, printable(words.text), color=ink, transform=here)
        text.set(
            fontsize=words.size * point,
            fontweight="bold" if words.bold else "normal",
            horizontalalignment=ANCHORS[words.anchor],
            verticalalignment="baseline",
            rotation=90 if words.turned else 0,
            rotation_mode="anchor",
            # a dollar sign in a name is no formula
            parse_math=False,
        )
        figure.add_artist(text)


def _path_of_glyphs(glyphs: Sequence[Glyph]) -> "Path":
    """Join the outlines of letters in one path, which is filled at once."""
    from matplotlib.path import Path

    points, codes = [np.zeros((0, 2))], [np.zeros(0, np.uint8)]
    for letter in dict.fromkeys(glyph.letter for glyph in glyphs):
        boxes = np.array([
            (g.x, g.y + g.height * g.upside_down, LETTER, -g.height if g.upside_down else g.height)
            for g in glyphs
            if g.letter == letter
        ])  # fmt: skip
        shape, kinds = vertices(letter)
        points.append((boxes[:, None, :2] + boxes[:, None, 2:] * shape).reshape(-1, 2))
        codes.append(np.tile(kinds, len(boxes)))
    return Path(np.concatenate(points), np.concatenate(codes))


def _path_of_lines(drawing: Drawing) -> "Path":
    from matplotlib.path import Path

    points = np.array(drawing.lines).reshape(-1, 2)
    return Path(points, np.tile([Path.MOVETO, Path.LINETO], len(points) // 2))


def _path_of_boxes(drawing: Drawing) -> "Path":
    from matplotlib.path import Path

    corners = [
        corner
        for x, y, w, h in drawing.shades
        for corner in ((x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y))
    ]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(drawing.shades)
    return Path(np.array(corners).reshape(-1, 2), codes)
