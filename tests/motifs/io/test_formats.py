"""All formats alike: every pair, every truncation, and files as other programs write them."""

import gzip
import itertools
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.io import FORMATS, read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet, get_alphabet

WITH_LETTERS = ("meme", "transfac", "uniprobe", "pfm", "jaspar")
"""Formats that name their letters."""


METHYL = Alphabet("mC", "ACGTm1", {"N": "ACGTm1"}, "TGCA1m", double_stranded=True)
"""An alphabet that MEME's format alone has words for."""


def random_motifs(alphabet, number=3, seed=0, sites=1000.0):
    rng = np.random.default_rng(seed)
    return [
        Motif(
            f"M{i}",
            ProbabilityMatrix(rng.dirichlet([0.3] * alphabet.size, 3 + 4 * i), alphabet),
            sites=sites,
        )
        for i in range(number)
    ]


def assert_same(found, expected, precision):
    assert [m.name for m in found] == [m.name for m in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.alphabet == other.alphabet
        np.testing.assert_allclose(one.matrix.values, other.matrix.values, atol=precision)


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(FORMATS, 2)))
def test_every_pair_of_formats_keeps_names_and_matrices(tmp_path, first, second):
    motifs = random_motifs(DNA)
    write_motifs(tmp_path / "a", motifs, format=first)
    once = read_motifs(tmp_path / "a")  # the format is told from the content
    assert_same(once, motifs, 1e-6)
    write_motifs(tmp_path / "b", once, format=second)
    assert_same(read_motifs(tmp_path / "b"), motifs, 2e-6)


@pytest.mark.parametrize("alphabet", [RNA, PROTEIN, get_alphabet("HPC")], ids=lambda a: a.name)
@pytest.mark.parametrize("format", WITH_LETTERS)
def test_other_alphabets(tmp_path, alphabet, format):
    motifs = random_motifs(alphabet)
    write_motifs(tmp_path / "x", motifs, format=format)
    assert_same(read_motifs(tmp_path / "x", format=format), motifs, 1e-6)


def test_homer_holds_proteins_but_no_letters_of_ones_own(tmp_path):
    motifs = random_motifs(PROTEIN)
    write_motifs(tmp_path / "x", motifs, format="homer")
    assert_same(read_motifs(tmp_path / "x"), motifs, 1e-6)
    with pytest.raises(SeqcnnError, match="no place for their names"):
        write_motifs(tmp_path / "y", random_motifs(get_alphabet("HPC")), format="homer")
    assert not (tmp_path / "y").exists()


@st.composite
def motif_lists(draw):
    """Motifs as users have them, of one alphabet, down to odd names and unknown numbers."""
    alphabet = draw(st.sampled_from([DNA, RNA, PROTEIN, get_alphabet("HPC"), METHYL]))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    text = st.text(max_size=12).map(lambda t: " ".join(t.split()))
    return [
        Motif(
            f"M{i}{draw(text)}".encode(errors="ignore").decode(),
            ProbabilityMatrix(
                rng.dirichlet([draw(st.sampled_from([0.02, 0.5, 50]))] * alphabet.size, width),
                alphabet,
                rng.dirichlet([5.0] * alphabet.size),
            ),
            draw(text).encode(errors="ignore").decode(),
            sites=draw(st.sampled_from([0, 1, 7, 20.5, 31_415])),
            log10_e_value=draw(st.sampled_from([None, 0.0, -12.5, -4321.0])),
            annotations=draw(st.sampled_from([(), (("URL", "http://x/y?z=1"), ("CC", "so so"))])),
        )
        for i, width in enumerate(draw(st.lists(st.integers(1, 24), min_size=1, max_size=3)))
    ]


@settings(max_examples=150)
@given(motif_lists(), st.sampled_from(sorted(FORMATS)), st.booleans())
def test_any_motifs_pass_through_every_format(motifs, format, newline):
    try:
        text = FORMATS[format].write(motifs)
    except SeqcnnError as error:
        assert "write MEME" in str(error)
        assert format != "meme"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        found = FORMATS[format].read(text if newline else text.rstrip("\n"), path="x")
    assert len(found) == len(motifs)
    for one, other in zip(found, motifs, strict=True):
        if format != "homer" or other.alphabet in (DNA, PROTEIN):
            names = {other.name, "_".join(other.name.split())}
            assert one.name in names
        if format == "meme":
            assert one.alphabet == other.alphabet
            assert one.annotation("URL") == other.annotation("URL")
        elif format != "homer":
            assert one.alphabet.letters == other.alphabet.letters
        if format == "uniprobe":
            assert one.annotations == other.annotations
        # the reader rescales rows of rounded numbers
        np.testing.assert_allclose(one.matrix.values, other.matrix.values, atol=2e-5)


@pytest.mark.parametrize("format", [f for f in WITH_LETTERS if f != "meme"])
def test_letters_that_a_format_cannot_hold_are_refused(tmp_path, format):
    with pytest.raises(SeqcnnError, match="ACGTm1; this format has room for capital letters"):
        write_motifs(tmp_path / "x", random_motifs(METHYL), format=format)
    assert not (tmp_path / "x").exists()


