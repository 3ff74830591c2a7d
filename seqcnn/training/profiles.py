"""Profiles: the counts along a sequence, as a total and as shares of its positions (BPNet).

Avsec et al. 2021, doi:10.1038/s41588-021-00782-6. In arrays of targets and outputs the total comes
first and then the positions: (n, 1 + width, tasks). Totals are logarithms, log(1 + total); shares
are counts or logits of a multinomial distribution over the positions.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import rel_entr, softmax

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD
from seqcnn.stats.regression import pearson, spearman

TOTAL_WEIGHT = 10.0
"""Of the total against the shares in the loss, as in BPNet."""

LOW = -1e9
"""Logit of a position that is no part of the sequence."""

BLOCK = 1 << 22
"""Numbers that are worked on together."""


def outputs_of(
    network: nnx.Module, codes: jax.Array, *, width: int = 0, rngs: nnx.Rngs | None = None
) -> jax.Array:
    """Run a network.

    Parameters
    ----------
    network
        For sequences; for profiles it has `profile_logits`, as `bpnet` has.
    codes
        uint8 (n, length).
    width
        Positions of the profile, the middle of the sequence; 0 for no profile.
    rngs
        Source of randomness in training.

    Returns
    -------
    jax.Array
        float32 (n, tasks), or of profiles (n, 1 + width, tasks).

    Raises
    ------
    SeqcnnError
        The network gives no profile, or sequences are shorter than it.
    """
    if not width:
        return network(codes, rngs=rngs)  # type: ignore[operator]
    logits = getattr(network, "profile_logits", None)
    if logits is None:
        raise SeqcnnError(
            f"{type(network).__name__} scores whole sequences, no positions: take the network "
            f"bpnet for profiles"
        )
    if codes.shape[1] < width:
        raise SeqcnnError(
            f"sequences of {codes.shape[1]} letters are shorter than the profile of {width} "
            f"positions: give windows of the length that the model was trained on (--window)"
        )
    totals, shares = logits(codes, rngs=rngs)
    start = (codes.shape[1] - width) // 2
    inside = (codes != PAD)[:, start : start + width, None]
    shares = jnp.where(inside, shares[:, start : start + width], LOW)
    return jnp.concatenate([totals[:, None], shares], axis=1)


def profile_losses(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Compute the loss of each example and task, float32 (n, tasks).

    Parameters
    ----------
    outputs, targets
        float32 (n, 1 + width, tasks): as `outputs_of` and `encode_profiles` give them.

    Returns
    -------
    jax.Array
        Minus the multinomial log-likelihood but for its constant, in units of the mean total, and
        half the squared error of the logarithm of the total, times `TOTAL_WEIGHT`.
    """
    shares = jax.nn.log_softmax(outputs[:, 1:], axis=1)
    likelihood = -(targets[:, 1:] * shares).sum(axis=1)
    return likelihood + TOTAL_WEIGHT * (outputs[:, 0] - targets[:, 0]) ** 2 / 2


def log_totals(counts: np.ndarray) -> np.ndarray:
    """Sum up profiles (n, width, tasks) to float64 (n, tasks): log(1 + total)."""
    return np.log1p(counts.sum(axis=1, dtype=np.float64))


def encode_profiles(counts: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Turn counts into targets.

    Parameters
    ----------
    counts
        float32 (n, width, tasks).
    centre, spread
        (tasks,): the mean of the logarithms of totals, and the mean total.

    Returns
    -------
    numpy.ndarray
        float32 (n, 1 + width, tasks).
    """
    targets = np.empty((len(counts), counts.shape[1] + 1, counts.shape[2]), np.float32)
    targets[:, 0] = log_totals(counts) - centre
    np.divide(counts, spread, out=targets[:, 1:], casting="unsafe")
    return targets


def decode_profiles(outputs: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Turn outputs into predictions: expected totals, and the shares of positions.

    Parameters
    ----------
    outputs
        float (n, 1 + width, tasks).
    centre
        As in `encode_profiles`.

    Returns
    -------
    numpy.ndarray
        float32 (n, 1 + width, tasks).
    """
    result = np.empty(outputs.shape, np.float32)
    result[:, 0] = np.maximum(np.expm1(np.minimum(outputs[:, 0] + centre, 30.0)), 0)
    result[:, 1:] = softmax(outputs[:, 1:], axis=1)
    return result


class ProfileScores:
    """How alike predicted and measured profiles are: numbers of each example, and their means.

    Parameters
    ----------
    names
        Of the tasks.
    predictions
        float (n, 1 + width, tasks): as `decode_profiles` gives.
    counts
        float (n, width, tasks).
    """

    def __init__(self, names: tuple[str, ...], predictions: np.ndarray, counts: np.ndarray) -> None:
        self.names = names
        self.predicted = np.log1p(predictions[:, 0].astype(np.float64))
        self.measured = log_totals(counts)
        step = max(1, BLOCK // max(1, predictions[0].size if len(predictions) else 1))
        parts = [
            _likeness(predictions[i : i + step, 1:], counts[i : i + step])
            for i in range(0, len(counts), step)
        ]
        self.likeness = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0, len(names)))

    def __call__(self, rows: np.ndarray) -> Mapping[str, Mapping[str, float]]:
        """Compute the metrics of some examples, by task and metric; NaN where not defined."""
        result = {}
        for task, name in enumerate(self.names):
            correlation, divergence = self.likeness[:, rows, task]
            x, y = self.predicted[rows, task], self.measured[rows, task]
            result[name] = {
                "profile_pearson": _mean(correlation),
                "profile_jsd": _mean(divergence),
                "count_pearson": pearson(x, y) if len(x) > 1 else np.nan,
                "count_spearman": spearman(x, y) if len(x) > 1 else np.nan,
            }
        return result


def mean_profile(counts: np.ndarray) -> np.ndarray:
    """Average the shares of positions over examples with counts, float64 (width, tasks)."""
    totals = counts.sum(axis=1, keepdims=True, dtype=np.float64)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    return shares.sum(axis=0) / np.maximum((totals > 0).sum(axis=0), 1)


def _likeness(shares: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Pearson correlation, and Jensen-Shannon divergence in bits: float64 (2, n, tasks).

    NaN where nothing was counted, and where one of the two is flat its correlation.
    """
    totals = counts.sum(axis=1, keepdims=True, dtype=np.float64)
    p = shares.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        q = counts / totals
        middle = (p + q) / 2
        divergence = (rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=1) / (2 * np.log(2))
        a, b = (x - x.mean(axis=1, keepdims=True) for x in (p, q))
        norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
        # what is flat but for rounding has no correlation
        correlation = np.where(norm > 1e-12, (a * b).sum(axis=1) / norm, np.nan)
    return np.stack([correlation, divergence])


def _mean(values: np.ndarray) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else np.nan
