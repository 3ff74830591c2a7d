import io
import logging
import random
import warnings

import numpy as np
import pytest
from Bio.SeqIO.FastaIO import SimpleFastaParser
from Bio.SeqIO.QualityIO import FastqGeneralIterator
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet
from seqcnn.seq.guess import guess_alphabet
from seqcnn.seq.io import lines
from seqcnn.seq.io.fasta import read_sequences, write_fasta, write_fastq
from seqcnn.seq.record import SequenceSet

from .corpus import CASES, write_case


def read(path, **options) -> list[tuple[str, str, str]]:
    """Records as (id, description, letters)."""
    found = read_sequences(path, **options)
    descriptions = found.descriptions or [""] * len(found)
    letters = [found.text(i) for i in range(len(found))]
    return list(zip(found.ids, descriptions, letters, strict=True))


def store(folder, content: bytes, name: str = "x.fa"):
    path = folder / name
    path.write_bytes(content)
    return path


# ---- files that go wrong


def outcome(path) -> tuple[str, list[str], object]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = read(path)
        except SeqcnnError as error:
            return "reject", [str(error)], None
    assert all(w.category is SeqcnnWarning and w.filename == __file__ for w in caught[1:])
    return ("warn" if caught else "accept"), [str(w.message) for w in caught], result


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(tmp_path, case):
    path = write_case(tmp_path, case)
    found, messages, records = outcome(path)
    assert found == case.expect, messages
    assert case.says in " | ".join(messages)
    for message in messages:
        assert message.startswith(str(path)), "no file named"
        assert message.isprintable(), "more than a line, or characters that act on a terminal"
        assert len(message) < len(str(path)) + 200
    if case.twin is not None:
        assert records == read(store(tmp_path, case.twin, "twin.fa"))


def test_each_kind_of_oddity_is_told_once(tmp_path):
    content = b"".join(b"> same\nAC--GTNNNNNNNNNNNNNNN\n>same\nACGT\n>\nA\n" for _ in range(50))
    with pytest.warns(SeqcnnWarning) as caught:
        assert len(read_sequences(store(tmp_path, content))) == 150
    kinds = [str(w.message).partition(".fa: ")[2].partition(":")[0] for w in caught]
    assert len(kinds) == len(set(kinds)) == 6


@pytest.mark.parametrize("where", [0, 1, 700_000, 1_999_999])
def test_an_illegal_letter_is_found_in_any_piece(tmp_path, where):
    letters = bytearray(b"ACGT" * 500_000)
    letters[where : where + 1] = "é".encode()
    rows = [bytes(letters[i : i + 100]) for i in range(0, len(letters), 100)]
    path = store(tmp_path, b">first\nACGT\n>second one\n" + b"\n".join(rows) + b"\n")
    with pytest.raises(SeqcnnError, match="'é' in record 'second'") as error:
        read_sequences(path)
    assert error.value.line == 4 + where // 100


def test_control_characters_are_illegal_letters_and_no_blanks(tmp_path):
    with pytest.raises(SeqcnnError, match="in record 'a'") as error:
        read_sequences(store(tmp_path, b">a\nAC G\x01\nACGT\n"))
    assert error.value.line == 2


def test_fuzzed_files_are_read_or_refused(tmp_path):
    random_source = random.Random(1)
    path = tmp_path / "x.fa"
    small = [case.content for case in CASES if len(case.content) < 6000]
    for _ in range(1500):
        content = bytearray(random_source.choice(small))
        for _ in range(random_source.randint(1, 4)):
            at = random_source.randrange(len(content) + 1)
            extra = random_source.choice(
                [b"\n", b"\r", b">", b";", b"@", b"\0", b" ", b"\t", b"\xff", b"\n>\n", b"+", b"E"]
            )
            content[at : at + random_source.randint(0, 3)] = extra
        path = path.with_suffix(random_source.choice([".fa", ".fq"]))
        path.write_bytes(content)
        _, _, records = outcome(path)
        assert records is None or all(name and letters for name, _, letters in records)


