import numpy as np
import pytest
from Bio import motifs as bio_motifs

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.io import read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet, get_alphabet

HEAD = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
BACKGROUND = "Background letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n\n"
MATRIX = "letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1.5e-10\n"
ROWS = "0.9 0.1 0 0\n0 0 0.5 0.5\n"

FULL = f"""
********************************************************************************
MEME - Motif discovery tool
********************************************************************************
MEME version 5.4.1 (Release date: Sat Aug 21 19:23:23 2021 -0700)

ALPHABET= ACGT
Sequence name            Weight Length  Sequence name            Weight Length
s1                       1.0000    100  s2                       1.0000    100

Letter frequencies in dataset:
A 0.294 C 0.231 G 0.176 T 0.299
Background letter frequencies (from file dataset with add-one prior applied):
A 0.25 C 0.25
G 0.25 T 0.25
********************************************************************************
MOTIF ACGT MEME-1\twidth =   2  sites =  18  llr = 164  E-value = 5.0e-010
********************************************************************************
	Motif ACGT MEME-1 Description
--------------------------------------------------------------------------------
Simplified        A  1:
bits    2.4 *
--------------------------------------------------------------------------------
log-odds matrix: alength= 4 w= 2 n= 198 bayes= 4.7 E= 5.0e-010
   -100    200   -900   -900
   -900   -900    100    100
--------------------------------------------------------------------------------
letter-probability matrix: alength= 4 w= 2 nsites= 18 E= 5.0e-010
 0.900000  0.100000  0.000000  0.000000
 0.000000  0.000000  0.500000  0.500000
--------------------------------------------------------------------------------
	Motif ACGT MEME-1 regular expression
{"*" * 80}
SUMMARY OF MOTIFS
"""


@pytest.fixture
def read(tmp_path):
    def of(text, **options):
        path = tmp_path / "motifs.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_motifs(path, **options)

    return of


