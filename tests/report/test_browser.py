"""The page in Chromium: nothing is loaded, everything works, every saved file is read back.

Needs a Chromium that is installed (or named by SEQCNN_CHROMIUM) and the package playwright; the
check of accessibility needs axe.min.js of the npm package axe-core, named by SEQCNN_AXE.
"""

import csv
import io
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import read_motifs
from seqcnn.motifs.pairs import spaced_pairs
from seqcnn.report.html import render
from seqcnn.report.record import RunRecord
from tests.report.results import WORD, changed, empty_result, with_networks, with_sites
from tests.report.test_downloads import HOSTILE, with_names

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("SEQCNN_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = os.environ.get("SEQCNN_AXE")
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
FORMATS = ("meme", "jaspar", "transfac", "homer")


@pytest.fixture(scope="module")
def found():
    """Two motifs: one planted, and the same one shortened, which is flagged."""
    places = [(i, 5 + i % 40) for i in range(30)]
    made = with_networks(with_sites(empty_result(), places, [60] * 30), 0.8, 0.85, 0.9)
    target = next(m for m in load_database() if m.name == "MA0139.2")
    made = changed(with_names(made, HOSTILE), log10_q=-9.0, target=target)
    first = made.motifs[0]
    short = replace(first.motif, name="m2", matrix=first.motif.matrix.reverse_complement())
    motifs = (first, replace(first, motif=short, flags=("repeat",)))
    sites = replace(made.sites, motifs=[m.motif for m in motifs])
    return replace(
        made, motifs=motifs, sites=sites, facts=made.facts | {"e_value": 1e9, "known": 9}
    )


@pytest.fixture(scope="module")
def page_file(found, tmp_path_factory):
    record = RunRecord(
        "discover",
        {"positives": HOSTILE[1], "control": HOSTILE[0], "seed": 0},
        [{"path": HOSTILE[1], "sha256": "0" * 64}],
        datetime.now(UTC),
    )
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(found, record, spaced_pairs(found.distinct_sites())), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=SIZES)
def page(browser, page_file, request):
    """The page, open; fails on anything on the console, and on any request."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    wrong = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request", lambda r: r.url.startswith(("file:", "data:", "blob:")) or wrong.append(r.url)
    )
    opened.goto(page_file.as_uri())
    yield opened
    assert wrong == []
    context.close()


def rows_of(page):
    return page.eval_on_selector_all(
        "#motif-table tbody tr", "rows => rows.filter(r => !r.hidden).map(r => r.id)"
    )


def saved(page, button):
    with page.expect_download(timeout=10_000) as waiting:
        button.click()
    return waiting.value


def test_the_page_fits_and_keeps_its_title(page):
    assert page.title() == "seqcnn: motifs"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
    assert page.locator("img").count() == 0
    for name in ("<script>document.title='x'</script>", "=cmd()", "../../x", "[U+202E]"):
        assert page.get_by_text(name).count() > 0


def test_columns_are_sorted_by_mouse_and_by_keyboard(page):
    heads = page.locator("#motif-table thead th")
    for at in range(heads.count()):
        head = heads.nth(at)
        button = head.locator(".sort")
        for key, words in (("Enter", "ascending"), ("Space", "descending")):
            button.focus()
            page.keyboard.press(key)
            assert head.get_attribute("aria-sort") == words
            values = page.eval_on_selector_all(
                "#motif-table tbody tr", f"rows => rows.map(r => r.cells[{at}].dataset.value)"
            )
            assert all(v is not None for v in values)
    heads.first.locator(".sort").click()
    assert rows_of(page) == ["m1", "m2"]
    heads.first.locator(".sort").click()
    assert rows_of(page) == ["m2", "m1"]
    assert page.locator("#motif-table th[aria-sort]").count() == 1


def test_rows_are_filtered_by_words_and_verdict(page):
    assert rows_of(page) == ["m1", "m2"]
    page.fill("#filter", WORD.lower())
    assert rows_of(page) == ["m1", "m2"]  # the one reads so, the other on the other strand
    page.fill("#filter", "repeat")
    assert rows_of(page) == ["m2"] and not page.locator("#more-m1").is_visible()
    assert "1 of 2" in page.locator("#said").inner_text()
    page.fill("#filter", "no such motif")
    assert rows_of(page) == []
    page.fill("#filter", "")
    page.select_option("#verdict", "likely artefact")
    assert rows_of(page) == ["m2"]


def test_logos_are_turned_one_by_one_and_all_together(page):
    def strands():
        return page.eval_on_selector_all(
            "#motif-table code[data-strand]:not([hidden])", "found => found.map(x => x.textContent)"
        )

    other = "GCTGAGTCA"
    assert strands() == [WORD, other]
    page.locator("#motif-table .flip").first.click()
    assert strands() == [other, other]
    assert page.locator(".flip[data-motif=m1]").first.get_attribute("aria-pressed") == "true"
    page.locator("#flip-all").click()
    assert strands() == [other, WORD]
    page.locator("#flip-all").click()
    assert strands() == [WORD, other]


def test_help_stands_beside_every_head_and_opens(page):
    heads = page.locator("#motif-table thead th")
    for at in range(heads.count()):
        button = heads.nth(at).locator(".help")
        help_ = page.locator(f"#{button.get_attribute('popovertarget')}")
        assert not help_.is_visible()
        button.focus()
        page.keyboard.press("Enter")
        assert help_.is_visible() and len(help_.inner_text()) > 40
        page.keyboard.press("Escape")
        assert not help_.is_visible()
    assert "chance gives" in page.locator("#m1 td[title]").first.get_attribute("title")


def test_every_file_is_saved_and_read_back(page, found, tmp_path):
    names = set()
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    buttons = page.locator("[data-file]")
    for at in range(buttons.count()):
        if at % 8 == 7:  # Chromium drops more than 10 in a second
            page.wait_for_timeout(1500)
        download = saved(page, buttons.nth(at))
        path = tmp_path / download.suggested_filename
        download.save_as(path)
        names.add(path.name)
        check_file(path, found)
    wanted = {f"{stem}.{ending}" for stem in ("motifs", "m1", "m2") for ending in FORMATS}
    wanted |= {f"{stem}{end}" for stem in ("sites", "m1_sites") for end in (".tsv", ".bed")}
    assert wanted | {"motifs.tsv", "m1.svg", "m1.png"} <= names


def check_file(path, found):
    ending = path.suffix[1:]
    if ending in FORMATS:
        motifs = read_motifs(path, format=ending)
        by_name = {m.motif.name: m.motif for m in found.motifs}
        assert {m.name for m in motifs} <= set(by_name) and motifs
        for motif in motifs:
            assert motif.consensus == by_name[motif.name].consensus
    elif ending == "tsv":
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter="\t", quoting=3))
        assert len({len(row) for row in rows}) == 1
        if path.name.endswith("sites.tsv"):
            wanted = {"sites.tsv": 30, "m1_sites.tsv": 30, "m2_sites.tsv": 0}
            assert rows[0][0] == "motif" and len(rows) == 1 + wanted[path.name]
        assert len(rows) > 1 or path.name == "m2_sites.tsv"
        assert not any(cell[:1] in ("=", "@") for row in rows for cell in row)
    elif ending == "bed":
        rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        assert all(len(row) == 6 and int(row[1]) < int(row[2]) for row in rows)
        assert len(rows) == (0 if path.name == "m2_sites.bed" else 30)
    elif ending == "svg":
        assert path.read_text("utf-8").startswith("<svg") and "<symbol" in path.read_text("utf-8")
    else:
        from PIL import Image

        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert pixels.shape[0] > 300 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_a_turned_logo_is_saved_as_it_is_seen(page):
    page.locator("#motif-table .flip").first.click()
    page.locator("#more-m1 summary").first.scroll_into_view_if_needed()
    assert saved(page, page.locator("[data-file='m1.svg']")).suggested_filename == "m1_reverse.svg"


def test_links_unfold_what_they_lead_to(page):
    assert page.locator("#more-m2 details").first.get_attribute("open") is None
    page.locator("#m2 a[href='#more-m2']").click()
    page.locator("#more-m2 details.motif[open]").wait_for(timeout=5000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.skipif(AXE is None, reason="SEQCNN_AXE names no axe.min.js")
def test_axe_finds_nothing_serious(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.evaluate(Path(AXE or "").read_text("utf-8"))
    found = page.evaluate("axe.run(document).then(r => r.violations)")
    serious = [
        (v["id"], [n["html"][:200] for n in v["nodes"][:3]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
