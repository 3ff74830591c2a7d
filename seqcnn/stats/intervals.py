"""Confidence intervals of shares and odds ratios."""

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np

from seqcnn.errors import SeqcnnError


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    Parameters
    ----------
    value
        The point estimate.
    low, high
        Ends of the interval.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Plain numbers for a JSON file."""
        return asdict(self)


def normal_quantile(level: float) -> float:
    """Half the width of the central interval of a standard normal: 1.96 for a level of 0.95."""
    if not 0 < level < 1:
        raise SeqcnnError(f"`level` is {level}, it must lie between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(successes: float, total: float, *, level: float = 0.95) -> Estimate:
    """Estimate a share (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Parameters
    ----------
    successes, total
        Counts, or an expected count where the share is known otherwise.
    level
        Confidence level.

    Returns
    -------
    Estimate
        NaN in (0, 1) if `total` is 0: nothing is known.

    Raises
    ------
    SeqcnnError
        The counts are no part and whole.

    Examples
    --------
    >>> share = wilson(8, 10)
    >>> f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"
    '0.80 (0.49 to 0.94)'
    """
    if not 0 <= successes <= total:
        raise SeqcnnError(f"`successes` is {successes}, it must lie between 0 and {total}")
    if total == 0:
        return Estimate(math.nan, 0.0, 1.0)
    z = normal_quantile(level)
    share = successes / total
    scale = 1 + z**2 / total
    centre = (share + z**2 / (2 * total)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == total else min(1.0, centre + half)
    return Estimate(share, low, high)


def logit_interval(value: float, standard_error: float, *, level: float = 0.95) -> Estimate:
    """Lay an interval around a share on the logit scale, where it cannot leave (0, 1).

    Parameters
    ----------
    value
        The share, neither 0 nor 1.
    standard_error
        Its standard error on its own scale; the delta method takes it to the logit scale.
    level
        Confidence level.
    """
    logit = math.log(value / (1 - value))
    half = normal_quantile(level) * standard_error / (value * (1 - value))
    return Estimate(value, _logistic(logit - half), _logistic(logit + half))


def odds_ratio(a: int, b: int, c: int, d: int, *, level: float = 0.95) -> Estimate:
    """Estimate the odds ratio of a 2 x 2 table with the interval of Woolf (1955).

    One half is added to every cell of every table (Haldane 1956, Anscombe 1956): the ratio is
    finite where a cell is 0, less biased where none is, and has no jump in between.

    Parameters
    ----------
    a, b
        Foreground sequences that are hit, and that are not.
    c, d
        The same of the control.
    level
        Confidence level.

    Raises
    ------
    SeqcnnError
        A count is negative.

    Examples
    --------
    >>> odds_ratio(10, 10, 10, 10).value
    1.0
    """
    if min(a, b, c, d) < 0:
        raise SeqcnnError(f"counts must be zero or more, not {a}, {b}, {c}, {d}")
    cells = [n + 0.5 for n in (a, b, c, d)]
    log_ratio = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    half = normal_quantile(level) * math.sqrt(sum(1 / n for n in cells))
    return Estimate(*(math.exp(log_ratio + x) for x in (0, -half, half)))


def stratified_odds_ratio(tables: np.ndarray, *, level: float = 0.95) -> Estimate:
    """Estimate the odds ratio that strata have in common.

    Mantel and Haenszel (1959, doi:10.1093/jnci/22.4.719), with the variance of Robins, Breslow and
    Greenland (1986, doi:10.2307/2531052).

    Parameters
    ----------
    tables
        int (strata, 2, 2): ``[[a, b], [c, d]]`` as in `odds_ratio`. One stratum gives what
        `odds_ratio` gives, one half is added to each of its cells; of several, one half is added to
        the cells of a table of their sums, shared out by size, so that no cell is 0.
    level
        Confidence level.

    Examples
    --------
    >>> strata = np.array([[[20, 80], [10, 90]], [[40, 60], [23, 77]]])
    >>> f"{stratified_odds_ratio(strata).value:.2f}"
    '2.22'
    """
    tables = np.asarray(tables, float)
    share = tables.sum((1, 2)) / tables.sum()
    a, b, c, d = (tables + 0.5 * share[:, None, None]).reshape(-1, 4).T
    n = a + b + c + d
    kept = n > 0
    a, b, c, d, n = (x[kept] for x in (a, b, c, d, n))
    concordant, discordant = (a + d) / n, (b + c) / n
    r, s = a * d / n, b * c / n
    variance = (
        (concordant * r).sum() / (2 * r.sum() ** 2)
        + (concordant * s + discordant * r).sum() / (2 * r.sum() * s.sum())
        + (discordant * s).sum() / (2 * s.sum() ** 2)
    )
    log_ratio, half = math.log(r.sum() / s.sum()), normal_quantile(level) * math.sqrt(variance)
    return Estimate(*(math.exp(log_ratio + x) for x in (0, -half, half)))


def _logistic(x: float) -> float:
    # the form for negative x: exp never overflows
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
