import numpy as np

from seqcnn.discovery.groups import group_sequences
from seqcnn.discovery.notes import Notes
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from tests.discovery.planted import random_rows


def named(ids, seed=0):
    return SequenceSet.from_arrays(
        list(random_rows(len(ids), 100, seed)), alphabet=DNA, ids=tuple(ids)
    )


def test_overlap_on_the_genome_makes_a_group():
    ids = ["chr1:0-100", "chr1:50-150", "chr1:149-249", "chr2:0-100", "chr1:249-349", "x"]
    notes = Notes()
    groups = group_sequences(named(ids), both_strands=True, notes=notes)
    assert groups.labels.tolist() == [0, 0, 0, 1, 2, 3]
    assert notes.sentences[0].startswith("2 of 6 sequences")


def test_strands_of_one_place_are_a_group_where_both_are_read():
    ids = ["chr1:0-100(+)", "chr1:50-150(-)", "chr1:60-160(-)", "chr1:90-190(+)"]
    for both, expected in ((True, [0, 0, 0, 0]), (False, [0, 1, 1, 0])):
        groups = group_sequences(named(ids), both_strands=both, notes=Notes())
        assert groups.labels.tolist() == expected


def test_overlaps_and_near_duplicates_join():
    """A duplicate of one sequence that overlaps another one makes a group of three."""
    rows = list(random_rows(4, 100, 7))
    rows[3] = rows[0]
    ids = ("chr1:0-100", "chr2:0-100", "chr3:0-100", "chr2:99-199")
    sequences = SequenceSet.from_arrays(rows, alphabet=DNA, ids=ids)
    groups = group_sequences(sequences, both_strands=True, notes=Notes())
    assert groups.labels.tolist() == [0, 0, 1, 0]


def test_a_large_group_counts_once():
    family = random_rows(1, 100, 3).repeat(40, axis=0)
    mutated = np.random.default_rng(4).random(family.shape) < 0.03
    family = np.where(mutated, (family + 1) % 4, family).astype(np.uint8)
    rows = np.concatenate([family, random_rows(60, 100, 5)])
    sequences = SequenceSet.from_arrays(list(rows), alphabet=DNA)
    groups = group_sequences(sequences, both_strands=True, notes=Notes())
    assert len(groups.representatives) == 61
    assert groups.representatives[0] < 40


def test_some_groups_are_kept_with_their_sequences():
    ids = ["chr1:0-100", "chr2:0-100", "chr1:50-150", "chr3:0-100", "chr2:50-150", "chr4:0-100"]
    groups = group_sequences(named(ids), both_strands=True, notes=Notes())
    assert groups.labels.tolist() == [0, 1, 0, 2, 1, 3]
    assert groups.sizes.tolist() == [2, 2, 1, 1]
    rows, some = groups.select(np.array([False, True, True, False]))
    assert np.flatnonzero(rows).tolist() == [1, 3, 4]
    assert some.labels.tolist() == [0, 1, 0]
    assert some.representatives.tolist() == [0, 1]
    assert some.sizes.tolist() == [2, 1]
