"""Logits and masks as the losses of segmentation see them: (examples, positions, classes)."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError

Mode = Literal["binary", "multiclass", "multilabel"]

MODES = ("binary", "multiclass", "multilabel")


class Cells(NamedTuple):
    """Logits, what is true, and what is known: (n, positions, classes) each."""

    logits: jax.Array
    truth: jax.Array
    known: jax.Array

    def shares(self, mode: Mode) -> jax.Array:
        """Turn logits into probabilities."""
        if mode == "multiclass":
            return jax.nn.softmax(self.logits, axis=-1)
        return jax.nn.sigmoid(self.logits)


def cells_of(outputs: jax.Array, targets: jax.Array, mode: Mode, ignored: int | None) -> Cells:
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
    return Cells(logits, truth, jnp.broadcast_to(known, logits.shape))


def averaged(values: jax.Array, weights: Sequence[float] | None) -> jax.Array:
    """Average numbers of the classes."""
    if weights is None:
        return values.mean()
    row = jnp.array(weights, values.dtype)
    return (values * row).sum() / row.sum()
