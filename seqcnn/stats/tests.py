"""Exact one-sided tests of counts, in log space: p = 1e-4321 is as precise as p = 0.04.

All are the upper tail of a sum of independent counts: binomials for the paired test, one
hypergeometric for Fisher's, one in each stratum for the stratified test.
"""

import math
from collections.abc import Sequence

import numpy as np

from seqcnn.errors import SeqcnnError

_NEGLIGIBLE = 1e-22
"""Tilted probabilities below this are dropped: the tail that they would be added to is never below
about 1 / n, so the sum stays the same to the last digits of a float."""


def paired_log10_p(n_by_t: np.ndarray, observed: int) -> float:
    """Ask whether originals are hit more often than their own shuffles.

    If nothing but what a shuffle keeps explains the hits, an original and its R shuffles are
    exchangeable: when t of these R + 1 are hit, the original is one of them with probability
    t / (R + 1). The number of hit originals is then a sum of binomials, one for each t.

    Parameters
    ----------
    n_by_t
        int (R + 2,): originals with t = 0, 1, ..., R + 1 hits among themselves and their shuffles.
    observed
        Originals that are hit.

    Returns
    -------
    float
        log10 P(hit originals >= observed).

    Examples
    --------
    One shuffle each: 10 sequences hit themselves, their shuffles are not: p = 1 / 2 ** 10.

    >>> round(10 ** paired_log10_p(np.array([5, 10, 3]), 10 + 3) * 2**10, 9)
    1.0
    """
    n_by_t = _counts(n_by_t)
    if n_by_t.ndim != 1 or len(n_by_t) < 3:
        raise SeqcnnError(f"`n_by_t` must have R + 2 >= 3 counts, not shape {n_by_t.shape}")
    versions = len(n_by_t) - 1
    free = [t for t in range(1, versions) if n_by_t[t]]
    log_pmfs = [_binomial(int(n_by_t[t]), t / versions) for t in free]
    # where every version is hit the original is hit for sure
    return sum_tail_log10(log_pmfs, observed - int(n_by_t[-1]))


def fisher_log10_p(a: int, b: int, c: int, d: int) -> float:
    """Ask whether the first row of a 2 x 2 table has more hits (Fisher's exact test, one-sided).

    Parameters
    ----------
    a, b
        Foreground sequences that are hit, and that are not.
    c, d
        The same of the control.

    Returns
    -------
    float
        log10 P(hits of the foreground >= a), all margins given.

    Examples
    --------
    >>> round(10 ** fisher_log10_p(3, 1, 1, 3), 6) == round(17 / 70, 6)
    True
    """
    return stratified_log10_p(np.array([[[a, b], [c, d]]]))


def stratified_log10_p(tables: np.ndarray) -> float:
    """Ask whether the foreground has more hits, each stratum against its own margins.

    This is the exact conditional form of the Cochran-Mantel-Haenszel test (Mehta, Patel and Gray
    1985, doi:10.1080/01621459.1985.10478212), and Fisher's test if there is a single stratum.

    Parameters
    ----------
    tables
        int (strata, 2, 2): ``[[a, b], [c, d]]`` as in `fisher_log10_p`.

    Returns
    -------
    float
        log10 P(hits of the foreground, all strata together, >= those observed).

    Examples
    --------
    >>> two = np.array([[[1, 0], [0, 1]], [[1, 0], [0, 1]]])
    >>> round(10 ** stratified_log10_p(two), 9)
    0.25
    """
    tables = _counts(tables)
    if tables.ndim != 3 or tables.shape[1:] != (2, 2):
        raise SeqcnnError(f"`tables` must have the shape (strata, 2, 2), not {tables.shape}")
    a, b, c, d = tables.reshape(-1, 4).T
    least = np.maximum(0, a - d)  # of the hits of the foreground, with these margins
    log_pmfs = [_hypergeometric(*map(int, table)) for table in zip(a, b, c, d, strict=True)]
    return sum_tail_log10(log_pmfs, int((a - least).sum()))


