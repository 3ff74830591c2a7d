"""Write what segmentation_models.pytorch makes of small masks: losses, gradients and metrics.

    python -m parity.segmentation_goldens > ../tests/training/segmentation_goldens.json

Needs segmentation_models.pytorch 0.6; run it in the folder of the benchmarks. Gradients are those
by the logits, channels last.
"""

import json
from typing import Any

import numpy as np
import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch import losses, metrics

IGNORED = 255
SPACE, CLASSES = (3, 4), 3

WEIGHTS = [0.5, 2.0, 1.0]

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("dice_loss", "binary", {}),
    ("dice_loss", "multiclass", {}),
    ("dice_loss", "multiclass", {"class_weights": WEIGHTS, "smooth": 0.5}),
    ("dice_loss", "multilabel", {"log_loss": True}),
    ("jaccard_loss", "binary", {"smooth": 1.0}),
    ("jaccard_loss", "multiclass", {"class_weights": WEIGHTS}),
    ("jaccard_loss", "multilabel", {"log_loss": True}),
    ("tversky_loss", "binary", {"alpha": 0.3, "beta": 0.7}),
    ("tversky_loss", "multiclass", {"alpha": 0.3, "beta": 0.7, "gamma": 1.5}),
    ("tversky_loss", "multilabel", {"alpha": 0.9, "beta": 0.1, "class_weights": WEIGHTS}),
    ("focal_loss", "binary", {}),
    ("focal_loss", "binary", {"alpha": 0.25, "gamma": 1.5, "normalized": True}),
    ("focal_loss", "multiclass", {"class_weights": WEIGHTS}),
    ("focal_loss", "multiclass", {"reduced_threshold": 0.5}),
    ("focal_loss", "multilabel", {"alpha": 0.7}),
    ("lovasz_loss", "binary", {}),
    ("lovasz_loss", "binary", {"per_image": True}),
    ("lovasz_loss", "multiclass", {}),
    ("lovasz_loss", "multiclass", {"per_image": True}),
    ("lovasz_loss", "multilabel", {}),
    ("soft_cross_entropy", "multiclass", {"smoothing": 0.0}),
    ("soft_cross_entropy", "multiclass", {"smoothing": 0.2}),
    ("weighted_cross_entropy", "multiclass", {"class_weights": WEIGHTS}),
    ("soft_binary_cross_entropy", "binary", {"smoothing": 0.1}),
    ("soft_binary_cross_entropy", "multilabel", {"positive_weights": WEIGHTS}),
    ("mcc_loss", "binary", {}),
]

NO_IGNORED = {"mcc_loss"}
"""Losses that take all positions there."""


def drawn() -> dict[str, Any]:
    """Draw logits and masks of each mode; the last class of ``"multiclass"`` is rare."""
    rng = np.random.default_rng(5)
    made: dict[str, Any] = {}
    for mode, columns in (("binary", 1), ("multiclass", CLASSES), ("multilabel", CLASSES)):
        logits = rng.normal(scale=2.0, size=(2, *SPACE, columns)).round(3)
        if mode == "multiclass":
            truth = rng.choice(CLASSES, size=(2, *SPACE), p=[0.6, 0.35, 0.05])
        else:
            truth = (rng.random(logits.shape) < 0.4).astype(int)
        hidden = np.where(rng.random(truth.shape) < 0.2, IGNORED, truth)
        made[mode] = {"logits": logits.tolist(), "truth": truth.tolist(), "hidden": hidden.tolist()}
    return made


def loss_of(name: str, mode: str, options: dict[str, Any], ignored: int | None) -> Any:
    """Build a loss of theirs from the name and the options of ours."""
    simple = {
        "dice_loss": losses.DiceLoss,
        "jaccard_loss": losses.JaccardLoss,
        "tversky_loss": losses.TverskyLoss,
        "focal_loss": losses.FocalLoss,
        "lovasz_loss": losses.LovaszLoss,
    }
    if name in simple:
        return simple[name](mode, ignore_index=ignored, **options)
    index = -100 if ignored is None else ignored
    if name == "soft_cross_entropy":
        return losses.SoftCrossEntropyLoss(smooth_factor=options["smoothing"], ignore_index=index)
    if name == "weighted_cross_entropy":
        weights = torch.tensor(options["class_weights"], dtype=torch.float64)
        return torch.nn.CrossEntropyLoss(weights, ignore_index=index)
    if name == "soft_binary_cross_entropy":
        rows = options.get("positive_weights")
        positive = None if rows is None else torch.tensor(rows).reshape(1, -1, 1, 1)
        smooth = options.get("smoothing")
        return losses.SoftBCEWithLogitsLoss(
            ignore_index=index, smooth_factor=smooth, pos_weight=positive
        )
    own = losses.MCCLoss()
    return lambda logits, truth: own(logits.sigmoid(), truth)


