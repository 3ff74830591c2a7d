"""Segmentation: a class for each position; its loss, and its labels.

Labels are uint8 (n, *space), numbers of classes, 255 where nothing is known; they stay so on the
host. Outputs are float32 (n, *space, classes), logits.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.stats.segmentation import IGNORED


def segmentation_loss(
    outputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array,
    class_weights: Sequence[Sequence[float]] | None = None,
    *,
    cross_entropy: float = 1.0,
    dice: float = 1.0,
) -> jax.Array:
    """Add the mean cross-entropy of the positions and the soft Dice loss of the classes.

    Parameters
    ----------
    outputs
        float32 (n, *space, classes): logits.
    targets
        uint8 (n, *space), 255 where nothing is known; or float32, NaN there.
    weights
        float32 (n,): how much each example counts.
    class_weights
        One row: how much the positions of each class count, and its Dice. None for all the same.
    cross_entropy, dice
        How much either part counts.

    Returns
    -------
    jax.Array
        float32 scalar; 0 if nothing is known.

    Notes
    -----
    Soft Dice (Milletari et al. 2016, arXiv:1606.04797) is 2 sum(p t) / (sum(p) + sum(t)) over all
    known positions of the batch, p the probability of a class and t 1 where it is; its loss is 1
    minus the mean over the classes that occur.
    """
    if outputs.shape[:-1] != targets.shape:
        raise SeqcnnError(
            f"the network gives {tuple(outputs.shape)}, masks are {tuple(targets.shape)}: it has "
            f"to give a class to each position"
        )
    row = (1.0,) * outputs.shape[-1] if class_weights is None else tuple(class_weights[0])
    return _loss(outputs, targets, weights, row=row, parts=(cross_entropy, dice))


@partial(jax.jit, static_argnames=("row", "parts"))
def _loss(
    outputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array,
    *,
    row: tuple[float, ...],
    parts: tuple[float, float],
) -> jax.Array:
    """Compute the loss; compiled whole, as training looks at it between its steps too."""
    classes, balance = outputs.shape[-1], jnp.asarray(row, jnp.float32)
    floating = jnp.issubdtype(targets.dtype, jnp.floating)
    known = ~jnp.isnan(targets) if floating else targets != IGNORED
    label = jnp.where(known, targets, 0).astype(jnp.int32)
    last = (*(1,) * label.ndim, classes)
    true = label[..., None] == jnp.arange(classes, dtype=jnp.int32).reshape(last)
    weight = known * weights.reshape(-1, *(1,) * (label.ndim - 1))

    logged = jax.nn.log_softmax(outputs, axis=-1)
    entropy = -jnp.where(true, logged, 0).sum(axis=-1)
    balanced = weight * jnp.where(true, balance.reshape(last), 0).sum(axis=-1)
    mean_entropy = (entropy * balanced).sum() / jnp.maximum(balanced.sum(), 1e-12)

    axes = tuple(range(label.ndim))
    shown = weight[..., None]
    share, there = jnp.exp(logged) * shown, true * shown
    both, sizes = (share * true).sum(axes), (share + there).sum(axes)
    # a class that is nowhere in the batch has no overlap to learn
    counted = balance * (there.sum(axes) > 0)
    overlap = 2 * both / jnp.maximum(sizes, 1e-12)
    lost = (counted * (1 - overlap)).sum() / jnp.maximum(counted.sum(), 1e-12)
    return parts[0] * mean_entropy + parts[1] * lost


def checked_masks(masks: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Bring labels into the form that is learnt.

    Parameters
    ----------
    masks
        int, bool or float (n, *space): numbers of classes; 255 or NaN where nothing is known.
    names
        Of the classes.

    Returns
    -------
    numpy.ndarray
        uint8 (n, *space); the same array if it was so.

    Raises
    ------
    SeqcnnError
        A value is the number of no class.
    """
    if masks.dtype.kind == "f":
        masks = np.where(np.isnan(masks), IGNORED, masks)
    values = np.unique(masks)
    for value in values.tolist():
        if value != IGNORED and (value not in range(len(names))):
            raise SeqcnnError(
                f"a mask holds {value:g}: classes are numbers from 0 to {len(names) - 1} "
                f"({', '.join(names)}), {IGNORED} is for what is not known"
            )
    return masks.astype(np.uint8, copy=False)


def pixel_class_weights(masks: np.ndarray, classes: int) -> tuple[tuple[float, ...]]:
    """Choose weights under which all classes count alike, for `segmentation_loss`.

    Parameters
    ----------
    masks
        uint8 (n, *space).
    classes
        How many.

    Returns
    -------
    tuple of tuple of float
        One row; its mean over the known positions is 1, and 0 goes to classes without any.
    """
    counts = np.bincount(masks.ravel(), minlength=IGNORED + 1)[:classes]
    present = max(int((counts > 0).sum()), 1)
    total = int(counts.sum())
    return (tuple(total / (present * n) if n else 0.0 for n in counts.tolist()),)
