"""What a notebook and a Python prompt show of a run."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord

import seqcnn
from seqcnn.discovery.settings import Settings
from tests.discovery.planted import as_set, plant, random_rows
from tests.report.results import changed, empty_result, motif_of, with_networks, with_sites

PLACES = [(i, 5 + i) for i in range(20)]


@pytest.fixture(scope="module")
def found():
    return with_networks(with_sites(empty_result(), PLACES, [50] * 20), 0.8, 0.9, 0.95)


def test_reprs_are_one_short_line(found):
    assert repr(found).startswith("<Discovery: 20 dna sequences: 1 significant motif, ")
    assert repr(found.motifs[0]).startswith("<m1 TGACTCAGC: E = ")
    assert repr(found.sites) == f"<Hits: {len(found.sites)} sites of 1 motifs in 20 sequences>"
    assert all(len(repr(x)) < 200 and "\n" not in repr(x) for x in (found, found.motifs[0]))


def svgs_of(page):
    return [
        ElementTree.fromstring(piece.partition("</svg>")[0].join(["<svg", "</svg>"]))
        for piece in page.split("<svg")[1:]
    ]


def test_a_motif_is_a_logo(found):
    page = found.motifs[0]._repr_html_()
    (svg,) = svgs_of(page)
    assert "TGACTCAGC" in "".join(svg.itertext()) and "E = " in page


def test_a_run_is_a_table_of_logos(found):
    page = found._repr_html_()
    assert len(svgs_of(page)) == 1 and page.count("<tr>") == 2
    assert "<table>" not in replace(found, motifs=())._repr_html_()
    many = replace(found, motifs=found.motifs * 25)._repr_html_()
    assert many.count("<tr>") == 21 and "5 more" in many


def test_a_name_is_told_only_where_likeness_is_hardly_chance(found):
    assert "like m1" in repr(changed(found, log10_q=-2.0).motifs[0])
    far = changed(found, log10_q=-1.0)
    assert "like" not in repr(far.motifs[0])
    assert far.to_frame().iloc[0]["best_match"] == "m1"


def test_names_are_text(found):
    known = replace(motif_of("TGACTCAGC", "m"), alternative_name="<img onerror=alert(1)>")
    page = changed(found, log10_q=-4.0, target=known)._repr_html_()
    assert "<img" not in page and "&lt;img" in page


def test_the_frame_says_what_the_motif_says(found):
    row = found.to_frame().iloc[0]
    motif = found.motifs[0]
    hits, total, control_hits, control_total = motif.family.table
    assert (row["pos_hits"], row["pos_total"]) == (hits, total)
    assert (row["neg_hits"], row["neg_total"]) == (control_hits, control_total)
    assert row["log10_e"] == motif.log10_e and row["nsites"] == len(found.sites)
    assert found.known_to_frame()["nsites"].isna().all()
    assert list(replace(found, motifs=()).to_frame().columns) == list(found.to_frame().columns)


def test_sites_as_a_frame(found):
    frame = found.sites.to_frame()
    assert len(frame) == len(found.sites) == 20
    for row, site in zip(frame.itertuples(), found.sites, strict=True):
        assert (row.motif, row.sequence, row.start, row.end) == (
            site.motif, site.sequence, site.start, site.end
        )  # fmt: skip
        assert row.matched == site.matched == "TGACTCAGC"
    assert frame["start"].tolist() == [start for _, start in PLACES]


def test_discover_takes_sequences_as_they_come(tmp_path):
    sequences = as_set(plant(random_rows(60, 50, 0), "TGACTCAGC", 0.6, 1))
    words = [sequences.text(i) for i in range(len(sequences))]
    path = tmp_path / "x.fa"
    path.write_text("".join(f">{n}\n{w}\n" for n, w in zip(sequences.ids, words, strict=True)))
    records = [SeqRecord(Seq(w), id=n) for n, w in zip(sequences.ids, words, strict=True)]
    settings, database = Settings(known_only=True), [motif_of("TGACTCAGC", "AP1")]
    runs = [
        seqcnn.discover(source, settings=settings, database=database)
        for source in (sequences, path, records, words)
    ]
    assert runs[0].known[0].log10_e < -3
    assert len({run.known[0].log10_e for run in runs}) == 1
    control = [w[::-1] for w in words]
    a = seqcnn.discover(words, control, settings=settings, database=database)
    b = seqcnn.discover(sequences, control, settings=settings, database=database)
    assert a.known[0].log10_e == b.known[0].log10_e


def test_other_functions_take_them_too():
    words = ["ACGTTGACTCAGCTTAC", "GGTGACTCAGCAACCAT"]
    hits = seqcnn.scan([motif_of("TGACTCAGC", "AP1")], words, p_value=1e-3)
    assert [hit.start for hit in hits if hit.strand == "+"] == [4, 2]
    assert len(seqcnn.shuffle(words, copies=2)) == 4
