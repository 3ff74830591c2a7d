"""`PictureSet`: pictures of one size, with their names and what is known of them."""

from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures, or volumes, of one size.

    Parameters
    ----------
    x
        (n, *space, channels), bool, uint8, uint16 or float32: pixels as they are stored.
    ids
        n names: paths of files, within their folder.
    labels
        float64 (n, tasks), NaN where missing; of several classes (n, 1), numbers in `classes`. None
        if nothing is known.
    classes
        Names of the classes; none for numbers.
    tasks
        Names of the columns of `labels`.
    groups
        int64 (n,): pictures of one group must not be split up; None if each is its own.

    Raises
    ------
    SeqcnnError
        The parts differ in length.
    """

    x: np.ndarray
    ids: tuple[str, ...]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("label",)
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        parts = (self.ids, self.labels, self.groups)
        if any(part is not None and len(part) != len(self.x) for part in parts):
            raise SeqcnnError("pictures, names, labels and groups must be equally many")

    def __len__(self) -> int:
        return len(self.x)

    def select(self, rows: np.ndarray) -> "PictureSet":
        """Take pictures by position or by a boolean mask."""
        places = np.arange(len(self))[rows]
        return PictureSet(
            self.x[places],
            tuple(self.ids[i] for i in places),
            None if self.labels is None else self.labels[places],
            self.classes,
            self.tasks,
            None if self.groups is None else self.groups[places],
        )