def test_one_motif_needs_no_list(tmp_path):
    (motif,) = random_motifs(DNA, number=1)
    write_motifs(tmp_path / "x", motif)
    assert_same(read_motifs(tmp_path / "x"), [motif], 1e-6)
    write_motifs(tmp_path / "x", (m for m in [motif, motif]), format="jaspar")
    assert_same(read_motifs(tmp_path / "x"), [motif, motif], 1e-6)
    with pytest.raises(SeqcnnError, match="`motifs` holds"):
        write_motifs(tmp_path / "y", "a.meme")
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_compressed(tmp_path, format):
    motifs = random_motifs(DNA)
    write_motifs(tmp_path / "x.gz", motifs, format=format)
    assert gzip.decompress((tmp_path / "x.gz").read_bytes())
    assert_same(read_motifs(tmp_path / "x.gz"), motifs, 1e-6)


@pytest.mark.parametrize("format", FORMATS)
def test_a_truncated_file_is_motifs_or_one_line(tmp_path, format):
    write_motifs(tmp_path / "x", random_motifs(DNA, number=2), format=format)
    whole = (tmp_path / "x").read_bytes()
    for end in range(len(whole)):
        (tmp_path / "y").write_bytes(whole[:end])
        for named in (format, None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SeqcnnWarning)
                try:
                    found = read_motifs(tmp_path / "y", format=named)
                except SeqcnnError as error:
                    assert str(tmp_path) in str(error)
                    assert "\n" not in str(error)
                else:
                    assert found


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(sorted(FORMATS)))
def test_any_text_is_motifs_or_one_line(text, format):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        try:
            assert FORMATS[format].read(text, path="x")
        except SeqcnnError as error:
            assert "\n" not in str(error)


ODD = ["nan", "inf", "-1", "1e400", "1e-400", "", "\t", "\0", ">", "[", ":", "//", "XX", "P0",
       "MOTIF", "URL", "ALPHABET", "w=", "é", "9" * 40, "0x1", "1_000", "\u0661"]  # fmt: skip


@st.composite
def damaged_files(draw):
    """A file of some format in which words and lines are lost, changed places, or are odd."""
    format = draw(st.sampled_from(sorted(FORMATS)))
    alphabet = draw(st.sampled_from([DNA, PROTEIN]))
    text = FORMATS[format].write(random_motifs(alphabet, number=2, seed=draw(st.integers(0, 9))))
    for _ in range(draw(st.integers(1, 4))):
        between = draw(st.sampled_from(["\n", " ", "\t"]))
        parts = text.split(between)
        places = st.integers(0, len(parts) - 1)
        i, j = draw(places), draw(places)
        kind = draw(st.sampled_from(["odd", "swap", "lose"]))
        if kind == "odd":
            parts[i] = draw(st.sampled_from(ODD))
        elif kind == "swap":
            parts[i], parts[j] = parts[j], parts[i]
        else:
            del parts[i : j + 1]
        text = between.join(parts)
    return text


