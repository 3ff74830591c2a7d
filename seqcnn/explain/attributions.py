"""`Attributions`: what each letter of sequences contributes to one output of a network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD, Alphabet


@dataclass(frozen=True, eq=False)
class Attributions:
    """What each letter of each sequence contributes to one output of a network.

    Parameters
    ----------
    values
        float32 (n, length, letters): what the method says of each letter at each position; 0 at
        padding. Contributions are 0 but for the present letters, gradients and differences of
        mutants are not.
    codes
        uint8 (n, length): the sequences, filled up with `PAD` on the right.
    ids
        n names.
    alphabet
        What the codes mean.
    method, task
        How it was found, and the name of the output that is explained.
    output
        float64 (n,): that output.
    difference
        float64 (n,): the output less that of the reference, or its mean over the references; NaN
        for methods that have none.
    hypothetical
        float32 (n, length, letters): what each letter would contribute if it stood there; None for
        methods that do not say.
    road
        Which of several ways to the same numbers was taken; empty where there is one.

    Raises
    ------
    SeqcnnError
        The shapes do not fit together.
    """

    values: np.ndarray
    codes: np.ndarray
    ids: Sequence[str]
    alphabet: Alphabet
    method: str
    task: str
    output: np.ndarray
    difference: np.ndarray
    hypothetical: np.ndarray | None = None
    road: str = ""

    def __post_init__(self) -> None:
        shape = (*self.codes.shape, self.alphabet.size)
        arrays = [self.values] if self.hypothetical is None else [self.values, self.hypothetical]
        if any(array.shape != shape for array in arrays) or len(self.ids) != len(self.codes):
            raise SeqcnnError(
                f"attributions of codes {self.codes.shape} must be {shape}, one id a row, not "
                f"{[array.shape for array in arrays]} with {len(self.ids)} ids"
            )

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return (
            f"Attributions({len(self)} sequences, {self.method} of {self.task!r}, "
            f"{self.alphabet.name})"
        )

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 (n,): letters in each sequence."""
        return (self.codes != PAD).sum(axis=1)

    @cached_property
    def one_hot(self) -> np.ndarray:
        """float32 (n, length, letters): the sequences as images; shares for ambiguous letters."""
        return self.alphabet.shares[self.codes].astype(np.float32)

    def projected(self) -> np.ndarray:
        """Keep what is said of the present letters: float32 (n, length, letters), else 0."""
        said = self.values if self.hypothetical is None else self.hypothetical
        return said * self.one_hot

    def contributions(self) -> np.ndarray:
        """Give each position one number, that of its letter: float32 (n, length)."""
        return self.projected().sum(axis=2)

    @cached_property
    def total(self) -> np.ndarray:
        """float64 (n,): the sum of the contributions, to be compared with `difference`."""
        return self.contributions().sum(axis=1, dtype=np.float64)

    def averaged(self, other: "Attributions") -> "Attributions":
        """Take the mean with the attributions of the reverse complements.

        Parameters
        ----------
        other
            Of the reverse complements of the same sequences, in the same order.

        Raises
        ------
        SeqcnnError
            It is not of these sequences, or the alphabet has no complements.
        """
        turned = other.turned()
        if not np.array_equal(turned.codes, self.codes):
            raise SeqcnnError("`other` must explain the reverse complements of the same sequences")
        both = None
        if self.hypothetical is not None and turned.hypothetical is not None:
            both = (self.hypothetical + turned.hypothetical) / 2
        return replace(
            self,
            values=(self.values + turned.values) / 2,
            output=(self.output + turned.output) / 2,
            difference=(self.difference + turned.difference) / 2,
            hypothetical=both,
        )

    def turned(self) -> "Attributions":
        """Lay the attributions along the other strand."""
        if self.alphabet.complements is None:
            raise SeqcnnError(f"the alphabet {self.alphabet.name} has no complements")
        columns, lengths = np.arange(self.codes.shape[1]), self.lengths[:, None]
        places = np.where(columns < lengths, lengths - 1 - columns, columns)
        letters = self.alphabet.complement_of_code[: self.alphabet.size]

        def flipped(array: np.ndarray) -> np.ndarray:
            return np.take_along_axis(array, places[..., None], axis=1)[..., letters]

        codes = np.take_along_axis(self.codes, places, axis=1)
        said = None if self.hypothetical is None else flipped(self.hypothetical)
        return replace(
            self,
            values=flipped(self.values),
            codes=self.alphabet.complement_of_code[codes],
            hypothetical=said,
        )
