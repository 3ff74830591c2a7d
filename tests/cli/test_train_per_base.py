"""``train --task per-base`` and ``predict``: planted words, from BED to BED."""

import json

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.seq.io.bed import read_bed

WORD = "TTACCCGG"
SMALL = ["--ensemble", "1", "--rounds", "3", "--steps", "25", "--batch", "32", "--seed", "1",
         "--learning-rate", "0.02", "--set", "channels=16", "--set", "layers=1",
         "--set", "width=11", "--set", "profile_width=11", "--set", "dropout=0.0"]  # fmt: skip


def written(folder):
    """Write sequences with a word in every other one, and where it lies."""
    rng = np.random.default_rng(0)
    fasta, bed = [], []
    for i in range(160):
        letters = rng.choice(list("ACGT"), 60)
        if i % 2:
            at = int(rng.integers(0, 52))
            letters[at : at + 8] = list(WORD)
            bed.append(f"s{i}\t{at}\t{at + 8}\n")
        fasta.append(f">s{i}\n{''.join(letters)}\n")
    (folder / "a.fa").write_text("".join(fasta))
    (folder / "sites.bed").write_text("".join(bed))


def run(*arguments):
    return main([str(a) for a in arguments])


def test_sites_are_learnt_and_found(tmp_path, capsys):
    written(tmp_path)
    model, fasta = tmp_path / "m", tmp_path / "a.fa"
    files = ["--task", "per-base", "--labels", tmp_path / "sites.bed", "-o", model]
    assert run("train", fasta, *files, *SMALL) == 0
    told = capsys.readouterr().out
    assert "auprc on" in told and "the share of sites alone: 0.0" in told
    header, first = (tmp_path / "m" / "predictions.tsv").read_text().splitlines()[:2]
    assert header == "id\tfold\tlabel:sites\tsites" and first.split("\t")[2] in ("0", "8")
    assert run("predict", model, fasta, "-o", tmp_path / "p.bed") == 0
    found, true = read_bed(tmp_path / "p.bed"), read_bed(tmp_path / "sites.bed")
    assert true.overlaps(found).mean() > 0.9  # 7 % of all letters lie in sites
    worth = json.loads((model / "metrics.json").read_text())["held_out"]["sites"]["auprc"]
    assert worth["low"] <= worth["value"] <= worth["high"] and worth["value"] > 0.7
    assert run("predict", model, fasta) == 0
    track = capsys.readouterr().out.splitlines()
    rows = [line.split("\t") for line in track if line.startswith("s1\t")]
    assert sum(int(end) - int(start) for _, start, end, _ in rows) == 60
    for command in ("evaluate", "explain"):
        assert run(command, model, fasta, "-o", tmp_path / command) == 2
        assert "no whole sequences" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "give their BED file with --labels"),
        (["--labels", "x.bed", "--augment"], "`--augment` does not go with --task per-base"),
        (["--labels", "x.bed", "--network", "basset"], "basset scores whole sequences"),
        (["--labels", "far.bed"], "no site lies on any of the 160 sequences"),
    ],
)
def test_wrong_arguments_are_told(tmp_path, monkeypatch, capsys, more, message):
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.bed").write_text((tmp_path / "sites.bed").read_text())
    (tmp_path / "far.bed").write_text("chr9\t1\t5\n")
    assert run("train", "a.fa", "--task", "per-base", *more) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
