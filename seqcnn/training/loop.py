"""The training loop: fixed shapes, one compiled round of many steps, the best weights kept."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from seqcnn.data.dataset import Dataset
from seqcnn.errors import TrainingError
from seqcnn.stats.auroc import auroc

LETTERS = 1 << 18
"""Positions of a batch at most, where nothing is trained: they bound the memory."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    batch
        Examples of a step, half of either class.
    steps, rounds
        Steps of a round, after which the validation part is looked at; rounds at most.
    patience
        Rounds without a better validation loss after which training stops.
    learning_rate, weight_decay
        Of AdamW (Loshchilov and Hutter 2019); the rate falls along a cosine.
    """

    batch: int = 128
    steps: int = 50
    rounds: int = 12
    patience: int = 4
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2


@dataclass(frozen=True)
class Round:
    """What one round of training came to.

    Parameters
    ----------
    round
        From 0.
    loss, validation_loss
        Mean cross-entropy in nats, both classes weighing the same.
    validation_auroc
        On the validation part.
    """

    round: int
    loss: float
    validation_loss: float
    validation_auroc: float


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained network with its history and its logits on the validation part.

    Parameters
    ----------
    network
        With the weights of the best round.
    history
        All rounds.
    best
        Position of the best one.
    validation_logits
        float32 (n,), of the best round.
    interrupted
        Whether Ctrl-C ended the training.
    """

    network: nnx.Module
    history: tuple[Round, ...]
    best: int
    validation_logits: np.ndarray = field(repr=False)
    interrupted: bool = False


def fit(
    network: nnx.Module,
    training: Dataset,
    validation: Dataset,
    *,
    schedule: Schedule | None = None,
    seed: int = 0,
    on_round: Callable[[Round], None] | None = None,
) -> Fit:
    """Fit a network to two classes.

    Every batch holds as many examples of one class as of the other, drawn at random. The weights of
    the best round on the validation part are kept, also when training is interrupted (Ctrl-C).

    Parameters
    ----------
    network
        Takes uint8 codes (n, length) and, in training, ``rngs``; gives logits (n, 1).
    training, validation
        Examples with targets 0 and 1.
    schedule
        How to train.
    seed
        Same seed, data and device: same weights.
    on_round
        Is called after each round.

    Raises
    ------
    TrainingError
        The loss is not a number any more.
    """
    schedule = schedule or Schedule()
    graph, weights = nnx.split(network)
    optimizer = _optimizer(schedule)
    state = optimizer.init(weights)
    rng = np.random.default_rng([seed, 7])
    classes = [np.flatnonzero(training.y == label) for label in (1, 0)]
    key = jax.random.key(seed)
    best, history = (kept(weights), np.inf, -1), []
    best_logits = predict_logits(graph, weights, validation.x)
    interrupted = False
    try:
        for number in range(schedule.rounds):
            losses = []
            for step, rows in enumerate(_draw(rng, classes, schedule), number * schedule.steps):
                weights, state, loss = _step(
                    weights, state, training.x[rows], key, step, graph=graph, schedule=schedule
                )
                losses.append(loss)
            logits = predict_logits(graph, weights, validation.x)
            done = _judge(number, float(np.mean(losses)), logits, validation.y)
            history.append(done)
            if on_round is not None:
                on_round(done)
            if done.validation_loss < best[1]:
                best, best_logits = (kept(weights), done.validation_loss, number), logits
            elif number - best[2] >= schedule.patience:
                break
    except KeyboardInterrupt:
        if best[2] < 0:
            raise
        interrupted = True
        logger.info("training interrupted: the weights of round %d are kept", best[2] + 1)
    return Fit(nnx.merge(graph, best[0]), tuple(history), best[2], best_logits, interrupted)


def kept(weights: nnx.State) -> nnx.State:
    """Copy weights out of the reach of the next step, which takes over their memory."""
    return jax.tree.map(jnp.copy, weights)


def predict_logits(graph: nnx.GraphDef, weights: nnx.State, x: np.ndarray) -> np.ndarray:
    """Compute logits of any number of examples in batches of one shape, float32 (n,)."""
    n, length = len(x), max(1, x[:1].size)
    size = max(1, min(1024, LETTERS // length, 1 << max(int(n) - 1, 1).bit_length()))
    parts = []
    for begin in range(0, n, size):
        rows = x[begin : begin + size]
        filled = np.concatenate([rows, np.repeat(rows[:1], size - len(rows), axis=0)])
        parts.append(np.asarray(_logits(weights, jnp.asarray(filled), graph=graph))[: len(rows)])
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@partial(jax.jit, static_argnames="graph")
def _logits(weights: nnx.State, x: jax.Array, *, graph: nnx.GraphDef) -> jax.Array:
    return nnx.merge(graph, weights)(x)[:, 0]


@partial(jax.jit, static_argnames=("graph", "schedule"), donate_argnums=(0, 1))
def _step(
    weights: nnx.State,
    state: optax.OptState,
    batch: jax.Array,
    key: jax.Array,
    step: int,
    *,
    graph: nnx.GraphDef,
    schedule: Schedule,
) -> tuple[nnx.State, optax.OptState, jax.Array]:
    """Take one step on a batch (batch, length), positives first."""
    key = jax.random.fold_in(key, step)  # a split outside costs as long as the step
    half = schedule.batch // 2
    targets = jnp.concatenate([jnp.ones(half), jnp.zeros(schedule.batch - half)])

    def loss_of(weights: nnx.State) -> jax.Array:
        logits = nnx.merge(graph, weights)(batch, rngs=nnx.Rngs(dropout=key))[:, 0]
        return optax.sigmoid_binary_cross_entropy(logits, targets).mean()

    loss, gradient = jax.value_and_grad(loss_of)(weights)
    updates, state = _optimizer(schedule).update(gradient, state, weights)
    return jax.tree.map(jnp.add, weights, updates), state, loss


def _optimizer(schedule: Schedule) -> optax.GradientTransformation:
    steps = schedule.steps * schedule.rounds
    rate = optax.warmup_cosine_decay_schedule(
        0.0, schedule.learning_rate, max(1, steps // 20), steps
    )
    return optax.adamw(rate, weight_decay=schedule.weight_decay)


def _draw(rng: np.random.Generator, classes: list[np.ndarray], schedule: Schedule) -> np.ndarray:
    """Draw the rows of the batches of one round, int64 (steps, batch), positives first."""
    half = schedule.batch // 2
    sizes = (half, schedule.batch - half)
    parts = [
        rng.choice(rows, (schedule.steps, size)) for rows, size in zip(classes, sizes, strict=True)
    ]
    return np.concatenate(parts, axis=1)


def _judge(number: int, loss: float, logits: np.ndarray, y: np.ndarray) -> Round:
    if not (np.isfinite(loss) and np.isfinite(logits).all()):
        raise TrainingError(
            f"the loss is not a number in round {number + 1}: lower the learning rate"
        )
    # positives and negatives weigh the same, as in the batches
    losses = np.logaddexp(0, np.where(y == 1, -logits, logits))
    validation = (losses[y == 1].mean() + losses[y == 0].mean()) / 2
    area = auroc(logits[y == 1], logits[y == 0])
    return Round(number, loss, float(validation), float(area))
