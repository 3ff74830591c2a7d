"""Files of the page: read back as they were written, harmless whatever names are inside."""

import csv
import io
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from seqcnn.motifs.io import read_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.report import downloads
from seqcnn.report.downloads import files_of, pack, safe_name, tsv_text, unpack
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.sources import as_sequences
from tests.report.results import WORD, empty_result, with_sites

HOSTILE = (
    "<script>document.title='x'</script>",
    '"><img/src=x/onerror=document.title="x">',
    "../../x",
    "=cmd()",
    "+1-2",
    "@SUM(A1)",
    "x" * 10_000,
    "😀👩‍🔬",
    "a\u202eb\u200fc",
    "</script><script>document.title='x'</script>",
    "{{7*7}}",
    "&lt;b&gt;",
)
"""Names that have broken reports before."""


def with_names(found, names):
    """The same run with other names of its first sequences."""
    ids = (*names, *found.sequences.ids[len(names) :])
    sequences = replace(found.sequences, ids=ids)
    return replace(found, sequences=sequences, sites=replace(found.sites, sequences=sequences))


@pytest.fixture(scope="module")
def found():
    places = [(i, 5 + i) for i in range(30)]
    return with_names(with_sites(empty_result(), places, [60] * 30), HOSTILE)


@pytest.mark.parametrize("ending", ["meme", "jaspar", "transfac", "homer"])
def test_motif_files_are_read_back(found, ending, tmp_path):
    files, _ = files_of(found)
    for name in ("motifs", "m1"):
        path = tmp_path / f"{name}.{ending}"
        path.write_text(files[path.name])
        (motif,) = read_motifs(path, format=ending)
        assert motif.consensus == WORD
        np.testing.assert_allclose(
            motif.matrix.values, found.motifs[0].motif.matrix.values, atol=0.02
        )


def test_jaspar_is_for_four_letters(found):
    matrix = ProbabilityMatrix(np.full((3, 20), 0.05), PROTEIN)
    m = replace(found.motifs[0], motif=replace(found.motifs[0].motif, matrix=matrix))
    peptides = replace(found, sequences=as_sequences(["MKVLE"], alphabet=PROTEIN))
    files = downloads._motif_files("m1", [m], peptides)
    assert sorted(files) == ["m1.homer", "m1.meme", "m1.transfac"]


def test_homer_takes_words_as_rare_as_the_sites_of_the_run(found):
    rng = np.random.default_rng(2)
    matrix = ProbabilityMatrix(rng.dirichlet([0.3] * 4, 6), DNA)
    first = found.motifs[0]
    motif = replace(first.motif, matrix=matrix)
    words = np.array(list(product(range(4), repeat=6)))
    scores = np.log(np.maximum(matrix.values, 1e-3) / 0.25)[np.arange(6), words].sum(1)
    taken = []
    for share in (1 / 2, 1 / 30, 1 / 600, 1e-9):
        made = replace(first, motif=motif, threshold_log10_p=float(np.log10(share)))
        text, *_ = files_of(replace(found, motifs=(made,)))[0]["m1.homer"].split("\n")
        taken.append((scores >= float(text.split("\t")[2])).mean())
    # words are so many, and two may be on either side of a point of the grid
    assert taken[:3] == pytest.approx([1 / 2, 1 / 30, 1 / 600], abs=3 / 4**6, rel=0.02)
    assert taken[3] == 1 / 4**6


def test_tables_have_a_row_for_each_site_and_no_formula(found):
    files, cut = files_of(found)
    assert cut is None
    handle = io.StringIO(files["sites.tsv"])
    rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == len(found.sites) == 30
    assert all(None not in row and None not in row.values() for row in rows)
    assert [int(row["start"]) for row in rows] == found.sites.start.tolist()
    for row, name in zip(rows, found.sequences.ids, strict=True):
        assert row["sequence"].lstrip("'") == name
        assert row["sequence"][0] not in "=+@" and row["strand"] in "+-"
    for line in files["sites.bed"].splitlines():
        _, start, end, motif, score, strand = line.split("\t")
        assert int(end) - int(start) == len(WORD) and motif == "m1" and strand in "+-"
        assert 0 <= int(score) <= 1000


def test_many_sites_are_cut_to_the_best(found, monkeypatch):
    found = replace(found, sites=replace(found.sites, score=np.arange(30.0)))
    whole, _ = files_of(found)
    monkeypatch.setattr(downloads, "LARGEST", len(pack(whole)) - 1)
    monkeypatch.setattr(downloads, "BEST_SITES", (30, 7))
    files, cut = files_of(found)
    starts = [line.split("\t")[2] for line in files["sites.tsv"].splitlines()[1:]]
    assert cut == 7 and starts == [str(s) for s in found.sites.start[-7:]]
    assert "m1.meme" in files
    monkeypatch.setattr(downloads, "LARGEST", 10)
    files, cut = files_of(found)
    assert cut == 0 and "sites.tsv" not in files and "m1.meme" in files


def test_packing_is_undone_and_is_the_same_each_time(found):
    files, _ = files_of(found)
    assert unpack(pack(files)) == files and pack(files) == pack(dict(files))
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", pack(files))


@pytest.mark.parametrize(
    "name", [*HOSTILE, "", ".", "..", "nul.txt", "COM1", "/etc/passwd", "a\\b"]
)
def test_names_of_files_are_plain(name):
    safe = safe_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,60}", safe)
    assert safe.split(".")[0].lower() not in ("con", "nul", "com1", "")


def test_cells_hold_no_tabs_and_no_ends_of_lines():
    text = tsv_text(["a", "b"], [["x\ty\n=z", "=1"], [-2, None]])
    assert text == "a\tb\nx y =z\t'=1\n-2\t\n"
