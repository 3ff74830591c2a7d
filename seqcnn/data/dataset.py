"""`Dataset`: examples with their targets, as arrays on the host."""

from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples to learn from.

    Parameters
    ----------
    x
        (n, ...): uint8 (n, length) codes of sequences, or float32 (n, height, width, channels).
    y
        float32 (n,) or (n, tasks): targets.
    groups
        int64 (n,): examples of one group must not be split up; by default each is its own.
    """

    x: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or (
            self.groups is not None and len(self.groups) != len(self.x)
        ):
            raise SeqcnnError("`x`, `y` and `groups` must have as many rows as one another")

    def __len__(self) -> int:
        return len(self.x)

    def select(self, rows: np.ndarray) -> "Dataset":
        """Take examples by position or by a boolean mask."""
        groups = None if self.groups is None else self.groups[rows]
        return Dataset(self.x[rows], self.y[rows], groups)
