"""What the page says, as plain data: a run is read here, and `html` puts the words in place.

The data can be written as JSON and read again without loss, so that a page can be rendered from the
run folder later. Pictures are SVG texts.
"""

from collections.abc import Sequence
from typing import Any

import jax

from seqcnn import __version__
from seqcnn.discovery.doubts import BY_COMPOSITION
from seqcnn.discovery.known import KnownGroup
from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.motifs.logo import aligned_logos_svg, glyph_defs
from seqcnn.motifs.pairs import Pair
from seqcnn.report import details, examples, known, model_figures, spacings
from seqcnn.report.again import citation, command_line
from seqcnn.report.downloads import files_of, pack
from seqcnn.report.input_facts import input_facts
from seqcnn.report.known import anchor_of, groups_of, like, ratio_of, shown_groups, taxa_of
from seqcnn.report.logos import row_logo
from seqcnn.report.nothing import why_nothing
from seqcnn.report.positions import BINS, histogram, positions_of
from seqcnn.report.record import RunRecord, package_versions
from seqcnn.report.spacings import shown_pairs, significant_pairs
from seqcnn.report.tables import full_name
from seqcnn.report.text import control_advice, e_value_in_words, null_hypothesis, summary_sentences
from seqcnn.report.verdicts import RULES, verdict_of
from seqcnn.stats.intervals import Estimate, wilson
from seqcnn.stats.logspace import format_log10

SCHEMA = 1
"""Version of this data: a page is rendered again by a package that knows it."""

FLAGS = {
    "low_complexity": "nearly all its informative positions are the same letter, as in poly-A; "
    "such stretches often have other reasons.",
    "repeat": "it is much like itself shifted by one to three letters, as satellites and "
    "microsatellites are.",
    "composition": f"sequences of like composition compared with each other take more than "
    f"{BY_COMPOSITION:.0%} of its log odds ratio away.",
}
"""Why a motif is flagged (`seqcnn.discovery.doubts`); such motifs stand behind the others."""

SHOWN_ALREADY = ("control", "strand", "e_value")
SAYS_NOTHING = {"dims": (1, 2), "mask": ("none",)}
"""Values of arguments that change no result; nor does what is left out or not asked for."""


