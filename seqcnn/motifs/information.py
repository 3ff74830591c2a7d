"""The information that few sites show by chance."""

import numpy as np

from seqcnn.errors import SeqcnnError

EXACT_SITES = 1000
"""Up to here the small-sample correction is a sum; above, its approximation is as good."""


def sampling_information(sites: float, background: np.ndarray) -> float:
    """Compute the information that letters of the background alone are expected to show.

    Schneider et al. (1986), Information content of binding sites on nucleotide sequences,
    doi:10.1016/0022-2836(86)90165-8, call it e(n). Theirs is a sum over all compositions; since
    means add up, one over the counts of each letter gives the same.

    Parameters
    ----------
    sites
        Number of sites, at least 1; between whole numbers the result is interpolated.
    background
        Probability of each letter, (letters,).

    Returns
    -------
    float
        Bits; exact up to `EXACT_SITES`, above that (letters - 1) / (2 ln 2 sites).

    Examples
    --------
    >>> round(sampling_information(1, np.full(4, 0.25)), 3)
    2.0
    """
    if not sites >= 1:
        raise SeqcnnError(f"`sites` is {sites}, it must be at least 1")
    if sites > EXACT_SITES:
        return (len(background) - 1) / (2 * np.log(2) * sites)
    whole = int(sites)
    low, high = (_expected_information(n, background) for n in (whole, whole + 1))
    return float(low + (high - low) * (sites - whole))


def _expected_information(sites: int, background: np.ndarray) -> float:
    counts = np.arange(1, sites + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts))])
    log_ways = log_factorial[-1] - log_factorial[1:] - log_factorial[-2::-1]
    bits = 0.0
    for share in background:
        chance = np.exp(log_ways + counts * np.log(share) + (sites - counts) * np.log1p(-share))
        bits += (chance * counts / sites * np.log2(counts / sites / share)).sum()
    return bits
