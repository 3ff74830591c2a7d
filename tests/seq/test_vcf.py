"""VCF, line by line."""

import gzip
import io
import sys

import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.vcf import UNREAD, info_line, read_vcf, with_info
from seqcnn.seq.variants import Variant

TEXT = """##fileformat=VCFv4.3
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
1\t5\trs1\ta\tG,TT\t.\tPASS\tDP=3

1\tx\t.\tA\tC\t.\t.\t.
1\t7\t.\tA\t.\t.\t.\t.
1\t7
1\t0\t.\tA\tC\t.\t.\t.
2\t9\t.\tAC\tA"""


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(tmp_path, monkeypatch, packed):
    (tmp_path / "v.vcf").write_text(TEXT)
    raw = gzip.compress(TEXT.encode()) if packed else TEXT.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert list(read_vcf("-")) == list(read_vcf(tmp_path / "v.vcf"))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SeqcnnError, match="standard input is closed"):
        next(read_vcf("-"))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_read_and_broken_ones_said(tmp_path, end, packed):
    path = tmp_path / "v.vcf"
    raw = TEXT.replace("\n", end).encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    lines = list(read_vcf(path))
    assert [line.number for line in lines] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert [line.is_header for line in lines] == [True, True] + [False] * 6
    assert lines[2].variants == (
        Variant("1", 4, "A", "G", "rs1", 3, 0),
        Variant("1", 4, "A", "TT", "rs1", 3, 1),
    )
    said = [line.problem.message for line in lines if line.problem]
    assert [part in text for part, text in zip(
        ("position is 'x'", "no alternative", "has 2 columns", "position is '0'"), said, strict=True
    )] == [True] * 4  # fmt: skip
    assert lines[-1].variants == (Variant("2", 8, "AC", "A", ".", 9, 0),)


def test_facts_come_behind_those_that_are_there():
    line = "1\t5\t.\tA\tG,T\t.\t.\t.\tGT\t0/1"
    assert with_info(line, {"X": ["1", "2"], "Y": [".", "3"]}).split("\t")[7:] == [
        "X=1,2;Y=.,3", "GT", "0/1",
    ]  # fmt: skip
    assert with_info("2\t9\t.\tAC\tA", {"X": ["1"]}) == "2\t9\t.\tAC\tA\t.\t.\tX=1"
    assert info_line("X", 'a "b"').endswith('Description="a \\"b\\"">')


def test_facts_of_an_earlier_run_are_replaced():
    line = "1\t5\t.\tA\tG\t.\t.\tX=7;DP=3;XY=2;"
    assert with_info(line, {"X": ["1"]}).split("\t")[7] == "DP=3;XY=2;X=1"


def test_what_is_not_utf8_comes_back_as_it_was(tmp_path):
    path = tmp_path / "v.vcf"
    raw = "##fileformat=VCFv4.3\n1\t5\tM\u00fc\tA\tC\n".encode("latin-1")
    path.write_bytes(b"\xef\xbb\xbf" + raw)
    lines = list(read_vcf(path))
    assert lines[0].is_header and len(lines[1].variants) == 1
    texts = "".join(f"{line.text}\n" for line in lines)
    assert texts.encode("utf-8", UNREAD) == raw


@pytest.mark.parametrize(
    ("text", "message"), [("", "the file is empty"), (">s1\nACGT\n", "line 1: is no VCF")]
)
def test_files_that_are_none(tmp_path, text, message):
    (tmp_path / "v.vcf").write_text(text)
    with pytest.raises(SeqcnnError, match=message):
        list(read_vcf(tmp_path / "v.vcf"))
