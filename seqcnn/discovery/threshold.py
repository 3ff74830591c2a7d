"""The threshold that makes a window a site: where foreground and control differ most.

Written twice: for the device, inside of a compiled loop, and for the host, where every new number
of sequences would cost a compilation.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy

from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.stats import threshold


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
    return np.array(
        [threshold.best_threshold(f, c) for f, c in zip(foreground.T, control.T, strict=True)],
        foreground.dtype,
    )


def settled_threshold(
    scores: ScoreDistribution,
    share: float,
    placements: float,
    foreground: np.ndarray,
    control: np.ndarray,
) -> float:
    """Choose the threshold by what a motif promises and by what it did on sequences new to it.

    Few sites leave the best threshold to chance. The matrix says how its sites score: a word is
    ``2 ** score`` times as probable among them as among random words. So the expected
    log-likelihood ratio at each threshold is added to that of the sequences.

    Parameters
    ----------
    scores
        Of random words.
    share
        Of the sequences that have a site.
    placements
        Windows of a sequence on average, on all strands.
    foreground, control
        float64 (n,) and (m,): log10 of the p-value of the best site of each sequence, by matrices
        that did not see it.

    Returns
    -------
    float
        Bits.
    """
    some = np.isfinite(scores.log10_probabilities)
    bits = (scores.lowest + np.flatnonzero(some)) * scores.step
    word_tail = scores.log10_tail[some]
    of_sites = scores.probabilities[some] * np.exp2(bits)
    site_tail = np.cumsum(of_sites[::-1])[::-1] / of_sites.sum()
    n, m = len(foreground), len(control)
    by_chance = -np.expm1(placements * np.log1p(-np.minimum(10.0**word_tail, 1 - 1e-9)))
    expected = by_chance + (1 - by_chance) * share * site_tail
    hits = np.searchsorted(np.sort(foreground), word_tail, side="right")
    control_hits = np.searchsorted(np.sort(control), word_tail, side="right")
    promised = threshold.signed_likelihood_ratio(n * expected, m * by_chance, n, m)
    kept = threshold.signed_likelihood_ratio(hits, control_hits, n, m)
    return float(bits[(promised + kept).argmax()]) - scores.error


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
