"""What `doctor` sees, and what it says where something is missing."""

import json

from seqcnn.cli import doctor
from seqcnn.cli.main import main


def test_it_says_what_there_is(capsys):
    assert main(["doctor", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    import jax
    import numpy

    assert facts["packages"]["numpy"] == numpy.__version__
    assert len(facts["devices"]) == len(jax.devices()) and facts["problems"] == []
    assert facts["cores"] >= 1
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert f"numpy {numpy.__version__}" in text and text.endswith("No problem was found.\n")


def test_missing_features_name_what_installs_them(monkeypatch, capsys):
    monkeypatch.setitem(doctor.FEATURES, "something", ("no_such_module", "bigwig"))
    assert main(["doctor"]) == 0
    assert "[ ] something: pip install 'seqcnn[bigwig]'" in capsys.readouterr().out


def test_what_is_needed_and_missing_is_a_problem(monkeypatch, capsys):
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: ["no-such-package>=1"])
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "no-such-package MISSING" in said
    assert "problem: no-such-package is not installed" in said


def test_an_idle_gpu_is_a_problem(monkeypatch, tmp_path, capsys):
    (tmp_path / "gpu").touch()
    monkeypatch.setattr(doctor, "GPU_FILES", (str(tmp_path / "gpu"),))
    assert main(["doctor"]) == 1
    assert "problem: a GPU is there" in capsys.readouterr().out


def test_jax_that_does_not_start_is_told(monkeypatch, capsys):
    import jax

    def broken():
        raise RuntimeError("no\nbackend")

    monkeypatch.setattr(jax, "devices", broken)
    assert main(["doctor"]) == 1
    assert "problem: jax does not start: no backend" in capsys.readouterr().out
