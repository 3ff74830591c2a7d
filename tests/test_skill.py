"""The skill file for coding assistants names commands, options and functions that are there."""

import re
from pathlib import Path

import pytest

import seqcnn
from seqcnn.cli.main import COMMANDS
from tests.cli.test_config import problems_of

PAGE = Path(__file__).parents[1] / "skills" / "seqcnn" / "SKILL.md"
TEXT = PAGE.read_text()
LINES = sorted(
    {
        line.partition("#")[0].strip()
        for line in re.findall(r"`(seqcnn [^`]+)`|^(?:seqcnn .*)$", TEXT, re.MULTILINE)
        + re.findall(r"^(seqcnn [^\n]+)", TEXT, re.MULTILINE)
        if line and "--help" not in line
    }
)


def test_it_begins_as_skills_do():
    head = re.match(r"---\nname: (\S+)\ndescription: (.+)\n---\n", TEXT)
    assert head and head[1] == "seqcnn" and len(head[2]) < 1024
    assert len(LINES) >= 10


@pytest.mark.parametrize("line", [line for line in LINES if len(line.split()) > 2])
def test_every_command_parses(line):
    assert problems_of(line) is None


@pytest.mark.parametrize("line", [line for line in LINES if len(line.split()) == 2])
def test_every_command_that_is_named_is_there(line):
    assert line.split()[1] in COMMANDS


def test_every_function_is_public():
    names = set(re.findall(r"\bsc\.(\w+)", TEXT))
    assert names and names <= set(seqcnn.__all__)


def test_every_file_is_one_that_a_run_writes():
    from seqcnn.report.folder import WRITTEN

    files = set(re.findall(r"`(?:out/)?([\w.]+\.(?:html|tsv|meme|json))`", TEXT))
    assert {"report.html", "run.json"} <= files
    assert files - WRITTEN <= {"sites.tsv", "motifs.meme", "matches.tsv"}
