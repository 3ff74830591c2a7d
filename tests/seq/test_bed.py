import gzip
import warnings

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.intervals import Interval
from seqcnn.seq.io import bed
from seqcnn.seq.io.bed import looks_like_bed, parse_bed, read_bed

SIX = b"chr2\t5\t9\tp1\t3.5\t+\nchr1\t0\t7\tp2\t8\t-\nchr2\t1\t1\t.\t.\t.\n"
NARROW = (
    b"chr1\t100\t300\tp1\t1000\t.\t7.5\t12.25\t9.5\t120\n"
    b"chr1\t400\t500\tp2\t1000\t.\t17.5\t2.25\t.5\t-1\n"
)
BROAD = b"chr1\t100\t300\tp1\t1000\t.\t7.5\t12.25\t9.5\nchr2\t100\t300\t.\t10\t.\t8.5\t-1\t-1\n"


def parsed(content, path="x.bed"):
    remarks = []
    return parse_bed(content, path, remarks), remarks


def test_six_columns():
    found, remarks = parsed(SIX)
    assert list(found) == [
        Interval("chr2", 5, 9, "+"),
        Interval("chr1", 0, 7, "-"),
        Interval("chr2", 1, 1, "."),
    ]
    np.testing.assert_array_equal(found.score, [3.5, 8, np.nan])
    assert found.summit.tolist() == [-1, -1, -1]
    assert tuple(found.names) == ("p1", "p2", "")
    assert remarks == []
    assert (found.start.dtype, found.strand.dtype) == (np.int64, np.int8)


@pytest.mark.parametrize("columns", [3, 4, 5, 6])
def test_fewer_columns(columns):
    content = b"\n".join(b"\t".join(line.split(b"\t")[:columns]) for line in SIX.splitlines())
    found, remarks = parsed(content)
    assert found.end.tolist() == [9, 7, 1]
    assert (columns > 4) == bool(np.isfinite(found.score).any())
    assert (columns > 5) == bool(found.strand.any())
    assert (columns > 3) == bool(found.names)
    assert remarks == []


def test_twelve_columns():
    line = b"chr1\t10\t500\tt\t7\t-\t20\t400\t0,0,255\t2\t10,20\t0,470\n"
    found, remarks = parsed(line)
    assert (found[0], found.score.tolist()) == (Interval("chr1", 10, 500, "-"), [7])
    assert remarks == []


def test_summits_of_narrow_peaks_are_places_on_the_chromosome():
    found, _ = parsed(NARROW)
    assert found.summit.tolist() == [220, -1]
    assert found.score.tolist() == [7.5, 17.5]


def test_signals_of_broad_peaks():
    found, _ = parsed(BROAD)
    assert found.score.tolist() == [7.5, 8.5]
    assert found.summit.tolist() == [-1, -1]


@pytest.mark.parametrize("thick", [b"20\t400\t0,0,255", b"0\t0\t0", b"10\t10\t0"])
def test_nine_columns_of_bed_are_no_broad_peaks(thick):
    found, _ = parsed(b"chr1\t10\t500\tt\t7\t-\t" + thick + b"\n")
    assert found.score.tolist() == [7]


def test_the_name_of_a_file_tells_broad_peaks_from_bed():
    line = b"chr1\t10\t500\tt\t7\t-\t20\t400\t3\n"
    assert parsed(line)[0].score.tolist() == [7]
    assert parsed(line, "x.broadPeak.gz")[0].score.tolist() == [20]


TWINS = {
    "track": b"track name=x\nbrowser position chr1:1-2\n# a comment\n" + SIX,
    "windows": SIX.replace(b"\n", b"\r\n"),
    "old mac": SIX.replace(b"\n", b"\r"),
    "spaces": SIX.replace(b"\t", b"  "),
    "blank lines": b"\n\n" + SIX.replace(b"\n", b"\n\n"),
    "byte order mark": b"\xef\xbb\xbf" + SIX,
    "no last end": SIX.rstrip(b"\n"),
    "comment within": SIX.replace(b"\nchr1", b"\n#chr9\t1\t2\nchr1"),
}


@pytest.mark.parametrize("kind", TWINS)
def test_it_reads_like_a_clean_file(kind):
    found, remarks = parsed(TWINS[kind])
    clean, _ = parsed(SIX)
    assert list(found) == list(clean)
    np.testing.assert_array_equal(found.score, clean.score)
    assert tuple(found.names) == tuple(clean.names)
    assert remarks == []
    assert looks_like_bed(TWINS[kind])


