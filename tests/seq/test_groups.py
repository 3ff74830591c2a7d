"""Groups of sequences that hang together, against brute force."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.groups import (
    chromosome_numbers,
    dependent_groups,
    joined_groups,
    on_chromosomes,
)
from seqcnn.seq.record import SequenceSet
from tests.discovery.planted import random_rows


def named(ids):
    rows = list(random_rows(len(ids), 100, 0))
    return SequenceSet.from_arrays(rows, alphabet=DNA, ids=tuple(ids))


def test_what_either_grouping_holds_together_is_one_group():
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 12, (2, 15))
        linked = (one[:, None] == one) | (other[:, None] == other)
        for _ in range(15):
            linked = linked @ linked
        found = joined_groups(one, other)
        np.testing.assert_array_equal(found[:, None] == found, linked)
        assert found[0] == 0 and set(found) == set(range(found.max() + 1))


def test_neighbours_hang_together():
    ids = ["chr1:0-100", "chr2:0-100", "chr1:99-199", "none", "chr1:199-299"]
    assert dependent_groups(named(ids), both_strands=True).tolist() == [0, 1, 0, 2, 3]
    assert dependent_groups(named([]), both_strands=True).tolist() == []


def test_chromosomes_by_name():
    sequences = named(["chr1:0-100", "chrX:0-100", "chr10:0-100", "chr1:500-600"])
    numbers, names = chromosome_numbers(sequences)
    assert numbers.tolist() == [0, 1, 2, 0] and names == ("chr1", "chrX", "chr10")
    assert on_chromosomes(sequences, ["1", "chrX"]).tolist() == [True, True, False, True]
    with pytest.raises(SeqcnnError, match="no sequence lies on 'chr2': there are chr1, chrX, chr1"):
        on_chromosomes(sequences, ["chr1", "chr2"])
    with pytest.raises(SeqcnnError, match="'s' does not say on which chromosome"):
        chromosome_numbers(named(["chr1:0-100", "s"]))
