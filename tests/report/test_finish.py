"""Results first, page last: an error of the page costs the page only."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqcnn.cli.main import main
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.report import finish, html
from seqcnn.report.checksums import verify
from seqcnn.report.finish import add_page, remove_page, render_page, write_record
from seqcnn.report.record import RunRecord
from seqcnn.report.run import write
from tests.report.results import empty_result


def record_of(command="discover"):
    return RunRecord(command, {}, [], datetime.now(UTC))


def broken(*_):
    raise KeyError("m1")


def names(folder):
    return {path.name for path in Path(folder).iterdir()}


@pytest.fixture
def found():
    return empty_result()


def test_a_page_that_fails_is_a_warning_and_can_be_rendered_later(
    found, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(finish, "render_content", broken)
        with pytest.warns(SeqcnnWarning, match=f"all results .*KeyError.*`seqcnn report {out}`"):
            write(found, out)
    assert {"motifs.tsv", "run.json", "report.json.gz"} < names(out)
    assert "report.html" not in names(out) and verify(out) == []
    assert main(["report", str(out), "-q"]) == 0
    assert "report.html" in names(out) and verify(out) == []
    write(found, tmp_path / "whole")
    whole = (tmp_path / "whole" / "report.html").read_bytes()
    assert (out / "report.html").read_bytes() == whole


def test_content_that_fails_keeps_the_results(found, tmp_path, monkeypatch):
    from seqcnn.report import run

    monkeypatch.setattr(run, "content_of", broken)
    with pytest.warns(SeqcnnWarning, match="report this error"):
        write(found, tmp_path / "out")
    assert "motifs.tsv" in names(tmp_path / "out") and verify(tmp_path / "out") == []
    with pytest.raises(SeqcnnError, match="the file is missing"):
        render_page(tmp_path / "out")


def test_a_page_that_another_version_renders_is_taken_into_the_record(found, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(found, out)
    monkeypatch.setattr(finish, "render_content", lambda content: "another page")
    assert main(["report", str(out), "-o", str(tmp_path / "page.html"), "-q"]) == 0
    assert verify(out) == []
    assert main(["report", str(out), "-q"]) == 0
    assert (out / "report.html").read_text() == "another page" and verify(out) == []


def test_the_record_holds_what_the_run_wrote_and_nothing_else(tmp_path):
    for name in ("a.tsv", "thesis.txt"):
        (tmp_path / name).touch()
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "x").touch()
    write_record(tmp_path, record_of(), ["a.tsv", "events", "missing"], kind="x")
    record = json.loads((tmp_path / "run.json").read_text())
    assert set(record["files"]) == {"a.tsv", "events/x"} and record["kind"] == "x"
    assert verify(tmp_path) == ["not of this run: thesis.txt"]
    remove_page(tmp_path)
    assert names(tmp_path) == {"a.tsv", "events", "thesis.txt"}


def test_a_folder_without_a_record_gets_its_page(tmp_path, monkeypatch):
    monkeypatch.setattr(finish, "render_content", str)
    assert add_page(tmp_path, lambda: {"schema": html.SCHEMA})
    assert names(tmp_path) == {"report.html", "report.json.gz"}


def test_a_page_of_an_unknown_kind_is_refused(tmp_path):
    html.write_content(tmp_path / "report.json.gz", {"schema": html.SCHEMA, "page": "poem"})
    with pytest.raises(SeqcnnError, match="kind of page"):
        render_page(tmp_path)
