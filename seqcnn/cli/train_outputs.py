"""What ``train`` tells and writes: progress, curves, the model, and what it is worth."""

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.training.ensemble import EnsembleFit
    from seqcnn.training.fitting import Epoch, Progress
    from seqcnn.training.roles import Sample
    from seqcnn.training.search import Trial

logger = logging.getLogger(__name__)


def teller(
    show: Callable[[str, float], None],
    curves: Path | None,
    what: str,
    *,
    metric: str,
    read: str = "sequences",
) -> "Callable[[int, int, Progress], None]":
    """Give what is told of each step: it moves the progress bar, and adds to curves if wanted.

    Parameters
    ----------
    show
        Moves the bar.
    curves
        Folder of event files; None for none.
    what
        Is trained: a network, or a trial of a search.
    metric
        Name of the metric of an epoch.
    read
        What the network reads.
    """
    import jax

    from seqcnn.report.tensorboard import EventFile

    device = jax.devices()[0].platform
    said: dict[str, Epoch] = {}
    files: dict[int, EventFile] = {}

    def draw(folder: Path, number: int, now: "Progress") -> None:
        if number not in files:
            files[number] = EventFile(folder / f"{what}-{number + 1}")
        assert now.epoch is not None
        values = {"loss/training": now.epoch.loss, "loss/stopping": now.epoch.validation_loss}
        if now.epoch.metric is not None:
            values[f"{metric}/stopping"] = now.epoch.metric
        files[number].write(
            {**values, "speed/sequences": now.sequences_per_second}, (now.epoch.round + 1)
        )

    def tell(number: int, total: int, now: "Progress") -> None:
        if now.epoch is not None:
            said["last"] = now.epoch
            if curves is not None:
                draw(curves, number, now)
        elif now.step % 10:
            return
        share = (number + (now.round + now.step / now.steps) / now.rounds) / total
        text = f"{what} {number + 1}/{total}, round {min(now.round + 1, now.rounds)}/{now.rounds}"
        if "last" in said:
            text += f", {_worth(said['last'], metric)}"
        speed = f", {now.sequences_per_second:,.0f} {read}/s on {device}"
        show(text + ("" if math.isnan(now.sequences_per_second) else speed), share)

    return tell


def _worth(epoch: "Epoch", metric: str) -> str:
    text = f"loss {epoch.loss:.3f}, stopping part {epoch.validation_loss:.3f}"
    return text if epoch.metric is None else f"{text}, {metric} {epoch.metric:.3f}"


def say_networks(done: "EnsembleFit") -> None:
    """Say in a line for each network how its training went."""
    metric, total = done.metrics["main"], len(done.members)
    for number, member in enumerate(done.members):
        best = min(member.history, key=lambda epoch: epoch.validation_loss)
        logger.info(
            "network %d/%d: best in round %d of %d, %s", number + 1, total, best.round + 1,
            len(member.history), _worth(best, metric),
        )  # fmt: skip


def write_model(
    out: Path,
    done: "EnsembleFit",
    network: str,
    options: Sequence[Mapping[str, Any]],
    alphabet: "Alphabet | None" = None,
) -> None:
    """Write the model, its history and what it is worth; `options` of each network of a fold."""
    from seqcnn.networks.weights import Member, Model, save_model
    from seqcnn.report.tables import write_table
    from seqcnn.seq.io.files import atomic_write

    def shown(value: float | None) -> str | None:
        return None if value is None else f"{value:.6g}"

    rows = (
        [
            i + 1,
            m.extra["fold"] + 1,
            e.round + 1,
            *map(shown, (e.loss, e.validation_loss, e.metric)),
        ]
        for i, m in enumerate(done.members)
        for e in m.history
    )
    out.mkdir(parents=True, exist_ok=True)
    names = ["network", "fold", "round", "loss", "validation_loss", done.metrics["main"]]
    write_table(out / "history.tsv", names, rows)
    with atomic_write(out / "metrics.json") as handle:
        handle.write(json.dumps(done.metrics, indent=2) + "\n")
    members = tuple(
        Member(network, dict(options[i % len(options)]), m.network, m.extra)
        for i, m in enumerate(done.members)
    )
    save_model(Model(members, alphabet, done.extra), out)


def write_predictions(out: Path, done: "EnsembleFit", sample: "Sample") -> None:
    """Write what is held out with its labels and what was predicted.

    Of profiles the totals, of positions how many lie in sites.
    """
    import numpy as np

    from seqcnn.report.tables import write_table
    from seqcnn.seq.names import take_names

    target, held = done.target, done.held_out
    profile = target.kind == "profile"
    labels = sample.labels[held.rows]
    known = labels.sum(axis=1) if profile else labels
    predicted = held.predicted[:, 0] if profile else held.predicted
    if target.kind == "per-base":
        known, predicted = (labels == 1).sum(axis=1), held.predicted.sum(axis=1)
    names = ["label"] if target.kind == "multiclass" else [f"label:{n}" for n in target.names]

    def shown(value: float) -> str | None:
        if not np.isfinite(value):
            return None
        return target.names[int(value)] if target.kind == "multiclass" else f"{value:.6g}"

    rows = (
        [name, fold + 1, *map(shown, label), *(f"{value:.6g}" for value in values)]
        for name, fold, label, values in zip(
            take_names(sample.ids, held.rows),
            held.fold.tolist(),
            known.tolist(),
            predicted.tolist(),
            strict=True,
        )
    )
    write_table(out / "predictions.tsv", ["id", "fold", *names, *target.names], rows)


def write_trials(out: Path, trials: "list[Trial]") -> None:
    """Write what a search has tried; without trials no table of an earlier one stays."""
    if not trials:
        (out / "search.tsv").unlink(missing_ok=True)
        return
    from seqcnn.report.tables import write_table
    from seqcnn.training.search import trial_rows

    header, *rows = trial_rows(trials)
    write_table(out / "search.tsv", header, rows)


def summary_of(
    done: "EnsembleFit", out: Path, *, read: str = "sequences", baseline: str = "composition"
) -> str:
    """Say in two lines what a model is worth, and where it is.

    Parameters
    ----------
    done
        The networks.
    out
        The folder of the model.
    read, baseline
        What the networks read, and what the baseline sees of it.
    """
    metric, found = done.metrics["main"], done.metrics["held_out"]
    task = "mean" if "mean" in found else done.target.names[0]
    area = found[task][metric]
    alone = done.metrics["composition"][task]
    named = {"profile": "the mean profile", "per-base": "the share of sites"}
    simple = named.get(done.target.kind, baseline)

    def shown(value: float | None) -> str:
        return "not defined" if value is None else f"{value:.3f}"

    return (
        f"{metric} on {sum(done.metrics['sequences']['report']):,} held-out {read}: "
        f"{shown(area['value'])} ({shown(area['low'])} to {shown(area['high'])}); {simple} "
        f"alone: {shown(alone)}.\nModel: {out}"
    )
