"""Train several networks, calibrate them, and report on sequences that none of them has seen.

The sequences of a fold are dealt out to four disjoint roles: *train*; *stop*, which says which
round is the best; *calibrate*; and *report*. Networks of one fold (an ensemble) differ in seed and
in their stopping part; they share what calibrates and what is reported on, so that neither has
been seen by any of them.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from seqcnn.data.split import strata_of_labels, stratified_folds
from seqcnn.errors import SeqcnnError
from seqcnn.stats.classification import calibration_error_limit
from seqcnn.training.baseline import Baseline, composition
from seqcnn.training.calibrate import Calibrator, fit_target_calibrator
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.fitting import Epoch, Examples, Fitted, Progress, Recipe, fit_target
from seqcnn.training.losses import balanced_class_weights
from seqcnn.training.metrics import MEAN, intervals, main_metric, score
from seqcnn.training.predict import mean_outputs, predictions_of_codes
from seqcnn.training.targets import Target

PART, FEWEST_PARTS, MOST_PARTS = 200, 5, 20
"""A part holds about so many sequences, if there are as many parts as these two allow."""

ATTEMPTS = 3
"""How often a network is trained whose units die, so that it gives the same for all sequences."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Sample:
    """All sequences with labels.

    Parameters
    ----------
    x
        uint8 (n, length).
    labels
        float64 (n, tasks), NaN where missing; of several classes (n, 1).
    groups
        int64 (n,): sequences that hang together, an original and its shuffles for instance.
    counted
        bool (n,): False for those that only train, such as all shuffles but the first.
    weights
        float64 (n,): how much each counts; None for all the same.
    letters
        Size of the alphabet.
    """

    x: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    counted: np.ndarray
    weights: np.ndarray | None
    letters: int


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
    """

    recipe: Recipe = field(default_factory=Recipe)
    folds: int = 1
    ensemble: int = 1
    seed: int = 0

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
    """

    members: tuple[Trained, ...]
    target: Target
    extra: Mapping[str, Any]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class _Roles:
    """Rows of one fold: int64 each, disjoint; `stop` has one array for each network."""

    train: tuple[np.ndarray, ...]
    stop: tuple[np.ndarray, ...]
    calibrate: np.ndarray
    report: np.ndarray


