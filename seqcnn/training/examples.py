"""`Examples`: sequences with their encoded targets, of which steps take some rows."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Examples:
    """Sequences or pictures with their targets.

    Parameters
    ----------
    x
        uint8 (n, length), or pixels (n, *space, channels); a `numpy.memmap` stays on disk.
    y
        float32 (n, tasks), of profiles (n, 1 + width, tasks): what `Target.encode` gave, NaN where
        missing. Masks are uint8 (n, *space), 255 where missing.
    weights
        float32 (n,): how much each counts; None for all the same.
    rows
        int64 (m,): these only, in this order; None for all. No array is copied.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x if self.rows is None else self.rows)

    @property
    def targets(self) -> np.ndarray:
        """Of the rows only: (m, ...), as `y`."""
        return self.y if self.rows is None else self.y[self.rows]

    @property
    def counts(self) -> np.ndarray:
        """float32 (m,): how much each of the rows counts."""
        if self.weights is None:
            return np.ones(len(self), np.float32)
        return self.weights if self.rows is None else self.weights[self.rows]

    def take(self, at: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Copy codes, targets and weights of some rows, by their places among the rows."""
        rows = at if self.rows is None else self.rows[at]
        y = self.y[rows]
        weights = np.ones(len(y), np.float32) if self.weights is None else self.weights[rows]
        return self.x[rows], y, weights
