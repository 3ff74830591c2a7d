"""Confidence intervals of shares and odds ratios."""

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist

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


def _logistic(x: float) -> float:
    # the form for negative x: exp never overflows
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
