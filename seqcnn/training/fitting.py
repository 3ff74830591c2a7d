"""Fit any network to any target, so that a run that is broken off goes on where it was.

All that is random in a step is a function of the seed and of the number of the step. A state is
therefore parameters, statistics, the optimiser's moments and a place, and a run that is resumed
gives the bits of one that was never interrupted.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.data.batches import draw_rows
from seqcnn.errors import TrainingError
from seqcnn.training.checkpoint import Checkpoint, CheckpointFolder, filled_with, tensors_of
from seqcnn.training.evaluation import score_of_outputs
from seqcnn.training.examples import Examples
from seqcnn.training.losses import mean_loss
from seqcnn.training.step import Recipe, optimizer_of, predict_outputs, take_step
from seqcnn.training.targets import Target


class TrainingStopped(Exception):  # noqa: N818 - as little an error as StopIteration
    """Training was asked to stop, and has saved its state."""


@dataclass(frozen=True)
class Epoch:
    """What one round came to.

    Parameters
    ----------
    round
        From 0.
    loss, validation_loss
        Mean loss of the training steps and on the stopping part.
    metric
        Main metric on the stopping part (`main_metric`); None if it is not defined there.
    """

    round: int
    loss: float
    validation_loss: float
    metric: float | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network.

    Parameters
    ----------
    network
        With the weights and statistics of the best round.
    history
        All rounds.
    best
        Position of the best one.
    """

    network: nnx.Module
    history: tuple[Epoch, ...]
    best: int


@dataclass(frozen=True)
class Progress:
    """What a run can tell while it goes on.

    Parameters
    ----------
    round, rounds, step, steps
        Place in training: rounds and steps of a round.
    loss
        Mean of the steps of the last round that has ended; NaN before.
    sequences_per_second
        Of this call, compilation left out.
    epoch
        The round that has just ended, if one has.
    """

    round: int
    rounds: int
    step: int
    steps: int
    loss: float
    sequences_per_second: float
    epoch: Epoch | None = None


