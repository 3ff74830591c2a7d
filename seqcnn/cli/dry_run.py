"""``--dry-run``: what a run would do, said after all that can be checked was checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcnn.discovery.settings import Settings
    from seqcnn.networks.choose import Blueprint
    from seqcnn.seq.record import SequenceSet
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.roles import Sample
    from seqcnn.training.targets import Target


def say_discover(
    foreground: "SequenceSet",
    background: "SequenceSet | None",
    settings: "Settings",
    database: str | None,
    out: Path,
) -> None:
    """Prepare sequences as `discover` does, and say what would follow."""
    from seqcnn.discovery.inputs import prepare
    from seqcnn.discovery.names import load_known
    from seqcnn.discovery.notes import Notes
    from seqcnn.discovery.pipeline import FOLDS

    known, name = load_known(database, foreground.alphabet)
    inputs = prepare(foreground, background, settings, folds=FOLDS, notes=Notes())
    _print(
        sequences=_counted(foreground),
        analysed=f"{inputs.facts['groups']:,}, near-duplicates once",
        control=f"{inputs.facts['control']}" + (_counted(background, ": ") if background else ""),
        widths=f"{settings.min_width} to {settings.max_width}",
        known=f"{len(known):,} motifs of {name}" if known else "none",
        networks="none" if settings.known_only else f"{FOLDS}",
        out=out,
    )


def say_train(
    sample: "Sample", target: "Target", wanted: "Blueprint", plan: "Plan", out: Path
) -> None:
    """Say what training would fit."""
    schedule = plan.recipe.schedule
    _print(
        sequences=f"{int(sample.counted.sum()):,} counted, {len(sample.x):,} with shuffles",
        positions=f"{sample.x.shape[1]:,}",
        task=f"{target.kind}: {', '.join(target.names[:10])}",
        network=wanted.name,
        networks=f"{plan.folds * plan.ensemble} ({plan.folds} x {plan.ensemble})",
        training=f"{schedule.rounds} rounds of {schedule.steps} steps at most",
        out=out,
    )


def _counted(sequences: "SequenceSet | None", before: str = "") -> str:
    if sequences is None:
        return ""
    kind = sequences.alphabet.name
    return f"{before}{len(sequences):,} of {kind}, {len(sequences.codes):,} letters"


def _print(**facts: Any) -> None:
    import jax

    from seqcnn.seq.io.files import atomic_write

    facts["device"] = jax.devices()[0].device_kind
    lines = [f"{key}\t{value}" for key, value in facts.items()]
    with atomic_write("-") as handle:
        handle.write("\n".join([*lines, "dry run\tnothing was written", ""]))
