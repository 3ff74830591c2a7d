"""What a model is worth, as sections of a page: metrics, curves, calibration, worst cases."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcnn.report import sections as page
from seqcnn.report.cells import MOST_CLASSES, confusion_figure
from seqcnn.report.evaluation import classifier_curves
from seqcnn.report.figures import Axes, Line, Points, plot
from seqcnn.report.model_figures import UNIT, baseline_plot, precision_recall_plot, roc_plot
from seqcnn.report.visible import visible
from seqcnn.stats.intervals import Estimate, wilson
from seqcnn.training.metrics import MEAN
from seqcnn.training.targets import PER_BASE, PROFILE, Target

METRICS = {
    "auroc": ("AUROC", "how often a positive scores higher than a negative; 0.5 is chance"),
    "auprc": ("area under precision-recall", "mean precision; chance is the share of positives"),
    "accuracy": ("accuracy", "share that is right, at a probability of 0.5 or the likeliest class"),
    "mcc": ("Matthews correlation", "of what is said and what is true; 0 is chance"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "brier": ("Brier score", "mean squared error of probabilities; 0 is perfect"),
    "ece": ("calibration error", "mean distance of probabilities from shares; 0 is perfect"),
    "calibration_slope": ("calibration slope", "1 is right, below 1 is too sure"),
    "calibration_intercept": ("calibration intercept", "0 is right, below 0 is too high"),
    "pearson": ("Pearson correlation", "of predicted and measured"),
    "spearman": ("Spearman correlation", "of the ranks of predicted and measured"),
    "r2": ("R squared", "share of the variance that is explained"),
    "rmse": ("root mean squared error", "in units of the labels"),
    "deviance_explained": ("deviance explained", "of counts; 1 is perfect, 0 is their mean"),
    "profile_pearson": ("Pearson correlation of profiles", "mean over sequences"),
}
"""Names of metrics, and what they mean."""

LISTED = 15
"""Worst cases that are listed."""

DOTS = 1000
"""Points of a scatter that are drawn."""

DRAWN_TASKS = 3
"""Tasks or classes with curves of their own."""

LISTED_TASKS = 100
"""Tasks or classes that are listed."""

PER_TASK = ("auroc", "auprc", "mcc", "ece", "pearson", "spearman", "r2", "rmse")
"""Metrics of the table of tasks."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A model on what it has not seen.

    Parameters
    ----------
    target
        What is predicted.
    metrics, main, composition
        As in `metrics.json`: metrics with intervals by task, the name of the main one, and what the
        baseline reaches by task (empty without one).
    predicted, labels, weights
        As for `seqcnn.training.metrics.score`.
    ids
        Names of what was judged.
    what, baseline
        What is judged, and what the baseline sees of it.
    unseen
        Whether it is known that the model has not seen it.
    """

    target: Target
    metrics: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    main: str
    composition: Mapping[str, float | None]
    predicted: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    ids: Sequence[str]
    what: str = "sequences"
    baseline: str = "composition"
    unseen: bool = True

    @property
    def task(self) -> str:
        """The name of what sums all up: the mean, or the only task."""
        return MEAN if MEAN in self.metrics else self.target.names[0]

    @property
    def along(self) -> bool:
        """Whether each example has many predictions, along its letters."""
        return self.target.kind in (PROFILE, PER_BASE)

    def estimate(self, task: str, metric: str) -> Estimate:
        """Give a metric; NaN where it is not defined."""
        found = self.metrics[task].get(metric) or {}
        return Estimate(*(_number(found.get(name)) for name in ("value", "low", "high")))

    def side(self, task: int) -> np.ndarray:
        """Give the labels of a task, or of a class against the rest, float (n,)."""
        if self.target.kind == "multiclass":
            known = self.labels[:, 0]
            return np.where(np.isfinite(known), (known == task).astype(float), np.nan)
        return self.labels[:, task]


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def summary(judged: Judged, how: str) -> list[str]:
    """Say in three sentences what a model is worth.

    Parameters
    ----------
    judged
        The model.
    how
        The last sentence: what it is, and what it was trained on.
    """
    name = METRICS.get(judged.main, (judged.main, ""))[0]
    found, alone = judged.estimate(judged.task, judged.main), judged.composition.get(judged.task)
    n, mean = len(judged.labels), f", the mean of {len(judged.target.names):,}"
    over = mean if judged.task == MEAN and len(judged.target.names) > 1 else ""
    never = " that it never saw" if judged.unseen else ""
    worth = f"the model reaches {_a(name)} of {_words(found)}{over}"
    first = f"On {n:,} {judged.what}{never}, {worth}."
    if math.isnan(found.value):
        first = f"On {n:,} {judged.what} the {name} is not defined: they are all of one kind."
    return [first, _against(judged, found, alone), how]


def _against(judged: Judged, found: Estimate, alone: float | None) -> str:
    simple = {PROFILE: "the mean profile", PER_BASE: "the share of sites"}
    what = simple.get(judged.target.kind, f"{judged.baseline} alone")
    if alone is None or math.isnan(found.value):
        return f"There is no baseline to compare it with: what {what} reaches is not known."
    better = found.low > alone if math.isfinite(found.low) else found.value > alone
    if better:
        return f"It knows more than {what}, which reaches {alone:.3f}."
    return f"It is not shown to know more than {what}, which reaches {alone:.3f}."


def _a(name: str) -> str:
    return ("an " if name[0] in "AEIOaeioR" else "a ") + name


def _words(e: Estimate) -> str:
    known = math.isfinite(e.low) and math.isfinite(e.high)
    return f"{e.value:.3f}" + (f" (95 % interval {e.low:.3f} to {e.high:.3f})" if known else "")


def sections_of(judged: Judged, confusion: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Give the sections on metrics, curves and worst cases; `confusion` as in `metrics.json`."""
    drawn = _drawn_tasks(judged)
    curves = [f for i in drawn for f in _curves(judged, i)]
    hidden = len(judged.target.names) - len(drawn)
    return [
        page.section(
            "metrics", "What it is worth",
            _metric_table(judged), _task_table(judged),
            page.figures(_baseline(judged)),
        ),
        page.section(
            "curves", "Curves",
            page.figures(*curves) or page.text("Curves are not defined for these labels."),
            page.text(f"Drawn are {len(drawn)} of {len(judged.target.names):,}; the tables beside "
                      f"this page have all.", soft=True) if hidden > 0 else None,
            _confusion(judged, confusion),
        ),
        page.section("worst", "Worst cases", *_worst(judged)),
    ]  # fmt: skip


