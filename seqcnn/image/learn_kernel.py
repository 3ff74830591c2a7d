"""A kernel that is learned: from pictures before and after a filter, back to the filter.

A kernel is a neuron: a weight for each pixel of its window, and a bias. Nobody has to think it out
if there are examples of what it shall do.
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from seqcnn.errors import SeqcnnError
from seqcnn.image.counts import unit_values
from seqcnn.nn.conv import add_bias, conv
from seqcnn.nn.geometry import extents_of

Weights = tuple[jax.Array, jax.Array]
"""A kernel (*window, 1, 1) and a bias (1,)."""


class LearnedKernel(NamedTuple):
    """What was learned.

    Parameters
    ----------
    kernel
        float32 (*window).
    bias
        What is added.
    losses
        float32 (steps,): the mean squared error before each step, and at the end.
    """

    kernel: np.ndarray
    bias: float
    losses: np.ndarray


def learn_kernel(
    before: np.ndarray,
    after: np.ndarray,
    window: int | tuple[int, ...] = (3, 3),
    *,
    method: Literal["descent", "least_squares"] = "descent",
    steps: int = 300,
    rate: float = 0.1,
    seed: int = 0,
) -> LearnedKernel:
    """Find the kernel that turns pictures into others.

    Parameters
    ----------
    before
        (n, *space, 1): pictures.
    after
        float (n, *space, 1): what became of them; borders narrower than half a window are not
        looked at.
    window
        Odd extents of the kernel; a number for a square.
    method
        ``"descent"`` from a random start, as networks learn (Adam), or ``"least_squares"``, which
        solves for it.
    steps, rate
        Of the descent: how many, and how far each goes at the beginning; it falls as a cosine.
    seed
        Of the random start.

    Raises
    ------
    SeqcnnError
        The pictures do not fit each other, or the window is even.
    """
    extents = extents_of(window, "window")
    extents = extents * (before.ndim - 2) if len(extents) == 1 else extents
    if before.shape != after.shape or before.shape[-1] != 1 or len(extents) != before.ndim - 2:
        raise SeqcnnError(
            f"`before` and `after` must be (n, *space, 1) alike, the window of as many axes, not "
            f"{before.shape}, {after.shape} and {extents}"
        )
    if any(n % 2 == 0 for n in extents):
        raise SeqcnnError(f"a window needs a middle: odd extents, not {extents}")
    lengths = zip(extents, before.shape[1:-1], strict=True)
    inside = tuple(slice(n // 2, length - n // 2) for n, length in lengths)
    x, y = jnp.asarray(unit_values(before)), jnp.asarray(unit_values(after)[:, *inside])
    if method == "least_squares":
        return _solved(np.asarray(x), np.asarray(y), extents)
    return _descended(x, y, extents, steps=steps, rate=rate, seed=seed)


def _solved(x: np.ndarray, y: np.ndarray, window: tuple[int, ...]) -> LearnedKernel:
    axes = tuple(range(1, x.ndim - 1))
    views = np.lib.stride_tricks.sliding_window_view(x[..., 0], window, axis=axes)
    columns = views.reshape(-1, int(np.prod(window))).astype(np.float64)
    columns = np.concatenate([columns, np.ones((len(columns), 1))], axis=1)
    target = y.reshape(-1).astype(np.float64)
    weights = np.linalg.lstsq(columns, target, rcond=None)[0]
    loss = ((columns @ weights - target) ** 2).mean()
    kernel = weights[:-1].reshape(window).astype(np.float32)
    return LearnedKernel(kernel, float(weights[-1]), np.array([loss], np.float32))


def _descended(
    x: jax.Array, y: jax.Array, window: tuple[int, ...], *, steps: int, rate: float, seed: int
) -> LearnedKernel:
    shape = (*window, 1, 1)
    start = jax.random.normal(jax.random.key(seed), shape) / np.sqrt(np.prod(window))
    optimizer = optax.adam(optax.cosine_decay_schedule(rate, steps))

    def loss_of(weights: Weights) -> jax.Array:
        return jnp.mean((add_bias(conv(x, weights[0]), weights[1]) - y) ** 2)

    @jax.jit
    def step(weights: Weights, state: optax.OptState) -> tuple[Weights, optax.OptState, jax.Array]:
        loss, gradient = jax.value_and_grad(loss_of)(weights)
        updates, state = optimizer.update(gradient, state)
        moved: Any = optax.apply_updates(weights, updates)
        return moved, state, loss

    weights: Weights = (start, jnp.zeros(1))
    state, losses = optimizer.init(weights), []
    for _ in range(steps):
        weights, state, loss = step(weights, state)
        losses.append(loss)
    losses.append(loss_of(weights))
    kernel = np.asarray(weights[0]).reshape(window)
    return LearnedKernel(kernel, float(weights[1][0]), np.array(losses, np.float32))
