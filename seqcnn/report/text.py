"""Sentences that say what a run found; those a biologist can quote."""

import math

from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.stats.logspace import format_log10

NULL = {
    "shuffled": "that nothing but the counts of {kmer}-letter words makes the difference",
    "given": "that foreground and control do not differ within classes of like composition",
}


def summary_sentences(found: Discovery) -> list[str]:
    """Say in up to three sentences what was found."""
    if found.holdout is None:
        return _known_only(found)
    area = found.holdout.auroc
    networks = f"AUROC of {area.value:.3f} (95 % interval {area.low:.3f} to {area.high:.3f})"
    if not found.motifs:
        verb = "do not tell" if area.low <= 0.5 <= area.high else "tell"
        return [
            f"No motif is significant in {_sequences(found)}.",
            _nothing_held(found),
            f"The networks {verb} sequences that they never saw from the control: {networks}.",
        ]
    lead = next((m for m in found.motifs if not m.flags), found.motifs[0])
    more = len(found.motifs) - 1
    others = f"; {more} further motif{'s are' if more > 1 else ' is'} significant" if more else ""
    return [
        f"In {_sequences(found)} the leading motif is {_described(lead)}{others}.",
        f"The networks tell sequences that they never saw from the control with an {networks}.",
    ]


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
    lead = next((m for m in significant if not m.flags), significant[0])
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
    """Say what a p-value of this run speaks against."""
    control = found.facts["control"]
    return NULL[control].format(kmer=found.facts.get("kmer"))


def _described(m: DiscoveredMotif) -> str:
    match = m.best_match
    like = f", most like {match.target.alternative_name} (r = {match.r:.2f})" if match else ""
    return f"{m.motif.consensus}{like}, {_frequency(m)}"


def _frequency(m: DiscoveredMotif) -> str:
    hits, total, control_hits, control_total = m.family.table
    return (
        f"with a site in {hits / total:.0%} of the sequences and "
        f"{control_hits / max(control_total, 1):.1%} of the control (E = {format_log10(m.log10_e)})"
    )