def _metric_table(judged: Judged) -> page.Block:
    rows = []
    for metric in judged.metrics[judged.task]:
        name, meaning = METRICS.get(metric, (metric.replace("_", " "), ""))
        e = judged.estimate(judged.task, metric)
        rows.append([page.cell(name), page.number(e.value), page.number(e.low),
                     page.number(e.high), page.cell(meaning)])  # fmt: skip
    columns = [page.column("metric", words=True), page.column("value"), page.column("from"),
               page.column("to"), page.column("what it means", words=True)]  # fmt: skip
    over = ", mean over all" if judged.task == MEAN else ""
    return page.table(f"Metrics with 95 % intervals (bootstrap){over}", columns, rows)


def _task_table(judged: Judged) -> page.Block | None:
    names = [name for name in judged.target.names if name in judged.metrics]
    if len(names) < 2:
        return None
    shown = [m for m in PER_TASK if m in judged.metrics[names[0]]]
    if judged.main not in shown:
        shown.insert(0, judged.main)
    heads = [page.column("class" if judged.target.kind == "multiclass" else "task", words=True)]
    heads += [page.column(METRICS.get(m, (m, ""))[0]) for m in shown]
    rows = []
    for name in names[:LISTED_TASKS]:
        row = [page.cell(name)]
        for metric in shown:
            e = judged.estimate(name, metric)
            known = math.isfinite(e.low)
            row.append(page.number(e.value, more=f"{e.low:.3f} to {e.high:.3f}" if known else ""))
        rows.append(row)
    said = f"; the first {LISTED_TASKS} of {len(names):,}" if len(names) > LISTED_TASKS else ""
    return page.table(f"Each alone, with 95 % intervals{said}", heads, rows)


