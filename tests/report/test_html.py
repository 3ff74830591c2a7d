"""The page: what it says against the tables and counts, and that anyone can read it."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from seqcnn.discovery import doubts
from seqcnn.discovery.significance import Family
from seqcnn.motifs.data import load_database
from seqcnn.motifs.pairs import spaced_pairs
from seqcnn.report import tables
from seqcnn.report.content import FLAGS
from seqcnn.report.html import render
from seqcnn.report.known import taxa_of
from seqcnn.report.positions import positions_of
from seqcnn.report.record import RunRecord
from seqcnn.report.spacings import significant_pairs
from tests.report.results import WORD, changed, empty_result, motif_of, with_networks, with_sites

VOID = {"meta", "br", "input", "img"}
DISTANCE = 7


class Page(HTMLParser):
    """Elements, attributes and text of a page; fails on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words, self.ids, self.terms = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["dt"]:
            self.terms.append(data)
        if not {"style", "script"} & set(self.open) and "title" not in self.open[-1:]:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_of(found, **arguments):
    record = RunRecord("discover", arguments, [], datetime(2026, 1, 1, tzinfo=UTC))
    return Page(render(found, record, spaced_pairs(found.distinct_sites())))


@pytest.fixture(scope="module")
def empty():
    return empty_result()


@pytest.fixture(scope="module")
def paired(empty):
    """Two sites at one distance in most sequences, in the middle; and some at random places."""
    rng = np.random.default_rng(4)
    places = [(i, s) for i in range(60) for s in (40, 40 + len(WORD) + DISTANCE)]
    for i in range(60, 120):
        places += [(i, int(rng.integers(0, 40))), (i, int(rng.integers(50, 90)))]
    return with_networks(with_sites(empty, places, [100] * 120), 0.8, 0.85, 0.9)


@pytest.fixture(scope="module")
def page(paired):
    return page_of(paired)


def test_tables_have_captions_headers_and_no_duplicate_names(page):
    tables_ = [tag for tag, _ in page.tags if tag == "table"]
    assert len(tables_) == sum(tag == "caption" for tag, _ in page.tags) >= 2
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    assert max(Counter(page.ids).values()) == 1
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert links and {link.lstrip("#") for link in links} <= set(page.ids)


def test_nothing_is_loaded_from_elsewhere(page):
    assert not any(
        {"src", "srcset", "data", "xlink:href", "style"} & set(attrs)
        or tag in ("link", "iframe")
        or any(name.startswith("on") for name in attrs)
        for tag, attrs in page.tags
    )


def test_pictures_say_what_they_show(page):
    following = [tag for tag, _ in page.tags[1:]]
    pictures = [x for x in zip(page.tags, following, strict=False) if x[0][0] == "svg"]
    assert all(
        attrs.get("aria-label") or attrs.get("aria-hidden") or after == "title"
        for (_, attrs), after in pictures
    )


def test_rows_have_a_cell_for_each_header(paired, page):
    found = replace(paired, candidates=paired.motifs)
    found = replace(found, facts=found.facts | {"known": 0})
    for shown in (
        page,
        page_of(replace(paired, facts=paired.facts | {"e_value": 1e9})),
        page_of(found),
    ):
        tags = [tag for tag, _ in shown.tags if tag in ("table", "tr", "th", "td")]
        for table in " ".join(tags).split("table")[1:]:
            cells = [row.split() for row in table.split("tr")[1:]]
            assert len(cells) > 1 and len({len(row) for row in cells}) == 1


