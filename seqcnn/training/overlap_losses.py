"""Losses of how well masks overlap: Tversky, Dice, Jaccard, Lovasz, and Matthews' correlation.

Arguments are those of `seqcnn.training.segmentation_losses`.
"""

from collections.abc import Sequence
from typing import TypedDict, Unpack

import jax
import jax.numpy as jnp

from seqcnn.stats.segmentation import IGNORED
from seqcnn.training.segmentation_cells import Mode, averaged, cells_of

NO_ERROR = -1.0
"""Error of a position where nothing is known: it comes behind all others, and is cut off."""


class OverlapOptions(TypedDict, total=False):
    """What all special cases of `tversky_loss` take, as said there."""

    log_loss: bool
    smooth: float
    eps: float
    class_weights: Sequence[float] | None
    ignored: int | None


def tversky_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    gamma: float = 1.0,
    log_loss: bool = False,
    smooth: float = 0.0,
    eps: float = 1e-7,
    class_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute one minus the Tversky index, averaged over the classes.

    Parameters
    ----------
    outputs, targets, mode, ignored
        As in `segmentation_losses`.
    alpha, beta
        How much false positives and false negatives count.
    gamma
        Power to which the mean is raised.
    log_loss
        Whether minus the logarithm takes the place of one minus.
    smooth, eps
        Added above and below, and the least value below.
    class_weights
        How much each class counts; None for all the same.

    Returns
    -------
    jax.Array
        float scalar.

    Notes
    -----
    The index of a class is tp / (tp + alpha fp + beta fn), in sums of probabilities over all
    positions of the batch (Salehi et al. 2017, arXiv:1706.05721). A class that is nowhere in the
    targets counts as perfect.
    """
    cells = cells_of(outputs, targets, mode, ignored)
    share = jnp.where(cells.known, cells.shares(mode), 0)
    truth = jnp.where(cells.known, cells.truth, 0)
    right, told, true = (x.sum(axis=(0, 1)) for x in (share * truth, share, truth))
    wrong = alpha * (told - right) + beta * (true - right)
    index = (right + smooth) / jnp.maximum(right + wrong + smooth, eps)
    lost = -jnp.log(jnp.maximum(index, eps)) if log_loss else 1 - index
    return averaged(jnp.where(true > 0, lost, 0), class_weights) ** gamma


def dice_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    **options: Unpack[OverlapOptions],
) -> jax.Array:
    """Compute one minus the soft Dice coefficient (Milletari et al. 2016, arXiv:1606.04797).

    Options are those of `tversky_loss`, of which it is the case alpha = beta = 1/2, gamma = 1.

    Examples
    --------
    >>> surely_right = jnp.array([[[9.0, -9.0], [-9.0, 9.0]]])
    >>> round(float(dice_loss(surely_right, jnp.array([[0, 1]]))), 4)
    0.0
    """
    return tversky_loss(outputs, targets, mode, alpha=0.5, beta=0.5, gamma=1.0, **options)


def jaccard_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    **options: Unpack[OverlapOptions],
) -> jax.Array:
    """Compute one minus the soft intersection over union.

    Options are those of `tversky_loss`, of which it is the case alpha = beta = gamma = 1.
    """
    return tversky_loss(outputs, targets, mode, alpha=1.0, beta=1.0, gamma=1.0, **options)


def lovasz_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    *,
    per_image: bool = False,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute the Lovasz extension of one minus the intersection over union.

    Parameters
    ----------
    outputs, targets, mode, ignored
        As in `segmentation_losses`.
    per_image
        Whether to average over the examples, rather than take all positions of the batch together.

    Returns
    -------
    jax.Array
        float scalar. Of ``"multiclass"`` that of probabilities (Lovasz-softmax), averaged over the
        classes that occur; else that of hinges (Lovasz hinge), of all classes together.

    Notes
    -----
    Berman, Triki and Blaschko 2018, arXiv:1705.08790.
    """
    cells = cells_of(outputs, targets, mode, ignored)
    if mode == "multiclass":
        errors = jnp.abs(cells.truth - cells.shares(mode))
    else:
        errors = 1 - cells.logits * (2 * cells.truth - 1)
    errors = jnp.where(cells.known, errors, NO_ERROR)
    truth = jnp.where(cells.known, cells.truth, 0)
    groups, classes = len(errors) if per_image else 1, errors.shape[-1]
    columns = classes if mode == "multiclass" else 1
    errors, truth = (x.reshape(groups, -1, columns) for x in (errors, truth))
    lost = jax.vmap(jax.vmap(_lovasz, in_axes=1), in_axes=0)(errors, truth)
    if mode != "multiclass":
        return lost.mean()
    there = truth.sum(axis=1) > 0
    return ((lost * there).sum(axis=1) / jnp.maximum(there.sum(axis=1), 1)).mean()


def _lovasz(errors: jax.Array, truth: jax.Array) -> jax.Array:
    """Weigh the errors of one class by how much each, in falling order, adds to the loss."""
    order = jnp.argsort(-jax.lax.stop_gradient(errors))
    errors, truth = errors[order], truth[order]
    positives = truth.sum()
    both, either = positives - jnp.cumsum(truth), positives + jnp.cumsum(1 - truth)
    loss = 1 - both / either
    steps = jnp.diff(loss, prepend=0)
    return (jnp.maximum(errors, 0) * steps).sum()


def mcc_loss(
    outputs: jax.Array,
    targets: jax.Array,
    *,
    eps: float = 1e-5,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute one minus the correlation of Matthews, of probabilities.

    Parameters
    ----------
    outputs, targets, ignored
        As in `segmentation_losses`, of ``"binary"``.
    eps
        Added to each of the four counts.

    Notes
    -----
    Abhishek and Hamarneh 2021, arXiv:2010.13454.
    """
    cells = cells_of(outputs, targets, "binary", ignored)
    share, truth = cells.shares("binary"), cells.truth
    tp, fp, fn, tn = (
        jnp.where(cells.known, x, 0).sum() + eps
        for x in (
            share * truth,
            share * (1 - truth),
            (1 - share) * truth,
            (1 - share) * (1 - truth),
        )
    )
    return 1 - (tp * tn - fp * fn) / jnp.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
