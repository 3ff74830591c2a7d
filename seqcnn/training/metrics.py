"""Metrics of each kind of target, per task and averaged, with bootstrap intervals."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.stats.auroc import (
    auprc,
    auprc_interval,
    auroc,
    auroc_interval,
    expected_calibration_error,
)
from seqcnn.stats.bootstrap import bootstrap
from seqcnn.stats.classification import accuracy, brier, calibration_line, f1, matthews
from seqcnn.stats.intervals import Estimate
from seqcnn.stats.regression import (
    deviance_explained,
    pearson,
    r_squared,
    root_mean_squared_error,
    spearman,
)
from seqcnn.stats.segmentation import count_pixels, segmentation_table
from seqcnn.training.per_base import PerBaseScores
from seqcnn.training.profiles import ProfileScores
from seqcnn.training.targets import PER_BASE, PROFILE, SEGMENTATION, Target

MEAN = "mean"
"""Name of the mean over tasks, or over classes against the rest."""

CLASSIFYING = (
    "auroc", "auprc", "accuracy", "mcc", "f1", "brier", "ece", "calibration_slope",
    "calibration_intercept",
)  # fmt: skip
"""Metrics of probabilities."""

NUMBERS: Mapping[str, Callable[..., float]] = {
    "pearson": pearson,
    "spearman": spearman,
    "r2": r_squared,
    "rmse": root_mean_squared_error,
}
"""Metrics of numbers; counts have one more."""

AREAS = {"auroc": auroc_interval, "auprc": auprc_interval}

SCORED_IN_PARTS = {PROFILE: ProfileScores, PER_BASE: PerBaseScores}
"""Kinds whose examples are scored once, and added up for each draw of the bootstrap."""

FEWEST, MOST, DRAWN = 100, 1000, 4_000_000
"""Draws of the bootstrap: at least, at most, and so many examples in all draws together, of ten
tasks or less."""


def score(
    target: Target,
    predictions: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
) -> dict[str, float]:
    """Compute all metrics of a kind of target.

    Parameters
    ----------
    target
        What is predicted.
    predictions
        float64 (n, outputs), as `Target.decode` gives; of profiles (n, 1 + width, tasks), of
        segmentation (n, *space, classes).
    labels
        float64 (n, tasks), as `Target.encode` takes; NaN where missing. Masks are as it gives them.
    weights
        float64 (n,): how much each example counts; None for all the same. Of profiles and masks
        each counts the same.

    Returns
    -------
    dict of float
        By ``"task/metric"``, and for several tasks by ``"mean/metric"``; a metric that is not
        defined (one class only, constant predictions) is NaN, and is left out of means.

    Raises
    ------
    SeqcnnError
        The two do not fit together.
    """
    if len(predictions) != len(labels) or predictions.shape[-1] != target.outputs:
        raise SeqcnnError(
            f"`predictions` and `labels` have shapes {predictions.shape} and {labels.shape}, "
            f"which do not fit {len(target.names)} outputs"
        )
    if target.kind in SCORED_IN_PARTS:
        scores = SCORED_IN_PARTS[target.kind](target.names, predictions, labels)
        return _joined(scores(np.arange(len(labels))))
    if target.kind == SEGMENTATION:
        counts = count_pixels(predictions.argmax(axis=-1), labels, target.outputs)
        table = segmentation_table(counts)
        names = enumerate(target.names)
        return _joined({name: {m: float(v[i]) for m, v in table.items()} for i, name in names})
    if weights is not None:  # what counts nothing is not there
        counts = weights > 0
        predictions, labels, weights = predictions[counts], labels[counts], weights[counts]
    if target.kind == "multiclass":
        return _multiclass(target, predictions, labels[:, 0], weights)
    metric = _classify if target.classifies else partial(_regress, target.kind)
    tasks = {}
    for i, name in enumerate(target.names):
        given = np.isfinite(labels[:, i])
        weight = None if weights is None else weights[given]
        tasks[name] = metric(predictions[given, i], labels[given, i], weight)
    return _joined(tasks)


def intervals(
    target: Target,
    predictions: np.ndarray,
    labels: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    repeats: int | None = None,
    seed: int = 0,
) -> dict[str, dict[str, Estimate]]:
    """Compute all metrics with 95 % intervals, by the bootstrap.

    Where the bootstrap can tell nothing of an area, because all draws are perfect, the interval is
    that of `auroc_interval` or `auprc_interval`.

    Parameters
    ----------
    target, predictions, labels, weights
        As for `score`.
    groups
        int (n,): examples that hang together; None if each stands alone.
    repeats
        Draws of the bootstrap; None for 1000, or down to 100 for many examples or tasks.
    seed
        Its random start.

    Returns
    -------
    dict
        Estimates by task (and ``"mean"``) and metric.
    """
    labelled = np.isfinite(labels).reshape(len(labels), -1).any(axis=1)
    if weights is not None:  # what counts nothing is not there
        labelled &= weights > 0
    predictions, labels = predictions[labelled], labels[labelled]
    weights = None if weights is None else weights[labelled]
    groups = np.arange(len(labels)) if groups is None else groups[labelled]
    if target.kind in SCORED_IN_PARTS:
        parts = SCORED_IN_PARTS[target.kind](target.names, predictions, labels)

    def statistic(rows: np.ndarray) -> dict[str, float]:
        if target.kind in SCORED_IN_PARTS:
            return _joined(parts(rows))
        return score(target, predictions[rows], labels[rows], _of(weights, rows))

    numbers = max(len(labels), 1) * max(target.outputs // 10, 1)
    repeats = repeats or int(np.clip(DRAWN // numbers, FEWEST, MOST))
    errors = [f"{name}/ece" for name in (*target.names, MEAN)]
    found = bootstrap(statistic, groups, repeats=repeats, seed=seed, biased=errors)
    result: dict[str, dict[str, Estimate]] = {}
    for name, estimate in found.items():
        task, _, metric = name.rpartition("/")
        if (
            metric in AREAS
            and target.kind != PER_BASE
            and estimate.value > 1 - 1e-9
            and task != MEAN
        ):
            doubt = AREAS[metric](*_sides(target, task, predictions, labels))
            estimate = Estimate(1.0, doubt.low, 1.0)
        result.setdefault(task, {})[metric] = estimate
    return result


def _of(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[rows]


def _sides(
    target: Target, task: str, predictions: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Part the probabilities of a task, or of a class, into those of positives and negatives."""
    i = target.names.index(task)
    several = target.kind == "multiclass"
    label = (labels[:, 0] == i).astype(float) if several else labels[:, i]
    return predictions[label == 1, i], predictions[label == 0, i]


