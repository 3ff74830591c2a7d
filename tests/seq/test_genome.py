import gzip

import numpy as np
import pytest
from Bio import SeqIO

from seqcnn.data import files
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import RNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.io import faidx
from seqcnn.seq.io import genome as genome_files
from seqcnn.seq.io.faidx import build_index, read_fai
from seqcnn.seq.io.genome import IndexedFasta, StreamedFasta, open_genome
from seqcnn.seq.io.twobit import TwoBit
from tests.seq.genomes import (
    KINDS,
    LENGTHS,
    fasta_text,
    random_genome,
    twobit_bytes,
    write_bgzip,
    write_genome,
)

LETTERS = random_genome()


def some_intervals(seed=0, n=400):
    """Stretches anywhere, empty ones and whole chromosomes among them, in no order."""
    rng = np.random.default_rng(seed)
    names = list(LENGTHS)
    found = [Interval(name, 0, LENGTHS[name], "-") for name in names]
    for _ in range(n):
        name = names[rng.integers(len(names))]
        start, end = np.sort(rng.integers(0, LENGTHS[name] + 1, 2)).tolist()
        found.append(Interval(name, start, min(end, start + 300), "+-."[rng.integers(3)]))
    return IntervalSet.from_intervals(found)


def spelled(interval, *, stranded, mask):
    """The letters by slicing a text, and turning them one by one."""
    text = LETTERS[interval.chromosome][interval.start : interval.end]
    text = "".join("N" if mask == "lower" and c.islower() else c.upper() for c in text)
    if stranded and interval.strand == "-":
        text = "".join({"A": "T", "C": "G", "G": "C", "T": "A"}.get(c, c) for c in text[::-1])
    return text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held", [True, False])
def test_every_kind_of_file_gives_the_letters_of_each_place(kind, held, tmp_path, monkeypatch):
    if not held:  # as if genomes were large and pieces small
        monkeypatch.setattr(genome_files, "HELD", 0)
        monkeypatch.setattr(files, "_PIECE", 100)
        monkeypatch.setattr(files, "_PLAIN_PIECE", 101)
    genome = open_genome(write_genome(tmp_path, kind, LETTERS))
    streamed = kind in ("ragged", "gzip", "bzip2")
    assert isinstance(genome, TwoBit if "2bit" in kind else (IndexedFasta, StreamedFasta)[streamed])
    assert dict(zip(genome.names, genome.lengths.tolist(), strict=True)) == LENGTHS
    intervals = some_intervals()
    for stranded in (False, True):
        for mask in ("none", "lower"):
            found = genome.fetch(intervals, stranded=stranded, mask=mask)
            assert [found.text(i) for i in range(len(found))] == [
                spelled(interval, stranded=stranded, mask=mask) for interval in intervals
            ]


def test_ids_tell_where_a_sequence_comes_from(tmp_path):
    genome = open_genome(write_genome(tmp_path, "plain", LETTERS))
    intervals = some_intervals()
    intervals = intervals.select(intervals.lengths > 1)
    for stranded in (False, True):
        homes = intervals_of(genome.fetch(intervals, stranded=stranded))
        for home, interval in zip(homes, intervals, strict=True):
            strand = {True: {"-": "-"}.get(interval.strand, "+"), False: "."}[stranded]
            assert home == Interval(interval.chromosome, interval.start, interval.end, strand)


def test_rna_is_read_from_a_genome(tmp_path):
    genome = open_genome(write_genome(tmp_path, "2bit", {"c": "ACGTT"}))
    found = genome.fetch(
        IntervalSet.from_intervals([Interval("c", 1, 5, "-")]), alphabet=RNA, stranded=True
    )
    assert found.text(0) == "AACG"
    assert found.alphabet == RNA


def test_biopython_reads_the_same_from_2bit(tmp_path):
    path = write_genome(tmp_path, "2bit", LETTERS)
    with path.open("rb") as handle:
        records = {record.id: str(record.seq) for record in SeqIO.parse(handle, "twobit")}
    genome = open_genome(path)
    rows = np.arange(len(genome.names))
    text = genome.letters(rows, 0 * rows, genome.lengths).decode()
    assert text == "".join(records.values()) == "".join(LETTERS.values())


def test_many_stretches_are_unpacked_in_turns(tmp_path, monkeypatch):
    monkeypatch.setattr("seqcnn.seq.io.twobit.PIECE", 1000)
    genome = open_genome(write_genome(tmp_path, "2bit", LETTERS))
    intervals = some_intervals(3)
    found = genome.fetch(intervals)
    for i, interval in enumerate(intervals):
        assert found.text(i) == spelled(interval, stranded=False, mask="none")


# the index


def naive_index(text):
    """samtools' columns by looking at each line."""
    rows, place = [], 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip(b"\r\n")
        if line.startswith(b">"):
            rows.append([bare[1:].split()[0].decode(), 0, place + len(line), 0, 0])
        else:
            if not rows[-1][1]:
                rows[-1][3:] = [len(bare), len(line)]
            rows[-1][1] += len(bare)
        place += len(line)
    return rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("piece", [1, 7, 61, 10**6])
def test_the_index_is_that_of_samtools(end, piece, tmp_path):
    text = fasta_text(LETTERS, end=end)
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    index = build_index(pieces, "x")
    assert index is not None
    index.write(tmp_path / "x.fai")
    rows = [line.split("\t") for line in (tmp_path / "x.fai").read_text().splitlines()]
    assert rows == [list(map(str, row)) for row in naive_index(text)]
    again = read_fai(tmp_path / "x.fai")
    assert again.names == index.names
    np.testing.assert_array_equal(again.offsets, index.offsets)


