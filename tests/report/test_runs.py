"""Runs side by side: like motifs share a row, with the numbers of their tables."""

from dataclasses import replace

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.report.run import write
from seqcnn.report.runs import comparison_content
from tests.report.results import WORD, changed, empty_result, motif_of, with_sites
from tests.report.test_html import Page

OTHER = "CCATATTAGG"


def run_of(word, name, tmp_path, *, turned=False):
    places = [(i, 5 + i) for i in range(30)]
    found = with_sites(empty_result(), places, [60] * 30)
    motif = motif_of(word, "m1")
    motif = motif.reverse_complement() if turned else motif
    found = changed(found, motif=replace(motif, name="m1"))
    write(found, tmp_path / name)
    return tmp_path / name


def test_like_motifs_share_a_row_and_others_do_not(tmp_path, capsys):
    a = run_of(WORD, "a", tmp_path)
    b = run_of(WORD, "<b>", tmp_path, turned=True)
    c = run_of(OTHER, "c", tmp_path)
    table = comparison_content([a, b, c])["sections"][0]["blocks"][0]
    shown = [[cell["text"].split(":")[0] for cell in row[1:]] for row in table["rows"]]
    assert sorted(shown) == [["m1", "m1", "not found"], ["not found", "not found", "m1"]]
    header, row = (a / "motifs.tsv").read_text().splitlines()
    facts = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    cell = next(r for r in table["rows"] if r[1]["value"] != "")[1]
    assert facts["e_value"] in cell["text"] and facts["odds_ratio"] in cell["more"]
    share = 100 * np.divide(int(facts["pos_hits"]), int(facts["pos_total"]))
    assert cell["more"].startswith(f"{share:.1f} % against")
    out = tmp_path / "page.html"
    assert main(["report", *map(str, (a, b, c)), "-o", str(out), "-q"]) == 0
    text = out.read_text()
    assert "&lt;b&gt;" in text and "<b>" not in text.split("<main")[1].split("m1")[0]
    assert "2: <b>" in " ".join(Page(text).words)


@pytest.mark.parametrize("content", [None, "{"])
def test_what_is_no_run_is_one_line(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert main(["report", str(tmp_path), str(tmp_path), "-q"]) == 2
    assert "no folder of a run of discover" in capsys.readouterr().err
