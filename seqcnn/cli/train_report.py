"""The page and the record of a model that was trained: written when all else is in its folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcnn.cli.places import MATCHED

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.report.judged import Judged
    from seqcnn.report.record import RunRecord
    from seqcnn.training.ensemble import EnsembleFit
    from seqcnn.training.roles import Sample

FILES = (
    ("config.json", "the networks: their options, and how outputs become predictions"),
    ("weights.safetensors", "their weights"),
    ("history.tsv", "losses of each round of each network"),
    ("metrics.json", "all metrics with intervals, and the sizes of all parts"),
    ("predictions.tsv", "labels and predictions of what was held out"),
)
"""Files of a model."""

SEARCH = ("search.tsv", "the sets of options that were tried")

LOOKED_AT = 10_000
"""Sequences whose lengths are counted."""


def inputs_of(files: Sequence[str], options: dict[str, Any]) -> list[str | None]:
    """List the files that a command on sequences and labels reads."""
    control, labels = options.get("control"), options.get("labels")
    return [
        *files, None if control == MATCHED else control, labels, *options.get("profile", ()),
        options["places"].genome,
    ]  # fmt: skip


def write_report(
    out: Path,
    done: "EnsembleFit",
    sample: "Sample",
    record: "RunRecord",
    *,
    network: str,
    data: Sequence[tuple[str, Any]],
    files: Sequence[tuple[str, str]] = FILES,
    baseline: str = "composition",
    lengths: "np.ndarray | None" = None,
    more: "Callable[[Judged], Sequence[dict[str, Any]]]" = lambda judged: (),
) -> None:
    """Write `run.json`, and then the page.

    Parameters
    ----------
    out
        The folder, with all else in it.
    done, sample
        What was trained, and on what.
    record
        How the command was called.
    network
        Name of the network.
    data
        Facts on the data.
    files
        What was written.
    baseline
        What the baseline sees of the data.
    lengths
        Of the sequences.
    more
        Gives further sections.
    """
    from seqcnn.report.finish import add_page, write_record
    from seqcnn.report.judged import Judged
    from seqcnn.report.model_page import training_page
    from seqcnn.seq.names import take_names

    there = [(name, what) for name, what in files if (out / name).exists()]
    named = [name for name, _ in there]
    write_record(out, record, [*named, "tensorboard"], metrics=done.metrics["held_out"])
    held = done.held_out

    def make() -> dict[str, Any]:
        judged = Judged(
            done.target, done.metrics["held_out"], done.metrics["main"],
            done.metrics["composition"], held.predicted, sample.labels[held.rows],
            None if sample.weights is None else sample.weights[held.rows],
            take_names(sample.ids, held.rows), sample.what, baseline,
        )  # fmt: skip
        return training_page(
            judged, [m.history for m in done.members], record, network=network,
            metrics=done.metrics, data=data, files=there, lengths=lengths, more=more,
        )  # fmt: skip

    add_page(out, make)


def facts_of_sequences(sample: "Sample") -> "tuple[list[tuple[str, Any]], np.ndarray]":
    """Count sequences and letters, and give the lengths of some ten thousand of them."""
    import numpy as np

    from seqcnn.seq.alphabet import PAD

    some = sample.x[:: max(1, len(sample.x) // LOOKED_AT)]
    lengths = (some != PAD).sum(axis=1)
    rows = [
        ("sequences, shuffles among them", f"{len(sample.x):,}"),
        ("groups that stay together", f"{len(np.unique(sample.groups)):,}"),
        ("letters", f"median {np.median(lengths):,.0f}, from {lengths.min():,} to "
                    f"{lengths.max():,}"),
    ]  # fmt: skip
    if sample.letters == 4:
        shown = some[some < 4]
        gc = np.isin(shown, (1, 2)).mean() if len(shown) else float("nan")
        rows.append(("G and C", f"{100 * gc:.1f} %"))
    return rows, lengths
