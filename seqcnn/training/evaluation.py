"""What networks are worth on sequences that they have not seen, and what composition alone is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from seqcnn.stats.auroc import auroc
from seqcnn.stats.classification import calibration_error_limit, confusion
from seqcnn.training.baseline import Baseline
from seqcnn.training.metrics import MEAN, intervals, main_metric, score
from seqcnn.training.per_base import prior_of_positions
from seqcnn.training.profiles import mean_profile
from seqcnn.training.roles import Roles, Sample
from seqcnn.training.targets import MOST_LOG_COUNT, PER_BASE, PROFILE, SEGMENTATION, Target

MANY_TASKS = 20
"""With so many tasks nothing but areas is computed after each round, each example counted once."""

MOST_FITTED = 100_000
"""Sequences that composition alone is fitted to, at most."""


def fit_baselines(
    sample: Sample, target: Target, roles: Sequence[Roles]
) -> tuple[dict[str, Any], np.ndarray]:
    """Fit composition alone, on all for the model, and without the reported for their scores.

    Returns
    -------
    facts : dict
        What belongs in the model, for `baseline_predictions`.
    simple : numpy.ndarray
        float (m, ...): what it predicts for what each fold reports on, fold by fold.
    """
    if target.kind == PER_BASE:  # the share of all positions, which letters do not change
        given = [(np.setdiff1d(np.arange(len(sample.x)), r.report), r.report) for r in roles]
        told = [
            prior_of_positions(sample.labels[rest], (len(held), *sample.labels.shape[1:]))
            for rest, held in given
        ]
        return {}, np.concatenate(told)
    counted = np.flatnonzero(sample.counted)
    if len(counted) > MOST_FITTED:
        drawn = np.random.default_rng(len(counted)).choice(counted, MOST_FITTED, replace=False)
        counted = np.sort(drawn)
    labels = target.per_sequence(sample.labels)[counted]
    features = sample.features(counted)
    simple = []
    for rows in roles:
        held = np.isin(counted, rows.report)
        facts = _baseline_facts(sample, target, counted[~held], features[~held], labels[~held])
        told = sample.features(rows.report)
        simple.append(baseline_predictions(facts, target, told))
    return _baseline_facts(sample, target, counted, features, labels), np.concatenate(simple)


def _baseline_facts(
    sample: Sample, target: Target, rows: np.ndarray, features: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    if target.kind == "counts":  # fitted and given back as logarithms, as a network learns them
        labels = np.log1p(labels)
    facts: dict[str, Any] = {"composition": Baseline.fit(target, features, labels).to_dict()}
    if target.kind == PROFILE:
        facts["mean_profile"] = mean_profile(sample.labels[rows]).astype(np.float32).tolist()
    return facts


def baseline_predictions(
    facts: Mapping[str, Any], target: Target, features: np.ndarray
) -> np.ndarray:
    """Predict from composition alone, and the mean profile if the target is one.

    Parameters
    ----------
    facts
        What `fit_baselines` gave, or what a model holds.
    target
        What is predicted.
    features
        float64 (n, features): of `composition`.

    Returns
    -------
    numpy.ndarray
        As `Target.decode` gives; probabilities are of no meaning but their order.
    """
    scores = Baseline.from_dict(facts["composition"])(features)
    if target.kind == PROFILE:
        shares = np.array(facts["mean_profile"], np.float32)
        totals = np.expm1(np.clip(scores, 0, MOST_LOG_COUNT)).astype(np.float32)
        spread = np.broadcast_to(shares, (len(scores), *shares.shape))
        return np.concatenate([totals[:, None], spread], axis=1)
    if target.kind == "counts":
        return np.expm1(np.clip(scores, 0, MOST_LOG_COUNT))
    # any rising function of the scores has the same area
    return 1 / (1 + np.exp(-np.clip(scores, -30, 30))) if target.classifies else scores


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
        float64 (m, outputs), of profiles (m, 1 + width, tasks).
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
    sample: Sample, target: Target, held_out: HeldOut, simple: np.ndarray, *, seed: int
) -> dict[str, Any]:
    """Compute the facts of `metrics.json`.

    Parameters
    ----------
    sample, target
        What was trained on, and what is predicted.
    held_out
        Predictions.
    simple
        What composition alone predicts for the same.
    seed
        Of intervals.
    """
    rows, predicted = held_out.rows, held_out.predicted
    labels = sample.labels[rows]
    weights = None if sample.weights is None else sample.weights[rows]
    facts: dict[str, Any] = {
        "target": target.kind,
        "main": main_metric(target),
        "held_out": report_of(
            target, predicted, labels, sample.groups[rows], weights=weights, seed=seed
        ),
        "composition": composition_of(target, simple, labels, weights),
        "folds": [
            score_of_main(
                target, predicted[at], labels[at], None if weights is None else weights[at]
            )
            for at in (held_out.fold == f for f in range(int(held_out.fold.max()) + 1))
        ],
    }
    if target.kind == "multiclass":
        facts["confusion"] = confusion_of(target, predicted, labels, weights)
    if target.kind == "binary":
        limit = calibration_error_limit(predicted[:, 0], weights=weights, seed=seed)
        facts["ece_limit"] = limit
    return facts


def confusion_of(
    target: Target, predicted: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, Any]:
    """Count which class was taken for which: names, and a row of counts for each true class.

    Arguments are those of `seqcnn.training.metrics.score`; the target is of several classes.
    """
    given = np.isfinite(labels[:, 0])
    counts = None if weights is None else weights[given]
    chosen = predicted[given].argmax(axis=1)
    table = confusion(chosen, labels[given, 0], target.outputs, weights=counts)
    return {"classes": list(target.names), "counts": table.tolist()}


def report_of(
    target: Target,
    predicted: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Compute all metrics with intervals as plain numbers; None where one is not defined.

    Parameters
    ----------
    target, predicted, labels, groups, weights, seed
        As for `seqcnn.training.metrics.intervals`.

    Returns
    -------
    dict
        By task (and ``"mean"``), metric, and ``"value"``, ``"low"``, ``"high"``.
    """
    found = intervals(target, predicted, labels, groups=groups, weights=weights, seed=seed)
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