def test_the_histogram_shows_the_counts(paired, page):
    (positions,) = positions_of(paired)
    counts = [row[2] for row in tables.position_rows(paired)]
    assert positions.counts.tolist() == counts and sum(counts) == 120
    bars = [i for i, (_, a) in enumerate(page.tags) if a.get("class") == "bars"]
    assert len(bars) == 1
    path = page.tags[bars[0] + 2][1]["d"]
    drawn = {int(x) // 6: -float(h) for x, h in re.findall(r"M(\d+) 40v(-[\d.]+)", path)}
    assert {i: h / 40 for i, h in drawn.items()} == pytest.approx(
        {i: c / max(counts) for i, c in enumerate(counts) if c}, abs=0.002
    )
    assert f"{max(counts)} of 120 where" in page.tags[bars[0]][1]["aria-label"]
    assert positions.least_log10_p == pytest.approx(positions.log10_p.min() + np.log10(20))


def test_pairs_at_a_distance_are_in_the_table(paired, page):
    near = significant_pairs(spaced_pairs(paired.distinct_sites()))
    assert near[0].spacing == DISTANCE and near[0].observed >= 60
    assert f"m1 forward, then m1 forward {DISTANCE} {near[0].observed} " in page.text
    assert "keeps a distance" not in page.text


def test_one_sentence_where_no_pair_keeps_a_distance(empty):
    rng = np.random.default_rng(5)
    places = [(i, int(rng.integers(0, 90))) for i in range(60)]
    assert (
        "No pair of motifs keeps a distance" in page_of(with_sites(empty, places, [100] * 60)).text
    )


def test_every_column_of_the_tables_is_explained(page):
    names = "MOTIF SIGNIFICANCE SITE FOLD PAIR POSITION".split()
    columns = {c for name in names for c in getattr(tables, f"{name}_COLUMNS")}
    explained = set(re.findall(r"\w+", " ".join(page.terms)))
    assert columns <= explained
    for name in ("positions", "pairs", "sites", "significance"):
        assert f"{name}.tsv" in page.text


def test_a_given_control_is_described_as_such(paired):
    text = page_of(replace(paired, facts=paired.facts | {"control": "given"})).text
    assert "the set that was given" in text and "among sequences of like composition" in text
    assert "shuffles of each sequence" not in text and "Real genomic DNA" not in text


def test_how_to_read_stands_open_beside_the_table(page):
    how = page.text.split("How to read")[1].split("Null hypothesis")[0]
    for word in "E-value Half control Odds AUROC Flags next".split():
        assert word in how
    assert page.open == [] and "shuffles of each sequence" in how


@pytest.mark.parametrize(("q", "named"), [(0.04, True), (0.06, False)])
def test_a_likeness_that_may_be_chance_is_not_named(paired, q, named):
    target = motif_of(WORD, "X1")
    found = changed(paired, log10_q=np.log10(q), target=target)
    text = page_of(found).text.split("How to read")[0]
    assert ("most like X1" in text) is named and ("X1 (r = 1.00" in text) is named
    assert ("no known motif is like it" in text) is not named


def test_the_taxon_of_a_known_motif_is_shown():
    taxa = taxa_of("jaspar")
    assert set(taxa) == {motif.name for motif in load_database()}
    assert {n for n, t in taxa.items() if t == "plants"} == {
        motif.name for motif in load_database("jaspar", "plants")
    }
    assert set(taxa_of("jaspar:insects").values()) == {"insects"}
    assert taxa_of("mine.meme") == {}


def test_the_page_names_the_taxon_or_how_to_choose_one(paired):
    known = next(m for m in load_database() if m.name == "MA0139.2")
    found = changed(paired, log10_q=-9.0, target=known)
    found = replace(found, facts=found.facts | {"database": "jaspar"})
    text = page_of(found).text
    assert "MA0139.2 CTCF , vertebrates" in text.replace("CTCF,", "CTCF ,")
    assert "--db jaspar:vertebrates" in text


@pytest.mark.parametrize("given", [0, 1, 3])
def test_what_was_tested_beyond_stronger_motifs_says_so(paired, given):
    family = paired.motifs[0].family
    test = replace(family.best, given=given)
    found = changed(paired, family=Family((test,), family.folds))
    text = page_of(found).text.split("How to read")[0]
    words = {1: "beyond 1 stronger motif ", 3: "beyond 3 stronger motifs "}
    assert words[given] in text if given else "beyond" not in text


def test_arguments_that_say_nothing_are_left_out(paired):
    text = page_of(
        paired, known_only=False, dims=1, mask="none", genome=None, seed=0, min_width=4
    ).text
    made = text.split("How this was made")[-1].split("How to cite")[0]
    for word in ("known only", "known_only", "dims", "mask", "genome", "False", "None"):
        assert word not in made
    assert "seed 0" in made and "min width 4" in made


def test_a_flag_is_explained_as_it_is_given(paired):
    found = changed(paired, flags=("composition",))
    page = page_of(found)
    assert f"more than {doubts.BY_COMPOSITION:.0%} of its log odds ratio" in page.text
    assert FLAGS["composition"] in page.text and FLAGS["repeat"] not in page.text


def test_the_page_of_many_motifs_stays_small(paired):
    one = len(render(paired, RunRecord("", {}, [], datetime.now(UTC)), ()))
    first = paired.motifs[0]
    many = [replace(first, motif=replace(first.motif, name=f"m{i}")) for i in range(1, 31)]
    sites = paired.sites.select(np.zeros(len(paired.sites), bool))
    found = replace(paired, motifs=tuple(many), sites=sites)
    page = render(found, RunRecord("", {}, [], datetime.now(UTC)), ())
    assert len(page) < one + 30 * 12_000
