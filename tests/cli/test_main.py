"""The border between the command line and a Python program that calls it."""

import logging
import sys
import warnings

import pytest

from seqcnn import __main__ as entry
from seqcnn.cli import options
from seqcnn.cli.main import main


@pytest.mark.parametrize("arguments", [["shuffle", "none.fa", "--quiet"], ["--version"]])
def test_a_caller_keeps_its_own_warnings_and_notes(arguments, capsys):
    logger = logging.getLogger("seqcnn")
    mine = logging.NullHandler()
    logger.addHandler(mine)
    before = logger.handlers[:], logger.level, warnings.showwarning, warnings.filters[:]
    try:
        main(arguments)
        after = logger.handlers[:], logger.level, warnings.showwarning, warnings.filters[:]
        assert after == before
        assert mine in after[0]
    finally:
        logger.removeHandler(mine)
    capsys.readouterr()


def test_a_gpu_that_is_not_used_is_told_of_unless_that_is_meant(tmp_path, monkeypatch, caplog):
    from seqcnn.cli import options

    for path, device, told in [("gpu", "", True), ("none", "", False), ("gpu", "cpu", False)]:
        (tmp_path / "gpu").touch()
        monkeypatch.setattr(options, "GPU_FILES", (str(tmp_path / path),))
        monkeypatch.setenv("JAX_PLATFORMS", device)
        caplog.clear()
        options.warn_of_idle_gpu()
        assert ("computes on the CPU" in caplog.text) == told


def test_only_a_process_of_its_own_is_told_to_keep_memory(monkeypatch):
    """The memory of a program that calls the command is not ours to keep."""
    called = []
    monkeypatch.setattr(options, "keep_memory", lambda: called.append(True))
    monkeypatch.setattr(options, "_OWN", [])
    assert entry.main(["networks", "--help"]) == 0
    options.prepare_jax(keep=True)
    assert not called
    monkeypatch.setattr(sys, "argv", ["seqcnn", "--version"])
    assert entry.main() == 0
    options.prepare_jax()
    assert not called
    options.prepare_jax(keep=True)
    assert called
