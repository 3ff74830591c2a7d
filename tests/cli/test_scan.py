"""``seqcnn scan`` as a user runs it."""

import csv

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import as_set, plant, random_rows

WORD = "TGACTCAGC"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from seqcnn.seq.io.fasta import write_fasta

    path = tmp_path_factory.mktemp("scan")
    write_fasta(path / "x.fa", as_set(plant(random_rows(200, 60, 0), WORD, 0.5, 1)))
    rows = np.full((9, 4), 0.01) + 0.96 * np.eye(4)[DNA.encode(WORD)]
    motifs = [Motif("AP1.1", ProbabilityMatrix(rows, DNA), "JUN"), Motif("short", ap1_core(rows))]
    write_motifs(path / "m.meme", motifs)
    return path


def ap1_core(rows):
    return ProbabilityMatrix(rows[:4], DNA)


def scan(folder, *options):
    return main(["scan", str(folder / "m.meme"), str(folder / "x.fa"), *map(str, options)])


def test_the_planted_sites_are_found(folder, capsys):
    assert scan(folder, "-o", folder / "out.tsv") == 0
    with (folder / "out.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert len({r["sequence"] for r in rows if r["matched"] == WORD}) >= 95
    assert all(float(r["p_value"]) <= 1e-4 for r in rows)
    said = capsys.readouterr().err
    assert "skipped: 1 of 2, first short" in said


def test_results_go_to_standard_output_and_nothing_else(folder, capsys):
    assert scan(folder, "--quiet", "--format", "bed", "--best") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert {len(line.split("\t")) for line in out.splitlines()} == {9}


@pytest.mark.parametrize("name", ["AP1.1", "ap1", "Jun"])
def test_motifs_are_chosen_by_name(folder, capsys, name):
    assert scan(folder, "--motif", name, "--p-value", 0.01) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines(), delimiter="\t"))
    assert {r["motif"] for r in rows} == {"AP1.1"}


@pytest.mark.parametrize("format", ["tsv", "bed", "gff", "fimo"])
def test_names_never_add_a_column(folder, tmp_path, capsys, format):
    rows = "A [9 0 0]\nC [0 9 0]\nG [0 0 9]\nT [0 0 0]\n"
    (tmp_path / "x.jaspar").write_text(">MA1\tname\tclass\tfamily\n" + rows)
    options = ("--format", format, "--p-value", "0.1", "-q")
    assert main(["scan", str(tmp_path / "x.jaspar"), str(folder / "x.fa"), *options]) == 0
    lines = [x for x in capsys.readouterr().out.splitlines() if not x.startswith("#")]
    widths = {"tsv": 9, "bed": 9, "gff": 9, "fimo": 10}
    assert len(lines) > 1
    assert {line.count("\t") + 1 for line in lines} == {widths[format]}


def test_a_database_by_name(folder, capsys):
    arguments = ["scan", "jaspar:vertebrates", str(folder / "x.fa"), "--motif", "MA0099"]
    assert main([*arguments, "--q-value", "0.05"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--motif", "CTCF"], "there is no motif 'CTCF'"),
        (["--background", "nowhere.txt"], "background"),
        (["--alphabet", "protein"], "over ACGT"),
        (["--p-value", "0"], "p-value"),
    ],
)
def test_bad_input_is_one_line(folder, tmp_path, capsys, options, message):
    assert scan(folder, "-o", tmp_path / "out.tsv", *options) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("error: ")] == said[-1:]
    assert message in said[-1]
    assert list(tmp_path.iterdir()) == []


def test_inputs_stay_what_they_are(folder, capsys):
    before = (folder / "m.meme").read_bytes()
    assert scan(folder, "-o", folder / "m.meme") == 2
    assert (folder / "m.meme").read_bytes() == before
    assert main(["scan", "-", "-"]) == 2
    assert "cannot both" in capsys.readouterr().err
