"""Pages of `train` and `evaluate`: what a model is worth, and how it came to be."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seqcnn.report import judged as worth
from seqcnn.report import sections as page
from seqcnn.report.figures import Steps, axes_around, plot
from seqcnn.report.judged import Judged
from seqcnn.report.model_figures import RoundLike, loss_figure
from seqcnn.report.record import RunRecord
from seqcnn.report.visible import visible
from seqcnn.training.targets import Target

DRAWN_LOSSES = 6
"""Networks whose losses are drawn."""

BINS = 25
"""Parts of a histogram."""

ROLES = {
    "train": "which it learns from",
    "stop": "which say what round is the best",
    "calibrate": "which turn outputs into probabilities",
    "report": "which this page is on",
}
"""What the parts of the data are for."""

Files = Sequence[tuple[str, str]]


def training_page(
    judged: Judged,
    histories: Sequence[Sequence[RoundLike]],
    record: RunRecord,
    *,
    network: str,
    metrics: Mapping[str, Any],
    data: Sequence[tuple[str, Any]],
    lengths: np.ndarray | None = None,
    files: Files = (),
    made: Sequence[tuple[str, Any]] = (),
    more: Callable[[Judged], Sequence[dict[str, Any]]] = lambda judged: (),
) -> dict[str, Any]:
    """Collect what the page of a training says.

    Parameters
    ----------
    judged
        The model on what was held out.
    histories
        Rounds of each network.
    record
        How it was called.
    network
        Name of the network.
    metrics
        As in `metrics.json`.
    data
        Facts on what was learnt from: what, and how much.
    lengths
        Of sequences, to draw; None for none.
    files
        Files beside the page, and what they hold.
    made
        How it was made, beside what every page says.
    more
        Gives sections that stand behind the worst cases.
    """
    roles = metrics["sequences"]
    learnt, n = max(roles["train"]), len(histories)
    networks = f"{n} networks of the kind {network}" if n > 1 else f"one network ({network})"
    how = f"It is {networks}, trained on {learnt:,} {judged.what}"
    how += f" in each of {len(roles['report'])} folds." if len(roles["report"]) > 1 else "."
    title = "Model of " + visible(", ".join(judged.target.names[:4]), 60)
    if judged.target.kind == "binary":
        title = f"Model of {judged.what}"
    return page.content_of_page(
        title,
        worth.summary(judged, how),
        [
            *worth.sections_of(judged, metrics.get("confusion")),
            *more(judged),
            _training(histories),
            _data(judged, roles, data, lengths),
            *_files(files),
        ],
        record,
        notes=_notes(judged, metrics),
        made=[
            ("kind of network", network),
            ("networks", n),
            ("what is predicted", judged.target.kind),
            *made,
        ],
    )


def evaluation_page(
    judged: Judged,
    record: RunRecord,
    *,
    metrics: Mapping[str, Any],
    data: Sequence[tuple[str, Any]],
    lengths: np.ndarray | None = None,
    files: Files = (),
) -> dict[str, Any]:
    """Collect what the page of an evaluation says; arguments as for `training_page`."""
    how = "Whether the model has seen some of them in training is for you to know."
    return page.content_of_page(
        "Evaluation of a model",
        worth.summary(judged, how),
        [
            *worth.sections_of(judged, metrics.get("confusion")),
            _data(judged, {}, data, lengths),
            *_files(files),
        ],
        record,
        notes=_notes(judged, metrics),
        made=[("what is predicted", judged.target.kind)],
    )


def segmentation_page(
    target: Target,
    history: Sequence[RoundLike],
    record: RunRecord,
    *,
    network: str,
    metrics: Mapping[str, Any],
    sizes: Mapping[str, Sequence[int]],
    tile: int,
    sections: Sequence[dict[str, Any]],
    files: Files,
) -> dict[str, Any]:
    """Collect what the page of a training on masks says.

    Parameters
    ----------
    target, history, record, network, metrics, files
        As for `training_page`; one network.
    sizes
        Pictures of each role.
    tile
        Extent of the tiles.
    sections
        On what it is worth.
    """
    found = metrics["held_out"]
    words = ", ".join(
        f"{visible(name, 30)} {values['dice']:.3f}" if values["dice"] is not None
        else f"{visible(name, 30)} not there"
        for name, values in found.items()
    )  # fmt: skip
    roles = {"train": "which it learns from", "stop": "which say what round is the best",
             "report": "which this page is on"}  # fmt: skip
    rows = [(f"pictures {what}", f"{len(sizes[role]):,}") for role, what in roles.items()]
    n = metrics["pictures"]
    return page.content_of_page(
        "Model of masks",
        [
            f"On {n:,} pictures that it never saw, the overlap with the true masks (Dice, 1 is "
            f"perfect) is: {words}.",
            f"It is a network of the kind {network}, trained on {len(sizes['train']):,} pictures.",
            "Look at the worst cases first: they say more than a mean.",
        ],
        [
            *sections,
            _training([history]),
            page.section("data", "The pictures", page.facts([*rows, ("tiles", f"{tile} x {tile}"),
                         ("classes", ", ".join(target.names))])),
            *_files(files),
        ],
        record,
        notes=[f"Only {n} pictures were held out: another draw may say otherwise."]
        if n < 20 else [],
        made=[("kind of network", network)],
    )  # fmt: skip


def _notes(judged: Judged, metrics: Mapping[str, Any]) -> list[str]:
    """Say what a reader should be warned of."""
    notes = []
    found = judged.metrics[judged.task].get("ece") or {}
    limit, error = metrics.get("ece_limit"), found.get("value")
    if limit is not None and error is not None and error > limit:
        notes.append(
            f"The probabilities are off by {error:.3f} on average, more than chance explains "
            f"({limit:.3f}): take them as scores, or calibrate on more data."
        )
    if len(judged.labels) < 100:
        notes.append(
            f"Only {len(judged.labels)} {judged.what} were judged: look at the intervals, not at "
            f"the values."
        )
    return notes


def _training(histories: Sequence[Sequence[RoundLike]]) -> dict[str, Any]:
    drawn = [
        (loss_figure(rounds, f"network {i + 1}"),
         f"Network {i + 1}: the round with the least validation loss is kept.")
        for i, rounds in enumerate(histories[:DRAWN_LOSSES])
        if rounds
    ]  # fmt: skip
    more = len(histories) - DRAWN_LOSSES
    return page.section(
        "training", "Training",
        page.figures(*drawn),
        page.text(f"{more} networks more are in history.tsv.", soft=True) if more > 0 else None,
    )  # fmt: skip


def _data(
    judged: Judged,
    roles: Mapping[str, Sequence[int]],
    data: Sequence[tuple[str, Any]],
    lengths: np.ndarray | None,
) -> dict[str, Any]:
    rows = [*data]
    for role, what in ROLES.items():
        if role in roles:
            numbers = sorted(set(roles[role]))
            shown = f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
            rows.append((f"{judged.what} {what}", shown))
    rows += _label_rows(judged)
    drawn = None
    if lengths is not None and len(lengths) and lengths.min() < lengths.max():
        counts, edges = np.histogram(lengths.astype(float), bins=BINS)
        axes = axes_around("letters", judged.what, edges, counts)
        drawn = (plot([Steps("", edges, counts)], axes, label="Lengths"), "Lengths of all.")
    return page.section("data", f"The {judged.what}", page.facts(rows), page.figures(drawn))


def _label_rows(judged: Judged) -> list[tuple[str, str]]:
    """Count the labels of what was judged."""
    target, labels = judged.target, judged.labels
    if judged.along:
        return []
    names = list(target.names[: worth.DRAWN_TASKS * 4])
    if target.kind == "binary":
        return [("positives judged", f"{int((labels[:, 0] == 1).sum()):,}"),
                ("negatives judged", f"{int((labels[:, 0] == 0).sum()):,}")]  # fmt: skip
    if target.kind == "multiclass":
        return [(f"judged, {n}", f"{int((labels[:, 0] == i).sum()):,}")
                for i, n in enumerate(names)]  # fmt: skip
    if target.classifies:
        return [(f"positives judged, {n}", f"{int((labels[:, i] == 1).sum()):,}")
                for i, n in enumerate(names)]  # fmt: skip
    rows = []
    for i, name in enumerate(names):
        known = labels[np.isfinite(labels[:, i]), i]
        if len(known):
            rows.append((f"labels judged, {name}", f"{len(known):,}, median {np.median(known):.4g},"
                         f" from {known.min():.4g} to {known.max():.4g}"))  # fmt: skip
    return rows


def _files(files: Files) -> list[dict[str, Any]]:
    if not files:
        return []
    return [page.section("files-beside", "Files beside this page", page.facts(files, files=True))]
