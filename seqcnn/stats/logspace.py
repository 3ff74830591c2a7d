"""Numbers too small for a float, carried as their log10 and written like ``1.3e-4321``."""

import math
import re
from decimal import Decimal

import numpy as np

from seqcnn.errors import SeqcnnError

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?")
_PLAIN_EXPONENTS = range(-3, 4)
"""0.001 to 9999 are written without an exponent: people read 0.032 faster than 3.2e-2."""


def format_log10(log10_value: float, digits: int = 2) -> str:
    """Write a number that is given by its log10.

    Parameters
    ----------
    log10_value
        log10 of the number. Minus infinity is an exact zero, and the only value written ``0``;
        NaN is a missing value and written as nothing.
    digits
        Significant digits, 1 or more.

    Returns
    -------
    str
        ``0.032``, ``1.3e-4321``, ``0``, ``inf`` or an empty string.

    Examples
    --------
    >>> [format_log10(x) for x in (-4320.886, -1.495, 0.0, math.log10(9.96e-5))]
    ['1.3e-4321', '0.032', '1.0', '1.0e-4']
    """
    if math.isnan(log10_value):
        return ""
    if math.isinf(log10_value):
        return "inf" if log10_value > 0 else "0"
    exponent = math.floor(log10_value)
    mantissa = f"{10 ** (log10_value - exponent):.{digits - 1}f}"
    if mantissa.startswith("10"):  # 9.96 was rounded up to the next power of ten
        mantissa, exponent = f"{1:.{digits - 1}f}", exponent + 1
    text = f"{mantissa}e{exponent}"
    return f"{Decimal(text):f}" if exponent in _PLAIN_EXPONENTS else text


def parse_log10(text: str) -> float:
    """Read the log10 of a number that may be too small for a float.

    Parameters
    ----------
    text
        A number of zero or more, as `format_log10` writes it, or in any usual notation.

    Returns
    -------
    float
        Minus infinity for zero, NaN for an empty text.

    Raises
    ------
    SeqcnnError
        The text is no such number.

    Examples
    --------
    >>> round(parse_log10("1.3e-4321"), 3)
    -4320.886
    """
    text = text.strip()
    if text.lower() in ("", "nan", "inf"):
        return float(text or "nan")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise SeqcnnError(f"{text!r} is no number of zero or more, such as 0.032 or 1.3e-4321")
    mantissa, exponent = float(match[1]), int(match[2] or 0)
    return math.log10(mantissa) + exponent if mantissa else -math.inf


def log10_sum(log10_values: np.ndarray) -> float:
    """Add numbers that are given by their log10.

    Parameters
    ----------
    log10_values
        Of any shape; minus infinity stands for zero.

    Returns
    -------
    float
        log10 of the sum; minus infinity if there is nothing to add.

    Examples
    --------
    >>> log10_sum(np.array([-5000.0, -5000.0])) == -5000 + math.log10(2)
    True
    """
    values = np.asarray(log10_values, float)
    greatest = float(values.max(initial=-np.inf))
    if math.isinf(greatest):
        return greatest
    return greatest + float(np.log10(np.sum(10 ** (values - greatest))))
