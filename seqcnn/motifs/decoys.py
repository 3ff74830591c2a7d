"""Decoys: motifs that mean nothing, to see what any motif shows in the sequences at hand.

Natural sequences differ from their shuffles, and from most controls, by more than motifs: long runs
of one letter, repeats, codons, the neighbours of a CpG. With thousands of sequences any motif is
then enriched or depleted a little, significantly so. The columns of a motif in random order have
its letters and its information, but no meaning; how far their tests scatter tells how far a test
must go to be more than that. It is the genomic control of association studies (Devlin and Roeder
1999, doi:10.1111/j.0006-341X.1999.00997.x), with decoys as the markers that cannot be associated.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import log_ndtr, ndtri, ndtri_exp

from seqcnn.motifs.data import load_motifs
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, RNA, Alphabet

DECOYS = 600
"""Their scatter is then known to about 5 %."""

FEWEST_MODELS = 50
"""Of fewer motifs no decoys are made: too many would resemble the very motif that is tested."""

QUANTILE = 0.9
"""Of the scores of decoys; a few decoys may resemble a true motif."""

LN_10 = np.log(10)


def decoy_motifs(motifs: Sequence[Motif], number: int, *, seed: int) -> list[Motif]:
    """Make motifs with columns in random order.

    Parameters
    ----------
    motifs
        Over one alphabet. DNA and RNA take JASPAR's in their place: those of a user may be few, or
        all of one family.
    number
        How many to make.
    seed
        Same seed, same decoys.

    Returns
    -------
    list of Motif
        None for other alphabets if there are fewer than `FEWEST_MODELS` motifs.
    """
    models = _models(motifs[0].alphabet) or list(motifs)
    if len(models) < FEWEST_MODELS:
        return []
    rng = np.random.default_rng([seed, 7])
    chosen = rng.permutation(np.arange(number) % len(models))
    return [_with_shuffled_columns(models[i], rng) for i in chosen]


def inflation(log10_p: np.ndarray) -> float:
    """Measure how far the tests of decoys scatter, in standard deviations of what they should.

    Parameters
    ----------
    log10_p
        float (tests,): log10 of one-sided p-values of decoys.

    Returns
    -------
    float
        At least 1.

    Examples
    --------
    >>> uniform = np.log10((np.arange(600) + 0.5) / 600)
    >>> round(inflation(uniform), 2), inflation(2 * uniform) > 1.5
    (1.0, True)
    """
    return max(1.0, float(np.quantile(_deviation(log10_p), QUANTILE) / ndtri(QUANTILE)))


def deflated(log10_p: np.ndarray, scatter: float) -> np.ndarray:
    """Take the scatter of decoys out of p-values.

    Examples
    --------
    >>> deflated(np.array([-6.0]), 2.0).round(2).tolist()
    [-2.06]
    """
    return np.minimum(log_ndtr(-_deviation(log10_p) / scatter) / LN_10, 0.0)


def _deviation(log10_p: np.ndarray) -> np.ndarray:
    """Turn one-sided p-values into normal deviates; p = 1 counts as one in a million less."""
    return -ndtri_exp(np.minimum(log10_p * LN_10, -1e-6))


def _models(alphabet: Alphabet) -> list[Motif]:
    return load_motifs("jaspar", alphabet=alphabet) if alphabet in (DNA, RNA) else []


def _with_shuffled_columns(motif: Motif, rng: np.random.Generator) -> Motif:
    values = motif.matrix.values[rng.permutation(motif.width)]
    return replace(motif, name="decoy", matrix=replace(motif.matrix, values=values))
