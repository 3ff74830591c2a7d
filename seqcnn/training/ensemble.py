"""Train several networks, calibrate them, and report on sequences that none of them has seen."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.training.calibrate import Calibrator, check_method, fit_target_calibrator
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.evaluation import HeldOut, fit_baselines, held_out_metrics
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import Epoch, Fitted, Progress, fit_target
from seqcnn.training.losses import balanced_class_weights
from seqcnn.training.predict import mean_outputs, predictions_of_codes
from seqcnn.training.roles import Roles, Sample, deal, sizes_of_roles, with_copies
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target

ATTEMPTS = 3
"""How often a network is trained whose units die, so that it gives the same for all sequences."""

HASHED = 4096
"""Rows whose checksum is taken at once."""

FEW = 200
"""From fewer sequences than this, the scale of log-odds is uncertain by a fifth and more."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How many networks are trained, and how.

    Parameters
    ----------
    recipe
        How each is trained.
    folds
        1 to keep one part for the report; 2 or more for cross-validation, which reports on all.
    ensemble
        Networks of a fold.
    seed
        Same seed, same networks.
    calibration
        See `seqcnn.training.calibrate.fit_target_calibrator`.
    """

    recipe: Recipe = field(default_factory=Recipe)
    folds: int = 1
    ensemble: int = 1
    seed: int = 0
    calibration: str = "platt"

    def __post_init__(self) -> None:
        for name in ("folds", "ensemble"):
            if getattr(self, name) < 1:
                raise SeqcnnError(f"`{name}` is {getattr(self, name)}, it must be 1 or more")


@dataclass(frozen=True, eq=False)
class Trained:
    """One network of an ensemble.

    Parameters
    ----------
    network
        With the weights of its best round.
    extra
        Its fold, and the calibrator of that fold.
    history
        All rounds.
    """

    network: nnx.Module
    extra: Mapping[str, Any]
    history: tuple[Epoch, ...]


@dataclass(frozen=True, eq=False)
class EnsembleFit:
    """Networks, and what is known about them.

    Parameters
    ----------
    members
        All networks, fold by fold.
    target
        What they predict.
    extra
        Facts that belong in the model: target, prevalence, baseline.
    metrics
        For `metrics.json`.
    held_out
        Predictions by the networks that have not seen what they predict.
    """

    members: tuple[Trained, ...]
    target: Target
    extra: Mapping[str, Any]
    metrics: Mapping[str, Any]
    held_out: HeldOut


@dataclass(frozen=True, eq=False)
class Prepared:
    """A sample made ready: dealt out, encoded and checked.

    Parameters
    ----------
    target
        With centre and spread.
    roles
        Of each fold.
    data
        All sequences with what the loss takes.
    recipe
        With the weights of classes.
    identity
        What tells this run from others.
    """

    target: Target
    roles: Sequence[Roles]
    data: Examples
    recipe: Recipe
    identity: Mapping[str, Any]

    def parts(self, fold: int, number: int) -> tuple[Examples, Examples]:
        """Give what a network of a fold learns, and what stops it."""
        rows = self.roles[fold]
        return tuple(replace(self.data, rows=r[number]) for r in (rows.train, rows.stop))  # type: ignore[return-value]


def prepare(sample: Sample, target: Target, plan: Plan) -> Prepared:
    """Deal a sample out and encode its labels; arguments as for `train_ensemble`.

    Raises
    ------
    SeqcnnError
        There are too few sequences for so many parts, or the calibration does not fit the target.
    """
    check_method(target, plan.calibration)
    roles = deal(sample, target, folds=plan.folds, ensemble=plan.ensemble, seed=plan.seed)
    learnt = np.ones(len(sample.labels), bool)
    if len(roles) == 1:  # of several folds each reports on rows that the others learn from
        learnt[roles[0].report] = False
    target = target.fitted(sample.labels[learnt])
    weights = None if sample.weights is None else sample.weights.astype(np.float32)
    data = Examples(sample.x, target.encode(sample.labels), weights)
    recipe = _balanced(plan.recipe, target, sample)
    identity = _identity(sample, target, replace(plan, recipe=recipe))
    return Prepared(target, roles, data, recipe, identity)


def train_ensemble(
    build: Callable[[int, int], nnx.Module],
    sample: Sample,
    target: Target,
    plan: Plan,
    *,
    folder: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[int, int, Progress], None] = lambda number, total, progress: None,
) -> EnsembleFit:
    """Train, calibrate and report.

    Parameters
    ----------
    build
        Makes a network from its number within the ensemble, from 0, and a seed.
    sample
        The sequences.
    target
        What is predicted.
    plan
        How.
    folder
        Where checkpoints are kept, and gone on from.
    stop, report
        As for `fit_target`; `report` is also told the number of the network and how many there are.

    Raises
    ------
    SeqcnnError
        There are too few sequences for so many parts.
    TrainingStopped, TrainingError
        As `fit_target`.
    """
    prepared = prepare(sample, target, plan)
    target, roles = prepared.target, prepared.roles
    members: list[Trained] = []
    predicted: list[np.ndarray] = []
    total = plan.folds * plan.ensemble
    for fold, rows in enumerate(roles):
        fits = []
        for i in range(plan.ensemble):
            number = fold * plan.ensemble + i
            fits.append(
                _fit_living(
                    partial(build, i),
                    prepared.parts(fold, i),
                    target,
                    prepared.recipe,
                    seed=plan.seed + 1000 * number,
                    folder=None if folder is None else folder / f"network-{number + 1}",
                    identity=prepared.identity,
                    stop=stop,
                    report=partial(report, number, total),
                )
            )
        networks = [f.network for f in fits]
        calibrator = _calibrator(networks, sample, target, rows.calibrate, plan.calibration)
        facts = {"fold": fold, "calibrator": calibrator.to_dict()}
        these = [Trained(f.network, facts, f.history) for f in fits]
        predicted.append(predictions_of_codes(these, sample.x, target, rows=rows.report))
        members += these
    baseline, simple = fit_baselines(sample, target, roles)
    extra = {"kind": "train", "target": target.to_dict(), **baseline}
    extra |= sample.facts()
    extra |= {"columns": list(sample.columns), "weighted_by": sample.weighted_by}
    if target.kind == "binary":
        known = sample.counted & np.isfinite(sample.labels[:, 0])
        counts = None if sample.weights is None else sample.weights[known]
        extra["prevalence"] = float(np.average(sample.labels[known, 0], weights=counts))
    held_out = HeldOut.of(roles, predicted)
    metrics = held_out_metrics(sample, target, held_out, simple, seed=plan.seed)
    metrics["sequences"] = sizes_of_roles(roles)
    return EnsembleFit(tuple(members), target, extra, metrics, held_out)


def _fit_living(
    build: Callable[[int], nnx.Module],
    parts: tuple[Examples, Examples],
    target: Target,
    recipe: Recipe,
    *,
    seed: int,
    folder: Path | None,
    identity: Mapping[str, Any],
    **options: Any,
) -> Fitted:
    """Fit a network; one whose units have all died starts again, from other weights and slower."""
    for attempt in range(ATTEMPTS):
        kept = None if folder is None else folder / f"attempt-{attempt + 1}"
        found = fit_target(
            build(seed + attempt),
            *parts,
            target=target,
            recipe=recipe,
            seed=seed + attempt,
            folder=None if kept is None else CheckpointFolder(kept, identity),
            **options,
        )
        _compute_in_float32(found.network)
        held = parts[1]
        outputs = mean_outputs([found.network], held.x, rows=held.rows, width=target.width)
        if not np.ptp(outputs, axis=0).max() == 0:
            return found
        logger.info("a network gives the same whatever it reads: it is trained anew, slower")
        rate = recipe.schedule.learning_rate / 2
        recipe = replace(recipe, schedule=replace(recipe.schedule, learning_rate=rate))
    logger.warning("a network learnt nothing in %d attempts: lower --learning-rate", ATTEMPTS)
    return found


def _compute_in_float32(network: nnx.Module) -> None:
    """Calibrate and use in full what was trained in half precision: weights are float32."""
    if getattr(network, "dtype", None) == "bfloat16":
        network.dtype = "float32"  # type: ignore[attr-defined]


def _balanced(recipe: Recipe, target: Target, sample: Sample) -> Recipe:
    """Let the stopping part weigh classes as the batches do."""
    if not recipe.balanced:
        return recipe
    if target.kind not in ("binary", "multiclass"):
        return replace(recipe, balanced=False)
    table = balanced_class_weights(target, sample.labels[sample.counted])
    return replace(recipe, stop_class_weights=table)


def _calibrator(
    networks: list[nnx.Module], sample: Sample, target: Target, rows: np.ndarray, method: str
) -> Calibrator:
    if not target.classifies:
        return Calibrator((1.0,) * target.outputs, (0.0,) * target.outputs)
    if len(rows) < FEW:
        logger.warning(
            "probabilities are rough: %d %s calibrate them, %d are better; their order does "
            "not suffer", len(rows), sample.what, FEW,
        )  # fmt: skip
    number = len(rows)
    rows, weights = with_copies(sample, target, rows)
    if weights is not None:  # so much as the sequences that are counted, on whatever scale
        weights = weights * (number / max(weights.sum(), 1e-300))
    logits = mean_outputs(networks, sample.x, rows=rows)
    return fit_target_calibrator(target, logits, sample.labels[rows], weights, method=method)


def _identity(sample: Sample, target: Target, plan: Plan) -> dict[str, Any]:
    """Tell runs apart: all that decides on the weights, the data as a checksum."""
    digest = hashlib.sha256()
    for begin in range(0, len(sample.x), HASHED):  # of what lies on disk a piece at a time
        digest.update(np.ascontiguousarray(sample.x[begin : begin + HASHED]).data)
    for array in (sample.labels, sample.groups, sample.counted, sample.weights, sample.held):
        digest.update(b"" if array is None else np.ascontiguousarray(array).data)
    digest.update(repr(sample.x.shape).encode())
    augmentation = hashlib.sha256(repr(plan.recipe.augmentation).encode()).hexdigest()
    return {
        "seed": plan.seed,
        "folds": plan.folds,
        "ensemble": plan.ensemble,
        **{name.replace("_", " "): v for name, v in asdict(plan.recipe.schedule).items()},
        "balance": [plan.recipe.balanced, plan.recipe.class_weights, plan.recipe.clip],
        "repeats": plan.recipe.repeats,
        "label smoothing": plan.recipe.smoothing,
        "augmentation": augmentation,
        "target": target.to_dict(),
        "data": digest.hexdigest(),
    }
