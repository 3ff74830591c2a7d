"""`Logo`: how high each letter stands at each position, whatever draws it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo.colours import colours
from seqcnn.motifs.matrix import (
    CountMatrix,
    ProbabilityMatrix,
    ScoreMatrix,
    as_background,
)
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import Alphabet
from seqcnn.stats.logspace import format_log10

Drawable = Motif | ProbabilityMatrix | CountMatrix | ScoreMatrix
"""What a logo can be made of."""

KINDS = ("bits", "probability", "counts", "log-odds", "attribution")
"""What the height of a letter can be. Letters below the line are those with negative heights."""

UNITS = {"log-odds": "log-odds, bits"}
"""What the axis says where it is not the kind itself."""

PSEUDOCOUNT = 1.0
"""Sites added for log-odds: with those of a scan, letters that were never seen dwarf all others."""


@dataclass(frozen=True, eq=False)
class Logo:
    """What a logo shows.

    Parameters
    ----------
    heights
        float64 (width, letters), in the unit of the kind; negative ones hang below the line.
    alphabet
        What the columns stand for.
    kind
        One of `KINDS`.
    name
        What the logo is of, for instance identifier and factor.
    facts
        What else is known, for a second line: E-value, sites.
    title
        What a reader hears who cannot see the logo: name and consensus.
    colours
        Of each letter.
    """

    heights: np.ndarray
    alphabet: Alphabet
    kind: str
    name: str = ""
    facts: str = ""
    title: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.array(self.heights, np.float64)
        if values.ndim != 2 or values.shape[1] != self.alphabet.size or not len(values):
            raise SeqcnnError(
                f"`heights` has shape {values.shape}, it needs (width, {self.alphabet.size}) "
                f"for the letters {self.alphabet.letters}"
            )
        if not np.isfinite(values).all():
            raise SeqcnnError("`heights` holds a value that is not a finite number")
        values.flags.writeable = False
        object.__setattr__(self, "heights", values)
        object.__setattr__(self, "colours", colours(self.alphabet, self.colours))

    def __len__(self) -> int:
        return len(self.heights)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value of the axis; 0 lies between them."""
        usual = {"bits": float(np.log2(self.alphabet.size)), "probability": 1.0}
        high = max(usual.get(self.kind, 0.0), self.heights.clip(min=0).sum(1).max())
        low = self.heights.clip(max=0).sum(1).min()
        return (float(low), float(high)) if high > low else (0.0, 1.0)

    @property
    def unit(self) -> str:
        """What the axis says."""
        return UNITS.get(self.kind, self.kind)


def make_logo(
    motif: Drawable,
    kind: str | None = None,
    *,
    reverse: bool = False,
    background: np.ndarray | None = None,
    corrected: bool = False,
    pseudocount: float = PSEUDOCOUNT,
    own_colours: Mapping[str, str] | None = None,
) -> Logo:
    """Compute what a logo of a motif shows.

    Parameters
    ----------
    motif
        A motif or a matrix.
    kind
        ``"bits"``: a position is as high as its information, relative to the background;
        ``"probability"``: it is 1; ``"counts"``: sites with each letter; ``"log-odds"``: log2 of
        probability over background, in bits. By default what the matrix holds; bits for a motif.
    reverse
        Show the other strand.
    background
        Another background than that of the motif, (letters,).
    corrected
        Take off the information that so few sites show by chance (`Motif.information`), where their
        number is known; for bits.
    pseudocount
        Sites added to `matrix.USUAL_SITES` of the motif, however many it has, shared out like the
        background; for log-odds.
    own_colours
        See `colours.colours`.

    Raises
    ------
    SeqcnnError
        The kind cannot be made of this matrix, or the alphabet has no other strand.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> make_logo(ProbabilityMatrix(np.array([[0.5, 0.5, 0, 0]]), DNA)).heights.tolist()
    [[0.5, 0.5, 0.0, 0.0]]
    """
    kind = _kind_of(motif, kind)
    alphabet = motif.alphabet
    words = [_name(motif) + ":"] if isinstance(motif, Motif) else []
    if isinstance(motif, ScoreMatrix) or (isinstance(motif, CountMatrix) and kind == "counts"):
        heights = motif.values
    else:
        known = _as_motif(motif, background)
        heights = _heights(known, kind, corrected=corrected, pseudocount=pseudocount)
        matrix = known.matrix.reverse_complement() if reverse else known.matrix
        words.append(matrix.consensus())
    if reverse:
        heights = heights[::-1, alphabet.complement_of_code[: alphabet.size]]
        words.append("reverse complement")
    return Logo(
        heights,
        alphabet,
        kind,
        _name(motif),
        _facts(motif, reverse=reverse),
        " ".join(words),
        own_colours or {},
    )