def test_minimal_file(read):
    (motif,) = read(HEAD + BACKGROUND + "MOTIF a TF one\n" + MATRIX + ROWS)
    assert (motif.name, motif.alternative_name, motif.sites) == ("a", "TF one", 20)
    assert motif.log10_e_value == pytest.approx(np.log10(1.5e-10))
    np.testing.assert_array_equal(motif.matrix.values, [[0.9, 0.1, 0, 0], [0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(motif.matrix.background, [0.3, 0.2, 0.2, 0.3])
    assert motif.alphabet is DNA
    assert motif.source == "motifs.txt"


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "MOTIF a\n" + MATRIX + ROWS,
        HEAD + "MOTIF a\nletter-probability matrix:\n" + ROWS,
        HEAD + "MOTIF a\nletter-probability matrix: alength=4 w=2 nsites=20 E=0\n\n" + ROWS,
        HEAD + "MOTIF a\n" + MATRIX + ROWS.rstrip("\n"),
        HEAD + "MOTIF a\n" + MATRIX + "9e-1 1E-01 0 0\n 0\t0  5.0e-1 .5 \nURL http://x\n",
        (HEAD + BACKGROUND + "MOTIF a\n" + MATRIX + ROWS).replace("\n", "\r\n"),
        "\ufeff" + HEAD + BACKGROUND + "MOTIF a\n" + MATRIX + ROWS,
        "MEME version 4\nMOTIF a\n" + MATRIX + ROWS,
        HEAD.replace("ACGT", "ACTG") + "MOTIF a\n" + MATRIX + "0.9 0.1 0 0\n0 0 0.5 0.5\n",
        FULL,
    ],
)
def test_variants_of_the_format(read, text):
    (motif,) = read(text)
    np.testing.assert_array_equal(motif.matrix.values, [[0.9, 0.1, 0, 0], [0, 0, 0.5, 0.5]])


def test_columns_follow_the_alphabet_line(read):
    (motif,) = read("MEME version 4\nALPHABET= TGCA\nMOTIF a\n" + MATRIX + ROWS)
    np.testing.assert_array_equal(motif.matrix.values, [[0, 0, 0.1, 0.9], [0.5, 0.5, 0, 0]])


def test_letter_too_rare_for_three_decimals_stays_possible(read):
    rare = BACKGROUND.replace("C 0.2 G 0.2", "C 0.000 G 0.400")
    (motif,) = read(HEAD + rare + "MOTIF a\n" + MATRIX + ROWS)
    np.testing.assert_allclose(motif.matrix.background, [0.3, 1e-4, 0.4, 0.3], rtol=1e-3)


def test_full_output(read):
    (motif,) = read(FULL)
    assert (motif.name, motif.alternative_name, motif.sites) == ("ACGT", "MEME-1", 18)
    assert motif.log10_e_value == pytest.approx(np.log10(5e-10))
    np.testing.assert_allclose(motif.matrix.background, 0.25)


STREME = """\
********************************************************************************
STREME - Sensitive, Thorough, Rapid, Enriched Motif Elicitation
********************************************************************************
MEME version 5.5.8 (Release date: Thu May 15 14:05:41 2025 -0700)

ALPHABET "DNA" DNA-LIKE
A "Adenine" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
N "Any base" = ACGT
X = ACGT
. = ACGT
V "Not T" = ACG
U = T
END ALPHABET

strands: + -

Background letter frequencies
A 0.275 C 0.225 G 0.225 T 0.275

MOTIF 1-AC STREME-1
letter-probability matrix: alength= 4 w= 2 nsites= 1107 E= 2.2e-035
 0.900000 0.100000 0.000000 0.000000
 0.000000 0.000000 0.500000 0.500000

MOTIF 2-TG STREME-2
letter-probability matrix: alength= 4 w= 1 nsites= 31 E= 4.4e-006
 0.000000 0.000000 0.250000 0.750000

********************************************************************************
COMMAND:\tstreme --p x.fa --dna
********************************************************************************
"""

DREME = """\
# DREME 5.5.8
# command: dreme -p x.fa
# positives: 100 from x.fa

MEME version 5.5.8

ALPHABET "DNA" DNA-LIKE
A "Adenine" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
R "Purine" = AG
N = ACGT
END ALPHABET

strands: + -

Background letter frequencies (from dataset):
A 0.250 C 0.250 G 0.250 T 0.250

MOTIF MK DREME-1

#             Word    RC Word        Pos        Neg    P-value    E-value
# BEST          MK         MK        195         42   8.2e-039   3.4e-034
#               AG         CT        114         21   1.3e-020   5.4e-016

letter-probability matrix: alength= 4 w= 2 nsites= 212 E= 3.4e-034
0.900000 0.100000 0.000000 0.000000
0.000000 0.000000 0.500000 0.500000


Time 12.31 secs.
"""

PROTEIN_FULL = (
    """\
MEME - Motif discovery tool
MEME version 5.5.8 (Release date: Thu May 15 14:05:41 2025 -0700)
ALPHABET= ACDEFGHIKLMNPQRSTVWY
Background letter frequencies (from file dataset with add-one prior applied):
A 0.0731 C 0.0181 D 0.0519 E 0.0623 F 0.0402 G 0.0691 H 0.0226 I 0.0555 K 0.0582
L 0.0902 M 0.0236 N 0.0452 P 0.0509 Q 0.0402 R 0.0519 S 0.0739 T 0.0587 V 0.0650
W 0.0134 Y 0.0360
Background model order: 0
MOTIF  1 MEME\twidth =   1  sites =   5  llr = 64  E-value = 1.0e-002
letter-probability matrix: alength= 20 w= 1 nsites= 5 E= 1.0e-002
 """
    + " ".join(["0.050000"] * 20)
    + "\n"
)


def test_output_of_streme(read):
    first, second = read(STREME)
    assert (first.name, first.alternative_name, first.sites) == ("1-AC", "STREME-1", 1107)
    assert first.log10_e_value == pytest.approx(np.log10(2.2e-35))
    assert first.alphabet is DNA
    np.testing.assert_array_equal(first.matrix.values, [[0.9, 0.1, 0, 0], [0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(second.matrix.background, [0.275, 0.225, 0.225, 0.275])
    assert second.sites == 31


def test_output_of_dreme(read):
    (motif,) = read(DREME)
    assert (motif.name, motif.alternative_name, motif.sites) == ("MK", "DREME-1", 212)
    np.testing.assert_array_equal(motif.matrix.values, [[0.9, 0.1, 0, 0], [0, 0, 0.5, 0.5]])


def test_output_of_meme_for_proteins(read):
    (motif,) = read(PROTEIN_FULL)
    assert (motif.name, motif.alternative_name, motif.sites) == ("1", "MEME", 5)
    assert motif.alphabet is PROTEIN
    assert motif.matrix.background[9] == pytest.approx(0.0902)


def test_url_is_kept(read, tmp_path):
    text = HEAD + "MOTIF a\n" + MATRIX + ROWS + "URL http://x.org/a?b=1\n\n"
    motifs = read(text + "MOTIF b\n" + MATRIX + ROWS)
    assert [m.annotation("URL") for m in motifs] == ["http://x.org/a?b=1", None]
    write_motifs(tmp_path / "out", motifs)
    assert (tmp_path / "out").read_text().count("URL http://x.org/a?b=1\n") == 1
    assert [m.annotation("URL") for m in read_motifs(tmp_path / "out")] == [
        m.annotation("URL") for m in motifs
    ]


def test_url_belongs_to_the_motif_above_it(read):
    motifs = read(
        HEAD + "URL http://of.the.file\n"
        "MOTIF a\n" + MATRIX + ROWS + "\nMOTIF b\nURL http://b\n" + MATRIX + ROWS + "URL \n"
        "MOTIF c\n" + MATRIX + ROWS + "URL http://c\n"
    )
    assert [m.annotation("URL") for m in motifs] == [None, "http://b", "http://c"]


def test_alphabet_without_a_symbol_for_any_letter(read):
    letters = "\n".join("NX?*AB")
    with pytest.raises(SeqcnnError, match="stands for any letter"):
        read(f'MEME version 5\nALPHABET "x"\n{letters}\nEND ALPHABET\n')


def test_other_alphabets(read):
    (motif,) = read("MEME version 4\nALPHABET= ACGU\nMOTIF a\n" + MATRIX + ROWS)
    assert motif.alphabet is RNA
    row = " ".join(["0.05"] * 20)
    (motif,) = read(f"MEME version 4\nALPHABET= {PROTEIN.letters}\nMOTIF p\n"
                    f"letter-probability matrix: alength= 20 w= 1\n{row}\n")  # fmt: skip
    assert motif.alphabet is PROTEIN
    # MEME sorts the columns of an alphabet of its user's own
    (motif,) = read(
        'MEME version 5\nALPHABET "mC = odd" DNA-LIKE\nA "Adenine" CC0000 ~ T "Thymine" 008000\n'
        'C ~ G\nm "5-Methyl" ~ 1\nN = ACGTm1 # any\nEND ALPHABET\nMOTIF a\n'
        "letter-probability matrix: alength= 6 w= 1\n0.6 0.1 0.1 0.1 0.08 0.02\n"
    )
    assert (motif.alphabet.letters, motif.alphabet.complements) == ("ACGTm1", "TGCA1m")
    np.testing.assert_allclose(motif.matrix.values, [[0.6, 0.1, 0.1, 0.1, 0.08, 0.02]])
    (motif,) = read(
        'MEME version 5\nALPHABET "HP"\nP\nC\nH\nEND ALPHABET\nMOTIF a\n'
        "letter-probability matrix: w= 1\n0.6 0.3 0.1\n"
    )
    assert (motif.alphabet.letters, motif.matrix.values.tolist()) == ("PCH", [[0.1, 0.6, 0.3]])


def test_letters_of_dna_that_pair_otherwise_are_no_dna(read, tmp_path):
    text = 'MEME version 5\nALPHABET "x"\n{}\nN = ACGT\nEND ALPHABET\nMOTIF a\n' + MATRIX + ROWS
    (motif,) = read(text.format("A ~ G\nC ~ T"))
    assert motif.alphabet != DNA
    assert (motif.alphabet.letters, motif.alphabet.complements) == ("ACGT", "GTAC")
    write_motifs(tmp_path / "out", [motif])
    assert read_motifs(tmp_path / "out")[0].alphabet == motif.alphabet
    for pairs in ("A ~ T\nC ~ G", "T ~ A\nG ~ C", "A\nC\nG\nT"):
        assert read(text.format(pairs))[0].alphabet is DNA


def test_other_spellings_of_a_letter_are_kept(read, tmp_path):
    (motif,) = read(
        'MEME version 5\nALPHABET "HP"\nP\nC\nH\nX = CHP\nB = HC\nQ = P\nEND ALPHABET\nMOTIF a\n'
        "letter-probability matrix: w= 1\n0.6 0.3 0.1\n"
    )
    write_motifs(tmp_path / "out", [motif])
    for alphabet in (motif.alphabet, read_motifs(tmp_path / "out")[0].alphabet):
        np.testing.assert_array_equal(alphabet.encode("PQqB"), alphabet.encode("PPPB"))
        assert (alphabet.unknown, alphabet.symbols) == ("X", "PCHXB")


def test_e_values_beyond_floats_survive(read, tmp_path):
    text = HEAD + "MOTIF a\n" + MATRIX.replace("1.5e-10", "1.3e-4321") + ROWS
    (motif,) = read(text)
    assert motif.log10_e_value == pytest.approx(np.log10(1.3) - 4321, abs=1e-9)
    write_motifs(tmp_path / "out.meme", [motif])
    assert "E= 1.3e-4321\n" in (tmp_path / "out.meme").read_text()
    for unknown in ("0", "0.0e+000", "nan", "inf"):
        assert read(text.replace("1.3e-4321", unknown))[0].log10_e_value is None


def test_repeated_names_are_all_kept(read):
    text = HEAD + ("MOTIF a\n" + MATRIX + ROWS) * 2
    with pytest.warns(SeqcnnWarning, match="'a' occurs more than once"):
        assert [m.name for m in read(text)] == ["a", "a"]


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (HEAD, "no motifs", None),
        (HEAD.replace("MEME version 4", "") + "MOTIF a\n" + MATRIX + ROWS, "MEME version", 1),
        (HEAD + "MOTIF a\n" + MATRIX + "0.9 0.9 0.1 0.1\n0 0 0.5 0.5\n", "sum to 2", 9),
        (HEAD + "MOTIF a\n" + MATRIX + "1.1 -0.1 0 0\n0 0 0.5 0.5\n", "negative", 9),
        (HEAD + "MOTIF a\n" + MATRIX + "0 1 0 0\nnan 0 0 1\n", "not a number", 10),
        (HEAD + "MOTIF a\n" + MATRIX + "0 1 0 0\n0 0 x 1\n", "'x' is not a number", 10),
        (HEAD + "MOTIF a\n" + MATRIX + "0 1 0 0\n0 1 0\n", "3 numbers", 10),
        (HEAD + "MOTIF a\n" + MATRIX.replace("w= 2", "w= 5") + ROWS, "w= 5", 8),
        (HEAD + "MOTIF a\n" + MATRIX + ROWS + "0 0 0 1\n", "3 rows", 8),
        (HEAD + "MOTIF a\n" + MATRIX.replace("h= 4", "h= 20") + ROWS, "alength= 20", 8),
        (HEAD + "MOTIF a\n" + MATRIX.replace("1.5e-10", "low") + ROWS, "low", 8),
        (HEAD + "MOTIF a\n" + MATRIX.replace("1.5e", "-1e") + ROWS, "0 or more", 8),
        (HEAD + "MOTIF a\n" + MATRIX.replace("w= 2", "w= inf") + ROWS, "w= inf", 8),
        (HEAD + "MOTIF a\n" + MATRIX.replace("= 20", "= -3") + ROWS, "sites", 8),
        (HEAD + "MOTIF a\nletter-probability matrix:\n", "shape", 8),
        (HEAD + "MOTIF a\nMOTIF b\n" + MATRIX + ROWS, "'a' has no letter-probability", 7),
        (HEAD + "MOTIF a\n", "'a' has no letter-probability", 7),
        (HEAD + "MOTIF\n" + MATRIX + ROWS, "needs a name", 7),
        (HEAD + MATRIX + ROWS, "without a MOTIF line", 7),
        (HEAD + BACKGROUND.replace("T 0.3", "") + "MOTIF a\n" + MATRIX + ROWS, "background", 7),
        (HEAD + BACKGROUND.replace("0.3", "1.3") + "MOTIF a\n" + MATRIX + ROWS, "sum to 1", 7),
        ("MEME version 4\nALPHABET= AAC\n", "different symbols", 2),
        ('MEME version 4\nALPHABET "x"\nA\nB\n', "END ALPHABET", 2),
    ],
)
def test_damage_is_refused_with_file_and_line(read, text, message, line):
    with pytest.raises(SeqcnnError, match=message) as caught:
        read(text)
    assert str(caught.value.path).endswith("motifs.txt")
    assert caught.value.line == line


def test_what_is_no_motif_file_is_refused(read):
    for content in (b"", b"<html></html>", b"\x89PNG\xff\xfe\x00", b">s1\nACGT\n"):
        with pytest.raises(SeqcnnError):
            read(content)
    with pytest.raises(SeqcnnError, match="format"):
        read(HEAD, format="excel")


CUSTOM = [
    get_alphabet("HPC"),
    Alphabet("mC", "ACGTm1", {"N": "ACGTm1"}, "TGCA1m", double_stranded=True),
]


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN, *CUSTOM], ids=lambda a: a.name)
def test_what_is_written_is_read_again(tmp_path, alphabet):
    rng = np.random.default_rng(0)
    background = rng.dirichlet(np.full(alphabet.size, 9.0))
    motifs = [
        Motif(
            f"m{i}",
            ProbabilityMatrix(rng.dirichlet(np.ones(alphabet.size), width), alphabet, background),
            "name of it" if i else "",
            sites=31 * i,
            log10_e_value=None if i == 0 else -100.0 * i,
        )
        for i, width in enumerate((1, 7, 30))
    ]
    path = tmp_path / "x.meme"
    write_motifs(path, motifs)
    for before, after in zip(motifs, read_motifs(path), strict=True):
        assert after.alphabet == alphabet
        assert (after.name, after.alternative_name) == (before.name, before.alternative_name)
        assert (after.sites, after.log10_e_value) == (before.sites, before.log10_e_value)
        np.testing.assert_allclose(after.matrix.values, before.matrix.values, atol=2e-6)
        np.testing.assert_allclose(after.matrix.background, background, atol=2e-6)
    first = path.read_text()
    write_motifs(path, read_motifs(path))
    assert len(first.splitlines()) == len(path.read_text().splitlines())


