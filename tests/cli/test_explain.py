"""Explanations from the command line: the planted word is the one pattern, and files agree."""

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import read_motifs
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import write_fasta
from tests.cli.test_train import QUICK, read_table
from tests.discovery.planted import as_set, plant, random_rows

WORD = "CCGGAAGTA"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    bound = plant(random_rows(300, 40, 0), WORD, 1.0, 1)
    for name, rows in (("bound", bound), ("other", random_rows(300, 40, 2))):
        write_fasta(folder / f"{name}.fa", as_set(rows))
    arguments = ["train", str(folder / "bound.fa"), "--control", str(folder / "other.fa"),
                 "-o", str(folder / "m"), *QUICK, "--rounds", "20", "--steps", "40"]  # fmt: skip
    assert main(arguments) == 0
    return folder


def run(made, out, *options):
    return main(["explain", str(made / "m"), str(made / "bound.fa"), "-o", str(out), *options])


def test_the_planted_word_is_the_one_pattern(made, tmp_path, capsys):
    out = tmp_path / "o"
    assert run(made, out, "-q", "--references", "5", "--write", "hdf5", "--write", "tsv") == 0
    said = capsys.readouterr().out
    assert "completeness: largest relative error" in said and "positive1: " in said
    names = {path.name for path in out.iterdir()}
    assert names == {
        "attributions.npz", "attributions.tsv", "attributions.h5", "completeness.tsv",
        "sequences.svg", "seqlets.tsv", "patterns.tsv", "patterns.meme", "patterns.svg",
        "hits.tsv", "modisco.h5", "report.html", "report.json.gz", "run.json",
    }  # fmt: skip
    assert main(["verify", str(out), "-q"]) == 0
    _, patterns = read_table(out / "patterns.tsv")
    positive = [row for row in patterns if row[0].startswith("positive")]
    assert len(positive) == 1 and int(positive[0][4]) > 150
    consensus = read_motifs(out / "patterns.meme")[0].consensus
    assert f"<bdi>{consensus}</bdi>" in (out / "report.html").read_text()
    turned = DNA.decode(DNA.reverse_complement(DNA.encode(consensus)))
    assert "CGGAAG" in consensus or "CGGAAG" in turned
    _, hits = read_table(out / "hits.tsv")
    assert len({hit[0] for hit in hits if hit[4] == "positive1"}) > 150
    with np.load(out / "attributions.npz") as saved:
        total = saved["contributions"].sum(1)
        np.testing.assert_allclose(total, saved["difference"], rtol=1e-2, atol=1e-3)
    assert run(made, out, "-q") == 2


def test_its_hits_can_be_taken_away(made, tmp_path):
    assert run(made, tmp_path / "o", "-q", "--references", "2") == 0
    arguments = ["experiment", str(made / "m"), str(made / "bound.fa"), "-q", "--ablate",
                 str(tmp_path / "o" / "hits.tsv"), "-o", str(tmp_path / "e")]  # fmt: skip
    assert main(arguments) == 0
    _, hits = read_table(tmp_path / "o" / "hits.tsv")
    _, rows = read_table(tmp_path / "e" / "ablation.tsv")
    assert [row[:3] for row in rows] == [hit[:3] for hit in hits]
    assert np.mean([float(row[5]) > 0 for row in rows]) > 0.9


def test_files_are_the_same_where_there_is_no_pattern(made, tmp_path, capsys):
    """A workflow waits for files by name."""
    few = tmp_path / "few.fa"
    few.write_text("".join((made / "other.fa").read_text().splitlines(keepends=True)[:6]))
    arguments = ["explain", str(made / "m"), str(few), "-o", str(tmp_path / "o"), "-q",
                 "--references", "2"]  # fmt: skip
    assert main(arguments) == 0
    assert "no pattern: " in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "o").iterdir()} == {
        "attributions.npz", "completeness.tsv", "sequences.svg", "seqlets.tsv", "patterns.tsv",
        "patterns.meme", "patterns.svg", "hits.tsv", "report.html", "report.json.gz", "run.json",
    }  # fmt: skip
    assert "ALPHABET= ACGT" in (tmp_path / "o" / "patterns.meme").read_text()
    assert "No pattern was found" in (tmp_path / "o" / "patterns.svg").read_text()


def test_other_methods_and_no_patterns(made, tmp_path, capsys):
    for method in ("ig", "ism", "saliency"):
        out = tmp_path / method
        assert run(made, out, "-q", "--method", method, "--steps", "16", "--no-patterns") == 0
        assert "No patterns were looked for" in (out / "report.html").read_text()
        assert not (out / "patterns.tsv").exists() and (out / "attributions.npz").exists()
        assert (out / "mutagenesis.svg").exists() == (method == "ism")
    assert "completeness: saliency is not meant to add up" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--task", "other"], "there is no task 'other'"),
        (["--write", "bedgraph"], "names no place in a genome"),
        (["--write", "bigwig"], "names no place in a genome"),
        (["--method", "saliency", "--write", "modisco"], "take the method 'deepshap'"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    made, tmp_path, capsys, monkeypatch, options, message
):
    capsys.readouterr()
    if "--write" in options:  # said before any work is done
        monkeypatch.setattr("seqcnn.explain.methods.attribute", None)
    out = tmp_path / "o"
    assert run(made, out, "-q", "--no-patterns", *options) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not out.exists()