def main_metric(target: Target) -> str:
    """Name the metric that sums a kind of target up."""
    if target.kind == PROFILE:
        return "profile_pearson"
    if target.kind == SEGMENTATION:
        return "dice"
    if target.kind == PER_BASE:
        return "auprc"
    return "auroc" if target.classifies else "pearson"


def _classify(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> dict[str, float]:
    positive, negative = labels == 1, labels == 0
    if not len(labels):
        return dict.fromkeys(CLASSIFYING, math.nan)
    sides = probabilities[positive], probabilities[negative]
    how: dict[str, Any] = {"weights": weights}
    parted = {"weights": None if weights is None else (weights[positive], weights[negative])}
    both = len(sides[0]) > 0 and len(sides[1]) > 0
    slope, intercept = math.nan, math.nan
    if both:
        slope, intercept = calibration_line(probabilities, labels, **how)
    decided = probabilities >= 0.5
    found = (
        auroc(*sides, **parted) if both else math.nan,
        auprc(*sides, **parted) if both else math.nan,
        accuracy(decided, positive, **how),
        matthews(decided, positive, **how),
        f1(decided, positive, **how),
        brier(probabilities, labels, **how),
        expected_calibration_error(probabilities, labels, **how),
        slope,
        intercept,
    )
    return dict(zip(CLASSIFYING, found, strict=True))


def _regress(
    kind: str, predicted: np.ndarray, measured: np.ndarray, weights: np.ndarray | None
) -> dict[str, float]:
    metrics = dict(NUMBERS)
    if kind == "counts":
        metrics["deviance_explained"] = deviance_explained
    if len(measured) < 2:
        return dict.fromkeys(metrics, math.nan)
    return {name: metric(predicted, measured, weights=weights) for name, metric in metrics.items()}


def _multiclass(
    target: Target, probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> dict[str, float]:
    """Each class against the rest; accuracy, correlation and Brier score of all at once.

    F1 is of the class that is the most probable one, and its mean that of all classes (macro F1).
    """
    given = np.isfinite(labels)
    probabilities, known = probabilities[given], labels[given].astype(int)
    weights = None if weights is None else weights[given]
    truth = known[:, None] == np.arange(target.outputs)
    result = _joined(
        {
            name: _classify(probabilities[:, i], truth[:, i].astype(float), weights)
            for i, name in enumerate(target.names)
        }
    )
    if len(known):
        chosen, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
        how: dict[str, Any] = {"weights": weights}
        scores = [f1(chosen == i, known == i, **how) for i in range(target.outputs)]
        result |= {f"{name}/f1": s for name, s in zip(target.names, scores, strict=True)}
        result[f"{MEAN}/f1"] = float(np.nanmean(scores))
        result[f"{MEAN}/accuracy"] = accuracy(chosen, known, **how)
        result[f"{MEAN}/mcc"] = matthews(chosen, known, **how)
        result[f"{MEAN}/brier"] = brier(probabilities, truth, **how)
        result[f"{MEAN}/ece"] = expected_calibration_error(confidence, chosen == known, **how)
    return result


def _joined(tasks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    result = {f"{task}/{m}": v for task, found in tasks.items() for m, v in found.items()}
    if len(tasks) > 1:
        for metric in next(iter(tasks.values())):
            values = [v for v in (found[metric] for found in tasks.values()) if not math.isnan(v)]
            result[f"{MEAN}/{metric}"] = sum(values) / len(values) if values else math.nan
    return result
