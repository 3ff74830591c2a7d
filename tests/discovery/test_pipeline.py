"""The main job on small data whose truth is known.

To compile takes most of the time of these tests, and each length of sequences is compiled anew:
unless a test is about lengths, it takes `NUMBER` sequences of `LENGTH` letters.
"""

import dataclasses
from functools import partial

import numpy as np
import pytest

from seqcnn.discovery import pipeline
from seqcnn.discovery.inputs import prepare
from seqcnn.discovery.notes import Notes
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
NUMBER, LENGTH = 240, 60


@pytest.fixture(scope="module")
def planted():
    return as_set(plant(random_rows(NUMBER, LENGTH, 0), "TGACTCAGC", 0.4, 1))


@pytest.fixture(scope="module")
def found(planted):
    return discover(planted, settings=QUICK)


def test_the_planted_motif_is_found_and_nothing_else(found):
    assert len(found.motifs) == 1
    consensus = found.motifs[0].motif.consensus
    assert "TGACTCAGC" in consensus or "GCTGAGTCA" in consensus
    assert found.motifs[0].log10_e < -20


def test_sites_are_where_they_were_planted(found):
    sequences = {hit.sequence for hit in found.sites}
    assert 90 <= len(sequences) <= 115  # 96 were planted
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


def test_what_is_tested_on_a_half_never_saw_it(planted):
    """Whatever stands in fold 0, the candidates that are tested on it are the same."""
    inputs = prepare(planted, None, QUICK, folds=2, notes=Notes())
    data, rng = inputs.data, np.random.default_rng(0)
    foreground, control = data.whole.foreground.copy(), data.whole.control.copy()
    own, copies = data.fold == 0, np.repeat(data.fold, data.whole.copies) == 0
    foreground[own] = rng.permuted(foreground[own], axis=1)
    control[copies] = rng.permuted(control[copies], axis=1)
    changed = dataclasses.replace(data, whole=data.whole.masked(foreground, control))

    def tested(data, fold):
        found = pipeline._learn_fold(data, fold, inputs.search, QUICK, lambda what, share: None)
        return [(t.candidate.frame, t.candidate.used, t.candidate.threshold) for t in found.tests]

    before, after = (tested(each, 0) for each in (data, changed))
    assert len(before) == len(after) > 0
    for one, other in zip(before, after, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    # and those of the other fold, which learn from it, are others
    frames = [np.stack([frame for frame, _, _ in tested(each, 1)]) for each in (data, changed)]
    assert frames[0].shape != frames[1].shape or (frames[0] != frames[1]).any()


def test_images_give_the_same_motifs(planted, found):
    other = discover(planted, settings=dataclasses.replace(QUICK, dims=2))
    for a, b in zip(found.motifs, other.motifs, strict=True):
        np.testing.assert_allclose(a.motif.matrix.values, b.motif.matrix.values, atol=1e-5)


def test_random_sequences_have_no_motif():
    nothing = discover(as_set(random_rows(NUMBER, LENGTH, 5)), settings=QUICK)
    assert nothing.motifs == ()
    assert len(nothing.sites) == 0


def test_copies_do_not_make_noise_significant():
    rows = np.repeat(random_rows(60, LENGTH, 6), 5, axis=0)
    rng = np.random.default_rng(7)
    mutated = rng.random(rows.shape) < 0.03
    rows = np.where(mutated, rng.integers(0, 4, rows.shape), rows).astype(np.uint8)
    result = discover(as_set(rows), settings=QUICK)
    assert result.motifs == ()
    assert result.facts["groups"] <= 66


@pytest.fixture(scope="module")
def one_word_in_all():
    return as_set(plant(random_rows(NUMBER, 100, 8), "ACGTTGCATGTCGCATGAC", 1.0, 9))


def test_one_word_in_all_is_no_reason_to_take_sequences_for_copies(one_word_in_all):
    inputs = prepare(one_word_in_all, None, QUICK, folds=2, notes=Notes())
    # a pair may agree by chance beside the word
    assert inputs.facts["groups"] == len(inputs.data.fold) >= NUMBER - 2


@pytest.mark.slow
def test_a_word_in_all_is_found(one_word_in_all):
    result = discover(one_word_in_all, settings=QUICK)
    assert "GCATGTCGC" in result.motifs[0].motif.consensus or "GCGACATGC" in (
        result.motifs[0].motif.consensus
    )


def test_a_given_control_is_used():
    rows = plant(random_rows(NUMBER, LENGTH, 10), "TGACTCAGC", 0.5, 11)
    result = discover(as_set(rows), as_set(random_rows(NUMBER, LENGTH, 12)), settings=QUICK)
    assert result.facts["control"] == "given"
    assert result.tests[0].result.test == "cmh"
    assert len(result.motifs) == 1


def test_proteins_have_one_strand():
    rows = random_rows(NUMBER, 30, 13, letters=20)
    rows = plant(rows, "RRHSW", 0.5, 14, alphabet=PROTEIN, both_strands=False)
    result = discover(as_set(rows, PROTEIN), settings=QUICK)
    assert result.facts["strand"] == "one"
    assert "RRHSW" in result.motifs[0].motif.consensus


def test_rna_is_searched_on_one_strand():
    inputs = prepare(as_set(random_rows(NUMBER, 40, 15), RNA), None, QUICK, folds=2, notes=Notes())
    assert inputs.facts["strand"] == "one"
    assert not inputs.search.both_strands


@pytest.mark.slow
def test_a_motif_of_rna_is_found_on_its_strand():
    rows = random_rows(NUMBER, 40, 15)
    rows = plant(rows, "UGUAAAUA", 0.5, 16, alphabet=RNA, both_strands=False)
    result = discover(as_set(rows, RNA), settings=QUICK)
    assert "UGUAAAUA" in result.motifs[0].motif.consensus


def test_a_motif_is_found_through_a_difference_in_composition():
    foreground = plant(rows_of(0.55, NUMBER, 1, LENGTH), "TGACTCAGC", 0.5, 2)
    control = as_set(rows_of(0.45, NUMBER, 3, LENGTH))
    result = discover(as_set(foreground), control, settings=QUICK)
    assert len(result.motifs) == 1
    assert "TGACTCA" in result.motifs[0].motif.consensus or (
        "TGAGTCA" in result.motifs[0].motif.consensus
    )
    assert result.motifs[0].flags == ()
    assert any("composition alone" in note for note in result.notes)


def test_a_longer_foreground_has_no_motif_by_its_length():
    rows, control = random_rows(NUMBER, 2 * LENGTH, 20), random_rows(NUMBER, LENGTH, 21)
    result = discover(as_set(rows), as_set(control), settings=QUICK)
    assert result.motifs == ()
    assert result.holdout.auroc.low < 0.55


def test_a_motif_is_found_in_a_longer_foreground():
    rows = random_rows(NUMBER, 2 * LENGTH, 22)
    rows[:, 30:90] = plant(rows[:, 30:90], "TGACTCAGC", 0.6, 23)
    result = discover(as_set(rows), as_set(random_rows(NUMBER, LENGTH, 24)), settings=QUICK)
    assert len(result.motifs) == 1


def test_one_very_long_sequence_costs_little():
    rows = list(plant(random_rows(NUMBER - 1, 50, 25), "TGACTCAGC", 0.5, 26))
    long = np.random.default_rng(27).integers(0, 4, 200_000).astype(np.uint8)
    long[150_000:150_009] = DNA.encode("TGACTCAGC")
    # all are filled up to a thousand letters: few shuffles, and hardly any training
    settings = Settings(copies=3, schedule=Schedule(steps=5, rounds=1))
    result = discover(SequenceSet.from_arrays([*rows, long], alphabet=DNA), settings=settings)
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
