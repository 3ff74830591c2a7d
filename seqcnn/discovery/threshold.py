"""The threshold that makes a window a site: where foreground and control differ most.

Written twice: for the device, inside of a compiled loop, and for the host, where every new number
of sequences would cost a compilation.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy
from scipy import special


def best_threshold(foreground: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Find the score at which more foreground than control has a site, by likelihood ratio.

    Parameters
    ----------
    foreground, control
        float (n, frames) and (m, frames): best scores of sequences.

    Returns
    -------
    numpy.ndarray
        float (frames,), of the dtype of `foreground`.

    Examples
    --------
    >>> best_threshold(np.array([[9.0], [8.0], [1.0]]), np.array([[2.0], [1.0], [0.0]])).tolist()
    [8.0]
    """
    scores = -np.sort(-foreground, axis=0)
    n, m = len(foreground), len(control)
    hits = np.arange(1.0, n + 1)
    thresholds = np.empty(foreground.shape[1], foreground.dtype)
    for frame, column in enumerate(scores.T):
        above = m - np.searchsorted(np.sort(control[:, frame]), column)
        thresholds[frame] = column[_signed_likelihood_ratio(hits, above, n, m).argmax()]
    return thresholds


def _signed_likelihood_ratio(
    hits: np.ndarray, control_hits: np.ndarray, total: int, control_total: int
) -> np.ndarray:
    """Compute twice the log-likelihood ratio; negative if the control has the larger share."""

    def entropy(k: np.ndarray, n: int) -> np.ndarray:
        return special.xlogy(k, k / n) + special.xlogy(n - k, (n - k) / n)

    both = entropy(hits + control_hits, total + control_total)
    ratio = 2 * (entropy(hits, total) + entropy(control_hits, control_total) - both)
    return np.where(hits * control_total > control_hits * total, ratio, -ratio)


def best_threshold_inside_jit(
    foreground: jax.Array, control: jax.Array, sizes: jax.Array
) -> jax.Array:
    """Find what `best_threshold` finds, of rows that are filled up.

    Parameters
    ----------
    foreground, control
        float32 (n, frames) and (m, frames): rows beyond `sizes` are padding, which scores worst.
    sizes
        float32 (2,): true numbers of sequences.

    Returns
    -------
    jax.Array
        float32 (frames,).
    """
    scores = -jnp.sort(-foreground, axis=0)
    above = jax.vmap(lambda c, s: len(c) - jnp.searchsorted(jnp.sort(c), s), 1, 1)(control, scores)
    hits = jnp.arange(1, len(scores) + 1, dtype=jnp.float32)[:, None]

    def entropy(k: jax.Array, n: jax.Array) -> jax.Array:
        return xlogy(k, k / n) + xlogy(n - k, (n - k) / n)

    n, m, control_hits = sizes[0], sizes[1], above.astype(jnp.float32)
    ratio = 2 * (entropy(hits, n) + entropy(control_hits, m) - entropy(hits + control_hits, n + m))
    value = jnp.where(hits * m > control_hits * n, ratio, -ratio)
    value = jnp.where(hits <= n, value, -jnp.inf)
    return jnp.take_along_axis(scores, value.argmax(0)[None], axis=0)[0]
