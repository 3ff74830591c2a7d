"""Losses: one for each kind of target, with missing labels, class weights and sample weights."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax

from seqcnn.stats.segmentation import IGNORED
from seqcnn.training.per_base import per_base_loss
from seqcnn.training.profiles import profile_losses
from seqcnn.training.segmentation import pixel_class_weights, segmentation_loss
from seqcnn.training.segmentation_losses import combined_loss
from seqcnn.training.targets import PER_BASE, PROFILE, SEGMENTATION, Target


def losses(
    kind: str, outputs: jax.Array, targets: jax.Array, *, smoothing: float = 0.0
) -> jax.Array:
    """Compute the loss of each example and task.

    Parameters
    ----------
    kind
        Of the target, see `Target`.
    outputs
        float32 (n, outputs): logits, values, or logarithms of rates; (n, 1 + width, tasks) of
        profiles.
    targets
        float32 (n, tasks): what `Target.encode` gave, NaN where missing; shaped as `outputs` of
        profiles, and of ``"multiclass"`` if they are shares of the classes, as mixup makes them.
    smoothing
        Share of a label that goes to all classes alike (label smoothing: Szegedy et al. 2016,
        doi:10.1109/CVPR.2016.308); without effect on kinds that do not classify.

    Returns
    -------
    jax.Array
        float32 (n, tasks), 0 where the label is missing: cross-entropy in nats, half the squared
        error, the Poisson deviance's varying part in units of the mean count, rate - count
        log(rate), or `profile_losses`.
    """
    given = ~jnp.isnan(targets)
    # a number in the place of NaN: the gradient of NaN times 0 is NaN
    known = jnp.where(given, targets, 0)
    if kind == PROFILE:
        given = given.all(axis=1)
        result = profile_losses(outputs, known)
    elif kind == "multiclass":
        if known.shape[1] > 1:
            result = optax.softmax_cross_entropy(outputs, known)[:, None]
            given = given.all(axis=1, keepdims=True)
        else:
            label = known[:, 0].astype(jnp.int32)
            result = optax.softmax_cross_entropy_with_integer_labels(outputs, label)[:, None]
        if smoothing:
            even = -jax.nn.log_softmax(outputs).mean(axis=1, keepdims=True)
            result = (1 - smoothing) * result + smoothing * even
    elif kind in ("binary", "multilabel"):
        known = (1 - smoothing) * known + smoothing / 2 if smoothing else known
        result = optax.sigmoid_binary_cross_entropy(outputs, known)
    elif kind == "counts":
        result = jnp.exp(outputs) - known * outputs
    else:
        result = (outputs - known) ** 2 / 2
    return jnp.where(given, result, 0)


def mean_loss(
    kind: str,
    outputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array,
    class_weights: Sequence[Sequence[float]] | None = None,
    *,
    smoothing: float = 0.0,
    masks: str = "",
) -> jax.Array:
    """Average the losses of a batch over all labels that are given.

    Parameters
    ----------
    kind, outputs, targets
        As for `losses`; masks and what is given for each position as for `segmentation_loss`.
    weights
        float32 (n,): how much each example counts.
    class_weights
        For each task how much label 0 and label 1 count; for ``"multiclass"`` and
        ``"segmentation"`` one row, with how much each class counts. None for all the same.
    smoothing
        As for `losses`; masks are not smoothed.
    masks
        What takes the place of `segmentation_loss`, see `Recipe`; examples count or not, by
        whether their weight is above 0.

    Returns
    -------
    jax.Array
        float32 scalar: the weighted mean, 0 if no label is given.
    """
    if kind == PER_BASE:
        return per_base_loss(outputs, targets, weights)
    if kind == SEGMENTATION and masks:
        counts = (weights > 0).reshape(-1, *(1,) * (targets.ndim - 1))
        row = None if class_weights is None else tuple(class_weights[0])
        return combined_loss(masks, row)(outputs, jnp.where(counts, targets, IGNORED))
    if kind == SEGMENTATION:
        return segmentation_loss(outputs, targets, weights, class_weights)
    given = ~jnp.isnan(targets)
    given = given.all(axis=1) if kind == PROFILE else given
    shares = kind == "multiclass" and targets.shape[1] > 1
    given = given.all(axis=1, keepdims=True) if shares else given
    weight = jnp.where(given, weights[:, None], 0)
    if class_weights is not None and shares:
        each = jnp.where(given, targets, 0) * jnp.array(class_weights, jnp.float32)
        weight = weight * each.sum(axis=1, keepdims=True)
    elif class_weights is not None and kind in ("binary", "multilabel"):
        of_no, of_yes = jnp.array(class_weights, jnp.float32).T[:, None]
        weight = weight * (of_no + (of_yes - of_no) * jnp.where(given, targets, 0))
    elif class_weights is not None:
        table = jnp.array(class_weights, jnp.float32)
        label = jnp.where(given, targets, 0).astype(jnp.int32)
        weight = weight * jnp.take_along_axis(table.T, label, axis=0)
    total = (losses(kind, outputs, targets, smoothing=smoothing) * weight).sum()
    return total / jnp.maximum(weight.sum(), 1e-12)


def balanced_class_weights(target: Target, labels: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Choose weights under which the classes of each task count alike.

    Parameters
    ----------
    target
        Of a kind that classifies.
    labels
        float (n, tasks), NaN where missing; masks uint8 (n, *space).

    Returns
    -------
    tuple of tuple of float
        For `mean_loss`; their mean over the examples is 1, and 0 goes to classes without any.
    """
    if target.kind == SEGMENTATION:
        return pixel_class_weights(labels, target.outputs)
    classes = target.outputs if target.kind == "multiclass" else 2
    rows = []
    for task in labels.T:
        counts = np.bincount(task[np.isfinite(task)].astype(int), minlength=classes)
        present = max(int((counts > 0).sum()), 1)
        rows.append(
            tuple(float(counts.sum() / (present * n)) if n else 0.0 for n in counts.tolist())
        )
    return tuple(rows)
