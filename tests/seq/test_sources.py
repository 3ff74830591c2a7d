"""Sequences as Python programs hold them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.sources import as_sequences

WORDS = ["ACGTACGTAC", "TTGACGTCAA", "GGGCGCTATA"]


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text("".join(f">s{i}\n{w}\n" for i, w in enumerate(WORDS)))
    return path


def texts(sequences):
    return [sequences.text(i) for i in range(len(sequences))]


def frame():
    return pd.DataFrame({"Name": ["s0", "s1", "s2"], "Sequence": WORDS, "y": [1, 0, 1]})


def records(path):
    with path.open() as handle:
        return list(SeqIO.parse(handle, "fasta"))


SOURCES = {
    "path": lambda path: path,
    "text": str,
    "records": lambda path: records(path),
    "iterator of records": lambda path: iter(records(path)),
    "series": lambda path: pd.Series(WORDS, index=["s0", "s1", "s2"]),
    "data frame": lambda path: frame(),
    "mapping": lambda path: {f"s{i}": w for i, w in enumerate(WORDS)},
    "mapping of Biopython": lambda path: SeqIO.to_dict(records(path)),
    "set": read_sequences,
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_what_the_file_gives(fasta, source):
    found = as_sequences(SOURCES[source](fasta))
    read = read_sequences(fasta)
    assert texts(found) == texts(read) == WORDS
    assert list(found.ids) == list(read.ids) == ["s0", "s1", "s2"]
    assert found.alphabet == DNA


@pytest.mark.parametrize(
    "source",
    [WORDS, tuple(WORDS), (w for w in WORDS), [Seq(w) for w in WORDS], np.array(WORDS),
     [w.encode() for w in WORDS], pd.Series(WORDS), [w.lower() for w in WORDS]],
)  # fmt: skip
def test_sequences_without_names_are_numbered(source):
    found = as_sequences(source)
    assert texts(found) == WORDS and found.ids == ("seq_1", "seq_2", "seq_3")


@pytest.mark.parametrize(
    "source",
    [[SeqRecord(Seq(w)) for w in WORDS],
     pd.DataFrame({"id": [np.nan, None, pd.NA], "sequence": WORDS})],
)  # fmt: skip
def test_what_stands_for_no_name_is_none(source):
    assert as_sequences(source).ids == ("seq_1", "seq_2", "seq_3")


def test_a_list_of_paths_is_not_read_as_protein(fasta, monkeypatch):
    monkeypatch.chdir(Path(fasta).parent)
    with pytest.raises(SeqcnnError, match="a path: give one path by itself"):
        as_sequences([Path(fasta).name])
    with pytest.warns(SeqcnnWarning, match="gaps"):
        assert len(as_sequences(["M.KV", "MLLK"], alphabet="protein")) == 2


def test_the_alphabet_is_guessed_or_told():
    assert as_sequences(["MKVLE", "LLPQS"]).alphabet == PROTEIN
    assert as_sequences(["ACCA", "GATA"], alphabet="protein").alphabet == PROTEIN
    assert as_sequences(["ACCA"], alphabet=PROTEIN).alphabet == PROTEIN


def test_names_cannot_make_records():
    found = as_sequences({"a b\n>c\nACGT": "ACGTAC", "": "GGGTTT"}, alphabet="dna")
    assert len(found) == 2 and texts(found) == ["ACGTAC", "GGGTTT"]
    assert list(found.ids) == ["a_b_>c_ACGT", "unnamed"]


BAD = [
    ([], "is empty"),
    (["ACGT", 7], "number 2, is 7, which is no sequence"),
    (["ACGT", None], "number 2, is None"),
    (["ACGT", ">x\nAC"], "number 2, is '>x"),
    (["ACGT", "ACÄT"], "number 2"),
    (42, "is int: give a path"),
    (pd.DataFrame({"a": [1]}), "without a column 'sequence'"),
    ("ACGTACGT", "sequences come in a list"),
    ("no/such.fa", "no/such.fa"),
    ("ACGT" * 2000, "which is no file: sequences come in a list"),
    (">a\nACGT\n", "which is no file: sequences come in a list"),
    ("AC\0GT", "which is no file"),
    ("", "is empty"),
    (["ACGT", "data/peaks.fa"], "number 2, is 'data/peaks.fa', a path"),
    (pd.DataFrame([["AC", "GT"]], columns=["sequence", "sequence"]), "more than one column"),
]


@pytest.mark.parametrize(("source", "message"), BAD)
def test_what_is_no_source_is_told(source, message):
    with pytest.raises((SeqcnnError, OSError), match="(?s)" + message.replace(".", r"\.")):
        as_sequences(source)


def test_letters_outside_the_alphabet_are_counted_by_sequence():
    with pytest.raises(SeqcnnError, match="number 3"):
        as_sequences(["ACGT", "GGGT", "AC!T"], alphabet="dna")


def test_oddities_are_warnings_as_of_a_file():
    with pytest.warns(SeqcnnWarning, match="without letters"):
        found = as_sequences(["ACGTA", "", "GGGTA"], alphabet="dna")
    assert isinstance(found, SequenceSet) and found.ids == ("seq_1", "seq_3")


def test_a_path_may_be_a_path(fasta):
    assert len(as_sequences(Path(fasta))) == 3
