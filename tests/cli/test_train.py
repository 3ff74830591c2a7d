"""Train, predict and evaluate from the command line: every kind of label, and what can go wrong."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.seq.io.fasta import write_fasta
from tests.discovery.planted import as_set, plant, random_rows

QUICK = ["-q", "--rounds", "3", "--steps", "10", "--ensemble", "1", "--set", "kernels=8",
         "--set", "width=8", "--set", "hidden=16", "--learning-rate", "0.01"]  # fmt: skip
SEQCNN = [sys.executable, "-m", "seqcnn"]
MODEL = ["config.json", "history.tsv", "metrics.json", "predictions.tsv", "report.html",
         "report.json.gz", "run.json", "weights.safetensors"]  # fmt: skip


def fasta(path, rows):
    write_fasta(path, as_set(rows))
    return str(path)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Positives with a word, and two controls."""
    folder = tmp_path_factory.mktemp("in")
    planted = plant(random_rows(200, 40, 0), "TGACTCAGC", 1.0, 1)
    other = plant(random_rows(200, 40, 5), "CCATATTAGG", 1.0, 6)
    return [
        fasta(folder / "ap1.fa", planted),
        fasta(folder / "none.fa", random_rows(200, 40, 2)),
        fasta(folder / "srf.fa", other),
    ]


@pytest.fixture(scope="module")
def model(files, tmp_path_factory):
    out = str(tmp_path_factory.mktemp("out") / "m")
    longer = [*QUICK, "--rounds", "10", "--steps", "30"]
    assert main(["train", files[0], "--control", files[1], "-o", out, *longer]) == 0
    return out


def read_table(path):
    header, *rows = [line.split("\t") for line in Path(path).read_text().splitlines()]
    return header, rows


