"""Losses for segmentation, of one class or not, of several classes, and of several at once.

All take logits float (n, *space, classes) and a `mode`:

- ``"multiclass"``, a class for each position: targets int (n, *space), numbers of classes;
- ``"multilabel"``, any of several: targets 0 or 1, (n, *space, classes);
- ``"binary"``, one class or not: classes is 1, targets (n, *space) or (n, *space, 1).

Where targets are `ignored` (255 unless said otherwise, None for nowhere) nothing is known. Values
and gradients are those of segmentation_models.pytorch 0.6, whose losses bear the same names.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax

from seqcnn.errors import SeqcnnError
from seqcnn.stats.segmentation import IGNORED

Mode = Literal["binary", "multiclass", "multilabel"]

MODES = ("binary", "multiclass", "multilabel")

NO_ERROR = -1.0
"""Error of a position where nothing is known: it comes behind all others, and is cut off."""


class _Cells(NamedTuple):
    """Logits, what is true, and what is known: (n, positions, classes) each."""

    logits: jax.Array
    truth: jax.Array
    known: jax.Array

    def shares(self, mode: Mode) -> jax.Array:
        """Turn logits into probabilities."""
        if mode == "multiclass":
            return jax.nn.softmax(self.logits, axis=-1)
        return jax.nn.sigmoid(self.logits)


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
        As said above.
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
    cells = _cells(outputs, targets, mode, ignored)
    share = jnp.where(cells.known, cells.shares(mode), 0)
    truth = jnp.where(cells.known, cells.truth, 0)
    right, told, true = (x.sum(axis=(0, 1)) for x in (share * truth, share, truth))
    wrong = alpha * (told - right) + beta * (true - right)
    index = (right + smooth) / jnp.maximum(right + wrong + smooth, eps)
    lost = -jnp.log(jnp.maximum(index, eps)) if log_loss else 1 - index
    return _averaged(jnp.where(true > 0, lost, 0), class_weights) ** gamma


def dice_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    *,
    log_loss: bool = False,
    smooth: float = 0.0,
    eps: float = 1e-7,
    class_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute one minus the soft Dice coefficient (Milletari et al. 2016, arXiv:1606.04797).

    Parameters as of `tversky_loss`, of which it is the case alpha = beta = 1/2.

    Examples
    --------
    >>> surely_right = jnp.array([[[9.0, -9.0], [-9.0, 9.0]]])
    >>> round(float(dice_loss(surely_right, jnp.array([[0, 1]]))), 4)
    0.0
    """
    return tversky_loss(
        outputs, targets, mode, log_loss=log_loss, smooth=smooth, eps=eps,
        class_weights=class_weights, ignored=ignored,
    )  # fmt: skip


def jaccard_loss(
    outputs: jax.Array,
    targets: jax.Array,
    mode: Mode = "multiclass",
    *,
    log_loss: bool = False,
    smooth: float = 0.0,
    eps: float = 1e-7,
    class_weights: Sequence[float] | None = None,
    ignored: int | None = IGNORED,
) -> jax.Array:
    """Compute one minus the soft intersection over union.

    Parameters as of `tversky_loss`, of which it is the case alpha = beta = 1.
    """
    return tversky_loss(
        outputs, targets, mode, alpha=1.0, beta=1.0, log_loss=log_loss, smooth=smooth, eps=eps,
        class_weights=class_weights, ignored=ignored,
    )  # fmt: skip


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
        As said above. Each class is a question of its own, yes or no, also in ``"multiclass"``.
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
    cells = _cells(outputs, targets, mode, ignored)
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
    return _averaged(total / jnp.maximum(cells.known.sum(axes), 1), class_weights)


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
        As said above.
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
    cells = _cells(outputs, targets, mode, ignored)
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
        As said above, of ``"multiclass"``.
    smoothing
        Share of each label that goes to all classes alike.

    Returns
    -------
    jax.Array
        float scalar: the mean over all positions, with 0 where nothing is known.
    """
    cells = _cells(outputs, targets, "multiclass", ignored)
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
        As said above, of ``"multiclass"``.
    class_weights
        How much each class counts; None for all the same.

    Returns
    -------
    jax.Array
        float scalar: the weighted mean over the known positions, as PyTorch's `cross_entropy`.
    """
    cells = _cells(outputs, targets, "multiclass", ignored)
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
        As said above, of ``"binary"`` or ``"multilabel"``.
    smoothing
        Labels are this and 1 minus this, instead of 0 and 1.
    positive_weights
        How much the positives of each class count; None for 1.

    Returns
    -------
    jax.Array
        float scalar: the mean over all positions and classes, with 0 where nothing is known.
    """
    cells = _cells(outputs, targets, mode, ignored)
    truth = cells.truth * (1 - smoothing) + (1 - cells.truth) * smoothing
    row = [1.0] * outputs.shape[-1] if positive_weights is None else positive_weights
    yes = truth * jax.nn.log_sigmoid(cells.logits) * jnp.array(row).reshape(1, 1, -1)
    no = (1 - truth) * jax.nn.log_sigmoid(-cells.logits)
    return jnp.where(cells.known, -(yes + no), 0).mean()


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
        As said above, of ``"binary"``.
    eps
        Added to each of the four counts.

    Notes
    -----
    Abhishek and Hamarneh 2021, arXiv:2010.13454.
    """
    cells = _cells(outputs, targets, "binary", ignored)
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


