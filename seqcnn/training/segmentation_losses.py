"""Losses for segmentation, of one class or not, of several classes, and of several at once.

All take logits float (n, *space, classes) and a `mode`:

- ``"multiclass"``, a class for each position: targets int (n, *space), numbers of classes;
- ``"multilabel"``, any of several: targets 0 or 1, (n, *space, classes);
- ``"binary"``, one class or not: classes is 1, targets (n, *space) or (n, *space, 1).

Where targets are `ignored` (255 unless said otherwise, None for nowhere) nothing is known. Values
and gradients are those of segmentation_models.pytorch 0.6, whose losses bear the same names.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.training.entropy_losses import (
    focal_loss,
    soft_binary_cross_entropy,
    soft_cross_entropy,
    weighted_cross_entropy,
)
from seqcnn.training.overlap_losses import (
    NO_ERROR,
    dice_loss,
    jaccard_loss,
    lovasz_loss,
    mcc_loss,
    tversky_loss,
)
from seqcnn.training.segmentation_cells import MODES, Mode

__all__ = [
    "MODES",
    "NAMED",
    "NO_ERROR",
    "Mode",
    "combined_loss",
    "dice_loss",
    "focal_loss",
    "jaccard_loss",
    "lovasz_loss",
    "mcc_loss",
    "soft_binary_cross_entropy",
    "soft_cross_entropy",
    "tversky_loss",
    "weighted_cross_entropy",
]

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