def train_ensemble(
    build: Callable[[int], nnx.Module],
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
        Makes a network from a seed.
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
    target = target.fitted(sample.labels)
    roles = deal(sample, target, plan)
    encoded = target.encode(sample.labels)
    weights = None if sample.weights is None else sample.weights.astype(np.float32)
    data = Examples(sample.x, encoded, weights)
    recipe = _balanced(plan.recipe, target, sample)
    identity = _identity(sample, target, replace(plan, recipe=recipe))
    members: list[Trained] = []
    predicted = np.full((len(sample.x), target.outputs), np.nan)
    total = plan.folds * plan.ensemble
    for fold, rows in enumerate(roles):
        fits = []
        for i in range(plan.ensemble):
            number = fold * plan.ensemble + i
            parts = replace(data, rows=rows.train[i]), replace(data, rows=rows.stop[i])
            fits.append(
                _fit_living(
                    build,
                    parts,
                    target,
                    recipe,
                    seed=plan.seed + 1000 * number,
                    folder=None if folder is None else folder / f"network-{number + 1}",
                    identity=identity,
                    stop=stop,
                    report=partial(report, number, total),
                )
            )
        calibrator = _calibrator([f.network for f in fits], sample, target, rows.calibrate)
        facts = {"fold": fold, "calibrator": calibrator.to_dict()}
        these = [Trained(f.network, facts, f.history) for f in fits]
        predicted[rows.report] = predictions_of_codes(these, sample.x[rows.report], target)
        members += these
    baseline, scores = _baselines(sample, target, roles)
    extra = {"kind": "train", "target": target.to_dict(), "composition": baseline.to_dict()}
    if target.kind == "binary":
        extra["prevalence"] = float(sample.labels[sample.counted, 0].mean())
    metrics = _metrics(sample, target, roles, predicted, scores, plan.seed)
    return EnsembleFit(tuple(members), target, extra, metrics)


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
        codes, _, _ = parts[1].take(slice(None))
        if not np.ptp(mean_outputs([found.network], codes), axis=0).max() == 0:
            return found
        logger.info("a network gives the same for all sequences: it is trained anew, slower")
        rate = recipe.schedule.learning_rate / 2
        recipe = replace(recipe, schedule=replace(recipe.schedule, learning_rate=rate))
    logger.warning("a network learnt nothing in %d attempts: lower --learning-rate", ATTEMPTS)
    return found


def deal(sample: Sample, target: Target, plan: Plan) -> list[_Roles]:
    """Deal the sequences out to the roles of each fold, groups in one piece.

    Raises
    ------
    SeqcnnError
        There are too few.
    """
    counted = np.flatnonzero(sample.counted)
    parts = int(np.clip(len(counted) // PART, FEWEST_PARTS, MOST_PARTS))
    parts = max(parts, plan.ensemble + 2)
    strata = strata_of_labels(sample.labels[counted], classes=target.classifies)
    groups = sample.groups[counted]
    try:
        outer_parts = parts if plan.folds == 1 else plan.folds
        outer = stratified_folds(groups, strata, outer_parts, seed=plan.seed)
        return [
            _roles(sample, counted, strata, outer == fold, parts, plan)
            for fold in range(plan.folds)
        ]
    except SeqcnnError as error:
        raise SeqcnnError(
            f"there are too few sequences to train, stop, calibrate and report on different ones: "
            f"{error.message}; add sequences, or lower --folds or --ensemble"
        ) from error


def _roles(
    sample: Sample,
    counted: np.ndarray,
    strata: np.ndarray,
    reported: np.ndarray,
    parts: int,
    plan: Plan,
) -> _Roles:
    rest = counted[~reported]
    inner = stratified_folds(sample.groups[rest], strata[~reported], parts, seed=plan.seed + 1)
    stop = tuple(rest[inner == 1 + i] for i in range(plan.ensemble))
    calibrate, report = rest[inner == 0], counted[reported]
    everything = np.arange(len(sample.x))
    train = []
    for rows in stop:
        taken = np.concatenate([rows, calibrate, report])
        # whatever hangs together with these, shuffles too, trains nothing
        train.append(everything[~np.isin(sample.groups, sample.groups[taken])])
    return _Roles(tuple(train), stop, calibrate, report)


def _balanced(recipe: Recipe, target: Target, sample: Sample) -> Recipe:
    """Let the stopping part weigh classes as the batches do."""
    if not recipe.balanced:
        return recipe
    if target.kind not in ("binary", "multiclass"):
        return replace(recipe, balanced=False)
    table = balanced_class_weights(target, sample.labels[sample.counted])
    return replace(recipe, stop_class_weights=table)


def _calibrator(
    networks: list[nnx.Module], sample: Sample, target: Target, rows: np.ndarray
) -> Calibrator:
    logits = mean_outputs(networks, sample.x[rows])
    weights = None if sample.weights is None else sample.weights[rows]
    return fit_target_calibrator(target, logits, sample.labels[rows], weights)


def _baselines(sample: Sample, target: Target, roles: list[_Roles]) -> tuple[Baseline, np.ndarray]:
    """Fit composition alone, on all for the model, and without the reported for their scores."""
    counted = np.flatnonzero(sample.counted)
    features = composition(sample.x[counted], sample.letters)
    labels = sample.labels[counted]
    scores = np.full((len(sample.x), target.outputs), np.nan)
    for rows in roles:
        held = np.isin(counted, rows.report)
        model = Baseline.fit(target, features[~held], labels[~held])
        scores[counted[held]] = model(features[held])
    return Baseline.fit(target, features, labels), scores


def _metrics(
    sample: Sample,
    target: Target,
    roles: list[_Roles],
    predicted: np.ndarray,
    scores: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    rows = np.concatenate([r.report for r in roles])
    labels = sample.labels[rows]
    facts: dict[str, Any] = {
        "target": target.kind,
        "main": main_metric(target),
        "held_out": report_of(target, predicted[rows], labels, sample.groups[rows], seed=seed),
        "composition": composition_of(target, scores[rows], labels),
        "folds": [
            score_of_main(target, predicted[r.report], sample.labels[r.report]) for r in roles
        ],
        "sequences": {
            "train": [len(t) for r in roles for t in r.train],
            "stop": [len(s) for r in roles for s in r.stop],
            "calibrate": [len(r.calibrate) for r in roles],
            "report": [len(r.report) for r in roles],
        },
    }
    if target.kind == "binary":
        facts["ece_limit"] = calibration_error_limit(predicted[rows, 0], seed=seed)
    return facts


def report_of(
    target: Target,
    predicted: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Compute all metrics with intervals as plain numbers; None where one is not defined."""
    found = intervals(target, predicted, labels, groups=groups, seed=seed)
    return {
        task: {
            metric: {
                name: float(value) if np.isfinite(value) else None
                for name, value in asdict(estimate).items()
            }
            for metric, estimate in metrics.items()
        }
        for task, metrics in found.items()
    }


def composition_of(target: Target, scores: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Compute the main metric of the composition-only baseline for each task."""
    metric = main_metric(target)
    # any rising function of the scores has the same area
    shown = 1 / (1 + np.exp(-np.clip(scores, -30, 30))) if target.classifies else scores
    found = score(target, shown, labels)
    kept = {name[: -len(metric) - 1]: v for name, v in found.items() if name.endswith(f"/{metric}")}
    return {task: float(v) if np.isfinite(v) else None for task, v in kept.items()}


def score_of_main(target: Target, predicted: np.ndarray, labels: np.ndarray) -> float | None:
    """Compute the metric that sums all up, the mean over tasks."""
    found = score(target, predicted, labels)
    task = MEAN if target.outputs > 1 else target.names[0]
    value = found[f"{task}/{main_metric(target)}"]
    return float(value) if np.isfinite(value) else None


def _identity(sample: Sample, target: Target, plan: Plan) -> dict[str, Any]:
    """Tell runs apart: all that decides on the weights, the data as a checksum."""
    digest = hashlib.sha256(np.ascontiguousarray(sample.x).data)
    for array in (sample.labels, sample.groups, sample.counted, sample.weights):
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    digest.update(repr(sample.x.shape).encode())
    augmentation = hashlib.sha256(repr(plan.recipe.augmentation).encode()).hexdigest()
    return {
        "seed": plan.seed,
        "folds": plan.folds,
        "ensemble": plan.ensemble,
        **{name.replace("_", " "): v for name, v in asdict(plan.recipe.schedule).items()},
        "balance": [plan.recipe.balanced, plan.recipe.class_weights, plan.recipe.clip],
        "augmentation": augmentation,
        "target": target.to_dict(),
        "data": digest.hexdigest(),
    }
