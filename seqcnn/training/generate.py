"""Train networks that make pictures: the players in turn, and a slow average of their weights.

What a network has to offer is said in `seqcnn.networks.generate.contract`: `players` and `loss`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from seqcnn.errors import SeqcnnError, TrainingError


class Trainable(Protocol):
    """What the loop needs of a network."""

    players: tuple[str, ...]

    def loss(self, player: str, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        """Score a player on pictures (n, *space, channels) from 0 to 1 and classes (n,)."""
        ...


@dataclass(frozen=True)
class Drill:
    """How long and how fast a network is trained.

    Parameters
    ----------
    steps
        Batches, at most.
    seconds
        Time after which no further batch begins; None for no limit. With a limit the rate falls
        by the clock, and two runs are not the same.
    batch
        Pictures of a batch.
    rate
        Of Adam at the beginning; it falls as a cosine to a twentieth.
    momentum
        Of Adam's mean of gradients; adversaries need 0.5 or less.
    average
        Share that the slow average of the weights keeps in a step, in the long run. It is what the
        trained network has.
    clip
        Largest norm of the gradient of a step.

    Raises
    ------
    SeqcnnError
        A number is out of range.
    """

    steps: int = 10_000
    seconds: float | None = None
    batch: int = 64
    rate: float = 1e-3
    momentum: float = 0.9
    average: float = 0.999
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or self.rate <= 0:
            raise SeqcnnError("`steps`, `batch` and `rate` must be above 0")
        if not (0 <= self.average < 1 and 0 <= self.momentum < 1):
            raise SeqcnnError("`average` and `momentum` must be at least 0 and below 1")


DRILLS: dict[str, dict[str, Any]] = {
    "vae": {},
    "gan": {"rate": 4e-4, "momentum": 0.5},
    "diffusion": {},
}
"""What suits each network of the zoo."""


class Moment(NamedTuple):
    """Where training is.

    Parameters
    ----------
    step, seconds
        Batches and time so far.
    losses
        Mean loss of each player since the last moment.
    """

    step: int
    seconds: float
    losses: dict[str, float]


def fit_generator(
    network: Any,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    drill: Drill,
    seed: int = 0,
    every: int = 100,
    report: Callable[[Moment], None] = lambda moment: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[nnx.Module, list[Moment]]:
    """Train a network that makes pictures.

    Parameters
    ----------
    network
        As `Trainable` says; it is left as it is.
    x
        (n, *space, channels): bool, uint8, uint16, or float from 0 to 1.
    labels
        int (n,): classes.
    drill
        How long, and how fast.
    seed
        Of all that is random.
    every
        Batches between two moments.
    report, stop
        Called at each moment; and asked before each batch whether to end.

    Returns
    -------
    tuple
        The network with the slow average of its weights, and the moments.

    Raises
    ------
    SeqcnnError
        There are no pictures, or labels do not fit them.
    TrainingError
        A loss is no number.
    """
    known = np.asarray(labels)
    if len(known) != len(x) or not len(x) or not np.issubdtype(known.dtype, np.integer):
        raise SeqcnnError(
            f"{len(x)} pictures need as many whole numbers as labels, not {known.shape}"
        )
    players: tuple[str, ...] = network.players
    graph, *weights, rest = nnx.split(network, *map(_weights_of, players), ...)
    optimizer = _optimizer(drill)
    states = [optimizer.init(part) for part in weights]
    averages = jax.tree.map(jnp.copy, weights)
    rng = np.random.default_rng([seed, 7])
    key, began = jax.random.key(seed), time.monotonic()
    moments: list[Moment] = []
    waiting: list[tuple[jax.Array, ...]] = []
    number = 0
    while number < drill.steps:
        spent = time.monotonic() - began
        done = max(number / drill.steps, spent / drill.seconds if drill.seconds else 0.0)
        if done >= 1 or stop():
            break
        rows = rng.integers(0, len(x), drill.batch)
        batch = jnp.asarray(x[rows]), jnp.asarray(known[rows], jnp.int32)
        losses = []
        for place, player in enumerate(players):
            weights[place], states[place], averages[place], loss = _step(
                tuple(weights), rest, states[place], averages[place], batch,
                jax.random.fold_in(key, 2 * number + place), np.float32(_rate(drill, done)),
                np.float32(min(drill.average, (1 + number) / (10 + number))),
                graph=graph, player=player, place=place, drill=drill,
            )  # fmt: skip
            losses.append(loss)
        waiting.append(tuple(losses))
        number += 1
        if len(waiting) == every:
            moments.append(_moment(waiting, players, number, began))
            report(moments[-1])
            waiting = []
    if waiting:
        moments.append(_moment(waiting, players, number, began))
        report(moments[-1])
    return nnx.merge(graph, *averages, rest), moments


def _weights_of(player: str) -> Any:
    return nnx.All(nnx.Param, nnx.PathContains(player)) if player else nnx.Param


def _optimizer(drill: Drill) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(drill.clip), optax.scale_by_adam(drill.momentum, 0.99)
    )


def _rate(drill: Drill, done: float) -> float:
    return drill.rate * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * min(done, 1.0))))


@partial(
    jax.jit,
    static_argnames=("graph", "player", "place", "drill"),
    donate_argnames=("state", "average"),
)
def _step(
    weights: tuple[nnx.State, ...],
    rest: nnx.State,
    state: optax.OptState,
    average: nnx.State,
    batch: tuple[jax.Array, jax.Array],
    key: jax.Array,
    rate: jax.Array,
    kept: jax.Array,
    *,
    graph: nnx.GraphDef,
    player: str,
    place: int,
    drill: Drill,
) -> tuple[nnx.State, optax.OptState, nnx.State, jax.Array]:
    """Move the weights of one player, and their average by the share that is not `kept`."""
    x, labels = _scaled(batch[0]), batch[1]

    def loss_of(own: nnx.State) -> jax.Array:
        parts = (*weights[:place], own, *weights[place + 1 :])
        return nnx.merge(graph, *parts, rest).loss(player, x, labels, key)

    loss, gradient = jax.value_and_grad(loss_of)(weights[place])
    updates, state = _optimizer(drill).update(gradient, state)
    moved = jax.tree.map(lambda weight, update: weight - rate * update, weights[place], updates)
    average = jax.tree.map(lambda old, new: kept * old + (1 - kept) * new, average, moved)
    return moved, state, average, loss


def _scaled(x: jax.Array) -> jax.Array:
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x.astype(jnp.float32)
    top = 1 if x.dtype == bool else jnp.iinfo(x.dtype).max
    return x.astype(jnp.float32) / top


def _moment(
    waiting: list[tuple[jax.Array, ...]], players: tuple[str, ...], step: int, began: float
) -> Moment:
    means = np.array([[float(loss) for loss in losses] for losses in waiting]).mean(axis=0)
    if not np.isfinite(means).all():
        raise TrainingError(
            f"the loss is no number any more at step {step}: lower the rate, or take another seed"
        )
    named = dict(zip((player or "loss" for player in players), means.tolist(), strict=True))
    return Moment(step, time.monotonic() - began, named)
