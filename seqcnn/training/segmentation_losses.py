"""Losses for segmentation, of one class or not, of several classes, and of several at once.

All take logits float (n, *space, classes) and a `mode`:

- ``"multiclass"``, a class for each position: targets int (n, *space), numbers of classes;
- ``"multilabel"``, any of several: targets 0 or 1, (n, *space, classes);
- ``"binary"``, one class or not: classes is 1, targets (n, *space) or (n, *space, 1).

Where targets are `ignored` (255 unless said otherwise, None for nowhere) nothing is known. Values
and gradients are those of segmentation_models.pytorch 0.6, whose losses bear the same names.
"""

import functools
import math
import re
from collections.abc import Callable
from typing import Any

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
    "NUMBERS",
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


TERM = re.compile(r"(?:(?P<factor>[^*()]+)\*)?\s*(?P<name>\w+)\s*(?:\((?P<options>.*)\))?")
"""A part of the description of a sum."""

NUMBERS = {"tversky": ("alpha", "beta", "gamma"), "focal": ("alpha", "gamma")}
"""Options that a description may give, by the names of losses."""


@functools.cache
def combined_loss(
    text: str, class_weights: tuple[float, ...] | None = None
) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Make a sum of losses of several classes from its description.

    Parameters
    ----------
    text
        Names of `NAMED`, joined by ``+``, with factors and the options of `NUMBERS` where wanted:
        ``"ce+dice"``, ``"focal(gamma=1)+0.5*jaccard"``, ``"tversky(alpha=0.3,beta=0.7)"``.
    class_weights
        How much each class counts; None for all the same.

    Returns
    -------
    callable
        Takes outputs and targets as said above.

    Raises
    ------
    SeqcnnError
        A name or an option is unknown, a factor is no positive number, or ``"lovasz"`` is to weigh
        classes.

    Examples
    --------
    >>> loss = combined_loss("ce+0.5*dice")
    >>> round(float(loss(jnp.zeros((1, 2, 2)), jnp.array([[0, 1]]))), 4)
    0.9431
    """
    parts = [_part(term.strip(), class_weights) for term in text.split("+")]

    def loss(outputs: jax.Array, targets: jax.Array) -> jax.Array:
        return sum((f * each(outputs, targets) for f, each in parts), jnp.zeros(()))

    return loss


def _part(
    term: str, class_weights: tuple[float, ...] | None
) -> tuple[float, Callable[..., jax.Array]]:
    found = TERM.fullmatch(term)
    factor = -1.0 if found is None else _number(found["factor"] or "1")
    if found is None or found["name"] not in NAMED or not factor > 0:
        raise SeqcnnError(
            f"`loss` holds {term!r}: it must be made of {', '.join(NAMED)}, like ce+0.5*dice"
        )
    name, options = found["name"], _options(found["name"], found["options"])
    if class_weights is not None:
        if name == "lovasz":
            raise SeqcnnError("`loss` lovasz cannot weigh classes: leave out weights, or take dice")
        options["class_weights"] = class_weights
    return factor, functools.partial(NAMED[name], **options)


def _options(name: str, text: str | None) -> dict[str, Any]:
    """Read ``option=number,...``."""
    known, options = NUMBERS.get(name, ()), {}
    for part in text.split(",") if text is not None else ():
        option, _, value = (piece.strip() for piece in part.partition("="))
        options[option] = _number(value)
        if option not in known or not options[option] >= 0:
            raise SeqcnnError(
                f"`loss` {name} cannot read {part.strip()!r}: "
                + (f"options are {', '.join(known)}, numbers from 0 on" if known else "it has none")
            )
    return options


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
