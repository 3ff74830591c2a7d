"""Completeness: contributions must add up to the difference of the outputs."""

import warnings
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnWarning
from seqcnn.explain.attributions import Attributions

BOUNDS = {"deepshap": 1e-3, "ig": 1e-2}
"""Largest relative error that is expected of each method that is complete."""

LEAST = 0.01
"""Differences are no smaller, as a share of the spread of the outputs, where they divide."""

DIGITS = 1e-4
"""Nor are they smaller as a share of the largest output, of which float32 has seven digits: else
one sequence that does nothing would have an error of 1."""


class Completeness(NamedTuple):
    """How well contributions add up.

    Parameters
    ----------
    difference, total, error
        float64 (n,): of outputs, of contributions, and how far they are apart, relative to the
        difference, to a hundredth of the spread of the outputs, or to a ten-thousandth of the
        largest one, whichever is most. NaN for a method that has no reference.
    method
        Of the attributions.
    """

    difference: np.ndarray
    total: np.ndarray
    error: np.ndarray
    method: str

    @property
    def largest(self) -> float:
        """The largest error; NaN where there is none."""
        known = self.error[np.isfinite(self.error)]
        return float(known.max()) if len(known) else float("nan")

    @property
    def summary(self) -> str:
        """One line for people.

        Examples
        --------
        >>> Completeness(np.ones(1), np.ones(1), np.array([3e-7]), "ig").summary
        'completeness: largest relative error 3e-07 over 1 sequences'
        """
        known = int(np.isfinite(self.error).sum())
        if not known:
            return f"completeness: {self.method} is not meant to add up"
        return f"completeness: largest relative error {self.largest:.1g} over {known:,} sequences"


def completeness(attributions: Attributions) -> Completeness:
    """Compare the sums of contributions with differences of outputs, sequence by sequence.

    Warns
    -----
    SeqcnnWarning
        The largest error is above what is expected of the method.
    """
    difference, total = attributions.difference, attributions.total
    outputs = attributions.output
    spread, largest = (
        (float(np.ptp(outputs)), float(np.abs(outputs).max())) if len(outputs) else (0.0, 0.0)
    )
    least = max(LEAST * spread, DIGITS * largest, float(np.finfo(np.float32).tiny))
    error = np.abs(total - difference) / np.maximum(np.abs(difference), least)
    found = Completeness(difference, total, error, attributions.method)
    bound = BOUNDS.get(attributions.method, np.inf)
    if found.largest > bound:
        hint = ": take more steps" if attributions.method == "ig" else ""
        warnings.warn(
            f"{found.summary}; {attributions.method} should stay below {bound:g}{hint}",
            SeqcnnWarning,
            stacklevel=2,
        )
    return found
