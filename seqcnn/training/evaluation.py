"""What networks are worth on sequences that they have not seen, and what composition alone is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from seqcnn.stats.classification import calibration_error_limit
from seqcnn.training.baseline import Baseline, composition
from seqcnn.training.metrics import MEAN, intervals, main_metric, score
from seqcnn.training.roles import Roles, Sample
from seqcnn.training.targets import Target


def fit_baselines(
    sample: Sample, target: Target, roles: Sequence[Roles]
) -> tuple[Baseline, np.ndarray]:
    """Fit composition alone, on all for the model, and without the reported for their scores.

    Returns
    -------
    baseline : Baseline
        That of the model.
    scores : numpy.ndarray
        float64 (n, outputs), NaN for what is not reported on.
    """
    counted = np.flatnonzero(sample.counted)
    features = composition(sample.x[counted], sample.letters)
    labels = sample.labels[counted]
    scores = np.full((len(sample.x), target.outputs), np.nan)
    for rows in roles:
        held = np.isin(counted, rows.report)
        model = Baseline.fit(target, features[~held], labels[~held])
        scores[counted[held]] = model(features[held])
    return Baseline.fit(target, features, labels), scores


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of sequences by networks that have not seen them.

    Parameters
    ----------
    rows
        int64 (m,): which sequences.
    fold
        int64 (m,): the fold whose networks predict each.
    predicted
        float64 (m, outputs).
    """

    rows: np.ndarray
    fold: np.ndarray
    predicted: np.ndarray

    @classmethod
    def of(cls, roles: Sequence[Roles], predicted: Sequence[np.ndarray]) -> "HeldOut":
        """Join what each fold reports on."""
        sizes = [len(r.report) for r in roles]
        fold = np.repeat(np.arange(len(roles)), sizes)
        rows = np.concatenate([r.report for r in roles])
        return cls(rows, fold, np.concatenate(predicted))


def held_out_metrics(
    sample: Sample, target: Target, held_out: HeldOut, scores: np.ndarray, *, seed: int
) -> dict[str, Any]:
    """Compute the facts of `metrics.json`.

    Parameters
    ----------
    sample, target
        What was trained on, and what is predicted.
    held_out
        Predictions.
    scores
        float64 (n, outputs): those of composition alone.
    seed
        Of intervals.
    """
    rows, predicted = held_out.rows, held_out.predicted
    labels = sample.labels[rows]
    facts: dict[str, Any] = {
        "target": target.kind,
        "main": main_metric(target),
        "held_out": report_of(target, predicted, labels, sample.groups[rows], seed=seed),
        "composition": composition_of(target, scores[rows], labels),
        "folds": [
            score_of_main(target, predicted[held_out.fold == f], labels[held_out.fold == f])
            for f in range(int(held_out.fold.max()) + 1)
        ],
    }
    if target.kind == "binary":
        facts["ece_limit"] = calibration_error_limit(predicted[:, 0], seed=seed)
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
