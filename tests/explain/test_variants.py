"""Scores of alleles, and the sites that a change destroys or makes."""

import numpy as np
import pytest

from seqcnn.explain.variants import changed_sites, score_variants
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.networks.weights import Member, Model
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.variants import AlleleWindows, Variant
from seqcnn.training.predict import predict
from seqcnn.training.targets import Target
from tests.discovery.planted import random_rows

WORD = "TGACTCAG"


def windows_of(refs, alts, at, alleles):
    sides = (SequenceSet.from_strings(side, alphabet=DNA) for side in (refs, alts))
    variants = tuple(Variant("1", 0, ref, alt) for ref, alt in alleles)
    return AlleleWindows(variants, *sides, np.array(at))


def some_windows():
    ref = random_rows(5, 40, 0)
    alt = ref.copy()
    alt[:, 20] = (alt[:, 20] + 1) % 4
    alleles = [(DNA.decode(a[20:21]), DNA.decode(b[20:21])) for a, b in zip(ref, alt, strict=True)]
    sides = (SequenceSet.from_arrays(list(side), alphabet=DNA) for side in (ref, alt))
    variants = tuple(Variant("1", 20, *pair) for pair in alleles)
    return AlleleWindows(variants, *sides, np.full(5, 20))


def member(seed, strand="both"):
    options = {"kernels": 8, "width": 8, "strand": strand}
    network = create("motifcnn", alphabet="dna", seed=seed, **options)
    return Member("motifcnn", options, network, {
        "fold": 0, "calibrator": {"scale": [2.0], "offset": [0.5]},
    })  # fmt: skip


def model(*members, target=None):
    target = target or Target("binary", ("t",))
    return Model(members, DNA, {"target": target.to_dict()})


def test_scores_are_log_odds_of_predictions_and_networks_disagree():
    windows = some_windows()
    alone = [score_variants(model(member(seed)), windows) for seed in (0, 1)]
    for seed, found in enumerate(alone):
        p = predict(model(member(seed)), windows.alt)
        np.testing.assert_allclose(found.alt[:, 0], np.log(p / (1 - p)), rtol=1e-4, atol=1e-5)
        assert np.isnan(found.sd).all()
    both = score_variants(model(member(0), member(1)), windows)
    differences = np.stack([found.difference for found in alone])
    np.testing.assert_allclose(both.difference, differences.mean(0), atol=1e-6)
    np.testing.assert_allclose(both.sd, differences.std(0, ddof=1), atol=1e-6)


def test_the_other_strand_is_averaged_where_it_is_not_read():
    windows = some_windows()
    turned = AlleleWindows(
        windows.variants,
        windows.ref.reverse_complement(),
        windows.alt.reverse_complement(),
        windows.at,
    )
    one = model(member(0, "one"))
    found = [score_variants(one, w, both_strands=True).difference for w in (windows, turned)]
    np.testing.assert_allclose(*found, atol=1e-6)
    plain = [score_variants(one, w).difference for w in (windows, turned)]
    assert np.abs(plain[0] - plain[1]).max() > 1e-4
    np.testing.assert_allclose(np.mean(plain, axis=0), found[0], atol=1e-6)


def test_counts_are_scored_as_logarithms():
    windows = some_windows()
    target = Target("counts", ("t",), centre=(5.0,), spread=(np.exp(5.0),))
    made = Model((Member("motifcnn", {}, member(0).network, {
        "fold": 0, "calibrator": {"scale": [1.0], "offset": [0.0]},
    }),), DNA, {"target": target.to_dict()})  # fmt: skip
    rates = predict(made, windows.ref)
    np.testing.assert_allclose(score_variants(made, windows).ref[:, 0], np.log(rates), rtol=1e-5)


def motif(word, name):
    shares = np.full((len(word), 4), 0.02)
    shares[np.arange(len(word)), DNA.encode(word)] = 0.94
    return Motif(name, ProbabilityMatrix(shares, DNA))


def test_sites_are_lost_and_gained_over_the_change_only():
    flank = "A" * 15
    motifs = [motif("CCATATTAGG", "SRF"), motif(WORD, "AP1")]
    broken = "TGAGTCAG"
    turned = DNA.decode(DNA.reverse_complement(DNA.encode(WORD)))
    refs = [flank + WORD + flank, flank + broken + flank, flank + turned + flank,
            WORD + "C" * 15 + "T" + flank]  # fmt: skip
    alts = [flank + broken + flank, flank + WORD + flank, flank + "CTGACTCA" + flank,
            WORD + "C" * 15 + "G" + flank]  # fmt: skip
    windows = windows_of(
        refs, alts, [18, 18, 15, 23], [("C", "G"), ("G", "C"), (turned, "CTGACTCA"), ("T", "G")]
    )
    found = changed_sites(motifs, windows, both_strands=True)
    # the last has a site, but the change lies beside it
    assert found.lost.tolist()[:2] == [1, -1] and found.gained.tolist()[:2] == [-1, 1]
    assert found.lost[3] == found.gained[3] == -1
    # a word and its one neighbour: 1 and 25 of 4 ** 8 words on this side of the change
    assert found.lost_fold[0] == pytest.approx(np.log10(25), abs=0.05)
    one = changed_sites(motifs, windows, both_strands=False)
    assert one.lost[2] == -1 and one.lost[0] == 1


def test_without_motifs_nothing_changes():
    found = changed_sites([], some_windows(), both_strands=True)
    assert found.lost.tolist() == found.gained.tolist() == [-1] * 5
