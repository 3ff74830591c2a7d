"""Many logos on one sheet: a grid with names, in pages where the format has pages."""

import logging
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo.drawing import (
    SMALL,
    UNITS_PER_INCH,
    Drawing,
    Page,
    Placed,
    Text,
    lay_out,
    shorten,
)
from seqcnn.motifs.logo.heights import Drawable, Logo, as_logo
from seqcnn.motifs.logo.svg import HEADING, page_svg
from seqcnn.seq.io.files import atomic_write

logger = logging.getLogger(__name__)

FORMATS = ("svg", "png", "pdf")

PAPERS = {"white": ("#1a1a1a", "#ffffff"), "dark": ("#e6e6e6", "#1e1e1e"), "clear": ("", "")}
"""Colours of words and lines and of what lies behind them."""

EDGE, GAP, LINE = 16.0, 18.0, 13.0
"""Room around a sheet, between logos, and of a line of words."""

NARROWEST = 170.0
"""Least width of a logo with its name."""

A4 = (8.27 * UNITS_PER_INCH, 11.69 * UNITS_PER_INCH)
SMALLEST_SCALE = 0.7
"""How far logos may shrink for another one to find room beside them on a page."""

DPI = 192.0
"""Pixels per inch of a PNG: two for each unit of the drawing."""

MOST_PIXELS = 2**16 - 1, 100_000_000
"""Of a PNG: along an edge, which is as far as matplotlib goes, and in all: four bytes each."""


def write_sheet(
    path: str | Path,
    motifs: Drawable | Logo | Iterable[Drawable | Logo],
    *,
    format: str | None = None,
    columns: int | None = None,
    paper: str = "white",
    width: float | None = None,
    dpi: float | None = None,
) -> None:
    """Draw many motifs on one sheet.

    Parameters
    ----------
    path
        The file; replaced if it exists.
    motifs
        What to draw, in this order: motifs, matrices, or what `make_logo` gives.
    format
        ``"svg"``, ``"png"`` or ``"pdf"``; by default the ending of the name. A PDF of several
        logos has A4 pages; else the sheet is as large as it must be.
    columns
        Logos beside each other; by default as many as look well.
    paper
        ``"white"``, ``"dark"``, or ``"clear"`` for transparent with black words.
    width
        Of the whole sheet in pixels, for SVG and PNG; by default 20 for each position.
    dpi
        Pixels per inch of a PNG, where `width` is not given; 96 are 20 pixels for each position.
        By default `DPI`, or less where the picture would be too large.

    Raises
    ------
    SeqcnnError
        There is nothing to draw, an argument is out of range, or a PNG would be too large.
    """
    motifs = [motifs] if isinstance(motifs, Drawable | Logo) else list(motifs)
    if not motifs:
        raise SeqcnnError("there are no motifs to draw")
    if columns is not None and columns < 1:
        raise SeqcnnError(f"`columns` is {columns}, it must be at least 1")
    if paper not in PAPERS:
        raise SeqcnnError(f"`paper` is {paper!r}, it must be one of {', '.join(PAPERS)}")
    if width is not None and dpi is not None:
        raise SeqcnnError("`width` and `dpi` both say how many pixels there are: give one of them")
    format = format or format_of(path)
    ink, behind = PAPERS[paper]
    logos = [as_logo(motif, None, reverse=False) for motif in motifs]
    pages = arrange(logos, columns=columns, paged=format == "pdf" and len(logos) > 1)
    page = pages[0]
    if format == "svg":
        height = page.height if width is None else width * page.height / page.width
        text = page_svg(page, height=height, title=_title(logos), ink=ink, paper=behind)
        with atomic_write(path) as handle:
            handle.write(text + "\n")
        return
    dots = _dots(page, width, dpi) if format == "png" else DPI
    _write_picture(path, pages, format, dots, (ink or "black", behind or "none"))