# ---- agreement with Biopython, and round trips

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "))
letters = st.text("ACGTN", max_size=40).map("ACG".__add__)
records = st.lists(st.tuples(words, texts.map(str.strip), letters), min_size=1, max_size=8)


@given(records, st.integers(0, 9), st.booleans())
def test_fasta_is_read_as_by_biopython(tmp_path_factory, entries, width, crlf):
    text = "".join(
        f">{name} {description}\n" + "\n".join(wrap(letters, width)) + "\n"
        for name, description, letters in entries
    )
    content = text.replace("\n", "\r\n") if crlf else text
    path = store(tmp_path_factory.mktemp("fa"), content.encode())
    expected = [
        (title.partition(" ")[0], title.partition(" ")[2], sequence)
        for title, sequence in SimpleFastaParser(io.StringIO(text))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        assert read(path, alphabet="dna") == expected


def wrap(text: str, width: int) -> list[str]:
    return [text[i : i + width] for i in range(0, len(text), width)] if width else [text]


@pytest.mark.parametrize("piece", [1, 7, 64])
@pytest.mark.parametrize("long_record", [0, 1000])
def test_pieces_of_any_size_give_the_same(tmp_path, monkeypatch, piece, long_record):
    content = b"\n;note\n" + b"".join(
        b">r%d of  %d\nACG T\n\nNNacgtu\t\n" % (i, i * i) for i in range(9)
    )
    path = store(tmp_path, content)
    with pytest.warns(SeqcnnWarning, match="comment"):
        expected = read(path)
    assert expected[3] == ("r3", "of  9", "ACGTNNACGTT")
    monkeypatch.setattr(lines, "LONG_RECORD", long_record)
    monkeypatch.setattr(lines, "PIECE", piece)
    monkeypatch.setattr("seqcnn.seq.io.fasta.PIECE", piece)
    with pytest.warns(SeqcnnWarning, match="comment"):
        assert read(path) == expected


@given(records, st.integers(0, 50), st.sampled_from(["x.fa", "x.fa.gz"]))
def test_what_is_written_is_read(tmp_path_factory, entries, width, name):
    names, descriptions, sequences = zip(*entries, strict=True)
    written = SequenceSet.from_strings(sequences, alphabet=DNA, ids=names)
    written = SequenceSet(DNA, written.codes, written.offsets, names, descriptions)
    folder = tmp_path_factory.mktemp("fa")
    write_fasta(folder / name, written, width=width)
    write_fastq(folder / "x.fastq", written)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        assert read(folder / name, alphabet="dna") == list(entries)
        assert read(folder / "x.fastq", alphabet="dna") == list(entries)
    with (folder / "x.fastq").open(encoding="utf-8", newline="\n") as file:
        by_biopython = [sequence for _, sequence, _ in FastqGeneralIterator(file)]
    assert by_biopython == list(sequences)


def test_width_limits_the_lines(tmp_path):
    written = SequenceSet.from_strings(["ACGTAC", "A"], alphabet=DNA)
    write_fasta(tmp_path / "x.fa", written, width=4)
    assert (tmp_path / "x.fa").read_text() == ">seq_1\nACGT\nAC\n>seq_2\nA\n"


@pytest.mark.parametrize("name", ["", "a b", "a\n", "a\tb", "\r"])
def test_names_that_would_not_come_back_are_not_written(tmp_path, name):
    with pytest.raises(SeqcnnError, match="cannot be written"):
        write_fasta(tmp_path / "x", SequenceSet.from_strings(["A"], alphabet=DNA, ids=[name]))
    assert not list(tmp_path.iterdir())


def test_impossible_options_are_refused(tmp_path):
    path = store(tmp_path, b">a\nACGT\n")
    sequences = read_sequences(path)
    with pytest.raises(SeqcnnError, match="`mask`"):
        read_sequences(path, mask="upper")
    with pytest.raises(SeqcnnError, match="`width`"):
        write_fasta(tmp_path / "y", sequences, width=-1)
    with pytest.raises(SeqcnnError, match="`quality`"):
        write_fastq(tmp_path / "y", sequences, quality="II")


def test_names_that_differ_only_in_broken_bytes_are_the_same_text(tmp_path):
    content = b">gen\xe9 \xff\x01\nACGTACGT\n>gen\xe8\nTTTTACGT\n>gen\xc3\xa9 x\nACGT\n"
    with pytest.warns(SeqcnnWarning) as caught:
        found = read(store(tmp_path, content))
    assert [(name, description) for name, description, _ in found] == [
        ("gen\ufffd", "\ufffd\x01"), ("gen\ufffd", ""), ("gené", "x")
    ]  # fmt: skip
    told = " | ".join(str(warning.message) for warning in caught)
    assert "not UTF-8: 3, first 'gen\ufffd'" in told
    assert "earlier record's id, but other letters: 1, first 'gen\ufffd'" in told


def test_a_repeated_id_is_found_among_many(tmp_path):
    names = [f"peak_{i}/{'x' * (i % 23)}" for i in range(5000)]
    records = [f">{name} {i}\nACGT{'ACGT'[i % 4]}\n" for i, name in enumerate(names)]
    path = store(tmp_path, "".join(records).encode())
    assert read_sequences(path).ids == tuple(names)
    path.write_bytes("".join([*records, f">{names[22]}\nACGTC\n"]).encode())
    with pytest.warns(SeqcnnWarning, match=f"but other letters: 1, first '{names[22]}'"):
        read_sequences(path)


# ---- FASTQ


def test_fastq_drops_qualities_whatever_they_look_like(tmp_path):
    content = b"@a x\nACGT\n+\n@@>;\n@b\nGG.GG\n+b\n>>>>>\n\n"
    with pytest.warns(SeqcnnWarning, match="gaps"):
        found = read(store(tmp_path, content, "x.fq"))
    assert found == [("a", "x", "ACGT"), ("b", "", "GGNGG")]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"@a\nACGT\n+\nIII\n", 1, "letters and qualities differ"),
        (b"@a\nACGT\n+\nIIII\n@b\nACGT\n", 5, "fewer than four lines"),
        (b"@a\nACGT\n+\nIIII\n>b\nACGT\n", 5, "should begin with '@' or '+'"),
        (b"@a\nACGT\nACGT\n+\nIIIIIII\n", 3, "should begin with '@' or '+'"),
    ],
)
def test_broken_fastq_names_the_line(tmp_path, content, line, message):
    with pytest.raises(SeqcnnError, match="looks like FASTQ") as error:
        read_sequences(store(tmp_path, content, "x.fastq"))
    assert message in str(error.value)
    assert error.value.line == line


