import csv

import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import read_motifs, write_motifs

NAMES = ("en", "eve", "ftz", "Ubx", "Dfd", "grn", "srp", "pnr")


@pytest.fixture
def motifs(tmp_path):
    chosen = [m for m in load_database(group="insects") if m.alternative_name in NAMES]
    write_motifs(tmp_path / "m.meme", chosen)
    return tmp_path / "m.meme"


@pytest.mark.parametrize("reference", [None, "jaspar:insects", "none"])
def test_families_and_their_means(motifs, tmp_path, capsys, reference):
    options = [] if reference is None else ["--reference", reference]
    assert main(["cluster", str(motifs), "-o", str(tmp_path / "out"), *options]) == 0
    out, err = capsys.readouterr()
    assert out == "" and "8 motifs in" in err
    with (tmp_path / "out" / "families.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert list(rows[0]) == ["motif", "family", "strand", "offset"]
    given = {m.name: m for m in read_motifs(motifs)}
    assert sorted(row["motif"] for row in rows) == sorted(given)
    means = {m.name: m for m in read_motifs(tmp_path / "out" / "families.meme")}
    assert set(means) == {row["family"] for row in rows}
    factor = {given[row["motif"]].alternative_name: row["family"] for row in rows}
    assert factor["grn"] == factor["srp"] != factor["en"] == factor["eve"] == factor["ftz"]
    assert {row["strand"] for row in rows} <= {"+", "-"}
    for row in rows:
        assert abs(int(row["offset"])) < given[row["motif"]].width


def test_the_folder_is_named_after_the_motifs(motifs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["cluster", "m.meme", "--reference", "none", "--quiet"]) == 0
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert folder.name.endswith("_families")
    assert main(["cluster", "m.meme", "--reference", "none"]) == 2
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.meme"], "neither a motif file nor a database"),
        (["jaspar:insects", "--threshold", "1"], "--threshold"),
        (["jaspar:insects", "--reference", "nowhere"], "neither a motif file nor a database"),
    ],
)
def test_wrong_arguments_are_one_line(capsys, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert main(["cluster", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and said in err
    assert list(tmp_path.iterdir()) == []
