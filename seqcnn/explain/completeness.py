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

ROUNDING = float(32 * np.finfo(np.float32).eps)
"""Outputs are not known better than this share of them: what is less is relative to them."""


class Completeness(NamedTuple):
    """How well contributions add up.

    Parameters
    ----------
    difference, total, error
        float64 (n,): of outputs, of contributions, and how far they are apart, relative to the
        difference or to a hundredth of the spread of the outputs, whichever is larger, within
        rounding to the outputs; inf where one of them is no number. NaN for a method that has no
        reference.
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
        known = self.error[~np.isnan(self.error)]
        return float(known.max()) if len(known) else float("nan")

    @property
    def summary(self) -> str:
        """One line for people.

        Examples
        --------
        >>> Completeness(np.ones(1), np.ones(1), np.array([3e-7]), "ig").summary
        'completeness: largest relative error 3e-07 over 1 sequences'
        """
        known = int((~np.isnan(self.error)).sum())
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
    known = attributions.output[np.isfinite(attributions.output)]
    spread = float(np.ptp(known)) if len(known) else 0.0
    least = max(LEAST * spread, float(np.finfo(np.float32).tiny))
    size = np.maximum(np.abs(attributions.output), np.abs(attributions.output - difference))
    apart = np.abs(total - difference)
    least = np.where(apart <= ROUNDING * size, np.maximum(size, least), least)
    error = apart / np.maximum(np.abs(difference), least)
    if attributions.method in BOUNDS:  # what is no number does not add up
        error = np.where(np.isfinite(error), error, np.inf)
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