def binomial_log10_p(observed: int, trials: int, share: float) -> float:
    """Ask whether more of `trials` fell into a class than its share of them.

    Returns
    -------
    float
        log10 P(count >= observed), the count binomial.

    Examples
    --------
    >>> round(10 ** binomial_log10_p(9, 10, 0.5) * 2**10, 9)
    11.0
    """
    if not 0 <= share <= 1:
        raise SeqcnnError(f"`share` must be from 0 to 1, not {share}")
    if observed <= 0 or share == 1:
        return 0.0
    if share == 0:
        return -math.inf
    return sum_tail_log10([_binomial(trials, share)], observed)


def paired_detail(hit: np.ndarray, not_hit: np.ndarray) -> str:
    """Write what `paired_log10_p` needs in one cell of a table.

    Parameters
    ----------
    hit, not_hit
        int (R + 2,): originals with t = 0, 1, ..., R + 1 hits among themselves and their shuffles,
        those that are hit themselves and those that are not.

    Examples
    --------
    >>> paired_detail(np.array([0, 9, 3]), np.array([5, 1, 0]))
    '0/5 9/1 3/0'
    """
    return " ".join(f"{h}/{n}" for h, n in zip(hit, not_hit, strict=True))


def stratified_detail(tables: np.ndarray) -> str:
    """Write the tables (strata, 2, 2) of `stratified_log10_p` in one cell: ``a/b/c/d a/b/c/d``."""
    return " ".join("/".join(map(str, table)) for table in np.reshape(tables, (-1, 4)))


def log10_p_of_detail(test: str, detail: str) -> float:
    """Compute a p-value again from its row of ``significance.tsv``.

    Parameters
    ----------
    test
        ``"paired"`` or ``"cmh"``.
    detail
        As `paired_detail` or `stratified_detail` writes it.

    Raises
    ------
    SeqcnnError
        There is no such test, or the text does not fit it.

    Examples
    --------
    >>> log10_p_of_detail("cmh", "3/1/1/3") == fisher_log10_p(3, 1, 1, 3)
    True
    """
    rows = parse_detail(test, detail)
    if test == "paired":
        return paired_log10_p(rows.sum(1), int(rows[:, 0].sum()))
    return stratified_log10_p(rows.reshape(-1, 2, 2))


def parse_detail(test: str, detail: str) -> np.ndarray:
    """Read the counts of a row of ``significance.tsv``.

    Returns
    -------
    numpy.ndarray
        int64 (R + 2, 2) of `paired_detail`, or (strata, 4) of `stratified_detail`.

    Raises
    ------
    SeqcnnError
        There is no such test, or the text does not fit it.
    """
    columns = {"paired": 2, "cmh": 4}
    if test not in columns:
        raise SeqcnnError(f"`test` is {test!r}, it must be one of {', '.join(columns)}")
    try:
        rows = np.array([[int(n) for n in word.split("/")] for word in detail.split()])
        if rows.ndim != 2 or rows.shape[1] != columns[test]:
            raise ValueError
    except ValueError:
        raise SeqcnnError(
            f"`detail` is {detail!r}, it must be words of {columns[test]} counts with / between"
        ) from None
    return rows


def sum_tail_log10(log_pmfs: Sequence[np.ndarray], observed: int) -> float:
    """Compute the upper tail of a sum of independent counts.

    The probabilities are tilted by exp(theta * count) so that the sum has the observed value as its
    mean, convolved where nothing can underflow, and tilted back (Esscher 1932; as in Lugannani and
    Rice 1980, but with the exact sum in place of its approximation). Any theta gives the exact
    answer; the right one keeps its digits.

    Parameters
    ----------
    log_pmfs
        For each variable the natural log of the probabilities of 0, 1, 2, ...; the last one is
        possible. No variable at all is a sum of 0.
    observed
        Value of the sum.

    Returns
    -------
    float
        log10 P(sum >= observed): 0 if that is certain, minus infinity if it is impossible.

    Examples
    --------
    >>> coin = np.log([0.5, 0.5])
    >>> round(10 ** sum_tail_log10([coin] * 3, 2), 12)
    0.5
    """
    if observed <= 0:
        return 0.0
    if observed > sum(len(log_pmf) - 1 for log_pmf in log_pmfs):
        return -math.inf
    theta = _tilt_towards(log_pmfs, observed)
    log_scale, first, total = 0.0, 0, np.ones(1)
    for log_pmf in log_pmfs:
        log_mass, pmf = _tilted(log_pmf, theta)
        log_scale += log_mass
        skipped, pmf = _trimmed(pmf)
        moved, total = _trimmed(np.convolve(total, pmf))
        first += skipped + moved
    excess = first + np.arange(len(total)) - observed
    tail = excess >= 0
    log_tail = np.log(np.sum(total[tail] * np.exp(-theta * excess[tail])))
    return min(0.0, float(log_scale - theta * observed + log_tail) / math.log(10))


