"""One word on each motif, strong, weak or likely artefact, with the rule that gave it."""

import math
from dataclasses import dataclass

from seqcnn.discovery.result import DiscoveredMotif

STRONG_E = 1e-3
"""Largest E-value of a strong motif."""

STRONG_RATIO = 2.0
"""The 95 % interval of a strong motif's odds ratio lies at or above this."""

STRONG, WEAK, ARTEFACT, NOT_SIGNIFICANT = "strong", "weak", "likely artefact", "not significant"

RULES = (
    (STRONG, f"E ≤ {STRONG_E:g}, found in both halves, the whole interval of the odds ratio at or "
    f"above {STRONG_RATIO:g}, no flag"),
    (WEAK, "significant and not flagged, but one of the conditions above fails"),
    (ARTEFACT, "a flag gives another reason for the signal than a motif"),
    (NOT_SIGNIFICANT, "its E-value is above the limit of the run"),
)  # fmt: skip
"""Each word and when it is given; the last that holds wins over those above it."""


SHUFFLED = (
    "this is against shuffles, from which real DNA departs in more than motifs: a control of real "
    "sequences asks the stronger question"
)
"""What belongs to a strong motif of a run without such a control."""


@dataclass(frozen=True)
class Verdict:
    """A word on a motif, and why.

    Parameters
    ----------
    word
        `STRONG`, `WEAK`, `ARTEFACT` or `NOT_SIGNIFICANT`.
    why
        The part of the rule that decided, for a reader.
    """

    word: str
    why: str


def verdict_of(motif: DiscoveredMotif, limit: float, *, shuffled: bool) -> Verdict:
    """Judge a motif of a run.

    Parameters
    ----------
    motif
        With its tests.
    limit
        Largest E-value that is significant.
    shuffled
        Whether the control are shuffles.
    """
    family = motif.family
    return judge(
        motif.log10_e,
        family.odds_ratio.low,
        limit=limit,
        in_both_halves=len(family.one_per_fold) >= family.folds,
        flags=motif.flags,
        shuffled=shuffled,
    )


def judge(
    log10_e: float,
    least_ratio: float,
    *,
    limit: float,
    in_both_halves: bool,
    flags: tuple[str, ...],
    shuffled: bool = False,
) -> Verdict:
    """Apply `RULES`.

    Parameters
    ----------
    log10_e
        log10 of the E-value.
    least_ratio
        Lower end of the interval of the odds ratio.
    limit
        Largest E-value that is significant.
    in_both_halves
        Whether the motif was found for every half of the data.
    flags
        Reasons for doubt.
    shuffled
        Whether the control are shuffles.

    Examples
    --------
    >>> judge(-9.0, 3.0, limit=0.05, in_both_halves=True, flags=()).word
    'strong'
    >>> judge(-9.0, 1.2, limit=0.05, in_both_halves=True, flags=()).why
    'the odds ratio may be as low as 1.2, below 2'
    """
    if log10_e > math.log10(limit):
        return Verdict(NOT_SIGNIFICANT, f"its E-value is above {limit:g}")
    if flags:
        return Verdict(ARTEFACT, "flagged: " + ", ".join(flag.replace("_", " ") for flag in flags))
    failed = []
    if log10_e > math.log10(STRONG_E):
        failed.append(f"its E-value is above {STRONG_E:g}")
    if not in_both_halves:
        failed.append("it was found in one half of the data only")
    if not least_ratio >= STRONG_RATIO:
        failed.append(f"the odds ratio may be as low as {least_ratio:.2g}, below {STRONG_RATIO:g}")
    if failed:
        return Verdict(WEAK, "; ".join(failed))
    return Verdict(STRONG, RULES[0][1] + (f"; {SHUFFLED}" if shuffled else ""))
