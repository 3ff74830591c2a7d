"""Variants from the command line: planted losses come first, broken lines are said."""

import gzip
import io
import sys

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import write_motifs
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import write_fasta
from tests.cli.test_train import QUICK, read_table
from tests.discovery.planted import as_set, plant, random_rows
from tests.explain.test_variants import motif

WORD = "TGACTCAGC"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, a genome of one contig a site, and changes within sites and beside them."""
    folder = tmp_path_factory.mktemp("variants")
    bound = plant(random_rows(300, 40, 0), WORD, 1.0, 1)
    for name, rows in (("bound", bound), ("other", random_rows(300, 40, 2))):
        write_fasta(folder / f"{name}.fa", as_set(rows))
    arguments = ["train", str(folder / "bound.fa"), "--control", str(folder / "other.fa"),
                 "-o", str(folder / "m"), *QUICK, "--rounds", "10", "--steps", "30",
                 "--ensemble", "2"]  # fmt: skip
    assert main(arguments) == 0
    contigs = random_rows(40, 120, 7)
    contigs[:, 60:69] = DNA.encode(WORD)
    with (folder / "g.fa").open("w") as handle:
        for i, row in enumerate(contigs):
            handle.write(f">c{i}\n{DNA.decode(row)}\n")
    lines = []
    for i, row in enumerate(contigs):
        for name, at in (("in", 61), ("beside", 85)):
            ref = DNA.decode(row[at : at + 1])
            alt = "ACGT"[("ACGT".index(ref) + 1) % 4]
            lines.append(f"c{i}\t{at + 1}\t{name}\t{ref}\t{alt}\t.\t.\tDP={i}")
    write_motifs(folder / "motifs.meme", [motif(WORD, "AP1;a=factor")])
    return folder, lines


def run(made, text, out, *options, name="v.vcf"):
    path = made[0] / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return main(["variants", str(made[0] / "m"), str(path), "--genome", str(made[0] / "g.fa"),
                 "-o", str(out), *options])  # fmt: skip


def test_planted_losses_come_first(made, tmp_path):
    head = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    text = head + "\n".join(made[1]) + "\n"
    assert run(made, text, tmp_path / "o", "-q", "--motifs", str(made[0] / "motifs.meme")) == 0
    header, rows = read_table(tmp_path / "o" / "variants.tsv")
    assert len(rows) == 80 and header[-3:] == ["sd", "motif_lost", "motif_gained"]
    change = np.array([float(row[8]) for row in rows])
    inside = np.array([row[2] == "in" for row in rows])
    area = (change[inside][:, None] < change[~inside]).mean()
    assert area > 0.9
    assert {row[10] for row in rows if row[2] == "in"} == {"AP1;a=factor"}
    assert {row[10] for row in rows if row[2] == "beside"} == {""}
    for row in rows:
        assert float(row[8]) == pytest.approx(float(row[7]) - float(row[6]), abs=1e-3)
    lines = (tmp_path / "o" / "annotated.vcf").read_text().splitlines()
    assert lines[0] == "##fileformat=VCFv4.3" and lines[1].startswith("##INFO=<ID=SEQCNN_REF")
    assert lines[7].startswith("#CHROM")
    assert [line.split("\t")[:7] for line in lines[8:]] == [x.split("\t")[:7] for x in made[1]]
    first = lines[8].split("\t")[7]
    assert first.startswith("DP=0;SEQCNN_REF=") and "SEQCNN_LOST=AP1%3Ba%3Dfactor" in first


def test_broken_lines_are_said_one_by_one_and_the_rest_scored(made, tmp_path, capsys):
    broken = ["c0\tx\t.\tA\tC", "c0\t5", "c0\t5\t.\tN\tC", "c99\t5\t.\tA\tC",
              "c0\t500\t.\tA\tC"]  # fmt: skip
    ref = made[1][0].split("\t")[3]
    several = f"c0\t62\t.\t{ref}\t<DEL>,{ref}TT,{ref * 3}"
    text = "\n".join([*broken, several]) + "\n"
    capsys.readouterr()
    assert run(made, text, tmp_path / "o", name="v.vcf.gz") == 0
    said = capsys.readouterr()
    told = [line for line in said.err.splitlines() if "v.vcf.gz: line" in line]
    assert len(told) == 6 and "2 variants are scored" in said.out
    _, rows = read_table(tmp_path / "o" / "problems.tsv")
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    with gzip.open(tmp_path / "o" / "annotated.vcf.gz", "rt") as handle:
        lines = handle.read().splitlines()
    assert lines[0] == "##fileformat=VCFv4.3" and lines[5].startswith("#CHROM")
    assert lines[6:11] == broken
    scores = lines[11].split("\t")[7].split(";")[2].removeprefix("SEQCNN_DIFF=").split(",")
    assert scores[0] == "." and float(scores[1]) != float(scores[2])
    # blocks of the packed file can be sought in
    assert (tmp_path / "o" / "annotated.vcf.gz").read_bytes()[12:14] == b"BC"


def test_an_annotated_file_can_be_annotated_again_whatever_is_in_it(made, tmp_path):
    head = "##fileformat=VCFv4.3\n##source=M\u00fcller \u2192\n#CHROM\tPOS\tID\tREF\tALT\n"
    text = head + "\n".join(made[1][:4]) + "\n"
    files = []
    for name in ("first.vcf.gz", "again.vcf.gz"):
        out = tmp_path / name[:5]
        assert run(made, text, out, "-q", name=name) == 0
        with gzip.open(out / "annotated.vcf.gz", "rt", encoding="utf-8") as handle:
            text = handle.read()
        files.append(text)
    assert files[0] == files[1] and files[0].count("ID=SEQCNN_DIFF,") == 1
    assert "M\u00fcller \u2192" in files[0] and files[0].count(";SEQCNN_DIFF=") == 4


@pytest.mark.parametrize(("letters", "both"), [("dna", True), ("rna", False)])
def test_models_of_rna_do_not_read_the_other_strand_by_themselves(letters, both):
    """Their options say nothing of strands: it is the alphabet that decides."""
    from seqcnn.cli.variants import _reads_both
    from seqcnn.networks.weights import Member, Model
    from seqcnn.networks.zoo import create
    from seqcnn.seq.alphabet import get_alphabet

    network = create("motifcnn", alphabet=letters, kernels=2)
    made = Model((Member("motifcnn", {}, network, {}),), get_alphabet(letters), {})
    assert _reads_both(made) == both


def test_tasks_whose_names_look_alike_have_keys_of_their_own():
    from seqcnn.report.variants import _keys

    found = [keys["DIFF"] for keys in _keys(["T cell", "T-cell", "B"])]
    assert found == ["SEQCNN_DIFF_T_cell_1", "SEQCNN_DIFF_T_cell_2", "SEQCNN_DIFF_B"]


def test_blocks_do_not_matter(made, tmp_path, monkeypatch):
    from seqcnn.report import variants

    text = "\n".join(made[1]) + "\n"
    assert run(made, text, tmp_path / "a", "-q") == 0
    monkeypatch.setattr(variants, "BLOCK", 7)
    assert run(made, text, tmp_path / "b", "-q") == 0
    for name in ("variants.tsv", "annotated.vcf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_standard_input(made, tmp_path, monkeypatch):
    text = "\n".join(made[1][:3]) + "\n"
    assert run(made, text, tmp_path / "o", "-q") == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    monkeypatch.chdir(tmp_path)
    genome = str(made[0] / "g.fa")
    assert main(["variants", str(made[0] / "m"), "-", "--genome", genome, "-q"]) == 0
    for name in ("variants.tsv", "annotated.vcf", "problems.tsv"):
        one, other = (tmp_path / out / name for out in ("o", "stdin_variants"))
        assert one.read_bytes() == other.read_bytes()


def test_a_run_without_motifs_has_none_to_lose(made, tmp_path):
    own = made[0] / "m" / "motifs.meme"
    text = "\n".join(made[1][:4]) + "\n"
    for motifs, called in (([], {""}), ([motif(WORD, "AP1")], {"", "AP1"})):
        write_motifs(own, motifs)
        assert run(made, text, tmp_path / "o", "-q", "--force", name="calls.vcf") == 0
        _, rows = read_table(tmp_path / "o" / "variants.tsv")
        assert {row[10] for row in rows} == called
    own.unlink()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c0\tx\t.\tA\tC\n", "line 1: no variant can be scored; the first: the position is 'x'"),
        (">s\nACGT\n", "line 1: is no VCF"),
        ("##fileformat=VCFv4.3\n", "no variant can be scored"),
    ],
)
def test_nothing_to_score_is_one_line_and_leaves_nothing(made, tmp_path, capsys, text, message):
    capsys.readouterr()
    assert run(made, text, tmp_path / "o", "-q") == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not (tmp_path / "o").exists()
