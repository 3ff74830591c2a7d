"""What MultiQC is given, and what it makes of it."""

import csv
import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

import seqcnn
from seqcnn.report import multiqc
from seqcnn.report.multiqc import motif_section, statistics, versions_yaml, write_multiqc
from tests.report.results import changed, empty_result, with_networks, with_sites

PLACES = [(i, 5 + i) for i in range(20)]


@pytest.fixture(scope="module")
def found():
    return with_networks(with_sites(empty_result(), PLACES, [50] * 20), 0.8, 0.9, 0.95)


def test_a_row_says_what_the_motif_says(found):
    section = motif_section(found, "liver")
    (row,) = section["data"].values()
    motif = found.motifs[0]
    hits, total, control_hits, control_total = motif.family.table
    assert list(section["data"]) == ["liver m1"]
    assert row["consensus"] == motif.motif.consensus
    assert row["minus_log10_e"] == pytest.approx(-motif.log10_e, abs=0.01)
    assert row["sites"] == pytest.approx(100 * hits / total, abs=0.01)
    assert row["control"] == pytest.approx(100 * control_hits / control_total, abs=0.01)
    assert set(row) == set(section["headers"])


def test_statistics_name_the_leading_motif(found):
    (row,) = statistics(found, "liver")["data"].values()
    assert row == {
        "sequences": 20, "motifs": 1, "motif": found.motifs[0].motif.consensus, "auroc": 0.9
    }  # fmt: skip
    flagged = statistics(changed(found, flags=("repeat",)), "liver")["data"]["liver"]
    assert flagged["motifs"] == 1 and "motif" not in flagged
    like = statistics(changed(found, log10_q=-4.0), "liver")["data"]["liver"]
    assert like["motif"] == "m1"  # the known motif, which is its own match here


def test_a_run_without_motifs_is_not_left_out(found):
    section = motif_section(replace(found, motifs=()), "liver")
    assert section["data"] == {"liver": {"consensus": "no significant motif"}}


def test_hostile_names_are_text(found):
    section = motif_section(found, '"><img onerror=alert(1)>\x1b[31m')
    (name,) = section["data"]
    assert "<" not in name and ">" not in name and "\x1b" not in name
    assert motif_section(found, "x" * 10_000)["data"].keys() == {"x" * 200 + " m1"}


def test_versions_stay_text():
    read = yaml.safe_load(versions_yaml({"seqcnn": "0.10", "jax": "1.10"}))
    assert read == {"seqcnn": {"seqcnn": "0.10", "jax": "1.10"}}


def test_files_may_be_replaced_with_the_run(found, tmp_path):
    from seqcnn.report.folder import WRITTEN

    write_multiqc(found, tmp_path, "liver")
    assert {path.name for path in tmp_path.iterdir()} == set(multiqc.FILES) <= WRITTEN


@pytest.mark.skipif(shutil.which("multiqc") is None, reason="multiqc is not installed")
def test_multiqc_shows_two_runs(found, tmp_path):
    for sample, result in (("liver", found), ("<b>heart", replace(found, motifs=()))):
        folder = tmp_path / "runs" / sample.strip("<b>")
        folder.mkdir(parents=True)
        write_multiqc(result, folder, sample)
    done = subprocess.run(
        ["multiqc", "runs", "--outdir", "page"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = tmp_path / "page" / "multiqc_data"

    def rows(name):
        with (data / name).open() as handle:
            return {row["Sample"]: row for row in csv.DictReader(handle, delimiter="\t")}

    motifs = rows("multiqc_seqcnn_motifs_table.txt")
    assert motifs["liver m1"]["consensus"] == found.motifs[0].motif.consensus
    assert "no significant motif" in json.dumps(motifs)
    general = rows("multiqc_general_stats.txt")
    assert len(general) == 2
    assert any(value == "0.9" for value in general["liver"].values())
    assert rows("multiqc_software_versions.txt")["seqcnn"]["seqcnn"] == seqcnn.__version__
    assert "<b>heart" not in (tmp_path / "page" / "multiqc_report.html").read_text()