def composition_of(
    target: Target, simple: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, float | None]:
    """Compute the main metric of what composition alone predicts, by task; None if not defined.

    Parameters
    ----------
    target
        What is predicted.
    simple
        float (n, outputs): as `baseline_predictions` gives.
    labels, weights
        As for `seqcnn.training.metrics.score`.
    """
    metric = main_metric(target)
    found = score(target, simple, labels, weights)
    kept = {name[: -len(metric) - 1]: v for name, v in found.items() if name.endswith(f"/{metric}")}
    return {task: float(v) if np.isfinite(v) else None for task, v in kept.items()}


def score_of_main(
    target: Target,
    predicted: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
) -> float | None:
    """Compute the metric that sums a kind of target up, the mean over tasks or classes.

    Arguments are those of `seqcnn.training.metrics.score`; None if the metric is not defined.
    """
    found = score(target, predicted, labels, weights)
    task = MEAN if target.outputs > 1 else target.names[0]
    value = found[f"{task}/{main_metric(target)}"]
    return float(value) if np.isfinite(value) else None


def score_of_outputs(
    target: Target, outputs: np.ndarray, encoded: np.ndarray, weights: np.ndarray
) -> float | None:
    """Compute the main metric of a network's outputs, before calibration, as training goes on.

    Parameters
    ----------
    target
        What is predicted.
    outputs
        float32 (n, outputs), of profiles (n, 1 + width, tasks), of masks (n, *space, classes).
    encoded
        What `Target.encode` gave; numbers are compared on the scale on which they are learnt.
    weights
        float32 (n,): how much each counts.
    """
    if target.kind == PROFILE:
        labels, predicted = encoded[:, 1:], target.decode(outputs)
    elif target.kind == SEGMENTATION:
        return score_of_main(target, outputs, encoded)
    else:
        labels = encoded.astype(np.float64)
        predicted = replace(target, transform="none", centre=(), spread=()).decode(outputs)
    if not target.classifies or target.kind == "multiclass" or target.outputs < MANY_TASKS:
        return score_of_main(target, predicted, labels, weights)
    areas = [
        auroc(p[y == 1], p[y == 0])
        for p, y in zip(predicted.T, labels.T, strict=True)
        if (y == 1).any() and (y == 0).any()
    ]
    return float(np.mean(areas)) if areas else None