def test_fastq_may_be_wrapped_and_spaced(tmp_path):
    content = b"\n@a x\nACGT\nACGTAC\n+\nIIII\n@IIIII\n\n@b\nGGGG\n+b\n+III\n"
    found = read(store(tmp_path, content, "x.fastq"), alphabet="dna")
    assert found == [("a", "x", "ACGTACGTAC"), ("b", "", "GGGG")]


def test_lone_carriage_returns_end_lines_too(tmp_path):
    content = b">a\nACGTTTGA\n>b\rGGGGCCCC\r>c\rTTTTAAAA\r>d\nACGGTACC\n"
    with pytest.warns(SeqcnnWarning, match="carriage returns"):
        found = read(store(tmp_path, content), alphabet="dna")
    assert [(name, letters) for name, _, letters in found] == [
        ("a", "ACGTTTGA"), ("b", "GGGGCCCC"), ("c", "TTTTAAAA"), ("d", "ACGGTACC")
    ]  # fmt: skip


# ---- alphabets and masks


@pytest.mark.parametrize(
    ("texts", "alphabet"),
    [
        (["ACGTN"], DNA),
        (["acgt", "RYACGTACGT"], DNA),
        (["ACGTU"], DNA),
        (["GGCA", "UU"], RNA),
        (["NNNN"], DNA),
        (["RYSWKMBDHVN"], DNA),
        (["MKVRSTWYKK", "MMSSKRHVDW"], PROTEIN),
        (["MKVLAA*"], PROTEIN),
        (["AAAAAAAAAAAAA", "MKLE", "GGGGGGGGGGGGGG"], PROTEIN),
        # too short to be sure that it is no peptide
        (["ACGTACGT", "MKVLWAAL", "LLPFE"], PROTEIN),
        # a typing error makes no protein
        (["ACGTACGTACGTACGTEACGT"], DNA),
        (["ACGTACGT", "ACGTACGE"], DNA),
    ],
)
def test_guess(texts, alphabet):
    guess = guess_alphabet([text.encode() for text in texts])
    assert guess.alphabet == alphabet
    assert guess.odd_record is None
    assert bool(guess.doubt) == (texts[0] == "MKVRSTWYKK")