def content_of(found: Discovery, record: RunRecord, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Collect everything that the page says.

    Parameters
    ----------
    found
        What the run found.
    record
        How it was called.
    pairs
        Distances between the sites of its motifs, in rank order.

    Returns
    -------
    dict
        Plain data; a picture is a text that begins with ``<svg``.
    """
    e_value = found.facts.get("e_value", 0.05)
    groups = groups_of(found, e_value)
    near = significant_pairs(pairs)
    files, embedded_sites = files_of(found)
    return {
        "schema": SCHEMA,
        **_motif_content(found, groups),
        **_run_content(found, record),
        "files": sorted(files),
        "packed": pack(files),
        "embedded_sites": embedded_sites,
        "summary": summary_sentences(found),
        "nothing": why_nothing(found),
        "rules": [list(rule) for rule in RULES],
        "notes": list(found.notes),
        "database_motifs": found.facts.get("known", 0),
        "known_motifs": len(found.known),
        "known_groups": len(groups),
        "known_significant": sum(len(group.members) for group in groups),
        "null": null_hypothesis(found),
        "control_advice": control_advice(found),
        "pairs": shown_pairs(found, near),
        "all_pairs": len(near),
        "pair_q": spacings.LARGEST_Q,
        "match_q": known.LARGEST_Q,
        "bins": BINS,
        "flags": _flags_of(found),
        "e_value": e_value,
    }


def _motif_content(found: Discovery, groups: list[KnownGroup]) -> dict[str, Any]:
    """Collect the rows of the tables of motifs, and what stands behind them."""
    taxa = taxa_of(str(found.facts.get("database")))
    outlines = glyph_defs(found.sequences.alphabet.letters)
    return {
        "motifs": [
            row | more
            for row, more in zip(
                (_shown(m, groups, taxa, found) for m in found.motifs), _details(found), strict=True
            )
        ],
        "candidates": [_shown(m, groups, taxa, found) for m in found.candidates],
        "known": shown_groups(groups, found.motifs, taxa),
        "glyphs": f'<svg class="defs" aria-hidden="true">{outlines}</svg>',
    }


def _details(found: Discovery) -> list[dict[str, Any]]:
    """Say of each significant motif what its row has no room for."""
    company, drawn = details.company(found), examples.attribution_examples(found)
    return [
        {
            "sites": int((found.sites.motif == i).sum()),
            "positions": histogram(positions),
            "position_p": format_log10(positions.least_log10_p),
            "position_log10_p": positions.least_log10_p,
            "position_figure": details.position_figure(positions),
            "score_figure": details.score_figure(found, i),
            "site_rows": details.site_rows_of(found, i),
            "site_map": examples.site_map(found, i),
            "company": company[i],
            "examples": drawn[i],
        }
        for i, positions in enumerate(positions_of(found))
    ]


def _run_content(found: Discovery, record: RunRecord) -> dict[str, Any]:
    """Collect what is said on networks and sequences, and on how the run was made."""
    held = found.holdout
    return {
        "version": __version__,
        "holdout": None if held is None else _holdout(held),
        "losses": model_figures.loss_figures(found),
        "picture": examples.picture_of_sequence(found),
        "input": input_facts(found),
        "inputs": [dict(each) for each in record.inputs],
        "command": command_line(record),
        "citation": citation(__version__, found.facts.get("database")),
        "facts": dict(found.facts),
        "tests": len(found.tests),
        "packages": package_versions(),
        "device": jax.devices()[0].device_kind,
        "sequences": len(found.sequences),
        "alphabet": found.sequences.alphabet.name,
        "arguments": {
            name.replace("_", " "): value if isinstance(value, bool | int | float) else str(value)
            for name, value in record.arguments.items()
            if name not in SHOWN_ALREADY
            and value is not None
            and value is not False
            and value not in SAYS_NOTHING.get(name, ())
        },
    }


def _holdout(held: Any) -> dict[str, Any]:
    return {
        "auroc": held.auroc.to_dict(),
        "auprc": held.auprc.to_dict(),
        "ece": held.ece,
        "composition_auroc": held.composition_auroc,
        "positives": len(held.positives),
        "negatives": len(held.negatives),
        "roc": model_figures.roc_figure(held),
        "precision_recall": model_figures.precision_recall_figure(held),
        "calibration": model_figures.calibration_figure(held),
        "baseline": model_figures.baseline_figure(held),
    }


def _flags_of(found: Discovery) -> list[list[str]]:
    """Name the flags that a motif of the page has, each with its reason."""
    shown = {flag for m in (*found.motifs, *found.candidates, *found.known) for flag in m.flags}
    return [[flag.replace("_", " "), why] for flag, why in FLAGS.items() if flag in shown]


def _shown(
    m: DiscoveredMotif, groups: list[KnownGroup], taxa: dict[str, str], found: Discovery
) -> dict[str, Any]:
    """Say what stands in the row of a motif."""
    shuffled = found.facts["control"] == "shuffled"
    verdict = verdict_of(m, found.facts.get("e_value", 0.05), shuffled=shuffled)
    turned = m.motif.reverse_complement() if m.motif.alphabet.complements is not None else None
    return {
        "id": m.motif.name,
        "consensus": m.motif.consensus,
        "reverse_consensus": None if turned is None else turned.consensus,
        "logo": row_logo(m.motif),
        "reverse_logo": None if turned is None else row_logo(turned),
        "verdict": verdict.word,
        "verdict_why": verdict.why,
        "source": m.family.best.candidate.source,
        "flags": [[flag.replace("_", " "), FLAGS[flag]] for flag in m.flags],
        **_statistics(m),
        **_match(m, taxa),
        "match_anchor": anchor_of(groups, m),
    }


def _statistics(m: DiscoveredMotif) -> dict[str, Any]:
    hits, total, control_hits, control_total = m.family.table
    return {
        "hits": hits,
        "total": total,
        "control_hits": control_hits,
        "control_total": control_total,
        "share": hits / total,
        "share_interval": _percent(wilson(hits, total)),
        "control_share": control_hits / max(control_total, 1),
        "control_interval": _percent(wilson(control_hits, control_total)),
        "ratio": ratio_of(m),
        "log10_e": m.log10_e,
        "e_value": format_log10(m.log10_e),
        "e_words": e_value_in_words(m.log10_e),
        "p_value": format_log10(m.family.best.result.log10_p),
        "beyond": m.family.best.given,
        "auroc": m.family.auroc,
        "folds": len(m.family.one_per_fold),
        "site_p": format_log10(m.threshold_log10_p),
    }


def _match(m: DiscoveredMotif, taxa: dict[str, str]) -> dict[str, Any]:
    """Say which known motif it is like; None for all if that may be chance."""
    match = like(m)
    if match is None or m.match_log10_q is None:
        return dict.fromkeys(("match", "match_logos", "taxon", "r", "match_q"))
    where = match.offset, match.strand
    return {
        "match": full_name(match.target),
        "match_logos": aligned_logos_svg(m.motif, match.target, *where, height=240, defs=False),
        "taxon": taxa.get(match.target.name),
        "r": match.r,
        "match_q": format_log10(m.match_log10_q, 2),
    }


def _percent(share: Estimate) -> str:
    return f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
