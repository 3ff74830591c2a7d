import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, RNA, Alphabet, get_alphabet

# IUPAC-IUB 1984, written out here a second time as an independent witness
IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT",
    "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PAIRS = {"A": "T", "C": "G", "G": "C", "T": "A"}


def test_letters_have_the_first_codes():
    assert DNA.encode("ACGT").tolist() == [0, 1, 2, 3]
    assert (DNA.size, RNA.size, PROTEIN.size) == (4, 4, 20)


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=lambda a: a.name)
def test_every_symbol_survives_encoding_and_decoding(alphabet):
    assert alphabet.decode(alphabet.encode(alphabet.symbols)) == alphabet.symbols
    assert alphabet.decode(alphabet.encode(alphabet.symbols.lower())) == alphabet.symbols


def test_shares_are_those_of_the_nucleotide_codes():
    for symbol, letters in IUPAC.items():
        row = DNA.shares[DNA.encode(symbol)[0]]
        assert row.tolist() == pytest.approx([letters.count(x) / len(letters) for x in "ACGT"])
    assert not DNA.shares[PAD].any()


def test_complements_pair_the_letters_of_each_code():
    for symbol, letters in IUPAC.items():
        partner = {PAIRS[letter] for letter in letters}
        found = DNA.decode(DNA.reverse_complement(DNA.encode(symbol)))
        assert set(IUPAC[found]) == partner
    assert DNA.decode(DNA.reverse_complement(DNA.encode("AACG"))) == "CGTT"
    assert RNA.decode(RNA.reverse_complement(RNA.encode("AACG"))) == "CGUU"


@given(st.text("ACGTRYSWKMBDHVN", max_size=50))
def test_the_reverse_complement_of_the_reverse_complement_is_the_sequence(text):
    codes = DNA.encode(text)
    np.testing.assert_array_equal(DNA.reverse_complement(DNA.reverse_complement(codes)), codes)


def test_padding_stays_padding_on_the_other_strand():
    codes = np.array([0, 1, PAD, PAD], np.uint8)
    assert DNA.reverse_complement(codes).tolist() == [PAD, PAD, 2, 3]
    assert DNA.decode(codes) == "AC--"


def test_aliases_are_read_as_what_they_stand_for():
    assert DNA.decode(DNA.encode("uU-.")) == "TTNN"
    assert RNA.decode(RNA.encode("tT-.")) == "UUNN"
    assert PROTEIN.decode(PROTEIN.encode("U-*")) == "UX*"


def test_a_stop_matches_no_residue_and_x_matches_all():
    stop, unknown = PROTEIN.encode("*X")
    assert not PROTEIN.shares[stop].any()
    assert PROTEIN.shares[unknown].tolist() == pytest.approx([1 / 20] * 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [("ACGE", "'E' at position 4"), ("AC日G", "'日' at position 3"), (b"A\xe9", "position 2")],
)
def test_foreign_characters_are_named_with_their_position(text, message):
    with pytest.raises(SeqcnnError, match=message):
        DNA.encode(text)


def test_foreign_characters_are_never_taken_for_the_unknown_symbol():
    alphabet = get_alphabet("ANX")
    assert alphabet.unknown == "?"
    with pytest.raises(SeqcnnError, match="'日'"):
        alphabet.encode("A日")


def test_alphabets_are_found_by_name_or_made_from_letters():
    assert get_alphabet("DNA") is DNA
    assert get_alphabet(RNA) is RNA
    assert get_alphabet("HPC").unknown == "N"
    assert get_alphabet("HPN").unknown == "X"
    assert get_alphabet("hpc") == get_alphabet("HPC") != DNA
    assert len({get_alphabet("HPC"), get_alphabet("HPC"), DNA}) == 2


@pytest.mark.parametrize("letters", ["", "A", "AAC", "A C", "A>C", "A;", "AÉ"])
def test_impossible_alphabets_are_refused(letters):
    with pytest.raises(SeqcnnError, match="`letters`"):
        get_alphabet(letters)


def test_what_an_alphabet_lacks_is_said():
    with pytest.raises(SeqcnnError, match="no complement"):
        PROTEIN.reverse_complement(PROTEIN.encode("MK"))
    with pytest.raises(SeqcnnError, match="no symbol for any letter"):
        _ = Alphabet("binary", "01").unknown
