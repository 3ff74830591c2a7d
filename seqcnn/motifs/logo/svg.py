"""Logos as SVG: a few kB each, since every letter is an outline that is used again, stretched."""

from html import escape

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo.drawing import (
    ABOVE,
    COLUMN,
    LETTER,
    TALL,
    Box,
    Drawing,
    Glyph,
    Page,
    Placed,
    Text,
    lay_out,
    shorten,
)
from seqcnn.motifs.logo.glyphs import glyph_defs, glyph_id
from seqcnn.motifs.logo.heights import Drawable, Logo, as_logo, make_logo
from seqcnn.motifs.motif import Motif

HEADING, GAP = 11.0, 6.0
"""Size of the name above a logo, and room between two logos that are aligned."""


def logo_svg(
    motif: Drawable | Logo,
    *,
    height: int = 100,
    reverse: bool = False,
    kind: str | None = None,
    axes: bool = True,
    defs: bool = True,
    highest: float | None = None,
) -> str:
    """Draw a logo.

    Parameters
    ----------
    motif
        A motif, a matrix, or what `make_logo` and `attribution_logo` give.
    height
        Pixels; the width follows.
    reverse
        Draw the other strand.
    kind
        See `make_logo`.
    axes
        Number the positions and the heights. Axes take the colour of the text around them.
    defs
        Bring the outlines of the letters; a page with many logos can hold them once, see
        `glyph_defs`.
    highest
        Where the axis ends, in the unit of the logo; by default at the most that there can be.

    Returns
    -------
    str
        An ``<svg>`` element, which is also a whole file. Its title is the consensus.

    Raises
    ------
    SeqcnnError
        `kind` is unknown, the alphabet has no other strand to draw, or `height` is not above 0.
    """
    drawing = lay_out(as_logo(motif, kind, reverse=reverse), axes=axes, highest=highest)
    page = Page(drawing.width, drawing.height, [Placed(0, 0, drawing)])
    return page_svg(page, height=height, title=drawing.title, defs=defs)


def aligned_logos_svg(
    query: Motif,
    target: Motif,
    offset: int,
    strand: str = "+",
    *,
    kind: str | None = None,
    height: int = 260,
    defs: bool = True,
) -> str:
    """Draw a motif above another one that it is like, the overlap shaded.

    Parameters
    ----------
    query, target
        The upper and the lower motif, over one alphabet.
    offset
        Position of the target, from 0, on which the first position of the query lies; may be
        negative. For strand ``-`` the query is reversed and complemented first: as `compare` says.
    strand
        ``+`` or ``-``.
    kind
        See `make_logo`.
    height
        Pixels; the width follows.
    defs
        See `logo_svg`.

    Returns
    -------
    str
        An ``<svg>`` element, which is also a whole file.

    Raises
    ------
    SeqcnnError
        The alphabets differ, `strand` is neither, or `height` is not above 0.
    """
    if strand not in ("+", "-"):
        raise SeqcnnError(f"`strand` is {strand!r}, it must be + or -")
    if query.alphabet != target.alphabet:
        raise SeqcnnError(
            f"motif {query.name!r} is over {query.alphabet.letters}, "
            f"but {target.name!r} is over {target.alphabet.letters}"
        )
    upper = lay_out(make_logo(query, kind, reverse=strand == "-"))
    lower = lay_out(make_logo(target, kind))
    turned = ", reverse complement" if strand == "-" else ""
    names = (_full_name(query) + turned, _full_name(target))
    page = _laid_upon_each_other((upper, lower), names, (query.width, target.width), offset)
    title = f"{names[0]} above {names[1]}, offset {offset}"
    return page_svg(page, height=height, title=title, defs=defs)


def _laid_upon_each_other(
    drawings: tuple[Drawing, Drawing],
    names: tuple[str, str],
    widths: tuple[int, int],
    offset: int,
) -> Page:
    """Place two logos so that aligned positions stand above each other, the overlap shaded."""
    # axes with longer numbers need wider margins
    margins = [d.width - COLUMN * width for d, width in zip(drawings, widths, strict=True)]
    margin, head = max(margins), HEADING + 6
    x = [COLUMN * max(s, 0) + margin - m for s, m in zip((offset, -offset), margins, strict=True)]
    y = [head, head + drawings[0].height + GAP + head]
    width = max(left + drawing.width for left, drawing in zip(x, drawings, strict=True))
    height = y[1] + drawings[1].height
    overlap = min(offset + widths[0], widths[1]) - max(offset, 0)
    start = margin + COLUMN * abs(offset)
    shades = [Box(start, top + ABOVE, COLUMN * overlap, TALL) for top in y if overlap > 0]
    texts = [
        Text(left, top - 4, shorten(name, HEADING, width - left), HEADING, bold=True)
        for left, top, name in zip(x, y, names, strict=True)
    ]
    behind = Drawing(width, height, texts=texts, shades=shades)
    logos = [Placed(*place) for place in zip(x, y, drawings, strict=True)]
    return Page(width, height, [Placed(0, 0, behind), *logos])


