"""A file in pieces is the file as a whole."""

import gzip
import io
import random
import sys
import warnings

import numpy as np
import pytest

from seqcnn.data import files
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.io.stream import read_pieces, readable_twice

from .corpus import CASES, write_case


def joined(path, alphabet=DNA, **options):
    """Put the pieces together: (names, codes)."""
    names, arrays = {}, {}
    for piece in read_pieces(path, alphabet, **options):
        for i, name in enumerate(piece.names):
            number = piece.first + i
            letters = piece.codes[piece.offsets[i] : piece.offsets[i + 1]]
            assert len(letters) > 0
            if i == 0 and piece.before:
                assert len(arrays[number]) == piece.before
                letters = np.concatenate([arrays[number], letters])
            else:
                assert number == len(arrays)
            arrays[number] = letters
            assert names.setdefault(number, name) == name
    return list(names.values()), list(arrays.values())


def random_text(rng):
    lines = []
    for i in range(rng.randint(1, 6)):
        letters = "".join(rng.choices("ACGTacgtN", k=rng.choice([0, 1, 5, 30, 300])))
        width = rng.choice([7, 60, 1000])
        lines.append(
            rng.choice([">", f">s{i}", f">s{i}"]) + rng.choice(["", " and more", "x" * 40])
        )
        lines += [letters[j : j + width] for j in range(0, len(letters), width)]
        lines += rng.choices(["", ";a comment"], k=rng.choice([0, 0, 0, 1]))
    end = rng.choice(["\n", "\r\n", "\r"])
    return (end.join(lines) + end * rng.randint(0, 1)).encode()


@pytest.mark.filterwarnings("ignore::seqcnn.errors.SeqcnnWarning")
def test_pieces_of_any_size_join_to_the_whole(tmp_path, monkeypatch):
    rng = random.Random(0)
    path = tmp_path / "x.fa"
    for _ in range(300):
        # a carriage return and its line feed are read apart
        monkeypatch.setattr(files, "_PIECE", rng.randint(2, 20))
        monkeypatch.setattr(files, "_PLAIN_PIECE", rng.randint(1, 20))
        path.write_bytes(random_text(rng))
        mask = rng.choice(["none", "lower"])
        try:
            whole = read_sequences(path, alphabet=DNA, mask=mask)
        except SeqcnnError:
            continue
        for size in (1, rng.randint(2, 100), 10_000):
            names, arrays = joined(path, mask=mask, letters=size)
            assert names == list(whole.ids)
            for one, other in zip(arrays, whole, strict=True):
                np.testing.assert_array_equal(one, other)


def remarks_of(call):
    """What is said of records without letters and of a file that was cut off."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    said = (str(w.message).partition(": ")[2] for w in caught)
    return sorted(text for text in said if "without letters" in text or "cut off" in text)


def test_records_without_letters_are_told_as_by_the_reader(tmp_path):
    rng = random.Random(1)
    path = tmp_path / "x.fa"
    number = 0
    for _ in range(40):
        path.write_bytes(
            random_text(rng) + rng.choice([b"", b"\n>last", b"\n>last\n", b"\n>a\n>b"])
        )
        try:
            whole = remarks_of(lambda: read_sequences(path, alphabet=DNA))
        except SeqcnnError:
            continue
        number += len(whole)
        for size in (1, rng.randint(2, 100), 10_000):
            assert remarks_of(lambda size=size: joined(path, letters=size)) == whole
    assert number > 20


def test_nucleotides_that_are_read_as_protein_are_told(tmp_path, recwarn):
    path = tmp_path / "x.fa"
    path.write_text(">a\n" + "ACGTN" * 12 + "\n>b\nGGGA\n")
    with pytest.warns(
        SeqcnnWarning, match="looks like nucleotides, read as protein: A, C, G, N, T"
    ):
        joined(path, PROTEIN, letters=20)
    joined(path, PROTEIN, quiet=True)
    joined(path, DNA)
    for more in ("E", "X"):
        path.write_text(">a\n" + "ACGTN" * 12 + "\n>b\nGGGA" + more + "\n")
        joined(path, PROTEIN, letters=20)
    path.write_text(">a\nACGTN\n")  # too few to say
    joined(path, PROTEIN)
    assert len(recwarn) == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_reader_refuses_the_stream_refuses_too(tmp_path, case):
    path = write_case(tmp_path, case)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alphabet = read_sequences(path).alphabet
    except SeqcnnError as error:
        # some faults are of the whole set, or of what is guessed
        whole = ("looks like a protein", "looks like nucleotides", "too short", "bomb", "mixed")
        if any(word in str(error) for word in whole):
            return
        with pytest.raises(SeqcnnError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            joined(path, PROTEIN if "protein" in str(error) else DNA, letters=1 << 16)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeqcnnWarning)
            assert joined(path, alphabet, letters=50)[0]


@pytest.mark.parametrize("size", [1, 30, 10_000])
def test_an_error_names_file_and_line(tmp_path, size):
    path = tmp_path / "x.fa"
    path.write_text(">a\nACGT\nACGT\n>b\nAC\nAC!T\n")
    with pytest.raises(SeqcnnError, match=r"x.fa, line 6: '!' is no symbol") as caught:
        joined(path, letters=size)
    assert (caught.value.path, caught.value.line) == (path, 6)
    with pytest.raises(SeqcnnError, match=r"^standard input, line 6"):
        joined(path, letters=size, name="standard input")


def test_oddities_are_told_once_and_not_again(tmp_path, caplog):
    path = tmp_path / "x.fa"
    path.write_text("".join(f">s{i}\nACGUacgt-\n;comment\n" for i in range(50)))
    caplog.set_level("INFO")
    with pytest.warns(SeqcnnWarning, match="comment lines") as caught:
        joined(path, letters=40)
    assert len(caught) == 1
    assert "lower-case letters read as upper case: 200" in caplog.text
    assert "'U' read as T: 50 (--alphabet rna reads RNA, on one strand)" in caplog.text
    assert "'-' read as N: 50\n" in caplog.text
    caplog.clear()
    joined(path, letters=40, quiet=True)
    assert not caplog.text


def test_compressed_files_and_fastq(tmp_path):
    text = b"".join(b">s%d\n%s\n" % (i, b"ACGT" * 20) for i in range(200))
    (tmp_path / "plain").write_bytes(text)
    # two members, as bgzip writes them
    (tmp_path / "packed").write_bytes(gzip.compress(text[:5000]) + gzip.compress(text[5000:]))
    (tmp_path / "cut").write_bytes(gzip.compress(text)[:-20])
    (tmp_path / "x.fq").write_bytes(b"@a\nACGT\n+\nIIII\n@b\nGGGG\n+\nIIII\n")
    plain, packed = (joined(tmp_path / name, letters=500) for name in ("plain", "packed"))
    assert plain[0] == packed[0]
    np.testing.assert_array_equal(np.concatenate(plain[1]), np.concatenate(packed[1]))
    with pytest.raises(SeqcnnError, match="truncated gzip"):
        joined(tmp_path / "cut")
    assert joined(tmp_path / "x.fq")[0] == ["a", "b"]


def test_standard_input_is_read_twice(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b">a\nACGT\n")))
    with readable_twice("-") as path:
        assert joined(path)[0] == joined(path)[0] == ["a"]
    with pytest.raises(SeqcnnError, match="no such file"), readable_twice("nowhere.fa") as path:
        joined(path)
