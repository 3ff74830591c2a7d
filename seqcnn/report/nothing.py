"""Why a run found nothing, and what to try next: said from its own numbers."""

import numpy as np

from seqcnn.discovery.result import Discovery
from seqcnn.stats.logspace import format_log10

FEW = 500
"""Sequences below which power is the first thing to doubt."""

LONG = 300
"""Median letters above which a short site drowns in chance ones."""


def why_nothing(found: Discovery) -> list[dict[str, str]]:
    """Give reasons why no motif is significant, each with what to try; none where one is.

    Parameters
    ----------
    found
        A run.

    Returns
    -------
    list of dict
        With the keys ``why`` and ``try``.
    """
    if found.motifs or found.holdout is None:
        return []
    return [
        {"why": why, "try": what}
        for why, what in (
            *_of_networks(found),
            *_of_tests(found),
            *_of_sequences(found),
            *_of_control(found),
        )
    ]


def _of_networks(found: Discovery) -> list[tuple[str, str]]:
    assert found.holdout is not None
    area = found.holdout.auroc
    numbers = f"AUROC {area.value:.3f}, 95 % interval {area.low:.3f} to {area.high:.3f}"
    if area.low > 0.5:
        # of shuffles the composition is that of their originals
        given = found.facts["control"] == "given"
        return [
            (
                f"The networks tell the sequences from the control ({numbers}), so there may be a "
                f"signal that no single motif carries.",
                "Look at the weaker candidates and at the known motifs below, and try --thorough"
                + ("; composition may be what differs." if given else "."),
            )
        ]
    return [
        (
            f"The networks do not tell the sequences from the control either ({numbers}): there "
            f"may be no motif to find.",
            "Check that these are the right sequences, on the right genome, around the summits.",
        )
    ]


def _of_tests(found: Discovery) -> list[tuple[str, str]]:
    if not found.tests or not found.candidates:
        return [
            (
                "No candidate was promising enough to be tested.",
                "Try --thorough, or a wider range with --min-width and --max-width.",
            )
        ]
    least = format_log10(min(m.log10_e for m in found.candidates))
    return [
        (
            f"The best of {len(found.tests)} tests has an E-value of {least}, above the limit of "
            f"{found.facts.get('e_value', 0.05):g}.",
            "Test few motifs of interest instead of all: --known-only with --db and a small motif "
            "file pays for fewer tests. Raising --e-value finds more, and more of it by chance.",
        )
    ]


def _of_sequences(found: Discovery) -> list[tuple[str, str]]:
    reasons = []
    groups, median = found.facts["groups"], float(np.median(found.sequences.lengths))
    if groups < FEW:
        reasons.append(
            (
                f"{groups:,} distinct sequences are few: half of them learn, the other half test.",
                f"Give {FEW:,} or more, for instance with a looser threshold of the peak caller.",
            )
        )
    if median > LONG:
        reasons.append(
            (
                f"The sequences are long (median {median:,.0f} letters), so that short sites occur "
                f"by chance in most of them.",
                "Cut them to 50 to 200 letters around summits or middles (--window 100).",
            )
        )
    return reasons


def _of_control(found: Discovery) -> list[tuple[str, str]]:
    reasons = []
    if found.facts["control"] == "given":
        reasons.append(
            (
                "A motif that the given control has as often cannot be found.",
                "Leave --control out to compare with shuffles of the sequences.",
            )
        )
    if found.facts["strand"] == "one":
        reasons.append(
            (
                "One strand was searched: sites on the other strand count for nothing.",
                "Use --strand both, if the letters are DNA and sites may lie on either strand.",
            )
        )
    return reasons