def test_biopython_reads_what_is_written(tmp_path):
    matrix = ProbabilityMatrix([[0.7, 0.1, 0.1, 0.1], [0, 0, 0.25, 0.75]], DNA)
    write_motifs(tmp_path / "x.meme", [Motif("m1", matrix, sites=20, log10_e_value=-3.0)])
    with (tmp_path / "x.meme").open() as handle:
        (other,) = bio_motifs.parse(handle, "minimal")
    assert other.name == "m1"
    found = np.array([other.pwm[letter] for letter in "ACGT"]).T
    np.testing.assert_allclose(found, matrix.values, atol=1e-6)


def test_names_stay_single_words_and_lines(tmp_path):
    matrix = ProbabilityMatrix([[1, 0, 0, 0]], DNA)
    write_motifs(tmp_path / "x.meme", [Motif("a b\nMOTIF c", matrix, "x\ty\n")])
    (motif,) = read_motifs(tmp_path / "x.meme")
    assert (motif.name, motif.alternative_name) == ("a_b_MOTIF_c", "x y")


def test_file_without_motifs_is_valid_to_write(tmp_path):
    write_motifs(tmp_path / "x.meme", [], alphabet=RNA)
    text = (tmp_path / "x.meme").read_text()
    assert text.startswith("MEME version 5\n\nALPHABET= ACGU\n")
    with pytest.raises(SeqcnnError, match="no motifs"):
        read_motifs(tmp_path / "x.meme")


