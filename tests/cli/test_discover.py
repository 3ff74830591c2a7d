"""The command as a user runs it: files, exit codes, single lines of error."""

import contextlib
import csv
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import Bio.motifs
import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import read_motifs
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.logspace import parse_log10
from seqcnn.stats.tests import log10_p_of_detail
from tests.discovery.planted import as_set, plant, random_rows


@pytest.fixture(scope="module")
def peaks(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "peaks.fa"
    sequences = as_set(plant(random_rows(240, 60, 0), "TGACTCAGC", 0.5, 1))
    names = tuple(f"chr1:{100 * i}-{100 * i + 60}" for i in range(len(sequences)))
    write_fasta(path, replace(sequences, ids=names))
    return path


@pytest.fixture(scope="module")
def twice(peaks, tmp_path_factory):
    """Run the command here, and in a process of its own: other hashes, and no cache."""
    folder = tmp_path_factory.mktemp("out")
    arguments = ["discover", str(peaks), "--quiet", "-o"]
    assert main([*arguments, str(folder / "a")]) == 0
    other = {"PYTHONHASHSEED": "2", "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    done = subprocess.run(
        [sys.executable, "-m", "seqcnn", *arguments, str(folder / "b")],
        env=os.environ | other,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


FILES = (
    "report.html report.json.gz motifs.meme motifs.tsv candidates.tsv significance.tsv "
    "positions.tsv pairs.tsv folds.tsv sites.tsv sites.bed known.tsv matches.tsv metrics.json "
    "run.json model/config.json model/weights.safetensors logos/m1.svg seqcnn_mqc.json "
    "seqcnn_statistics_mqc.json seqcnn_mqc_versions.yml"
).split()


def test_all_files_are_there(twice):
    assert [name for name in FILES if not (twice / "a" / name).exists()] == []


def test_the_page_is_rendered_again_and_the_folder_is_verified(twice, tmp_path, capsys):
    again = tmp_path / "again.html"
    assert main(["report", str(twice / "a"), "-o", str(again)]) == 0
    assert again.read_bytes() == (twice / "a" / "report.html").read_bytes()
    assert main(["verify", str(twice / "a")]) == 0
    record = json.loads((twice / "a" / "run.json").read_text())
    assert record["schema"] == 1 and set(FILES) - {"run.json"} <= set(record["files"])
    assert main(["report", str(tmp_path)]) == 2
    assert "the file is missing" in capsys.readouterr().err


def test_the_motif_file_agrees_with_the_table(twice):
    motifs = read_motifs(twice / "a" / "motifs.meme")
    lines = (twice / "a" / "motifs.tsv").read_text().splitlines()
    assert [m.name for m in motifs] == [line.split("\t")[1] for line in lines[1:]]
    assert all(len(line.split("\t")) == len(lines[0].split("\t")) for line in lines)


def rows_of(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_every_p_and_e_can_be_computed_again_from_the_files(twice):
    tests = rows_of(twice / "a" / "significance.tsv")
    for row in tests:
        again = log10_p_of_detail(row["test"], row["detail"])
        assert again == pytest.approx(parse_log10(row["p_value"]), abs=1e-5)
        e_value = again + np.log10(int(row["n_tests"]))
        assert e_value == pytest.approx(parse_log10(row["e_value"]), abs=1e-5)
    for motif in rows_of(twice / "a" / "motifs.tsv"):
        own = [row for row in tests if row["motif"] == motif["id"]]
        least = min(parse_log10(row["e_value"]) for row in own)
        assert parse_log10(motif["e_value"]) == pytest.approx(least + np.log10(2), abs=0.02)
        best = {row["fold"]: row for row in sorted(own, key=lambda r: -parse_log10(r["e_value"]))}
        for column in ("pos_hits", "pos_total", "neg_hits", "neg_total"):
            assert int(motif[column]) == sum(int(row[column]) for row in best.values())


def test_known_motifs_stand_beside_those_that_were_found(twice):
    known, motifs = (rows_of(twice / "a" / name) for name in ("known.tsv", "motifs.tsv"))
    assert list(known[0]) == list(motifs[0]) and len(known) == 2633
    assert {row["source"] for row in known} == {"known"}
    assert parse_log10(known[0]["e_value"]) < -15
    # what is planted is the site of AP-1
    family = {row["best_match"].split()[1] for row in known[:30]}
    assert {"JUNB", "BACH1"} <= family
    matches = rows_of(twice / "a" / "matches.tsv")
    assert motifs[0]["best_match"] == f"{matches[0]['target']} {matches[0]['name']}"
    assert parse_log10(motifs[0]["match_q_value"]) == pytest.approx(
        parse_log10(matches[0]["q_value"]), abs=0.1
    )
    page = (twice / "a" / "report.html").read_text()
    assert (
        '<h2 id="known">Known motifs</h2>' in page
        and 'href="#known-1"' in page
        and 'id="known-1"' in page
    )


def test_known_motifs_alone(peaks, tmp_path, capsys):
    out = str(tmp_path / "out")
    arguments = ["discover", str(peaks), "--known-only", "--db", "jaspar:insects", "-o", out, "-q"]
    assert main(arguments) == 0
    assert "known motifs is" in capsys.readouterr().out
    assert not (tmp_path / "out" / "model").exists()
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == {"holdout": None}
    assert rows_of(tmp_path / "out" / "motifs.tsv") == []
    assert main([*arguments, "--force"]) == 0


def test_a_database_that_is_none_is_one_line(peaks, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["discover", str(peaks), "--db", "jaspr", "-o", out, "-q"]) == 2
    assert "'jaspr' is neither a motif file nor a database" in capsys.readouterr().err
    assert main(["discover", str(peaks), "--db", "none", "--known-only", "-o", out, "-q"]) == 2
    assert "--known-only" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_says_what_is_read_and_how_long_it_takes(capsys):
    with contextlib.suppress(SystemExit):
        main(["discover", "--help"])
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for part in ("20 sequences at least", "around summits", "seconds of processor time"):
        assert part in words
    for part in ("any number of repetitions", "zero or one occurrence", "weaker p-values"):
        assert part in words
    options = [option for option in words.split() if option.startswith("--")]
    assert options.index("--dims") > options.index("--device")


def test_quick_and_thorough_contradict_each_other(peaks, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["discover", str(peaks), "--quick", "--thorough", "-o", out, "-q"]) == 2
    assert "--quick and --thorough contradict each other" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_each_fold_is_tested_whole(twice):
    folds = Counter(
        row["fold"] for row in rows_of(twice / "a" / "folds.tsv") if row["role"] == "analysed"
    )
    for row in rows_of(twice / "a" / "significance.tsv"):
        assert int(row["pos_total"]) == folds[row["fold"]]
        assert int(row["neg_total"]) == 9 * folds[row["fold"]]


def test_sites_and_their_numbers_agree(twice):
    sites = Counter(row["motif"] for row in rows_of(twice / "a" / "sites.tsv"))
    motifs = rows_of(twice / "a" / "motifs.tsv")
    assert {row["id"]: int(row["nsites"]) for row in motifs} == sites
    for motif in read_motifs(twice / "a" / "motifs.meme"):
        assert motif.sites == sites[motif.name]
    # the threshold is the one that was tested, so that shares in text and table agree
    for row in motifs:
        found = {s["sequence"] for s in rows_of(twice / "a" / "sites.tsv")}
        assert abs(len(found) - int(row["pos_hits"])) <= 0.1 * len(found)


def test_biopython_reads_the_motif_file(twice):
    with (twice / "a" / "motifs.meme").open() as handle:
        found = Bio.motifs.parse(handle, "minimal")
    assert [motif.name for motif in found] == [
        row["id"] for row in rows_of(twice / "a" / "motifs.tsv")
    ]


def test_sites_lie_in_the_genome_where_the_names_of_the_sequences_say(twice):
    bed = [line.split("\t") for line in (twice / "a" / "sites.bed").read_text().splitlines()]
    table = [line.split("\t") for line in (twice / "a" / "sites.tsv").read_text().splitlines()[1:]]
    expected = {
        ("chr1", int(name.split(":")[1].split("-")[0]) + int(start), motif, strand)
        for motif, name, start, _, strand, *_ in table
    }
    assert {(row[0], int(row[1]), row[3], row[5]) for row in bed} == expected
    assert len(bed) == len(table) > 0
    assert [int(row[1]) for row in bed] == sorted(int(row[1]) for row in bed)


def test_another_process_writes_the_same_bytes(twice):
    a, b = (
        {str(path.relative_to(twice / run)) for path in (twice / run).rglob("*") if path.is_file()}
        for run in "ab"
    )
    assert a == b and set(FILES) <= a
    for name in a:
        first, second = ((twice / run / name).read_bytes() for run in "ab")
        if name == "run.json":
            first, second = (
                {k: v for k, v in json.loads(text).items() if k != "time"}
                for text in (first, second)
            )
        assert first == second, name


def test_predict_scores_each_sequence(twice, peaks, tmp_path):
    out = tmp_path / "scores.tsv"
    assert main(["predict", str(twice / "a" / "model"), str(peaks), "-o", str(out), "-q"]) == 0
    lines = out.read_text().splitlines()
    assert lines[0] == "id\tprobability"
    assert len(lines) == 241
    assert all(0 <= float(line.split("\t")[1]) <= 1 for line in lines[1:])


def test_the_output_folder_is_not_overwritten(twice, peaks, capsys):
    assert main(["discover", str(peaks), "-o", str(twice / "a"), "-q"]) == 2
    assert "--force" in capsys.readouterr().err


def test_predict_takes_the_folder_of_a_run(twice, peaks, tmp_path):
    outs = [tmp_path / "a.tsv", tmp_path / "b.tsv"]
    for model, out in zip((twice / "a", twice / "a" / "model"), outs, strict=True):
        assert main(["predict", str(model), str(peaks), "-o", str(out), "-q"]) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_long_record_beside_short_ones_can_be_scored(twice, tmp_path):
    short = list(random_rows(300, 60, 2))
    long = np.random.default_rng(3).integers(0, 4, 100_000).astype(np.uint8)
    tables = []
    for name, rows in (("mixed", [*short, long]), ("alone", short)):
        write_fasta(tmp_path / name, SequenceSet.from_arrays(rows, alphabet=DNA))
        out = tmp_path / (name + ".tsv")
        assert main(["predict", str(twice / "a"), str(tmp_path / name), "-o", str(out), "-q"]) == 0
        tables.append(rows_of(out))
    assert [len(rows) for rows in tables] == [301, 300]
    for one, other in zip(*tables, strict=False):
        assert abs(float(one["probability"]) - float(other["probability"])) < 2e-6


def bad_inputs(folder):
    """Each kind of bad input with a word that its message has."""

    def write(name, content):
        path = folder / name
        path.write_bytes(content)
        return str(path)

    record = b">a\nACGTACGTACGTTGCA\n"
    cut = gzip.compress(record * 50)[:-20]
    return {
        "missing": (["nowhere.fa"], "no such file"),
        "empty": ([write("empty.fa", b"")], "no sequences"),
        "blank": ([write("blank.fa", b"\n\n")], "no sequences"),
        "not fasta": ([write("page.fa", b"<html><body>404</body></html>\n")], "HTML"),
        "truncated gzip": ([write("cut.fa.gz", cut)], "truncated"),
        "binary": ([write("noise.fa", bytes(range(256)) * 4)], ""),
        "utf-16": ([write("wide.fa", record.decode().encode("utf-16"))], "UTF-16"),
        "wrong alphabet": ([write("dna.fa", b">a\nACLGT\n"), "--alphabet", "dna"], "'L'"),
        "one sequence": ([write("one.fa", record)], "motifs need 20"),
        "all N": ([write("n.fa", b">a\nNNNNNNNNNN\n>b\nNNNNNNN\n")], ""),
        "too short": ([write("short.fa", b">a\nACG\n" * 40)], "known letters"),
        "no control": ([write("ok.fa", record * 30), "--control", "none.fa"], "no such file"),
    }  # fmt: skip


KINDS = (
    "missing", "empty", "blank", "not fasta", "truncated gzip", "binary", "utf-16",
    "wrong alphabet", "one sequence", "all N", "too short", "no control",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_is_one_line_and_nothing_written(kind, tmp_path, capsys):
    arguments, word = bad_inputs(tmp_path)[kind]
    before = sorted(tmp_path.iterdir())
    assert main(["discover", *arguments, "-o", str(tmp_path / "out"), "-q"]) == 2
    errors = [x for x in capsys.readouterr().err.splitlines() if not x.startswith("warning")]
    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert word in errors[0]
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(peaks, tmp_path, capsys):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert main(["discover", str(peaks), "-o", str(locked / "out"), "-q"]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_an_output_under_a_file_is_refused(peaks, capsys):
    assert main(["discover", str(peaks), "-o", str(peaks / "out"), "-q"]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_shuffle_keeps_the_records(peaks, tmp_path):
    out = tmp_path / "shuffled.fa"
    assert main(["shuffle", str(peaks), "-o", str(out), "-q"]) == 0
    lines = out.read_text().splitlines()
    assert len(lines) == 480
    assert sorted(lines[1]) == sorted(peaks.read_text().splitlines()[1])


def test_a_wrong_option_is_exit_2(peaks, capsys):
    assert main(["discover", str(peaks), "--strnd", "one"]) == 2
    assert "--strand" in capsys.readouterr().err
