"""The report: one self-contained page."""

import math
from typing import Any

import jax
import jinja2
import numpy as np
from markupsafe import Markup

from seqcnn import __version__
from seqcnn.discovery.known import KnownGroup
from seqcnn.discovery.result import DiscoveredMotif, Discovery, Holdout
from seqcnn.motifs.logo import glyph_defs, logo_svg
from seqcnn.report.figures import line_figure
from seqcnn.report.known import anchor_of, groups_of, shown_groups
from seqcnn.report.record import RunRecord, package_versions
from seqcnn.report.tables import match_name
from seqcnn.report.text import null_hypothesis, summary_sentences
from seqcnn.stats.auroc import roc_curve
from seqcnn.stats.logspace import format_log10

FLAGS = {
    "low_complexity": "Made of one or two letters: such stretches often have other reasons.",
    "repeat": "The same few letters over and over, as in satellites and microsatellites.",
    "composition": "Largely explained by composition: p grows much within like sequences.",
}
"""Why a motif is flagged; flagged motifs stand behind the others, whatever their E-value."""

SHOWN_ALREADY = ("control", "strand")


def render(found: Discovery, record: RunRecord) -> str:
    """Draw the page; all text from outside is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seqcnn.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    alphabet = found.sequences.alphabet
    e_value = record.arguments.get("e_value", 0.05)
    groups = groups_of(found, e_value)
    return environment.get_template("report.html").render(
        version=__version__,
        summary=summary_sentences(found),
        notes=found.notes,
        motifs=[_shown(m, found, groups) for m in found.motifs],
        candidates=[_shown(m, found, groups) for m in found.candidates],
        known=shown_groups(groups, found.motifs),
        known_motifs=len(found.known),
        known_groups=len(groups),
        known_significant=sum(len(group.members) for group in groups),
        null=null_hypothesis(found),
        glyphs=Markup(glyph_defs(alphabet.letters)),
        roc=None if found.holdout is None else _roc_figure(found.holdout),
        losses=[_loss_figure(f, rounds) for f, rounds in enumerate(found.histories)],
        holdout=found.holdout,
        facts=found.facts,
        tests=len(found.tests),
        packages=package_versions(),
        device=jax.devices()[0].device_kind,
        sequences=len(found.sequences),
        alphabet=alphabet.name,
        arguments={k: v for k, v in record.arguments.items() if k not in SHOWN_ALREADY},
        e_value=e_value,
    )


def _shown(m: DiscoveredMotif, found: Discovery, groups: list[KnownGroup]) -> dict[str, Any]:
    hits, total, control_hits, control_total = m.family.table
    sites = None
    if m in found.motifs:
        sites = int((found.sites.motif == found.motifs.index(m)).sum())
    return {
        "id": m.motif.name,
        "consensus": m.motif.consensus,
        "logo": Markup(logo_svg(m.motif, height=56, axes=False, defs=False)),
        "sites": sites,
        "share": hits / total,
        "control_share": control_hits / max(control_total, 1),
        "ratio": m.family.odds_ratio,
        "e_value": format_log10(m.log10_e),
        "p_value": format_log10(m.family.best.result.log10_p),
        "auroc": m.family.auroc,
        "match": match_name(m),
        "r": None if m.best_match is None else m.best_match.r,
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
