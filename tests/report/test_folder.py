"""Nothing that a run did not make is ever lost."""

import os
from pathlib import Path

import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.report.folder import output_folder


def make(out, **options):
    with output_folder(out, **options) as folder:
        (folder / "run.json").write_text("new")


def test_a_folder_appears_when_all_went_well(tmp_path):
    out = tmp_path / "deep" / "out"
    with pytest.raises(KeyError), output_folder(out, force=False) as folder:
        (folder / "half").touch()
        raise KeyError
    assert not out.exists()
    make(out, force=False)
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert (out / "run.json").read_text() == "new"


def test_the_folder_of_an_earlier_run_is_replaced_by_force_only(tmp_path):
    out = tmp_path / "out"
    make(out, force=False)
    (out / "logos").touch()
    with pytest.raises(SeqcnnError, match="--force"):
        make(out, force=False)
    assert (out / "logos").exists()
    make(out, force=True)
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "run.json"]


def test_a_failed_run_leaves_the_earlier_one(tmp_path):
    out = tmp_path / "out"
    make(out, force=False)
    with pytest.raises(KeyError), output_folder(out, force=True):
        raise KeyError
    assert (out / "run.json").read_text() == "new"


def test_a_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(SeqcnnError, match="earlier run"):
        make(tmp_path, force=True)
    assert (tmp_path / "thesis.docx").exists()


def test_a_folder_that_holds_an_input_is_never_replaced(tmp_path):
    out = tmp_path / "out"
    make(out, force=False)
    (out / "sequences.fa").touch()
    with pytest.raises(SeqcnnError, match="holds an input"):
        make(out, force=True, inputs=["-", str(out / "sequences.fa")])
    assert (out / "sequences.fa").exists()


def test_what_no_run_wrote_is_never_deleted(tmp_path):
    out = tmp_path / "out"
    make(out, force=False)
    (out / "paper").mkdir()
    with pytest.raises(SeqcnnError, match="'paper'"):
        make(out, force=True)
    assert (out / "paper").is_dir()


def test_a_link_and_the_folder_that_one_is_in_stay_what_they_are(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    make(tmp_path / "link", force=False)
    assert (tmp_path / "there" / "run.json").exists()
    assert (tmp_path / "link").is_symlink()
    monkeypatch.chdir(tmp_path / "there")
    make(Path(), force=True)
    assert (Path() / "run.json").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "there"]


def test_the_umask_holds(tmp_path):
    mask = os.umask(0o077)
    try:
        make(tmp_path / "out", force=False)
    finally:
        os.umask(mask)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_a_loop_of_links_is_one_line(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SeqcnnError):
        make(tmp_path / "loop", force=False)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(SeqcnnError, match="give a folder"):
        make(tmp_path / "out", force=True)
