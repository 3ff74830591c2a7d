"""Options from a file, runs that are only said, and what is said of a run."""

import json
import os
import shlex
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import click
import pytest

from seqcnn.cli import discover, train
from seqcnn.cli.config import read_config
from seqcnn.cli.main import COMMANDS, main
from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.fasta import write_fasta
from tests.discovery.planted import as_set, plant, random_rows


@pytest.fixture
def peaks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sequences = as_set(plant(random_rows(120, 60, 0), "TGACTCAGC", 0.6, 1))
    write_fasta(tmp_path / "peaks.fa", sequences)
    return "peaks.fa"


def written(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text)
    return str(path)


def facts_of(text):
    return dict(line.split("\t") for line in text.splitlines())


def test_a_file_holds_options_and_the_command_line_wins(peaks, tmp_path, capsys):
    config = written(
        tmp_path, 'sequences = "peaks.fa"\ndb = "jaspar:diatoms"\nmax_width = 9\nmin-width = 5\n'
    )
    assert main(["discover", "--config", config, "--dry-run", "-q"]) == 0
    facts = facts_of(capsys.readouterr().out)
    assert facts["widths"] == "5 to 9" and facts["known"].endswith("jaspar:diatoms")
    for given in (
        ["--config", config, "--max-width", "7"],
        ["--max-width", "7", "--config", config],
    ):
        assert main(["discover", *given, "--dry-run", "-q"]) == 0
        assert facts_of(capsys.readouterr().out)["widths"] == "5 to 7"


def test_the_command_line_wins_where_two_options_exclude_each_other(peaks, tmp_path, capsys):
    config = written(tmp_path, "quick = true\ndb = 'none'")
    options = ["discover", peaks, "--config", config, "--dry-run", "-q"]
    assert main([*options, "--thorough"]) == 0
    assert main([*options, "--thorough", "--quick"]) == 2
    assert "contradict each other" in capsys.readouterr().err
    assert (
        main(["discover", peaks, "--config", written(tmp_path, "quick=true\nthorough=true")]) == 2
    )


def test_what_a_file_says_reaches_the_run_and_its_record(peaks, tmp_path, capsys):
    config = written(
        tmp_path,
        "[discover]\ndb = 'jaspar:diatoms'\nknown-only = true\nseed = 5\n[train]\nrounds = 1",
    )
    assert main(["discover", peaks, "--config", config, "-o", "out", "-q"]) == 0
    arguments = json.loads((tmp_path / "out" / "run.json").read_text())["arguments"]
    assert arguments["seed"] == 5 and arguments["known_only"] and arguments["e_value"] == 0.05


def test_one_file_serves_both_commands(tmp_path):
    path = tmp_path / "both.toml"
    path.write_text('[discover]\nquick = true\n[train]\nrounds = 2\nset = "kernels=8"\n')
    assert read_config(path, discover.command) == {"quick": True}
    assert read_config(path, train.command) == {"rounds": 2, "settings": ["kernels=8"]}