def test_motifs_of_two_alphabets_do_not_fit_one_file(tmp_path):
    motifs = [Motif("a", ProbabilityMatrix(np.eye(4), a)) for a in (DNA, RNA)]
    with pytest.raises(SeqcnnError, match="one alphabet"):
        write_motifs(tmp_path / "x.meme", motifs)


def test_random_damage_ends_in_one_kind_of_error(read):
    """Nothing but a list of motifs or a SeqcnnError comes out, whatever goes in."""
    rng = np.random.default_rng(0)
    texts = [
        FULL,
        HEAD + BACKGROUND + "MOTIF a\n" + MATRIX + ROWS,
        ">m x\nA [1 2]\nC [3 4]\nG [5 6]\nT [7 8]\n",
    ]
    texts.append('MEME version 5\nALPHABET "x" DNA-LIKE\nA ~ T\nC\nN = ACT\nEND ALPHABET\n')
    signs = list(b"\n\n =->[]AC09.eE\xff\x00~")
    refused = 0
    for turn in range(1500):
        raw = bytearray(texts[turn % len(texts)].encode())
        for _ in range(rng.integers(1, 6)):
            at = rng.integers(len(raw) - 9)
            if rng.random() < 0.5:
                raw[at] = signs[rng.integers(len(signs))]
            else:
                del raw[at : at + rng.integers(1, 9)]
        try:
            assert isinstance(read(bytes(raw)), list)
        except SeqcnnError:
            refused += 1
    assert 100 < refused < 1400
