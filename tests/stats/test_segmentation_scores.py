"""Scores of masks: those of segmentation_models.pytorch, and counts one pixel after the other."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from seqcnn.errors import SeqcnnError
from seqcnn.stats.segmentation_scores import (
    REDUCTIONS,
    SCORES,
    f1_score,
    fbeta_score,
    get_stats,
    score_masks,
)

GOLDENS = json.loads(
    (Path(__file__).parents[1] / "training" / "segmentation_goldens.json").read_text()
)
"""Written by benchmarks/parity/segmentation_goldens.py."""

WEIGHTS = [0.5, 2.0, 1.0]


def counts_of(table):
    given = GOLDENS["inputs"][table["mode"]]
    logits = np.array(given["logits"])
    truth = np.array(given["hidden" if table["hidden"] else "truth"])
    if table["mode"] == "multiclass":
        return get_stats(logits.argmax(-1), truth, classes=3)
    return get_stats(expit(logits), truth, table["mode"])


@pytest.mark.parametrize("table", GOLDENS["metrics"], ids=lambda t: f"{t['mode']}-{t['hidden']}")
def test_scores_are_those_of_segmentation_models(table):
    counts = counts_of(table)
    assert [part.tolist() for part in counts] == table["counts"]
    classes = counts.tp.shape[1]
    for title, expected in table["scores"].items():
        name, reduction = title.split("/")
        how = {"class_weights": WEIGHTS[:classes]} if reduction.startswith("weighted") else {}
        chosen = None if reduction == "None" else reduction
        if name == "fbeta_score":
            found = fbeta_score(counts, chosen, beta=2.0, **how)
        else:
            found = score_masks(name, counts, chosen, **how)
        if reduction == "weighted-imagewise":  # there divided by the classes once more
            found = found / classes
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=title)


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
def test_counts_pixel_by_pixel(mode):
    rng = np.random.default_rng(2)
    shape = (2, 3, 4) if mode == "multiclass" else (2, 3, 4, 3)
    top = 3 if mode == "multiclass" else 2
    told, true = rng.integers(0, top, size=(2, *shape))
    true = np.where(rng.random(shape) < 0.2, 255, true)
    expected = np.zeros((4, 2, 3), int)
    for place in np.ndindex(shape):
        if true[place] == 255:
            continue
        for c in range(3) if mode == "multiclass" else (place[-1],):
            wanted = c if top == 3 else 1
            pair = bool(told[place] == wanted), bool(true[place] == wanted)
            row = [(True, True), (True, False), (False, True), (False, False)].index(pair)
            expected[row, place[0], c] += 1
    found = get_stats(told, true, mode, classes=3 if top == 3 else None)
    np.testing.assert_array_equal(np.stack(found), expected)


def test_what_is_nowhere_counts_as_told():
    counts = get_stats(np.zeros((1, 4), int), np.zeros((1, 4), int), classes=2)
    assert f1_score(counts).tolist() == [[1, 1]]
    assert f1_score(counts, zero_division=0.0).tolist() == [[1, 0]]
    assert float(f1_score(counts, "macro", zero_division=0.0)) == 0.5


def test_wrong_arguments_are_told():
    counts = get_stats(np.zeros((1, 4), int), np.zeros((1, 4), int), classes=2)
    with pytest.raises(SeqcnnError, match="`reduction` must be one of micro, macro"):
        f1_score(counts, "mini")
    with pytest.raises(SeqcnnError, match="`class_weights` of 'weighted' must be 2 numbers"):
        f1_score(counts, "weighted")
    with pytest.raises(SeqcnnError, match="there is no score 'f2'"):
        score_masks("f2", counts)
    with pytest.raises(SeqcnnError, match="`classes` is missing"):
        get_stats(np.zeros((1, 4), int), np.zeros((1, 4), int))
    with pytest.raises(SeqcnnError, match="must be 0, 1, or 255"):
        get_stats(np.zeros((1, 4)), np.full((1, 4), 2), "binary")
    assert len(REDUCTIONS) == 6 and len(SCORES) == 8
