"""The examples in the docstrings of every module run and are true."""

import doctest
import importlib
from pathlib import Path

import pytest

import seqcnn

ROOT = Path(seqcnn.__file__).parent


def module_names():
    """Every module of the package, named from its file so that collecting imports none."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(module_names()))
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0, "see the captured output"


def test_the_examples_are_found():
    """If doctest looked past them, the tests above would all pass."""
    module = importlib.import_module("seqcnn.stats.tests")
    assert doctest.testmod(module).attempted >= 5


def test_a_wrong_example_fails(tmp_path, monkeypatch, capsys):
    (tmp_path / "wrong_example.py").write_text('"""One and one.\n\n>>> 1 + 1\n3\n"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert doctest.testmod(importlib.import_module("wrong_example")).failed == 1
    assert "Expected" in capsys.readouterr().out