def page_svg(
    page: Page,
    *,
    height: float,
    title: str = "",
    defs: bool = True,
    ink: str = "",
    paper: str = "",
) -> str:
    """Write a page as an ``<svg>`` element.

    Parameters
    ----------
    page
        What to draw.
    height
        Pixels; the width follows.
    title
        Of the whole.
    defs
        See `logo_svg`.
    ink, paper
        Colours of words and lines and of what lies behind; by default those of the page around.
    """
    if not height > 0:
        raise SeqcnnError(f"`height` is {height}, it must be above 0 pixels")
    pixels = f'width="{height * page.width / page.height:.0f}" height="{height:.0f}"'
    colour = f' color="{ink}"' if ink else ""
    sheet = f'<rect width="100%" height="100%" fill="{paper}"/>' if paper else ""
    alone = len(page.placed) == 1 and page.placed[0][:2] == (0, 0)
    body = "".join(
        _body(place.drawing)
        if alone
        else f'<g transform="translate({_number(place.x)} {_number(place.y)})">'
        f"{_title(place.drawing.title)}{_body(place.drawing)}</g>"
        for place in page.placed
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {pixels} '
        f'viewBox="0 0 {page.width:g} {page.height:g}"{colour}>'
        f"{_title(title)}{glyph_defs(page.letters) if defs else ''}{sheet}{body}</svg>"
    )


def _body(drawing: Drawing) -> str:
    shades = "".join(
        f'<rect x="{_number(b.x)}" y="{_number(b.y)}" width="{_number(b.width)}" '
        f'height="{_number(b.height)}" fill="currentColor" opacity=".08"/>'
        for b in drawing.shades
    )
    return shades + _lines(drawing) + _texts(drawing) + _glyphs(drawing)


def _glyphs(drawing: Drawing) -> str:
    """Write the letters; one group of one colour for each."""
    groups: dict[str, list[str]] = {}
    for glyph in drawing.glyphs:
        groups.setdefault(glyph.letter, []).append(_use(glyph))
    return "".join(
        f'<g fill="{drawing.colours[letter]}">{"".join(groups[letter])}</g>'
        for letter in drawing.colours
        if letter in groups
    )


def _use(glyph: Glyph) -> str:
    mirror = (
        f' transform="matrix(1 0 0 -1 0 {2 * glyph.y + glyph.height:g})"'
        if glyph.upside_down
        else ""
    )
    return (
        f'<use href="#{glyph_id(glyph.letter)}" x="{glyph.x:g}" y="{glyph.y:g}" '
        f'width="{LETTER:g}" height="{glyph.height:g}"{mirror}/>'
    )


def _lines(drawing: Drawing) -> str:
    if not drawing.lines:
        return ""
    strokes = "".join(
        f"M{_number(a)} {_number(b)}L{_number(c)} {_number(d)}" for a, b, c, d in drawing.lines
    )
    return f'<path d="{strokes}" fill="none" stroke="currentColor"/>'


def _texts(drawing: Drawing) -> str:
    if not drawing.texts:
        return ""
    return (
        f'<g fill="currentColor" font-family="sans-serif" font-size="9">'
        f"{''.join(map(_text, drawing.texts))}</g>"
    )


def _text(text: Text) -> str:
    where = (
        f'transform="translate({_number(text.x)} {_number(text.y)}) rotate(-90)"'
        if text.turned
        else f'x="{_number(text.x)}" y="{_number(text.y)}"'
    )
    size = f' font-size="{text.size:g}"' if text.size != 9 else ""
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    weight = ' font-weight="bold"' if text.bold else ""
    return f"<text {where}{anchor}{size}{weight}>{escape(printable(text.text))}</text>"


def _full_name(motif: Motif) -> str:
    return f"{motif.name} {motif.alternative_name}".strip()


def _title(text: str) -> str:
    return f"<title>{escape(printable(text))}</title>" if text else ""


def _number(value: float) -> str:
    return f"{value:.6g}"


def printable(text: str) -> str:
    """Drop control characters, which XML forbids."""
    return "".join(c for c in text if c.isprintable())
