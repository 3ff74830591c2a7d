import numpy as np
import pytest
from Bio import motifs as bio_motifs

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA

ROWS = {"A": "1 0", "C": "1 0", "G": "2 0", "T": "0 8"}


def bracketed(order="ACGT", head=">MA0001.1\tX 2"):
    return f"{head}\n" + "".join(f"{c} [ {ROWS[c.replace('U', 'T')]} ]\n" for c in order)


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "GATA.pfm"
        path.write_text(text)
        return read_motifs(path)

    return of


@pytest.mark.parametrize(
    "text",
    [
        bracketed(),
        bracketed("TGCA"),
        bracketed().replace("[ ", "[").replace(" ]", "]"),
        bracketed().replace("[ ", "").replace(" ]", ""),
        bracketed().replace("A [", "a["),
        ">MA0001.1 X 2\n1 0\n1 0\n2 0\n0 8\n",
        ">MA0001.1 X 2\n\n1.0 0\n1.0\t0\n2e0 0\n0 8",
    ],
)
def test_variants_of_the_format(read, text):
    (motif,) = read(text)
    assert (motif.name, motif.alternative_name, motif.sites) == ("MA0001.1", "X 2", 8)
    np.testing.assert_array_equal(motif.matrix.values, [[0.25, 0.25, 0.5, 0], [0, 0, 0, 1]])


def test_raw_counts_take_the_name_of_the_file(read):
    (motif,) = read("1 0\n1 0\n2 0\n0 8\n")
    assert motif.name == "GATA"


def test_sites_are_the_most_that_a_position_has(read):
    assert read("1 3\n0 2\n0 1\n0 1\n")[0].sites == 7
    assert read("1 .5\n0 .25\n0 .25\n0 0\n")[0].sites == 0


def test_several_motifs_and_alphabets(read):
    first, second = read(bracketed() + "\n" + bracketed("ACGU", ">b"))
    assert (first.alphabet, second.alphabet) == (DNA, RNA)
    assert second.alternative_name == ""


def test_hostile_name_is_kept_as_it_is(read):
    (motif,) = read(bracketed(head=">../../x <b>bold</b>"))
    assert (motif.name, motif.alternative_name) == ("../../x", "<b>bold</b>")


def test_position_without_counts_becomes_the_background(read):
    text = ">m\nA [0 1]\nC [0 1]\nG [0 1]\nT [0 1]\n"
    with pytest.warns(SeqcnnWarning, match="without counts"):
        (motif,) = read(text)
    np.testing.assert_array_equal(motif.matrix.values, np.full((2, 4), 0.25))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (">m\nA [1 2 3]\nC [1 2 3]\nG [1 2 3]\n", "nothing for T", 1),
        (">m\nA [1 2 3]\nC [1 2]\nG [1 2 3]\nT [1 2 3]\n", "2 counts", 3),
        (">m\nA [1 2]\nA [1 2]\nG [1 2]\nT [1 2]\n", "there twice", 1),
        (">m\n1 2\n1 2\n1 2\n", "3 rows", 1),
        (">m\nA [1 2]\nC [1 x]\nG [1 2]\nT [1 2]\n", "no row of counts", 3),
        (">m\nA [1 2]\nC [1 -2]\nG [1 2]\nT [1 2]\n", "a count is -2, it must be a number", 3),
        (">m\nA [1 nan]\nC [1 2]\nG [1 2]\nT [1 2]\n", "a count is nan", 2),
        (">m\nA [1 2]\nC [1 2]\nG [1 2]\nT [inf 2]\n", "a count is inf", 5),
        (bracketed() + ">empty\n", "nothing for A", 6),
    ],
)
def test_damage_is_refused_with_file_and_line(read, text, message, line):
    with pytest.raises(SeqcnnError, match=message) as caught:
        read(text)
    assert str(caught.value.path).endswith("GATA.pfm")
    assert caught.value.line == line


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=lambda a: a.name)
def test_what_is_written_is_read_again(tmp_path, alphabet):
    rng = np.random.default_rng(0)
    motifs = [
        Motif(f"m{i}", ProbabilityMatrix(rng.dirichlet(np.ones(alphabet.size), 5 + i), alphabet),
              "x y", sites=sites)
        for i, sites in enumerate((0, 20, 31415))
    ]  # fmt: skip
    write_motifs(tmp_path / "x.jaspar", motifs, format="jaspar")
    for before, after in zip(motifs, read_motifs(tmp_path / "x.jaspar"), strict=True):
        assert (after.name, after.alternative_name) == (before.name, before.alternative_name)
        assert after.alphabet == alphabet
        np.testing.assert_allclose(after.matrix.values, before.matrix.values, atol=1e-4)
        assert after.sites == pytest.approx(before.sites or 100, abs=0.01)


@pytest.mark.parametrize("format", ["jaspar", "pfm"])
def test_matrices_follow_each_other_without_a_gap(tmp_path, format):
    # strict readers take an empty line for the end, and JASPAR's own files have none
    rng = np.random.default_rng(0)
    motifs = [Motif(f"m{i}", ProbabilityMatrix(rng.dirichlet(np.ones(4), 6), DNA)) for i in "ab"]
    write_motifs(tmp_path / "x", motifs, format=format)
    lines = (tmp_path / "x").read_text().splitlines()
    assert len(lines) == 10 and all(lines)
    assert [m.name for m in read_motifs(tmp_path / "x")] == ["ma", "mb"]


def test_biopython_reads_what_is_written_and_the_other_way_round(tmp_path):
    database = load_database()[::200]
    write_motifs(tmp_path / "x.jaspar", database, format="jaspar")
    with (tmp_path / "x.jaspar").open() as handle:
        others = bio_motifs.parse(handle, "jaspar")
    for motif, other in zip(database, others, strict=True):
        assert (other.matrix_id, other.name) == (motif.name, motif.alternative_name)
        counts = np.array([other.counts[letter] for letter in "ACGT"]).T
        found = counts / counts.sum(1, keepdims=True)
        np.testing.assert_allclose(found, motif.matrix.values, atol=1e-5)
    (tmp_path / "y.jaspar").write_text(bio_motifs.write(others, "jaspar"))
    for motif, after in zip(database, read_motifs(tmp_path / "y.jaspar"), strict=True):
        np.testing.assert_allclose(after.matrix.values, motif.matrix.values, atol=1e-2)
