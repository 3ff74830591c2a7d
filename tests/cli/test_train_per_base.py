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


def letters_of(text):
    """Lay lines of BED or bedGraph along the sequences, (160, 60); NaN where there is none."""
    laid = np.full((160, 60), np.nan)
    for line in text.splitlines():
        name, start, end, *more = line.split("\t")
        values = laid[int(name[1:]), int(start) : int(end)]
        assert np.isnan(values).all()
        values[:] = float(more[0]) if len(more) == 1 else 1
    return laid


def run(*arguments):
    return main([str(a) for a in arguments])


def test_sites_are_learnt_and_found(tmp_path, capsys):
    written(tmp_path)
    model, fasta = tmp_path / "m", tmp_path / "a.fa"
    files = ["--task", "per-base", "--labels", tmp_path / "sites.bed", "-o", model]
    assert run("train", fasta, *files, *SMALL) == 0
    told = capsys.readouterr().out
    assert "ROC curve" in (model / "report.html").read_text()
    assert "auprc on" in told and "the share of sites alone: 0.0" in told
    header, first = (tmp_path / "m" / "predictions.tsv").read_text().splitlines()[:2]
    assert header == "id\tfold\tlabel:sites\tsites" and first.split("\t")[2] in ("0", "8")
    assert run("predict", model, fasta, "-o", tmp_path / "p.bed") == 0
    found, true = read_bed(tmp_path / "p.bed"), read_bed(tmp_path / "sites.bed")
    assert true.overlaps(found).mean() > 0.9
    worth = json.loads((model / "metrics.json").read_text())["held_out"]["sites"]["auprc"]
    assert worth["low"] <= worth["value"] <= worth["high"] and worth["value"] > 0.7
    assert run("predict", model, fasta) == 0
    score = letters_of(capsys.readouterr().out)
    planted = letters_of((tmp_path / "sites.bed").read_text()) > 0
    assert np.isfinite(score).all()  # each letter of each sequence has one line
    # over six seeds 0.81 and more in sites, 0.016 at most elsewhere; of all letters, 7 % are sites
    assert score[planted].mean() > 0.6 and score[~planted].mean() < 0.06
    called = letters_of((tmp_path / "p.bed").read_text()) > 0
    np.testing.assert_array_equal(called, score >= 0.5)
    right = (called & planted).sum()
    # over six seeds, 0.90 to 0.97 of the letters that are called, and 0.91 to 0.99 of the planted
    assert right > 0.8 * called.sum() and right > 0.8 * planted.sum()
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