def _tilt_towards(log_pmfs: Sequence[np.ndarray], observed: int) -> float:
    """Find the tilt that makes the observed value an ordinary one; 0 if it is low anyhow."""
    lower, upper = 0.0, 1.0
    if _mean_and_deviation(log_pmfs, 0.0)[0] >= observed:
        return 0.0
    while _mean_and_deviation(log_pmfs, upper)[0] < observed - 0.1:
        lower, upper = upper, 2 * upper
    while True:
        theta = (lower + upper) / 2
        mean, deviation = _mean_and_deviation(log_pmfs, theta)
        if abs(mean - observed) <= max(0.1, deviation / 2) or not lower < theta < upper:
            return theta
        lower, upper = (theta, upper) if mean < observed else (lower, theta)


def _mean_and_deviation(log_pmfs: Sequence[np.ndarray], theta: float) -> tuple[float, float]:
    """Mean and standard deviation of the tilted sum."""
    mean = variance = 0.0
    for log_pmf in log_pmfs:
        _, pmf = _tilted(log_pmf, theta)
        counts = np.arange(len(pmf))
        own_mean = float(pmf @ counts)
        mean += own_mean
        variance += float(pmf @ (counts - own_mean) ** 2)
    return mean, math.sqrt(variance)


def _tilted(log_pmf: np.ndarray, theta: float) -> tuple[float, np.ndarray]:
    """Multiply by exp(theta * count): log of the total, and the probabilities divided by it."""
    log_weights = log_pmf + theta * np.arange(len(log_pmf))
    greatest = log_weights.max()
    weights = np.exp(log_weights - greatest)
    total = weights.sum()
    return float(greatest + np.log(total)), weights / total


def _trimmed(pmf: np.ndarray) -> tuple[int, np.ndarray]:
    """Drop negligible ends: how many values in front, and what is left."""
    kept = np.flatnonzero(pmf > _NEGLIGIBLE)
    return int(kept[0]), pmf[kept[0] : kept[-1] + 1]


def _binomial(n: int, p: float) -> np.ndarray:
    """Log probabilities of 0, ..., n successes."""
    k = np.arange(n)
    return _log_pmf_of_ratios((n - k) * p / ((k + 1) * (1 - p)))


def _hypergeometric(a: int, b: int, c: int, d: int) -> np.ndarray:
    """Log probabilities of every first cell with the margins of a table, from the least up."""
    low, high = a - min(a, d), a + min(b, c)
    k = np.arange(low, high, dtype=float)
    return _log_pmf_of_ratios((a + b - k) * (a + c - k) / ((k + 1) * (d - a + k + 1)))


def _log_pmf_of_ratios(ratios: np.ndarray) -> np.ndarray:
    """Log probabilities from the falling ratios of each to the one before.

    The logs are added up from the mode outwards, so that the error grows with the distance from it
    and stays small against the log itself; log-gamma functions lose 9 digits at counts of 1e6.
    """
    mode = int(np.searchsorted(-ratios, -1.0))
    steps = np.log(ratios)
    below = -np.cumsum(steps[:mode][::-1])[::-1]
    above = np.cumsum(steps[mode:])
    log_pmf = np.concatenate([below, [0.0], above])
    return log_pmf - np.log(np.exp(log_pmf).sum())


def _counts(values: np.ndarray) -> np.ndarray:
    counts = np.asarray(values)
    if counts.size and (not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0):
        raise SeqcnnError(f"counts must be whole numbers of zero or more, not {counts.tolist()}")
    return counts.astype(np.int64)
