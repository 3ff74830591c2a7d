"""Pictures made ready to train: labels, groups, moments, and what brightness tells by itself.

`seqcnn.training.ensemble` does the rest, as for sequences. Pictures may lie on disk
(`numpy.memmap`): they are read a batch at a time, and never all at once.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqcnn.data.tables import is_number
from seqcnn.errors import SeqcnnError
from seqcnn.image.labels import class_labels
from seqcnn.image.record import PictureSet
from seqcnn.seq.groups import joined_groups
from seqcnn.training.loop import Schedule
from seqcnn.training.predict import ModelLike, predictions_of_codes, target_of
from seqcnn.training.roles import Sample
from seqcnn.training.targets import KINDS, Target, check_labels, guess_kind

BINS = 8
"""Of the histogram of brightness of each channel."""

VALUES = 1 << 24
"""Values of pixels that are held as numbers at once, at most."""

TOPS = {"bool": 1.0, "uint8": 255.0, "uint16": 65_535.0}
"""What white is in pixels of each dtype; floats are on the scale from 0 to 1 already."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PictureSample(Sample):
    """Pictures with labels: a `Sample` whose `x` is (n, *space, channels), of any depth."""

    what = "pictures"

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Compute what a baseline may see: mean, deviation and histogram of each channel."""
        return brightness(self.x, rows)

    def facts(self) -> dict[str, Any]:
        """Give what a model remembers of what it was trained on."""
        return {"shape": list(self.x.shape[1:]), "dtype": str(self.x.dtype)}


def picture_sample(
    pictures: PictureSet, *, task: str = "auto", transform: str = "none"
) -> tuple[PictureSample, Target]:
    """Make pictures ready to train, and say what is predicted.

    Those of equal pixels hang together, like those of one group.

    Parameters
    ----------
    pictures
        With labels; pictures without any are left out.
    task
        A kind of target, or ``"auto"``: one of several classes if labels are names of classes, else
        guessed from the numbers. What can be read either way is read as asked: two classes as yes
        or no (``"binary"``, of the second one), classes that are called by numbers as these
        numbers, whole numbers as classes.
    transform
        Of the labels of a regression.

    Raises
    ------
    SeqcnnError
        There are no labels, or they do not fit the task.
    """
    if task not in ("auto", *KINDS):
        raise SeqcnnError(f"`task` is {task!r}, it must be auto, or one of {', '.join(KINDS)}")
    if pictures.labels is None:
        raise SeqcnnError(
            "nothing is known of the pictures: put each class in a folder of its own, or give a "
            "table of labels (--labels)"
        )
    pictures = _as_asked(pictures, task)
    target = _target_of(pictures, task, transform)
    known = np.isfinite(np.asarray(pictures.labels)).any(axis=1)
    if not known.all():
        logger.info("pictures without a label, left out: %d", int((~known).sum()))
        pictures = pictures.select(np.flatnonzero(known))
    labels = np.asarray(pictures.labels, np.float64)
    check_labels(target, labels, pictures.ids)
    groups = same_pictures(pictures.x)
    if pictures.groups is not None:
        groups = joined_groups(groups, pictures.groups)
    columns = () if pictures.classes else pictures.tasks
    n = len(pictures)
    sample = PictureSample(
        pictures.x, labels, groups, np.ones(n, bool), None, 0, pictures.ids, columns=columns
    )
    return sample, target


def _as_asked(pictures: PictureSet, task: str) -> PictureSet:
    """Read labels as classes or as numbers, whichever the task needs, if they can be both."""
    names, labels = pictures.classes, np.asarray(pictures.labels)
    if not names and task == "multiclass":
        return _numbered_classes(pictures, labels)
    if not names or task in ("auto", "multiclass"):
        return pictures
    if task == "binary" and len(names) == 2:
        if names == ("0", "1"):
            return replace(pictures, classes=())
        logger.info("binary: what is predicted is the probability of %s", names[1])
        return replace(pictures, classes=(), tasks=names[1:])
    if task in ("regression", "counts") and all(map(is_number, names)):
        numbers = np.array([float(name) for name in names])
        known = np.isfinite(labels)
        values = np.where(known, numbers[np.where(known, labels, 0).astype(int)], np.nan)
        return replace(pictures, classes=(), labels=values)
    raise SeqcnnError(
        f"`task` is {task}, but labels are {len(names)} classes: {', '.join(names[:5])}; leave "
        f"--task out"
    )


def _numbered_classes(pictures: PictureSet, labels: np.ndarray) -> PictureSet:
    given = labels[np.isfinite(labels)]
    if labels.shape[1] > 1 or (given % 1).any():
        what = f"{labels.shape[1]} columns of numbers" if labels.shape[1] > 1 else "fractions"
        raise SeqcnnError(
            f"`task` is multiclass, but labels are {what}: it takes one column (--columns) of "
            f"names, or of whole numbers"
        )
    named = class_labels([f"{n:.0f}" if np.isfinite(n) else "" for n in labels[:, 0]])
    if len(named.classes) < 2:
        raise SeqcnnError(f"only one class: all labels are {', '.join(named.classes)}")
    return replace(pictures, classes=named.classes, labels=named.values)


def _target_of(pictures: PictureSet, task: str, transform: str) -> Target:
    if pictures.classes:
        return Target("multiclass", pictures.classes, transform)
    if task == "auto":
        task = guess_kind(np.asarray(pictures.labels)) if transform == "none" else "regression"
        logger.info("the labels look like %s; --task says otherwise", task)
    return Target(task, pictures.tasks, transform)


def same_pictures(x: Iterable[np.ndarray]) -> np.ndarray:
    """Give pictures of equal pixels one number, int64 (n,)."""
    digests = [hashlib.sha256(np.ascontiguousarray(picture).data).digest() for picture in x]
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(digest, i) for i, digest in enumerate(digests)], np.int64)


def pixel_moments(
    x: np.ndarray, rows: np.ndarray | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Compute mean and standard deviation of each channel, on the scale from 0 to 1.

    Parameters
    ----------
    x
        (n, *space, channels) of any depth.
    rows
        int64 (m,): these only, those that are learnt from; None for all.

    Examples
    --------
    >>> pixel_moments(np.array([[[[0]], [[255]]]], np.uint8))
    ((0.5,), (0.5,))
    """
    rows = np.arange(len(x)) if rows is None else rows
    total, squares, number = 0.0, 0.0, 0
    for part in _pieces(x, rows):
        values = part.reshape(-1, x.shape[-1])
        total = total + values.sum(axis=0)
        squares = squares + np.square(values).sum(axis=0)
        number += len(values)
    mean = np.asarray(total) / max(number, 1)
    variance = np.maximum(np.asarray(squares) / max(number, 1) - mean**2, 0)
    # a channel that never changes is left as it is
    spread = np.where(variance > 1e-12, np.sqrt(variance), 1.0)
    return tuple(mean.tolist()), tuple(spread.tolist())