BAD = {
    "windw = 3": "`windw` is no option of discover: is window meant?",
    "quiet = true": "`quiet` is for the command line only",
    "quick = 1": "`quick` is 1, it must be true or false",
    "window = [1, 2]": "`window` is [1, 2], it must be a number or a text",
    "window = ": "is no TOML file",
    "kmer = 2.7": "`kmer` is 2.7, it must be a whole number",
    "min-width = 5\nmin_width = 6": "`min_width` is there twice, under two spellings",
    "top = 3\ntop-peaks = 4": "`top-peaks` is there twice, under two spellings",
    "[scan]\nseed = 1": "`scan` is no table of a command",
    "seed = 1\n[train]\nseed = 2": "`seed` is no table of a command",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_with_a_file_is_one_line(peaks, tmp_path, capsys, text):
    assert main(["discover", peaks, "--config", written(tmp_path, text)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "run.toml: " + BAD[text] in line


def test_values_are_checked_as_on_the_command_line(peaks, tmp_path, capsys):
    assert main(["discover", peaks, "--config", written(tmp_path, "max-width = 99")]) == 2
    assert "'--max-width'" in capsys.readouterr().err
    with pytest.raises(SeqcnnError, match="cannot read it"):
        read_config(tmp_path / "none.toml", discover.command)


def test_a_dry_run_of_discover_checks_and_writes_nothing(peaks, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    assert main(["discover", peaks, "--dry-run", "-o", "out", "--db", "none"]) == 0
    facts = facts_of(capsys.readouterr().out)
    assert facts["sequences"] == "120 of dna, 7,200 letters"
    assert facts["known"] == "none" and facts["networks"] == "2" and facts["out"] == "out"
    (tmp_path / "few.fa").write_text(">a\nACGTACGTAC\n>b\nACGGGCGTAC\n")
    assert main(["discover", "few.fa", "--dry-run", "--db", "none"]) == 2
    assert "motifs need 20 at least" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "few.fa"])


def test_a_dry_run_of_train_names_the_network_and_writes_nothing(peaks, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    arguments = ["train", peaks, "--rounds", "2", "--steps", "3", "--folds", "2", "--ensemble", "2"]
    assert main([*arguments, "--dry-run", "-q"]) == 0
    facts = facts_of(capsys.readouterr().out)
    assert facts["network"] == "motifcnn" and facts["networks"] == "4 (2 x 2)"
    assert facts["training"] == "2 rounds of 3 steps at most"
    assert sorted(tmp_path.iterdir()) == before


def run(*arguments, **env):
    return subprocess.run(
        [sys.executable, "-m", "seqcnn", *arguments],
        capture_output=True, text=True, timeout=300, env=os.environ | env,
    )  # fmt: skip


QUICK = ("--known-only", "--db", "jaspar:diatoms")


def test_a_quiet_run_says_nothing_on_stderr(peaks):
    # a blank in a sequence is worth a warning
    text = Path("peaks.fa").read_text()
    Path("odd.fa").write_text(text.replace(">", ">same ") + ">same\nACGT ACGTACGTTT\n")
    loud = run("discover", "odd.fa", *QUICK, "-o", "loud")
    quiet = run("discover", "odd.fa", *QUICK, "-o", "quiet", "--quiet")
    assert loud.returncode == quiet.returncode == 0
    assert "warning: " in loud.stderr and "note: " in loud.stderr
    assert quiet.stderr == "" and "Report: quiet" in quiet.stdout
    failed = run("discover", "none.fa", "--quiet")
    assert failed.returncode == 2 and failed.stderr.startswith("error: ")


def test_json_lines_on_stderr(peaks, capsys):
    assert main(["discover", peaks, *QUICK, "-o", "out", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["level"] for line in lines} >= {"note", "progress"}
    shares = [line["share"] for line in lines if line["level"] == "progress"]
    assert shares == sorted(shares) and 0 <= shares[0] <= shares[-1] <= 1
    assert main(["discover", peaks, "-o", "out", "--json", "-q"]) == 2
    (error,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert error["level"] == "error" and error["exit_code"] == 2 and "--force" in error["message"]


def test_json_holds_whatever_is_said(capsys):
    from seqcnn.cli.speech import Speech, speaking

    with speaking(Speech(as_json=True)):
        warnings.warn('a "quoted"\nline \x1b[31m <script>', UserWarning, stacklevel=1)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {"level": "warning", "message": 'a "quoted" line ?[31m <script>'}


@pytest.mark.parametrize(
    ("words", "completion"),
    [
        ("seqcnn disc", "discover"),
        ("seqcnn discover --known", "--known-only"),
        ("seqcnn image segment tr", "train"),
        ("seqcnn train --precision bf", "bfloat16"),
    ],
)
def test_the_shell_completes(words, completion):
    number = len(words.split()) - 1
    done = run(_SEQCNN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(number))
    assert done.stdout.splitlines() == [f"plain,{completion}"]


MODULES = {name: f"seqcnn.cli.{name}" for name in COMMANDS if name != "image"}


def problems_of(line):
    """Parse an example as click would, without running it."""
    _, name, *words = shlex.split(line)
    try:
        import_module(MODULES[name]).command.make_context(name, words)
    except click.ClickException as error:
        return error.format_message()


@pytest.mark.parametrize("name", MODULES)
def test_the_help_of_a_command_ends_with_examples_that_parse(name):
    module = import_module(MODULES[name])
    lines = [line for line in module.EXAMPLES if line.startswith("seqcnn ")]
    assert lines and all(line in module.command.epilog for line in lines)
    # a file of options is read as it is parsed
    assert [
        problems_of(line) for line in lines if "--config" not in line and problems_of(line)
    ] == []


def test_an_example_that_does_not_parse_would_be_seen():
    assert "No such option" in problems_of("seqcnn scan motifs.meme peaks.fa --p-valu 1")