@pytest.mark.parametrize(
    "body",
    ["ACGT\nACG\nACGT\n", "ACGT\nACGTA\n", "ACG\n\nACG\n", "AC\nACGT", "\nACGT\n", "A C\nA C\n"],
)
@pytest.mark.parametrize("piece", [1, 3, 100])
def test_lines_of_unlike_lengths_have_no_index(body, piece):
    text = f">a\nACGT\nACGT\n>b\n{body}".encode()
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    assert build_index(pieces, "x") is None


@pytest.mark.parametrize(
    "body", ["", "A", "ACGT\nACGT\n\n\n", "ACGT\nA\n\n", "ACGTACGT", "ACGT\r\nAC\r\n"]
)
@pytest.mark.parametrize("piece", [1, 3, 100])
def test_blank_lines_at_the_end_do_no_harm(body, piece):
    text = f">a\nACGT\nACGT\n>b\n{body}>c\n".encode()
    if not body.endswith("\n") and body:
        text = text.replace(b">c", b"\n>c")
    index = build_index([text[i : i + piece] for i in range(0, len(text), piece)], "x")
    assert index is not None
    assert index.lengths.tolist() == [8, len("".join(body.split())), 0]


def test_an_index_is_written_and_used(tmp_path, monkeypatch):
    path = write_genome(tmp_path, "plain", LETTERS)
    open_genome(path)
    assert not (tmp_path / "genome_plain.fai").exists()
    open_genome(path, save_index=True)
    monkeypatch.setattr(genome_files, "build_index", None)
    found = open_genome(path).fetch(some_intervals())
    assert found.text(0) == spelled(some_intervals()[0], stranded=False, mask="none")


def test_an_index_that_does_not_fit_is_refused(tmp_path):
    path = write_genome(tmp_path, "plain", LETTERS)
    open_genome(path, save_index=True)
    index = tmp_path / "genome_plain.fai"
    shifted = [line.split("\t") for line in index.read_text().splitlines()]
    index.write_text(
        "".join(
            "\t".join([n, size, str(int(place) + 7), *rest]) + "\n"
            for n, size, place, *rest in shifted
        )
    )
    with pytest.raises(SeqcnnError, match="does not fit its index"):
        open_genome(path).fetch(some_intervals())
    index.write_text("chr1\t12\n")
    with pytest.raises(SeqcnnError, match=r"is no index of FASTA.*remove it"):
        open_genome(path)


def test_an_old_index_is_not_used(tmp_path):
    import os

    path = write_genome(tmp_path, "plain", LETTERS)
    (tmp_path / "genome_plain.fai").write_text("chr1\t12\t3\t4\t5\n")
    os.utime(tmp_path / "genome_plain.fai", (0, 0))
    assert len(open_genome(path).names) == len(LENGTHS)


# what goes wrong


def cases(folder):
    """Files that are no genome, or are damaged."""
    content = twobit_bytes(LETTERS)
    text = fasta_text(LETTERS)
    write_bgzip(folder / "cut.bgz", text)
    cut = (folder / "cut.bgz").read_bytes()[:-40]
    return {
        "empty": b"",
        "bed": b"chr1\t1\t2\n",
        "html": b"<html>",
        "noise": bytes(range(256)) * 9,
        "cut index of 2bit": content[:30],
        "cut 2bit": content[:-300],
        "version": content[:4] + b"\5" + content[5:],
        "cut gzip": gzip.compress(text)[:-30],
        "cut bgzip": cut,
        "no letters at all": b">a\n",
        "protein": b">p\nMKVLAALLVTFLAG\n",
    }


@pytest.mark.parametrize(
    ("kind", "says"),
    {
        "empty": "empty", "bed": "BED", "html": "HTML", "noise": "no text file",
        "cut index of 2bit": "truncated 2bit", "cut 2bit": "truncated 2bit",
        "version": "only 0 and 1", "cut gzip": "truncated gzip", "cut bgzip": "bgzip|gzip",
        "no letters at all": "does not lie in the genome", "protein": "is this a genome",
    }.items(),
)  # fmt: skip
def test_damage_is_one_line_that_names_the_file(kind, says, tmp_path):
    path = tmp_path / "g"
    path.write_bytes(cases(tmp_path)[kind])
    with pytest.raises(SeqcnnError, match=says) as caught:
        genome = open_genome(path)
        rows = np.arange(len(genome.names))
        ends = np.maximum(genome.lengths, 1)
        genome.fetch(IntervalSet.from_columns(genome.names, rows, 0 * rows, ends))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", ["-", "missing.fa", "."])
def test_a_genome_is_a_file(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SeqcnnError):
        open_genome(path)


@pytest.mark.parametrize(
    "interval", [Interval("nowhere", 0, 5), Interval("chrM", 0, 131), Interval("chrM", 6, 5)]
)
def test_places_outside_are_refused(interval, tmp_path):
    genome = open_genome(write_genome(tmp_path, "2bit", LETTERS))
    with pytest.raises(SeqcnnError, match="does not lie in the genome"):
        genome.fetch(IntervalSet.from_intervals([interval]))


def test_the_parts_of_a_file_are_all_of_it():
    text = fasta_text(LETTERS)
    for piece in (1, 5, 64, 10**6):
        parts = list(
            faidx.parts_of_records([text[i : i + piece] for i in range(0, len(text), piece)], "x")
        )
        assert b"".join(part for _, part in parts) == text
        assert [part[:5] for is_head, part in parts if is_head] == [
            f">{name} some"[:5].encode() for name in LENGTHS
        ]
