"""k-means on weighted points: starts, rounds and mini-batches, whatever the points are.

Lloyd 1982, doi:10.1109/TIT.1982.1056489; starts by Arthur and Vassilvitskii 2007, "k-means++: the
advantages of careful seeding"; mini-batches by Sculley 2010, doi:10.1145/1772690.1772862.
"""

from functools import reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

MOST_CLUSTERS = 255
"""Labels are uint8."""

# points of one pass, which stay in the caches; and of small pictures
_CHUNK, _SMALL_CHUNK = 2**14, 2**10
# points that starts are drawn from; more say nothing new
_SEEDS = 2**14
# mini-batches: rounds without a better mean distance before it ends
_PATIENCE = 10


class Points(NamedTuple):
    """Points with weights, in chunks of one size.

    Parameters
    ----------
    values
        float32 (chunks, features, size).
    weights
        float32 (chunks, size); 0 where a chunk is filled up.
    host, host_weights
        The same as they were given: float32 (n, features), float64 (n,).
    """

    values: jax.Array
    weights: jax.Array
    host: np.ndarray
    host_weights: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None = None) -> "Points":
        """Lay points (n, features) out, each of weight 1 or of `weights` (n,)."""
        values = np.ascontiguousarray(values, np.float32)
        n, features = values.shape
        known = np.ones(n) if weights is None else np.asarray(weights, np.float64)
        size = _SMALL_CHUNK if n <= 4 * _SMALL_CHUNK else _CHUNK
        chunks = _rounded_up(-(-n // size))
        laid = np.zeros((features, chunks * size), np.float32)
        laid[:, :n] = values.T
        heavy = np.zeros(chunks * size, np.float32)
        heavy[:n] = known
        return cls(
            jnp.asarray(laid.reshape(features, chunks, size).swapaxes(0, 1)),
            jnp.asarray(heavy.reshape(chunks, size)),
            values,
            known,
        )

    def drawn(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw `n` points by weight, with replacement: float32 (n, features)."""
        ends = np.cumsum(self.host_weights)
        places = np.searchsorted(ends, rng.uniform(0, ends[-1], n), side="right")
        return self.host[np.minimum(places, len(ends) - 1)]


class Clusters(NamedTuple):
    """What k-means found.

    Parameters
    ----------
    centres
        float32 (k, features).
    labels
        uint8 (n,): the nearest centre of each point, of equals the first.
    inertia
        Sum of weight times squared distance to the nearest centre.
    rounds
        How often the centres moved.
    """

    centres: np.ndarray
    labels: np.ndarray
    inertia: float
    rounds: int


def plus_plus(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Draw k-means++ starts: each next one far from those there are.

    Parameters
    ----------
    points
        float32 (n, features).
    k
        How many starts.
    rng
        Source of chance.

    Returns
    -------
    numpy.ndarray
        float32 (k, features). Of a few candidates drawn with the chances of the paper, the one that
        brings the points nearest is taken.
    """
    tries = 2 + int(np.log(k))
    centres = [points[rng.integers(len(points))]]
    nearest = _squared(points, centres[0])
    while len(centres) < k:
        chances = np.cumsum(nearest, dtype=np.float64)
        drawn = np.searchsorted(chances, rng.uniform(0, chances[-1], tries), side="right")
        candidates = points[np.minimum(drawn, len(points) - 1)]
        left = [np.minimum(nearest, _squared(points, candidate)) for candidate in candidates]
        best = int(np.argmin([distances.sum(dtype=np.float64) for distances in left]))
        centres.append(candidates[best])
        nearest = left[best]
    return np.array(centres, np.float32)


def start_centres(
    points: Points, k: int, rng: np.random.Generator, *, random: bool = False
) -> np.ndarray:
    """Draw k starts, float32 (k, features): by k-means++, or different points by chance alone."""
    drawn = points.drawn(_SEEDS, rng)
    if not random:
        return plus_plus(drawn, k, rng)
    unequal = np.unique(drawn, axis=0)
    if len(unequal) < k:
        return plus_plus(drawn, k, rng)
    return unequal[rng.choice(len(unequal), k, replace=False)]


def lloyd(
    points: Points, start: np.ndarray, *, most_rounds: int = 300, tolerance: float = 1e-4
) -> Clusters:
    """Move centres to the means of their points until they rest.

    Parameters
    ----------
    points
        The points.
    start
        float (k, features).
    most_rounds
        When to stop at the latest.
    tolerance
        Stop when the squared move of all centres is at most this times the mean variance of the
        features.

    Returns
    -------
    Clusters
        Labels and inertia are those of the returned centres. A cluster that loses all its points
        starts again at the point that is farthest from its own centre.
    """
    enough = tolerance * float(_spread(points.values, points.weights))
    centres = np.asarray(start, np.float32)
    labels = jnp.full(points.weights.shape, MOST_CLUSTERS, jnp.uint8)
    for rounds in range(1, most_rounds + 1):
        found = _assign(points.values, points.weights, centres, labels)
        if int(found.moved.sum()) == 0:
            return _clusters(points, centres, found, rounds - 1)
        new = _means(found.sums, centres, points, found.labels)
        shift = float(((new - centres) ** 2).sum(dtype=np.float64))
        labels, centres = found.labels, new
        if shift <= enough:
            return _settled(points, centres, rounds)
    return _settled(points, centres, most_rounds)


def mini_batches(
    points: Points,
    start: np.ndarray,
    rng: np.random.Generator,
    *,
    batch: int,
    most_rounds: int = 300,
) -> Clusters:
    """Move centres by batches of points drawn by chance, then assign all points once.

    Parameters
    ----------
    points, start, most_rounds
        As in `lloyd`.
    rng
        Source of chance.
    batch
        Points of a batch. Each centre is the mean of all points that it was given so far.

    Returns
    -------
    Clusters
        It ends when a running mean of the distances has not fallen for 10 batches.
    """
    centres = np.asarray(start, np.float64)
    given = np.zeros((len(centres), 1))
    best, running, waited, rounds = np.inf, None, 0, 0
    while rounds < most_rounds and waited < _PATIENCE:
        rounds += 1
        some = Points.of(points.drawn(batch, rng))
        unknown = jnp.full(some.weights.shape, MOST_CLUSTERS, jnp.uint8)
        found = _assign(some.values, some.weights, centres.astype(np.float32), unknown)
        sums = np.asarray(found.sums, np.float64).sum(axis=0)
        total = given + sums[:, -2:-1]
        moved = (centres * given + sums[:, :-2]) / np.maximum(total, 1)
        centres, given = np.where(total > 0, moved, centres), total
        distance = sums[:, -1].sum() / batch
        running = distance if running is None else 0.9 * running + 0.1 * distance
        waited = 0 if running < best * (1 - 1e-4) else waited + 1
        best = min(best, running)
    return _settled(points, centres.astype(np.float32), rounds)


def assign(points: Points, centres: np.ndarray) -> np.ndarray:
    """Name the nearest of `centres` float (k, features) for each point: uint8 (n,)."""
    return _settled(points, np.asarray(centres, np.float32), 0).labels


class _Assigned(NamedTuple):
    """Labels uint8 (chunks, size); and, of each chunk, how many are new, and sums a cluster."""

    labels: jax.Array
    moved: jax.Array
    sums: jax.Array


@jax.jit
def _assign(values: jax.Array, weights: jax.Array, centres: jax.Array, old: jax.Array) -> _Assigned:
    """Find nearest centres, and sum up what they are given.

    The sums are float32 (chunks, k, features + 2): of the weighted features, the weights and the
    weighted squared distances. Chunk by chunk, so that nothing but the labels goes to memory.
    """
    k = len(centres)

    def one(_: None, chunk: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[None, _Assigned]:
        x, w, before = chunk
        distances = (_to_centre(x, centre) for centre in centres)
        start = jnp.full(w.shape, np.inf, x.dtype), jnp.zeros(w.shape, jnp.uint8)
        nearest, labels = reduce(_nearer, enumerate(distances), start)
        members = labels[None] == jnp.arange(k, dtype=jnp.uint8)[:, None]
        columns = jnp.concatenate([x, jnp.ones_like(x[:1]), nearest[None]])
        sums = jnp.where(members, w[None], 0.0) @ columns.T
        moved = jnp.sum((labels != before) & (w > 0))
        return None, _Assigned(labels, moved, sums)

    return lax.scan(one, None, (values, weights, old))[1]


def _to_centre(x: jax.Array, centre: jax.Array) -> jax.Array:
    # feature by feature: XLA on CPU makes one loop of it, of a sum over an axis many
    return reduce(jnp.add, ((row - at) ** 2 for row, at in zip(x, centre, strict=True)))


def _nearer(
    best: tuple[jax.Array, jax.Array], candidate: tuple[int, jax.Array]
) -> tuple[jax.Array, jax.Array]:
    (nearest, labels), (number, distances) = best, candidate
    closer = distances < nearest
    return (
        jnp.where(closer, distances, nearest),
        jnp.where(closer, jnp.uint8(number), labels),
    )


@jax.jit
def _spread(values: jax.Array, weights: jax.Array) -> jax.Array:
    """Average the weighted variances of the features."""
    shares = weights[:, None] / weights.sum()
    mean = jnp.sum(values * shares, axis=(0, 2), keepdims=True)
    return jnp.sum((values - mean) ** 2 * shares) / values.shape[1]


def _settled(points: Points, centres: np.ndarray, rounds: int) -> Clusters:
    old = jnp.full(points.weights.shape, MOST_CLUSTERS, jnp.uint8)
    found = _assign(points.values, points.weights, centres, old)
    return _clusters(points, centres, found, rounds)


def _clusters(points: Points, centres: np.ndarray, found: _Assigned, rounds: int) -> Clusters:
    labels = np.asarray(found.labels).reshape(-1)[: len(points.host)]
    inertia = float(np.asarray(found.sums, np.float64)[:, :, -1].sum())
    return Clusters(centres, labels, inertia, rounds)


def _means(sums: jax.Array, centres: np.ndarray, points: Points, labels: jax.Array) -> np.ndarray:
    """Divide sums by weights; send clusters without points to where they are missed most."""
    total = np.asarray(sums, np.float64).sum(axis=0)
    features, weights = total[:, :-2].copy(), total[:, -2].copy()
    empty = np.flatnonzero(weights == 0)
    if len(empty):
        own = np.asarray(labels).reshape(-1)[: len(points.host)]
        distances = ((points.host - centres[own]) ** 2).sum(axis=1)
        for cluster, place in zip(empty, np.argsort(-distances, kind="stable"), strict=False):
            weight = points.host_weights[place]
            moved = weight * points.host[place].astype(np.float64)
            features[own[place]] -= moved
            weights[own[place]] -= weight
            features[cluster], weights[cluster] = moved, weight
    kept = np.maximum(weights, 1e-300)[:, None]
    return np.where(weights[:, None] > 0, features / kept, centres).astype(np.float32)


def _squared(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return ((points - centre) ** 2).sum(axis=1)


def _rounded_up(chunks: int) -> int:
    """Round to three binary digits: pictures of many sizes share a program."""
    step = 2 ** max(0, chunks.bit_length() - 3)
    return -(-chunks // step) * step