def format_of(path: str | Path) -> str:
    """Tell the format by the ending of a name.

    Examples
    --------
    >>> format_of("motifs.PNG")
    'png'
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise SeqcnnError(
            f"the ending of a picture must be one of {', '.join(FORMATS)}, or give the format",
            path=path,
        )
    return ending


class _Grid(NamedTuple):
    """How cells stand on pages: lengths in units of the drawing."""

    across: float
    down: float
    columns: int
    rows: int
    width: float
    height: float
    scale: float


def arrange(
    logos: Sequence[Logo], *, columns: int | None = None, paged: bool = False
) -> list[Page]:
    """Put logos in a grid, in rows from left to right.

    Parameters
    ----------
    logos
        At least one.
    columns
        Logos beside each other.
    paged
        Whether to break the grid into A4 pages.
    """
    drawings = [lay_out(logo) for logo in logos]
    words = LINE * max(bool(logo.name) + bool(logo.facts) for logo in logos)
    across = max(NARROWEST if words else 0.0, *(drawing.width for drawing in drawings))
    down = words + max(drawing.height for drawing in drawings)
    grid = (_paged_grid if paged else _grid)(len(logos), across + GAP, down + GAP, columns)
    left = (grid.width - grid.columns * grid.across + GAP) / 2
    each = grid.rows * grid.columns
    pages = []
    for start in range(0, len(logos), each):
        placed = []
        for i in range(start, min(start + each, len(logos))):
            row, column = divmod(i - start, grid.columns)
            x, y = left + column * grid.across, EDGE + row * grid.down
            placed += [
                Placed(x, y, _caption(logos[i], across, words)),
                Placed(x, y + words, drawings[i]),
            ]
        pages.append(Page(grid.width, grid.height, placed, grid.scale))
    if len(pages) > 1:
        for number, page in enumerate(pages, 1):
            page.placed.append(_foot(page, f"page {number} of {len(pages)}"))
    return pages


def _grid(number: int, across: float, down: float, columns: int | None) -> _Grid:
    """Fit a sheet around its cells, by default about as wide as high."""
    columns = min(columns or max(1, round(math.sqrt(number * down / across))), number)
    rows = math.ceil(number / columns)
    width, height = 2 * EDGE + columns * across - GAP, 2 * EDGE + rows * down - GAP
    return _Grid(across, down, columns, rows, width, height, 1.0)


def _paged_grid(number: int, across: float, down: float, columns: int | None) -> _Grid:
    """Fit cells on A4 pages, shrunk where their columns need more than the width."""
    room = A4[0] / SMALLEST_SCALE - 2 * EDGE + GAP
    columns = min(columns or max(1, int(room // across)), number)
    width = max(2 * EDGE + columns * across - GAP, A4[0])
    scale = A4[0] / width
    height = A4[1] / scale
    rows = max(1, int((height - 2 * EDGE - LINE + GAP) // down))
    return _Grid(across, down, columns, rows, width, height, scale)


def _caption(logo: Logo, width: float, height: float) -> Drawing:
    """Write name and facts above a logo; what is cut off stands in the title."""
    texts = [Text(0, HEADING, shorten(logo.name, HEADING, width), HEADING, bold=True)]
    texts.append(Text(0, LINE + HEADING, shorten(logo.facts, SMALL, width)))
    return Drawing(width, height, texts=[t for t in texts if t.text], title=logo.name)


def _foot(page: Page, words: str) -> Placed:
    width = page.width - 2 * EDGE
    text = Text(width / 2, SMALL, words, anchor="middle")
    return Placed(EDGE, page.height - EDGE - LINE, Drawing(width, LINE, texts=[text]))


def _write_picture(
    path: str | Path,
    pages: Sequence[Page],
    format: str,
    dots: float,
    colours: tuple[str, str],
) -> None:
    # a second of imports that SVG does without
    from seqcnn.motifs.logo.canvas import write_pdf, write_png

    ink, paper = colours
    with atomic_write(path, "wb") as handle:
        if format == "pdf":
            write_pdf(handle, pages, ink=ink, paper=paper)
        else:
            write_png(handle, pages[0], dpi=dots, ink=ink, paper=paper)


def _dots(page: Page, width: float | None, dpi: float | None) -> float:
    """Choose the pixels per inch of a PNG."""
    inches = page.width / UNITS_PER_INCH, page.height / UNITS_PER_INCH
    edge, area = MOST_PIXELS
    most = min(edge / max(inches), math.sqrt(area / (inches[0] * inches[1])))
    if width is None and dpi is None:
        if most < DPI:
            logger.info(f"drawn at {most:.0f} dots per inch, since the sheet is large")
        return min(DPI, most)
    dots = width / inches[0] if width is not None else dpi or DPI
    if not 1 <= dots * min(inches) or dots > most:
        raise SeqcnnError(
            f"the picture would have {dots * inches[0]:,.0f} x {dots * inches[1]:,.0f} pixels: "
            f"give another `dpi` or `width`, or write SVG or PDF"
        )
    return dots


def _title(logos: Sequence[Logo]) -> str:
    return logos[0].title if len(logos) == 1 else f"{len(logos)} motifs"
