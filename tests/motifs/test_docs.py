"""What the documentation says is what happens."""

import re
from pathlib import Path

import numpy as np
import pytest

from seqcnn.motifs import hit_files, match_files
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import FORMATS, read_motifs
from seqcnn.motifs.sample import planted_sequences
from seqcnn.seq.io.fasta import write_fasta

DOCS = Path(__file__).parents[2] / "docs" / "motifs.md"


@pytest.fixture(scope="module")
def text():
    if not DOCS.exists():
        pytest.skip("the documentation is not part of what was installed")
    return DOCS.read_text(encoding="utf-8")


def section(text, title):
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(title))


def test_the_example_in_python_runs(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    planted = load_database(group="vertebrates")[2]
    write_fasta("peaks.fa", planted_sequences({planted: 0.8}, number=60, length=80, gc=0.5, seed=0))
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(compile(code, str(DOCS), "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert any(planted.name in line for line in said)
    assert read_motifs("both.transfac")[0].name == "both"
    assert Path("motifs.pdf").read_bytes().startswith(b"%PDF")
    assert np.isfinite(float(said[-1]))


@pytest.mark.parametrize(
    ("title", "columns"),
    [("`scan`", hit_files.TSV_COLUMNS), ("`compare`", match_files.TSV_COLUMNS)],
)
def test_every_column_is_explained(text, title, columns):
    table = "".join(line for line in section(text, title).splitlines() if line.startswith("|"))
    first_cells = set(re.findall(r"`(\w+)`", table))
    assert set(columns) <= first_cells


def test_every_format_is_explained(text):
    assert all(f"`{name}`" in section(text, "Motifs, formats") for name in FORMATS)
    assert " ".join(hit_files.FIMO_COLUMNS) in " ".join(section(text, "`scan`").split())