@settings(max_examples=200, deadline=None)
@given(damaged_files(), st.sampled_from(sorted(FORMATS)))
def test_damaged_files_are_motifs_or_one_line(text, format):
    FORMATS[format].recognise(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        try:
            motifs = FORMATS[format].read(text, path="x")
        except SeqcnnError as error:
            assert "\n" not in str(error)
            assert str(error).startswith("x")
        else:
            # whatever was taken for motifs can be used
            assert motifs
            assert FORMATS["meme"].write(motifs[:1])


TRANSFAC = """VV  TRANSFAC MATRIX TABLE
XX
//
AC  M00001
XX
ID  V$MYOD_01
XX
NA  MyoD
XX
DE  myoblast determination gene product
BF  T00526; MyoD; Species: mouse, Mus musculus.
XX
P0      A      C      G      T
01      1      2      2      0      S
02      2      1      2      0      R
03      3      0      1      1      A
XX
BA  5 functional elements in 3 genes
XX
//
"""


def test_transfac_as_transfac_writes_it(tmp_path):
    (tmp_path / "x").write_text(TRANSFAC)
    (motif,) = read_motifs(tmp_path / "x")
    assert (motif.name, motif.alternative_name, motif.sites) == ("M00001", "MyoD", 5)
    np.testing.assert_allclose(motif.matrix.values[2], [0.6, 0, 0.2, 0.2])
    assert motif.annotation("BF") == "T00526; MyoD; Species: mouse, Mus musculus."
    write_motifs(tmp_path / "y", [motif], format="transfac")
    (again,) = read_motifs(tmp_path / "y")
    assert again.annotations == motif.annotations
    assert again.alternative_name == "MyoD"
    assert again.annotation("ID") == "V$MYOD_01"
    assert "ID  V$MYOD_01\n" in (tmp_path / "y").read_text()


def test_transfac_damage_names_the_line(tmp_path):
    for old, new, line, message in (
        ("3      0      1      1 ", "3      0      1        ", 16, "'A' is not a number"),
        ("2      1      2      0 ", "2     -1      2      0 ", 15, "negative"),
        ("A      C      G      T", "A      C      G       ", 13, "nothing for T"),
        ("02      2      1", "02      x      1", 15, "'x' is not a number"),
    ):
        assert old in TRANSFAC
        (tmp_path / "x").write_text(TRANSFAC.replace(old, new))
        with pytest.raises(SeqcnnError, match=message) as error:
            read_motifs(tmp_path / "x")
        assert error.value.line == line


HOMER = (
    ">ASTTCCTCTT\t1-ASTTCCTCTT\t8.059752\t-23791.535714\t0\t"
    "T:17311.0(44.36%),B:2181.5(5.80%),P:1e-10317\n"
    "0.726\t0.002\t0.170\t0.103\n0.002\t0.494\t0.354\t0.151\n"
)


def test_homer_as_homer_writes_it(tmp_path):
    (tmp_path / "x").write_text(HOMER)
    (motif,) = read_motifs(tmp_path / "x")
    assert (motif.name, motif.sites) == ("1-ASTTCCTCTT", 17311)
    assert motif.annotation("threshold") == "8.059752"
    np.testing.assert_allclose(motif.matrix.values[0], np.array([726, 2, 170, 103]) / 1001)
    write_motifs(tmp_path / "y", [motif], format="homer")
    # all facts stay what they were; the consensus is our own
    assert (tmp_path / "y").read_text().split("\n")[0].split("\t")[1:] == (
        HOMER.split("\n")[0].split("\t")[1:]
    )
    assert read_motifs(tmp_path / "y")[0].annotations == motif.annotations


def test_homer_damage_names_the_line(tmp_path):
    for old, new, line, message in (
        ("0.726", "-0.726", 2, "no probabilities"),
        ("0.002\t0.494", "0.494", 3, "3 numbers, the first has 4"),
        ("0.151\n", "0.151\n>A\tb\t5.0\n", 4, "no position"),
        ("0.151\n", "0.151\n>A\tb\t5.0\n1\n", 4, "a position has 1 numbers"),
        ("0.494", "x", 3, "'x' is not a number"),
    ):
        assert old in HOMER
        (tmp_path / "x").write_text(HOMER.replace(old, new))
        with pytest.raises(SeqcnnError, match=message) as error:
            read_motifs(tmp_path / "x")
        assert (error.value.path, error.value.line) == (tmp_path / "x", line)


def test_homer_facts_that_are_no_longer_true_are_not_written(tmp_path):
    flat = "0.25\t0.25\t0.25\t0.25\n"
    (tmp_path / "x").write_text(HOMER + flat)
    (motif,) = read_motifs(tmp_path / "x")
    fewer = replace(motif.trim(), sites=7)
    assert (fewer.width, fewer.annotation("threshold")) == (2, None)
    assert motif.trim(0).annotation("threshold") == "8.059752"
    write_motifs(tmp_path / "y", [fewer], format="homer")
    fields = (tmp_path / "y").read_text().split("\n")[0].split("\t")
    assert (fields[3], fields[5]) == ("-23791.535714", "T:7.0")
    # two positions cannot score 8.06 in natural logarithms
    assert float(fields[2]) <= 2 * np.log(4)


def test_homer_gets_a_threshold_that_its_consensus_passes(tmp_path):
    (motif,) = random_motifs(DNA, number=1, seed=3)
    write_motifs(tmp_path / "x", [motif], format="homer")
    threshold = float((tmp_path / "x").read_text().split("\t")[2])
    best = np.log(motif.matrix.values.max(1) / 0.25).sum()
    assert 0 < threshold <= best


UNIPROBE = """Protein: Cbf1\tSeed k-mer: CACGTGAC\tEnrichment Score: 0.498
A:\t0.1\t0.2
C:\t0.2\t0.3
G:\t0.3\t0.4
T:\t0.4\t0.1
"""


def test_uniprobe_as_uniprobe_writes_it(tmp_path):
    (tmp_path / "x").write_text("\n" + UNIPROBE + "\n" + UNIPROBE.replace("Cbf1", "Pho4"))
    first, second = read_motifs(tmp_path / "x")
    assert (first.name, second.name) == ("Cbf1", "Pho4")
    assert first.annotation("Seed k-mer") == "CACGTGAC"
    write_motifs(tmp_path / "y", [first, second], format="uniprobe")
    assert (tmp_path / "y").read_text().startswith(UNIPROBE.split("\n")[0] + "\n")
    assert [m.annotations for m in read_motifs(tmp_path / "y")] == 2 * [first.annotations]
    np.testing.assert_allclose(second.matrix.values, [[0.1, 0.2, 0.3, 0.4], [0.2, 0.3, 0.4, 0.1]])


def test_uniprobe_with_blanks_between_facts(tmp_path):
    heading = "Gene:  Gal4-primary  Motif:  TCGG...CCGA  Enrichment Score:  0.4978"
    (tmp_path / "x").write_text(UNIPROBE.replace(UNIPROBE.split("\n", 1)[0], heading))
    (motif,) = read_motifs(tmp_path / "x")
    assert motif.name == "Gal4-primary"
    assert motif.annotations == (("Motif", "TCGG...CCGA"), ("Enrichment Score", "0.4978"))
