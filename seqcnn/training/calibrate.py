"""Calibration: logits become probabilities that can be taken at their word."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, log_softmax, logit

from seqcnn.errors import SeqcnnError
from seqcnn.training.targets import Target

METHODS = ("platt", "isotonic")
"""A line through the logits (a temperature, for several classes), or any rising curve."""

MOST_SCALE = 4.0
"""A few validation sequences that are told apart by chance must not make a network certain."""


def fit_calibrator(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Fit a scale and an offset (Platt 1999), each class with half of the weight.

    Parameters
    ----------
    logits
        float (n,), on sequences that did not train the network.
    labels
        0 or 1, (n,).

    Returns
    -------
    tuple of float
        Scale, above 0, and offset.
    """
    positives, negatives = logits[labels == 1], logits[labels == 0]
    # Platt's targets: as if there were one more of each class
    high, low = (len(positives) + 1) / (len(positives) + 2), 1 / (len(negatives) + 2)

    def loss(parameters: np.ndarray) -> float:
        scale, offset = np.exp(parameters[0]), parameters[1]
        total = 0.0
        for values, target in ((positives, high), (negatives, low)):
            z = scale * values + offset
            total += (np.logaddexp(0, z) - target * z).mean()
        return total

    limits = [(np.log(0.05), np.log(MOST_SCALE)), (-10.0, 10.0)]
    found = minimize(loss, np.zeros(2), bounds=limits, method="L-BFGS-B").x
    return float(np.exp(found[0])), float(found[1])


def calibrated(logits: np.ndarray, calibrator: tuple[float, float]) -> np.ndarray:
    """Turn logits into probabilities, float64 (n,)."""
    scale, offset = calibrator
    return expit(scale * np.asarray(logits, np.float64) + offset)


@dataclass(frozen=True)
class Calibrator:
    """Maps logits to calibrated ones: scale * logit + offset, or along a rising curve.

    Parameters
    ----------
    scale
        Of each output; of several classes one for all (a temperature, Guo et al. 2017,
        arXiv:1706.04599).
    offset
        Of each output.
    curves
        Of each output its logits, rising, and the calibrated ones of these; between them lie
        straight lines, and beyond the ends it is flat. Empty for scale and offset.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> "Calibrator":
        """Read what `to_dict` gave."""
        curves = tuple((tuple(x), tuple(y)) for x, y in facts.get("curves", ()))
        return cls(tuple(facts["scale"]), tuple(facts["offset"]), curves)

    def to_dict(self) -> dict[str, list[Any]]:
        """Plain numbers for a JSON file."""
        facts: dict[str, list[Any]] = {"scale": list(self.scale), "offset": list(self.offset)}
        if self.curves:
            facts["curves"] = [[list(x), list(y)] for x, y in self.curves]
        return facts

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Calibrate, float (n, outputs) to float64."""
        logits = np.asarray(logits, np.float64)
        if self.curves:
            columns = zip(logits.T, self.curves, strict=True)
            return np.stack([np.interp(z, x, y) for z, (x, y) in columns], axis=1)
        return logits * np.array(self.scale) + np.array(self.offset)


def fit_target_calibrator(
    target: Target,
    logits: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    method: str = "platt",
) -> Calibrator:
    """Fit a calibrator on sequences that neither trained a network nor stopped its training.

    Parameters
    ----------
    target
        What is predicted; outputs of a kind that does not classify stay as they are.
    logits
        float (n, outputs).
    labels
        float (n, tasks), NaN where missing.
    weights
        float (n,): how often each sequence counts; None for once.
    method
        One of `METHODS`. Isotonic regression (Zadrozny and Elkan 2002,
        doi:10.1145/775047.775151) takes any rising curve, and needs a thousand sequences or more
        not to follow chance.

    Raises
    ------
    SeqcnnError
        There is no such method, or it is not for this kind of target.

    Notes
    -----
    Unlike `fit_calibrator`, classes weigh as they come: probabilities are those of the data's own
    shares of classes.
    """
    check_method(target, method)
    n = target.outputs
    if not target.classifies:
        return Calibrator((1.0,) * n, (0.0,) * n)
    weight = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    if target.kind == "multiclass":
        return _fit_temperature(logits, labels[:, 0], weight)
    pairs, curves = [], []
    for task in range(n):
        given = np.isfinite(labels[:, task])
        data = logits[given, task], labels[given, task], weight[given]
        pairs.append(_fit_platt(*data))
        if method == "isotonic":
            curves.append(_fit_isotonic(*data))
    scales, offsets = zip(*pairs, strict=True)
    return Calibrator(scales, offsets, tuple(curves))


