"""False discovery rates, in log space."""

import numpy as np


def benjamini_hochberg(log10_p: np.ndarray) -> np.ndarray:
    """Compute q-values (Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x).

    Parameters
    ----------
    log10_p
        float (n,): log10 of p-values. NaN is a test that was not made: it stays NaN, and does not
        count among the tests.

    Returns
    -------
    numpy.ndarray
        float (n,): log10 of the q-values, 0 at most.

    Examples
    --------
    >>> q = 10 ** benjamini_hochberg(np.log10([0.01, 0.04, np.nan, 0.03]))
    >>> [round(float(x), 6) for x in q]
    [0.03, 0.04, nan, 0.04]
    """
    log10_p = np.asarray(log10_p, float)
    log10_q = np.full(log10_p.shape, np.nan)
    made = np.flatnonzero(~np.isnan(log10_p))
    falling = made[np.argsort(-log10_p[made], kind="stable")]
    ranks = np.arange(len(made), 0, -1)
    scaled = log10_p[falling] + np.log10(len(made) / ranks)
    log10_q[falling] = np.minimum(0.0, np.minimum.accumulate(scaled))
    return log10_q
