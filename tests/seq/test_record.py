import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from seqcnn.seq.record import SequenceSet, concatenate

texts = st.lists(st.text("ACGTN", max_size=12), max_size=8)


def make(strings: list[str]) -> SequenceSet:
    return SequenceSet.from_strings(strings, alphabet=DNA)


def read(sequences: SequenceSet) -> list[str]:
    return [sequences.text(i) for i in range(len(sequences))]


@given(texts)
def test_strings_come_back(strings):
    sequences = make(strings)
    assert read(sequences) == strings
    assert sequences.lengths.tolist() == [len(s) for s in strings]
    assert [DNA.decode(codes) for codes in sequences] == strings
    assert sequences.ids == tuple(f"seq_{i}" for i in range(1, len(strings) + 1))


@given(texts, st.data())
def test_select_agrees_with_list_indexing(strings, data):
    inside = st.integers(-len(strings), len(strings) - 1)
    rows = data.draw(st.lists(inside, max_size=10)) if strings else []
    sequences = make(strings)
    chosen = sequences.select(rows)
    assert read(chosen) == [strings[i] for i in rows]
    assert chosen.ids == tuple(sequences.ids[i] for i in rows)
    mask = np.array([len(s) > 3 for s in strings], bool)
    assert read(sequences.select(mask)) == [s for s in strings if len(s) > 3]


@given(texts)
def test_padded_rows_are_the_sequences_and_padding(strings):
    rows = make(strings).padded(13)
    for row, text in zip(rows, strings, strict=True):
        assert DNA.decode(row[: len(text)]) == text
        assert (row[len(text) :] == PAD).all()
    assert rows.shape == (len(strings), 13)


@given(texts)
def test_reverse_complement_keeps_order_and_ids(strings):
    sequences = make(strings)
    flipped = sequences.reverse_complement()
    pairs = str.maketrans("ACGT", "TGCA")
    assert read(flipped) == [s.translate(pairs)[::-1] for s in strings]
    assert flipped.ids == sequences.ids


def test_descriptions_follow_their_sequences():
    codes, offsets = DNA.encode("AACCC"), np.array([0, 2, 5])
    sequences = SequenceSet(DNA, codes, offsets, ("a", "b"), ("first", "second"))
    assert sequences.select([1]).descriptions == ("second",)
    assert sequences.reverse_complement().descriptions == ("first", "second")
    assert concatenate([sequences, sequences]).descriptions == ("first", "second") * 2
    assert concatenate([sequences, make(["A"])]).descriptions == ()


@given(texts, texts)
def test_concatenate_joins_in_order(first, second):
    assert read(concatenate([make(first), make(second)])) == first + second


def test_misuse_is_refused():
    sequences = make(["ACGT", "AC"])
    for index in (2, -3):
        with pytest.raises(IndexError):
            sequences[index]
    with pytest.raises(SeqcnnError, match="longest sequence has 4"):
        sequences.padded(3)
    with pytest.raises(SeqcnnError, match="do not fit together"):
        SequenceSet(DNA, sequences.codes, sequences.offsets, ("only",))
    with pytest.raises(SeqcnnError, match="different alphabets"):
        concatenate([sequences, SequenceSet.from_strings(["MK"], alphabet=PROTEIN)])
