"""Nothing that a run did not make is ever lost."""

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
    (out / "old").touch()
    with pytest.raises(SeqcnnError, match="--force"):
        make(out, force=False)
    assert (out / "old").exists()
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
    (out / "peaks.fa").touch()
    with pytest.raises(SeqcnnError, match="holds an input"):
        make(out, force=True, inputs=["-", str(out / "peaks.fa")])
    assert (out / "peaks.fa").exists()


def test_the_folder_that_one_is_in_is_never_replaced(tmp_path, monkeypatch):
    make(tmp_path / "out", force=False)
    monkeypatch.chdir(tmp_path / "out")
    with pytest.raises(SeqcnnError, match="you are in"):
        make(tmp_path / "out", force=True)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(SeqcnnError, match="give a folder"):
        make(tmp_path / "out", force=True)
