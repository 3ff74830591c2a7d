"""Checksums: every change of a run folder is seen."""

import json

import pytest

from seqcnn.cli.main import main
from seqcnn.errors import SeqcnnError
from seqcnn.report.checksums import SCHEMA, checksums_of, verify


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "a.tsv").write_text("a\n")
    (tmp_path / "model" / "w").write_bytes(b"\0" * 100)
    record = {"schema": SCHEMA, "files": checksums_of(tmp_path)}
    (tmp_path / "run.json").write_text(json.dumps(record))
    return tmp_path


def test_a_folder_as_it_was_written(folder, capsys):
    # SHA-256 of "a\n", as sha256sum says
    assert checksums_of(folder)["a.tsv"].startswith("87428fc522803d31065e7bce3cf03fe4")
    assert verify(folder) == []
    assert main(["verify", str(folder)]) == 0 and capsys.readouterr().out == ""


def test_each_change_is_a_line(folder, capsys):
    (folder / "model" / "w").write_bytes(b"\0" * 99 + b"\1")
    (folder / "a.tsv").unlink()
    (folder / "b\x1b[31m").write_text("")
    assert main(["verify", str(folder), "-q"]) == 2
    out, err = capsys.readouterr()
    assert out.splitlines() == ["changed: model/w", "missing: a.tsv", "not of this run: b?[31m"]
    assert "3 of the files" in err


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 0}', '{"schema": 1}', '{"schema": 1, "files": {"a": 1}}']
)
def test_a_record_that_is_none_is_one_line(folder, text):
    (folder / "run.json").write_text(text)
    with pytest.raises(SeqcnnError, match="record"):
        verify(folder)
    (folder / "run.json").unlink()
    with pytest.raises(SeqcnnError, match=r"no folder of a run"):
        verify(folder)