def test_names_of_columns_are_skipped():
    found, remarks = parsed(b"chrom\tstart\tend\n" + SIX)
    assert len(found) == 3
    assert "names the columns" in remarks[0]
    assert looks_like_bed(b"chrom\tstart\tend\n" + SIX)


def test_columns_of_ones_own_are_left_out():
    found, remarks = parsed(b"chr1\t1\t5\tgene\tkinase\tyes\nchr1\t2\t5\tgene\tligase\t-\n")
    assert np.isnan(found.score).all() and not found.strand.any()
    assert "read without score and strand" in remarks[0]


def test_chunks_are_joined(monkeypatch):
    lines = b"".join(b"c%d\t%d\t%d\tn%d\n" % (i % 7, i, 2 * i + 1, i) for i in range(100))
    whole, _ = parsed(lines)
    monkeypatch.setattr(bed, "CHUNK", 9)
    pieces, _ = parsed(lines)
    assert list(whole) == list(pieces)
    assert list(pieces) == [Interval(f"c{i % 7}", i, 2 * i + 1) for i in range(100)]
    assert tuple(pieces.names) == tuple(f"n{i}" for i in range(100))
    with pytest.raises(SeqcnnError, match="line 101"):
        parsed(lines + b"c\t5\t4\tn\n")


BAD = {
    "empty": (b"", "no intervals"),
    "only comments": (b"# a\ntrack x\n", "no intervals"),
    "two columns": (SIX + b"chr1\t5\n", "line 4: 2 columns where 6 are needed"),
    "fewer columns": (SIX + b"chr1\t5\t7\n", "line 4: 3 columns where 6 are needed"),
    "no chromosome": (SIX + b"\t5\t7\tn\t1\t+\n", "line 4: the name of the chromosome is missing"),
    "start behind end": (b"chr1\t9\t5\n", "line 1: start 9 lies behind end 5"),
    "negative": (b"#\nchr1\t-1\t5\n", "line 2: start is -1, it must be 0 or more"),
    "no number": (b"chr1\t1\t5\nchr1\tx\t5\n", r"line 2: start \(column 2\) is 'x', no whole"),
    "end no number": (b"chr1\t1\t5\nchr1\t1\t5.5\n", r"line 2: end \(column 3\) is '5.5'"),
    "of R": (b"chr1\t1\t5\nchr1\t1e+05\t100100\n", "line 2: start .*'1e.05'.*scipen"),
    "too long": (b"chr1\t1\t99999999999999999\n", "longer than any chromosome"),
    "far too long": (b"chr1\t1\t99999999999999999999\n", r"end \(column 3\) is '99999"),
    "score": (SIX + b"chr1\t1\t5\tn\tx\t+\n", r"line 4: score \(column 5\) is 'x'"),
    "strand": (SIX + b"chr1\t1\t5\tn\t1\t?\n", r"line 4: strand \(column 6\) is '\?'"),
    "summit": (NARROW.replace(b"\t120", b"\t220"), "line 1: summit 220 lies outside of a peak"),
    "summit no number": (NARROW.replace(b"\t-1", b"\tz"), r"line 2: summit \(column 10\) is 'z'"),
    "utf-16": ("chr1\t1\t2\n".encode("utf-16"), "UTF-16"),
    "damaged": (SIX + b"chr1\0\t1\t5\n", "line 4: NUL byte"),
    "xls": (b"# MACS\nchr\tstart\tend\tlength\tabs_summit\n", "line 2: looks like the peaks.xls"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_errors_name_the_line(kind, end, tmp_path):
    content, says = BAD[kind]
    path = tmp_path / "peaks.bed"
    path.write_bytes(content.replace(b"\n", end) if kind != "utf-16" else content)
    with pytest.raises(SeqcnnError, match=says) as caught:
        read_bed(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_compressed_file(tmp_path):
    (tmp_path / "x").write_bytes(gzip.compress(NARROW))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_bed(tmp_path / "x")) == 2


def test_oddities_are_warnings(tmp_path):
    (tmp_path / "x").write_bytes(b"chrom\tstart\tend\nchr1\t1\t2\n")
    with pytest.warns(SeqcnnWarning, match="names the columns"):
        read_bed(tmp_path / "x")


@pytest.mark.parametrize(
    "content", [b"", b">a\nACGT\n", b"@r\nACGT\n+\nIIII\n", b"ACGT\n", b"a\tb\tc\n", b"\n \n"]
)
def test_what_is_no_bed(content):
    assert not looks_like_bed(content)