def _baseline(judged: Judged) -> tuple[str, str] | None:
    found, alone = judged.estimate(judged.task, judged.main), judged.composition.get(judged.task)
    if alone is None or math.isnan(found.value):
        return None
    name = METRICS.get(judged.main, (judged.main, ""))[0]
    simple = "mean profile" if judged.target.kind == PROFILE else judged.baseline
    if judged.target.kind == PER_BASE:
        simple = "share of sites"
    chance = 0.5 if judged.main == "auroc" else 0.0
    drawn = baseline_plot(name, found, alone, simple=simple, chance=chance)
    return drawn, f"The networks beside {simple} alone."


def _drawn_tasks(judged: Judged) -> list[int]:
    return list(range(min(DRAWN_TASKS, len(judged.target.names))))


def _curves(judged: Judged, task: int) -> list[tuple[str, str]]:
    """Draw the curves of a task, or a scatter of numbers."""
    name = judged.target.names[task]
    of = "" if len(judged.target.names) == 1 else f" of {visible(name, 40)}"
    if judged.target.kind == PROFILE:
        return [_scatter(judged.predicted[:, 0, task], judged.labels[..., task].sum(axis=1),
                         f"{of}, totals")]  # fmt: skip
    if not judged.target.classifies and judged.target.kind != PER_BASE:
        return [_scatter(judged.predicted[:, task], judged.labels[:, task], of)]
    if judged.along:
        given = np.isfinite(judged.labels[..., task])
        return _classified(judged.predicted[..., task][given], judged.labels[..., task][given],
                           None, judged.estimate(name, "auroc"), judged.estimate(name, "auprc"),
                           of)  # fmt: skip
    label = judged.side(task)
    given = np.isfinite(label)
    weights = None if judged.weights is None else judged.weights[given]
    return _classified(
        judged.predicted[given, task], label[given], weights, judged.estimate(name, "auroc"),
        judged.estimate(name, "auprc"), of,
    )  # fmt: skip


def _classified(
    p: np.ndarray,
    label: np.ndarray,
    weights: np.ndarray | None,
    area: Estimate,
    precision: Estimate,
    of: str,
) -> list[tuple[str, str]]:
    positive = label == 1
    if positive.all() or not positive.any():
        return []
    sides = p[positive], p[~positive]
    counts = None if weights is None else (weights[positive], weights[~positive])
    band = " with a 95 % band at each point" if weights is None else ""
    return [
        (roc_plot(sides, area, weights=counts), f"ROC curve{of}{band}."),
        (precision_recall_plot(sides, precision, weights=counts),
         f"Precision by recall{of}{band}."),
        (_calibration(p, label, weights),
         f"Calibration{of}: what is said to be 80 % probable should be right in 80 % of cases."),
    ]  # fmt: skip


def _calibration(p: np.ndarray, label: np.ndarray, weights: np.ndarray | None) -> str:
    """Draw shares of positives by probability, in parts of equal size (Wilson)."""
    _, _, mean, share = next(c for c in classifier_curves("", p, label, weights)
                             if c[0] == "reliability")  # fmt: skip
    sizes = [len(part) for part in np.array_split(np.arange(len(p)), len(mean))]
    bounds = [wilson(min(float(s * n), n), n) for s, n in zip(share, sizes, strict=True)]
    return plot(
        [Points("networks", mean, share, [b.low for b in bounds], [b.high for b in bounds]),
         Line("perfect", UNIT, UNIT)],
        Axes("predicted probability", "share of positives", UNIT, UNIT),
        label="Calibration: share of positives by predicted probability",
    )  # fmt: skip


