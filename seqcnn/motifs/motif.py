"""`Motif`: a probability matrix with a name and what is known about it."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import (
    PSEUDOCOUNT,
    USUAL_SITES,
    CountMatrix,
    ProbabilityMatrix,
    ScoreMatrix,
)
from seqcnn.seq.alphabet import Alphabet

THRESHOLD = "threshold"
"""Annotation with the log-odds from which on HOMER calls a site, natural logarithm."""

_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True, eq=False)
class Motif:
    """A motif as files, databases and reports know it.

    Parameters
    ----------
    name
        The identifier, not empty; need not be unique. Tabs and ends of lines, which would break
        tables, become blanks, here and in `alternative_name`.
    matrix
        Probabilities with their alphabet and background.
    alternative_name
        What people call it, for instance the name of the factor.
    sites
        Number of sites that the matrix was counted from; 0 where it is not known.
    log10_e_value
        log10 of the E-value; None where it is not known.
    source
        Where the motif comes from: a database, a file, the kind of candidate.
    annotations
        What else a file said, as pairs of a key and a text: the two-letter codes of TRANSFAC, the
        threshold of HOMER. A writer keeps those that its format has a place for.
    """

    name: str
    matrix: ProbabilityMatrix
    alternative_name: str = ""
    sites: float = 0
    log10_e_value: float | None = None
    source: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for key in ("name", "alternative_name"):
            object.__setattr__(self, key, _BREAKS.sub(" ", getattr(self, key)))
        if not self.name.strip():
            raise SeqcnnError("a motif needs a name, `name` is empty")
        if not isinstance(self.matrix, ProbabilityMatrix):
            hint = ": to_probabilities() makes one" if isinstance(self.matrix, CountMatrix) else ""
            raise SeqcnnError(
                f"motif {self.name!r}: `matrix` is a {type(self.matrix).__name__}, it must be a "
                f"ProbabilityMatrix{hint}"
            )
        if not 0 <= self.sites < math.inf:
            raise SeqcnnError(f"motif {self.name!r}: `sites` is {self.sites}, it must be 0 or more")
        if self.log10_e_value is not None and math.isnan(self.log10_e_value):
            raise SeqcnnError(
                f"motif {self.name!r}: `log10_e_value` is nan, it must be a number, or None where "
                f"it is not known"
            )

    def __repr__(self) -> str:
        return f"Motif({self.name!r}, {self.consensus})"

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet of the matrix."""
        return self.matrix.alphabet

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.matrix)

    def annotation(self, key: str) -> str | None:
        """Look an annotation up; None if there is none."""
        return dict(self.annotations).get(key)

    @property
    def consensus(self) -> str:
        """The motif as a word."""
        return self.matrix.consensus()

    def reverse_complement(self) -> "Motif":
        """Read the motif on the other strand."""
        return replace(self, matrix=self.matrix.reverse_complement())

    def trim(self, threshold: float = 0.25) -> "Motif":
        """Drop positions at both ends that have less than `threshold` bits.

        The annotation `THRESHOLD` goes with them, for it was that of all positions.
        """
        matrix = self.matrix.trim(threshold)
        if len(matrix) == self.width:
            return self
        notes = tuple((key, text) for key, text in self.annotations if key != THRESHOLD)
        return replace(self, matrix=matrix, annotations=notes)

    def information(self, *, corrected: bool = True) -> np.ndarray:
        """Relative entropy of each position against the background of the motif.

        Parameters
        ----------
        corrected
            Take off what so few sites would show by chance, where their number is known; see
            `information.sampling_information`.

        Returns
        -------
        numpy.ndarray
            float64 (width,), in bits, at least 0.
        """
        return self.matrix.information(self.sites if corrected and self.sites >= 1 else None)

    def to_scores(
        self, *, background: np.ndarray | None = None, pseudocount: float = PSEUDOCOUNT
    ) -> ScoreMatrix:
        """Compare with the background, as for a scan.

        Parameters
        ----------
        background
            Another background than that of the motif, (letters,).
        pseudocount
            Sites added to those of the motif, shared out like the background; a motif whose number
            of sites is not known counts as one of `matrix.USUAL_SITES`.

        Returns
        -------
        ScoreMatrix
            In bits; see `ProbabilityMatrix.to_scores`.
        """
        return self.matrix.to_scores(
            background=background, pseudocount=pseudocount, sites=self.sites or USUAL_SITES
        )


def as_motifs(motifs: Motif | Iterable[Motif], argument: str) -> list[Motif]:
    """Take one motif, or any number of them, as a list.

    Parameters
    ----------
    motifs
        What a caller gave.
    argument
        Its name, for messages.

    Raises
    ------
    SeqcnnError
        Something is no motif, such as the name of a file or database.
    """
    if isinstance(motifs, Motif):
        return [motifs]
    strange: object = motifs
    if not isinstance(motifs, str | bytes) and isinstance(motifs, Iterable):
        found = list(motifs)
        nothing = object()
        strange = next((one for one in found if not isinstance(one, Motif)), nothing)
        if strange is nothing:
            return found
    raise SeqcnnError(
        f"`{argument}` holds {strange!r:.60}, it must be motifs: read_motifs(path) reads a file, "
        f"motifs.data.load_motifs('jaspar') a database"
    )
