"""`Target`: what a network predicts, and the way from labels to numbers and back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from seqcnn.errors import SeqcnnError
from seqcnn.training.per_base import shares_of_sites
from seqcnn.training.profiles import decode_profiles, encode_profiles, log_totals
from seqcnn.training.segmentation import checked_masks

KINDS = ("binary", "multiclass", "multilabel", "regression", "counts")
"""What a table of labels can hold."""

PROFILE = "profile"
"""The kind that is no table: counts at every position, see `seqcnn.training.profiles`."""

SEGMENTATION = "segmentation"
"""The kind that gives a class to each position, see `seqcnn.training.segmentation`."""

PER_BASE = "per-base"
"""The kind that says of each position whether it lies in a site: `seqcnn.training.per_base`."""

TRANSFORMS = ("none", "log1p", "sqrt", "asinh")

_FORWARD = {"none": np.array, "log1p": np.log1p, "sqrt": np.sqrt, "asinh": np.arcsinh}
_BACKWARD = {"none": np.array, "log1p": np.expm1, "sqrt": np.square, "asinh": np.sinh}

MOST_LOG_COUNT = 30.0
"""A network that predicts larger counts than e to this has lost its way."""


@dataclass(frozen=True)
class Target:
    """What a network predicts.

    Parameters
    ----------
    kind
        ``"binary"``, one class or not; ``"multiclass"``, one of several classes; ``"multilabel"``,
        any of several; ``"regression"``, numbers; ``"counts"``, expected counts (Poisson);
        ``"profile"``, counts along the sequence; ``"segmentation"``, a class for each position;
        ``"per-base"``, sites along the sequence.
    names
        Of the tasks, or of the classes of ``"multiclass"`` and ``"segmentation"``.
    transform
        Of the labels of a regression: ``"none"``, ``"log1p"``, ``"sqrt"`` or ``"asinh"``.
    centre, spread
        Of transformed labels: the network learns (label - centre) / spread of each task. Of
        counts: the logarithm of their mean, and their mean, which is the rate that a network starts
        from and the unit of its loss. Of profiles: the mean of log(1 + total), and the mean total.
    width
        Positions of a profile; 0 for other kinds.

    Raises
    ------
    SeqcnnError
        Kind or transform is unknown, or there is no task.
    """

    kind: str
    names: tuple[str, ...]
    transform: str = "none"
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    width: int = 0

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, PROFILE, SEGMENTATION, PER_BASE):
            raise SeqcnnError(f"`task` is {self.kind!r}, it must be one of {', '.join(KINDS)}")
        if (self.kind == PROFILE) != (self.width > 0):
            raise SeqcnnError(
                f"`width` is {self.width}: profiles have 1 or more positions, others 0"
            )
        if self.transform not in TRANSFORMS:
            raise SeqcnnError(
                f"`transform` is {self.transform!r}, it must be one of {', '.join(TRANSFORMS)}"
            )
        if self.transform != "none" and self.kind != "regression":
            raise SeqcnnError(
                f"`transform` {self.transform!r} is for regression, not for {self.kind}: leave it"
            )
        least = 2 if self.kind in ("multiclass", SEGMENTATION) else 1
        if len(self.names) < least or (self.kind == "binary" and len(self.names) > 1):
            raise SeqcnnError(f"a {self.kind} target cannot have {len(self.names)} names")

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> "Target":
        """Read what `to_dict` gave."""
        return cls(
            facts["kind"],
            tuple(facts["names"]),
            facts["transform"],
            tuple(facts["centre"]),
            tuple(facts["spread"]),
            facts.get("width", 0),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @property
    def outputs(self) -> int:
        """Numbers that the network gives for each example, or for each of its positions."""
        return len(self.names)

    @property
    def classifies(self) -> bool:
        """Whether predictions are probabilities."""
        return self.kind in ("binary", "multiclass", "multilabel")

    def fitted(self, labels: np.ndarray) -> "Target":
        """Take centre and spread from the labels that are learnt; of classes there are none.

        Parameters
        ----------
        labels
            float64 (n, tasks), NaN where missing; of profiles (n, width, tasks).
        """
        if self.kind == PROFILE:
            totals = labels.sum(axis=1, dtype=np.float64).mean(axis=0)
            return replace(
                self,
                centre=tuple(log_totals(labels).mean(axis=0).tolist()),
                spread=tuple(np.maximum(totals, 1e-6).tolist()),
            )
        if self.classifies or self.kind in (SEGMENTATION, PER_BASE):
            return self
        spread = [1.0] * self.outputs
        centre = [0.0] * self.outputs
        for i, column in enumerate(_FORWARD[self.transform](labels).T):
            known = column[np.isfinite(column)]
            if self.kind == "counts" and known.sum() > 0:
                spread[i] = float(known.mean())
                centre[i] = float(np.log(spread[i]))
            elif self.kind == "regression" and len(known):
                centre[i] = float(known.mean())
                spread[i] = float(known.std()) if np.ptp(known) > 0 else 1.0
        return replace(self, centre=tuple(centre), spread=tuple(spread))

    def per_sequence(self, labels: np.ndarray) -> np.ndarray:
        """Sum labels up to one number of each task: float64 (n, tasks); most are so already."""
        if self.kind == PER_BASE:
            return shares_of_sites(labels)
        return log_totals(labels) if self.kind == PROFILE else labels

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """Turn labels into what the loss takes.

        Parameters
        ----------
        labels
            float64 (n, tasks), NaN where missing; of ``"multiclass"`` (n, 1), numbers of classes;
            of ``"profile"`` float32 (n, width, tasks); masks (n, *space); of ``"per-base"`` uint8
            (n, length, tasks).

        Returns
        -------
        numpy.ndarray
            float32, of the same shape; of profiles (n, 1 + width, tasks). Masks and sites stay
            uint8, 255 where missing.
        """
        if self.kind == PER_BASE:
            return labels
        if self.kind == SEGMENTATION:
            return checked_masks(labels, self.names)
        if self.kind == PROFILE:
            return encode_profiles(labels, np.array(self.centre), np.array(self.spread))
        if self.kind == "regression":
            values = _FORWARD[self.transform](labels)
            if self.centre:
                values = (values - np.array(self.centre)) / np.array(self.spread)
            return values.astype(np.float32)
        if self.kind == "counts" and self.spread:
            labels = labels / np.array(self.spread)
        return np.asarray(labels, np.float32)

    def rescaled(self, outputs: np.ndarray) -> np.ndarray:
        """Undo centre and spread: transformed numbers, logarithms of rates; log-odds stay as is.

        Parameters
        ----------
        outputs
            float64 (n, outputs), of any kind but profiles.
        """
        if self.kind == "counts" and self.centre:
            return outputs + np.array(self.centre)
        if self.kind == "regression" and self.centre:
            return outputs * np.array(self.spread) + np.array(self.centre)
        return outputs

    def decode(self, logits: np.ndarray) -> np.ndarray:
        """Turn outputs of a network into predictions.

        Parameters
        ----------
        logits
            float (n, outputs), of profiles (n, 1 + width, tasks), of segmentation (n, *space,
            outputs).

        Returns
        -------
        numpy.ndarray
            float64 (n, outputs): probabilities, values on the scale of the labels, or rates. Of
            profiles float32 (n, 1 + width, tasks): totals, then shares of the positions. Of
            segmentation and per-base float32, of the shape of `logits`: probabilities.
        """
        if self.kind == PER_BASE:
            return expit(np.asarray(logits, np.float32))
        if self.kind == SEGMENTATION:
            return softmax(np.asarray(logits, np.float32), axis=-1)
        if self.kind == PROFILE:
            return decode_profiles(logits, np.array(self.centre))
        z = np.asarray(logits, np.float64)
        if self.kind == "multiclass":
            return softmax(z, axis=1)
        if self.kind in ("binary", "multilabel"):
            return expit(z)
        z = self.rescaled(z)
        if self.kind == "counts":
            return np.exp(np.minimum(z, MOST_LOG_COUNT))
        if self.transform == "sqrt":
            z = np.maximum(z, 0.0)  # a root is never negative
        return _BACKWARD[self.transform](z)


def check_labels(
    target: Target, labels: np.ndarray, ids: Sequence[str], *, learnt: bool = True
) -> None:
    """Refuse labels that a target cannot have.

    Parameters
    ----------
    target
        What is predicted.
    labels
        As for `Target.encode`.
    ids
        n names, for messages.
    learnt
        Whether labels are to be learnt from, so that all classes must be there.

    Raises
    ------
    SeqcnnError
        A label is out of range, a class has no example, or all labels are the same.
    """
    if target.kind == SEGMENTATION:
        checked_masks(labels, target.names)
        return
    _check_range(target, labels, ids)
    if not learnt:
        return
    if target.kind == "multiclass":
        missing = np.setdiff1d(np.arange(target.outputs), labels)
        if len(missing):
            raise SeqcnnError(f"the class {target.names[int(missing[0])]!r} has no sequence")
        return
    for name, column in zip(target.names, target.per_sequence(labels).T, strict=True):
        values = np.unique(column[np.isfinite(column)])
        if len(values) < 2:
            found = "no label" if not len(values) else f"{values[0]:g} only"
            if target.classifies:
                raise SeqcnnError(
                    f"only one class: the labels of {name!r} are {found}; a network learns to tell "
                    f"two apart"
                )
            raise SeqcnnError(f"the labels of {name!r} are {found}: there is nothing to learn")


def _check_range(target: Target, labels: np.ndarray, ids: Sequence[str]) -> None:
    given = np.isfinite(labels)
    if target.kind in ("binary", "multilabel"):
        _refuse(given & ~np.isin(labels, (0, 1)), labels, ids, "labels must be 0 or 1")
    elif target.kind == "counts":
        wrong = given & ((labels < 0) | (labels != np.floor(labels)))
        _refuse(wrong, labels, ids, "counts must be 0, 1, 2, ...")
    elif target.transform in ("log1p", "sqrt"):
        least = "above -1" if target.transform == "log1p" else "0 or more"
        wrong = labels <= -1 if target.transform == "log1p" else labels < 0
        _refuse(given & wrong, labels, ids, f"`transform` {target.transform} takes labels {least}")


def guess_kind(labels: np.ndarray) -> str:
    """Guess the kind of target of a table of numbers, float64 (n, tasks).

    Examples
    --------
    >>> guess_kind(np.array([[0.0], [1.0]])), guess_kind(np.array([[0.3], [1.0]]))
    ('binary', 'regression')
    """
    if np.isin(labels[np.isfinite(labels)], (0, 1)).all():
        return "binary" if labels.shape[1] == 1 else "multilabel"
    return "regression"


def _refuse(wrong: np.ndarray, labels: np.ndarray, ids: Sequence[str], rule: str) -> None:
    if wrong.any():
        row, task = np.argwhere(wrong)[0]
        raise SeqcnnError(f"the label of {ids[int(row)]!r} is {labels[row, task]:g}: {rule}")