NAMED: dict[str, Callable[..., jax.Array]] = {
    "ce": weighted_cross_entropy,
    "dice": dice_loss,
    "jaccard": jaccard_loss,
    "tversky": tversky_loss,
    "focal": focal_loss,
    "lovasz": lovasz_loss,
}
"""Losses of several classes, by the names that `combined_loss` knows."""


@functools.cache
def combined_loss(text: str) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Make a sum of losses of several classes from its description.

    Parameters
    ----------
    text
        Names of `NAMED`, joined by ``+``, with factors where wanted: ``"ce+dice"``,
        ``"focal+0.5*jaccard"``.

    Returns
    -------
    callable
        Takes outputs and targets as said above.

    Raises
    ------
    SeqcnnError
        A name is unknown, or a factor is no positive number.

    Examples
    --------
    >>> loss = combined_loss("ce+0.5*dice")
    >>> round(float(loss(jnp.zeros((1, 2, 2)), jnp.array([[0, 1]]))), 4)
    0.9431
    """
    parts = [_part(term.strip()) for term in text.split("+")]

    def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
        return sum((f * each(outputs, targets) for f, each in parts), jnp.zeros(()))

    return loss


def _part(term: str) -> tuple[float, Callable[..., jax.Array]]:
    factor, star, name = term.rpartition("*")
    try:
        number = float(factor) if star else 1.0
    except ValueError:
        number = -1.0
    if name.strip() not in NAMED or not number > 0:
        raise SeqcnnError(
            f"`loss` holds {term!r}: it must be made of {', '.join(NAMED)}, like ce+0.5*dice"
        )
    return number, NAMED[name.strip()]


def _cells(outputs: jax.Array, targets: jax.Array, mode: Mode, ignored: int | None) -> _Cells:
    """Bring logits and targets to (n, positions, classes)."""
    if mode not in MODES:
        raise SeqcnnError(f"`mode` must be one of {', '.join(MODES)}, not {mode!r}")
    n, classes = len(outputs), outputs.shape[-1]
    wanted = outputs.shape[:-1] if mode == "multiclass" else outputs.shape
    if mode == "binary" and classes == 1 and targets.shape == outputs.shape[:-1]:
        targets = targets[..., None]
    if targets.shape != wanted or (mode == "binary" and classes != 1):
        raise SeqcnnError(
            f"outputs of shape {tuple(outputs.shape)} and targets of shape {tuple(targets.shape)} "
            f"do not go together in mode {mode!r}"
        )
    logits = outputs.reshape(n, -1, classes)
    if mode == "multiclass":
        labels = targets.reshape(n, -1, 1)
        truth = labels == jnp.arange(classes, dtype=labels.dtype).reshape(1, 1, -1)
    else:
        labels = truth = targets.reshape(n, -1, classes)
    known = jnp.ones_like(labels, bool) if ignored is None else labels != ignored
    truth = jnp.where(known, truth, 0).astype(logits.dtype)
    return _Cells(logits, truth, jnp.broadcast_to(known, logits.shape))


def _averaged(values: jax.Array, weights: Sequence[float] | None) -> jax.Array:
    """Average numbers of the classes."""
    if weights is None:
        return values.mean()
    row = jnp.array(weights, values.dtype)
    return (values * row).sum() / row.sum()
