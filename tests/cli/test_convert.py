"""``seqcnn convert`` as a user runs it: every pair of formats, and files that are broken."""

import gzip
import io
import itertools
import sys

import numpy as np
import pytest

from seqcnn.cli.convert import ENDINGS, FORMATS
from seqcnn.cli.main import main
from seqcnn.motifs.io import FORMATS as KNOWN
from seqcnn.motifs.io import read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA

RNG = np.random.default_rng(2)


def random_motif(name, other, width, sites):
    # shares of 1/64 have six decimals, so that no format rounds them
    shares = RNG.multinomial(64, RNG.dirichlet([0.3] * 4, width)) / 64
    return Motif(name, ProbabilityMatrix(shares, DNA), other, sites=sites)


MOTIFS = [
    random_motif("MA0139.2", "CTCF", 9, 500),
    random_motif("MA0035.5", "GATA1", 6, 70),
    random_motif("MA0036.4", "GATA2", 7, 9),
]


@pytest.fixture
def meme(tmp_path):
    write_motifs(tmp_path / "in.meme", MOTIFS)
    return str(tmp_path / "in.meme")


def test_all_formats_are_offered():
    assert set(FORMATS) == set(KNOWN) == set(ENDINGS.values())


@pytest.mark.parametrize(("first", "second"), list(itertools.product(FORMATS, repeat=2)))
def test_every_pair_of_formats(tmp_path, capsys, first, second):
    write_motifs(tmp_path / "a", MOTIFS, format=first)
    ending = next(e for e in reversed(ENDINGS) if ENDINGS[e] == second)
    out = tmp_path / f"b{ending}.gz"
    assert main(["convert", str(tmp_path / "a"), str(out)]) == 0
    assert gzip.decompress(out.read_bytes())
    found = read_motifs(out, format=second)
    for motif, original in zip(found, MOTIFS, strict=True):
        assert motif.name == original.name
        np.testing.assert_allclose(motif.matrix.values, original.matrix.values, atol=3e-6)
        if not {first, second} & {"homer", "uniprobe"}:
            assert motif.alternative_name == original.alternative_name
        if "uniprobe" not in (first, second):
            assert motif.sites == pytest.approx(original.sites, abs=0.5)
    said = capsys.readouterr().err.splitlines()
    lossy = second == "uniprobe" and first != "uniprobe"
    lossy |= second == "homer" and first in ("meme", "jaspar", "pfm", "transfac")
    assert any(line.startswith("note: lost, as") for line in said) or not lossy
    assert len(said) <= 1
    assert main(["convert", str(out), "-", "--from", second, "--to", first]) == 0
    (tmp_path / "c").write_text(capsys.readouterr().out)
    assert [m.name for m in read_motifs(tmp_path / "c")] == [m.name for m in MOTIFS]


def test_standard_streams(meme, capsys, monkeypatch):
    with open(meme, "rb") as handle:  # noqa: PTH123
        content = handle.read()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(content))))
    assert main(["convert", "-", "-"]) == 0
    assert capsys.readouterr().out.encode() == content


def test_choosing_trimming_turning_naming(meme, tmp_path):
    out = tmp_path / "x.meme"
    assert main(["convert", meme, str(out), "--motif", "gata*", "--names", "alternative"]) == 0
    assert [(m.name, m.alternative_name) for m in read_motifs(out)] == [
        ("GATA1", "MA0035.5"), ("GATA2", "MA0036.4")
    ]  # fmt: skip
    assert main(["convert", meme, str(out), "--motif", "MA0139", "--names", "both",
                 "--reverse-complement", "--trim", "1.2"]) == 0  # fmt: skip
    (found,) = read_motifs(out)
    assert found.name == "MA0139.2_CTCF"
    expected = MOTIFS[0].reverse_complement().trim(1.2)
    assert expected.width < 9
    np.testing.assert_allclose(found.matrix.values, expected.matrix.values, atol=1e-6)


@pytest.mark.parametrize("given", [[], ["--from", "meme"]])
def test_alphabets(meme, tmp_path, capsys, given):
    out = tmp_path / "x.meme"
    assert main(["convert", meme, str(out), "--alphabet", "rna", *given]) == 0
    assert "ALPHABET= ACGU" in out.read_text()
    assert {m.alphabet for m in read_motifs(out)} == {RNA}
    assert main(["convert", str(out), str(tmp_path / "y.meme"), "--alphabet", "dna", *given]) == 0
    assert (tmp_path / "y.meme").read_bytes() == (tmp_path / "in.meme").read_bytes()
    assert main(["convert", meme, "-", "--alphabet", "protein", *given]) == 2
    said = "is over ACGT (dna), but ACDEFGHIKLMNPQRSTVWY (protein) is needed"
    assert said in capsys.readouterr().err


def test_one_file_for_each_motif(meme, tmp_path):
    out = tmp_path / "each"
    assert main(["convert", meme, f"{out}/", "--to", "jaspar"]) == 0
    names = sorted(f"{m.name}.jaspar" for m in MOTIFS)
    assert sorted(path.name for path in out.iterdir()) == names
    assert read_motifs(out / "MA0035.5.jaspar")[0].alternative_name == "GATA1"


