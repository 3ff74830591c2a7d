"""Logos in tables."""

from markupsafe import Markup

from seqcnn.motifs.logo import logo_svg, make_logo
from seqcnn.motifs.motif import Motif

LEAST = 2.0
"""Bits that a logo in a table has room for at least, so that those of DNA are all on one scale."""


def row_logo(motif: Motif) -> Markup:
    """Draw a logo without axes; letters of a protein would be tiny below 4.3 bits."""
    logo = make_logo(motif)
    highest = max(LEAST, float(logo.heights.sum(1).max()))
    return Markup(logo_svg(logo, height=56, axes=False, defs=False, highest=highest))
