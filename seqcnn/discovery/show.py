"""How results look in a notebook: a logo with its statistics, a table of motifs.

Written for `result.py`, whose objects come in as they are.
"""

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcnn.motifs.logo import logo_svg
from seqcnn.stats.logspace import format_log10

if TYPE_CHECKING:
    import pandas as pd

LARGEST_LOG10_Q = math.log10(0.05)
"""A motif is called like a known one up to this false discovery rate."""

SHOWN = 20
"""Motifs in the table of a run."""

HEAD = "".join(
    f'<th style="text-align:left">{name}</th>'
    for name in ("", "logo", "E-value", "with a site", "control", "AUROC", "most like", "flags")
)


def motif_line(m: Any) -> str:
    """Say in one line what a motif is."""
    hits, total, control_hits, control_total = m.family.table
    match = f", like {like_name(m)}" if like_name(m) else ""
    return (
        f"{m.motif.name} {m.motif.consensus}{match}: E = {format_log10(m.log10_e)}, in "
        f"{share(hits, total)} of the sequences and {share(control_hits, control_total)} of the "
        f"control"
    )


def motif_html(m: Any) -> str:
    """Draw a motif, with one line under it."""
    caption = f"<figcaption>{_text(motif_line(m))}</figcaption>"
    return f"<figure style='margin:0'>{logo_svg(m.motif)}{caption}</figure>"


def run_html(found: Any) -> str:
    """Write a table of the motifs of a run."""
    rows = "".join(_row(m) for m in found.motifs[:SHOWN])
    more = len(found.motifs) - SHOWN
    note = f"<p>{more:,} more: <code>to_frame()</code> has all.</p>" if more > 0 else ""
    table = f"<table><thead><tr>{HEAD}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    return f"<p>{_text(run_line(found))}</p>{table}{note}"


def run_line(found: Any) -> str:
    """Say in one line what a run found."""
    motifs = len(found.motifs)
    tests = f"{motifs or 'no'} significant motif{'' if motifs == 1 else 's'}"
    known = f", {len(found.known):,} known motifs tested" if found.known else ""
    held = found.holdout
    area = f", AUROC of the networks {held.auroc.value:.3f}" if held is not None else ""
    return (
        f"{len(found.sequences):,} {found.sequences.alphabet.name} sequences: {tests}{known}{area}"
    )


def motif_frame(motifs: Any, sites: Any = None) -> "pd.DataFrame":
    """Put motifs with their statistics into a data frame; the columns are numbers.

    Parameters
    ----------
    motifs
        In rank order.
    sites
        Their sites, to be counted; None where none are listed.
    """
    import pandas as pd

    counts = None if sites is None else np.bincount(sites.motif, minlength=len(motifs))
    rows = [
        {**_facts(m), "nsites": None if counts is None else int(counts[i])}
        for i, m in enumerate(motifs)
    ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


COLUMNS = (
    "id consensus width nsites pos_hits pos_total neg_hits neg_total odds_ratio or_low or_high "
    "log10_p log10_e auroc bits best_match log10_q source flags"
).split()
"""Of `motif_frame`: as in `motifs.tsv`, but logarithms of what may be too small for a float."""


def match_name(m: Any) -> str | None:
    """Name the best match; None without one."""
    if m.best_match is None:
        return None
    target = m.best_match.target
    return f"{target.name} {target.alternative_name}".strip()


def like_name(m: Any) -> str | None:
    """Name the best match, if its likeness is hardly chance."""
    log10_q = m.match_log10_q
    return match_name(m) if log10_q is not None and log10_q <= LARGEST_LOG10_Q else None


def share(part: float, whole: float) -> str:
    """Write a share in per cent."""
    return f"{part / max(whole, 1):.1%}"


def _facts(m: Any) -> dict[str, Any]:
    hits, total, control_hits, control_total = m.family.table
    ratio = m.family.odds_ratio
    return {
        "id": m.motif.name, "consensus": m.motif.consensus, "width": m.motif.width,
        "pos_hits": hits, "pos_total": total, "neg_hits": control_hits, "neg_total": control_total,
        "odds_ratio": ratio.value, "or_low": ratio.low, "or_high": ratio.high,
        "log10_p": m.family.best.result.log10_p, "log10_e": m.log10_e, "auroc": m.family.auroc,
        "bits": float(m.motif.matrix.information().sum()), "best_match": match_name(m),
        "log10_q": m.match_log10_q, "source": m.family.best.candidate.source,
        "flags": ",".join(m.flags),
    }  # fmt: skip


def _row(m: Any) -> str:
    hits, total, control_hits, control_total = m.family.table
    cells = (
        _text(m.motif.name),
        f"<div style='min-width:10em'>{logo_svg(m.motif, height=50, axes=False)}</div>",
        format_log10(m.log10_e),
        share(hits, total),
        share(control_hits, control_total),
        f"{m.family.auroc:.3f}",
        _text(like_name(m) or ""),
        _text(", ".join(m.flags)),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _text(text: str) -> str:
    return html.escape(text)
