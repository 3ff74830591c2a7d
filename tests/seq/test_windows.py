import logging
import warnings

import numpy as np
import pytest

import seqcnn
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval
from seqcnn.seq.io.bed import parse_bed
from seqcnn.seq.io.genome import open_genome
from seqcnn.seq.windows import best_intervals, centred, find_chromosomes, place_intervals
from tests.seq.genomes import LENGTHS, random_genome, write_genome

LETTERS = random_genome()


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    return open_genome(write_genome(tmp_path_factory.mktemp("g"), "2bit", LETTERS))


@pytest.mark.parametrize("window", [1, 2, 5, 100, 101])
def test_windows_are_centred_on_summits_or_middles(window):
    narrow = b"c\t100\t300\tp\t1\t.\t7\t1\t1\t%d\n"
    peaks = parse_bed(narrow % 20 + narrow % -1, "x", [])
    windows = centred(peaks, window)
    assert windows.lengths.tolist() == [window, window]
    # the summit is letter window // 2, and the middle of an even stretch is right of its midpoint
    assert (windows.start + window // 2).tolist() == [120, 200]
    single = centred(IntervalSet.from_intervals([Interval("c", 70, 71)]), window)
    assert single.start[0] + window // 2 == 70


def test_a_window_as_long_as_its_interval_is_that():
    for start, end in ((100, 200), (100, 201), (101, 200)):
        one = IntervalSet.from_intervals([Interval("c", start, end)])
        assert list(centred(one, end - start)) == list(one)


@pytest.mark.parametrize(
    ("names", "known", "expected"),
    [
        (["chr1", "chrX"], ["1", "X"], [0, 1]),
        (["1", "X"], ["chrX", "chr1"], [1, 0]),
        (["chrM", "MT", "M", "chrMT"], ["1", "MT"], [1, 1, 1, 1]),
        (["MT"], ["chrM"], [0]),
        (["Chr3", "chr3"], ["chr3", "Chr3"], [1, 0]),
        (["CHR3", "3"], ["chr3", "Chr3"], [-1, -1]),  # which of the two?
        (["chr1", "1"], ["1", "chr1"], [1, 0]),
        (["chr2"], ["chr1", "chr22"], [-1]),
        (["chr1_random"], ["chr1"], [-1]),
    ],
)
def test_names_of_chromosomes(names, known, expected):
    assert find_chromosomes(names, known) == expected


def placed(intervals, genome, **options):
    remarks = []
    found = place_intervals(
        IntervalSet.from_intervals(intervals), genome, path="p.bed", remarks=remarks, **options
    )
    return list(found), remarks


def test_what_the_genome_lacks_is_counted(genome, caplog):
    intervals = [
        Interval("1", 0, 5),
        Interval("chrUn", 3, 9),
        Interval("MT", 100, 130, "-"),
        Interval("MT", 100, 131),
        Interval("chr3", 7, 7),
        Interval("chrUn2", 3, 9),
    ]
    with caplog.at_level(logging.INFO, "seqcnn"):
        found, remarks = placed(intervals, genome)
    assert found == [Interval("chr1", 0, 5), Interval("chrM", 100, 130, "-")]
    assert [remark.split(": ")[1] for remark in remarks] == [
        "intervals on chromosomes that the genome lacks",
        "intervals past the end of their chromosome (is it the right genome?)",
        "intervals without letters (a window gives them some)",
    ]
    assert "2 of 6, first chrUn:3-9" in remarks[0]
    assert "1 of 6, first chrM:100-131" in remarks[1]
    assert "spells differently: 3 of 5, first chr1 for 1" in caplog.text


def test_windows_past_an_end_are_counted(genome):
    intervals = [Interval("chrM", start, start + 1) for start in (0, 9, 10, 120, 121, 129)]
    found, remarks = placed(intervals, genome, window=20)
    assert found == [Interval("chrM", 0, 20), Interval("chrM", 110, 130)]
    assert "windows of 20 letters that reach past an end" in remarks[0]
    assert "4 of 6, first chrM:-10-10" in remarks[0]


def test_nothing_left_is_an_error_that_says_why(genome):
    with pytest.raises(
        SeqcnnError, match=r"no interval lies in .*chr1, chr2, chrX, \.\.\."
    ) as caught:
        placed([Interval("chrI", 3, 9), Interval("chrM", 3, 999)], genome)
    for word in ("genome lacks: 1 of 2, first chrI:3-9", "right genome?): 1 of 2", "p.bed"):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_best_by_score_in_the_order_of_the_file():
    rows = b"".join(
        b"c\t%d\t%d\tn\t%s\n" % (i, i + 5, s) for i, s in enumerate(b"3 9 . 7 7 1".split())
    )
    peaks = parse_bed(rows, "x", [])
    for number, expected in (
        (1, [1]),
        (2, [1, 3]),
        (3, [1, 3, 4]),
        (5, [0, 1, 3, 4, 5]),
        (99, [*range(6)]),
    ):
        remarks = []
        assert best_intervals(peaks, number, path="x", remarks=remarks).start.tolist() == expected
        assert bool(remarks) == (number == 2)
    many = parse_bed(
        b"".join(b"c\t%d\t%d\tn\t%d\n" % (i, i + 1, i % 2) for i in range(999)), "x", []
    )
    chosen = best_intervals(many, 300, path="x", remarks=[])
    assert chosen.start.tolist() == list(range(1, 601, 2))
    with pytest.raises(SeqcnnError, match="no interval has a score"):
        best_intervals(parse_bed(b"c\t1\t5\n", "x", []), 3, path="x", remarks=[])
    for function in (
        lambda: best_intervals(peaks, 0, path="x", remarks=[]),
        lambda: centred(peaks, 0),
    ):
        with pytest.raises(SeqcnnError, match="is 0, it must be 1 or more"):
            function()


# the facade


@pytest.fixture
def peaks(tmp_path):
    path = tmp_path / "peaks.bed"
    path.write_text("1\t100\t160\ta\t5\t+\nchrX\t10\t50\tb\t8\t-\n3\t30\t90\tc\t6\t.\n")
    return path


def spelled(place):
    name, _, ends = place.partition(":")
    start, end = map(int, ends.partition("(")[0].split("-"))
    text = LETTERS[name][start:end].upper()
    if place.endswith("(-)"):
        text = DNA.decode(DNA.reverse_complement(DNA.encode(text)))
    return text


@pytest.mark.parametrize("strand", [None, "both", "one"])
@pytest.mark.parametrize("alphabet", ["dna", "rna"])
def test_intervals_become_sequences(peaks, genome, strand, alphabet):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        found = seqcnn.read_sequences(
            peaks, genome=genome, window=30, strand=strand, alphabet=alphabet
        )
    stranded = strand == "one" or (strand is None and alphabet == "rna")
    assert tuple(found.ids) == (
        ("chr1:115-145(+)", "chrX:15-45(-)", "3:45-75(+)")
        if stranded
        else ("chr1:115-145", "chrX:15-45", "3:45-75")
    )
    assert tuple(found.descriptions) == ("a", "b", "c")
    for i, place in enumerate(found.ids):
        assert found.text(i).replace("U", "T") == spelled(place)


def test_the_best_are_taken_and_strands_that_lack_are_told(peaks, genome):
    found = seqcnn.read_sequences(peaks, genome=genome, top=2)
    assert tuple(found.ids) == ("chrX:10-50", "3:30-90")
    with pytest.warns(SeqcnnWarning, match="without a strand, read forward: 1 of 3"):
        seqcnn.read_sequences(peaks, genome=genome, strand="one")


def test_a_genome_may_be_named_by_its_file(peaks, genome):
    assert len(seqcnn.read_sequences(peaks, genome=genome.path)) == 3


def test_fasta_beside_a_genome_is_read_whole(tmp_path, genome):
    for start in (b"", b"\xef\xbb\xbf", b"\n"):
        (tmp_path / "x.fa").write_bytes(start + b">chr1\t5\t9\nACGTACGT\n")
        assert seqcnn.read_sequences(tmp_path / "x.fa", genome=genome).text(0) == "ACGTACGT"
    with pytest.warns(SeqcnnWarning, match="read whole"):
        seqcnn.read_sequences(tmp_path / "x.fa", genome=genome, window=4)


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("chr1\t5\t9\n", {}, "say which genome it belongs to"),
        ("track x\n1\t5\t9\n", {}, "say which genome it belongs to"),
        ("chr1\t5\t90\n", {"alphabet": "protein"}, "a genome holds dna, or rna"),
        ("chr1\t5\t90\n", {"strand": "-"}, "it must be 'both' or 'one'"),
        ("chr1\t5\t90\n", {"mask": "upper"}, "`mask` must be"),
        ("chr1\t5\t90\n", {"window": 0}, "`window` is 0"),
        ("", {}, "no"),
        ("ACGT\n", {"window": 9}, "line 1: 1 columns where 3 are needed"),
    ],
)
def test_mistakes_are_one_line(content, options, says, tmp_path, genome):
    (tmp_path / "x").write_text(content)
    if options:
        options = {"genome": genome, **options}
    with pytest.raises(SeqcnnError, match=says) as caught:
        seqcnn.read_sequences(tmp_path / "x", **options)
    assert "\n" not in str(caught.value)


def test_all_chromosomes_are_there(genome):
    assert dict(zip(genome.names, genome.lengths.tolist(), strict=True)) == LENGTHS
    assert np.all(genome.lengths > 0)