def test_random_proteins_are_never_taken_for_dna_or_a_mixture():
    # residue frequencies of Swiss-Prot in per mille, short peptides: the hardest to tell
    per_mille = [83, 14, 55, 67, 39, 71, 23, 59, 58, 97, 24, 41, 47, 39, 55, 66, 54, 69, 11, 29]
    residues = np.repeat(np.frombuffer(PROTEIN.letters.encode(), np.uint8), per_mille)
    rng = np.random.default_rng(0)
    for length in (8, 9, 12, 15):
        for _ in range(20):
            peptides = [row.tobytes() for row in rng.choice(residues, (200, length))]
            guess = guess_alphabet(peptides)
            assert (guess.alphabet, guess.odd_record) == (PROTEIN, None)


def test_the_guess_is_logged_with_its_reason(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    read_sequences(store(tmp_path, b">a\nACGTacg\n>b\nACGU\n"))
    assert caplog.messages == [
        "alphabet dna guessed: only A, C, G, T, U in the first 2 records (--alphabet overrides)",
        "lower-case letters read as upper case: 3",
        "U read as T: 1 letters",
    ]


def test_a_mixture_names_the_odd_record_and_may_be_overridden(tmp_path):
    proteins = b"".join(b">p%d\nMKVLWAALLVTFLAG\n" % i for i in range(5))
    path = store(tmp_path, proteins + b">d\nACGTACGTACGT\n" + proteins.replace(b"p", b"q"))
    with pytest.raises(SeqcnnError, match="record 'd' looks like nucleotides") as error:
        read_sequences(path)
    assert error.value.line == 11
    assert len(read_sequences(path, alphabet="protein")) == 11


def test_a_protein_behind_the_sample_is_an_illegal_letter(tmp_path):
    content = b"".join(b">d%d\nACGTACGTACGT\n" % i for i in range(1200)) + b">p\nMKVL\n"
    with pytest.raises(SeqcnnError, match="'L' in record 'p' is no symbol of alphabet 'dna'"):
        read_sequences(store(tmp_path, content))


def test_the_given_alphabet_wins(tmp_path):
    path = store(tmp_path, b">a\nACGU\n")
    assert read_sequences(path, alphabet="dna").text(0) == "ACGT"
    assert read_sequences(path, alphabet=RNA).text(0) == "ACGU"
    assert read_sequences(path, alphabet="ACGU").alphabet == get_alphabet("ACGU")
    with pytest.raises(SeqcnnError, match="'U' in record 'a'"):
        read_sequences(path, alphabet="ACG")


def test_mask_hides_lower_case(tmp_path):
    path = store(tmp_path, b">a\nACGTacnGTAC\n")
    assert read(path, mask="lower") == [("a", "", "ACGTNNNGTAC")]
    assert read(path, mask="none") == [("a", "", "ACGTACNGTAC")]


def test_result_is_one_read_only_buffer(tmp_path):
    found = read_sequences(store(tmp_path, b">a\nACGT\n>c\nGGGG\n"))
    assert found.codes.dtype == np.uint8
    assert found.offsets.dtype == np.int64
    assert found.descriptions == ()
    with pytest.raises(ValueError, match="read-only"):
        found.codes[0] = 1
