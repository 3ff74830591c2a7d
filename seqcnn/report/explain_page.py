"""The page of an explanation: patterns, and what letters contribute in the leading sequences."""

from dataclasses import replace
from typing import Any

import numpy as np

from seqcnn.motifs.logo import attribution_logo, glyph_defs, logo_svg
from seqcnn.report import sections as page
from seqcnn.report.explain import DRAWN, MOST_DRAWN, Explanation
from seqcnn.report.logos import row_logo
from seqcnn.report.record import RunRecord
from seqcnn.report.visible import visible

FILES = (
    ("attributions.npz", "contributions of all letters"),
    ("completeness.tsv", "how well contributions add up, sequence by sequence"),
    ("sequences.svg", "the sequences with the highest scores"),
    ("seqlets.tsv", "stretches that stand out"),
    ("patterns.tsv, patterns.meme, patterns.svg", "kinds of seqlets"),
    ("hits.tsv", "where patterns lie"),
)
"""Files of an explanation."""

MOST_PATTERNS = 50
"""Patterns that are shown."""


def explanation_page(found: Explanation, record: RunRecord, *, completeness: str) -> dict[str, Any]:
    """Collect what the page says.

    Parameters
    ----------
    found
        What is known.
    record
        How the command was called.
    completeness
        A line on how well contributions add up.
    """
    given = found.attributions
    sought = found.seqlets is not None
    second = "No patterns were looked for."
    if sought:
        names = ", ".join(p.motif().trim().consensus for p in found.patterns[:3])
        many = len(found.patterns) != 1
        second = f"They gather in {len(found.patterns)} pattern{'s' * many}: {names}."
        if len(found.patterns) > 3:
            second = f"They gather in {len(found.patterns)} patterns, the largest {names}."
        if not found.patterns:
            second = "No kind of stretch is there often enough to be a pattern (--fewest)."
    return page.content_of_page(
        "What a model goes by",
        [
            f"In {len(given):,} sequences, contributions of letters to {visible(given.task, 40)} "
            f"were computed by {given.method}.",
            second,
            completeness[:1].upper() + completeness[1:],
        ],
        [
            *([page.section("patterns", "Patterns", _patterns(found))] if sought else []),
            page.section("sequences", "Sequences with the highest scores", _sequences(found)),
            page.section(
                "files-beside",
                "Files beside this page",
                page.facts(FILES if sought else FILES[:3], files=True),
            ),
        ],
        record,
        made=[("output", given.task)],
        glyphs=glyph_defs(given.alphabet.letters),
    )


def _patterns(found: Explanation) -> page.Block:
    if not found.patterns:
        return page.text("None was found.")
    hits = found.hits
    counts = np.zeros(0, int) if hits is None else np.bincount(hits.pattern)
    columns = [page.column("pattern", words=True), page.column("logo and consensus", words=True),
               page.column("seqlets"), page.column("sequences"), page.column("hits"),
               page.column("contribution")]  # fmt: skip
    rows = []
    for i, pattern in enumerate(found.patterns[:MOST_PATTERNS]):
        motif = pattern.motif().trim()
        rows.append([
            page.cell(pattern.name),
            page.cell(motif.consensus, svg=row_logo(motif)),
            page.number(len(pattern), "{:,}"),
            page.number(len(np.unique(pattern.members.row)), "{:,}"),
            page.number(int(counts[i]) if i < len(counts) else 0, "{:,}"),
            page.number(float(pattern.projected.sum()), "{:.4g}"),
        ])  # fmt: skip
    return page.table("Kinds of stretches that stand out; contribution is the sum of the mean "
                      "contributions", columns, rows)  # fmt: skip


def _sequences(found: Explanation) -> page.Block:
    given = found.attributions
    if not len(given):
        return page.text("There is none.")
    own = given.projected()
    drawn = []
    for row in np.argsort(-given.output, kind="stable")[:DRAWN].tolist():
        shown = min(int(given.lengths[row]), MOST_DRAWN)
        name = visible(str(given.ids[row]), 60)
        logo = attribution_logo(np.round(own[row, :shown], 4), given.alphabet, name=name)
        svg = logo_svg(replace(logo, name=name), height=90, axes=False, defs=False)
        drawn.append((svg, f"{name}: output {given.output[row]:.3g}"))
    return page.logos(drawn)