def fit_target(
    network: nnx.Module,
    training: Examples,
    stopping: Examples,
    *,
    target: Target,
    recipe: Recipe,
    seed: int = 0,
    folder: CheckpointFolder | None = None,
    save_seconds: float = 30.0,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Fitted:
    """Fit a network, from its start or from the checkpoint of an earlier call.

    Parameters
    ----------
    network
        Takes uint8 codes (n, length) and, in training, ``rngs``; gives (n, outputs). For profiles
        it has `profile_logits`.
    training, stopping
        Disjoint examples: those that are learnt, and those that say which round is the best.
    target
        What is predicted.
    recipe
        How to train.
    seed
        Same seed, data, threads and device: same weights.
    folder
        Where states are kept, after each round and every `save_seconds`; a state that is there is
        gone on from.
    save_seconds
        0 to save after every step.
    stop
        Is asked after each step; if True the state is saved.
    report
        Is told after each step.

    Raises
    ------
    TrainingStopped
        `stop` said so.
    TrainingError
        The loss is not a number any more; such a state is never saved.
    SeqcnnError
        The checkpoint is damaged or of another run.
    """
    run = _Run(network, training, stopping, target, recipe, seed)
    if folder is not None and (saved := folder.load()) is not None:
        run.restore(saved)
    keeper = _Keeper(run, folder, save_seconds)
    clock = _Clock()
    while not run.finished:
        run.step()
        clock.count(recipe.schedule.batch)
        epoch = run.end_round() if run.at == recipe.schedule.steps else None
        if stop():
            keeper.save()
            raise TrainingStopped
        if epoch is not None or keeper.due:
            keeper.save()
        report(run.progress(clock.rate, epoch))
    return run.result()


class _Run:
    """State of training and the steps that change it."""

    def __init__(
        self,
        network: nnx.Module,
        training: Examples,
        stopping: Examples,
        target: Target,
        recipe: Recipe,
        seed: int,
    ) -> None:
        self.graph, self.weights, self.statistics = nnx.split(network, nnx.Param, ...)
        self.training, self.stopping, self.target = training, stopping, target
        self.recipe, self.seed, self.key = recipe, seed, jax.random.key(seed)
        self.state = optimizer_of(recipe).init(self.weights)
        self.round, self.at = 0, 0
        self.losses: list[jax.Array | np.float32] = []
        self.history: list[Epoch] = []
        self.best, self.best_loss = -1, np.inf
        self.best_tensors: dict[str, np.ndarray] = {}
        self.rows: np.ndarray | None = None
        self.batch: tuple[int, tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None

    @property
    def finished(self) -> bool:
        schedule = self.recipe.schedule
        waited = self.round - 1 - self.best
        return self.round >= schedule.rounds or (self.best >= 0 and waited >= schedule.patience)

    def next_batch(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take the batch of this step: of several steps in turn it is the same."""
        schedule, repeats = self.recipe.schedule, self.recipe.repeats
        if self.rows is None:
            rng = np.random.default_rng([self.seed, 7, self.round])
            classes = self.training.targets[:, 0] if self.recipe.balanced else None
            steps = -(-schedule.steps // repeats)
            self.rows = draw_rows(
                rng, len(self.training), classes, steps=steps, batch=schedule.batch
            )
        number = self.at // repeats
        if self.batch is None or self.batch[0] != number:
            self.batch = number, self.training.take(self.rows[number])
        return self.batch[1]

    def step(self) -> None:
        number = self.round * self.recipe.schedule.steps + self.at
        self.weights, self.statistics, self.state, loss = take_step(
            self.weights,
            self.statistics,
            self.state,
            self.next_batch(),
            jax.random.fold_in(self.key, number),
            graph=self.graph,
            target=self.target,
            recipe=self.recipe,
        )
        self.losses.append(loss)
        self.at += 1

    def end_round(self) -> Epoch:
        self.check()
        y, weights = self.stopping.targets, self.stopping.counts
        states = (self.weights, self.statistics)
        outputs = predict_outputs(
            self.graph, states, self.stopping.x, rows=self.stopping.rows, width=self.target.width
        )
        table = self.recipe.stop_class_weights or self.recipe.class_weights
        given = jnp.asarray(outputs), jnp.asarray(y), jnp.asarray(weights)
        how = {"class_weights": table, "masks": self.recipe.masks}
        loss = float(mean_loss(self.target.kind, *given, **how))
        if not np.isfinite(loss):
            raise _not_a_number(self.round)
        metric = score_of_outputs(self.target, outputs, y, weights)
        epoch = Epoch(self.round, float(np.mean(np.array(self.losses))), loss, metric)
        self.history.append(epoch)
        if loss < self.best_loss:
            self.best, self.best_loss, self.best_tensors = self.round, loss, self.model_tensors()
        self.round, self.at, self.losses = self.round + 1, 0, []
        self.rows, self.batch = None, None
        return epoch

    def check(self) -> None:
        """Raise unless losses are numbers, and weights too, which the last step has changed."""
        finite = np.isfinite(np.array(self.losses, np.float32)).all()
        if not finite or not _all_finite((self.weights, self.statistics)):
            raise _not_a_number(self.round)

    def model_tensors(self) -> dict[str, np.ndarray]:
        return tensors_of(self.weights, "weights") | tensors_of(self.statistics, "statistics")

    def checkpoint(self) -> Checkpoint:
        place = {
            "round": self.round,
            "step": self.at,
            "best": self.best,
            "best_loss": float(self.best_loss) if self.best >= 0 else None,
            "history": [asdict(epoch) for epoch in self.history],
        }
        last = self.model_tensors() | tensors_of(self.state, "optimizer")
        last["losses"] = np.array(self.losses, np.float32)
        return Checkpoint(place, last, self.best_tensors)

    def restore(self, saved: Checkpoint) -> None:
        place: Mapping[str, Any] = saved.place
        self.weights = filled_with(self.weights, saved.last, "weights")
        self.statistics = filled_with(self.statistics, saved.last, "statistics")
        self.state = filled_with(self.state, saved.last, "optimizer")
        self.losses = list(saved.last["losses"])
        self.round, self.at, self.best = place["round"], place["step"], place["best"]
        self.best_loss = np.inf if place["best_loss"] is None else place["best_loss"]
        self.history = [Epoch(**epoch) for epoch in place["history"]]
        self.best_tensors = dict(saved.best)

    def progress(self, rate: float, epoch: Epoch | None) -> Progress:
        schedule = self.recipe.schedule
        # not that of this step, which the device may still be at work on
        loss = self.history[-1].loss if self.history else float("nan")
        return Progress(self.round, schedule.rounds, self.at, schedule.steps, loss, rate, epoch)

    def result(self) -> Fitted:
        weights = filled_with(self.weights, self.best_tensors, "weights")
        statistics = filled_with(self.statistics, self.best_tensors, "statistics")
        network = nnx.merge(self.graph, weights, statistics)
        return Fitted(network, tuple(self.history), self.best)


class _Keeper:
    """Saves the state of a run now and then."""

    def __init__(self, run: _Run, folder: CheckpointFolder | None, seconds: float) -> None:
        self.run, self.folder, self.seconds = run, folder, seconds
        self.saved = time.monotonic()

    @property
    def due(self) -> bool:
        return time.monotonic() - self.saved >= self.seconds

    def save(self) -> None:
        if self.folder is None:
            return
        self.run.check()
        steps = self.run.recipe.schedule.steps
        self.folder.save(
            self.run.checkpoint(),
            step=self.run.round * steps + self.run.at,
            best_step=(self.run.best + 1) * steps,
        )
        self.saved = time.monotonic()


class _Clock:
    """Sequences a second, the first step left out, since it is compiled."""

    def __init__(self) -> None:
        self.start, self.done = 0.0, -1

    def count(self, batch: int) -> None:
        if self.done < 0:
            self.start, self.done = time.monotonic(), 0
        else:
            self.done += batch

    @property
    def rate(self) -> float:
        spent = time.monotonic() - self.start
        return self.done / spent if self.done > 0 and spent > 0 else float("nan")


def _all_finite(tree: Any) -> bool:
    leaves = (leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact))
    return all(bool(jnp.isfinite(leaf).all()) for leaf in leaves)


def _not_a_number(number: int) -> TrainingError:
    return TrainingError(
        f"the loss is not a number in round {number + 1}: lower the learning rate "
        f"(--learning-rate); a checkpoint, if there is one, holds the last good state"
    )