def _scatter(predicted: np.ndarray, measured: np.ndarray, of: str) -> tuple[str, str]:
    given = np.flatnonzero(np.isfinite(measured))
    if len(given) > DOTS:
        given = np.sort(np.random.default_rng(0).choice(given, DOTS, replace=False))
    x, y = np.asarray(predicted)[given].astype(float), np.asarray(measured)[given].astype(float)
    both = np.concatenate([x, y]) if len(given) else np.zeros(1)
    ends = float(both.min()), float(max(both.max(), both.min() + 1e-9))
    drawn = plot(
        [Points("", x, y, y, y, radius=1.5), Line("perfect", ends, ends)],
        Axes("predicted", "measured", ends, ends),
        label=f"Measured by predicted values{of}, {len(given):,} points",
    )
    return drawn, f"Measured by predicted values{of}."


def _confusion(judged: Judged, found: Mapping[str, Any] | None) -> page.Block | None:
    """Draw which class was taken for which; of two classes at a probability of one half."""
    if judged.target.kind == "binary":
        known = judged.labels[:, 0]
        given = np.isfinite(known)
        counts = np.zeros((2, 2))
        said = (judged.predicted[given, 0] >= 0.5).astype(int)
        weights = 1.0 if judged.weights is None else judged.weights[given]
        np.add.at(counts, (known[given].astype(int), said), weights)
        found = {"classes": ["negative", "positive"], "counts": counts}
    if found is None:
        return None
    if len(found["classes"]) > MOST_CLASSES:
        return page.text("There are too many classes to draw which was taken for which: the tables "
                         "have it.")  # fmt: skip
    drawn = confusion_figure(found["classes"], found["counts"], label="Confusion matrix")
    return page.figures(
        (drawn, "Which class (row) was taken for which (column); shades are shares of the row."),
        wide=True,
    )


def _worst(judged: Judged) -> list[page.Block]:
    """List what was predicted worst: surest mistakes of classes, largest errors of numbers."""
    if judged.along:
        return [page.text("Predictions along sequences are judged as a whole: none is listed.")]
    error, said, true = cases(judged)
    order = [i for i in np.argsort(-error, kind="stable").tolist() if np.isfinite(error[i])]
    columns = [page.column("name", words=True), page.column("true", words=True),
               page.column("predicted", words=True), page.column("error")]  # fmt: skip
    rows = [
        [
            page.cell(judged.ids[i]),
            page.cell(true[i]),
            page.cell(said[i]),
            page.number(float(error[i])),
        ]
        for i in order[:LISTED]
    ]
    what = "largest distances of probability from the truth"
    if not judged.target.classifies:
        what = "largest differences of predicted and measured"
    return [
        page.table(f"The {len(rows)} {what}", columns, rows),
        page.text("Look at these first: a label may be wrong, or there is a kind of case that the "
                  "model does not know.", soft=True),
    ]  # fmt: skip


def cases(judged: Judged) -> tuple[np.ndarray, list[str], list[str]]:
    """Say of each example how wrong it is, what was predicted and what is true."""
    target, p, labels = judged.target, judged.predicted, judged.labels
    if target.kind == "multiclass":
        known = labels[:, 0]
        index = np.where(np.isfinite(known), known, 0).astype(int)
        own = p[np.arange(len(p)), index]
        error = np.where(np.isfinite(known), 1 - own, np.nan)
        best = p.argmax(axis=1)
        said = [f"{target.names[b]} ({p[i, b]:.3f})" for i, b in enumerate(best.tolist())]
        true = [f"{target.names[k]} ({own[i]:.3f})" for i, k in enumerate(index.tolist())]
        return error, said, true
    distance = np.abs(p - labels)
    filled = np.where(np.isfinite(distance), distance, -np.inf)
    at = filled.argmax(axis=1)
    rows = np.arange(len(p))
    error = np.where(np.isfinite(filled[rows, at]), filled[rows, at], np.nan)
    named = len(target.names) > 1
    words = [f"{target.names[a]}: " if named else "" for a in at.tolist()]
    said = [f"{w}{v:.4g}" for w, v in zip(words, p[rows, at].tolist(), strict=True)]
    true = [f"{v:.4g}" for v in labels[rows, at].tolist()]
    return error, said, true
