"""Evaluations: curves of predictions as tables and pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.stats.auroc import precision_recall_curve, roc_curve

CURVE_COLUMNS = ("curve", "task", "x", "y")
METRIC_COLUMNS = ("task", "metric", "value", "low", "high")
BINS = 10
"""Of the reliability curve, with as nearly as possible equal numbers of predictions."""

AXES = {
    "roc": ("false positive rate", "true positive rate"),
    "precision_recall": ("recall", "precision"),
    "reliability": ("mean probability", "share of positives"),
    "scatter": ("predicted", "measured"),
}
"""What the axes of each curve show."""

INCHES, DOTS = 4.2, 150
"""Size of a picture, and dots per inch."""

MOST_DOTS = 5000
"""A scatter of more shows no more."""

Curve = tuple[str, str, np.ndarray, np.ndarray]
"""Name of the curve, name of the task, x and y."""


def classifier_curves(
    task: str,
    probabilities: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
) -> Iterator[Curve]:
    """Compute ROC, precision-recall and reliability curve of a task; nothing of one class only.

    Parameters
    ----------
    task
        Its name.
    probabilities
        float (n,).
    labels
        0 or 1, (n,), NaN where missing.
    weights
        float (n,): how much each counts; None for all the same.
    """
    weight = np.ones(len(labels)) if weights is None else weights
    given = np.isfinite(labels) & (weight > 0)
    p, label, weight = probabilities[given], labels[given], weight[given]
    positive, negative = label == 1, label == 0
    if not positive.any() or not negative.any():
        return
    sides = p[positive], p[negative]
    counts = None if weights is None else (weight[positive], weight[negative])
    yield "roc", task, *roc_curve(*sides, weights=counts)
    yield "precision_recall", task, *precision_recall_curve(*sides, weights=counts)
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    x, y = (
        np.array([np.average(values[rows], weights=weight[rows]) for rows in parts])
        for values in (p, label)
    )
    yield "reliability", task, x, y


def regression_curves(task: str, predicted: np.ndarray, measured: np.ndarray) -> Iterator[Curve]:
    """Give the points of a scatter, measured over predicted; `MOST_DOTS` at most.

    Parameters
    ----------
    task
        Its name.
    predicted, measured
        float (n,), the latter NaN where missing.
    """
    given = np.flatnonzero(np.isfinite(measured))
    if len(given) > MOST_DOTS:  # of all, whatever they are sorted by
        given = np.sort(np.random.default_rng(0).choice(given, MOST_DOTS, replace=False))
    yield "scatter", task, predicted[given], measured[given]


def curve_rows(curves: Sequence[Curve]) -> Iterator[list[Any]]:
    """One row a point; columns are `CURVE_COLUMNS`."""
    for name, task, x, y in curves:
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            yield [name, task, f"{a:.6g}", f"{b:.6g}"]


def metric_rows(report: dict[str, dict[str, dict[str, float | None]]]) -> Iterator[list[Any]]:
    """One row a metric; columns are `METRIC_COLUMNS`."""
    for task, metrics in report.items():
        for metric, found in metrics.items():
            cells = (found[name] for name in ("value", "low", "high"))
            yield [task, metric, *(None if c is None else f"{c:.6g}" for c in cells)]


def draw_curves(folder: Path, curves: Sequence[Curve]) -> None:
    """Write a PNG file for each kind of curve into a folder, all tasks in one picture."""
    from matplotlib.figure import Figure

    for name in dict.fromkeys(curve[0] for curve in curves):
        figure = Figure(figsize=(INCHES, INCHES), dpi=DOTS, layout="constrained")
        axes = figure.subplots()
        for _, task, x, y in (curve for curve in curves if curve[0] == name):
            style: dict[str, Any] = {"marker": "."} if name == "reliability" else {}
            if name == "scatter":
                style = {"marker": ".", "linestyle": "", "markersize": 3}
            axes.plot(x, y, label=task, **style)
        if name in ("roc", "reliability"):
            axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", linewidth=1)
        if name != "scatter":
            axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        axes.set_xlabel(AXES[name][0])
        axes.set_ylabel(AXES[name][1])
        if len({curve[1] for curve in curves}) in range(2, 11):
            axes.legend(frameon=False, fontsize="small")
        # without the version of matplotlib, so that equal curves are equal bytes
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