def test_losses_are_one_note(tmp_path, capsys):
    rich = Motif("m", MOTIFS[0].matrix, "x", sites=20, log10_e_value=-3)
    write_motifs(tmp_path / "a.meme", [rich])
    assert main(["convert", str(tmp_path / "a.meme"), str(tmp_path / "b.homer")]) == 0
    assert capsys.readouterr().err == (
        "note: lost, as the format homer has no place for it: alternative names (of 1 motif), "
        "E-values (of 1 motif)\n"
    )
    assert main(["convert", str(tmp_path / "a.meme"), str(tmp_path / "b.homer"), "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["convert", str(tmp_path / "a.meme"), str(tmp_path / "b.meme")]) == 0
    assert capsys.readouterr().err == ""


def test_a_database_and_a_protein(tmp_path, capsys):
    assert main(["convert", "jaspar:urochordates", str(tmp_path / "x.pfm")]) == 0
    assert len(read_motifs(tmp_path / "x.pfm")) > 10
    write_motifs(tmp_path / "p.meme", [Motif("p", ProbabilityMatrix(np.eye(20), PROTEIN))])
    for format in FORMATS:
        assert main(["convert", str(tmp_path / "p.meme"), str(tmp_path / "p"), "--to", format]) == 0
        (found,) = read_motifs(tmp_path / "p", format=format)
        assert found.alphabet == PROTEIN
    assert main(["convert", str(tmp_path / "p.meme"), "-", "--reverse-complement"]) == 2
    assert "no complement" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["in.meme", "x.txt"], "add --to"),
        (["in.meme", "in.meme"], "the output is the input"),
        (["nowhere", "x.meme"], "neither a motif file nor a database"),
        (["jaspar:birds", "x.meme"], "birds"),
        (["in.meme", "x.meme", "--motif", "CTC"], "similar names are CTCF"),
        (["in.meme", "x.meme", "--from", "jaspar"], "in.meme, line"),
        (["in.meme", "no/folder/x.meme"], "there is no folder no/folder"),
        (["in.meme", "x.meme", "--trim", "-1"], "--trim"),
        (["in.meme", "x.meme", "--to", "gif"], "--to"),
    ],
)
def test_wrong_arguments_are_one_line(meme, tmp_path, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert [path.name for path in tmp_path.iterdir()] == ["in.meme"]


BROKEN = {
    "nan": "MEME version 4\nALPHABET= ACGT\nMOTIF a\nletter-probability matrix: w= 1\nnan 0 0 1\n",
    "negative": "MEME version 4\nMOTIF a\nletter-probability matrix:\n1.1 -0.1 0 0\n",
    "sum": "MEME version 4\nMOTIF a\nletter-probability matrix:\n0.9 0.9 0.1 0.1\n",
    "width": "MEME version 4\nMOTIF a\nletter-probability matrix: w= 5\n1 0 0 0\n",
    "no motif": "MEME version 4\n\nALPHABET= ACGT\n",
    "no version": "ALPHABET= ACGT\nMOTIF a\nletter-probability matrix:\n1 0 0 0\n",
    "missing row": ">M X\nA [1 2]\nC [1 2]\nG [1 2]\n",
    "ragged": ">M X\nA [1 2]\nC [1]\nG [1 2]\nT [1 2]\n",
    "empty": "",
    "web page": "<!DOCTYPE html><html><body>404</body></html>\n",
    "fasta": ">chr1\nACGTACGT\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_one_line(tmp_path, capsys, kind):
    (tmp_path / "x").write_text(BROKEN[kind])
    assert main(["convert", str(tmp_path / "x"), str(tmp_path / "y.meme")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'x'}")
    assert not (tmp_path / "y.meme").exists()


@pytest.mark.parametrize("content", [b"\x00\xff\xfe", b"\x1f\x8b\x08", b"\xff\xfeM\x00E\x00"])
def test_binary_files_are_one_line(tmp_path, capsys, content):
    (tmp_path / "x").write_bytes(content)
    assert main(["convert", str(tmp_path / "x"), "-"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("format", FORMATS)
def test_every_truncation_is_a_list_or_one_line(tmp_path, capsys, format):
    small = [
        Motif("M1", ProbabilityMatrix(MOTIFS[1].matrix.values[:2], DNA), "x", sites=7),
        Motif("M2", ProbabilityMatrix(MOTIFS[2].matrix.values[:1], DNA), sites=3),
    ]
    path, out = tmp_path / "x", tmp_path / "y.meme"
    write_motifs(path, small, format=format)
    whole, read = path.read_bytes(), 0
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        code = main(["convert", str(path), str(out), "-q"])
        errors = [
            line
            for line in capsys.readouterr().err.splitlines()
            if not line.startswith("warning: ")
        ]
        if code == 0:
            read += 1
            assert errors == []
            assert 1 <= len(read_motifs(out)) <= 2
            out.unlink()
        else:
            assert (code, len(errors), out.exists()) == (2, 1, False)
            assert errors[0].startswith(f"error: {path}")
    assert 0 < read < len(whole)
