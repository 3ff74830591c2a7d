"""Figures on the networks, of sequences that they never saw, and of their training."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from markupsafe import Markup

from seqcnn.discovery.result import Discovery, Holdout
from seqcnn.report.figures import Axes, Line, Points, axes_around, plot
from seqcnn.stats.auroc import precision_recall_curve, roc_curve
from seqcnn.stats.intervals import Estimate, wilson

BINS = 10
"""Parts of the calibration curve, with as nearly as possible equal numbers of sequences."""

MOST_POINTS = 400
"""Points of a curve that are drawn."""

UNIT = (0.0, 1.0)


class RoundLike(Protocol):
    """A round of training; that of `seqcnn.training.fitting` and that of `discover` are two."""

    @property
    def loss(self) -> float:
        """Give the mean loss of the training steps."""
        ...

    @property
    def validation_loss(self) -> float:
        """Give the loss on the part that says when to stop."""
        ...


Sides = tuple[np.ndarray, np.ndarray]
"""Of positives and negatives."""


def roc_figure(held: Holdout) -> Markup:
    """Draw the ROC curve of the networks of a run of `discover`."""
    return roc_plot((held.positives, held.negatives), held.auroc)


def roc_plot(
    sides: Sides, area: Estimate, *, name: str = "networks", weights: Sides | None = None
) -> Markup:
    """Draw a ROC curve with a pointwise 95 % band of the true positive rate (Wilson).

    Parameters
    ----------
    sides
        float (n,) and (m,): what positives and negatives score.
    area
        Below the curve.
    name
        Of what is judged.
    weights
        How much each counts; there is no band then, as counts are not what they seem.
    """
    x, y = _thinned(*roc_curve(*sides, weights=weights))
    low, high = _band(y, len(sides[0])) if weights is None else (None, None)
    return plot(
        [Line(name, x, y, low, high), Line("chance", UNIT, UNIT)],
        Axes("false positive rate", "true positive rate", UNIT, UNIT),
        label=f"ROC curve: area {_words(area)}",
    )


def precision_recall_figure(held: Holdout) -> Markup:
    """Draw precision by recall for the networks of a run of `discover`."""
    return precision_recall_plot((held.positives, held.negatives), held.auprc)


def precision_recall_plot(
    sides: Sides, area: Estimate, *, name: str = "networks", weights: Sides | None = None
) -> Markup:
    """Draw precision by recall with a pointwise 95 % band of precision (Wilson).

    Arguments are those of `roc_plot`.
    """
    x, y = _thinned(*precision_recall_curve(*sides, weights=weights))
    n, low, high = len(sides[0]), None, None
    share = n / (n + len(sides[1]))
    if weights is None:
        called = np.maximum(x * n / np.maximum(y, 1e-9), 1)
        bounds = [wilson(float(p * c), float(c)) for p, c in zip(y, called, strict=True)]
        low, high = [b.low for b in bounds], [b.high for b in bounds]
    else:
        share = float(weights[0].sum() / (weights[0].sum() + weights[1].sum()))
    return plot(
        [Line(name, x, y, low, high), Line("chance", UNIT, (share, share))],
        Axes("recall", "precision", UNIT, UNIT),
        label=f"Precision-recall curve: area {_words(area)}; chance {share:.3f}",
    )


def _words(area: Estimate) -> str:
    return f"{area.value:.3f}, 95 % interval {area.low:.3f} to {area.high:.3f}"


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave points of a curve out that nobody could see, so that a page stays small."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(int))
    return x[kept], y[kept]


def calibration_figure(held: Holdout) -> Markup:
    """Draw how often sequences of like probability are no control, with 95 % intervals (Wilson).

    Both classes count alike, as they did when the networks were calibrated.
    """
    mean, shares = _calibration(held)
    return plot(
        [
            Points("networks", mean, [s.value for s in shares], [s.low for s in shares],
                   [s.high for s in shares]),
            Line("perfect", UNIT, UNIT),
        ],
        Axes("predicted probability", "share of foreground", UNIT, UNIT),
        label=f"Calibration: mean distance from the diagonal {held.ece:.3f}",
    )  # fmt: skip


def _calibration(held: Holdout) -> tuple[np.ndarray, list[Estimate]]:
    scores = np.concatenate([held.positives, held.negatives])
    n, m = len(held.positives), len(held.negatives)
    # the classes count alike: a sequence of the larger one counts less
    weights = np.concatenate([np.full(n, (n + m) / (2 * n)), np.full(m, (n + m) / (2 * m))])
    labels = np.arange(n + m) < n
    parts = np.array_split(np.argsort(scores, kind="stable"), min(BINS, n + m))
    means = [float(np.average(scores[p], weights=weights[p])) for p in parts]
    return np.array(means), [_weighted_share(labels[p], weights[p]) for p in parts]


def _weighted_share(labels: np.ndarray, weights: np.ndarray) -> Estimate:
    """Estimate a share of as many equal observations as the unequal ones are worth (Kish 1965).

    A few sequences that count for many each are still few: their weights are no counts.
    """
    # rounding may put it above 1
    share = min(1.0, float(weights @ labels / weights.sum()))
    worth = float(weights.sum() ** 2 / (weights @ weights))
    return wilson(share * worth, worth)


def baseline_figure(held: Holdout) -> Markup:
    """Draw the AUROC of the networks beside that of composition alone."""
    return baseline_plot("AUROC", held.auroc, held.composition_auroc, chance=0.5)


def baseline_plot(
    metric: str, found: Estimate, alone: float, *, simple: str = "composition", chance: float
) -> Markup:
    """Draw a metric of the networks, with its interval, beside that of something simple."""
    low = min(0.0, found.low, alone) if np.isfinite(found.low) else min(0.0, alone)
    return plot(
        [
            Points("", [1], [found.value], [found.low], [found.high]),
            Points("", [2], [alone], [alone], [alone]),
            Line("chance", (0, 3), (chance, chance)),
        ],
        Axes("", metric, (0.0, 3.0), (low, 1.0), ((1.0, "networks"), (2.0, f"{simple} alone"))),
        label=f"{metric} of the networks {found.value:.3f}, of {simple} alone {alone:.3f}",
    )


def loss_figures(found: Discovery) -> list[Markup]:
    """Draw the loss of training and validation by round, a figure for each network."""
    return [
        loss_figure(rounds, f"the network of fold {fold + 1}")
        for fold, rounds in enumerate(found.histories)
        if rounds
    ]


def loss_figure(rounds: Sequence[RoundLike], name: str) -> Markup:
    """Draw the loss of training and validation by round of the network `name`."""
    x = np.arange(1, len(rounds) + 1)
    training = [r.loss for r in rounds]
    validation = [r.validation_loss for r in rounds]
    lowest = min(0.0, *training, *validation)
    axes = axes_around("round of training", "loss", x, [*training, *validation], y_low=lowest)
    label = (
        f"Loss of {name} over {len(rounds)} rounds: validation from "
        f"{validation[0]:.3f} to {min(validation):.3f} at best"
    )
    layers = [Line("training", x, training), Line("validation", x, validation)]
    return plot(layers, axes, label=label)


def _band(shares: np.ndarray, number: int) -> tuple[list[float], list[float]]:
    bounds = [wilson(min(float(s * number), number), number) for s in shares]
    return [b.low for b in bounds], [b.high for b in bounds]
