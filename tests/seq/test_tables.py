"""Tables with a column of sequences, against the same sequences in FASTA and labels apart."""

import io

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.io.labels import read_labels
from seqcnn.seq.io.tables import columns_of, has_labels

ROWS = [("s1", "ACGTACGTAA", "1"), ("s2", "GGGTTTACAC", "0"), ("s3", "ACCCCATTTG", "")]


def table(header, rows, sign="\t", end="\n"):
    return end.join(sign.join(row) for row in (header, *rows)) + end


@pytest.mark.parametrize("sign", ["\t", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sequences_are_those_of_fasta(tmp_path, sign, end):
    path = tmp_path / "t.tsv"
    path.write_bytes(table(["Sequence", "label", "ID"], [(s, y, i) for i, s, y in ROWS], sign, end)
                     .encode())  # fmt: skip
    found = read_sequences(path)
    assert list(found.ids) == ["s1", "s2", "s3"]
    assert [found.text(i) for i in range(3)] == [s for _, s, _ in ROWS]


def test_labels_stand_in_the_rows_of_their_sequences(tmp_path):
    """Identifiers may repeat, have blanks in them, or be none at all."""
    path = tmp_path / "t.tsv"
    path.write_text(table(["id", "bound", "sequence", "open"],
                          [("a b", "1", "ACGT", "NA"), ("a b", "0", "GGTT", "5"),
                           ("", ".", "CCAA", "7")]))  # fmt: skip
    with pytest.warns(SeqcnnWarning, match="earlier record's id"):
        found = read_sequences(path, alphabet="dna")
    labels = read_labels(path)
    assert list(found.ids) == ["a_b", "a_b", "seq_3"]
    assert list(labels.names) == ["bound", "open"]
    np.testing.assert_array_equal(labels.numbers(), [[1, np.nan], [0, 5], [np.nan, 7]])
    for rows in labels.match(found.ids):
        np.testing.assert_array_equal(rows, [0, 1, 2])
    assert labels.texts("bound") == ["1", "0", ""]
    np.testing.assert_array_equal(
        labels.only(["open", "bound"]).numbers()[1:], [[5, 0], [7, np.nan]]
    )


def test_sequences_of_another_file_are_found_by_their_names(tmp_path):
    """A table of sequences may label other files: by identifiers, not by rows."""
    path = tmp_path / "t.tsv"
    path.write_text(table(["id", "sequence", "y"], [(i, s, "5") for i, s, _ in ROWS]))
    chosen, rows = read_labels(path).match(["s3", "s2", "x", "s1"])
    assert (chosen.tolist(), rows.tolist()) == ([0, 1, 3], [2, 1, 0])
    path.write_text(table(["id", "sequence", "y"], [("s1", "A", "1"), ("s1", "C", "2")]))
    assert read_labels(path).match(["s1", "s1"])[1].tolist() == [0, 1]
    with pytest.raises(SeqcnnError, match="line 3: 's1' stands on line 2 already"):
        read_labels(path).match(["s1", "s2"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tsequence\ns1\tACGT\ns2\n", "line 3: the row has 1 cells"),
        ("id\tsequence\ns1\tACGT\n\ns2\t\n", "line 4: 's2' has no sequence"),
        ("id\tsequence\n", "the table has a header only"),
        ("id\tsequence\ns1\tACGT\n\ns2\tAC!T\n", "line 4: '!' in record 's2'"),
    ],
)
def test_rows_that_cannot_be(tmp_path, text, message):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(SeqcnnError, match=message):
        read_sequences(tmp_path / "t.tsv", alphabet="dna")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tsequence\ta\ta\ns1\tACGT\t1\t2\n", "'a' comes twice"),
        ("id\tsequence\t\ns1\tACGT\t1\n", "one has no name"),
        ("id\tsequence\ta\ns1\tACGT\n", "line 2: the row has 2 cells, the header has 3"),
        ("seq\ta\tid\nACGT\n", "line 2: the row has 1 cells, the header has 3"),
    ],
)
def test_labels_that_cannot_be(tmp_path, text, message):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(SeqcnnError, match=message):
        read_labels(tmp_path / "t.tsv")


def test_what_is_no_table_of_sequences():
    for header in ("", "sequence", "id\tlabel", "@seq,x", "seq\tsequence\tid", "chr1\t5\t9"):
        assert columns_of(header) is None


def test_windows_are_for_intervals(tmp_path):
    (tmp_path / "t.tsv").write_text(table(["id", "seq", "y"], ROWS))
    with pytest.warns(SeqcnnWarning, match="read whole"):
        read_sequences(tmp_path / "t.tsv", alphabet="dna", window=4)


def test_a_large_table_is_read_in_pieces(tmp_path):
    """Lines that cross the pieces of the file are whole."""
    rng = np.random.default_rng(0)
    rows = [(f"s{i}", "".join(rng.choice(list("ACGT"), 900)), str(i)) for i in range(3000)]
    (tmp_path / "t.tsv").write_text(table(["id", "seq", "y"], rows))
    labels = read_labels(tmp_path / "t.tsv")
    np.testing.assert_array_equal(labels.numbers()[:, 0], np.arange(3000))
    found = read_sequences(tmp_path / "t.tsv", alphabet="dna")
    assert [found.text(i) for i in range(3000)] == [row[1] for row in rows]


def test_labels_do_not_come_from_standard_input(monkeypatch):
    content = table(["id", "seq", "y"], ROWS).encode()
    stdin = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.warns(SeqcnnWarning, match="only sequences are read from standard input"):
        found = read_sequences("-", alphabet="dna")
    assert len(found) == 3
    assert not has_labels(b"id\tseq\n") and not has_labels(b"seq,name\n") and has_labels(content)


def test_the_sequence_may_stand_last():
    """The line feed, or the two signs of Windows, belong to no name."""
    for end in ("\n", "\r\n", ""):
        found = columns_of("id\tbound\tsequence" + end)
        assert found is not None and (found.sequence, found.identifier) == (2, 0)
