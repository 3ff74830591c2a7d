import warnings

import numpy as np
import pytest
from Bio import motifs as bio_motifs

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA

COUNTS = np.array([[8, 0, 0, 0], [0, 6, 2, 0], [1, 1, 1, 5], [0, 0, 8, 0], [2, 2, 2, 2]])
"""Five positions of eight sites."""


def table(values, between=" "):
    return "".join(between.join(f"{x:g}" for x in row) + "\n" for row in values)


@pytest.fixture
def read(tmp_path):
    def of(text):
        (tmp_path / "GATA.pfm").write_text(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read_motifs(tmp_path / "GATA.pfm")

    return of


@pytest.mark.parametrize(
    "text",
    [
        table(COUNTS.T),
        table(COUNTS),
        table(COUNTS, "\t").rstrip("\n"),
        table(COUNTS / 8),
        table(COUNTS.T / 8),
        "# made by hand\n" + table(COUNTS.T * 1e5),
        "A C G T\n" + table(COUNTS),
        "T G C A\n" + table(COUNTS[:, ::-1]),
        "Pos\tA\tC\tG\tT\n" + table(np.column_stack([np.arange(1, 6), COUNTS]), "\t"),
        "\n\n" + table(COUNTS.T) + "\n\n",
        table(COUNTS).replace("8", "8.0e+00"),
    ],
)
def test_numbers_in_rows_of_letters_or_of_positions(read, text):
    (motif,) = read(text)
    np.testing.assert_allclose(motif.matrix.values, COUNTS / 8)
    assert (motif.name, motif.alphabet) == ("GATA", DNA)


def test_names_and_number_of_sites(read):
    text = f">M1 GATA one\n{table(COUNTS.T)}>M2\n\n{table(COUNTS / 8)}\n>M3\nACGU\n"
    text = text.replace("ACGU", "A C G U\n" + table(COUNTS))
    found = read(text)
    assert [m.name for m in found] == ["M1", "M2", "M3"]
    assert [m.sites for m in found] == [8, 0, 8]
    assert found[0].alternative_name == "GATA one"
    assert [m.alphabet for m in found] == [DNA, DNA, RNA]
    for motif in found:
        np.testing.assert_allclose(motif.matrix.values, COUNTS / 8)


def test_matrices_without_names_get_numbers(read):
    found = read(table(COUNTS.T) + "\n" + table(COUNTS))
    assert [m.name for m in found] == ["GATA_1", "GATA_2"]
    np.testing.assert_allclose(found[0].matrix.values, found[1].matrix.values)


def test_totals_tell_positions_from_letters(read):
    square = np.array([[6, 0, 2, 0], [1, 1, 6, 0], [8, 0, 0, 0], [0, 0, 4, 4]])
    for text in (table(square), table(square.T)):
        (motif,) = read(text)
        np.testing.assert_allclose(motif.matrix.values, square / 8)
    # four positions of amino acids are not twenty of DNA
    protein = np.random.default_rng(0).dirichlet(np.full(20, 0.5), 4)
    (motif,) = read(table(protein))
    assert motif.alphabet == PROTEIN
    np.testing.assert_allclose(motif.matrix.values, protein, atol=1e-5)


def test_what_may_be_read_both_ways_is_said(tmp_path):
    (tmp_path / "x").write_text(table(np.eye(4)[[0, 0, 1, 2]] + np.eye(4)[[1, 1, 0, 3]]))
    (tmp_path / "y").write_text(table(np.eye(4)))
    read_motifs(tmp_path / "x")
    with pytest.warns(SeqcnnWarning, match="both ways; its positions are taken to be its columns"):
        read_motifs(tmp_path / "y")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("1 2 3\n1 2 3\n1 2 3\n", "3 rows and 3 columns", 1),
        (table(COUNTS.T).replace("2\n", "2 9\n", 1), "5 numbers, it needs 6", 2),
        (table(COUNTS.T).replace("6", "x"), "'x' is not a number", 2),
        (table(COUNTS).replace("6", "-6"), "negative: -6", 2),
        (table(COUNTS).replace("6", "nan"), "'nan' is not a number", 2),
        ("A C G\n1 2 3\n", "nothing for T", 1),
        ("A C G T\n1 2 3\n", "3 numbers, it needs 4", 2),
        ("A C G T\n1 2 3 4\n1 2 3 4 5\n", "5 numbers, it needs 4", 3),
        ("A C G T\n1 2 3 4\nA C G T\n", "above a matrix only", 3),
        ("A C G T\n", "no motifs", None),
        (">m\n" + table(COUNTS) + ">n\n", "no rows", 7),
    ],
)
def test_damage_is_refused_with_file_and_line(read, text, message, line):
    with pytest.raises(SeqcnnError, match=message) as caught:
        read(text)
    assert str(caught.value.path).endswith("GATA.pfm")
    assert caught.value.line == line


