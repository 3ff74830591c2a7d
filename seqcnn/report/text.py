"""Sentences that say what a run found; those a biologist can quote."""

import math
from collections.abc import Sequence

from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.report.known import like
from seqcnn.report.verdicts import verdict_of
from seqcnn.seq.alphabet import DNA
from seqcnn.stats.logspace import format_log10

NULL = {
    "shuffled": "Null hypothesis: a sequence is as likely to have a site as each of its shuffles, "
    "which keep {counts}.",
    "given": "Null hypothesis: among sequences of like composition, those of the foreground are as "
    "likely to have a site as those of the control.",
}
"""What p-values speak against, by the kind of control."""

REAL_DNA = (
    "Real genomic DNA departs from its shuffles in more than motifs: a control of your own "
    "(--control FILE) or windows of the genome (--control genome) ask the stronger question."
)


def summary_sentences(found: Discovery) -> list[str]:
    """Say in up to three sentences what was found."""
    if found.holdout is None:
        return _known_only(found)
    networks = _networks(found)
    if not found.motifs:
        return [f"No motif is significant in {_sequences(found)}.", _nothing_held(found), networks]
    lead = next((m for m in found.motifs if not m.flags), None)
    if lead is None:
        return [_all_flagged(found, found.motifs, "motif"), _all_motifs(found), networks]
    return [
        f"In {_sequences(found)} the leading motif is {_described(lead)}.",
        _all_motifs(found),
        networks,
    ]


def _networks(found: Discovery) -> str:
    """Say whether networks tell sequences from control: whether the whole interval is above 0.5."""
    assert found.holdout is not None
    area = found.holdout.auroc
    verb = "tell" if area.low > 0.5 else "do not tell"
    sentence = (
        f"The networks {verb} sequences that they never saw from the control: AUROC of "
        f"{area.value:.3f} (95 % interval {area.low:.3f} to {area.high:.3f})"
    )
    if found.facts["control"] != "given":  # shuffles have the composition of their originals
        return sentence + "."
    return f"{sentence}, where composition alone reaches {found.holdout.composition_auroc:.3f}."


def _all_motifs(found: Discovery) -> str:
    """Count the significant motifs by what they are worth, and say how they were tested."""
    limit, n = found.facts.get("e_value", 0.05), len(found.motifs)
    shuffled = found.facts["control"] == "shuffled"
    words = [verdict_of(m, limit, shuffled=shuffled).word for m in found.motifs]
    counts = ", ".join(f"{words.count(word):,} {word}" for word in dict.fromkeys(words))
    against = (
        f"{found.facts['copies']} shuffles of each sequence" if shuffled else "the given control"
    )
    what = "motif is" if n == 1 else "motifs are"
    return (
        f"{n:,} {what} significant at E ≤ {limit:g} ({counts}), each tested against {against}, "
        f"on sequences that it was not found on."
    )


def _all_flagged(found: Discovery, motifs: Sequence[DiscoveredMotif], what: str) -> str:
    """Say that there is no motif without a reason for doubt, so that none leads."""
    flags = ", ".join(dict.fromkeys(f.replace("_", " ") for m in motifs for f in m.flags))
    if len(motifs) == 1:
        count = f"one {what} is significant, and it is flagged"
    else:
        count = f"{len(motifs):,} {what}s are significant, and all are flagged"
    return f"In {_sequences(found)} {count} ({flags}): there are reasons for doubt."


def _known_only(found: Discovery) -> list[str]:
    """Say what is most significant of known motifs, where no others were sought."""
    tested = f"{len(found.known):,} known motifs"
    limit = math.log10(found.facts.get("e_value", 0.05))
    significant = [m for m in found.known if m.log10_e <= limit]
    if not significant:
        least = format_log10(found.known[0].log10_e)
        return [
            f"None of {tested} is significant in {_sequences(found)}; the least E-value is {least}."
        ]
    lead = next((m for m in significant if not m.flags), None)
    if lead is None:
        return [_all_flagged(found, significant, "known motif")]
    name = f"{lead.motif.alternative_name} {lead.motif.name}".strip()
    return [f"In {_sequences(found)} the leading of {tested} is {name}, {_frequency(lead)}."]


def _sequences(found: Discovery) -> str:
    """Name the number of sequences, and of those that count."""
    n, distinct = len(found.sequences), found.facts["groups"]
    if n == distinct:
        return f"{n:,} sequences"
    return f"{n:,} sequences ({distinct:,} after near-duplicates count once)"


def _nothing_held(found: Discovery) -> str:
    if not found.tests:
        return "No candidate was good enough to be tested."
    least = format_log10(min(m.log10_e for m in found.candidates))
    return (
        f"{len(found.tests)} tests were made, of candidates on sequences that they were not found "
        f"on; the least E-value is {least}."
    )


def null_hypothesis(found: Discovery) -> str:
    """State what a p-value of this run speaks against, in one sentence."""
    kmer = found.facts.get("kmer")
    counts = "the counts of its letters" if kmer == 1 else f"the counts of its {kmer}-letter words"
    return NULL[found.facts["control"]].format(counts=counts)


def control_advice(found: Discovery) -> str | None:
    """Say what shuffles of DNA leave open; None with other letters or a given control."""
    shuffled = found.facts["control"] == "shuffled"
    return REAL_DNA if shuffled and found.sequences.alphabet == DNA else None


def e_value_in_words(log10_e: float) -> str:
    """Say what an E-value means, for those who do not meet one every day.

    Examples
    --------
    >>> e_value_in_words(-9.0)
    'E = 1.0e-9: chance gives about 1.0e-9 motifs as good as this in a run like this.'
    """
    number = format_log10(log10_e)
    return f"E = {number}: chance gives about {number} motifs as good as this in a run like this."


def _described(m: DiscoveredMotif) -> str:
    match = like(m)
    if match is None:
        return f"{m.motif.consensus}, {_frequency(m)}"
    name = match.target.alternative_name or match.target.name
    return f"{m.motif.consensus}, most like {name} (r = {match.r:.2f}), {_frequency(m)}"


def _frequency(m: DiscoveredMotif) -> str:
    hits, total, control_hits, control_total = m.family.table
    return (
        f"with a site in {hits / total:.0%} of the sequences and "
        f"{control_hits / max(control_total, 1):.1%} of the control (E = {format_log10(m.log10_e)})"
    )
