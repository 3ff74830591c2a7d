"""Sentences that say what a run found; those a biologist can quote."""

from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.stats.logspace import format_log10

NULL = {
    "shuffled": "that nothing but the counts of {kmer}-letter words makes the difference",
    "given": "that foreground and control do not differ within classes of like composition",
}


def summary_sentences(found: Discovery) -> list[str]:
    """Say in up to three sentences what was found."""
    n = len(found.sequences)
    if not found.motifs:
        return [
            f"No motif is significant in these {n:,} sequences.",
            f"{len(found.candidates)} candidates were tested on sequences that they were not "
            f"found on, and none reached the limit of the E-value.",
        ]
    area = found.holdout.auroc
    lead = next((m for m in found.motifs if not m.flags), found.motifs[0])
    more = len(found.motifs) - 1
    others = f"; {more} further motif{'s are' if more > 1 else ' is'} significant" if more else ""
    return [
        f"In {n:,} sequences the leading motif is {_described(lead)}{others}.",
        f"The networks tell sequences that they never saw from the control with an AUROC of "
        f"{area.value:.3f} (95 % interval {area.low:.3f} to {area.high:.3f}).",
    ]


def null_hypothesis(found: Discovery) -> str:
    """Say what a p-value of this run speaks against."""
    control = found.facts["control"]
    return NULL[control].format(kmer=found.facts.get("kmer"))


def _described(m: DiscoveredMotif) -> str:
    hits, total, control_hits, control_total = m.family.table
    like = f", like {m.best_match.target.alternative_name}" if m.best_match else ""
    return (
        f"{m.motif.consensus}{like}, with a site in {hits / total:.0%} of the sequences and "
        f"{control_hits / max(control_total, 1):.1%} of the control (E = {format_log10(m.log10_e)})"
    )
