"""Names from outside are text and nothing else, wherever the page shows them."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.pairs import spaced_pairs
from seqcnn.report.again import command_line
from seqcnn.report.html import read_content, render, render_content, visible, write_content
from seqcnn.report.record import RunRecord
from tests.report.results import (
    WORD,
    changed,
    empty_result,
    motif_of,
    with_networks,
    with_sites,
)
from tests.report.test_downloads import HOSTILE, with_names
from tests.report.test_html import Page


def record_of(name):
    arguments = {"positives": name, "control": name, "seed": 3, "database": name}
    return RunRecord("discover", arguments, [{"path": name, "sha256": "0" * 64}], datetime.now(UTC))


@pytest.fixture(scope="module")
def found():
    places = [(i, 5 + i) for i in range(30)]
    made = with_networks(with_sites(empty_result(), places, [60] * 30), 0.8, 0.85, 0.9)
    return with_names(made, HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(found, name):
    text = render(found, record_of(name), spaced_pairs(found.distinct_sites()))
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert "img" not in tags and tags.count("script") == 2
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    assert visible(name) in " ".join(page.words) or len(name) > 80
    assert not re.search("[\u202e\u200f]", text) and "x" * 5000 not in text
    assert "document.title" not in re.sub(r"&[^;]+;", "", text).split("<script>")[-1]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_known_motifs_are_text(found, name):
    shown = changed(found, log10_q=-9.0, target=motif_of(WORD, name))
    known = replace(shown.known[0], motif=motif_of(WORD, name))
    shown = replace(shown, known=(known,), facts=shown.facts | {"e_value": 1e9, "known": 1})
    page = Page(render(shown, record_of(name), ()))
    tags = [tag for tag, _ in page.tags]
    assert "img" not in tags and tags.count("script") == 2
    assert visible(name) in " ".join(page.words) or len(name) > 80
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)


def test_a_long_name_is_cut_where_it_is_shown(found):
    assert len(visible("x" * 10_000)) == 80
    assert visible("👩‍🔬") == "👩‍🔬" and visible("a\x1b[31m") == "a[U+001B][31m"


def test_the_policy_names_the_only_script_and_style(found):
    import base64
    import hashlib

    text = render(found, record_of("a"), ())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    for kind in ("script", "style"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy.replace("&#39;", "'")


@pytest.mark.parametrize("name", HOSTILE[:6])
def test_the_command_is_quoted_for_a_shell(name):
    import shlex

    words = shlex.split(command_line(record_of(name)))
    assert words.count(name) == 3 and words[:2] == ["seqcnn", "discover"]
    assert words[words.index("--seed") + 1] == "3"


def test_a_page_is_rendered_again_from_the_folder(found, tmp_path):
    from seqcnn.report.content import content_of
    from seqcnn.report.html import plain

    content = plain(content_of(found, record_of("a"), ()))
    for name in ("a", "b"):
        write_content(tmp_path / name, content)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert render_content(read_content(tmp_path / "a")) == render_content(content)


def test_content_that_is_none_is_refused(found, tmp_path):
    with pytest.raises(SeqcnnError, match="the file is missing"):
        read_content(tmp_path / "missing")
    (tmp_path / "bad").write_bytes(b"\x1f\x8bnothing")
    with pytest.raises(SeqcnnError, match="damaged"):
        read_content(tmp_path / "bad")
    write_content(tmp_path / "old", {"schema": 0})
    with pytest.raises(SeqcnnError, match="schema"):
        read_content(tmp_path / "old")
