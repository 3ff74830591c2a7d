"""Metrics of each kind of target, per task and averaged, with bootstrap intervals."""

import math
from collections.abc import Mapping

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.stats.auroc import auprc, auroc, expected_calibration_error
from seqcnn.stats.bootstrap import bootstrap
from seqcnn.stats.classification import accuracy, brier, calibration_line, matthews
from seqcnn.stats.intervals import Estimate
from seqcnn.stats.regression import pearson, r_squared, spearman
from seqcnn.training.profiles import ProfileScores
from seqcnn.training.targets import PROFILE, Target

MEAN = "mean"
"""Name of the mean over tasks, or over classes against the rest."""


def score(target: Target, predictions: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compute all metrics of a kind of target.

    Parameters
    ----------
    target
        What is predicted.
    predictions
        float64 (n, outputs), as `Target.decode` gives; of profiles (n, 1 + width, tasks).
    labels
        float64 (n, tasks), as `Target.encode` takes; NaN where missing.

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
    if target.kind == PROFILE:
        return _joined(ProfileScores(target.names, predictions, labels)(np.arange(len(labels))))
    if target.kind == "multiclass":
        return _multiclass(target, predictions, labels[:, 0])
    metric = _classify if target.classifies else _regress
    tasks = {}
    for i, name in enumerate(target.names):
        given = np.isfinite(labels[:, i])
        tasks[name] = metric(predictions[given, i], labels[given, i])
    return _joined(tasks)


def intervals(
    target: Target,
    predictions: np.ndarray,
    labels: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    repeats: int = 200,
    seed: int = 0,
) -> dict[str, dict[str, Estimate]]:
    """Compute all metrics with 95 % intervals.

    Parameters
    ----------
    target, predictions, labels
        As for `score`.
    groups
        int (n,): examples that hang together; None if each stands alone.
    repeats, seed
        Draws of the bootstrap and its random start.

    Returns
    -------
    dict
        Estimates by task (and ``"mean"``) and metric.
    """
    labelled = np.isfinite(labels).reshape(len(labels), -1).any(axis=1)
    predictions, labels = predictions[labelled], labels[labelled]
    groups = np.arange(len(labels)) if groups is None else groups[labelled]
    if target.kind == PROFILE:
        profiles = ProfileScores(target.names, predictions, labels)

    def statistic(rows: np.ndarray) -> dict[str, float]:
        if target.kind == PROFILE:
            return _joined(profiles(rows))
        return score(target, predictions[rows], labels[rows])

    found = bootstrap(statistic, groups, repeats=repeats, seed=seed)
    result: dict[str, dict[str, Estimate]] = {}
    for name, estimate in found.items():
        task, _, metric = name.rpartition("/")
        result.setdefault(task, {})[metric] = estimate
    return result


def main_metric(target: Target) -> str:
    """Name the metric that sums a kind of target up."""
    if target.kind == PROFILE:
        return "profile_pearson"
    return "auroc" if target.classifies else "pearson"


def _classify(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    positives, negatives = probabilities[labels == 1], probabilities[labels == 0]
    both = len(positives) > 0 and len(negatives) > 0
    slope, intercept = calibration_line(probabilities, labels) if both else (math.nan, math.nan)
    decided = probabilities >= 0.5
    some = len(labels) > 0
    return {
        "auroc": auroc(positives, negatives) if both else math.nan,
        "auprc": auprc(positives, negatives) if both else math.nan,
        "accuracy": accuracy(decided, labels == 1) if some else math.nan,
        "mcc": matthews(decided.astype(int), labels.astype(int)) if some else math.nan,
        "brier": brier(probabilities, labels) if some else math.nan,
        "ece": expected_calibration_error(probabilities, labels) if some else math.nan,
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def _regress(predicted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    if len(measured) < 2:
        return dict.fromkeys(("pearson", "spearman", "r2", "rmse"), math.nan)
    return {
        "pearson": pearson(predicted, measured),
        "spearman": spearman(predicted, measured),
        "r2": r_squared(predicted, measured),
        "rmse": float(np.sqrt(((predicted - measured) ** 2).mean())),
    }


def _multiclass(target: Target, probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Each class against the rest; accuracy, correlation and Brier score of all at once."""
    given = np.isfinite(labels)
    probabilities, known = probabilities[given], labels[given].astype(int)
    truth = known[:, None] == np.arange(target.outputs)
    result = _joined(
        {
            name: _classify(probabilities[:, i], truth[:, i].astype(float))
            for i, name in enumerate(target.names)
        }
    )
    if len(known):
        chosen = probabilities.argmax(axis=1)
        confidence = probabilities.max(axis=1)
        result[f"{MEAN}/accuracy"] = accuracy(chosen, known)
        result[f"{MEAN}/mcc"] = matthews(chosen, known)
        result[f"{MEAN}/brier"] = brier(probabilities, truth)
        result[f"{MEAN}/ece"] = expected_calibration_error(confidence, chosen == known)
    return result


def _joined(tasks: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    result = {f"{task}/{m}": v for task, found in tasks.items() for m, v in found.items()}
    if len(tasks) > 1:
        for metric in next(iter(tasks.values())):
            values = [v for v in (found[metric] for found in tasks.values()) if not math.isnan(v)]
            result[f"{MEAN}/{metric}"] = sum(values) / len(values) if values else math.nan
    return result