def brightness(x: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Describe pictures by their pixels, wherever these lie: float64 (m, channels * (2 + 8)).

    Parameters
    ----------
    x, rows
        As for `pixel_moments`.

    Returns
    -------
    numpy.ndarray
        Of each channel the mean, the standard deviation, and the shares of pixels in `BINS` ranges
        of brightness from 0 to 1.
    """
    rows = np.arange(len(x)) if rows is None else rows
    parts = []
    for part in _pieces(x, rows):
        values = part.reshape(len(part), -1, x.shape[-1])
        bins = np.clip((values * BINS).astype(np.int64), 0, BINS - 1)
        shares = [(bins == number).mean(axis=1) for number in range(BINS)]
        parts.append(np.concatenate([values.mean(axis=1), values.std(axis=1), *shares], axis=1))
    return np.concatenate(parts) if parts else np.zeros((0, x.shape[-1] * (2 + BINS)))


def _pieces(x: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield some pictures at a time, float64 on the scale from 0 to 1."""
    size = max(1, VALUES // max(1, x[:1].size))
    for begin in range(0, len(rows), size):
        part = x[rows[begin : begin + size]]
        yield part.astype(np.float64) / TOPS.get(str(part.dtype), 1.0)


def picture_schedule(n: int) -> Schedule:
    """Choose a schedule by the number of pictures: a round is a pass, or 400 steps.

    Examples
    --------
    >>> picture_schedule(60_000).steps, picture_schedule(60_000).rounds
    (400, 20)
    >>> picture_schedule(300).batch, picture_schedule(300).steps
    (32, 20)
    """
    batch = 128 if n >= 10_000 else 64 if n >= 1000 else 32
    steps = int(np.clip(n // batch, 20, 400))
    rounds = 20 if n >= 10_000 else 40
    return Schedule(
        batch=batch, steps=steps, rounds=rounds, patience=8, learning_rate=3e-3, weight_decay=0.02
    )


def predict_pictures(model: ModelLike, x: np.ndarray) -> np.ndarray:
    """Score pictures.

    Parameters
    ----------
    model
        One or more networks, as `load_model` gives.
    x
        (n, *space, channels), of the extents that the networks were trained on.

    Returns
    -------
    numpy.ndarray
        float64 (n, outputs): probabilities of classes, or numbers; the mean over the networks.

    Raises
    ------
    SeqcnnError
        The model is none for pictures, or for others.
    """
    check_pictures(model.extra, x)
    return predictions_of_codes(model.members, x, target_of(model))


def check_pictures(facts: Mapping[str, Any], x: np.ndarray) -> None:
    """Refuse pictures that a model was not made for; `facts` are its `extra`."""
    shape = facts.get("shape")
    if shape is None:
        raise SeqcnnError("the model reads no pictures: for sequences take `seqcnn predict`")
    if list(x.shape[1:]) == list(shape):
        return
    raise SeqcnnError(
        f"the pictures are {' x '.join(map(str, x.shape[1:]))}, the model reads "
        f"{' x '.join(map(str, shape))} (rows, columns, channels): resize them with --size"
    )
