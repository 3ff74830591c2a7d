"""Windows of alleles against strings that are cut and joined by hand."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, RNA
from seqcnn.seq.io.genome import open_genome
from seqcnn.seq.variants import Variant, cut_alleles

CHROMOSOME = "ACGTACCGGTTAACGATTACAGGCATCGTTAGCCATGGACT"


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "g.fa"
    path.write_text(f">1\n{CHROMOSOME}\n>short\nACGTAC\n")
    return open_genome(path)


def texts(windows):
    return [[DNA.decode(codes) for codes in side] for side in (windows.ref, windows.alt)]


def test_indels_keep_the_length_by_what_follows(genome):
    variants = [
        Variant("chr1", 20, "A", "T"),  # one letter
        Variant("1", 20, "A", "AGGG"),  # an insertion
        Variant("1", 18, "ACAG", "A"),  # a deletion
        Variant("1", 19, "CAG", "TT"),  # both
    ]
    windows, problems = cut_alleles(genome, variants, 10, DNA)
    assert not problems
    c = CHROMOSOME
    assert texts(windows) == [
        [c[15:25], c[15:25], c[15:25], c[15:25]],
        [
            c[15:20] + "T" + c[21:25],
            c[15:20] + "AGGG" + c[21],
            c[15:18] + "A" + c[22:28],
            c[15:19] + "TT" + c[22:26],
        ],
    ]
    assert windows.at.tolist() == [5, 5, 3, 4]
    assert windows.ref.ids[0] == "chr1:21:A>T"


@pytest.mark.parametrize("start", range(len(CHROMOSOME) - 3))
@pytest.mark.parametrize("alt", ["T", "TTTTT", "G"])
def test_anywhere_both_windows_are_of_the_two_chromosomes(genome, start, alt):
    """The window of the changed chromosome begins at the same place, and is as long."""
    ref = CHROMOSOME[start : start + 3]
    windows, _ = cut_alleles(genome, [Variant("1", start, ref, alt)], 12, DNA)
    changed = CHROMOSOME[:start] + alt + CHROMOSOME[start + 3 :]
    (before,), (after,) = texts(windows)
    begin = start - int(windows.at[0])
    assert before == CHROMOSOME[begin : begin + 12] and len(before) == 12
    assert after == changed[begin : begin + 12] and len(after) == 12


def test_a_long_insertion_is_in_its_window_as_a_whole(genome):
    alt = "A" + "GGTTCCAA"
    windows, _ = cut_alleles(genome, [Variant("1", 20, "A", alt)], 12, DNA)
    c = CHROMOSOME
    assert texts(windows) == [[c[17:29]], [c[17:20] + alt]]
    assert windows.at.tolist() == [3]


def test_short_chromosomes_give_short_windows(genome):
    windows, _ = cut_alleles(genome, [Variant("short", 2, "GT", "G")], 10, DNA)
    assert texts(windows) == [["ACGTAC"], ["ACGAC"]]


def test_what_cannot_be_cut_is_said_and_the_rest_stays(genome):
    variants = [
        Variant("7", 1, "A", "C", line=2),
        Variant("1", 0, "C", "G", line=3),
        Variant("1", 40, "TA", "T", line=4),
        Variant("1", 4, "A", "<DEL>", line=5),
        Variant("1", 4, "A", "A", line=6),
        Variant("1", 4, "A", "*", line=7),
        Variant("1", 0, CHROMOSOME[:12], "A", line=8),
        Variant("1", 4, "A", "C", line=9),
    ]
    windows, problems = cut_alleles(genome, variants, 12, DNA)
    assert [v.line for v in windows.variants] == [9]
    assert [p.line for p in problems] == list(range(2, 9))
    said = [p.message for p in problems]
    assert said[0] == "the genome has no chromosome '7'"
    assert said[1] == "the reference is 'C', but the genome has 'A' there"
    assert "position 41 is not on '1' of 41 letters" in said[2]
    assert "'<DEL>' is not spelt out" in said[3] and "'*' is not spelt out" in said[5]
    assert said[4] == "both alleles are 'A'"
    assert "12 letters is no shorter than windows of 12" in said[6]


def test_no_variant_and_no_window(genome):
    windows, problems = cut_alleles(genome, [], 10, DNA)
    assert len(windows) == 0 and not problems
    with pytest.raises(SeqcnnError, match="`length` is 0"):
        cut_alleles(genome, [], 0, DNA)


def test_rna_reads_t_as_u(genome):
    windows, _ = cut_alleles(genome, [Variant("1", 3, "T", "A")], 4, RNA)
    assert RNA.decode(windows.ref[0]) == CHROMOSOME[1:5].replace("T", "U")
    np.testing.assert_array_equal(windows.at, [2])
