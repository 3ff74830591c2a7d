"""A result small enough to make by hand: a motif written at known places."""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.pipeline import discover
from seqcnn.discovery.result import FoldRow, Holdout
from seqcnn.discovery.settings import Settings
from seqcnn.discovery.sites import find_sites
from seqcnn.motifs.compare import similarity
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.intervals import Estimate
from tests.discovery.planted import as_set, random_rows

WORD = "TGACTCAGC"


def motif_of(word, name):
    values = np.full((len(word), 4), 0.01)
    values[np.arange(len(word)), DNA.encode(word)] = 0.97
    return Motif(name, ProbabilityMatrix(values, DNA))


def empty_result():
    """One known motif tested on random sequences; nothing else."""
    settings = Settings(known_only=True)
    rows = as_set(random_rows(40, 50, 0))
    return discover(rows, settings=settings, database=[motif_of(WORD, "m1")])


def with_sites(empty, places, lengths, **options):
    """A result with the word written at places of sequences."""
    rng = np.random.default_rng(1)
    rows = [rng.integers(0, 2, n).astype(np.uint8) * 3 for n in lengths]  # A and T: no other site
    for sequence, start in places:
        rows[sequence][start : start + len(WORD)] = DNA.encode(WORD)
    sequences = SequenceSet.from_arrays(rows, alphabet=DNA)
    motifs = (replace(empty.known[0], threshold_log10_p=-4.5),)
    search = Settings().search(DNA, np.full(4, 0.25))
    motifs, sites = find_sites(motifs, sequences, search, **options)
    folds = tuple(FoldRow(i, 0, i, "analysed") for i in range(len(rows)))
    return replace(empty, motifs=motifs, sites=sites, sequences=sequences, folds=folds)


def with_networks(found, low, value, high):
    """The same with scores of networks, as if some had been trained."""
    rng = np.random.default_rng(0)
    area = Estimate(value, low, high)
    held = Holdout(rng.random(20), rng.random(20), area, area, 0.01, 0.5)
    return replace(found, holdout=held)


def changed(found, *, log10_q=None, target=None, **fields):
    """The same with other values of its first motif."""
    first = found.motifs[0]
    if log10_q is not None:
        match = similarity(first.motif, target or first.motif, both_strands=True)
        fields |= {"best_match": match, "match_log10_q": log10_q}
    return replace(found, motifs=(replace(first, **fields), *found.motifs[1:]))
