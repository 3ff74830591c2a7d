"""One step of training, and one of prediction: what is compiled, and how it is done."""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.seq.augment import Augmentation
from seqcnn.training.loop import LETTERS, Schedule
from seqcnn.training.losses import mean_loss
from seqcnn.training.profiles import outputs_of
from seqcnn.training.segmentation_losses import combined_loss
from seqcnn.training.targets import Target


@runtime_checkable
class JointAugmentation(Protocol):
    """Augmentation that changes targets along with examples; it compares and hashes by value."""

    def with_targets(
        self, x: jax.Array, targets: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Change examples (n, ...) and their targets (n, ...), by a key for the batch."""
        ...


@dataclass(frozen=True)
class Recipe:
    """How to train, the data apart.

    Parameters
    ----------
    schedule
        Batches, rounds, learning rate.
    balanced
        Whether batches hold as many examples of one class as of any other; for ``"binary"`` and
        ``"multiclass"``.
    class_weights
        See `seqcnn.training.losses.mean_loss`.
    stop_class_weights
        The same for the stopping part; None for those of training.
    augmentation
        What is done to examples in training.
    clip
        Largest norm of the gradient of a step.
    repeats
        Steps that are taken on a batch before the next one is drawn. What is random in a step is
        drawn anew for each.
    smoothing
        Share of a label that goes to all classes alike in training, see
        `seqcnn.training.losses.losses`.
    masks
        The loss of masks, as `seqcnn.training.segmentation_losses.combined_loss` reads it, such as
        ``"ce+dice"``; empty for `seqcnn.training.segmentation.segmentation_loss`.

    Raises
    ------
    SeqcnnError
        A number is out of range.
    """

    schedule: Schedule = field(default_factory=Schedule)
    balanced: bool = False
    class_weights: tuple[tuple[float, ...], ...] | None = None
    stop_class_weights: tuple[tuple[float, ...], ...] | None = None
    augmentation: Augmentation | JointAugmentation | None = None
    clip: float = 1.0
    repeats: int = 1
    smoothing: float = 0.0
    masks: str = ""

    def __post_init__(self) -> None:
        if self.repeats < 1 or not 0 <= self.smoothing < 1:
            raise SeqcnnError(
                f"`repeats` must be 1 or more and `smoothing` from 0 to below 1, not "
                f"{self.repeats} and {self.smoothing}"
            )
        if self.masks:
            row = None if self.class_weights is None else self.class_weights[0]
            combined_loss(self.masks, row)  # raises where it cannot be read


def predict_outputs(
    graph: nnx.GraphDef,
    states: tuple[nnx.State, ...],
    x: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    width: int = 0,
    fixed: bool = False,
) -> np.ndarray:
    """Compute the outputs of a network in batches of one shape.

    Parameters
    ----------
    graph, states
        As `nnx.split` gives them.
    x
        uint8 (n, length), or pixels (n, *space, channels); those on disk are read batch by batch.
    rows
        int64 (m,): these only, in this order; None for all.
    width
        Positions of a profile; 0 for none.
    fixed
        Whether a batch is as large for few sequences as for many, so that the result of one is the
        same to the bit whatever others there are.

    Returns
    -------
    numpy.ndarray
        float32 (n, outputs), of profiles (n, 1 + width, tasks).
    """
    n = len(x) if rows is None else len(rows)
    length = max(1, math.prod(x.shape[1:-1]) if x.ndim > 2 else x.shape[1])
    size = max(1, min(1024, LETTERS // length))
    size = size if fixed else min(size, 1 << max(int(n) - 1, 1).bit_length())
    parts = []
    for begin in range(0, max(n, 1), size):
        at = slice(begin, begin + size)
        part = x[at if rows is None else rows[at]]
        filled = np.zeros((size, *x.shape[1:]), x.dtype)
        filled[: len(part)] = part
        found = _outputs(states, jnp.asarray(filled), graph=graph, width=width)
        parts.append(np.asarray(found)[: len(part)])
    return np.concatenate(parts)


@partial(jax.jit, static_argnames=("graph", "width"))
def _outputs(
    states: tuple[nnx.State, ...], x: jax.Array, *, graph: nnx.GraphDef, width: int
) -> jax.Array:
    return outputs_of(nnx.merge(graph, *states), x, width=width)


@partial(jax.jit, static_argnames=("graph", "target", "recipe"), donate_argnums=(0, 1, 2))
def take_step(
    weights: nnx.State,
    statistics: nnx.State,
    state: optax.OptState,
    batch: tuple[jax.Array, jax.Array, jax.Array],
    key: jax.Array,
    *,
    graph: nnx.GraphDef,
    target: Target,
    recipe: Recipe,
) -> tuple[nnx.State, nnx.State, optax.OptState, jax.Array]:
    """Take one step; the memory of the first three arguments is taken over.

    Parameters
    ----------
    weights, statistics
        Of the network, split by ``nnx.split(network, nnx.Param, ...)``.
    state
        Of `optimizer_of`.
    batch
        uint8 codes (n, length) or pixels (n, *space, channels), float32 targets as `Target.encode`
        gives them, float32 (n,) weights.
    key
        Of what is random in this step: augmentation and dropout.
    graph
        The graph of the network.
    target, recipe
        What is predicted, and how it is learnt.

    Returns
    -------
    weights, statistics, state
        After the step.
    loss : jax.Array
        float32 scalar: the mean loss of the batch before it.
    """
    codes, targets, example_weights = batch
    change, drop = jax.random.split(key)
    if isinstance(recipe.augmentation, JointAugmentation):
        codes, targets = recipe.augmentation.with_targets(codes, targets, change)
    elif recipe.augmentation is not None:
        codes = recipe.augmentation(codes, change)

    def loss_of(weights: nnx.State) -> tuple[jax.Array, nnx.State]:
        network = nnx.merge(graph, weights, statistics, copy=True)
        rngs = nnx.Rngs(dropout=drop)
        outputs = outputs_of(network, codes, width=target.width, rngs=rngs)
        loss = mean_loss(
            target.kind,
            outputs,
            targets,
            example_weights,
            recipe.class_weights,
            smoothing=recipe.smoothing,
            masks=recipe.masks,
        )
        # what the layers have seen, batch norm's moments for instance
        _, _, after = nnx.split(network, nnx.Param, ...)
        return loss, after

    (loss, statistics), gradient = jax.value_and_grad(loss_of, has_aux=True)(weights)
    updates, state = optimizer_of(recipe).update(gradient, state, weights)
    return jax.tree.map(jnp.add, weights, updates), statistics, state, loss


def optimizer_of(recipe: Recipe) -> optax.GradientTransformation:
    """Make AdamW (Loshchilov and Hutter 2019) with a warm-up, a cosine, and clipped gradients."""
    schedule = recipe.schedule
    steps = max(2, schedule.steps * schedule.rounds)
    rate = optax.warmup_cosine_decay_schedule(
        0.0, schedule.learning_rate, max(1, steps // 20), steps
    )
    return optax.chain(
        optax.clip_by_global_norm(recipe.clip),
        optax.adamw(rate, weight_decay=schedule.weight_decay),
    )
