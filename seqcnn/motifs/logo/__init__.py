"""Sequence logos: SVG for pages and sheets of hundreds, logomaker for publication figures.

Schneider & Stephens (1990), Sequence logos, doi:10.1093/nar/18.20.6097.
"""

from seqcnn.motifs.logo.colours import colours
from seqcnn.motifs.logo.figure import draw_logo
from seqcnn.motifs.logo.glyphs import glyph_defs
from seqcnn.motifs.logo.heights import KINDS, Logo, attribution_logo, make_logo
from seqcnn.motifs.logo.sheet import write_sheet
from seqcnn.motifs.logo.svg import aligned_logos_svg, logo_svg

__all__ = [
    "KINDS",
    "Logo",
    "aligned_logos_svg",
    "attribution_logo",
    "colours",
    "draw_logo",
    "glyph_defs",
    "logo_svg",
    "make_logo",
    "write_sheet",
]
