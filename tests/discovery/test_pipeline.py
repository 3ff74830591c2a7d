"""The main job on small data whose truth is known."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from seqcnn.discovery import pipeline
from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.tests import log10_p_of_detail
from seqcnn.training.loop import Schedule
from tests.discovery.planted import as_set, plant, random_rows, rows_of

# known motifs have tests of their own
discover = partial(pipeline.discover, database="none")
QUICK = Settings(schedule=Schedule(steps=20, rounds=3))


@pytest.fixture(scope="module")
def found():
    rows = plant(random_rows(400, 60, 0), "TGACTCAGC", 0.4, 1)
    return discover(as_set(rows), settings=QUICK)


def test_the_planted_motif_is_found_and_nothing_else(found):
    assert len(found.motifs) == 1
    consensus = found.motifs[0].motif.consensus
    assert "TGACTCAGC" in consensus or "GCTGAGTCA" in consensus
    assert found.motifs[0].log10_e < -20


def test_sites_are_where_they_were_planted(found):
    sequences = {hit.sequence for hit in found.sites}
    assert 150 <= len(sequences) <= 190  # 160 were planted
    assert all("TGACTCAGC" in h.matched or "GCTGAGTCA" in h.matched for h in list(found.sites)[:20])


def test_every_p_value_comes_from_its_row(found):
    for test in found.tests:
        again = log10_p_of_detail(test.result.test, test.result.detail)
        assert again == pytest.approx(test.result.log10_p, abs=1e-9)
        assert test.log10_e == pytest.approx(test.result.log10_p + np.log10(test.tests))


def test_e_is_k_times_the_least_of_the_folds(found):
    motif = found.motifs[0]
    least = min(t.log10_e for t in motif.family.tests)
    assert motif.log10_e == pytest.approx(least + np.log10(2))


def test_no_sequence_is_tested_by_what_it_trained(found):
    folds = np.array([row.fold for row in found.folds if row.role == "analysed"])
    for test in found.tests:
        assert test.result.total == (folds == test.fold).sum()


def test_images_give_the_same_motifs(found):
    rows = plant(random_rows(400, 60, 0), "TGACTCAGC", 0.4, 1)
    other = discover(as_set(rows), settings=dataclasses.replace(QUICK, dims=2))
    for a, b in zip(found.motifs, other.motifs, strict=True):
        np.testing.assert_allclose(a.motif.matrix.values, b.motif.matrix.values, atol=1e-5)


def test_random_sequences_have_no_motif():
    nothing = discover(as_set(random_rows(300, 60, 5)), settings=QUICK)
    assert nothing.motifs == ()
    assert len(nothing.sites) == 0


def test_copies_do_not_make_noise_significant():
    rows = np.repeat(random_rows(60, 80, 6), 5, axis=0)
    rng = np.random.default_rng(7)
    mutated = rng.random(rows.shape) < 0.03
    rows = np.where(mutated, rng.integers(0, 4, rows.shape), rows).astype(np.uint8)
    result = discover(as_set(rows), settings=QUICK)
    assert result.motifs == ()
    assert result.facts["groups"] <= 66


def test_one_word_in_all_is_no_reason_to_take_sequences_for_copies():
    rows = plant(random_rows(300, 100, 8), "ACGTTGCATGTCGCATGAC", 1.0, 9)
    result = discover(as_set(rows), settings=QUICK)
    assert result.facts["groups"] >= 298  # a pair may agree by chance beside the word
    assert "GCATGTCGC" in result.motifs[0].motif.consensus or "GCGACATGC" in (
        result.motifs[0].motif.consensus
    )


def test_a_given_control_is_used():
    rows = plant(random_rows(300, 60, 10), "TGACTCAGC", 0.5, 11)
    result = discover(as_set(rows), as_set(random_rows(300, 60, 12)), settings=QUICK)
    assert result.facts["control"] == "given"
    assert result.tests[0].result.test == "cmh"
    assert len(result.motifs) == 1


def test_proteins_have_one_strand():
    rows = plant(
        random_rows(300, 30, 13, letters=20), "RRHSW", 0.5, 14, alphabet=PROTEIN, both_strands=False
    )
    result = discover(as_set(rows, PROTEIN), settings=QUICK)
    assert result.facts["strand"] == "one"
    assert "RRHSW" in result.motifs[0].motif.consensus


def test_rna_has_one_strand():
    rows = plant(random_rows(300, 40, 15), "UGUAAAUA", 0.5, 16, alphabet=RNA, both_strands=False)
    result = discover(as_set(rows, RNA), settings=QUICK)
    assert result.facts["strand"] == "one"
    assert "UGUAAAUA" in result.motifs[0].motif.consensus


def test_a_motif_is_found_through_a_difference_in_composition():
    foreground = plant(rows_of(0.55, 400, 1), "TGACTCAGC", 0.5, 2)
    result = discover(as_set(foreground), as_set(rows_of(0.45, 400, 3)), settings=QUICK)
    assert len(result.motifs) == 1
    assert "TGACTCA" in result.motifs[0].motif.consensus or (
        "TGAGTCA" in result.motifs[0].motif.consensus
    )
    assert result.motifs[0].flags == ()
    assert any("composition alone" in note for note in result.notes)


def test_a_longer_foreground_has_no_motif_by_its_length():
    result = discover(
        as_set(random_rows(300, 120, 20)), as_set(random_rows(300, 60, 21)), settings=QUICK
    )
    assert result.motifs == ()
    assert result.holdout.auroc.low < 0.55


def test_a_motif_is_found_in_a_longer_foreground():
    rows = random_rows(300, 120, 22)
    rows[:, 30:90] = plant(rows[:, 30:90], "TGACTCAGC", 0.6, 23)
    result = discover(as_set(rows), as_set(random_rows(300, 60, 24)), settings=QUICK)
    assert len(result.motifs) == 1


def test_one_very_long_sequence_costs_little():
    rows = list(plant(random_rows(200, 50, 25), "TGACTCAGC", 0.5, 26))
    long = np.random.default_rng(27).integers(0, 4, 200_000).astype(np.uint8)
    long[150_000:150_009] = DNA.encode("TGACTCAGC")
    result = discover(SequenceSet.from_arrays([*rows, long], alphabet=DNA), settings=QUICK)
    assert len(result.motifs) == 1
    assert any("1 sequences are more than 10 times longer" in note for note in result.notes)
    # sites are sought in all of it
    assert any(hit.start <= 150_000 < hit.end for hit in result.sites)


def test_copies_of_few_families_are_no_data():
    families = random_rows(9, 80, 28).repeat(20, axis=0)
    with pytest.raises(SeqcnnError, match="no near-duplicates"):
        discover(as_set(families), settings=QUICK)


def test_too_few_sequences_are_refused():
    with pytest.raises(SeqcnnError, match="motifs need 20"):
        discover(as_set(random_rows(3, 60, 0)), settings=QUICK)
