"""Figures on the networks, of sequences that they never saw, and of their training."""

import numpy as np
from markupsafe import Markup

from seqcnn.discovery.result import Discovery, Holdout
from seqcnn.report.figures import Axes, Line, Points, axes_around, plot
from seqcnn.stats.auroc import precision_recall_curve, roc_curve
from seqcnn.stats.intervals import Estimate, wilson

BINS = 10
"""Parts of the calibration curve, with as nearly as possible equal numbers of sequences."""

UNIT = (0.0, 1.0)


def roc_figure(held: Holdout) -> Markup:
    """Draw the ROC curve with a pointwise 95 % band of the true positive rate (Wilson)."""
    x, y = roc_curve(held.positives, held.negatives)
    low, high = _band(y, len(held.positives))
    area = held.auroc
    return plot(
        [Line("networks", x, y, low, high), Line("chance", UNIT, UNIT)],
        Axes("false positive rate", "true positive rate", UNIT, UNIT),
        label=f"ROC curve: area {area.value:.3f}, 95 % interval {area.low:.3f} to {area.high:.3f}",
    )


def precision_recall_figure(held: Holdout) -> Markup:
    """Draw precision by recall with a pointwise 95 % band of precision (Wilson)."""
    x, y = precision_recall_curve(held.positives, held.negatives)
    n = len(held.positives)
    called = np.maximum(x * n / np.maximum(y, 1e-9), 1)
    bounds = [wilson(float(p * c), float(c)) for p, c in zip(y, called, strict=True)]
    share = n / (n + len(held.negatives))
    area = held.auprc
    return plot(
        [
            Line("networks", x, y, [b.low for b in bounds], [b.high for b in bounds]),
            Line("chance", UNIT, (share, share)),
        ],
        Axes("recall", "precision", UNIT, UNIT),
        label=f"Precision-recall curve: area {area.value:.3f}, 95 % interval {area.low:.3f} to "
        f"{area.high:.3f}; chance {share:.3f}",
    )


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
    area, alone = held.auroc, held.composition_auroc
    return plot(
        [
            Points("", [1], [area.value], [area.low], [area.high]),
            Points("", [2], [alone], [alone], [alone]),
            Line("chance", (0, 3), (0.5, 0.5)),
        ],
        Axes("", "AUROC", (0.0, 3.0), UNIT, ((1.0, "networks"), (2.0, "composition alone"))),
        label=f"AUROC of the networks {area.value:.3f}, of composition alone {alone:.3f}",
    )


def loss_figures(found: Discovery) -> list[Markup]:
    """Draw the loss of training and validation by round, a figure for each network."""
    figures = []
    for fold, rounds in enumerate(found.histories):
        if not rounds:
            continue
        x = np.arange(1, len(rounds) + 1)
        training = [r.loss for r in rounds]
        validation = [r.validation_loss for r in rounds]
        axes = axes_around("round of training", "loss", x, [*training, *validation])
        label = (
            f"Loss of the network of fold {fold + 1} over {len(rounds)} rounds: validation from "
            f"{validation[0]:.3f} to {min(validation):.3f} at best"
        )
        layers = [Line("training", x, training), Line("validation", x, validation)]
        figures.append(plot(layers, axes, label=label))
    return figures


def _band(shares: np.ndarray, number: int) -> tuple[list[float], list[float]]:
    bounds = [wilson(min(float(s * number), number), number) for s in shares]
    return [b.low for b in bounds], [b.high for b in bounds]