def test_biopython_reads_what_is_written_and_the_other_way_round(tmp_path):
    motif = load_database()[7]
    write_motifs(tmp_path / "x", [motif], format="pfm")
    # Biopython reads a single matrix without a name
    (tmp_path / "y").write_text((tmp_path / "x").read_text().split("\n", 1)[1])
    with (tmp_path / "y").open() as handle:
        other = bio_motifs.read(handle, "pfm")
    counts = np.array([other.counts[letter] for letter in "ACGT"]).T
    np.testing.assert_allclose(counts / counts.sum(1, keepdims=True), motif.matrix.values)
    (tmp_path / "z").write_text(bio_motifs.write([other], "pfm"))
    (again,) = read_motifs(tmp_path / "z")
    np.testing.assert_allclose(again.matrix.values, motif.matrix.values, atol=1e-2)


def test_biopython_reads_the_same_from_rows_of_positions(tmp_path):
    (tmp_path / "x").write_text("Pos A C G T\n" + table(np.column_stack([range(1, 6), COUNTS])))
    (tmp_path / "y").write_text(">m\n" + table(COUNTS))
    with (tmp_path / "y").open() as handle:
        (other,) = bio_motifs.parse(handle, "pfm-four-columns")
    (motif,) = read_motifs(tmp_path / "x")
    expected = np.array([other.pwm[letter] for letter in "ACGT"]).T
    np.testing.assert_allclose(motif.matrix.values, expected)


def test_other_alphabets_name_their_letters(tmp_path):
    matrix = ProbabilityMatrix(np.random.default_rng(0).dirichlet(np.ones(20), 20), PROTEIN)
    write_motifs(tmp_path / "x", [Motif("p", matrix, sites=3)], format="pfm")
    assert (tmp_path / "x").read_text().startswith(">p\nA C D E F")
    (found,) = read_motifs(tmp_path / "x")
    np.testing.assert_allclose(found.matrix.values, matrix.values, atol=1e-6)


COLUMNS = table(COUNTS)
LETTERED = "".join(f"{c}{{0}} {' '.join(map(str, COUNTS[:, i]))}\n" for i, c in enumerate("ACGT"))
INDEXED = table(np.column_stack([np.arange(1, 6), COUNTS]), "\t")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"TF\tT1\nTF Name\tAlx\nMotif\tM1_2.0\nSpecies\tHomo_sapiens\nPos\tA\tC\tG\tT\n{INDEXED}",
         ["M1_2.0"]),
        (f"Gene\tE1\nPos\tA\tC\tG\tT\n{INDEXED}\n\nGene\tE2\nPos\tA\tC\tG\tT\n{INDEXED}",
         ["E1", "E2"]),
        (f"UW.Motif.1   atgactca\n{COLUMNS}UW.Motif.2 tt\n{COLUMNS}", ["UW.Motif.1", "UW.Motif.2"]),
        (f">MA0008.1\n# WEIGHT: 3.0\n# GAP: 10.0\n{COLUMNS}", ["MA0008.1"]),
        (f"> AHR_si\n{COLUMNS}", ["AHR_si"]),
        (f"# tiffin\nA C G T\n{COLUMNS}", ["GATA"]),
        ("# hdpi\n" + LETTERED.format(""), ["GATA"]),
        ((LETTERED.format(" |") + "\n") * 2, ["GATA_1", "GATA_2"]),
    ],
    ids=["cisbp", "c2h2", "neph", "cluster-buster", "hocomoco", "tiffin", "hdpi", "scertf"],
)  # fmt: skip
def test_raw_matrices_as_databases_write_them(read, text, names):
    found = read(text)
    assert [motif.name for motif in found] == names
    for motif in found:
        np.testing.assert_allclose(motif.matrix.values, COUNTS / 8)
