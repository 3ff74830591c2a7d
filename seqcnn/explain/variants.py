"""What variants do: the scores of both alleles, and the motifs that are lost or gained.

A score is what a network learns: log-odds of a class, a number on the scale that was learnt, the
logarithm of a rate or of the total of a profile. It is calibrated, and averaged over networks; how
far these disagree about the difference is its standard deviation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.best import best_sites
from seqcnn.motifs.matrix import ScoreMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.networks.weights import Model
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.variants import AlleleWindows
from seqcnn.training.predict import scores_of_networks, target_of

SITE = 1e-4
"""Largest p-value of a site that can be lost or gained."""

FOLD = 10.0
"""So many times larger is the p-value of a site that is lost."""


@dataclass(frozen=True, eq=False)
class VariantScores:
    """Scores of n variants.

    Parameters
    ----------
    names
        Of the tasks.
    ref, alt
        float64 (n, tasks): of the alleles, averaged over networks.
    difference
        float64 (n, tasks): alt - ref.
    sd
        float64 (n, tasks): standard deviation of the difference over networks; NaN of one network.
    """

    names: tuple[str, ...]
    ref: np.ndarray
    alt: np.ndarray
    difference: np.ndarray
    sd: np.ndarray


def score_variants(
    model: Model, windows: AlleleWindows, *, both_strands: bool = False
) -> VariantScores:
    """Score both alleles of variants.

    Parameters
    ----------
    model
        As `load_model` gives.
    windows
        As `cut_alleles` gives, over the alphabet of the model.
    both_strands
        Whether networks that read one strand score the reverse complement as well, and the mean is
        taken. Networks of both strands do so by themselves.

    Raises
    ------
    SeqcnnError
        The alphabet is another one, or has no second strand.
    """
    ref, alt = (
        _scores(model, side, both_strands=both_strands) for side in (windows.ref, windows.alt)
    )
    difference = alt - ref
    sd = np.full(difference.shape[1:], np.nan)
    if len(model.members) > 1:
        sd = difference.std(axis=0, ddof=1)
    names = target_of(model).names
    return VariantScores(names, ref.mean(0), alt.mean(0), difference.mean(0), sd)


def _scores(model: Model, sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Score sequences by each network, float64 (networks, n, tasks)."""
    found = scores_of_networks(model, sequences)
    if not both_strands:
        return found
    if sequences.alphabet.complements is None:
        raise SeqcnnError(f"{sequences.alphabet.name} has one strand only")
    return (found + scores_of_networks(model, sequences.reverse_complement())) / 2


@dataclass(frozen=True, eq=False)
class SiteChanges:
    """The motif that each variant destroys or makes, if any.

    Parameters
    ----------
    lost, gained
        int64 (n,): position in the list of motifs; -1 for none.
    lost_fold, gained_fold
        float64 (n,): log10 of how many times the p-value of the best site is larger in the allele
        that lacks it; 0 for none.
    """

    lost: np.ndarray
    gained: np.ndarray
    lost_fold: np.ndarray
    gained_fold: np.ndarray


def changed_sites(
    motifs: Sequence[Motif],
    windows: AlleleWindows,
    *,
    both_strands: bool,
    p_value: float = SITE,
) -> SiteChanges:
    """Find the motifs whose best site over a variant is much better in one allele.

    Looked at are the windows that hold a letter of the allele. A site is lost if the best of these
    has a p-value of at most `p_value` in the reference, and one `FOLD` times as large or larger in
    the other allele; gained if it is the other way round. Of several motifs the one whose p-value
    changes most is taken.

    Parameters
    ----------
    motifs
        Over the alphabet of the windows.
    windows
        As `cut_alleles` gives.
    both_strands
        Whether a site may lie on either strand.
    p_value
        Of a site, for letters of the background of each motif.
    """
    n = len(windows)
    none = np.full(n, -1, np.int64)
    changes = SiteChanges(none.copy(), none.copy(), np.zeros(n), np.zeros(n))
    for width in sorted({motif.width for motif in motifs}) if n else ():
        rows = np.array([i for i, motif in enumerate(motifs) if motif.width == width])
        matrices = [motifs[i].to_scores() for i in rows]
        ref, alt = (
            _log10_p_values(matrices, _around(side, windows, width, which), both_strands)
            for which, side in (("ref", windows.ref), ("alt", windows.alt))
        )
        for here, there, best, fold in (
            (ref, alt, changes.lost, changes.lost_fold),
            (alt, ref, changes.gained, changes.gained_fold),
        ):
            change = np.where(here <= np.log10(p_value), there - here, 0.0)
            which = change.argmax(axis=0)
            most = change[which, np.arange(n)]
            taken = (most >= np.log10(FOLD)) & (most > fold)
            best[taken], fold[taken] = rows[which[taken]], most[taken]
    return changes


def _log10_p_values(
    matrices: Sequence[ScoreMatrix], sequences: SequenceSet, both_strands: bool
) -> np.ndarray:
    """Compute log10 of the p-values of best sites, float64 (motifs, n); 0 where there is none."""
    found = best_sites(matrices, sequences, both_strands=both_strands).score.astype(float)
    result = np.zeros(found.shape)
    for row, scores, matrix in zip(result, found, matrices, strict=True):
        there = np.isfinite(scores)
        row[there] = ScoreDistribution.of(matrix).log10_p_value(scores[there])
    return result


def _around(side: SequenceSet, windows: AlleleWindows, width: int, which: str) -> SequenceSet:
    """Cut the letters of which some window of `width` letters holds one of the allele."""
    parts = []
    for codes, variant, at in zip(side, windows.variants, windows.at.tolist(), strict=True):
        allele = len(getattr(variant, which))
        parts.append(codes[max(0, at - width + 1) : at + allele + width - 1])
    return SequenceSet.from_arrays(parts, alphabet=side.alphabet)
