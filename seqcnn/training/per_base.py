"""Per-base targets: for each position of a sequence, whether it lies in a site of each track.

Labels are uint8 (n, length, tasks): 1 in a site, 0 elsewhere, 255 where nothing is known; they stay
so on the host. Outputs are float32 of the same shape, log-odds.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
import optax

UNKNOWN = 255
"""Label of positions that do not count."""

BINS = 4096
"""Ranges of probabilities that count as one, in areas under curves."""


def per_base_loss(outputs: jax.Array, targets: jax.Array, weights: jax.Array) -> jax.Array:
    """Average the cross-entropy over all known positions.

    Parameters
    ----------
    outputs
        float32 (n, length, tasks): log-odds.
    targets
        uint8, or float with the same numbers, of that shape.
    weights
        float32 (n,): how much each sequence counts.

    Returns
    -------
    jax.Array
        float32 scalar, in nats; 0 if nothing is known.
    """
    known = targets != UNKNOWN
    truth = jnp.where(known, targets, 0).astype(outputs.dtype)
    weight = known * weights.reshape(-1, 1, 1)
    lost = optax.sigmoid_binary_cross_entropy(outputs, truth) * weight
    return lost.sum() / jnp.maximum(weight.sum(), 1e-12)


def shares_of_sites(labels: np.ndarray) -> np.ndarray:
    """Compute the share of known positions in sites of each sequence, float64 (n, tasks)."""
    known = (labels != UNKNOWN).sum(axis=1)
    return (labels == 1).sum(axis=1) / np.maximum(known, 1)


def prior_of_positions(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Predict the share of positions in sites everywhere: float32 of a shape (m, length, tasks)."""
    prior = (labels == 1).sum(axis=(0, 1)) / np.maximum((labels != UNKNOWN).sum(axis=(0, 1)), 1)
    return np.broadcast_to(prior.astype(np.float32), shape)


class PerBaseScores:
    """How well sites are told from other positions: counts of each sequence, and their areas.

    Parameters
    ----------
    names
        Of the tasks.
    predictions
        float (n, length, tasks): probabilities.
    labels
        uint8 or float (n, length, tasks).

    Notes
    -----
    Of more than `BINS` positions, probabilities are sorted into as many ranges with equally many
    positions; half of the edges are set by positions in sites. What lies in one range counts as
    equal, which moves areas by less than a thousandth.
    """

    def __init__(self, names: tuple[str, ...], predictions: np.ndarray, labels: np.ndarray) -> None:
        self.names = names
        columns = [(predictions[..., i], labels[..., i]) for i in range(len(names))]
        self.counts = [_binned(told, truth) for told, truth in columns]
        self.called = [_called(told >= 0.5, truth) for told, truth in columns]

    def __call__(self, rows: np.ndarray) -> Mapping[str, Mapping[str, float]]:
        """Compute the metrics of some sequences, by task and metric; NaN where not defined."""
        # of rows that come several times, as in the bootstrap
        times = np.bincount(rows, minlength=len(self.called[0]))
        result = {}
        for name, counts, called in zip(self.names, self.counts, self.called, strict=True):
            negatives, positives = (np.tensordot(times, part, 1) for part in counts)
            tp, fp, fn = times @ called
            result[name] = {
                "auprc": _average_precision(positives, negatives),
                "auroc": _area(positives, negatives),
                "dice": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else np.nan,
            }
        return result


def _binned(told: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count positions outside and inside of sites by range: int32 (n, ranges) each."""
    inside, outside = truth == 1, truth == 0
    edges = _edges([told[side] for side in (inside, outside)])
    place = np.searchsorted(edges, told, side="right")
    return _histogram(place, outside, len(edges)), _histogram(place, inside, len(edges))


def _edges(sides: list[np.ndarray]) -> np.ndarray:
    if sum(map(len, sides)) <= BINS:
        return np.unique(np.concatenate(sides))
    shares = np.linspace(0, 1, BINS // 2)
    return np.unique(np.concatenate([np.quantile(side, shares) for side in sides if len(side)]))


def _histogram(place: np.ndarray, counted: np.ndarray, edges: int) -> np.ndarray:
    row, _ = np.nonzero(counted)
    cell = row * (edges + 1) + place[counted]
    counts = np.bincount(cell, minlength=len(place) * (edges + 1))
    return counts.reshape(len(place), edges + 1).astype(np.int32)


def _called(called: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Count true positives, false positives and false negatives: int64 (n, 3)."""
    parts = (called & (truth == 1), called & (truth == 0), ~called & (truth == 1))
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def _average_precision(positives: np.ndarray, negatives: np.ndarray) -> float:
    true, false = (np.cumsum(part[::-1]) for part in (positives, negatives))
    if true[-1] == 0 or false[-1] == 0:
        return np.nan
    steps = np.diff(true, prepend=0) / true[-1]
    return float((steps * true / np.maximum(true + false, 1)).sum())


def _area(positives: np.ndarray, negatives: np.ndarray) -> float:
    total = float(positives.sum()) * float(negatives.sum())
    if not total:
        return np.nan
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum() / total)
