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


def test_half_overlap_on_the_genome_makes_a_group():
    ids = ["chr1:0-100", "chr1:50-150", "chr1:120-220", "chr2:0-100", "chr1:1000-1100", "x"]
    notes = Notes()
    groups = group_sequences(named(ids), both_strands=True, notes=notes)
    assert groups.labels.tolist() == [0, 0, 1, 2, 3, 4]
    assert notes.sentences[0].startswith("1 of 6 sequences")


def test_a_large_group_counts_once():
    family = random_rows(1, 100, 3).repeat(40, axis=0)
    mutated = np.random.default_rng(4).random(family.shape) < 0.03
    family = np.where(mutated, (family + 1) % 4, family).astype(np.uint8)
    rows = np.concatenate([family, random_rows(60, 100, 5)])
    sequences = SequenceSet.from_arrays(list(rows), alphabet=DNA)
    groups = group_sequences(sequences, both_strands=True, notes=Notes())
    assert len(groups.representatives) == 61
    assert groups.representatives[0] < 40
