"""Masks of sites, letter by letter; and the way back to bedGraph and BED."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval
from seqcnn.seq.io.bed import read_bed
from seqcnn.seq.io.bedgraph import write_bedgraph, write_called
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.site_masks import OUTSIDE, homes_of, mask_sites


def sequences(*ids, length=20):
    return SequenceSet.from_strings(["A" * length] * len(ids), alphabet=DNA, ids=ids)


def sites(*rows):
    return IntervalSet.from_intervals([Interval(*row) for row in rows])


def test_letters_in_a_site_are_marked_one_by_one():
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 300, size=30)
    rows = [(f"chr{1 + i % 2}", int(s), int(s + rng.integers(1, 25))) for i, s in enumerate(starts)]
    ids = [f"chr{1 + i % 2}:{10 * i}-{10 * i + 20}({'+-'[i % 3 == 0]})" for i in range(30)]
    masks = mask_sites(sequences(*ids), sites(*rows))
    for row, home in enumerate(homes_of(sequences(*ids))):
        letters = range(home.start, home.end)
        expected = [
            any(name == home.chromosome and low <= at < high for name, low, high in rows)
            for at in letters
        ]
        assert masks[row].tolist() == (expected[::-1] if home.strand == "-" else expected)


def test_sequences_without_coordinates_count_from_their_first_letter():
    mixed = SequenceSet.from_strings(["ACGT", "ACGTAC"], alphabet=DNA, ids=["a", "b"])
    masks = mask_sites(mixed, sites(("b", 2, 4), ("a", 3, 9), ("c", 0, 1)))
    assert masks.tolist() == [[0, 0, 0, 1, OUTSIDE, OUTSIDE], [0, 0, 1, 1, 0, 0]]


def test_nothing_is_known_of_letters_that_may_be_any():
    gap = SequenceSet.from_strings(["NNACNT", "RA"], alphabet=DNA, ids=["a", "b"])
    masks = mask_sites(gap, sites(("a", 1, 3), ("b", 0, 1)))
    assert masks.tolist() == [[OUTSIDE, OUTSIDE, 1, 0, OUTSIDE, 0], [1, 0, *[OUTSIDE] * 4]]


def test_names_of_chromosomes_may_differ():
    assert mask_sites(sequences("chr1:0-20"), sites(("1", 0, 5))).sum() == 5


def test_sites_that_lie_nowhere_are_told():
    with pytest.raises(SeqcnnError, match="no site lies on any of the 1 sequences: sites are on x"):
        mask_sites(sequences("chr1:0-20"), sites(("x", 0, 5)))


def test_values_are_written_by_stretches(tmp_path):
    places = [Interval("chr1", 10, 14), Interval("chr1", 12, 16, "-"), Interval("chr2", 0, 2)]
    values = [np.array([0.5, 0.5, 0.25, 0.25]), np.array([1.0, 1.0, 0.75, 0.25]), np.zeros(2)]
    write_bedgraph(tmp_path / "a.bedgraph", places, values)
    # the reverse strand is read from its end: 0.25 0.75 1 1 along the chromosome
    assert (tmp_path / "a.bedgraph").read_text().splitlines() == [
        "chr1\t10\t12\t0.5",
        "chr1\t12\t13\t0.25",
        "chr1\t13\t14\t0.5",
        "chr1\t14\t16\t1",
        "chr2\t0\t2\t0",
    ]
    write_called(tmp_path / "a.bed", places, values)
    called = read_bed(tmp_path / "a.bed")
    assert [(x.start, x.end) for x in called] == [(10, 12), (13, 16)]
    assert called.score.tolist() == [500, 1000]


def test_gaps_are_left_out(tmp_path):
    places = [Interval("c", 0, 2), Interval("c", 5, 6)]
    write_bedgraph(tmp_path / "a", places, [np.ones(2), np.ones(1)])
    assert (tmp_path / "a").read_text() == "c\t0\t2\t1\nc\t5\t6\t1\n"
