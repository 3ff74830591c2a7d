"""Counts, probabilities and scores of a motif: one type per meaning, converted only by name.

Positions are rows and letters are columns, as in a MEME file and in the kernel of a convolution.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.information import sampling_information
from seqcnn.seq.alphabet import DNA, RNA, Alphabet

ROW_SUM_TOLERANCE = 0.05
"""How far a row of probabilities may be from 1: files round to as few as two decimals."""

ROUNDING = 1e-12
"""A row this near to 1 is left as it is."""

SCORE_FLOOR = -10.0
"""Bits of a letter that a motif never shows: a thousand times rarer than in the background."""

USUAL_SITES = 20
"""Sites that a matrix is taken to come from where nobody knows, as MEME does."""

PSEUDOCOUNT = 0.1
"""Sites that a scan adds to those of a motif, shared out like the background, as FIMO does."""


@dataclass(frozen=True, eq=False)
class CountMatrix:
    """How often each letter was seen at each position.

    Parameters
    ----------
    values
        float64 (width, letters), not negative; weighted sites give fractions.
    alphabet
        What the columns stand for.
    """

    values: np.ndarray
    alphabet: Alphabet

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _non_negative(self.values, self.alphabet))

    @classmethod
    def from_sites(cls, sites: np.ndarray, alphabet: Alphabet) -> "CountMatrix":
        """Count the letters of aligned sites.

        Parameters
        ----------
        sites
            uint8 (n, width): codes. An ambiguous letter counts in equal shares for the letters that
            it stands for, padding not at all.
        alphabet
            What the codes mean.

        Raises
        ------
        SeqcnnError
            `sites` is no table of codes.

        Examples
        --------
        >>> sites = np.array([DNA.encode("AC"), DNA.encode("AN")])
        >>> CountMatrix.from_sites(sites, DNA).values.tolist()
        [[2.0, 0.0, 0.0, 0.0], [0.25, 1.25, 0.25, 0.25]]
        """
        sites = np.asarray(sites)
        if sites.ndim != 2 or not np.issubdtype(sites.dtype, np.integer):
            raise SeqcnnError(
                f"`sites` has shape {sites.shape} and dtype {sites.dtype}, it needs (n, width) of "
                f"codes: Alphabet.encode makes them of words"
            )
        width = sites.shape[1]
        seen = np.bincount((sites + np.arange(width) * 256).ravel(), minlength=256 * width)
        return cls(seen.reshape(width, 256) @ alphabet.shares.astype(np.float64), alphabet)

    def to_probabilities(
        self, pseudocount: float = 0.0, background: np.ndarray | None = None
    ) -> "ProbabilityMatrix":
        """Divide each row by its total.

        Parameters
        ----------
        pseudocount
            Sites added to each row, shared out like the background.
        background
            Probability of each letter outside of the motif, (letters,); uniform by default.

        Returns
        -------
        ProbabilityMatrix
            A row without any count becomes the background.

        Examples
        --------
        >>> CountMatrix(np.array([[6, 2, 0, 0]]), DNA).to_probabilities().values.tolist()
        [[0.75, 0.25, 0.0, 0.0]]
        """
        if pseudocount < 0:
            raise SeqcnnError(f"`pseudocount` is {pseudocount}, it must be at least 0")
        shares = as_background(background, self.alphabet)
        values = self.values + pseudocount * shares if pseudocount else self.values
        totals = values.sum(1, keepdims=True)
        if totals.min() == 0:
            values = np.where(totals > 0, values, shares)
            totals = values.sum(1, keepdims=True)
        return ProbabilityMatrix(values / totals, self.alphabet, shares)


@dataclass(frozen=True, eq=False)
class ProbabilityMatrix:
    """The probability of each letter at each position.

    Parameters
    ----------
    values
        float64 (width, letters); rows that sum to 1 only nearly (`ROW_SUM_TOLERANCE`) are rescaled.
    alphabet
        What the columns stand for.
    background
        Probability of each letter outside of the motif, float64 (letters,); uniform by default.
    """

    values: np.ndarray
    alphabet: Alphabet
    background: np.ndarray = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        values = _non_negative(self.values, self.alphabet)
        totals = values.sum(1, keepdims=True)
        error = np.abs(totals - 1)
        row = int(error.argmax())
        if error[row] > ROW_SUM_TOLERANCE:
            raise SeqcnnError(
                f"the probabilities of position {row + 1} sum to {totals[row, 0]:.6g}, not to 1"
            )
        if error[row] > ROUNDING:
            values = values / totals
            values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "background", as_background(self.background, self.alphabet))

    def __len__(self) -> int:
        return len(self.values)

    def to_counts(self, sites: float) -> CountMatrix:
        """Multiply by a number of sites."""
        return CountMatrix(self.values * sites, self.alphabet)

    def to_scores(
        self,
        *,
        background: np.ndarray | None = None,
        pseudocount: float = 0.0,
        sites: float = USUAL_SITES,
        floor: float = SCORE_FLOOR,
    ) -> "ScoreMatrix":
        """Compare with the background.

        Parameters
        ----------
        background
            Another background than that of the matrix, (letters,).
        pseudocount
            Sites added to the `sites` of the matrix, shared out like the background;
            `Motif.to_scores` knows their number.
        sites
            Number of sites that the matrix was counted from; for `pseudocount` only.
        floor
            Smallest score in bits, so that impossible letters stay finite.

        Returns
        -------
        ScoreMatrix
            log2 of probability over background, in bits.

        Examples
        --------
        >>> ProbabilityMatrix(np.array([[0.5, 0.5, 0, 0]]), DNA).to_scores().values.tolist()
        [[1.0, 1.0, -10.0, -10.0]]
        """
        if not floor < 0:
            raise SeqcnnError(f"`floor` is {floor}, it must be below 0 bits")
        against = (
            self.background if background is None else as_background(background, self.alphabet)
        )
        matrix = (
            self.to_counts(sites).to_probabilities(pseudocount, against) if pseudocount else self
        )
        odds = np.maximum(matrix.values / against, 2.0**floor)
        return ScoreMatrix(np.log2(odds), self.alphabet, against)

    def information(self, sites: float | None = None) -> np.ndarray:
        """Relative entropy of each position against the background.

        Parameters
        ----------
        sites
            Number of sites that the matrix was counted from, to take off what so few sites of the
            background alone would show (`sampling_information`); by default nothing is taken off.

        Returns
        -------
        numpy.ndarray
            float64 (width,), in bits, at least 0.
        """
        odds = np.where(self.values > 0, self.values / self.background, 1.0)
        bits = (self.values * np.log2(odds)).sum(1)
        return np.maximum(bits - (sampling_information(sites, self.background) if sites else 0), 0)

    def reverse_complement(self) -> "ProbabilityMatrix":
        """Read the other strand; the background is that of the other strand too."""
        paired = self.alphabet.complement_of_code[: self.alphabet.size]
        return replace(self, values=self.values[::-1, paired], background=self.background[paired])

    def trim(self, threshold: float = 0.25) -> "ProbabilityMatrix":
        """Drop positions at both ends that have less than `threshold` bits; keep one at least."""
        kept = slice(*self.core(threshold))
        return replace(self, values=self.values[kept])

    def core(self, threshold: float = 0.25) -> tuple[int, int]:
        """First and one past the last position with at least `threshold` bits."""
        if np.isnan(threshold):
            raise SeqcnnError("`threshold` is nan, it must be a number of bits")
        bits = self.information()
        strong = np.flatnonzero(bits >= min(threshold, bits.max()))
        return int(strong[0]), int(strong[-1]) + 1

    def consensus(self) -> str:
        """Write the motif as a word.

        DNA and RNA use the IUPAC codes by the rules of Cavener (1987, doi:10.1093/nar/15.4.1353):
        one letter if it has more than half and more than twice the next, two letters if they have
        more than three quarters, three if the fourth never occurs, else N. Other alphabets show a
        letter that has at least half; in lower case the commonest one, if it has twice its
        background and the position 0.5 bits; else their symbol for any letter.
        """
        if self.alphabet in (DNA, RNA):
            return "".join(_iupac(row, self.alphabet) for row in self.values)
        return "".join(
            _letter(row, bits, self.background, self.alphabet)
            for row, bits in zip(self.values, self.information(), strict=True)
        )


@dataclass(frozen=True, eq=False)
class ScoreMatrix:
    """The log-odds score of each letter at each position.

    Parameters
    ----------
    values
        float64 (width, letters), in bits, finite.
    alphabet
        What the columns stand for.
    background
        Probability of each letter outside of the motif, float64 (letters,); uniform by default.
    """

    values: np.ndarray
    alphabet: Alphabet
    background: np.ndarray = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _finite(self.values, self.alphabet))
        object.__setattr__(self, "background", as_background(self.background, self.alphabet))

    def __len__(self) -> int:
        return len(self.values)

    def reverse_complement(self) -> "ScoreMatrix":
        """Score a site of the other strand from the letters of this one."""
        paired = self.alphabet.complement_of_code[: self.alphabet.size]
        return replace(self, values=self.values[::-1, paired], background=self.background[paired])


def as_background(shares: np.ndarray | None, alphabet: Alphabet) -> np.ndarray:
    """Check the probabilities of letters outside of a motif.

    Parameters
    ----------
    shares
        (letters,), above 0, sum 1 or nearly (`ROW_SUM_TOLERANCE`); None for uniform.
    alphabet
        What the entries stand for.

    Returns
    -------
    numpy.ndarray
        float64 (letters,), sum 1, read-only.

    Raises
    ------
    SeqcnnError
        A share is missing, not above 0, or they do not sum to 1.
    """
    if shares is None or shares is _uniform(alphabet.size):
        return _uniform(alphabet.size)
    try:
        values = np.array(shares, np.float64)
    except (TypeError, ValueError):
        raise SeqcnnError(
            f"`background` must be one share for each of the letters {alphabet.letters}, "
            f"not {shares!r:.60}"
        ) from None
    if values.shape != (alphabet.size,):
        raise SeqcnnError(
            f"`background` has shape {values.shape}, it needs one share for each of the "
            f"{alphabet.size} letters {alphabet.letters}"
        )
    total = float(values.sum())
    # written so that NaN fails too
    if not (values.min() > 0 and abs(total - 1) <= ROW_SUM_TOLERANCE):
        raise SeqcnnError(f"`background` must be above 0 and sum to 1, not {values.tolist()}")
    if abs(total - 1) > ROUNDING:
        values /= total
    values.flags.writeable = False
    return values


@cache
def _uniform(size: int) -> np.ndarray:
    values = np.full(size, 1 / size)
    values.flags.writeable = False
    return values


def _finite(values: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    try:
        copy = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise SeqcnnError(
            f"a matrix must be a table of numbers, one row for each position, not {values!r:.60}"
        ) from None
    if copy.ndim != 2 or copy.shape[1] != alphabet.size or not len(copy):
        raise SeqcnnError(
            f"a matrix has shape {copy.shape}, it needs (width, {alphabet.size}) "
            f"for the letters {alphabet.letters}"
        )
    if not np.isfinite(copy).all():
        row, column = np.argwhere(~np.isfinite(copy))[0]
        raise SeqcnnError(
            f"position {row + 1} holds a value that is not a number: {copy[row, column]:g} for "
            f"{alphabet.letters[column]}"
        )
    copy.flags.writeable = False
    return copy


def _non_negative(values: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    copy = _finite(values, alphabet)
    if copy.min() < 0:
        row = int((copy < 0).any(1).argmax())
        raise SeqcnnError(f"position {row + 1} holds a negative value: {copy[row].min():.6g}")
    return copy


def _letter(row: np.ndarray, bits: float, background: np.ndarray, alphabet: Alphabet) -> str:
    best = int(row.argmax())
    if row[best] >= 0.5:
        return alphabet.letters[best]
    telling = row[best] >= 2 * background[best] and bits >= 0.5
    return alphabet.letters[best].lower() if telling else alphabet.unknown


def _iupac(row: np.ndarray, alphabet: Alphabet) -> str:
    order = np.argsort(-row, kind="stable")
    first, second, third, fourth = row[order]
    if first > second + third + fourth and first > 2 * second:
        return alphabet.letters[order[0]]
    if first + second > 0.75:
        count = 2
    elif fourth == 0:
        count = 3
    else:
        return alphabet.unknown
    wanted = {alphabet.letters[i] for i in order[:count]}
    return next(symbol for symbol, letters in alphabet.ambiguity.items() if set(letters) == wanted)
