import numpy as np
import pytest

from seqcnn.seq.alphabet import DNA
from seqcnn.seq.intervals import Interval, intervals_of, parse_interval
from seqcnn.seq.record import SequenceSet


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("chr1:100-200", 100, Interval("chr1", 100, 200)),
        ("chr1:101-200", 100, Interval("chr1", 100, 200)),
        ("chr1:100-200(-)", 100, Interval("chr1", 100, 200, "-")),
        ("peak_7::chr1:100-200(+)", 100, Interval("chr1", 100, 200, "+")),
        ("chrUn_KI270742v1:0-5", 5, Interval("chrUn_KI270742v1", 0, 5)),
        ("chr1:0-4", 5, None),
        ("chr1:100-200", 90, None),
        ("chr1:200-100", 100, None),
        ("seq_1", 100, None),
        ("chr1:100", 100, None),
        ("chr1:100-200 x", 100, None),
    ],
)
def test_names_with_coordinates(name, length, expected):
    assert parse_interval(name, length) == expected


@pytest.mark.parametrize("strand", ["+", "-", "."])
def test_a_part_of_an_interval_reads_the_letters_of_the_genome(strand):
    genome = np.random.default_rng(0).integers(0, 4, 60).astype(np.uint8)
    home = Interval("chr", 20, 50, strand)
    read = genome[20:50] if strand != "-" else DNA.reverse_complement(genome[20:50])
    for site_strand in "+-":
        site = home.part(3, 11, site_strand)
        there = genome[site.start : site.end]
        if site.strand == "-":
            there = DNA.reverse_complement(there)
        here = read[3:11] if site_strand == "+" else DNA.reverse_complement(read[3:11])
        np.testing.assert_array_equal(there, here)


def test_all_sequences_at_once():
    sequences = SequenceSet.from_strings(["ACGT", "ACG"], alphabet=DNA, ids=["c:2-6", "x"])
    assert intervals_of(sequences) == [Interval("c", 2, 6), None]