def check_method(target: Target, method: str) -> None:
    """Raise `SeqcnnError` unless `method` is one of `METHODS`, and is for this kind of target."""
    if method not in METHODS:
        raise SeqcnnError(f"`calibration` is {method!r}, it must be one of {', '.join(METHODS)}")
    if method == "isotonic" and target.kind not in ("binary", "multilabel"):
        raise SeqcnnError(
            f"`calibration` isotonic is for targets that are there or not, this one is "
            f"{target.kind}: take platt"
        )


def with_prevalence(probabilities: np.ndarray, trained: float, wanted: float) -> np.ndarray:
    """Rescale probabilities to another share of positives (Saerens et al. 2002).

    Parameters
    ----------
    probabilities
        float (...).
    trained, wanted
        Share of positives that the probabilities are for, and that they are to be for; both
        between 0 and 1.

    Examples
    --------
    >>> with_prevalence(np.array([0.5, 0.9]), 0.5, 0.1).round(3).tolist()
    [0.1, 0.5]
    """
    return expit(logit(probabilities) + logit(wanted) - logit(trained))


def _fit_platt(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    z = np.asarray(logits, np.float64)
    positive, negative = weights[labels == 1].sum(), weights[labels == 0].sum()
    if positive == 0 or negative == 0:
        return 1.0, 0.0
    label = np.asarray(labels, float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        scale, offset = np.exp(parameters[0]), parameters[1]
        eta = scale * z + offset
        error = weights * (expit(eta) - label)
        value = (weights * (np.logaddexp(0, eta) - label * eta)).sum()
        slope = np.array([(error * scale * z).sum(), error.sum()])
        # Platt's goals, as if there were one more of each class, make few sequences timid; this
        # weak prior, a scale about 1, does nothing but keep it finite where classes lie apart
        value, slope[0] = value + parameters[0] ** 2 / 2, slope[0] + parameters[0]
        return value / weights.sum(), slope / weights.sum()

    limits = [(np.log(0.05), np.log(MOST_SCALE)), (-15.0, 15.0)]
    start = np.array([0.0, np.log(positive / negative)])
    found = minimize(loss, start, jac=True, bounds=limits, method="L-BFGS-B").x
    return float(np.exp(found[0])), float(found[1])


def _fit_isotonic(
    logits: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Pool adjacent violators; the curve runs through the middles of the pooled blocks."""
    counts = weights > 0
    z, label, w = np.asarray(logits, np.float64)[counts], labels[counts], weights[counts]
    if not 0 < (w * label).sum() < w.sum():
        return (0.0, 1.0), (0.0, 1.0)
    # equal logits are one point: no curve could part them
    places, which = np.unique(z, return_inverse=True)
    weight = np.bincount(which, w)
    mean = np.bincount(which, w * label) / weight
    found = isotonic_regression(mean, weights=weight)
    block = np.repeat(np.arange(len(found.blocks) - 1), np.diff(found.blocks))
    total = np.bincount(block, weight)
    middle = np.bincount(block, weight * places) / total
    share = np.bincount(block, weight * mean) / total
    # as if a block of one class only held one more sequence of each; never past its neighbour
    low, high = 1 / (total[0] + 2), 1 - 1 / (total[-1] + 2)
    if len(share) > 1:
        low, high = min(low, share[1]), max(high, share[-2])
    share = np.clip(share, low, high)
    return tuple(middle.tolist()), tuple(logit(share).tolist())


def _fit_temperature(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Calibrator:
    given = np.isfinite(labels)
    z, w = np.asarray(logits[given], np.float64), weights[given] / weights[given].sum()
    label = labels[given].astype(int)
    classes = z.shape[1]
    # offsets are held back a little, so that those of classes without a sequence are defined
    hold = 1.0 / max(len(label), 1)

    def loss(parameters: np.ndarray) -> float:
        scaled = np.exp(parameters[0]) * z + parameters[1:]
        taken = log_softmax(scaled, axis=1)[np.arange(len(label)), label]
        return float(-(w * taken).sum() + hold * (parameters[1:] ** 2).sum() / 2)

    limits = [(np.log(0.05), np.log(MOST_SCALE))] + [(-15.0, 15.0)] * classes
    found = minimize(loss, np.zeros(classes + 1), bounds=limits, method="L-BFGS-B").x
    scale = float(np.exp(found[0]))
    return Calibrator((scale,) * classes, tuple(float(x) for x in found[1:]))
