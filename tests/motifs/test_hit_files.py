"""Sites as lines of text, from blocks made by hand."""

import numpy as np
import pytest

from seqcnn.motifs.hit_files import FORMATS, Block, MotifTable, find_format
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet


def block(names=("chr1",), motif_name="two words", alphabet=DNA, log10_p=(-3.0, -12.0)):
    """Two sites of one motif in each sequence: scores 0.5 and 1 bit, forward and reverse."""
    matrix = ProbabilityMatrix(np.full((3, alphabet.size), 1 / alphabet.size), alphabet)
    log10_p = np.array(log10_p)
    table = MotifTable(
        Motif(motif_name, matrix, "a;b"), 128, np.resize(log10_p, 129), np.resize(log10_p + 1, 129)
    )
    table = table._replace(
        log10_p=np.linspace(log10_p[0], log10_p[1], 129),
        log10_q=np.linspace(log10_p[0], log10_p[1], 129) + 1,
    )
    n = len(names)
    return Block(
        [table], names, [50] * n, np.repeat(np.arange(n), 2), np.tile([4, 9], n),
        np.zeros(2 * n, np.int64), np.tile([False, True], n), np.tile([128, 256], n),
        np.array([b"ACG", b"CGT"] * n),
    )  # fmt: skip


def lines(format, **options):
    return [line.rstrip("\n").split("\t") for line in FORMATS[format].lines(block(**options))]


def test_tsv_and_fimo_count_from_0_and_from_1():
    first, second = lines("tsv")
    assert first == "chr1|4|7|+|two words|0.50|0.00100|0.0100|ACG".split("|")
    assert second == "chr1|9|12|-|two words|1.00|1.00e-12|1.00e-11|CGT".split("|")
    assert lines("fimo") == [
        "two words|a;b|chr1|5|7|+|0.5|0.00100|0.0100|ACG".split("|"),
        "two words|a;b|chr1|10|12|-|1|1.00e-12|1.00e-11|CGT".split("|"),
    ]


def test_bed_has_one_word_and_a_score_of_at_most_1000():
    assert lines("bed") == [
        "chr1|4|7|two_words|300|+|0.50|0.00100|0.0100".split("|"),
        "chr1|9|12|two_words|1000|-|1.00|1.00e-12|1.00e-11".split("|"),
    ]


@pytest.mark.parametrize("strand", "+-")
def test_sites_are_placed_where_the_name_says(strand):
    (first, second) = lines("bed", names=[f"chr7:100-150({strand})"])
    # the other end of an interval that was turned over
    wanted = {"+": ("104", "107", "+"), "-": ("143", "146", "-")}[strand]
    assert (first[0], first[1], first[2], first[5]) == ("chr7", *wanted)
    assert second[5] != strand
    assert lines("gff", names=[f"chr7:100-150({strand})"])[0][3:5] == [
        str(int(wanted[0]) + 1), wanted[1]
    ]  # fmt: skip


def test_gff_escapes_what_has_a_meaning_and_knows_proteins():
    (first, _) = lines("gff", names=["a=b;c,d&e%f"])
    assert first[:8] == (
        ["a%3Db%3Bc%2Cd%26e%25f", "seqcnn", "nucleotide_motif", "5", "7", "0.50", "+", "."]
    )
    assert first[8] == ("Name=two words;Alias=a%3Bb;p_value=0.00100;q_value=0.0100;sequence=ACG")
    assert lines("gff", alphabet=PROTEIN)[0][2] == "polypeptide_motif"
    assert lines("gff", alphabet=RNA)[0][2] == "nucleotide_motif"
    assert lines("gff", alphabet=get_alphabet("HPC"))[0][2] == "sequence_motif"


def test_p_values_that_no_float_holds_are_written():
    assert lines("tsv", log10_p=(-3.0, -4321.5))[1][6:8] == ["3.16e-4322", "3.16e-4321"]
    assert lines("bed", log10_p=(-3.0, -4321.5))[1][4] == "1000"


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("x.bed", "bed"), ("x.BED.gz", "bed"), ("x.gff", "gff"), ("x.gff3.xz", "gff"),
        ("x.tsv", "tsv"), ("x.txt.gz", "tsv"), ("-", "tsv"), ("bed", "tsv"), ("x.gz", "tsv"),
    ],
)  # fmt: skip
def test_format_by_name(name, format):
    assert find_format(name) is FORMATS[format]
    assert find_format(name, "fimo") is FORMATS["fimo"]
