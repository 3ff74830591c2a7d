"""``seqcnn logo`` as a user runs it."""

import io
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def motifs(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "in" / "x.meme"
    path.parent.mkdir()
    named = [
        Motif(
            name,
            ProbabilityMatrix(rng.dirichlet([0.3] * 4, 8), DNA, [0.4, 0.1, 0.1, 0.4]),
            other,
            sites=sites,
            log10_e_value=-9.0,
        )
        for name, other, sites in [
            ("MA0139.2", "CTCF", 30), ("../up", "", 30), ("a/b", "GATA1", 0), ("A_B", "gata2", 30)
        ]
    ]  # fmt: skip
    write_motifs(path, named)
    return str(path)


def texts(path):
    return [text.text for text in ET.parse(path).iter(SVG + "text")]


def heights(path):
    return [float(use.get("height")) for use in ET.parse(path).iter(SVG + "use")]


@pytest.mark.parametrize(
    ("name", "magic"), [("x.svg", b"<svg"), ("x.png", b"\x89PNG"), ("x.PDF", b"%PDF")]
)
def test_a_sheet_in_every_format(motifs, tmp_path, name, magic):
    assert main(["logo", motifs, "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(magic)
    other = ["logo", motifs, "-o", str(tmp_path / "y"), "--format", name[2:].lower()]
    assert main(other) == 0
    assert (tmp_path / "y").read_bytes() == (tmp_path / name).read_bytes()


def test_standard_streams(motifs, capsysbinary, monkeypatch):
    with open(motifs, "rb") as handle:  # noqa: PTH123
        content = handle.read()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["logo", "-"]) == 0
    root = ET.fromstring(capsysbinary.readouterr().out)
    assert len(root.findall(SVG + "g")) == 8  # a caption and a logo each


def test_one_file_for_each_motif(motifs, tmp_path, capsys):
    out = tmp_path / "logos"
    out.mkdir()  # an empty folder may be there
    assert main(["logo", motifs, "-o", f"{out}/"]) == 0
    names = ["A_B_2.svg", "MA0139.2.svg", "a_b.svg", "up.svg"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert "a/b GATA1" in texts(out / "a_b.svg")
    assert {path.name for path in tmp_path.iterdir()} == {"in", "logos"}
    (out / "note.txt").write_text("mine")
    assert main(["logo", motifs, "-o", str(out), "--format", "png"]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["logo", motifs, "-o", str(out), "--format", "png", "--force"]) == 0
    assert (out / "note.txt").read_text() == "mine"
    assert len(list(out.iterdir())) == 9


def test_a_failed_run_leaves_no_folder(motifs, tmp_path, capsys):
    out = tmp_path / "logos"
    assert main(["logo", motifs, "-o", f"{out}/", "--kind", "counts"]) == 2
    assert "'a/b' has no number of sites" in capsys.readouterr().err
    assert main(["logo", motifs, "-o", f"{out}/", "--format", "png", "--width", "1e9"]) == 2
    assert not out.exists()
    assert main(["logo", motifs, "-o", f"{motifs}/"]) == 2


def test_kinds_strand_and_background(motifs, tmp_path, capsys):
    def drawn(*options):
        out = tmp_path / "x.svg"
        assert main(["logo", motifs, "-o", str(out), "--motif", "MA0139", *options]) == 0
        return heights(out)

    plain = drawn()
    assert sum(drawn("--kind", "probability")) == pytest.approx(100 * 8, rel=0.01)
    assert "30" in " ".join(filter(None, texts(tmp_path / "x.svg")))
    assert sum(drawn("--kind", "counts")) == pytest.approx(100 * 8, rel=0.01)
    assert drawn("--background", "uniform") != plain
    (tmp_path / "bg").write_text("A 0.4\nC 0.1\nG 0.1\nT 0.4\n")
    assert drawn("--background", str(tmp_path / "bg")) == plain
    assert sum(drawn("--corrected")) < sum(plain)
    assert sorted(drawn("--reverse")) == sorted(plain)
    capsys.readouterr()
    assert main(["logo", motifs, "-o", str(tmp_path / "y.svg"), "--corrected"]) == 0
    assert "note: 1 of 4 motifs have no number of sites" in capsys.readouterr().err


def test_names_and_colours(motifs, tmp_path):
    out = tmp_path / "x.svg"
    shown = {"both": "MA0139.2 CTCF", "id": "MA0139.2", "alternative": "CTCF"}
    for names, text in shown.items():
        assert main(["logo", motifs, "-o", str(out), "--names", names]) == 0
        assert text in texts(out)
        assert "E = 1.0e-9, 30 sites" in texts(out)
    assert main(["logo", motifs, "-o", str(out), "--names", "none"]) == 0
    assert set(texts(out)) == {"bits", "0", "1", "2", "5"}
    assert main(["logo", motifs, "-o", str(out), "--colour", "A=#010203"]) == 0
    assert "#010203" in out.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--colour", "A"], "like A=#23a672"),
        (["--colour", "A=red"], "like #23a672"),
        (["--motif", "CTC"], "similar names are CTCF"),
        (["--background", "input"], "must be motif, uniform or a file"),
        (["--background", "nowhere"], "neither a file nor"),
        (["--kind", "nice"], "--kind"),
        (["--columns", "0"], "--columns"),
        (["-o", "x.gif"], "ending of a picture"),
    ],
)
def test_wrong_options_are_one_line(motifs, tmp_path, capsys, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    assert main(["logo", motifs, "-o", "x.svg", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_protein_has_no_other_strand(tmp_path, capsys):
    write_motifs(tmp_path / "p.meme", [Motif("p", ProbabilityMatrix(np.eye(20), PROTEIN))])
    assert main(["logo", str(tmp_path / "p.meme"), "-o", str(tmp_path / "x.svg")]) == 0
    assert main(["logo", str(tmp_path / "p.meme"), "--reverse"]) == 2
    assert "no complement" in capsys.readouterr().err


def test_a_database_can_be_drawn_and_the_input_is_safe(motifs, tmp_path, capsys):
    out = tmp_path / "x.svg"
    assert main(["logo", "jaspar:vertebrates", "--motif", "CTCF", "-o", str(out)]) == 0
    assert any("CTCF" in text for text in texts(out))
    assert main(["logo", motifs, "-o", motifs, "--format", "svg"]) == 2
    assert "the output is the input" in capsys.readouterr().err
