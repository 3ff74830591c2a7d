"""Logos as matplotlib figures, drawn by logomaker."""

from typing import TYPE_CHECKING

import numpy as np

from seqcnn.motifs.logo.heights import Drawable, Logo, as_logo

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_logo(
    motif: Drawable | Logo,
    ax: "Axes | None" = None,
    *,
    reverse: bool = False,
    kind: str | None = None,
) -> "Axes":
    """Draw a logo with logomaker (Tareen & Kinney 2020, doi:10.1093/bioinformatics/btz921).

    Parameters
    ----------
    motif
        A motif, a matrix, or what `make_logo` and `attribution_logo` give.
    ax
        Where to draw; a new figure by default.
    reverse
        Draw the other strand.
    kind
        See `make_logo`.

    Returns
    -------
    matplotlib.axes.Axes
        Its figure can be saved in any format of matplotlib.
    """
    # two seconds of imports that file formats and reports never need
    import logomaker
    import matplotlib.pyplot as plt
    import pandas as pd

    logo = as_logo(motif, kind, reverse=reverse)
    table = pd.DataFrame(
        logo.heights,
        index=np.arange(1, len(logo) + 1),
        columns=list(logo.alphabet.letters),
    )
    if ax is None:
        ax = plt.subplots(figsize=(0.35 * len(logo) + 1, 2))[1]
    drawn = logomaker.Logo(table, ax=ax, color_scheme=dict(logo.colours))
    for glyph in drawn.glyph_list:
        # logomaker gives both cases of a letter one colour
        if glyph.c.swapcase() != glyph.c and glyph.c.swapcase() in logo.colours:
            glyph.set_attributes(color=logo.colours[glyph.c])
    low, high = logo.limits
    ax.set_ylim(low, high)
    ax.set_ylabel(logo.unit)
    # a dollar sign in a name is no formula
    ax.set_title(logo.name, parse_math=False)
    return ax