def write_labels(path, header, rows):
    lines = ["\t".join(map(str, row)) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_two_files_make_a_model_that_predicts(model, files, tmp_path):
    assert sorted(p.name for p in Path(model).iterdir()) == MODEL
    metrics = json.loads((Path(model) / "metrics.json").read_text())
    area = metrics["held_out"]["probability"]["auroc"]
    assert area["low"] <= area["value"] <= area["high"]
    # a word of 9 among 40 letters is seen in the composition too
    assert area["value"] > 0.9 > metrics["composition"]["probability"]
    header, rows = read_table(Path(model) / "history.tsv")
    assert header == ["network", "fold", "round", "loss", "validation_loss", "auroc"] and rows
    assert main(["predict", model, files[0], "-o", str(tmp_path / "p.tsv"), "-q"]) == 0
    header, rows = read_table(tmp_path / "p.tsv")
    assert header == ["id", "probability"] and len(rows) == 200
    assert np.mean([float(r[1]) for r in rows]) > 0.7


def test_prevalence_rescales_odds(model, files, tmp_path):
    def odds(*options):
        out = str(tmp_path / "p.tsv")
        assert main(["predict", model, files[1], "-o", out, "-q", *options]) == 0
        p = np.array([float(r[1]) for r in read_table(out)[1]])
        return p / (1 - p)

    # the model was trained on as many positives as negatives
    np.testing.assert_allclose(odds("--prevalence", "0.01"), odds() / 99, rtol=1e-3)


def test_evaluate_writes_metrics_and_curves(model, files, tmp_path, capsys):
    out = tmp_path / "e"
    arguments = ["evaluate", model, files[0], "--control", files[1], "-o", str(out), "-q"]
    assert main(arguments) == 0
    assert "composition alone" in capsys.readouterr().out
    names = {p.name for p in out.iterdir()}
    assert names == {
        "metrics.json", "metrics.tsv", "curves.tsv", "predictions.tsv", "roc.png",
        "precision_recall.png", "reliability.png", "report.html", "report.json.gz", "run.json",
    }  # fmt: skip
    facts = json.loads((out / "metrics.json").read_text())
    p = np.array([float(r[1]) for r in read_table(out / "predictions.tsv")[1]])
    pairs = p[:200, None] - p[None, 200:]
    area = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert facts["metrics"]["probability"]["auroc"]["value"] == pytest.approx(area, abs=1e-3)
    assert set(facts["composition"]) == {"probability"} and facts["positives"] == 200
    assert {r[0] for r in read_table(out / "curves.tsv")[1]} == {
        "roc", "precision_recall", "reliability",
    }  # fmt: skip
    assert main(["verify", str(out), "-q"]) == 0
    assert main(arguments) == 2
    assert main([*arguments, "--force"]) == 0


def test_the_page_of_a_model_says_what_its_tables_say(model, tmp_path, capsys):
    text = (Path(model) / "report.html").read_text()
    area = json.loads((Path(model) / "metrics.json").read_text())["held_out"]["probability"]
    shown = [f"{area['auroc'][name]:.3f}" for name in ("value", "low", "high")]
    assert f"an AUROC of {shown[0]} (95 % interval {shown[1]} to {shown[2]})" in text
    header, rows = read_table(Path(model) / "predictions.tsv")
    assert header == ["id", "fold", "label:probability", "probability"]
    worst = max(rows, key=lambda row: abs(float(row[2]) - float(row[3])))
    listed = text.split("Worst cases</h2>")[1].split("<tbody")[1]
    assert f"<bdi>{worst[0]}</bdi>" in listed.split("</tr>")[0]
    record = json.loads((Path(model) / "run.json").read_text())
    assert record["command"] == "train" and len(record["inputs"]) == 2
    assert record["arguments"]["seed"] == 0 and "<dt>seed</dt><dd><bdi>0</bdi></dd>" in text
    again = shlex.split(record["arguments"]["again"])
    assert again[:2] == ["seqcnn", "train"] and "-o" not in again and "--out" not in again
    copy = tmp_path / "copy"
    # the command on the page makes the same weights
    assert main([*again[1:], "-q", "-o", str(copy)]) == 0
    assert weights_of(copy) == weights_of(model)
    assert main(["report", model, "-o", str(tmp_path / "again.html"), "-q"]) == 0
    assert (tmp_path / "again.html").read_text() == text
    assert main(["verify", model, "-q"]) == 0


def test_a_page_that_cannot_be_made_leaves_the_model(files, tmp_path, monkeypatch, capsys):
    from seqcnn.report import model_page

    def broken(*_, **__):
        raise KeyError("page")

    monkeypatch.setattr(model_page, "training_page", broken)
    out = tmp_path / "m"
    heard = [option for option in QUICK if option != "-q"]
    assert main(["train", files[0], "-o", str(out), *heard]) == 0
    said = capsys.readouterr().err
    assert f"all results are in {out}" in said and "KeyError" in said
    assert sorted(p.name for p in out.iterdir()) == [n for n in MODEL if "report" not in n]
    assert main(["verify", str(out), "-q"]) == 0


def test_without_a_control_sequences_are_shuffled(files, tmp_path):
    assert main(["train", files[0], "-o", str(tmp_path / "m"), *QUICK]) == 0
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config["extra"]["prevalence"] == 0.5


def test_a_file_a_class(files, tmp_path):
    out = tmp_path / "m"
    assert main(["train", "--classes", *files, "-o", str(out), *QUICK]) == 0
    assert main(["predict", str(out), files[2], "-o", str(tmp_path / "p.tsv"), "-q"]) == 0
    header, rows = read_table(tmp_path / "p.tsv")
    assert header == ["id", "ap1", "none", "srf"]
    assert sum(float(x) for x in rows[0][1:]) == pytest.approx(1, abs=1e-4)
    evaluated = ["evaluate", str(out), "--classes", *files, "-o", str(tmp_path / "e"), "-q"]
    assert main(evaluated) == 0
    metrics = json.loads((tmp_path / "e" / "metrics.json").read_text())["metrics"]
    assert set(metrics) == {"ap1", "none", "srf", "mean"}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Sequences s1, s2, ... with a word in those of an even number."""
    folder = tmp_path_factory.mktemp("mixed")
    rows = random_rows(240, 40, 0)
    rows[1::2] = plant(rows[1::2], "TGACTCAGC", 1.0, 1)
    from seqcnn.seq.alphabet import DNA
    from seqcnn.seq.record import SequenceSet

    ids = [f"s{i + 1}" for i in range(240)]
    path = folder / "mixed.fa"
    write_fasta(path, SequenceSet.from_arrays(list(rows), alphabet=DNA, ids=ids))
    return folder, str(path), ids


def values(kind, n):
    rng = np.random.default_rng(0)
    even = np.arange(n) % 2
    if kind == "multilabel":
        table = np.stack([even, 1 - even, rng.integers(0, 2, n)], 1).astype(object)
        table[::7, 2] = ""
        return ["a", "b", "c"], table.tolist()
    if kind == "multiclass":
        return ["kind"], [[("odd", "even")[e]] for e in even]
    if kind == "regression":
        return ["signal"], [[f"{np.exp(2 * e + rng.normal() / 4):.5f}"] for e in even]
    if kind == "counts":
        return ["reads"], [[rng.poisson(600 + 900 * e)] for e in even]
    return ["bound"], [[e] for e in even]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("binary", []),
        ("multiclass", []),
        ("multilabel", []),
        ("regression", ["--transform", "log1p"]),
        ("counts", ["--task", "counts"]),
    ],
)
def test_a_table_of_labels(mixed, tmp_path, kind, options):
    _, path, ids = mixed
    names, rows = values(kind, len(ids))
    labels = write_labels(
        tmp_path / "l.tsv", ["id", *names], [[i, *r] for i, r in zip(ids, rows, strict=True)]
    )
    out = str(tmp_path / "m")
    arguments = ["train", path, "--labels", labels, "-o", out, *QUICK, *options]
    assert main([*arguments, "--rounds", "10", "--steps", "30"]) == 0
    metrics = json.loads((tmp_path / "m" / "metrics.json").read_text())
    assert metrics["target"] == kind
    evaluation = ["evaluate", out, path, "--labels", labels, "-o", str(tmp_path / "e"), "-q"]
    assert main(evaluation) == 0
    found = json.loads((tmp_path / "e" / "metrics.json").read_text())["metrics"]
    task = "odd" if kind == "multiclass" else names[0]
    name = {"regression": "r2", "counts": "deviance_explained"}.get(kind, "auroc")
    for folder in ("m", "e"):
        page = (tmp_path / folder / "report.html").read_text()
        assert ("Measured by predicted" in page) == (kind in ("regression", "counts"))
        assert ('class="cells"' in page) == (kind in ("binary", "multiclass"))
        assert main(["verify", str(tmp_path / folder), "-q"]) == 0
    # on what is held out, and on all
    for metric in (metrics["held_out"][task][name], found[task][name]):
        assert metric["value"] > 0.6
    if kind == "counts":
        _, rows = read_table(tmp_path / "m" / "predictions.tsv")
        counts, rates = np.array([row[2:] for row in rows], float).T
        assert rates.mean() == pytest.approx(counts.mean(), rel=0.15)
    main(["predict", out, path, "-o", str(tmp_path / "p.tsv"), "-q"])
    header, _ = read_table(tmp_path / "p.tsv")
    assert header[1:] == (["even", "odd"] if kind == "multiclass" else names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tlabel\ns1\t1\ns2\t1\n", "only one class: the labels of 'label' are 1 only"),
        ("id\tlabel\ns1\tA\ns2\tA\n", "only one class: all 2 labels are 'A'"),
        ("id\tlabel\ns1\t1\nnope\t0\n", "line 3: 1 of 2 labels belong to no sequence: 'nope'"),
        ("id\tlabel\ns1\tNA\ns2\t0\n", "line 2: 's1' has no label ('label' is missing)"),
        ("id\tlabel\ns1\tinf\ns2\t0\n", "line 2: the label 'label' of 's1' is 'inf'"),
        ("id\tlabel\ns1\t1\ns1\t0\n", "line 3: 's1' was labelled on line 2 already"),
        ("id\tlabel\ns1\t1\t5\ns2\t0\n", "line 2: 's1' has 2 labels, the header names 1"),
        ("id\ta\ta\ns1\t1\t5\n", "the name 'a' comes twice"),
        ("id\tlabel\n", "the file has a header only"),
        ("", "the file is empty"),
        ("s1 1\ns2 0\n", "line 1: the line has one column"),
    ],
)
def test_labels_that_cannot_be_used(mixed, tmp_path, capsys, text, message):
    (tmp_path / "l.tsv").write_text(text)
    out = str(tmp_path / "m")
    assert main(["train", mixed[1], "--labels", str(tmp_path / "l.tsv"), "-o", out, *QUICK]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("id,label\n{}", "columns are separated by commas"),
        ("{}", "the first line names no columns"),
    ],
)
def test_labels_that_are_read_with_a_warning(mixed, tmp_path, capsys, text, warning):
    sign = "," if "," in text else "\t"
    rows = "\n".join(f"{name}{sign}{i % 2}" for i, name in enumerate(mixed[2]))
    (tmp_path / "l.tsv").write_text(text.format(rows))
    out = str(tmp_path / "m")
    arguments = ["train", mixed[1], "--labels", str(tmp_path / "l.tsv"), "-o", out, *QUICK]
    assert main([word for word in arguments if word != "-q"]) == 0
    assert warning in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--classes"], "`--classes` takes a file for each class"),
        (["--task", "counts"], "`--task` counts is for tables of --labels"),
        (["--network", "lenet6"], "there is no network 'lenet6'"),
        (["--set", "kernels"], "`--set` is 'kernels', it must be like kernels=128"),
        (["--set", "colour=3"], "'colour'"),
        (["--folds", "500"], "too few sequences"),
    ],
)
def test_arguments_that_cannot_be(files, tmp_path, capsys, options, message):
    out = str(tmp_path / "m")
    assert main(["train", files[0], "-o", out, *QUICK, *options]) == 2
    assert message in capsys.readouterr().err


def weights_of(folder):
    return (Path(folder) / "weights.safetensors").read_bytes()


def test_a_terminated_run_is_resumed_to_the_same_bytes(files, tmp_path, capsys):
    arguments = ["train", files[0], "--control", files[1], *QUICK[1:], "--ensemble", "2",
                 "--rounds", "8", "--steps", "100", "--patience", "10"]  # fmt: skip
    assert main([*arguments, "-o", str(tmp_path / "whole"), "-q"]) == 0
    out = tmp_path / "m"
    process = subprocess.Popen([*SEQCNN, *arguments, "-o", str(out)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list(out.glob("checkpoint/network-*/*/state.json")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    lines = said.decode().splitlines()
    assert lines[-1] == "error: interrupted" and "--resume" in lines[-2]
    capsys.readouterr()
    assert main([*arguments, "-o", str(out), "-q"]) == 2
    assert "--resume goes on" in capsys.readouterr().err
    assert main([*arguments, "-o", str(out), "-q", "--resume", "--seed", "1"]) == 2
    assert "another run: its seed is 0, here it is 1" in capsys.readouterr().err
    assert main([*arguments, "-o", str(out), "-q", "--resume"]) == 0
    assert sorted(p.name for p in out.iterdir()) == MODEL
    for name in set(MODEL) - {"run.json"}:
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert main([*arguments, "-o", str(out), "-q", "--resume"]) == 0


def test_no_room_on_the_disk_is_one_line(files, tmp_path):
    """A file may have 20 kB, as on a disk with no more room: some of a state fits, all does not."""

    out = tmp_path / "m"
    command = [*SEQCNN, "train", files[0], *QUICK, "--set", "kernels=200", "-o", str(out)]
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 20; exec {shlex.join(command)}"],
        capture_output=True,
        text=True,
        env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
        timeout=300,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "File too large" in done.stderr
    assert not list(out.rglob("*.tmp")) and not list(out.rglob("*.safetensors"))


def test_a_loss_that_is_no_number_is_one_line(files, tmp_path, capsys):
    out = str(tmp_path / "m")
    wild = ["--learning-rate", "1e30", "--weight-decay", "1e30"]
    assert main(["train", files[0], "-o", out, *QUICK, *wild]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "lower the learning rate" in said[0]


def test_folds_report_on_every_sequence(files, tmp_path):
    out = tmp_path / "m"
    folds = ["--folds", "3", "--ensemble", "2"]
    arguments = ["train", files[0], "--control", files[1], "-o", str(out), *QUICK, *folds]
    assert main(arguments) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert sum(metrics["sequences"]["report"]) == 400 and len(metrics["folds"]) == 3
    config = json.loads((out / "config.json").read_text())
    assert [m["extra"]["fold"] for m in config["members"]] == [0, 0, 1, 1, 2, 2]


def test_a_start_that_fails_leaves_all_as_it_was(model, files, tmp_path, capsys):
    out = tmp_path / "m"
    few = fasta(tmp_path / "few.fa", random_rows(4, 40, 0))
    wrong = [[few, "--folds", "5"], [str(tmp_path / "nowhere.fa")]]
    for arguments in wrong:
        assert main(["train", *arguments, "-o", str(out), *QUICK]) == 2
        assert not out.exists()
    shutil.copytree(model, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    for arguments in wrong:
        assert main(["train", *arguments, "-o", str(out), *QUICK, "--force"]) == 2
        assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    capsys.readouterr()
    assert main(["train", files[0], "-o", str(out), *QUICK, "--force"]) == 0
    assert (out / "weights.safetensors").read_bytes() != before["weights.safetensors"]
    assert sorted(p.name for p in out.iterdir()) == MODEL


def test_a_folder_with_other_things_is_left_alone(files, tmp_path, capsys):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "thesis.txt").write_text("years of work")
    out = str(tmp_path / "m")
    assert main(["train", files[0], "-o", out, *QUICK]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["train", files[0], "-o", out, *QUICK, "--force"]) == 0
    assert (tmp_path / "m" / "thesis.txt").exists()
