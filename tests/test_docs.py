"""The documentation builds without a warning; links between its sources are live."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]+)?\)")
MADE = {"api/index.md", "changelog.md", "commands.md", "contributing.md", "pipelines.md"}
"""Pages that only the site has."""


def dead_links(page: Path) -> list[str]:
    targets = [m[1] for m in LINK.finditer(page.read_text())]
    return [
        t for t in targets
        if "://" not in t and not (page.parent / t).exists() and t not in MADE
    ]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT / "docs")))
def test_links_of_a_page_lead_to_files(page):
    assert dead_links(page) == []


def test_a_dead_link_would_be_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[there](page.md), [gone](lost.md#part), [out](https://example.org)")
    assert dead_links(page) == ["lost.md"]


def test_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text().partition("nav:")[2]
    assert [p for p in PAGES if str(p.relative_to(ROOT / "docs")) not in menu] == []


NEEDED = "import lazy_loader, mkdocs, mkdocstrings, rich_click"
"""What the site is built with: mkdocs, and what the package needs to be imported."""


def mkdocs():
    """How mkdocs is called here: from this environment, or another one on the path."""
    if importlib.util.find_spec("mkdocs") and importlib.util.find_spec("mkdocstrings"):
        return [sys.executable, "-m", "mkdocs"]
    found = shutil.which("mkdocs")
    python = Path(found).with_name("python") if found else None
    if python is None or not python.exists():
        return None
    able = subprocess.run([str(python), "-c", NEEDED], capture_output=True, timeout=60)
    return [str(python), "-m", "mkdocs"] if able.returncode == 0 else None


@pytest.mark.skipif(mkdocs() is None, reason="mkdocs is not installed: pip install '.[docs]'")
def test_the_site_builds_strictly(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [*mkdocs(), "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    site = tmp_path / "site"
    commands = (site / "commands.html").read_text()
    assert 'id="seqcnn-image-segment-train"' in commands and "--known-only" in commands
    assert "log10_p_of_detail" in (site / "api" / "stats.html").read_text()
    assert '<a href="api/nn.html#seqcnn.nn.pool">' in (site / "lecture.html").read_text()
    assert "STREME" in (site / "benchmarks" / "discovery.html").read_text()
    for page in site.rglob("*.html"):
        assert not re.search(r'(src|href)="(https?:)?//[^"]*\.(js|css)', page.read_text()), page
