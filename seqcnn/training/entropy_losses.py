"""Losses of masks position by position: cross-entropies, and the focal loss.

Arguments are those of `seqcnn.training.segmentation_losses`.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import optax

from seqcnn.stats.segmentation import IGNORED
from seqcnn.training.segmentation_cells import Mode, averaged, cells_of


def focal_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    *,
    alpha: float | None = None,
    gamma: float = 2.0,
    reduced_threshold: float | None = None,
    normalized: bool = False,
    eps: float = 1e-6,
    class_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute cross-entropy that counts little where the network is right anyway.

    Parameters
    ----------
    outputs, targets, mode, ignored
        As in `segmentation_losses`. Each class is a question of its own, yes or no, also in
        ``"multiclass"``.
    alpha
        How much positives count, and 1 - alpha negatives; None for 1 each.
    gamma
        A position counts (1 - p) to this power, p the probability of what is true.
    reduced_threshold
        Positions with p below it count 1, others ((1 - p) / reduced_threshold) to the power.
    normalized
        Whether to divide by the sum of these factors, `eps` at least.
    class_weights
        How much each class counts; None for all the same.

    Returns
    -------
    jax.Array
        float scalar: the mean over the known positions, then over the classes.

    Notes
    -----
    Lin et al. 2017, arXiv:1708.02002.
    """
    cells = cells_of(outputs, targets, mode, ignored)
    truth = jnp.where(cells.known, cells.truth, 0)
    lost = optax.sigmoid_binary_cross_entropy(cells.logits, truth)
    right = jnp.exp(-lost)
    if reduced_threshold is None:
        factor = (1 - right) ** gamma
    else:
        factor = ((1 - right) / reduced_threshold) ** gamma
        factor = jnp.where(right < reduced_threshold, 1, factor)
    lost = factor * lost
    if alpha is not None:
        lost = lost * (alpha * truth + (1 - alpha) * (1 - truth))
    axes = (0, 1)
    if normalized:
        lost = lost / jnp.maximum(jnp.where(cells.known, factor, 0).sum(axes, keepdims=True), eps)
    total = jnp.where(cells.known, lost, 0).sum(axes)
    return averaged(total / jnp.maximum(cells.known.sum(axes), 1), class_weights)


def soft_cross_entropy(
    outputs: jax.Array,
    targets: jax.Array,
    *,
    smoothing: float = 0.0,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Average the cross-entropy of several classes, in nats, with smoothed labels.

    Parameters
    ----------
    outputs, targets, ignored
        As in `segmentation_losses`, of ``"multiclass"``.
    smoothing
        Share of each label that goes to all classes alike.

    Returns
    -------
    jax.Array
        float scalar: the mean over all positions, with 0 where nothing is known.
    """
    cells = cells_of(outputs, targets, "multiclass", ignored)
    logged = jnp.where(cells.known, -jax.nn.log_softmax(cells.logits, axis=-1), 0)
    own = (logged * cells.truth).sum(axis=-1).mean()
    return (1 - smoothing) * own + smoothing * logged.mean(axis=-1).mean()


def weighted_cross_entropy(
    outputs: jax.Array,
    targets: jax.Array,
    *,
    class_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Average the cross-entropy of several classes, in nats; each class has its weight.

    Parameters
    ----------
    outputs, targets, ignored
        As in `segmentation_losses`, of ``"multiclass"``.
    class_weights
        How much each class counts; None for all the same.

    Returns
    -------
    jax.Array
        float scalar: the weighted mean over the known positions, as PyTorch's `cross_entropy`.
    """
    cells = cells_of(outputs, targets, "multiclass", ignored)
    row = jnp.ones(outputs.shape[-1]) if class_weights is None else jnp.array(class_weights)
    weights = jnp.where(cells.known, cells.truth, 0) * row.reshape(1, 1, -1)
    lost = -jax.nn.log_softmax(cells.logits, axis=-1)
    return (lost * weights).sum() / jnp.maximum(weights.sum(), 1e-12)


def soft_binary_cross_entropy(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "binary",
    *,
    smoothing: float = 0.0,
    positive_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Average the cross-entropy of yes and no, in nats, with smoothed labels.

    Parameters
    ----------
    outputs, targets, mode, ignored
        As in `segmentation_losses`, of ``"binary"`` or ``"multilabel"``.
    smoothing
        Labels are this and 1 minus this, instead of 0 and 1.
    positive_weights
        How much the positives of each class count; None for 1.

    Returns
    -------
    jax.Array
        float scalar: the mean over all positions and classes, with 0 where nothing is known.
    """
    cells = cells_of(outputs, targets, mode, ignored)
    truth = cells.truth * (1 - smoothing) + (1 - cells.truth) * smoothing
    row = [1.0] * outputs.shape[-1] if positive_weights is None else positive_weights
    yes = truth * jax.nn.log_sigmoid(cells.logits) * jnp.array(row).reshape(1, 1, -1)
    no = (1 - truth) * jax.nn.log_sigmoid(-cells.logits)
    return jnp.where(cells.known, -(yes + no), 0).mean()
