"""Pages made of sections: names from outside are text, and every kind of target has a page."""

import re
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.report import sections as page
from seqcnn.report.cells import confusion_figure
from seqcnn.report.html import plain, render_content, visible
from seqcnn.report.judged import Judged, cases, sections_of, summary
from seqcnn.report.model_page import training_page
from seqcnn.report.record import RunRecord
from seqcnn.training.evaluation import confusion_of
from seqcnn.training.metrics import main_metric, score
from seqcnn.training.targets import PER_BASE, PROFILE, Target
from tests.report.test_downloads import HOSTILE
from tests.report.test_html import Page


def png():
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def record_of(name="a.fa"):
    return RunRecord(
        "train", {"again": f"seqcnn train {name}"}, [{"path": name, "sha256": None}],
        datetime.now(UTC),
    )  # fmt: skip


def metrics_of(target, p, labels):
    """Metrics as in metrics.json, with intervals that are quick to make."""
    found = {}
    for name, value in score(target, p, labels).items():
        task, _, metric = name.rpartition("/")
        known = bool(np.isfinite(value))
        cells = (value, value - 0.1, value + 0.1) if known else (None,) * 3
        found.setdefault(task, {})[metric] = dict(zip(("value", "low", "high"), cells, strict=True))
    return found


def judged(kind, names=("a", "b", "c"), n=60, alone=0.5):
    """Predictions that are right more often than not."""
    rng = np.random.default_rng(0)
    tasks, width = len(names), 5 if kind in (PROFILE, PER_BASE) else 0
    target = Target(kind, names, width=width if kind == PROFILE else 0)
    if kind == "multiclass":
        labels = rng.integers(0, tasks, (n, 1)).astype(float)
        p = rng.random((n, tasks)) + 1.5 * (labels == np.arange(tasks))
        p /= p.sum(axis=1, keepdims=True)
    elif kind == PROFILE:
        labels = rng.poisson(3, (n, width, tasks)).astype(np.float32)
        shares = rng.dirichlet(np.ones(width), (n, tasks)).transpose(0, 2, 1)
        p = np.concatenate([labels.sum(axis=1, keepdims=True) + 1, shares], axis=1)
    else:
        shape = (n, width, tasks) if width else (n, tasks)
        labels = rng.integers(0, 2, shape).astype(float)
        p = np.clip(0.3 + 0.4 * labels + rng.normal(0, 0.2, shape), 0.01, 0.99)
        if kind == "multilabel":
            labels[::5, 0] = np.nan
    metrics = metrics_of(target, p, labels)
    task = "mean" if "mean" in metrics else names[0]
    ids = [HOSTILE[i % len(HOSTILE)] for i in range(n)]
    return Judged(
        target, metrics, main_metric(target), {task: alone}, p, labels, None, ids
    )  # fmt: skip


def page_of(found, name="a.fa"):
    confusion = None
    if found.target.kind == "multiclass":
        confusion = confusion_of(found.target, found.predicted, found.labels)
    roles = {r: [60] for r in ("train", "stop", "calibrate", "report")}
    content = training_page(
        found, [], record_of(name), network=name, data=[(name, name)],
        metrics={"sequences": roles, "confusion": confusion}, lengths=np.arange(5, 30),
        more=lambda judged: [page.section("more", "More", page.pictures([(png(), name, name)]))],
    )  # fmt: skip
    return render_content(plain(content))


KINDS = {
    "binary": ("ROC curve", True), "multiclass": ("ROC curve", True),
    "multilabel": ("ROC curve", False), "regression": ("Measured by", False),
    "counts": ("Measured by", False), PROFILE: ("totals", False), PER_BASE: ("ROC curve", False),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_target_has_a_page(kind):
    found = judged(kind, ("probability",) if kind == "binary" else ("a", "b", "c"))
    text = page_of(found)
    curve, matrix = KINDS[kind]
    assert curve in text and ('class="cells"' in text) == matrix
    assert (
        "60 sequences that it never saw" in text and "nan" not in " ".join(Page(text).words).split()
    )


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_names_are_text(name, kind):
    text = page_of(judged(kind, (name, "other", "third")), name)
    seen = Page(text)
    tags = [tag for tag, _ in seen.tags]
    assert tags.count("script") == 1 and tags.count("img") == 1  # the picture that is asked for
    assert not any(key.startswith("on") for _, attrs in seen.tags for key in attrs)
    assert visible(name) in " ".join(seen.words) or len(name) > 40
    assert not re.search("[\u202e\u200f]", text) and "x" * 5000 not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_worst_cases_are_those_of_a_loop():
    for kind in ("binary", "multiclass", "regression", "multilabel"):
        found = judged(kind, ("p",) if kind == "binary" else ("a", "b", "c"))
        error, said, true = cases(found)
        for i, (p, label) in enumerate(zip(found.predicted, found.labels, strict=True)):
            if kind == "multiclass":
                wanted = 1 - p[int(label[0])]
                assert said[i].startswith("abc"[int(p.argmax())])
                assert true[i].startswith("abc"[int(label[0])])
            else:
                wanted = max(abs(a - b) for a, b in zip(p, label, strict=True) if b == b)
            assert error[i] == pytest.approx(wanted)
        listed = sections_of(found)[2]["blocks"][0]["rows"]
        shown = [row[3]["value"] for row in listed]
        assert shown == sorted(np.sort(error)[::-1][: len(shown)].tolist(), reverse=True)


def test_the_summary_dares_only_what_the_interval_says():
    sure, unsure = judged("binary", ("p",), alone=0.5), judged("binary", ("p",), alone=0.999)
    assert "knows more than composition alone, which reaches 0.500" in summary(sure, "")[1]
    assert "not shown to know more" in summary(unsure, "")[1]


def test_cells_hold_counts_and_shares():
    drawn = confusion_figure(["a<b", "c"], np.array([[3, 1], [0, 8]]), label="x")
    assert "a&lt;b taken for c: 1 (25.0 %)" in drawn and 'fill-opacity="1.00"' in drawn
    assert drawn.count("<rect") == 4


@pytest.mark.parametrize("text", ["", "x", 'iVBOR" onerror="x', "data:text/html,x"])
def test_what_is_no_picture_is_refused(text):
    content = plain(page.content_of_page("t", ["s"], [
        page.section("a", "A", page.pictures([(png(), "c", "a")]))], record_of()))  # fmt: skip
    render_content(content)
    content["sections"][0]["blocks"][0]["pictures"][0]["png"] = text
    with pytest.raises(SeqcnnError, match="in place of a picture"):
        render_content(content)