def attribution_logo(
    values: np.ndarray,
    alphabet: Alphabet,
    *,
    name: str = "",
    own_colours: Mapping[str, str] | None = None,
) -> Logo:
    """Show what each letter adds to a prediction.

    Parameters
    ----------
    values
        (length, letters), of either sign: the contribution of each letter of a sequence, 0 for
        letters that are not there.
    alphabet
        What the columns stand for.
    name
        Of the sequence.
    own_colours
        See `colours.colours`.

    Raises
    ------
    SeqcnnError
        The shape does not fit, or a value is not finite.
    """
    return Logo(values, alphabet, "attribution", name, "", name, own_colours or {})


def as_logo(drawn: Drawable | Logo, kind: str | None, *, reverse: bool) -> Logo:
    """Make a logo of whatever was given; one that is made already has its kind and strand."""
    if not isinstance(drawn, Logo):
        return make_logo(drawn, kind, reverse=reverse)
    if kind is not None or reverse:
        raise SeqcnnError("a logo is made already: give `kind` and `reverse` to make_logo")
    return drawn


def _kind_of(motif: Drawable, kind: str | None) -> str:
    if kind is None:
        return {CountMatrix: "counts", ScoreMatrix: "log-odds"}.get(type(motif), "bits")
    possible = ("log-odds",) if isinstance(motif, ScoreMatrix) else KINDS[:-1]
    if kind not in possible:
        raise SeqcnnError(
            f"`kind` is {kind!r}, for a {type(motif).__name__} it must be one of "
            f"{', '.join(possible)}"
        )
    return kind


def _as_motif(
    motif: Motif | ProbabilityMatrix | CountMatrix, background: np.ndarray | None
) -> Motif:
    """Give a matrix a name, which nobody sees, and the background that was asked for."""
    if isinstance(motif, CountMatrix):
        sites = float(motif.values.sum(1).max())
        motif = Motif("matrix", motif.to_probabilities(), sites=sites)
    elif isinstance(motif, ProbabilityMatrix):
        motif = Motif("matrix", motif)
    if background is None:
        return motif
    against = as_background(background, motif.alphabet)
    return replace(motif, matrix=replace(motif.matrix, background=against))


def _heights(motif: Motif, kind: str, *, corrected: bool, pseudocount: float) -> np.ndarray:
    matrix = motif.matrix
    if kind == "bits":
        return matrix.values * motif.information(corrected=corrected)[:, None]
    if kind == "log-odds":
        return matrix.to_scores(pseudocount=pseudocount).values
    if kind == "counts":
        if not motif.sites:
            raise SeqcnnError(
                f"motif {motif.name!r} has no number of sites, so that it has no counts to draw: "
                f"draw the probability"
            )
        return matrix.to_counts(motif.sites).values
    return matrix.values


def _name(motif: Drawable) -> str:
    if not isinstance(motif, Motif):
        return ""
    return f"{motif.name} {motif.alternative_name}".strip()


def _facts(motif: Drawable, *, reverse: bool) -> str:
    known = []
    if isinstance(motif, Motif) and motif.log10_e_value is not None:
        known.append(f"E = {format_log10(motif.log10_e_value)}")
    if isinstance(motif, Motif) and motif.sites:
        known.append(f"{motif.sites:,.1f}".removesuffix(".0") + " sites")
    if reverse:
        known.append("reverse complement")
    return ", ".join(known)