def case(made: dict[str, Any], name: str, mode: str, options: dict, *, hide: bool) -> dict:
    """Compute a loss and its gradient."""
    given = made[mode]
    kind = torch.float32 if name == "lovasz_loss" else torch.float64  # it knows no other
    logits = torch.tensor(given["logits"], dtype=kind).movedim(-1, 1).requires_grad_()
    truth = torch.tensor(given["hidden" if hide else "truth"])
    if mode != "multiclass":
        truth = truth.movedim(-1, 1)
    if mode != "multiclass" and name != "lovasz_loss":
        truth = truth.double()
    if mode == "multilabel" and name == "focal_loss" and hide:
        value = focal_of_each(logits, truth, options)
    else:
        value = loss_of(name, mode, options, IGNORED if hide else None)(logits, truth)
    value.backward()
    gradient = logits.grad.movedim(1, -1).numpy()
    return {
        "loss": name, "mode": mode, "options": options, "hidden": hide,
        "value": value.item(), "gradient": np.round(gradient, 9).tolist(),
    }  # fmt: skip


def focal_of_each(logits: Any, truth: Any, options: dict[str, Any]) -> Any:
    """Average the binary losses of each class: with several labels theirs refuses to ignore any."""
    own = losses.FocalLoss("binary", ignore_index=IGNORED, **options)
    return sum(own(logits[:, i], truth[:, i]) for i in range(CLASSES)) / CLASSES


NAMES = (
    "iou_score", "f1_score", "accuracy", "balanced_accuracy", "sensitivity", "specificity",
    "positive_predictive_value", "negative_predictive_value", "fbeta_score",
)  # fmt: skip
REDUCTIONS = (
    None, "micro", "macro", "weighted", "micro-imagewise", "macro-imagewise", "weighted-imagewise"
)  # fmt: skip


def scores(made: dict[str, Any], mode: str, *, hide: bool) -> dict[str, Any]:
    """Compute counts and all metrics of what the logits say."""
    given = made[mode]
    logits = torch.tensor(given["logits"])
    truth = torch.tensor(given["hidden" if hide else "truth"])
    if mode == "multiclass":
        how: dict[str, Any] = {"num_classes": CLASSES, "ignore_index": IGNORED if hide else None}
        counts = metrics.get_stats(logits.argmax(-1), truth, mode, **how)
    else:
        told = logits.sigmoid().movedim(-1, 1)
        counts = metrics.get_stats(told, truth.movedim(-1, 1), mode, threshold=0.5)
    found = {}
    for name in NAMES:
        for reduction in REDUCTIONS:
            options: dict[str, Any] = {"beta": 2.0} if name == "fbeta_score" else {}
            if reduction and reduction.startswith("weighted"):
                options["class_weights"] = WEIGHTS[: counts[0].shape[1]]
            value = getattr(metrics, name)(*counts, reduction=reduction, **options)
            found[f"{name}/{reduction}"] = value.tolist()
    return {
        "mode": mode, "hidden": hide, "counts": [part.tolist() for part in counts], "scores": found
    }  # fmt: skip


def main() -> None:
    """Print it all."""
    made = drawn()
    cases = [
        case(made, name, mode, options, hide=hide)
        for name, mode, options in CASES
        for hide in (False, True)
        if not (hide and name in NO_IGNORED)
    ]
    rows = [("binary", False), ("multiclass", False), ("multiclass", True), ("multilabel", False)]
    tables = [scores(made, mode, hide=hide) for mode, hide in rows]
    print(
        json.dumps({"version": smp.__version__, "inputs": made, "losses": cases, "metrics": tables})
    )


if __name__ == "__main__":
    main()
