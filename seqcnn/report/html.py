"""The report: one self-contained page."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jinja2
import numpy as np
from markupsafe import Markup

from seqcnn import __version__
from seqcnn.discovery.doubts import BY_COMPOSITION
from seqcnn.discovery.known import KnownGroup
from seqcnn.discovery.result import DiscoveredMotif, Discovery, Holdout
from seqcnn.motifs.logo import glyph_defs
from seqcnn.motifs.pairs import Pair
from seqcnn.report import known, spacings
from seqcnn.report.figures import line_figure
from seqcnn.report.known import anchor_of, groups_of, like, shown_groups, taxa_of
from seqcnn.report.logos import row_logo
from seqcnn.report.positions import BINS, histogram, positions_of
from seqcnn.report.record import RunRecord, package_versions
from seqcnn.report.spacings import shown_pairs, significant_pairs
from seqcnn.report.tables import full_name
from seqcnn.report.text import control_advice, null_hypothesis, summary_sentences
from seqcnn.stats.auroc import roc_curve
from seqcnn.stats.logspace import format_log10

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


def render(found: Discovery, record: RunRecord, pairs: Sequence[Pair]) -> str:
    """Draw the page; all text from outside is escaped.

    Parameters
    ----------
    found
        What the run found.
    record
        How it was called.
    pairs
        Distances between the sites of its motifs, in rank order.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seqcnn.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    e_value = found.facts.get("e_value", 0.05)
    groups = groups_of(found, e_value)
    near = significant_pairs(pairs)
    return environment.get_template("report.html").render(
        **_motif_content(found, groups),
        **_run_content(found, record),
        summary=summary_sentences(found),
        notes=found.notes,
        database_motifs=found.facts.get("known", 0),
        known_motifs=len(found.known),
        known_groups=len(groups),
        known_significant=sum(len(group.members) for group in groups),
        null=null_hypothesis(found),
        control_advice=control_advice(found),
        pairs=shown_pairs(found, near),
        all_pairs=len(near),
        pair_q=spacings.LARGEST_Q,
        match_q=known.LARGEST_Q,
        bins=BINS,
        flags=_flags_of(found),
        e_value=e_value,
    )


def _motif_content(found: Discovery, groups: list[KnownGroup]) -> dict[str, Any]:
    """Collect the rows of the tables of motifs."""
    taxa = taxa_of(str(found.facts.get("database")))
    return {
        "motifs": [
            _shown(m, groups, taxa)
            | {
                "sites": int((found.sites.motif == i).sum()),
                "positions": histogram(positions),
                "position_p": format_log10(positions.least_log10_p),
            }
            for i, (m, positions) in enumerate(zip(found.motifs, positions_of(found), strict=True))
        ],
        "candidates": [_shown(m, groups, taxa) for m in found.candidates],
        "known": shown_groups(groups, found.motifs, taxa),
        "glyphs": Markup(glyph_defs(found.sequences.alphabet.letters)),
    }


def _run_content(found: Discovery, record: RunRecord) -> dict[str, Any]:
    """Collect what is said on networks, and on how the run was made."""
    return {
        "version": __version__,
        "roc": None if found.holdout is None else _roc_figure(found.holdout),
        "losses": [_loss_figure(f, rounds) for f, rounds in enumerate(found.histories)],
        "holdout": found.holdout,
        "facts": found.facts,
        "tests": len(found.tests),
        "packages": package_versions(),
        "device": jax.devices()[0].device_kind,
        "sequences": len(found.sequences),
        "alphabet": found.sequences.alphabet.name,
        "arguments": {
            name.replace("_", " "): value
            for name, value in record.arguments.items()
            if name not in SHOWN_ALREADY
            and value is not None
            and value is not False
            and value not in SAYS_NOTHING.get(name, ())
        },
    }


def _flags_of(found: Discovery) -> list[tuple[str, str]]:
    """Name the flags that a motif of the page has, each with its reason."""
    shown = {flag for m in (*found.motifs, *found.candidates, *found.known) for flag in m.flags}
    return [(flag.replace("_", " "), why) for flag, why in FLAGS.items() if flag in shown]


def _shown(m: DiscoveredMotif, groups: list[KnownGroup], taxa: dict[str, str]) -> dict[str, Any]:
    hits, total, control_hits, control_total = m.family.table
    match = like(m)
    return {
        "id": m.motif.name,
        "consensus": m.motif.consensus,
        "logo": row_logo(m.motif),
        "share": hits / total,
        "control_share": control_hits / max(control_total, 1),
        "ratio": m.family.odds_ratio,
        "e_value": format_log10(m.log10_e),
        "p_value": format_log10(m.family.best.result.log10_p),
        "beyond": m.family.best.given,
        "auroc": m.family.auroc,
        "match": None if match is None else full_name(match.target),
        "taxon": None if match is None else taxa.get(match.target.name),
        "r": None if match is None else match.r,
        "match_q": None if m.match_log10_q is None else format_log10(m.match_log10_q, 2),
        "match_anchor": anchor_of(groups, m),
        "source": m.family.best.candidate.source,
        "flags": [(flag.replace("_", " "), FLAGS[flag]) for flag in m.flags],
        "folds": len(m.family.one_per_fold),
        "site_p": format_log10(m.threshold_log10_p),
    }


def _roc_figure(held: Holdout) -> Markup:
    false_positive, true_positive = roc_curve(held.positives, held.negatives)
    return line_figure(
        [("networks", false_positive, true_positive), ("chance", [0, 1], [0, 1])],
        x_label="false positive rate",
        y_label="true positive rate",
        y_limits=(0.0, 1.0),
    )


def _loss_figure(fold: int, rounds: Any) -> Markup:
    x = np.arange(1, len(rounds) + 1)
    training = [r.loss for r in rounds]
    validation = [r.validation_loss for r in rounds]
    top = max(training + validation, default=1.0)
    return line_figure(
        [("training", x, training), ("validation", x, validation)],
        x_label=f"round of training, without fold {fold + 1}",
        y_label="loss",
        y_limits=(0.0, math.ceil(top * 10) / 10),
    )
