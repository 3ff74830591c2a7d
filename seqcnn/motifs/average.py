"""The mean of motifs that were laid upon each other."""

from collections.abc import Sequence

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif

WEIGHTS = ("sites", "equal")


def average(
    motifs: Sequence[Motif],
    offsets: Sequence[int],
    strands: Sequence[str],
    *,
    name: str = "average",
    weights: str = "sites",
    coverage: float = 0.5,
) -> Motif:
    """Average aligned motifs.

    Parameters
    ----------
    motifs
        One or more over one alphabet.
    offsets
        Where the first position of each lies, in a frame that all share; may be negative. For
        strand ``-`` this is the first position after the motif was reversed and complemented, as in
        `compare.Match`.
    strands
        ``+`` or ``-`` for each.
    name
        Of the mean.
    weights
        ``"sites"``: a motif weighs as much as the number of its sites, so that the mean is that of
        all sites pooled; if that number is not known for one of them, all weigh the same.
        ``"equal"``: all weigh the same.
    coverage
        Positions that motifs of less than this share of the weight cover are left out. The others
        are the mean of the motifs that cover them.

    Returns
    -------
    Motif
        `sites` is the sum over the motifs; the background is the weighted mean.

    Raises
    ------
    SeqcnnError
        There is no motif, alphabets differ, the motifs leave a gap, or an argument is out of range.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> gata, tatc = (
    ...     Motif("m", CountMatrix(np.eye(4)[codes], DNA).to_probabilities(), sites=10)
    ...     for codes in ([2, 0, 3, 0], [3, 0, 3, 1])
    ... )
    >>> average([gata, tatc], [0, 0], ["+", "-"]).consensus
    'GATA'
    """
    _check(motifs, offsets, strands, weights, coverage)
    laid = [
        motif.reverse_complement() if strand == "-" else motif
        for motif, strand in zip(motifs, strands, strict=True)
    ]
    shares = _weights(motifs, weights)
    first = min(offsets)
    stop = max(offset + motif.width for offset, motif in zip(offsets, motifs, strict=True))
    total = np.zeros((stop - first, motifs[0].alphabet.size))
    covered = np.zeros(stop - first)
    for motif, offset, share in zip(laid, offsets, shares, strict=True):
        here = slice(offset - first, offset - first + motif.width)
        total[here] += share * motif.matrix.values
        covered[here] += share
    # a billionth forgives the rounding of the sum of weights; the best covered positions stay
    kept = np.flatnonzero(covered >= min(coverage, covered.max()) - 1e-9)
    middle = slice(kept[0], kept[-1] + 1)
    if (covered[middle] == 0).any():
        raise SeqcnnError("the motifs leave a gap between them, they cannot be averaged")
    background = shares @ np.array([motif.matrix.background for motif in laid])
    matrix = CountMatrix(total[middle], motifs[0].alphabet).to_probabilities(background=background)
    return Motif(name, matrix, sites=float(sum(motif.sites for motif in motifs)))


def _check(
    motifs: Sequence[Motif],
    offsets: Sequence[int],
    strands: Sequence[str],
    weights: str,
    coverage: float,
) -> None:
    if not motifs:
        raise SeqcnnError("`motifs` is empty, there is nothing to average")
    if not len(motifs) == len(offsets) == len(strands):
        raise SeqcnnError(
            f"{len(motifs)} motifs need as many `offsets` and `strands`, "
            f"not {len(offsets)} and {len(strands)}"
        )
    stranger = next((m for m in motifs if m.alphabet != motifs[0].alphabet), None)
    if stranger is not None:
        raise SeqcnnError(
            f"motif {motifs[0].name!r} is over {motifs[0].alphabet.letters}, "
            f"but {stranger.name!r} is over {stranger.alphabet.letters}"
        )
    if not set(strands) <= {"+", "-"}:
        raise SeqcnnError(f"`strands` must be '+' or '-', not {sorted(set(strands))}")
    if weights not in WEIGHTS:
        raise SeqcnnError(f"`weights` is {weights!r}, it must be one of {', '.join(WEIGHTS)}")
    if not 0 <= coverage <= 1:
        raise SeqcnnError(f"`coverage` is {coverage}, it must be between 0 and 1")


def _weights(motifs: Sequence[Motif], weights: str) -> np.ndarray:
    """Share of each motif in the mean, float64 (motifs,), sum 1."""
    sites = np.array([motif.sites for motif in motifs], float)
    if weights == "equal" or sites.min() == 0:
        sites = np.ones(len(motifs))
    return sites / sites.sum()
