"""What a format has no place for, told by writing motifs and reading them again."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from seqcnn.errors import SeqcnnWarning
from seqcnn.motifs.io import FORMATS
from seqcnn.motifs.io.words import one_line
from seqcnn.motifs.motif import Motif

ROUNDED = 1e-5
"""Shares may change by so much: files have six decimals."""


def losses(motifs: Sequence[Motif], format: str) -> list[str]:
    """Tell what motifs lose when they are written.

    Parameters
    ----------
    motifs
        Over an alphabet that the format can hold.
    format
        A key of `io.FORMATS`.

    Returns
    -------
    list of str
        Kinds of facts, with the number of motifs that lose them; empty if all is kept.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import ProbabilityMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> found = Motif("m1", ProbabilityMatrix(np.eye(4), DNA), sites=20, log10_e_value=-9)
    >>> losses([found], "jaspar")
    ['E-values (of 1 motif)']
    """
    module = FORMATS[format]
    with warnings.catch_warnings():
        # of numbers that may be read in two ways, which is known here
        warnings.simplefilter("ignore", SeqcnnWarning)
        again = module.read(module.write(motifs)) if motifs else []
    lost = []
    for what, is_lost in _FACTS.items():
        number = sum(map(is_lost, motifs, again))
        lost += [f"{what} (of {number:,} motif{'s' * (number > 1)})"] if number else []
    return lost


def _letters(one: Motif, other: Motif) -> bool:
    return one.alphabet != other.alphabet


def _names(one: Motif, other: Motif) -> bool:
    return one.name != other.name


def _alternative_names(one: Motif, other: Motif) -> bool:
    return one.alternative_name not in (other.alternative_name, "")


def _unknown_sites(one: Motif, other: Motif) -> bool:
    return not one.sites and bool(other.sites)


def _sites(one: Motif, other: Motif) -> bool:
    # MEME's numbers of sites are whole
    return one.sites > 0 and abs(one.sites - other.sites) > 0.5


def _e_values(one: Motif, other: Motif) -> bool:
    return one.log10_e_value is not None and other.log10_e_value is None


def _backgrounds(one: Motif, other: Motif) -> bool:
    shares, others = one.matrix.background, other.matrix.background
    return shares.shape != others.shape or bool(np.abs(shares - others).max() > ROUNDED)


def _annotations(one: Motif, other: Motif) -> bool:
    kept = set(other.annotations)
    return not all((key, one_line(text)) in kept for key, text in one.annotations if text.strip())


_FACTS: dict[str, Callable[[Motif, Motif], bool]] = {
    "which letters these are": _letters,
    "white space in names": _names,
    "alternative names": _alternative_names,
    "that the number of sites is not known": _unknown_sites,
    "numbers of sites": _sites,
    "E-values": _e_values,
    "backgrounds of their own": _backgrounds,
    "annotations": _annotations,
}
"""Facts, and whether the second motif lacks that of the first."""
