"""Make FASTA files that go wrong in the ways that files of users do.

`CASES` lists each file's name, content, the outcome that is due and, for one that must read like a
well-behaved file, the name of that file.
"""

import bz2
import gzip
import io
import lzma
from pathlib import Path
from typing import NamedTuple

CLEAN = b">s1\nACGTACGTACGT\n>s2\nTTTTACGTGGGG\n"
MANY = b"".join(b">r%d\nACGTTGCA\n" % i for i in range(400))


class Case(NamedTuple):
    name: str
    content: bytes
    expect: str
    twin: bytes | None = None
    says: str = ""


def gzipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


def _with_flipped_bit(content: bytes, position: int) -> bytes:
    damaged = bytearray(content)
    damaged[position] ^= 4
    return bytes(damaged)


def _fasta(*ids: str) -> bytes:
    return "".join(f">{name}\nACGTACGT\n" for name in ids).encode()


CASES = [
    Case("empty.fa", b"", "reject", says="no sequences"),
    Case("only_newlines.fa", b"\n\n\n", "reject", says="no sequences"),
    # too few to train on, but enough to scan
    Case("one_seq.fa", b">a\nACGTACGTACGTACGT\n", "accept"),
    Case("header_only.fa", b">a\n", "reject", says="'a' has no letters"),
    Case("headers_only.fa", b">a\n>b\n\n", "reject", says="'a' has no letters, nor has any other"),
    Case("header_then_seq.fa", b">a\n>b\nACGT\n", "warn", b">b\nACGT\n", "left out: 1, first 'a'"),
    Case("no_id.fa", b">\nACGT\n> \nACGT\n", "warn", says="without id, named by position: 2"),
    Case("space_after_gt.fa", b"> s1 of mine\nACGT\n", "warn", b">s1 of mine\nACGT\n", "white"),
    Case("all_n.fa", b">a\nNNNNNNNN\n>b\nNNNN\n", "reject", says="no informative letter"),
    Case("mostly_n.fa", b">a\nNNNNNNACGT\n>b\nACGTNNNN\n", "warn", says="letters (N): 1 of 2"),
    Case("iupac.fa", b">a\nACGTRYSWKMBDHVN\n", "accept"),
    Case("illegal_chars.fa", b">a\nACGT!@#$%\n", "reject", says="line 2: '!' in record 'a'"),
    Case("genbank_numbers.fa", b">a\n1 acgtacgtac\n", "reject", says="remove the position numbers"),
    Case("star_protein.fa", b">p\nMKVLAA*\n>q\nMKU*OXBZJ\n", "accept"),
    Case("rna.fa", b">r\nACGUACGU\n", "accept"),
    Case(
        "mixed.fa",
        b">d\nACGTACGTACGT\n>p\nMKVLWAALLVTFLAG\n",
        "reject",
        says="line 3: record 'p' looks like a protein",
    ),
    # nothing tells it from DNA: only --alphabet can
    Case("protein_like_dna.fa", b">p\nACGTACGTAACCGGTTNACG\n", "accept"),
    Case("lowercase.fa", b">a\nacgtACGTnnnn\n", "accept", b">a\nACGTACGTNNNN\n"),
    Case("crlf.fa", CLEAN.replace(b"\n", b"\r\n"), "accept", CLEAN),
    Case("cr_only.fa", CLEAN.replace(b"\n", b"\r"), "warn", CLEAN, "carriage returns"),
    Case("bom.fa", b"\xef\xbb\xbf" + CLEAN, "accept", CLEAN),
    Case("utf16.fa", CLEAN.decode().encode("utf-16"), "reject", says="UTF-16 is not supported"),
    Case("utf16_unmarked.fa", CLEAN.decode().encode("utf-16-le"), "reject", says="UTF-16"),
    Case("latin1_id.fa", b">gen\xe9\nACGTACGT\n", "warn", says="that are not UTF-8: 1"),
    Case("unicode_id.fa", _fasta("гена_β-catenin_日本"), "accept"),
    Case("rtl_id.fa", _fasta("abc\u202etxt.exe"), "warn", says="'abc\\u202etxt.exe'"),
    Case("zero_width.fa", _fasta("a\u200bb", "ab"), "warn", says="invisible"),
    Case("dup_ids.fa", b">a\nACGTACGT\n>a\nTTTTACGT\n", "warn", says="earlier record's id"),
    # whole records that repeat name the same thing
    Case("dup_records.fa", CLEAN + CLEAN, "accept"),
    # peaks do repeat: grouping them is the business of whoever splits the data
    Case("dup_seqs.fa", b">a\nACGTACGTAA\n>b\nACGTACGTAA\n>c\nTTACGTACGT\n", "accept"),
    Case("long_id.fa", _fasta("x" * 5000), "accept"),
    Case("path_ids.fa", _fasta("../../../var/x", "/etc/passwd", "..\\win", "CON", "a/b"), "accept"),
    Case("xss_ids.fa", _fasta("<script>alert(1)</script>", "{{7*7}}", "${7*7}", "<!--"), "accept"),
    Case("formula_ids.fa", _fasta("=cmd|calc!A0", "@SUM(1+1)", "-2+3"), "accept"),
    Case("tabs.fa", b">id\twith\ttabs\nACGTACGT\n", "accept", b">id with\ttabs\nACGTACGT\n"),
    Case("control_id.fa", _fasta("a\x1b[31mred\x07"), "warn", says="control"),
    Case("nul.fa", b">a\nACGT\0ACGT\n", "reject", says="line 2: NUL byte at offset 7"),
    Case("binary.fa", bytes(range(256)) * 4, "reject", says="no text file"),
    Case("binary_without_nul.fa", bytes(range(1, 256)), "reject", says="no text file"),
    Case("cut_in_header.fa", b">a\nACGTACGT\n>b", "warn", b">a\nACGTACGT\n", "cut off"),
    Case("no_final_newline.fa", b">a\nACGTACGT", "accept", b">a\nACGTACGT\n"),
    Case("greater_in_seq.fa", b">a\nACG>T\nACGT\n", "reject", says="line 2: '>' in record 'a'"),
    Case("semicolon.fa", b";x\n>a\nACGT\n;y\nACGT\n", "warn", b">a\nACGTACGT\n", "comment"),
    Case("fastq.fa", b"@r1\nACGT\n+\nIIII\n", "reject", says="looks like FASTQ"),
    Case("genbank.fa", b"LOCUS       X 10 bp\nORIGIN\n 1 acgt\n//\n", "reject", says="GenBank"),
    Case("html.fa", b"<!DOCTYPE html><html>404</html>\n", "reject", says="did the download fail"),
    Case(
        "lfs.fa",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n",
        "reject",
        says="git-lfs pointer",
    ),
    Case("ragged.fa", b">a\nACGT\n>b\nACGTACGTACGT\n>c\nA\n", "warn", says="1 of 3"),
    Case("long_line.fa", b">a\n" + b"ACGT" * 4000 + b"\n", "accept"),
    Case("very_short.fa", b">a\nA\n>b\nC\n", "reject", says="too short"),
    Case("gaps.fa", b">a\nAC--GT..AC\n", "warn", b">a\nACNNGTNNAC\n", "gaps ('-') read as N: 2"),
    Case("blanks.fa", b"\n>a\nAC GT \n\n\tACGT\n\n", "accept", b">a\nACGTACGT\n"),
    Case("no_header.fa", b"ACGTACGT\nACGT\n", "reject", says="no header"),
    Case("late_header.fa", b";x\nACGT\n>a\nACGT\n", "reject", says="line 2: not FASTA"),
    Case("ok.fa.gz", gzipped(MANY), "accept", MANY),
    Case("truncated.fa.gz", gzipped(MANY)[:60], "reject", says="truncated gzip"),
    Case("bad_checksum.fa.gz", _with_flipped_bit(gzipped(MANY), -8), "reject", says="corrupt gzip"),
    Case("trailing.fa.gz", gzipped(MANY) + b"garbage", "warn", MANY, "7 bytes behind the gzip"),
    Case("zero_padded.fa.gz", gzipped(MANY) + b"\0" * 512, "accept", MANY),
    Case("two_members.fa.gz", gzipped(CLEAN[:17]) + gzipped(CLEAN[17:]), "accept", CLEAN),
    Case("plain.fa.gz", CLEAN, "accept", CLEAN),
    Case("gzip_named_plain.fa", gzipped(MANY), "accept", MANY),
    Case("empty.fa.gz", gzipped(b""), "reject", says="no sequences"),
    Case("bomb.fa.gz", gzipped(b">a\n" + b"A" * 2_000_000), "accept"),
    Case("ok.fa.bz2", bz2.compress(CLEAN), "accept", CLEAN),
    Case("truncated.fa.bz2", bz2.compress(CLEAN)[:-9], "reject", says="truncated bzip2"),
    Case("ok.fa.xz", lzma.compress(CLEAN), "accept", CLEAN),
    Case("corrupt.fa.xz", _with_flipped_bit(lzma.compress(CLEAN), 30), "reject", says="corrupt xz"),
]


def write_case(folder: Path, case: Case) -> Path:
    path = folder / case.name
    path.write_bytes(case.content)
    return path
