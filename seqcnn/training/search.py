"""Random search for options of a network and of its training, judged by the stopping part alone.

Every trial is a function of the seed and its number. What is drawn, how its loss went and whether
it was given up is written to a table after each, so that a search that is broken off goes on. A
trial is given up in a round if its best loss so far is worse than the median of the earlier ones'
in that round (Golovin et al. 2017, doi:10.1145/3097983.3098043).
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError, TrainingError
from seqcnn.seq.io.files import atomic_write
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.ensemble import Plan, Prepared, prepare
from seqcnn.training.fitting import Progress, fit_target
from seqcnn.training.roles import Sample
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "kernels": (16, 32, 64, 128),
    "width": (7, 9, 11, 15, 19, 25),
    "hidden": (16, 32, 64, 128),
    "units": (32, 64, 128, 256),
    "layers": (3, 4, 6, 8),
    "channels": (32, 64, 96),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
}
"""What is tried for options of networks that have one number for each of these."""

RATES = ("learning_rate", "weight_decay")
FACTOR = 5.0
"""Rates are tried from a fifth of the default to five times as much."""

WARM_UP, FEWEST = 3, 4
"""No trial is given up before so many rounds, nor before so many others have been as far."""

COLUMNS = ("trial", "state", "loss", "options", "losses")


@dataclass(frozen=True)
class Trial:
    """One set of options, and how training with it went.

    Parameters
    ----------
    options
        Of the network and of the schedule, by name.
    state
        ``"done"``, ``"given up"``, or ``"failed"`` if the loss was no number.
    losses
        On the stopping part, round by round.
    """

    options: Mapping[str, Any]
    state: str = "new"
    losses: tuple[float, ...] = ()

    @property
    def loss(self) -> float:
        """The best loss; infinite for trials that were not carried through."""
        return min(self.losses) if self.state == "done" and self.losses else np.inf


class _GivenUp(Exception):  # noqa: N818 - never leaves this file
    pass


def draw_options(
    defaults: Mapping[str, Any], recipe: Recipe, *, fixed: Sequence[str], seed: int, number: int
) -> dict[str, Any]:
    """Draw the options of a trial; the first keeps all as they are.

    Parameters
    ----------
    defaults
        Options of the network, and what they are unless something else is tried.
    recipe
        How networks are trained unless something else is tried.
    fixed
        Names of options that stay as they are.
    seed, number
        Same seed and number, same options.

    Returns
    -------
    dict
        What differs from the defaults, by name; numbers of the schedule too.
    """
    if number == 0:
        return {}
    rng = np.random.default_rng([seed, 11, number])
    drawn: dict[str, Any] = {}
    for name, values in CHOICES.items():
        value = values[int(rng.integers(len(values)))]
        present = isinstance(defaults.get(name), int | float)
        if present and name not in fixed:
            drawn[name] = value
    if drawn.get("width", math.inf) < (defaults.get("narrow") or 0):
        drawn["narrow"] = None  # no kernels are narrower than all
    for name in RATES:
        factor = FACTOR ** rng.uniform(-1, 1)
        if name not in fixed:
            drawn[name] = float(f"{getattr(recipe.schedule, name) * factor:.3g}")
    return drawn


def with_options(recipe: Recipe, options: Mapping[str, Any]) -> tuple[Recipe, dict[str, Any]]:
    """Take the numbers of the schedule out of the options of a trial, and put them into it."""
    of_network = {k: v for k, v in options.items() if k not in RATES}
    schedule = replace(recipe.schedule, **{k: options[k] for k in RATES if k in options})
    return replace(recipe, schedule=schedule), of_network


def search(
    build: Callable[[Mapping[str, Any], int], nnx.Module],
    sample: Sample,
    target: Target,
    plan: Plan,
    *,
    options: Sequence[Mapping[str, Any]],
    folder: Path,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[int, int, Progress], None] = lambda number, total, progress: None,
) -> list[Trial]:
    """Train a network with each set of options.

    Parameters
    ----------
    build
        Makes a network from options and a seed.
    sample, target, plan
        As for `train_ensemble`; trials see what the first network trains and stops on, nothing
        else.
    options
        Of each trial.
    folder
        Where the table of trials and checkpoints are kept, and gone on from.
    stop, report
        As for `train_ensemble`.

    Returns
    -------
    list of Trial
        In the order of `options`.

    Raises
    ------
    SeqcnnError
        There are several folds, whose networks would be chosen by what others report on; or all
        trials failed.
    TrainingStopped
        `stop` said so.
    """
    if plan.folds > 1:
        raise SeqcnnError(
            f"`folds` is {plan.folds}: a search would choose by sequences that other folds report "
            f"on; search with one fold"
        )
    prepared = prepare(sample, target, plan)
    table = folder / "trials.tsv"
    trials = _read_trials(table, options)
    for number in range(len(trials), len(options)):
        trial = _run(
            partial(build, options[number]),
            prepared,
            Trial(options[number]),
            earlier=trials,
            checkpoints=CheckpointFolder(
                folder / f"trial-{number}", {**prepared.identity, "options": dict(options[number])}
            ),
            seed=plan.seed,
            stop=stop,
            report=partial(report, number, len(options)),
        )
        trials.append(trial)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(table) as handle:
            handle.writelines("\t".join(row) + "\n" for row in trial_rows(trials))
    if all(np.isinf(trial.loss) for trial in trials):
        raise TrainingError("no trial of the search could be carried through")
    return trials


def best_trial(trials: Sequence[Trial]) -> int:
    """Find the trial with the lowest loss, the first of equals."""
    return int(np.argmin([trial.loss for trial in trials]))


def trial_rows(trials: Sequence[Trial]) -> list[list[str]]:
    """Give the table of trials, its header first; `COLUMNS`."""
    rows = [
        [
            str(i),
            trial.state,
            f"{trial.loss:.6g}" if np.isfinite(trial.loss) else "",
            json.dumps(dict(trial.options), sort_keys=True),
            " ".join(repr(loss) for loss in trial.losses),
        ]
        for i, trial in enumerate(trials)
    ]
    return [list(COLUMNS), *rows]


def _read_trials(path: Path, options: Sequence[Mapping[str, Any]]) -> list[Trial]:
    """Read the trials of a search that was broken off; those of another search are refused."""
    if not path.exists():
        return []
    trials = []
    for number, line in enumerate(path.read_text().splitlines()[1:]):
        try:
            _, state, _, given, losses = line.split("\t")
            trial = Trial(json.loads(given), state, tuple(map(float, losses.split())))
        except ValueError as error:
            raise SeqcnnError(
                "this is no row of a search: start anew with --force", path=path, line=number + 2
            ) from error
        if number >= len(options) or trial.options != options[number]:
            raise SeqcnnError(
                "the search that was broken off tried other options: give the same, or start anew "
                "with --force",
                path=path,
                line=number + 2,
            )
        trials.append(trial)
    return trials


def _run(
    build: Callable[[int], nnx.Module],
    prepared: Prepared,
    trial: Trial,
    *,
    earlier: Sequence[Trial],
    checkpoints: CheckpointFolder,
    seed: int,
    stop: Callable[[], bool],
    report: Callable[[Progress], None],
) -> Trial:
    recipe, _ = with_options(prepared.recipe, trial.options)
    losses: list[float] = [e["validation_loss"] for e in _history(checkpoints)]

    if is_hopeless(losses, earlier):  # it ended between its last state and the table
        return replace(trial, state="given up", losses=tuple(losses))

    def watch(progress: Progress) -> None:
        report(progress)
        if progress.epoch is not None:
            losses.append(progress.epoch.validation_loss)
            if is_hopeless(losses, earlier):
                raise _GivenUp

    try:
        fitted = fit_target(
            build(seed), *prepared.parts(0, 0), target=prepared.target, recipe=recipe, seed=seed,
            folder=checkpoints, stop=stop, report=watch,
        )  # fmt: skip
    except _GivenUp:
        return replace(trial, state="given up", losses=tuple(losses))
    except TrainingError:
        return replace(trial, state="failed", losses=tuple(losses))
    whole = tuple(epoch.validation_loss for epoch in fitted.history)
    return replace(trial, state="done", losses=whole)


def _history(checkpoints: CheckpointFolder) -> Sequence[Mapping[str, float]]:
    saved = checkpoints.load()
    return [] if saved is None else saved.place["history"]


def is_hopeless(losses: Sequence[float], earlier: Sequence[Trial]) -> bool:
    """Tell whether a trial is worse than half of the earlier ones in the round that it has reached.

    Parameters
    ----------
    losses
        Of the trial, round by round.
    earlier
        Trials; those that ended before this round by themselves count with their best loss.

    Examples
    --------
    >>> earlier = [Trial({}, "done", (3.0, 2.0, 1.0 + i)) for i in range(4)]
    >>> is_hopeless([3.0, 3.0, 2.9], earlier), is_hopeless([3.0, 2.0, 1.1], earlier)
    (True, False)
    """
    reached = len(losses)
    if reached < WARM_UP:
        return False
    others = [
        min(t.losses[:reached])
        for t in earlier
        if t.losses and (len(t.losses) >= reached or t.state == "done")
    ]
    return len(others) >= FEWEST and min(losses) > float(np.median(others))
